/* opening — what the first bytes of a connection say it is: a PROXY header, TLS, STUN, the web.
 * They are looked at and left where they are, but for the header. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_OPENING_H
#define NET_OPENING_H

#include "wire/hello.h"
#include "net/connection.h"
#include "net/listener_rules.h"

enum opening_verdict {
    OPENING_WAIT,    /* too few bytes yet */
    OPENING_PLAIN,   /* STUN */
    OPENING_SECURE,  /* TLS for us */
    OPENING_WEB,     /* for the web server, as it comes */
    OPENING_REFUSED, /* nothing that this listener takes */
    OPENING_MISSED,  /* the same, and it is plain STUN on a port for TLS */
    OPENING_GONE,    /* the client has gone */
};

/* opening_look — look at what a connection in CONNECTION_OPENING has sent so far. A PROXY header is
 * taken, and gives c->path its client. `scratch` is room for HELLO_SIZE_MAX bytes. */
enum opening_verdict opening_look(const struct listener_rules *rules, struct connection *c,
                                  uint8_t *scratch);

/* opening_is_proxy — whether an address is that of a balancer. Never fails. */
bool opening_is_proxy(const struct listener_rules *rules, const struct netaddr *from);

#endif
