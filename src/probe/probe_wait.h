/* probe_wait — sleep until a socket is ready.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_WAIT_H
#define PROBE_PROBE_WAIT_H

#include <stdbool.h>

#include "base/mono.h"

/* probe_wait_read — wait until something is to be read. Returns false when the deadline came
 * first. */
bool probe_wait_read(int fd, struct mono deadline);

/* probe_wait_write — wait until the socket takes bytes, or is connected, or has failed to. Returns
 * false when the deadline came first. */
bool probe_wait_write(int fd, struct mono deadline);

#endif
