/* region — a run of records that grows in place and never moves.
 * Pure. Belongs to one thread. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_REGION_H
#define BASE_REGION_H

#include <stdint.h>

#include "base/memory.h"

enum { REGION_STEP = 64 * 1024 }; /* bytes committed at a time */

struct region {
    const struct memory *memory; /* borrowed */
    uint8_t *base;               /* owned */
    size_t reserved;             /* bytes */
    size_t committed;            /* bytes from base */
};

/* region_init — reserve room for `size` bytes; `memory` borrowed for the life of the region.
 * Returns false when the address space is not to be had. */
bool region_init(struct region *r, const struct memory *memory, size_t size);

/* region_fini — release everything; a region of zeros is left alone. Never fails. */
void region_fini(struct region *r);

/* region_grow — see that the first `size` bytes are committed; commits at most one step more than
 * asked. Returns false when memory is short or `size` is beyond the reservation. */
bool region_grow(struct region *r, size_t size);

/* region_reach — as region_grow, inlined for the usual case that the bytes are there. */
static inline bool region_reach(struct region *r, size_t size)
{
    return size <= r->committed || region_grow(r, size);
}

#endif
