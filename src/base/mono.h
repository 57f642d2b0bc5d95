/* mono — moments and spans of time, as types that cannot be mixed up.
 * Pure. Any thread. The clock itself is read in net/clock alone, once per batch. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_MONO_H
#define BASE_MONO_H

#include <stdbool.h>
#include <stdint.h>

#define MONO_SECOND UINT64_C(1000000000)

/* A moment on the monotonic clock, in nanoseconds. 0 is "never was": no deadline is set to it. */
struct mono {
    uint64_t ns;
};

/* A moment on the calendar: seconds since 1970. Only credentials and nonces are judged by it. */
struct wall {
    int64_t s;
};

/* The one reading of both clocks that a batch is handled with. */
struct now {
    struct mono mono;
    struct wall wall;
};

/* mono_add_s — the moment `seconds` after `at`. Returns it. Never fails. */
static inline struct mono mono_add_s(struct mono at, uint64_t seconds)
{
    return (struct mono){at.ns + seconds * MONO_SECOND};
}

/* mono_add_ns — the moment `ns` nanoseconds after `at`. Returns it. Never fails. */
static inline struct mono mono_add_ns(struct mono at, uint64_t ns)
{
    return (struct mono){at.ns + ns};
}

/* mono_is_before — whether `a` is earlier than `b`. Returns false when equal. Never fails. */
static inline bool mono_is_before(struct mono a, struct mono b)
{
    return a.ns < b.ns;
}

/* mono_max — the later of two moments. Returns it. Never fails. */
static inline struct mono mono_max(struct mono a, struct mono b)
{
    return a.ns < b.ns ? b : a;
}

/* mono_left_s — whole seconds from `now` until `deadline`, rounded up; 0 when it has passed.
 * Never fails. */
static inline uint32_t mono_left_s(struct mono now, struct mono deadline)
{
    if (!mono_is_before(now, deadline)) {
        return 0;
    }
    return (uint32_t)((deadline.ns - now.ns + MONO_SECOND - 1) / MONO_SECOND);
}

#endif
