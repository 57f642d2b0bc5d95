/* entropy_os — unpredictable bytes from the kernel.
 * Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_ENTROPY_OS_H
#define NET_ENTROPY_OS_H

#include <stdint.h>

#include "base/entropy.h"

/* entropy_os — struct entropy over getrandom(2), buffered per thread; borrowed, static. Aborts the
 * process if the kernel has no entropy to give. */
const struct entropy *entropy_os(void);

/* entropy_os_u32 — a random number below `below` (at least 1), without bias worth naming. Never
 * fails. */
uint32_t entropy_os_u32(uint32_t below);

#endif
