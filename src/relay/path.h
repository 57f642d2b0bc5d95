/* path — the client's side of a flow as a value: the 5-tuple as the server tells it apart.
 * Types only. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef RELAY_PATH_H
#define RELAY_PATH_H

#include <assert.h>
#include <string.h>

#include "base/netaddr.h"

enum path_kind {
    PATH_NONE,
    PATH_UDP,  /* answers leave through `listener` from local address `local` */
    PATH_TCP,  /* through `connection`, as all that follow */
    PATH_TLS,  /* over TCP */
    PATH_DTLS, /* over UDP */
};

/* Unused bytes are zero: two equal paths are equal bytes. Numbers are net's; others compare only.
 */
struct path {
    uint8_t kind; /* enum path_kind */
    uint8_t zero;
    uint16_t listener;   /* the socket it came in by */
    uint16_t local;      /* the server's address it was sent to */
    uint16_t generation; /* of `connection` */
    uint32_t connection; /* slot of a connection, 0 for plain UDP */
    struct client_addr client;
};
static_assert(sizeof(struct path) == 32, "a path is hashed and compared as bytes");

/* path_is_stream — whether messages follow one another in a stream. Never fails. */
static inline bool path_is_stream(const struct path *p)
{
    return p->kind == PATH_TCP || p->kind == PATH_TLS;
}

/* path_is_connection — whether it is one of a connection: the client has shown that its address is
 * no lie. Never fails. */
static inline bool path_is_connection(const struct path *p)
{
    return p->kind >= PATH_TCP;
}

/* path_is_equal — whether two paths are the same 5-tuple. Never fails. */
static inline bool path_is_equal(const struct path *a, const struct path *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

#endif
