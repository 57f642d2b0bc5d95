/* keyring — who may use the server, as the engine asks for it.
 * Interface only; store implements it. Asked on the worker's thread and must not block. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_KEYRING_H
#define ENGINE_KEYRING_H

#include "base/mono.h"
#include "wire/stun_integrity.h"
#include "engine/rights.h"

enum { KEYRING_ENTRIES_MAX = 16 };

enum keyring_answer {
    KEYRING_FOUND,
    KEYRING_UNKNOWN, /* no such user */
    KEYRING_REVOKED, /* there was one, and what she had is void: as unknown, and at once */
    KEYRING_LATER,   /* being fetched: turn_key_arrived will be called for this name */
    KEYRING_DOWN,    /* cannot be told at present, and will not be soon */
};

struct keyring_query {
    uint8_t realm;          /* index into settings.realm */
    bool is_hash;           /* `name` is a USERHASH */
    uint8_t algorithm;      /* STUN_ALGORITHM_ */
    struct span name;       /* borrowed; up to STUN_NAME_MAX bytes */
    struct span realm_name; /* borrowed */
    bool may_fetch;         /* begin to fetch what is not at hand: a client waits for it */
    uint16_t worker;        /* who asks, and is to be told when it has arrived */
};

/* Keys that the user may be signing with: several while secrets are rotated. */
struct keyring_found {
    struct {
        struct stun_key key;
        struct wall expires; /* 0: never */
    } entry[KEYRING_ENTRIES_MAX];
    size_t count;
    char name[STUN_NAME_MAX + 1]; /* the user's name, also when asked by hash */
    size_t name_size;
    size_t account_at; /* the part of the name that quotas count by */
    size_t account_size;
    struct rights rights;
};

struct keyring {
    void *context;
    /* find — the keys of a user. Returns KEYRING_FOUND with *out filled (expired ones too), or why
     * not. Never blocks. */
    enum keyring_answer (*find)(void *context, const struct keyring_query *query,
                                const struct digest *digest, struct keyring_found *out);
};

#endif
