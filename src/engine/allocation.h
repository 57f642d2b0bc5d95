/* allocation — the engine's record of an allocation beside its flow, and the one place it ends.
 * Pure. Belongs to one worker. Record i belongs to flow i. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_ALLOCATION_H
#define ENGINE_ALLOCATION_H

#include "engine/request.h"

enum {
    ALLOCATION_SWEEP = 30, /* seconds between looks at the permissions of a live one */
    ALLOCATION_LOOK = 900, /* and at one without */
};
static_assert((int)ALLOCATION_LOOK < (int)WHEEL_SLOTS, "within a turn of its wheel");

struct allocation {
    struct wheel_link timer;
    uint32_t user; /* a reference held */
    uint64_t session;
    uint32_t told;                 /* seconds after `began` that it was last told to live */
    uint16_t owner_at, owner_size; /* user part of the name */
    struct mono began;
    struct netaddr relayed[FLOW_FAMILIES]; /* as clients are told; family NONE: none */
    uint8_t id[STUN_ID_SIZE];              /* of the Allocate, for its retransmissions */
    uint32_t lifetime;                     /* seconds granted by it */
    uint8_t token[STUN_TOKEN_SIZE];        /* RESERVATION-TOKEN it was answered with */
    uint32_t peers;                        /* first of its TCP connections to peers */
    uint16_t peer_count;
    bool has_token;
    uint8_t error_family; /* ADDRESS-ERROR-CODE it was answered with */
    uint16_t error_code;
};

/* allocation_at — the record beside a live flow, borrowed. Never fails. */
static inline struct allocation *allocation_at(const struct turn *t, uint32_t flow)
{
    return (struct allocation *)(void *)t->allocations.base + flow;
}

/* allocation_find — the allocation of a path that is still within its time; one whose time is over
 * is ended on the spot. Returns its flow, or FLOW_NONE. */
uint32_t allocation_find(struct turn *t, const struct path *path, struct now now);

/* allocation_begin — a flow and its record for the authentic request, without relayed addresses
 * yet, quotas taken. Returns 0 with *flow set; TURN_AWAITS with rq->awaits set; REFUSAL_QUOTA or
 * REFUSAL_NO_CAPACITY, as a negative number. Unless 0, nothing is left behind. */
int allocation_begin(struct turn *t, struct request *rq, uint32_t *flow);

/* allocation_attach — give it an opened endpoint until `deadline`. Returns false, the endpoint
 * still the caller's, when memory is short. */
bool allocation_attach(struct turn *t, uint32_t flow, const struct turn_endpoint *endpoint,
                       struct mono deadline);

/* allocation_detach — end one of its families: endpoint, permissions and channels of it. Never
 * fails. */
void allocation_detach(struct turn *t, uint32_t flow, enum netaddr_family family);

/* allocation_schedule — have allocation_look called for it when there may be something to do.
 * Never fails. */
void allocation_schedule(struct turn *t, uint32_t flow, struct mono now);

/* allocation_look — end what of it is over: the whole, a family, permissions, channels. Returns
 * whether it still lives. */
bool allocation_look(struct turn *t, uint32_t flow, struct now now);

/* allocation_abandon — take back one that allocation_begin made, without a record: what it has is
 * freed as at its end. Never fails. */
void allocation_abandon(struct turn *t, uint32_t flow);

/* allocation_end — end it: effects, quotas, its one record. Never fails. */
void allocation_end(struct turn *t, uint32_t flow, enum turn_reason reason, struct now now);

/* allocation_describe — an event of that kind about it, with what is known of the session, its
 * totals so far included. `name` is where the user's name is put. Never fails. */
struct turn_event allocation_describe(const struct turn *t, uint32_t flow,
                                      enum turn_event_kind kind, struct now now,
                                      char name[STUN_NAME_MAX + 1]);

/* allocation_tell — tell the host that it lives, when that is due. Never fails. */
void allocation_tell(struct turn *t, uint32_t flow, struct now now);

/* allocation_lifetime — seconds to grant: what was asked (has_asked) within the realm's bounds, cut
 * to how long the credential lets it live. RFC 8656 7.2. Never fails. */
uint32_t allocation_lifetime(const struct turn *t, const struct request *rq, bool has_asked,
                             uint32_t asked);

#endif
