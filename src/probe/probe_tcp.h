/* probe_tcp — a TCP connection to one server.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_TCP_H
#define PROBE_PROBE_TCP_H

#include "base/mono.h"
#include "base/netaddr.h"
#include "base/span.h"
#include "probe/probe_fate.h"

/* probe_tcp_open — a socket of the family of `server`, not yet connected. Returns it, or -1 with
 * the reason in errno. */
int probe_tcp_open(const struct netaddr *server);

/* probe_tcp_connect — connect it, until `deadline` at most. Returns PROBE_FATE_OK, or what kept it
 * from that: SILENT, CONNECTION_REFUSED, RESET, UNREACHABLE, PROHIBITED, or NOT_SENT with the
 * reason in errno. */
enum probe_fate probe_tcp_connect(int fd, const struct netaddr *server, struct mono deadline);

/* probe_tcp_send — send all bytes, waiting for room until `deadline`. Returns PROBE_FATE_OK; RESET
 * when the connection is broken; else NOT_SENT with the reason in errno. */
enum probe_fate probe_tcp_send(int fd, struct span bytes, struct mono deadline);

/* probe_tcp_receive — read what is there. Returns how many bytes; 0 when there are none now; -1 at
 * the end, *end saying whether it was CLOSED or RESET. */
int probe_tcp_receive(int fd, uint8_t *bytes, size_t room, enum probe_fate *end);

#endif
