/* sockaddr — netaddr to and from the kernel's socket addresses.
 * Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_SOCKADDR_H
#define NET_SOCKADDR_H

#include <sys/socket.h>

#include "base/netaddr.h"

/* sockaddr_from — write `a` as a socket address; `scope` is the interface of a link-local IPv6
 * address, else 0. Returns its length. Never fails. */
socklen_t sockaddr_from(const struct netaddr *a, uint32_t scope, struct sockaddr_storage *out);

/* sockaddr_to — read a socket address of either family; a v4-mapped one is IPv4. Returns family
 * NETADDR_NONE for any other. Never fails. */
struct netaddr sockaddr_to(const struct sockaddr_storage *in);

#endif
