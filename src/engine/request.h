/* request — one request while it is handled: what it says, who sent it, what is known of both.
 * Types only. Lives on the stack of turn_receive. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_REQUEST_H
#define ENGINE_REQUEST_H

#include "engine/refusal.h"
#include "engine/turn.h"

struct request {
    const struct path *path;
    struct stun_message message;
    struct now now;
    struct mono park_until; /* 0: it was not parked yet */
    uint32_t flow;          /* of the path, or FLOW_NONE */
    /* filled in by auth_check: */
    uint8_t realm;
    bool nonce_is_valid;
    bool is_authentic;        /* answers are signed */
    enum stun_integrity kind; /* of the signature of the answer */
    uint8_t algorithm;        /* STUN_ALGORITHM_ of the key */
    struct stun_key key;
    struct wall expires, until; /* as struct user has them */
    uint64_t account;
    uint64_t awaits; /* the account whose share is being fetched, when a handler returns
                        TURN_AWAITS */
    struct rights rights;
    uint16_t account_at, account_size; /* the part of the name that the account stands for */
    uint16_t name_size;
    char name[STUN_NAME_MAX + 1];
};

/* What a handler returns when the request must be parked until more is known of rq->awaits. */
enum { TURN_AWAITS = 2 };

/* What a success says. */
struct answer {
    struct netaddr relayed[FLOW_FAMILIES]; /* family NONE: not said */
    bool has_mapped;
    bool has_lifetime;
    bool has_token;
    bool has_software;
    uint32_t lifetime; /* seconds */
    uint8_t token[STUN_TOKEN_SIZE];
    uint32_t connection; /* CONNECTION-ID, 0: none */
    uint16_t error_code; /* ADDRESS-ERROR-CODE, 0: none */
    uint8_t error_family;
};

#endif
