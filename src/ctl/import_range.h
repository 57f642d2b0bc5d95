/* import_range — ranges of addresses as coturn writes them, and the prefixes they are made of.
 * Pure but for the heap. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_IMPORT_RANGE_H
#define CTL_IMPORT_RANGE_H

#include "base/prefix.h"
#include "base/span.h"

/* From first to last, both of them in it; of one family, ports 0. */
struct import_range {
    struct netaddr first, last;
};

/* Any number of ranges, in any order; they may overlap. Owned. */
struct import_ranges {
    struct import_range *at;
    size_t count, room;
};

/* import_range_parse — read "10.0.0.1", "10.0.0.0-10.0.0.255" or "10.0.0.0/24". Returns false, *out
 * untouched, when the text is none of them, or the last comes before the first. */
bool import_range_parse(struct span text, struct import_range *out);

/* import_range_add — one more. Ends the process when memory is short. */
void import_range_add(struct import_ranges *ranges, const struct import_range *range);

/* import_range_fini — forget them all. Never fails. */
void import_range_fini(struct import_ranges *ranges);

/* import_range_join — sort them, and make one of those that overlap or touch. Never fails. */
void import_range_join(struct import_ranges *ranges);

/* import_range_holds — whether all of a prefix lies within one of the ranges, joined before. Never
 * fails. */
bool import_range_holds(const struct import_ranges *ranges, const struct prefix *prefix);

/* import_range_each — call `take` with every prefix a range is made of, from its first address up.
 * Never fails. */
void import_range_each(const struct import_range *range,
                       void (*take)(void *context, const struct prefix *prefix), void *context);

#endif
