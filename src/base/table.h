/* table — a hash table of record indices that grows one bucket at a time and never stalls.
 * Pure. Belongs to one thread.
 *
 * Linear hashing (Litwin, 1980): buckets [0, split) and those above `round` have been split in
 * this round, the others wait their turn. A bucket is one cache line:
 *
 *     | tag index | tag index | ... 7 of them ... | count | overflow |
 *
 * Every insert splits at most one bucket, so no insert pays for the size of the table. The table
 * knows hashes and indices; comparing keys is the caller's, with the records at hand. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include "base/slab.h"

#define TABLE_NONE UINT32_MAX

enum { TABLE_SLOTS = 7 };

struct table_slot {
    uint32_t tag; /* the hash */
    uint32_t index;
};

struct table_bucket {
    struct table_slot slot[TABLE_SLOTS];
    uint32_t count;
    uint32_t overflow; /* index of a bucket in the overflow slab, or TABLE_NONE */
};

struct table {
    struct region buckets;
    struct slab overflows; /* records of struct slab_link + struct table_bucket */
    uint32_t round;        /* buckets at the start of this round, a power of two */
    uint32_t split;        /* next bucket to split */
    uint32_t entries;
};

/* A walk along the slots that may hold one hash. */
struct table_probe {
    const struct table_bucket *bucket;
    uint32_t tag;
    uint32_t slot;
};

/* table_init — an empty table of at most `capacity` entries; `memory` borrowed. Returns false when
 * memory or address space is short. */
bool table_init(struct table *t, const struct memory *memory, uint32_t capacity);

/* table_fini — release everything. Never fails. */
void table_fini(struct table *t);

/* table_add — remember `index` under `hash`; the caller has seen that it is not there yet.
 * Returns false, nothing changed, when memory is short. O(1), splits at most one bucket. */
bool table_add(struct table *t, uint32_t hash, uint32_t index);

/* table_remove — forget `index` under `hash`. Returns false when it was not there. O(1). */
bool table_remove(struct table *t, uint32_t hash, uint32_t index);

/* table_bucket_at — the bucket a hash belongs to at present, borrowed. Never fails. */
static inline const struct table_bucket *table_bucket_at(const struct table *t, uint32_t hash)
{
    uint32_t at = hash & (t->round - 1);
    if (at < t->split) {
        at = hash & (t->round * 2 - 1);
    }
    return (const struct table_bucket *)(const void *)t->buckets.base + at;
}

/* table_prefetch — ask the cache for the bucket of a hash. Never fails. */
static inline void table_prefetch(const struct table *t, uint32_t hash)
{
    __builtin_prefetch(table_bucket_at(t, hash));
}

/* table_overflow — the bucket behind a full one, borrowed; NULL at the end. Never fails. */
static inline const struct table_bucket *table_overflow(const struct table *t,
                                                        const struct table_bucket *b)
{
    if (b->overflow == TABLE_NONE) {
        return NULL;
    }
    return (
        const struct table_bucket *)((const struct slab_link *)slab_at(&t->overflows, b->overflow) +
                                     1);
}

/* table_next — the next index whose hash is that of the probe. Returns TABLE_NONE at the end. */
static inline uint32_t table_next(const struct table *t, struct table_probe *p)
{
    while (p->bucket) {
        while (p->slot < p->bucket->count) {
            const struct table_slot *s = &p->bucket->slot[p->slot++];
            if (s->tag == p->tag) {
                return s->index;
            }
        }
        p->bucket = table_overflow(t, p->bucket);
        p->slot = 0;
    }
    return TABLE_NONE;
}

/* table_first — begin a walk over the indices under `hash`; *probe is the caller's, valid until
 * the table changes. Returns the first, or TABLE_NONE. */
static inline uint32_t table_first(const struct table *t, uint32_t hash, struct table_probe *p)
{
    *p = (struct table_probe){table_bucket_at(t, hash), hash, 0};
    return table_next(t, p);
}

#endif
