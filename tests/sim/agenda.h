/* agenda — what is to happen, in the order of virtual time and, at one moment, of being noted.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_AGENDA_H
#define SIM_AGENDA_H

#include "base/mono.h"

#include <stddef.h>

struct agenda_entry {
    struct mono at;
    uint64_t order;
    int kind;
    uint32_t who;
    void *what; /* the caller's */
};

struct agenda {
    struct agenda_entry *heap; /* owned */
    size_t count;
    size_t room;
    uint64_t noted;
};

/* agenda_put — note something. Ends the process without memory. */
void agenda_put(struct agenda *a, struct mono at, int kind, uint32_t who, void *what);

/* agenda_next — the first entry, borrowed until the agenda changes; NULL when there is none. */
const struct agenda_entry *agenda_next(const struct agenda *a);

/* agenda_take — take the first entry off, which must be there. Never fails. */
struct agenda_entry agenda_take(struct agenda *a);

/* agenda_fini — give the memory back; what is noted is forgotten. Never fails. */
void agenda_fini(struct agenda *a);

#endif
