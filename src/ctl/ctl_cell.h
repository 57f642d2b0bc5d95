/* ctl_cell — one value of the server's JSON as a person reads it.
 * Pure but for the heap and the local time zone. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_CELL_H
#define CTL_CTL_CELL_H

#include <jansson.h>

enum ctl_cell_kind {
    CTL_CELL_TEXT,      /* texts as they are, and whatever else there may be */
    CTL_CELL_NUMBER,    /* the same, right-aligned in tables */
    CTL_CELL_TIME,      /* unix seconds */
    CTL_CELL_NEVER,     /* unix seconds; 0: never */
    CTL_CELL_DURATION,  /* seconds */
    CTL_CELL_BANDWIDTH, /* bytes per second */
    CTL_CELL_RATE,      /* requests per second; 0: no limit */
};

/* ctl_cell_new — a value as text that no terminal minds: "-" for none and for the empty text, lists
 * with commas, times in ISO 8601 with the local offset. A value that is not of its kind is shown as
 * it is. `value` borrowed, NULL is taken. Returns new, freed with free. */
char *ctl_cell_new(const json_t *value, enum ctl_cell_kind kind);

#endif
