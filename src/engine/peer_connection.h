/* peer_connection — the TCP connections between relayed addresses and peers: RFC 6062's peer data
 * connections, from Connect or a peer's own call to the end. Pure. Belongs to one worker.
 *
 *     Connect -> CONNECTING -> WAITING -> JOINED      numbers are the engine's, "links";
 *     peer's call ------------> WAITING -> JOINED     net has its own for each                 */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_PEER_CONNECTION_H
#define ENGINE_PEER_CONNECTION_H

#include "engine/request.h"

#define PEER_CONNECTION_NONE UINT32_MAX

enum peer_connection_state {
    PEER_CONNECTION_CONNECTING, /* the client waits for its answer */
    PEER_CONNECTION_WAITING,    /* for the client's ConnectionBind */
    PEER_CONNECTION_JOINED,
};

enum { PEER_CONNECTION_WORKER_SHIFT = 24 }; /* a CONNECTION-ID begins with the worker's number */

struct peer_connection {
    struct slab_link link;
    uint32_t flow;   /* of the allocation */
    uint32_t next;   /* of the same allocation */
    uint32_t number; /* net's */
    uint32_t id;     /* CONNECTION-ID */
    struct peer_addr peer;
    uint8_t state;                    /* enum peer_connection_state */
    uint8_t kind;                     /* enum stun_integrity of the answer that is due */
    bool has_fingerprint;             /* so has the answer */
    uint8_t header[STUN_HEADER_SIZE]; /* of the Connect that is to be answered */
};

/* peer_connection_init — none yet, room for `capacity`. Returns false when memory is short. */
bool peer_connection_init(struct turn *t, uint32_t capacity);

/* peer_connection_fini — release everything. Never fails. */
void peer_connection_fini(struct turn *t);

/* peer_connection_at — the live one at an index, borrowed. Never fails. */
static inline struct peer_connection *peer_connection_at(const struct turn *t, uint32_t link)
{
    return slab_at(&t->peers, link);
}

/* peer_connection_add — one more of an allocation, to or from `peer`, with a fresh id. Returns its
 * link; PEER_CONNECTION_NONE when the allocation has as many as it may, or memory is short. */
uint32_t peer_connection_add(struct turn *t, uint32_t flow, const struct peer_addr *peer,
                             enum peer_connection_state state);

/* peer_connection_find — the one an allocation has with exactly this peer. Returns
 * PEER_CONNECTION_NONE when there is none. O(peers of the allocation). */
uint32_t peer_connection_find(const struct turn *t, uint32_t flow, const struct peer_addr *peer);

/* peer_connection_of — the one that is known by a CONNECTION-ID. Returns PEER_CONNECTION_NONE when
 * there is none. */
uint32_t peer_connection_of(const struct turn *t, uint32_t id);

/* peer_connection_forget — its connection is gone, was not joined in time, or was never made. Never
 * fails. */
void peer_connection_forget(struct turn *t, uint32_t link);

/* peer_connection_drop — close those of an allocation with peers of `family` (NETADDR_NONE: both).
 * Never fails. */
void peer_connection_drop(struct turn *t, uint32_t flow, enum netaddr_family family);

#endif
