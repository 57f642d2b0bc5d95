/* region — a run of records that grows in place and never moves. */
/* SPDX-License-Identifier: MIT */
#include "base/region.h"

bool region_init(struct region *r, const struct memory *memory, size_t size)
{
    size_t whole = (size + REGION_STEP - 1) / REGION_STEP * REGION_STEP;
    *r = (struct region){.memory = memory, .reserved = whole};
    r->base = memory->reserve(memory->context, whole);
    return r->base != NULL;
}

void region_fini(struct region *r)
{
    if (r->base) {
        r->memory->release(r->memory->context, r->base, r->reserved);
    }
    *r = (struct region){0};
}

bool region_grow(struct region *r, size_t size)
{
    if (size > r->reserved) {
        return false;
    }
    while (r->committed < size) {
        if (!r->memory->commit(r->memory->context, r->base + r->committed, REGION_STEP)) {
            return false;
        }
        r->committed += REGION_STEP;
    }
    return true;
}
