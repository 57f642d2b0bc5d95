/* forward — the verdict on one datagram: where it goes, as what, or why it does not.
 * Pure. Belongs to one worker. Never allocates, blocks, logs or reads a clock. */
/* SPDX-License-Identifier: MIT */
#ifndef RELAY_FORWARD_H
#define RELAY_FORWARD_H

#include "relay/flow.h"
#include "relay/packet.h"

enum forward_kind {
    FORWARD_TO_PEER,   /* send `length` bytes at `bytes` from `endpoint` to `peer` */
    FORWARD_TO_CLIENT, /* send `length` bytes at `bytes` along `path` */
    FORWARD_CONTROL,   /* STUN for the engine: hand over the whole packet */
    FORWARD_RECHECK,   /* the policy changed since `permit` was given: have it asked, try again */
    FORWARD_DROP,      /* counted under its reason already */
};

/* A verdict is a value; `bytes` points into the packet or its headroom. */
struct verdict {
    enum forward_kind kind;
    uint8_t tos; /* DSCP and ECN to send with */
    bool df;     /* set the don't-fragment bit (IPv4 relays) */
    uint32_t length;
    uint8_t *bytes;
    uint32_t endpoint;
    uint32_t permit;
    struct peer_addr peer;
    const struct path *path; /* borrowed from the flow until the batch ends */
};

/* forward_prepare_client — hash `count` packets from clients and ask the cache for what their
 * verdicts will read. Call once per batch, before forward_from_client. Never fails. */
void forward_prepare_client(const struct flow_table *t, struct packet *packets, size_t count);

/* forward_prepare_peer — the same for packets from peers. Never fails. */
void forward_prepare_peer(const struct flow_table *t, struct packet *packets, size_t count);

/* forward_from_client — decide what becomes of one prepared datagram from a client: ChannelData
 * and Send indications are forwarded, other STUN is control, the rest is dropped.
 * `p` borrowed, counted once in t->up. Returns the verdict; never FORWARD_TO_CLIENT.
 * RFC 8656 11.2, 12.6. */
struct verdict forward_from_client(struct flow_table *t, const struct packet *p, struct mono now);

/* forward_from_peer — decide what becomes of one prepared datagram from a peer: ChannelData where
 * a channel is bound, a Data indication where there is a permission.
 * `p` borrowed with PACKET_HEADROOM and PACKET_TAILROOM writable, counted once in t->down.
 * Returns the verdict; never FORWARD_TO_PEER or FORWARD_CONTROL. RFC 8656 11.3, 12.7. */
struct verdict forward_from_peer(struct flow_table *t, const struct packet *p, struct mono now);

/* forward_count_failed — move one datagram from forwarded to dropped: the kernel refused it.
 * Never fails. */
static inline void forward_count_failed(struct flow_counts *counts)
{
    counts->forwarded--;
    counts->dropped[FLOW_DROP_SEND_FAILED]++;
}

/* forward_count_full — the same: too much waits for its client already. Never fails. */
static inline void forward_count_full(struct flow_counts *counts)
{
    counts->forwarded--;
    counts->dropped[FLOW_DROP_QUEUE_FULL]++;
}

/* forward_drop_name — the name of a reason as metrics and logs have it, static. Never fails. */
const char *forward_drop_name(enum flow_drop why);

#endif
