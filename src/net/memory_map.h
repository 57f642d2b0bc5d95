/* memory_map — address space from the kernel: reserved without cost, committed on use.
 * Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_MEMORY_MAP_H
#define NET_MEMORY_MAP_H

#include "base/memory.h"

/* memory_map — struct memory over mmap(2) and mprotect(2); borrowed, static. */
const struct memory *memory_map(void);

#endif
