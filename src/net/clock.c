/* clock — the only place where the time is read. */
/* SPDX-License-Identifier: MIT */
#include "net/clock.h"

#include <time.h>

struct now clock_now(void)
{
    struct timespec mono;
    struct timespec wall;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    /* The monotonic clock may begin near 0 at boot, and 0 means "never": a second is added. */
    uint64_t ns = ((uint64_t)mono.tv_sec + 1) * MONO_SECOND + (uint64_t)mono.tv_nsec;
    return (struct now){{ns}, {wall.tv_sec}};
}

int64_t clock_wall_us(void)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000;
}
