/* probe_wait — sleep until a socket is ready. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_wait.h"

#include <poll.h>
#include <time.h>

#include "net/clock.h"

static bool wait_for(int fd, short events, struct mono deadline)
{
    struct mono now = clock_now().mono;
    if (!mono_is_before(now, deadline)) {
        return false;
    }
    uint64_t left = deadline.ns - now.ns;
    struct timespec time = {(time_t)(left / MONO_SECOND), (long)(left % MONO_SECOND)};
    struct pollfd p = {.fd = fd, .events = events};
    return ppoll(&p, 1, &time, NULL) != 0 || mono_is_before(clock_now().mono, deadline);
}

bool probe_wait_read(int fd, struct mono deadline)
{
    return wait_for(fd, POLLIN, deadline);
}

bool probe_wait_write(int fd, struct mono deadline)
{
    return wait_for(fd, POLLOUT, deadline);
}
