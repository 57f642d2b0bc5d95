/* probe_udp — a UDP socket that talks to one server and hears who else answers.
 * One thread. Not connected, so that answers from other addresses are seen. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_UDP_H
#define PROBE_PROBE_UDP_H

#include "base/span.h"
#include "probe/probe_input.h"

/* probe_udp_open — a socket on the address *local, whose port becomes one of the system's choice.
 * Returns it, or -1 with the reason in errno. */
int probe_udp_open(struct netaddr *local);

/* probe_udp_send — send one datagram. Returns false with the reason in errno when this machine does
 * not let it out. */
bool probe_udp_send(int fd, const struct netaddr *server, struct span datagram);

/* probe_udp_take — take one datagram or ICMP error that is there. Returns false, *out undefined,
 * when there is none. */
bool probe_udp_take(int fd, struct probe_input *out);

#endif
