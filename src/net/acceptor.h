/* acceptor — the TCP sockets that listen: for clients, and for peers at a relayed address.
 * Belongs to one worker; opened by the control thread before it starts. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_ACCEPTOR_H
#define NET_ACCEPTOR_H

#include "base/netaddr.h"

/* acceptor_bind — a listening socket on `address`. `is_shared`: others may have the same port, each
 * gets its share of what comes. Returns a descriptor, or -errno. */
int acceptor_bind(const struct netaddr *address, bool is_shared);

/* What acceptor_take gives. */
struct acceptor_taken {
    int fd; /* does not block */
    struct netaddr from;
    struct netaddr local; /* the address that was connected to */
    uint32_t scope;       /* interface of a link-local one */
};

/* acceptor_take — the next connection. Returns 0 with *out filled; -EAGAIN when none waits; -EMFILE
 * when descriptors or memory are short: the caller should wait a while. A connection that was gone
 * again is passed over. */
int acceptor_take(int fd, struct acceptor_taken *out);

/* acceptor_shed — refuse what waits although there is no descriptor for it: `spare` is one that is
 * kept for that, and open again afterwards if it can be. Never fails. */
void acceptor_shed(int fd, int *spare);

/* acceptor_spare — a descriptor to be kept for acceptor_shed. Returns -1 when there is none. */
int acceptor_spare(void);

/* acceptor_tune — no delay, and keepalive after a minute, for a connected socket. Never fails. */
void acceptor_tune(int fd);

#endif
