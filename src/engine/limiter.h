/* limiter — how many unauthenticated answers a source prefix gets per second.
 * Pure (atomics only). One table for the process, any thread. Fixed memory: nothing is kept for a
 * source, sources share a counter by hash. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_LIMITER_H
#define ENGINE_LIMITER_H

#include <stdatomic.h>

#include "base/mono.h"
#include "base/netaddr.h"
#include "base/siphash.h"

enum {
    LIMITER_CELLS = 1 << 15,
    LIMITER_SAMPLE = 16, /* above the limit one in so many is still answered */
    LIMITER_PREFIX_IPV4 = 24,
    LIMITER_PREFIX_IPV6 = 56,
};

/* Zeroed memory with a random key is a fresh limiter. */
struct limiter {
    struct siphash_key key;
    _Atomic uint64_t cell[LIMITER_CELLS]; /* second << 32 | answers in it */
};

/* limiter_take — whether one more answer of `kind` (any small number; kinds are counted apart) may
 * go to `source` in this second, `limit` being allowed per prefix; 0: no limit. A spoofed victim is
 * never shut out: above the limit a sample is answered. Never fails. */
bool limiter_take(struct limiter *l, const struct netaddr *source, unsigned kind, uint32_t limit,
                  struct mono now);

#endif
