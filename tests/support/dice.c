/* dice — random numbers that come again with their seed. */
/* SPDX-License-Identifier: MIT */
#include "support/dice.h"

void dice_fill(struct dice *d, void *out, size_t size)
{
    uint8_t *bytes = out;
    uint64_t word = 0;
    for (size_t i = 0; i < size; i++) {
        word = i % 8 == 0 ? dice_next(d) : word >> 8;
        bytes[i] = (uint8_t)word;
    }
}

static void fill(void *context, void *out, size_t size)
{
    dice_fill(context, out, size);
}

struct entropy dice_entropy(struct dice *d)
{
    return (struct entropy){.context = d, .fill = fill};
}
