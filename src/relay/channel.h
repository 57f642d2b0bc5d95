/* channel — a channel binding of RFC 8656 section 12: one flow, one number, one peer.
 * Pure. Belongs to the worker of the flow. */
/* SPDX-License-Identifier: MIT */
#ifndef RELAY_CHANNEL_H
#define RELAY_CHANNEL_H

#include "relay/flow.h"

#define CHANNEL_NONE UINT32_MAX

/* A channel number, apart from all other small numbers. */
struct channel_no {
    uint16_t value;
};

struct channel {
    struct slab_link link;
    uint32_t flow;
    uint32_t next; /* of the same flow */
    struct mono deadline;
    struct peer_addr peer; /* as the client named it */
    struct channel_no number;
    uint8_t scope;   /* enum own_scope, as its permit's */
    uint8_t own;     /* which of our own hosts the peer is, or OWN_NONE */
    uint32_t permit; /* of the peer's host; lives as long as the channel */
    uint32_t policy; /* generation of the policy that allowed it */
    uint64_t zero;
};
static_assert(sizeof(struct channel) == 64, "a channel is one cache line");

/* channel_hash — the hash a path's channel number is filed under. Never fails. */
uint32_t channel_hash(const struct flow_table *t, const struct path *path,
                      struct channel_no number);

/* channel_peer_hash — the hash an endpoint's peer is filed under. Never fails. */
uint32_t channel_peer_hash(const struct flow_table *t, uint32_t endpoint,
                           const struct peer_addr *peer);

/* channel_find — the channel of a path and number, whether or not its time is over; `hash` is
 * channel_hash's. Returns CHANNEL_NONE when there is none. */
uint32_t channel_find(const struct flow_table *t, uint32_t hash, const struct path *path,
                      struct channel_no number);

/* channel_find_peer — the channel an endpoint's flow has to exactly this peer; `hash` is
 * channel_peer_hash's. Returns CHANNEL_NONE when there is none. */
uint32_t channel_find_peer(const struct flow_table *t, uint32_t hash, uint32_t endpoint,
                           const struct peer_addr *peer);

/* channel_add — bind a number and a peer that are both free in this flow, on the permission of
 * the peer's host, until `deadline`; the permission lives at least as long, so that clients which
 * never refresh it apart are not cut off (aioice, werift). Returns its index, or CHANNEL_NONE when
 * memory is short. */
uint32_t channel_add(struct flow_table *t, uint32_t permit, const struct peer_addr *peer,
                     struct channel_no number, struct mono deadline);

/* channel_extend — have a channel, and the permission of its peer, live until `deadline`. Never
 * fails. */
void channel_extend(struct flow_table *t, uint32_t channel, struct mono deadline);

/* channel_drop — withdraw the flow's channels that fit, as permit_drop does. O(channels). Never
 * fails. */
void channel_drop(struct flow_table *t, uint32_t flow, enum netaddr_family family, struct mono now);

/* channel_drop_host — withdraw the channels that hold a permission. O(channels). Never fails. */
void channel_drop_host(struct flow_table *t, uint32_t permit);

/* channel_at — the live channel at an index, borrowed. Never fails. */
static inline struct channel *channel_at(const struct flow_table *t, uint32_t index)
{
    return slab_at(&t->channels, index);
}

#endif
