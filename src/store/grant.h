/* grant — what the store keeps of one user or one credential: keys, never a password, and rights;
 * as a value and as JSON.
 * Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_GRANT_H
#define STORE_GRANT_H

#include <jansson.h>

#include "engine/rights.h"
#include "wire/stun_integrity.h"

struct grant {
    bool has_sha256; /* else only MD5 can be asked for */
    struct stun_key md5, sha256;
    struct wall expires, not_before; /* 0: never, from the start */
    struct rights rights;
    size_t name_size;
    char name[STUN_NAME_MAX + 1]; /* as on the wire; no NUL within. Last, since it is seldom long */
};

/* grant_size — bytes of it that say something. Never fails. */
static inline size_t grant_size(const struct grant *g)
{
    return offsetof(struct grant, name) + g->name_size + 1;
}

/* grant_set_password — keep the keys that a password (OpaqueString form) gives name and realm.
 * Never fails. */
void grant_set_password(struct grant *g, const struct digest *digest, struct span realm,
                        struct span password);

/* grant_set_member — take over one member of a JSON object that describes a grant: "tenant",
 * "allocations", "bandwidth", "peers", "client", "not_before". Returns false with one sentence, as
 * an API would answer it, for a value it cannot have; *is_known false for other members. */
bool grant_set_member(struct grant *g, const char *member, const json_t *value, bool *is_known,
                      char *why, size_t why_room);

/* grant_put_rights — set the members of a JSON object that grant_set_member takes, where there is
 * something to say. Returns false when memory is short. */
bool grant_put_rights(json_t *object, const struct grant *g);

/* grant_print — the JSON text that is kept. Returns new text, freed with grant_free_text; NULL when
 * memory is short or the name is no UTF-8. */
char *grant_print(const struct grant *g);

/* grant_free_text — wipe and free it; NULL is taken. */
void grant_free_text(char *text);

/* grant_parse — read such a text, which another program may have written. Returns false with one
 * sentence when it is none. */
bool grant_parse(struct span json, struct grant *out, char *why, size_t why_room);

/* grant_read_key — 32 or 64 hex digits as a key. Returns false for anything else. */
bool grant_read_key(const char *hex, size_t size, struct stun_key *out);

#endif
