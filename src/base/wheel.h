/* wheel — many deadlines at a coarse grain: put, move and remove in O(1), nothing per tick when
 * idle. Pure. Belongs to one thread. Links live in the caller's records; records are named by
 * index. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include <stddef.h>

#include "base/mono.h"

#define WHEEL_NONE UINT32_MAX

enum { WHEEL_SLOTS = 1024 };

/* The member of a record that the wheel strings records together with. */
struct wheel_link {
    uint32_t next;
    uint32_t before;
    uint32_t due; /* low bits of the tick; 0 when not on the wheel */
};

struct wheel {
    uint8_t *links; /* the wheel_link of record 0, borrowed */
    size_t stride;  /* bytes from one record's link to the next */
    uint64_t grain; /* nanoseconds per tick */
    uint64_t tick;  /* all slots before it have been emptied */
    uint32_t waiting;
    uint32_t head[WHEEL_SLOTS];
};

/* wheel_init — an empty wheel that starts at `now`; `links` borrowed, record i's link lies
 * `stride` * i bytes behind it; `grain` in nanoseconds. Never fails. */
void wheel_init(struct wheel *w, void *links, size_t stride, uint64_t grain, struct mono now);

/* wheel_put — have record `index` due at the first tick not before `deadline`; moves it when it is
 * on the wheel already. A deadline may lie 2^31 ticks ahead (248 days of 10 ms). Never fails. */
void wheel_put(struct wheel *w, uint32_t index, struct mono deadline);

/* wheel_hasten — as wheel_put, but a record that is due no later already stays where it is: moving
 * one touches its neighbours. For those who can look early and put it back. Never fails. */
void wheel_hasten(struct wheel *w, uint32_t index, struct mono deadline);

/* wheel_remove — take record `index` off the wheel, if it is on it. Never fails. */
void wheel_remove(struct wheel *w, uint32_t index);

/* wheel_take_due — take one record whose time has come at `now` off the wheel. Call until it
 * returns WHEEL_NONE, or stop early and go on in the next turn. */
uint32_t wheel_take_due(struct wheel *w, struct mono now);

/* wheel_next — when wheel_take_due should be called again: no record is due before. Returns {0}
 * when nothing waits. O(slots) at worst. */
struct mono wheel_next(const struct wheel *w);

#endif
