/* backend — how relay endpoints meet the network: one small table, called once per batch.
 * Interface only; backend_sockets is the one that works everywhere. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_BACKEND_H
#define NET_BACKEND_H

#include "net/batch.h"

struct endpoint_table;

struct backend {
    const char *name;
    /* bind — a socket for a relayed transport address. Returns a descriptor, or -errno. */
    int (*bind)(const struct netaddr *local, bool wants_icmp);
    /* watch — begin to receive for the open endpoint `number`. Returns false when out of memory. */
    bool (*watch)(struct endpoint_table *e, uint32_t number);
    /* receive — append datagrams from peers to the batch until it is full or none are ready;
     * packets get endpoint and peer. Returns true when more may be ready. */
    bool (*receive)(struct endpoint_table *e, struct batch *b);
    /* send — send the batch's to_peer list; one that the kernel refuses is counted and skipped. */
    void (*send)(struct endpoint_table *e, struct batch *b, struct flow_counts *counts);
};

/* backend_sockets — a socket per endpoint, an epoll set per worker, recvmmsg and sendmmsg. Returns
 * the table, static. */
const struct backend *backend_sockets(void);

#endif
