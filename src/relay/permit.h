/* permit — a permission of RFC 8656 section 9: one flow, one peer host, any port.
 * Pure. Belongs to the worker of the flow. */
/* SPDX-License-Identifier: MIT */
#ifndef RELAY_PERMIT_H
#define RELAY_PERMIT_H

#include "relay/flow.h"

#define PERMIT_NONE UINT32_MAX

struct permit {
    struct slab_link link;
    uint32_t flow;
    uint32_t next; /* of the same flow */
    struct mono deadline;
    struct netaddr host; /* port 0 */
    uint8_t scope;       /* enum own_scope */
    uint8_t own;         /* which of our own hosts it is, or OWN_NONE */
    uint16_t channels;   /* channels bound to this host */
    uint32_t policy;     /* generation of the policy that allowed it */
    uint64_t zero;
};
static_assert(sizeof(struct permit) == 64, "a permit is one cache line");

/* permit_find — the flow's permission for the host of `peer`, whether or not its time is over.
 * Returns PERMIT_NONE when there is none. */
uint32_t permit_find(const struct flow_table *t, uint32_t flow, const struct netaddr *peer);

/* permit_add — a permission the flow does not have yet; `like` gives host, scope, own and policy,
 * the rest is filled in. Returns its index, or PERMIT_NONE when memory is short. */
uint32_t permit_add(struct flow_table *t, uint32_t flow, const struct permit *like,
                    struct mono deadline);

/* permit_drop — withdraw the flow's permissions that fit: of `family` (NETADDR_NONE: both) and
 * expired at `now` ({UINT64_MAX}: all); none that a channel still holds. O(permissions). Never
 * fails. */
void permit_drop(struct flow_table *t, uint32_t flow, enum netaddr_family family, struct mono now);

/* permit_drop_one — withdraw one permission that no channel holds. O(permissions). Never fails. */
void permit_drop_one(struct flow_table *t, uint32_t permit);

/* permit_hash — the hash a flow's permission for a host is filed under. Never fails. */
uint32_t permit_hash(const struct flow_table *t, uint32_t flow, const struct netaddr *peer);

/* permit_at — the live permission at an index, borrowed. Never fails. */
static inline struct permit *permit_at(const struct flow_table *t, uint32_t index)
{
    return slab_at(&t->permits, index);
}

#endif
