/* probe_route — the address that this machine uses toward a server.
 * Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_ROUTE_H
#define PROBE_PROBE_ROUTE_H

#include "base/netaddr.h"

enum probe_route_error {
    PROBE_ROUTE_NONE = -1,   /* this machine has no address or route for the server's */
    PROBE_ROUTE_FAILED = -2, /* anything else; errno tells */
};

/* probe_route_find — find it, with port 0; nothing is sent. Returns 0 with *local filled, or a
 * member of enum probe_route_error. */
int probe_route_find(const struct netaddr *server, struct netaddr *local);

/* probe_route_local — the address and port that a socket is bound to. Returns false with the reason
 * in errno when it has none. */
bool probe_route_local(int fd, struct netaddr *local);

#endif
