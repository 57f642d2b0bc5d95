/* clock — the only place where the time is read.
 * Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_CLOCK_H
#define NET_CLOCK_H

#include "base/mono.h"

/* clock_now — both clocks at this moment: CLOCK_MONOTONIC for everything that runs out here,
 * CLOCK_REALTIME for what others dated. Read once per batch. Never fails. */
struct now clock_now(void);

/* clock_wall_us — microseconds since 1970, for log lines. Never fails. */
int64_t clock_wall_us(void);

#endif
