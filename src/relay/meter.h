/* meter — a token bucket in sixteen bytes: may so many bytes pass now?
 * Pure. Belongs to the worker of the flow. The generic cell rate algorithm: the bucket is kept as
 * the moment at which it would be full again. */
/* SPDX-License-Identifier: MIT */
#ifndef RELAY_METER_H
#define RELAY_METER_H

#include <stddef.h>

#include "base/mono.h"

/* A burst of half a second's worth may pass at once: a key frame is not cut into pieces. */
#define METER_BURST_NS (MONO_SECOND / 2)

struct meter {
    struct mono full_at;
    uint64_t cost; /* nanoseconds per byte, times 65536; 0: no limit */
};

/* meter_init — a full bucket that refills at `rate` bytes per second; 0: no limit. Never fails. */
static inline struct meter meter_init(uint64_t rate)
{
    return (struct meter){.cost = rate ? (MONO_SECOND << 16) / rate : 0};
}

/* meter_take — take `size` bytes, at most 65535, out of the bucket. Returns false, nothing taken,
 * when they are not there. Never fails. */
static inline bool meter_take(struct meter *m, size_t size, struct mono now)
{
    if (m->cost == 0) {
        return true;
    }
    struct mono from = mono_max(m->full_at, now);
    if (from.ns - now.ns > METER_BURST_NS) {
        return false;
    }
    m->full_at.ns = from.ns + ((uint64_t)size * m->cost >> 16);
    return true;
}

#endif
