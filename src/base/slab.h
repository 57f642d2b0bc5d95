/* slab — records of one size, referred to by index and generation, never by a kept pointer.
 * Pure. Belongs to one thread. Every record begins with struct slab_link. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include "base/region.h"

#define SLAB_NONE UINT32_MAX

/* A reference that may go stale safely. {0, 0} refers to nothing, ever. */
struct handle {
    uint32_t index;
    uint32_t generation;
};

/* First member of every record. The generation is odd while the record is live. */
struct slab_link {
    uint32_t generation;
    uint32_t next_free; /* meaningful while free */
};

struct slab {
    struct region region;
    size_t stride;     /* bytes per record */
    uint32_t capacity; /* records */
    uint32_t touched;  /* records ever used: all above are untouched */
    uint32_t free;     /* first free record below touched, or SLAB_NONE */
    uint32_t live;     /* records taken */
};

/* slab_init — an empty slab of at most `capacity` records of `stride` bytes; `memory` borrowed.
 * Returns false when the address space is not to be had. */
bool slab_init(struct slab *s, const struct memory *memory, size_t stride, uint32_t capacity);

/* slab_fini — release everything. Never fails. */
void slab_fini(struct slab *s);

/* slab_take — a record, zeroed but for its link, with its index in *index. Returns NULL when the
 * slab is full or memory is short. O(1). */
void *slab_take(struct slab *s, uint32_t *index);

/* slab_prefetch — ask the cache for the record that slab_take would give. Never fails. */
static inline void slab_prefetch(const struct slab *s)
{
    if (s->free != SLAB_NONE) {
        const uint8_t *at = s->region.base + (size_t)s->free * s->stride;
        for (size_t i = 0; i < s->stride; i += 64) {
            __builtin_prefetch(at + i, 1);
        }
    }
}

/* slab_give — free a live record; every handle to it is stale from now on. Never fails. O(1). */
void slab_give(struct slab *s, uint32_t index);

/* slab_at — the record at `index`, which must have been taken once. Never fails. */
static inline void *slab_at(const struct slab *s, uint32_t index)
{
    return s->region.base + (size_t)index * s->stride;
}

/* slab_get — the live record a handle refers to. Returns NULL when it is stale. */
static inline void *slab_get(const struct slab *s, struct handle h)
{
    if (h.index >= s->touched || (h.generation & 1) == 0) {
        return NULL;
    }
    struct slab_link *link = slab_at(s, h.index);
    return link->generation == h.generation ? link : NULL;
}

/* slab_handle — a handle to the live record at `index`. Never fails. */
static inline struct handle slab_handle(const struct slab *s, uint32_t index)
{
    const struct slab_link *link = slab_at(s, index);
    return (struct handle){index, link->generation};
}

#endif
