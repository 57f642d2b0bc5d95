/* flow — what the data path knows of an allocation: its two ends, its deadlines, its counters.
 * Pure. Belongs to one worker. The engine publishes and withdraws flows, the data path reads them:
 * relay is the FIB to its RIB.
 *
 *     path ----------> flow <---------- endpoint number        (flow_find, flow_of_endpoint)
 *     path + number -> channel -> flow                         (relay/channel)
 *     endpoint + peer -> channel -> flow                       (relay/channel)
 *     flow + peer host -> permit                               (relay/permit)          */
/* SPDX-License-Identifier: MIT */
#ifndef RELAY_FLOW_H
#define RELAY_FLOW_H

#include "base/entropy.h"
#include "base/mono.h"
#include "base/siphash.h"
#include "base/slab.h"
#include "base/table.h"
#include "relay/meter.h"
#include "relay/own.h"
#include "relay/path.h"

#define FLOW_NONE UINT32_MAX

/* A flow has up to one relayed transport address of each family; [0] is IPv4, [1] IPv6. */
enum { FLOW_FAMILIES = 2 };

struct flow_traffic {
    uint64_t packets;
    uint64_t bytes; /* of payload, without STUN and ChannelData headers */
};

/* Two cache lines: the first is what a datagram from either side is judged by. */
struct flow {
    struct slab_link link;
    struct path path;
    struct mono deadline[FLOW_FAMILIES]; /* 0: no relayed address of that family */
    uint32_t endpoint[FLOW_FAMILIES];
    struct meter meter;
    struct flow_traffic up;   /* client to peers */
    struct flow_traffic down; /* peers to client */
    uint32_t permits;         /* first of its permits, chained by permit.next */
    uint32_t channels;        /* first of its channels */
    uint16_t permit_count;
    uint16_t channel_count;
    uint32_t is_stream; /* its relayed addresses are of TCP: no datagram comes or goes */
};
static_assert(sizeof(struct flow) == 128, "a flow is two cache lines");

enum flow_drop {
    FLOW_DROP_NOT_STUN,      /* neither STUN nor ChannelData */
    FLOW_DROP_MALFORMED,     /* a length that does not fit, attributes that are missing */
    FLOW_DROP_NO_ALLOCATION, /* no flow for this path or endpoint, or its time is over */
    FLOW_DROP_NO_CHANNEL,    /* the number is not bound, or its time is over */
    FLOW_DROP_NO_PERMISSION, /* no permission for this peer, or its time is over */
    FLOW_DROP_FAMILY,        /* the allocation has no relayed address of the peer's family */
    FLOW_DROP_OWN_PORT,      /* an address of ours, and no live relay endpoint there */
    FLOW_DROP_BANDWIDTH,     /* over bandwidth-per-allocation */
    FLOW_DROP_TOO_LARGE,     /* no datagram of this size exists on the other side */
    FLOW_DROP_SEND_FAILED,   /* the kernel refused it; counted by net */
    FLOW_DROP_QUEUE_FULL,    /* too much waits for a client that does not read; counted by net */
    FLOW_DROP_COUNT
};

enum { FLOW_PATH_KINDS = 5 }; /* enum path_kind */

/* What became of every datagram of one direction. received = forwarded + control + all dropped. */
struct flow_counts {
    struct flow_traffic by_path[FLOW_PATH_KINDS]; /* forwarded, by the client's transport */
    uint64_t received;
    uint64_t forwarded;
    uint64_t control; /* given to the engine */
    uint64_t dropped[FLOW_DROP_COUNT];
};

struct flow_table {
    struct slab flows;    /* struct flow */
    struct slab permits;  /* struct permit */
    struct slab channels; /* struct channel */
    struct table by_path;
    struct table by_number;    /* channels by path and number */
    struct table by_peer;      /* channels by endpoint and peer */
    struct table by_host;      /* permits by flow and host */
    struct region by_endpoint; /* uint32_t flow index + 1, by endpoint number */
    struct siphash_key key;
    const struct own *own; /* borrowed; of the policy in force */
    uint32_t policy;       /* generation of the policy in force */
    uint32_t id_counter;   /* transaction ids of Data indications: 64 random bits and a count */
    uint64_t id_seed;
    struct flow_counts up;
    struct flow_counts down;
};

/* flow_table_init — an empty table for at most `capacity` flows, with keys from `entropy`.
 * `memory` borrowed for its life. Returns false when memory is short. */
bool flow_table_init(struct flow_table *t, const struct memory *memory,
                     const struct entropy *entropy, uint32_t capacity);

/* flow_table_fini — release everything. Never fails. */
void flow_table_fini(struct flow_table *t);

/* flow_hash — the hash a path is filed under. Never fails. */
uint32_t flow_hash(const struct flow_table *t, const struct path *path);

/* flow_open — publish a flow for `path`, which has none yet, without relayed addresses; `rate` in
 * bytes per second, 0 none. Returns its index, or FLOW_NONE when memory is short. */
uint32_t flow_open(struct flow_table *t, const struct path *path, uint64_t rate);

/* flow_attach — give the flow the relayed address behind `endpoint` (below the capacity of
 * endpoints, not attached elsewhere) until `deadline`. Returns false when memory is short. */
bool flow_attach(struct flow_table *t, uint32_t flow, enum netaddr_family family, uint32_t endpoint,
                 struct mono deadline);

/* flow_extend — set the deadline of one of its relayed addresses. Never fails. */
void flow_extend(struct flow_table *t, uint32_t flow, enum netaddr_family family,
                 struct mono deadline);

/* flow_detach — take a relayed address away; nothing from its endpoint is forwarded any more.
 * Permits and channels of that family are the caller's to drop. Never fails. */
void flow_detach(struct flow_table *t, uint32_t flow, enum netaddr_family family);

/* flow_close — withdraw a flow whose permits, channels and addresses are gone. Never fails. */
void flow_close(struct flow_table *t, uint32_t flow);

/* flow_find — the flow of a path, whether or not its time is over; `hash` is flow_hash's. Returns
 * FLOW_NONE when there is none. */
uint32_t flow_find(const struct flow_table *t, uint32_t hash, const struct path *path);

/* flow_at — the live flow at an index, borrowed. Never fails. */
static inline struct flow *flow_at(const struct flow_table *t, uint32_t index)
{
    return slab_at(&t->flows, index);
}

/* flow_of_endpoint — the flow an endpoint is attached to. Returns FLOW_NONE when it is to none. */
static inline uint32_t flow_of_endpoint(const struct flow_table *t, uint32_t endpoint)
{
    if ((size_t)endpoint * 4 >= t->by_endpoint.committed) {
        return FLOW_NONE;
    }
    return ((const uint32_t *)(const void *)t->by_endpoint.base)[endpoint] - 1;
}

/* flow_has_family — whether it has a relayed address of that family at `now`. Never fails. */
static inline bool flow_has_family(const struct flow *f, uint8_t family, struct mono now)
{
    return (family == NETADDR_IPV4 || family == NETADDR_IPV6) &&
           mono_is_before(now, f->deadline[family - 1]);
}

#endif
