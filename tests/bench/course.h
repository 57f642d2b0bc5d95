/* course — the operations of the core that are measured, each over one crowd.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_COURSE_H
#define BENCH_COURSE_H

#include "bench/crowd.h"

enum course_step {
    COURSE_CHANNEL_UP,   /* ChannelData from a client */
    COURSE_CHANNEL_DOWN, /* to ChannelData */
    COURSE_SEND,         /* Send indication */
    COURSE_DATA_DOWN,    /* to a Data indication, by permission */
    COURSE_ALLOCATE,
    COURSE_REFRESH,
    COURSE_PERMISSION,   /* CreatePermission, a new one */
    COURSE_CHANNEL_BIND, /* ChannelBind, a new one */
    COURSE_FREE,         /* Refresh with lifetime 0, with permission and channel */
    COURSE_TICK,         /* one allocation looked at when its time comes */
    COURSE_STEPS
};

enum course_order { COURSE_RANDOM, COURSE_SEQUENCE, COURSE_ORDERS };

/* What one operation takes, in nanoseconds. */
struct course_figure {
    double mean[COURSE_ORDERS]; /* per operation */
    uint32_t longest; /* the longest single one seen; of forwards a batch, of ticks a call */
};

struct course {
    struct course_figure step[COURSE_STEPS];
    double bytes_worst;                 /* committed per allocation, at the worst filling */
    double bytes_full;                  /* with all clients there */
    double channel_first, channel_last; /* ns: first and 256th channel of an allocation */
    uint32_t bytes_worst_at;            /* the worst filling, in allocations */
    uint32_t growth_longest; /* one Allocate, CreatePermission or ChannelBind while growing */
    uint32_t tick_deep;      /* one call of turn_tick, allocations with 256 channels being due */
    uint32_t tick_lap;       /* and with all clients having come at once, for long */
};

/* course_run — measure everything with count[0] to count[courses - 1] clients, huge pages from
 * `huge_from` on, into out[]. The crowds are there at once and are measured in turns, so that a
 * busy machine is as busy for all. Ends the process when an operation does not succeed. */
void course_run(const uint32_t *count, int courses, size_t huge_from, struct course *out);

/* course_name — what a step is called in the table, static. Never fails. */
const char *course_name(enum course_step step);

#endif
