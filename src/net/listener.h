/* listener — the UDP sockets clients send to: receiving with the address asked, answering from it.
 * Belongs to one worker; opened by the control thread before it starts. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "net/send.h"

enum {
    LISTENER_MAX = 256,
    LISTENER_LOCALS_MAX = 1024, /* addresses of ours that clients came to, per worker */
};

/* A socket of this worker. The number is the same in all workers. */
struct listener {
    struct netaddr address; /* as bound; any address for a wildcard */
    int fd;
    uint16_t local; /* number of `address` when it is no wildcard */
    bool is_wildcard;
};

/* An address of ours that clients came to, by the number that paths hold. */
struct listener_local {
    struct netaddr address; /* with the listener's port */
    uint32_t scope;         /* interface of a link-local address */
};

struct listener_set {
    struct listener at[LISTENER_MAX];
    size_t count;
    struct listener_local local[LISTENER_LOCALS_MAX];
    size_t local_count;
    uint16_t last_local; /* most packets come to the address of the one before */
};

/* listener_bind — a socket on `address` that shares its port with those of the other workers.
 * `is_probe`: without sharing, to learn whether the port is free. Returns a descriptor, or
 * -errno. */
int listener_bind(const struct netaddr *address, bool is_probe);

/* listener_add — take over a bound socket. Returns false when there are too many. */
bool listener_add(struct listener_set *set, int fd, const struct netaddr *address);

/* listener_close — close all sockets. Never fails. */
void listener_close(struct listener_set *set);

/* listener_receive — append what waits on one listener to the batch; packets get their path.
 * Returns how many. */
size_t listener_receive(struct listener_set *set, uint16_t number, struct batch *b);

/* listener_send — send the batch's to_client list, with one system call per listener; what the
 * kernel refuses is skipped, and counted where it was data. */
void listener_send(struct listener_set *set, struct batch *b, struct flow_counts *counts);

/* listener_local_number — the number of one of our addresses, known from now on. Returns false when
 * there are too many. */
bool listener_local_number(struct listener_set *set, const struct listener_local *local,
                           uint16_t *number);

#endif
