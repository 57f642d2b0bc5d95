/* stopwatch — how long each of a row of operations takes, the least of several runs of the row:
 * what a neighbour or an interrupt took is not counted. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_STOPWATCH_H
#define BENCH_STOPWATCH_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct stopwatch {
    uint32_t *best; /* nanoseconds of operation i, owned */
    size_t room;
    size_t count; /* operations noted so far */
};

/* stopwatch_new — room for a row of `room` operations. Ends the process without memory. */
struct stopwatch stopwatch_new(size_t room);

/* stopwatch_free — give it back. Never fails. */
void stopwatch_free(struct stopwatch *s);

/* stopwatch_clear — forget the row. Never fails. */
void stopwatch_clear(struct stopwatch *s);

/* stopwatch_note — operation `i` took `ns` this time. Never fails. */
void stopwatch_note(struct stopwatch *s, size_t i, uint64_t ns);

/* stopwatch_mean — the mean over the row. Never fails. */
double stopwatch_mean(const struct stopwatch *s);

/* stopwatch_longest — the longest of the row. Never fails. */
uint32_t stopwatch_longest(const struct stopwatch *s);

/* stopwatch_now — nanoseconds since some moment. Never fails. */
static inline uint64_t stopwatch_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#endif
