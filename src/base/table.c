/* table — linear hashing: growing by one bucket at a time. */
/* SPDX-License-Identifier: MIT */
#include "base/table.h"

#include <assert.h>

static_assert(sizeof(struct table_bucket) == 64, "a bucket is one cache line");

enum {
    FIRST_ROUND = 64, /* buckets */
    FILL = 4,         /* mean entries per bucket that a split keeps to */
};

struct spill {
    struct slab_link link;
    struct table_bucket bucket;
};

static struct table_bucket *bucket_at(const struct table *t, uint32_t at)
{
    return (struct table_bucket *)(void *)t->buckets.base + at;
}

static struct table_bucket *spill_of(const struct table *t, const struct table_bucket *b)
{
    return b->overflow == TABLE_NONE
               ? NULL
               : &((struct spill *)slab_at(&t->overflows, b->overflow))->bucket;
}

static struct table_bucket *bucket_of(const struct table *t, uint32_t hash)
{
    uint32_t at = hash & (t->round - 1);
    return bucket_at(t, at < t->split ? hash & (t->round * 2 - 1) : at);
}

bool table_init(struct table *t, const struct memory *memory, uint32_t capacity)
{
    *t = (struct table){.round = FIRST_ROUND};
    uint64_t buckets = (uint64_t)capacity / FILL + FIRST_ROUND + 1;
    uint32_t spills = capacity / 2 + FIRST_ROUND;
    if (!region_init(&t->buckets, memory, buckets * sizeof(struct table_bucket)) ||
        !slab_init(&t->overflows, memory, sizeof(struct spill), spills) ||
        !region_reach(&t->buckets, FIRST_ROUND * sizeof(struct table_bucket))) {
        table_fini(t);
        return false;
    }
    for (uint32_t i = 0; i < FIRST_ROUND; i++) {
        bucket_at(t, i)->overflow = TABLE_NONE;
    }
    return true;
}

void table_fini(struct table *t)
{
    region_fini(&t->buckets);
    slab_fini(&t->overflows);
    *t = (struct table){.round = FIRST_ROUND};
}

/* append — put a slot at the end of a chain; false when an overflow bucket is not to be had. */
static bool append(struct table *t, struct table_bucket *b, struct table_slot slot)
{
    while (b->count == TABLE_SLOTS) {
        struct table_bucket *next = spill_of(t, b);
        if (!next) {
            uint32_t index;
            struct spill *fresh = slab_take(&t->overflows, &index);
            if (!fresh) {
                return false;
            }
            fresh->bucket.overflow = TABLE_NONE;
            b->overflow = index;
            next = &fresh->bucket;
        }
        b = next;
    }
    b->slot[b->count++] = slot;
    return true;
}

/* drop_last — take the last slot off a chain, freeing the overflow bucket that empties. */
static struct table_slot drop_last(struct table *t, struct table_bucket *head)
{
    struct table_bucket *before = NULL;
    struct table_bucket *b = head;
    for (struct table_bucket *next = spill_of(t, b); next; next = spill_of(t, b)) {
        before = b;
        b = next;
    }
    struct table_slot slot = b->slot[--b->count];
    if (b->count == 0 && before) {
        slab_give(&t->overflows, before->overflow);
        before->overflow = TABLE_NONE;
    }
    return slot;
}

/* split_one — divide the next bucket in turn. When memory is short it waits for a later insert. */
static void split_one(struct table *t)
{
    uint32_t target_at = t->round + t->split;
    struct table_bucket *source = bucket_at(t, t->split);
    if (!region_reach(&t->buckets, ((size_t)target_at + 1) * sizeof(struct table_bucket))) {
        return;
    }
    struct table_bucket *target = bucket_at(t, target_at);
    target->count = 0;
    target->overflow = TABLE_NONE;
    /* Each slot is looked at once; one that goes is replaced by the last of the chain. The chain
     * gives its overflow buckets back at least as soon as the target needs them, so that append
     * cannot fail here. */
    struct table_bucket *b = source;
    uint32_t i = 0;
    while (b) {
        if (i == b->count) {
            b = b->count == TABLE_SLOTS ? spill_of(t, b) : NULL;
            i = 0;
            continue;
        }
        struct table_slot slot = b->slot[i];
        if ((slot.tag & (t->round * 2 - 1)) != target_at) {
            i++;
            continue;
        }
        (void)append(t, target, slot);
        struct table_slot last = drop_last(t, source);
        if (i >= b->count) {
            break; /* the slot that went was the last one */
        }
        b->slot[i] = last;
    }
    t->split++;
    if (t->split == t->round) {
        t->round *= 2;
        t->split = 0;
    }
}

bool table_add(struct table *t, uint32_t hash, uint32_t index)
{
    if (!append(t, bucket_of(t, hash), (struct table_slot){hash, index})) {
        return false;
    }
    t->entries++;
    if (t->entries / FILL >= t->round + t->split) {
        split_one(t);
    }
    return true;
}

bool table_remove(struct table *t, uint32_t hash, uint32_t index)
{
    struct table_bucket *head = bucket_of(t, hash);
    for (struct table_bucket *b = head; b; b = spill_of(t, b)) {
        for (uint32_t i = 0; i < b->count; i++) {
            if (b->slot[i].tag == hash && b->slot[i].index == index) {
                struct table_slot hole = b->slot[i];
                struct table_slot last = drop_last(t, head);
                if (last.tag != hole.tag || last.index != hole.index) {
                    b->slot[i] = last;
                }
                t->entries--;
                return true;
            }
        }
    }
    return false;
}
