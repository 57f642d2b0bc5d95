/* import_range — ranges of addresses as coturn writes them, and the prefixes they are made of. */
/* SPDX-License-Identifier: MIT */
#include "ctl/import_range.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ctl_memory.h"

/* An address is a number of 4 or 16 bytes, the first the greatest. */

static int compare(const struct netaddr *a, const struct netaddr *b)
{
    return a->family != b->family ? (int)a->family - (int)b->family
                                  : memcmp(a->ip, b->ip, sizeof(a->ip));
}

/* next — the address behind. Returns false when there is none. */
static bool next(struct netaddr *a)
{
    for (size_t i = netaddr_size(a); i > 0; i--) {
        if (++a->ip[i - 1] != 0) {
            return true;
        }
    }
    return false;
}

/* last_of — the last address of a prefix. */
static struct netaddr last_of(const struct prefix *p)
{
    struct netaddr last = p->first;
    for (unsigned bit = p->length; bit < netaddr_size(&last) * 8; bit++) {
        last.ip[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
    }
    return last;
}

/* read_address — a piece of text that is an address without a port. */
static bool read_address(const char *text, struct netaddr *out)
{
    struct netaddr a;
    if (text[0] == '[' || !netaddr_parse(text, &a) || (strchr(text, '.') && a.port != 0)) {
        return false;
    }
    *out = netaddr_unmapped(&a);
    return true;
}

static bool read_prefix(const char *text, struct import_range *out)
{
    struct prefix p;
    if (!prefix_parse(text, &p)) {
        return false;
    }
    out->first = p.first;
    out->last = last_of(&p);
    return true;
}

/* trim — without blanks round it. */
static struct span trim(struct span s)
{
    while (s.size > 0 && (s.bytes[0] == ' ' || s.bytes[0] == '\t')) {
        s.bytes++;
        s.size--;
    }
    while (s.size > 0 && (s.bytes[s.size - 1] == ' ' || s.bytes[s.size - 1] == '\t')) {
        s.size--;
    }
    return s;
}

/* copy — a piece as a string, where it can be an address at all. */
static bool copy(struct span piece, char text[TEXT_NETADDR_SIZE])
{
    piece = trim(piece);
    if (piece.size == 0 || piece.size >= TEXT_NETADDR_SIZE || memchr(piece.bytes, 0, piece.size)) {
        return false;
    }
    memcpy(text, piece.bytes, piece.size);
    text[piece.size] = '\0';
    return true;
}

bool import_range_parse(struct span text, struct import_range *out)
{
    char first[TEXT_NETADDR_SIZE];
    char last[TEXT_NETADDR_SIZE];
    struct import_range r;
    const uint8_t *dash = text.size > 0 ? memchr(text.bytes, '-', text.size) : NULL;
    size_t before = dash ? (size_t)(dash - text.bytes) : text.size;
    if (!copy((struct span){text.bytes, before}, first)) {
        return false;
    }
    if (!dash && strchr(first, '/')) {
        return read_prefix(first, out);
    }
    if (!read_address(first, &r.first)) {
        return false;
    }
    r.last = r.first;
    if (dash && (!copy((struct span){dash + 1, text.size - before - 1}, last) ||
                 !read_address(last, &r.last))) {
        return false;
    }
    if (r.first.family != r.last.family || compare(&r.first, &r.last) > 0) {
        return false;
    }
    *out = r;
    return true;
}

void import_range_add(struct import_ranges *ranges, const struct import_range *range)
{
    ranges->at = ctl_memory_grow(ranges->at, ranges->count, &ranges->room, sizeof(*ranges->at));
    ranges->at[ranges->count++] = *range;
}

void import_range_fini(struct import_ranges *ranges)
{
    free(ranges->at);
    *ranges = (struct import_ranges){.at = NULL};
}

static int compare_ranges(const void *a, const void *b)
{
    const struct import_range *left = a;
    const struct import_range *right = b;
    return compare(&left->first, &right->first);
}

/* touches — whether a range begins within another or right behind it. */
static bool touches(const struct import_range *before, const struct import_range *range)
{
    struct netaddr behind = before->last;
    return before->last.family == range->first.family &&
           (!next(&behind) || compare(&range->first, &behind) <= 0);
}

void import_range_join(struct import_ranges *ranges)
{
    size_t kept = 0;
    if (ranges->count > 0) {
        qsort(ranges->at, ranges->count, sizeof(*ranges->at), compare_ranges);
    }
    for (size_t i = 0; i < ranges->count; i++) {
        struct import_range *top = kept > 0 ? &ranges->at[kept - 1] : NULL;
        if (!top || !touches(top, &ranges->at[i])) {
            ranges->at[kept++] = ranges->at[i];
        } else if (compare(&ranges->at[i].last, &top->last) > 0) {
            top->last = ranges->at[i].last;
        }
    }
    ranges->count = kept;
}

bool import_range_holds(const struct import_ranges *ranges, const struct prefix *prefix)
{
    struct netaddr last = last_of(prefix);
    for (size_t i = 0; i < ranges->count; i++) {
        const struct import_range *r = &ranges->at[i];
        if (r->first.family == prefix->first.family && compare(&r->first, &prefix->first) <= 0 &&
            compare(&last, &r->last) <= 0) {
            return true;
        }
    }
    return false;
}

void import_range_each(const struct import_range *range,
                       void (*take)(void *context, const struct prefix *prefix), void *context)
{
    struct netaddr at = range->first;
    unsigned bits = netaddr_size(&at) * 8;
    bool has_more = true;
    while (has_more && compare(&at, &range->last) <= 0) {
        struct prefix p = prefix_of(&at, bits);
        for (unsigned length = bits; length > 0; length--) {
            struct prefix wider = prefix_of(&at, length - 1);
            struct netaddr last = last_of(&wider);
            if (compare(&wider.first, &at) != 0 || compare(&last, &range->last) > 0) {
                break;
            }
            p = wider;
        }
        take(context, &p);
        at = last_of(&p);
        has_more = next(&at);
    }
}
