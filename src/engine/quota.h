/* quota — how many allocations each account has, over all workers, in one fixed table of atomics.
 * Pure (atomics only). One table for the process, any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_QUOTA_H
#define ENGINE_QUOTA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each cell is 40 bits of an account's key and a count of 24 bits; 0 is a free cell. */
struct quota {
    _Atomic uint64_t *cell; /* borrowed, zeroed */
    size_t mask;            /* cells - 1; a power of two, a multiple of QUOTA_WINDOW */
};

enum { QUOTA_WINDOW = 32 }; /* cells an account may be in */

/* quota_take — count one more for the account `key` (a hash of 64 bits) if it has fewer than
 * `limit` (1 to 2^24 - 1). Returns false, nothing counted, when it has them all or when its window
 * of cells is full of other accounts. */
bool quota_take(struct quota *q, uint64_t key, uint32_t limit);

/* quota_give — count one less for an account that was counted before. Never fails. */
void quota_give(struct quota *q, uint64_t key);

/* quota_count — how many the account has at this moment. Never fails. */
uint32_t quota_count(const struct quota *q, uint64_t key);

#endif
