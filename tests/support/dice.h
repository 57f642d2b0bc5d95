/* dice — random numbers that come again with their seed.
 * For tests and benches. One per thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_DICE_H
#define SUPPORT_DICE_H

#include "base/entropy.h"

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

/* dice_next — 64 even bits (splitmix64). Never fails. */
static inline uint64_t dice_next(struct dice *d)
{
    d->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = d->state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* dice_below — a number below `limit`, which is not 0. Never fails. */
static inline uint32_t dice_below(struct dice *d, uint32_t limit)
{
    return (uint32_t)((dice_next(d) >> 32) * limit >> 32);
}

/* dice_between — a number from `low` to `high`, both among them. Never fails. */
static inline uint32_t dice_between(struct dice *d, uint32_t low, uint32_t high)
{
    return low + dice_below(d, high - low + 1);
}

/* dice_chance — true in so many of a thousand throws. Never fails. */
static inline bool dice_chance(struct dice *d, uint32_t per_mille)
{
    return dice_below(d, 1000) < per_mille;
}

/* dice_fill — even bytes. Never fails. */
void dice_fill(struct dice *d, void *out, size_t size);

/* dice_entropy — entropy for the core out of these dice; *d borrowed. Never fails. */
struct entropy dice_entropy(struct dice *d);

#endif
