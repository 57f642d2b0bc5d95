/* probe_socket — one UDP socket that talks to one server and hears who else answers.
 * One thread. Not connected, so that answers from other addresses are seen. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_SOCKET_H
#define PROBE_PROBE_SOCKET_H

#include "base/mono.h"
#include "base/netaddr.h"
#include "base/span.h"
#include "probe/probe_fate.h"
#include "probe/probe_trace.h"

struct probe_socket {
    int fd; /* -1 when closed */
    struct netaddr server;
    struct netaddr local;
    const struct probe_trace *trace; /* borrowed, may be NULL */
};

enum probe_socket_error {
    PROBE_SOCKET_NO_ROUTE = -1, /* this machine has no address or route for the server's */
    PROBE_SOCKET_FAILED = -2,   /* anything else; errno tells */
};

enum probe_socket_event {
    PROBE_SOCKET_NOTHING, /* the deadline came */
    PROBE_SOCKET_DATAGRAM,
    PROBE_SOCKET_ICMP,
};

enum { PROBE_SOCKET_INPUT_SIZE = 2048 };

struct probe_socket_input {
    enum probe_socket_event event;
    enum probe_fate fate; /* of ICMP: what it says */
    struct netaddr from;  /* of a datagram, or of the router that sent the ICMP error */
    size_t size;
    uint8_t bytes[PROBE_SOCKET_INPUT_SIZE];
};

/* probe_socket_open — a socket on the address that this machine reaches `server` from, and a port
 * of the system's choice. `trace` borrowed for its life, may be NULL.
 * Returns 0, or a member of enum probe_socket_error with *s closed. */
int probe_socket_open(struct probe_socket *s, const struct netaddr *server,
                      const struct probe_trace *trace);

/* probe_socket_close — close it; a closed one is taken. Never fails. */
void probe_socket_close(struct probe_socket *s);

/* probe_socket_send — send one datagram to the server. Returns 0, or PROBE_SOCKET_FAILED with the
 * reason in errno when this machine does not let it out. */
int probe_socket_send(struct probe_socket *s, struct span datagram);

/* probe_socket_receive — wait until `deadline` for one datagram or ICMP error. Never fails: *out
 * says which, or that there was nothing. */
void probe_socket_receive(struct probe_socket *s, struct mono deadline,
                          struct probe_socket_input *out);

#endif
