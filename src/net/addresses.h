/* addresses — the addresses of this machine, and word when they change.
 * The control thread's. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_ADDRESSES_H
#define NET_ADDRESSES_H

#include <stddef.h>

#include "base/netaddr.h"

/* addresses_list — the addresses of all interfaces, ports 0, each once, at most `room`. Returns how
 * many; 0 when the kernel does not tell. */
size_t addresses_list(struct netaddr *out, size_t room);

/* addresses_watch — a descriptor that becomes readable when addresses come or go (rtnetlink).
 * Returns -1 where there is none. */
int addresses_watch(void);

/* addresses_drain — read what addresses_watch's descriptor has to say. Never fails. */
void addresses_drain(int fd);

#endif
