/* agenda — what is to happen: a binary heap. */
/* SPDX-License-Identifier: MIT */
#include "sim/agenda.h"

#include <stdbool.h>
#include <stdlib.h>

static bool is_before(const struct agenda_entry *a, const struct agenda_entry *b)
{
    return a->at.ns != b->at.ns ? a->at.ns < b->at.ns : a->order < b->order;
}

void agenda_put(struct agenda *a, struct mono at, int kind, uint32_t who, void *what)
{
    struct agenda_entry entry = {at, a->noted++, kind, who, what};
    if (a->count == a->room) {
        a->room = a->room ? a->room * 2 : 1024;
        a->heap = realloc(a->heap, a->room * sizeof(*a->heap));
        if (!a->heap) {
            abort();
        }
    }
    size_t i = a->count++;
    for (; i > 0 && is_before(&entry, &a->heap[(i - 1) / 2]); i = (i - 1) / 2) {
        a->heap[i] = a->heap[(i - 1) / 2];
    }
    a->heap[i] = entry;
}

const struct agenda_entry *agenda_next(const struct agenda *a)
{
    return a->count > 0 ? &a->heap[0] : NULL;
}

struct agenda_entry agenda_take(struct agenda *a)
{
    struct agenda_entry first = a->heap[0];
    struct agenda_entry last = a->heap[--a->count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < a->count && is_before(&a->heap[child + 1], &a->heap[child])) {
            child++;
        }
        if (child >= a->count || !is_before(&a->heap[child], &last)) {
            break;
        }
        a->heap[i] = a->heap[child];
        i = child;
    }
    a->heap[i] = last;
    return first;
}

void agenda_fini(struct agenda *a)
{
    free(a->heap);
    *a = (struct agenda){.heap = NULL};
}
