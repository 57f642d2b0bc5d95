/* steer — which worker a client belongs to, decided the same way by the kernel and by us.
 * Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_STEER_H
#define NET_STEER_H

#include "base/netaddr.h"

/* steer_attach — have the kernel choose among the sockets that share `fd`'s port (bound in the
 * order of the workers) by the client's address and port alone, so that a client keeps its worker
 * whatever else changes. A classic BPF program; needs no privilege. Returns false where the kernel
 * has none: its own choice then stands, which is steady while the sockets are. */
bool steer_attach(int fd, enum netaddr_family family, unsigned workers);

/* steer_owner — the worker the program chooses for a client. IPv4 options and IPv6 extension
 * headers make the program read the wrong place: such datagrams come to another worker and are
 * handed on. Never fails. */
unsigned steer_owner(const struct netaddr *client, unsigned workers);

#endif
