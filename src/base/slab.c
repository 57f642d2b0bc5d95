/* slab — records of one size, referred to by index and generation. */
/* SPDX-License-Identifier: MIT */
#include "base/slab.h"

#include <string.h>

bool slab_init(struct slab *s, const struct memory *memory, size_t stride, uint32_t capacity)
{
    *s = (struct slab){.stride = stride, .capacity = capacity, .free = SLAB_NONE};
    return region_init(&s->region, memory, stride * capacity);
}

void slab_fini(struct slab *s)
{
    region_fini(&s->region);
    *s = (struct slab){.free = SLAB_NONE};
}

void *slab_take(struct slab *s, uint32_t *index)
{
    struct slab_link *link;
    if (s->free != SLAB_NONE) {
        *index = s->free;
        link = slab_at(s, *index);
        s->free = link->next_free;
    } else {
        if (s->touched == s->capacity ||
            !region_reach(&s->region, ((size_t)s->touched + 1) * s->stride)) {
            return NULL;
        }
        *index = s->touched++;
        link = slab_at(s, *index);
    }
    uint32_t generation = link->generation + 1;
    memset(link, 0, s->stride);
    link->generation = generation;
    s->live++;
    return link;
}

void slab_give(struct slab *s, uint32_t index)
{
    struct slab_link *link = slab_at(s, index);
    link->generation++;
    link->next_free = s->free;
    s->free = index;
    s->live--;
}
