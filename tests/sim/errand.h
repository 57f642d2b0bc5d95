/* errand — a request on its way, with what the one who wrote it knows of it.
 * Types only. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_ERRAND_H
#define SIM_ERRAND_H

#include "sim/roster.h"
#include "support/ask.h"

enum { ERRAND_NONCE_MAX = 64 };

/* A nonce as it was received. */
struct errand_nonce {
    char text[ERRAND_NONCE_MAX];
    uint8_t size;
    bool is_ours;         /* the server made it; else it is invented */
    struct wall made;     /* when it did */
    struct netaddr whose; /* for this address */
};

struct errand {
    struct ask ask;
    const struct roster_pass *pass; /* NULL: not signed */
    uint8_t algorithm;              /* STUN_ALGORITHM_ said; 0: none, MD5 and SHA-1 */
    bool is_hash;                   /* USERHASH */
    bool is_spoilt;                 /* changed on its way: nobody knows what it says now */
    struct errand_nonce nonce;
};

/* errand_key_kind — the algorithm of the key that it is signed with. Never fails. */
static inline uint8_t errand_key_kind(const struct errand *e)
{
    return e->algorithm == STUN_ALGORITHM_SHA256 ? STUN_ALGORITHM_SHA256 : STUN_ALGORITHM_MD5;
}

/* errand_key — that key, borrowed. Never fails. */
static inline const struct stun_key *errand_key(const struct errand *e)
{
    return errand_key_kind(e) == STUN_ALGORITHM_SHA256 ? &e->pass->sha256 : &e->pass->md5;
}

#endif
