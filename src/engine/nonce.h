/* nonce — stateless nonces of 24 characters: when, for which address, and a MAC over both.
 * Pure. Any thread. RFC 8489 9.2: cookie, feature bits, then ours.
 *
 *     obMatJos2 wAAA tttttttttt pppppppppppppppp mmmm...
 *     9 chars   4    10 bits    16 bits          40 bits      = 24 characters
 *
 * t counts units of 8 seconds modulo 1024, p is the client's port so that no two ports get the same
 * nonce (9.2.4), m is a SipHash under a key that follows from the master key and the hour. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_NONCE_H
#define ENGINE_NONCE_H

#include "base/mono.h"
#include "base/netaddr.h"
#include "base/siphash.h"
#include "base/span.h"

/* Feature bits as the first of their four characters has them, RFC 8489 18.1. */
enum nonce_features {
    NONCE_NOTHING = 0,
    NONCE_USERHASH = 16,   /* user name anonymity */
    NONCE_ALGORITHMS = 32, /* PASSWORD-ALGORITHMS comes along */
};

enum {
    NONCE_SIZE = 24,
    NONCE_LIFETIME_MAX = 3600, /* seconds; RFC 8656 5: at least hourly */
};

/* nonce_make — a nonce for a client at `client` at `now`, telling of `features`, any of
 * enum nonce_features together. Several nodes with the same master key
 * take each other's. Never fails. */
void nonce_make(const struct siphash_key *master, const struct netaddr *client, struct wall now,
                unsigned features, char out[NONCE_SIZE]);

/* nonce_is_valid — whether `nonce` was made under `master` for this address (whatever the port: a
 * redirected client comes from a new one) at most `lifetime` seconds (up to NONCE_LIFETIME_MAX)
 * before `now`, by units of 8 seconds, or one unit after it: nodes that share a key need not share
 * a clock to the second. Never fails. */
bool nonce_is_valid(const struct siphash_key *master, struct span nonce,
                    const struct netaddr *client, struct wall now, uint32_t lifetime);

#endif
