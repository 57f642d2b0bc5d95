/* guard — keeps the connections of the HTTP interface few, and none of them slow: evhttp bounds how
 * long a client says nothing, but neither how long it takes for a request nor how many there are.
 * Control thread.
 *
 * evhttp does not tell when it closes a connection. So a guard knows the socket by its cookie,
 * which the kernel never gives twice: as soon as the descriptor is another, or none, it has ended.
 */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_GUARD_H
#define MANAGE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mono.h"

struct bufferevent;
struct event;
struct event_base;

enum {
    GUARD_CONNECTIONS_MAX = 512,
    GUARD_SILENCE = 10, /* seconds: evhttp's time-out */
    GUARD_REQUEST_SECONDS =
        20, /* from the first byte of a request, or of a handshake, to its last */
};

struct guard {
    bool is_used;
    bool is_named;   /* fd and cookie are known */
    bool is_refused; /* it is to be closed at once */
    struct bufferevent *connection;
    int fd;
    uint64_t cookie;
    struct mono since; /* the first byte of the request at hand; 0: there is none */
};

/* The guards of one door. */
struct guards {
    struct guard guard[GUARD_CONNECTIONS_MAX];
    uint32_t used;
    struct event *names; /* runs before anything can have come of a new connection */
};

/* guard_init — none yet. Returns false when memory is short. */
bool guard_init(struct guards *all, struct event_base *base);

/* guard_fini — forget all. Never fails. */
void guard_fini(struct guards *all);

/* guard_watch — have a new connection watched, which evhttp is about to get; closed at once where
 * it `is_refused`. There must be room for it. */
void guard_watch(struct guards *all, struct bufferevent *connection, bool is_refused);

/* guard_heard — a request has come in whole by this connection. Never fails. */
void guard_heard(struct guards *all, const struct bufferevent *connection);

/* guard_sweep — end what is too slow, forget what has ended: every second. Never fails. */
void guard_sweep(struct guards *all);

#endif
