/* limiter — how many unauthenticated answers a source prefix gets per second. */
/* SPDX-License-Identifier: MIT */
#include "engine/limiter.h"

#include <string.h>

#include "base/prefix.h"

bool limiter_take(struct limiter *l, const struct netaddr *source, unsigned kind, uint32_t limit,
                  struct mono now)
{
    if (limit == 0) {
        return true;
    }
    unsigned bits = source->family == NETADDR_IPV4 ? LIMITER_PREFIX_IPV4 : LIMITER_PREFIX_IPV6;
    struct prefix prefix = prefix_of(source, bits);
    uint64_t words[3] = {(uint64_t)kind << 8 | prefix.first.family};
    memcpy(words + 1, prefix.first.ip, sizeof(prefix.first.ip));
    _Atomic uint64_t *cell = &l->cell[siphash_words(&l->key, words, 3) % LIMITER_CELLS];
    uint64_t second = now.ns / MONO_SECOND;
    uint64_t seen = atomic_load_explicit(cell, memory_order_relaxed);
    uint64_t next;
    do {
        next = seen >> 32 == (second & UINT32_MAX) ? seen + 1 : second << 32 | 1;
    } while (!atomic_compare_exchange_weak_explicit(cell, &seen, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    uint32_t count = (uint32_t)next;
    return count <= limit || (count - limit) % LIMITER_SAMPLE == 0;
}
