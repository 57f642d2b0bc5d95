/* endpoint — the relay endpoints of one worker: which number is which socket on which port.
 * Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include <sys/epoll.h>

#include "engine/turn.h"
#include "net/backend.h"
#include "net/ports.h"

enum { ENDPOINT_RELAY_MAX = 16, ENDPOINT_READY_MAX = 64 };

struct endpoint {
    int fd; /* -1: closed */
    uint32_t next_free;
    uint16_t port;
    uint8_t host; /* number in struct ports */
    bool is_ipv6;
    bool is_stream; /* a TCP socket that listens for peers */
    bool sets_df;   /* the socket's present don't-fragment state */
};

/* Where relayed transport addresses are taken from: an immutable snapshot beside the settings. */
struct endpoint_rules {
    struct netaddr relay[ENDPOINT_RELAY_MAX]; /* none: the address the client came to */
    size_t relay_count;
    const struct own *own; /* borrowed; the machine's addresses and their external ones */
    bool wants_icmp;
};

/* An ICMP error that came back to an endpoint. */
struct endpoint_icmp {
    uint32_t endpoint;
    struct peer_addr peer;
    uint8_t type, code;
    uint32_t mtu;
};

struct endpoint_table {
    struct endpoint *at; /* owned, by number */
    uint32_t capacity;
    uint32_t touched;
    uint32_t free;
    uint32_t live;
    unsigned worker;
    struct ports *ports;                /* borrowed, shared */
    const struct endpoint_rules *rules; /* borrowed, of the settings in force */
    const struct backend *backend;
    int epoll;
    struct epoll_event ready[ENDPOINT_READY_MAX];
    int ready_count, ready_next; /* what epoll told and was not read yet */
    struct {                     /* where ICMP errors and callers go */
        void *context;
        void (*icmp)(void *context, const struct endpoint_icmp *icmp);
        void (*call)(void *context, uint32_t endpoint); /* a peer waits to be accepted */
    } tell;
};

/* endpoint_table_init — no endpoints yet, room for `capacity`; `ports` and `rules` borrowed.
 * Returns false when memory or descriptors are short. */
bool endpoint_table_init(struct endpoint_table *e, struct ports *ports,
                         const struct endpoint_rules *rules, unsigned worker, uint32_t capacity);

/* endpoint_table_fini — close every endpoint and release everything. Never fails. */
void endpoint_table_fini(struct endpoint_table *e);

/* endpoint_open — open a relayed transport address as wished; `local` is the server's address the
 * client came to. Returns TURN_OPENED with *out filled, or why not; then nothing is left behind. */
enum turn_open_result endpoint_open(struct endpoint_table *e, const struct turn_wish *wish,
                                    const struct netaddr *local, struct now now,
                                    struct turn_endpoint *out);

/* endpoint_address — the relayed address as it is bound. Never fails. */
struct netaddr endpoint_address(const struct endpoint_table *e, uint32_t number);

/* endpoint_close — close an open endpoint and give its port back. Never fails. */
void endpoint_close(struct endpoint_table *e, uint32_t number);

#endif
