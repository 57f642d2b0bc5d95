/* quota — how many allocations each account has, over all workers. */
/* SPDX-License-Identifier: MIT */
#include "engine/quota.h"

#define COUNT_MASK UINT64_C(0xffffff)

/* A cell is free, claimed (tag with a count of 0: by a thread that has yet to see that no other
 * cell is of the same account) or counting. Only one cell of an account ever counts. */

static uint64_t tag_of(uint64_t key)
{
    uint64_t tag = key & ~COUNT_MASK;
    return tag ? tag : ~COUNT_MASK;
}

static _Atomic uint64_t *window_of(const struct quota *q, uint64_t key)
{
    return &q->cell[(key * QUOTA_WINDOW) & q->mask];
}

/* find — the first cell of the account, from `at` on; QUOTA_WINDOW when there is none. */
static size_t find(_Atomic uint64_t *window, uint64_t tag, size_t at)
{
    while (at < QUOTA_WINDOW && (window[at] & ~COUNT_MASK) != tag) {
        at++;
    }
    return at;
}

/* step — count one more in a cell of the account, unless it has `limit`, is only claimed or has
 * left the cell. */
static bool step(_Atomic uint64_t *cell, uint64_t tag, uint32_t limit, bool *is_full)
{
    uint64_t seen = *cell;
    while ((seen & ~COUNT_MASK) == tag && (seen & COUNT_MASK) > 0) {
        if ((seen & COUNT_MASK) >= limit) {
            *is_full = true;
            return false;
        }
        if (atomic_compare_exchange_weak(cell, &seen, seen + 1)) {
            return true;
        }
    }
    return false;
}

/* claim — put the account into a free cell with a count of one. Two threads may claim two cells at
 * once: whoever then sees another cell of the account steps back and tries again. */
static bool claim(_Atomic uint64_t *window, uint64_t tag, bool *is_full)
{
    for (size_t at = 0; at < QUOTA_WINDOW; at++) {
        uint64_t empty = 0;
        if (atomic_compare_exchange_strong(&window[at], &empty, tag)) {
            bool is_only = find(window, tag, 0) == at && find(window, tag, at + 1) == QUOTA_WINDOW;
            window[at] = is_only ? tag | 1 : 0;
            return is_only;
        }
    }
    *is_full = true;
    return false;
}

bool quota_take(struct quota *q, uint64_t key, uint32_t limit)
{
    _Atomic uint64_t *window = window_of(q, key);
    uint64_t tag = tag_of(key);
    bool is_full = false;
    while (!is_full) {
        size_t at = find(window, tag, 0);
        if (at < QUOTA_WINDOW ? step(&window[at], tag, limit, &is_full)
                              : claim(window, tag, &is_full)) {
            return true;
        }
    }
    return false;
}

/* give_at — count one less in a cell, freeing it at none; false when it does not count. */
static bool give_at(_Atomic uint64_t *cell, uint64_t tag)
{
    uint64_t seen = *cell;
    while ((seen & ~COUNT_MASK) == tag && (seen & COUNT_MASK) > 0) {
        uint64_t next = (seen & COUNT_MASK) == 1 ? 0 : seen - 1;
        if (atomic_compare_exchange_weak(cell, &seen, next)) {
            return true;
        }
    }
    return false;
}

void quota_give(struct quota *q, uint64_t key)
{
    _Atomic uint64_t *window = window_of(q, key);
    uint64_t tag = tag_of(key);
    size_t at = find(window, tag, 0);
    while (at < QUOTA_WINDOW && !give_at(&window[at], tag)) {
        at = find(window, tag, at + 1);
    }
}

uint32_t quota_count(const struct quota *q, uint64_t key)
{
    _Atomic uint64_t *window = window_of(q, key);
    uint64_t sum = 0;
    for (size_t at = find(window, tag_of(key), 0); at < QUOTA_WINDOW;
         at = find(window, tag_of(key), at + 1)) {
        sum += window[at] & COUNT_MASK;
    }
    return (uint32_t)sum;
}
