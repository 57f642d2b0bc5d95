/* permission — the CreatePermission request, and what the policy says of a peer. */
/* SPDX-License-Identifier: MIT */
#include "engine/permission.h"

#include "engine/allocation.h"
#include "relay/channel.h"
#include "relay/permit.h"

/* scope_of — what the policy's word means on the data path. */
static enum own_scope scope_of(enum policy_verdict verdict)
{
    switch (verdict) {
    case POLICY_RELAY_ONLY:
        return OWN_RELAY_ONLY;
    case POLICY_NO_LISTENERS:
        return OWN_NO_LISTENERS;
    default:
        return OWN_ANY_PORT;
    }
}

/* ask_realm — one realm's policy on one host; false when it denies. */
static bool ask_realm(const struct turn *t, uint32_t flow, uint8_t realm,
                      const struct netaddr *host, struct permit *out)
{
    uint8_t own;
    enum policy_verdict verdict = policy_ask(&t->settings->realm[realm].policy, host, &own);
    if (verdict == POLICY_RELAY_ONLY && netaddr_is_loopback(host)) {
        /* Only who relays from loopback meets other relays there: two browsers on one laptop. */
        const struct netaddr *relayed = &allocation_at(t, flow)->relayed[host->family - 1];
        verdict = netaddr_is_loopback(relayed) ? verdict : POLICY_DENY;
    }
    out->host = *host;
    out->own = own;
    out->scope = scope_of(verdict);
    out->policy = t->settings->generation;
    return verdict != POLICY_DENY;
}

int permission_ask(const struct turn *t, const struct request *rq, const struct netaddr *peer,
                   struct permit *out)
{
    const struct flow *f = flow_at(&t->flows, rq->flow);
    if (!flow_has_family(f, peer->family, rq->now.mono)) {
        return -REFUSAL_PEER_FAMILY;
    }
    return ask_realm(t, rq->flow, rq->realm, peer, out) ? 0 : -REFUSAL_FORBIDDEN;
}

static uint16_t permissions_max(const struct turn *t, const struct request *rq)
{
    return t->settings->realm[rq->realm].permissions_max;
}

int permission_install(struct turn *t, const struct request *rq, const struct permit *like,
                       struct mono deadline, uint32_t *permit)
{
    struct flow *f = flow_at(&t->flows, rq->flow);
    *permit = permit_find(&t->flows, rq->flow, &like->host);
    if (*permit != PERMIT_NONE) {
        struct permit *p = permit_at(&t->flows, *permit);
        p->deadline = mono_max(p->deadline, deadline);
        permission_recheck(t, *permit);
        return 0;
    }
    if (f->permit_count >= permissions_max(t, rq)) {
        permission_sweep(t, rq->flow, rq->now);
    }
    if (f->permit_count >= permissions_max(t, rq)) {
        return -REFUSAL_NO_CAPACITY;
    }
    *permit = permit_add(&t->flows, rq->flow, like, deadline);
    return *permit == PERMIT_NONE ? -REFUSAL_NO_CAPACITY : 0;
}

void permission_tell(struct turn *t, const struct request *rq, const struct netaddr *peer)
{
    const struct allocation *a = allocation_at(t, rq->flow);
    struct turn_event event = {
        .kind = TURN_EVENT_PERMITTED,
        .session = a->session,
        .path = rq->path,
        .method = rq->message.method,
        .user = {(const uint8_t *)rq->name, rq->name_size},
        .peer = *peer,
    };
    t->host->event(t->host->context, &event);
}

/* next_peer — the next XOR-PEER-ADDRESS of the request; false when there is none. *peer has family
 * NETADDR_NONE when it is malformed. */
static bool next_peer(const struct request *rq, struct stun_walk *walk, struct netaddr *peer)
{
    while (stun_message_step(walk)) {
        if (walk->type == STUN_ATTR_XOR_PEER_ADDRESS) {
            if (!stun_message_read_address(&rq->message, walk->value, peer)) {
                *peer = (struct netaddr){.family = NETADDR_NONE};
            }
            return true;
        }
    }
    return false;
}

/* check_peers — every address is well-formed, of a family we have, allowed, and there is room for
 * all: nothing is installed unless everything can be. */
static int check_peers(struct turn *t, const struct request *rq)
{
    struct stun_walk walk = stun_message_walk(&rq->message);
    struct netaddr peer;
    unsigned fresh = 0;
    unsigned count = 0;
    for (; next_peer(rq, &walk, &peer); count++) {
        struct permit like;
        if (peer.family == NETADDR_NONE) {
            return -REFUSAL_BAD_REQUEST;
        }
        int result = permission_ask(t, rq, &peer, &like);
        if (result != 0) {
            return result;
        }
        fresh += permit_find(&t->flows, rq->flow, &peer) == PERMIT_NONE ? 1 : 0;
    }
    if (count == 0) {
        return -REFUSAL_BAD_REQUEST;
    }
    const struct flow *f = flow_at(&t->flows, rq->flow);
    if (f->permit_count + fresh > permissions_max(t, rq)) {
        permission_sweep(t, rq->flow, rq->now);
    }
    return f->permit_count + fresh > permissions_max(t, rq) ? -REFUSAL_NO_CAPACITY : 0;
}

int permission_handle(struct turn *t, struct request *rq, struct answer *answer)
{
    int result = check_peers(t, rq);
    struct mono deadline = mono_add_s(rq->now.mono, t->settings->realm[rq->realm].permission_lifetime);
    struct stun_walk walk = stun_message_walk(&rq->message);
    struct netaddr peer;
    while (result == 0 && next_peer(rq, &walk, &peer)) {
        uint32_t permit;
        struct permit like;
        bool is_new = permit_find(&t->flows, rq->flow, &peer) == PERMIT_NONE;
        result = permission_ask(t, rq, &peer, &like);
        result = result == 0 ? permission_install(t, rq, &like, deadline, &permit) : result;
        if (result == 0 && is_new) {
            permission_tell(t, rq, &peer);
        }
    }
    allocation_schedule(t, rq->flow, rq->now.mono);
    *answer = (struct answer){.has_mapped = false};
    return result;
}

/* update_channels — bring the channels on a permission to its scope and generation. */
static void update_channels(struct turn *t, uint32_t permit)
{
    const struct permit *p = permit_at(&t->flows, permit);
    uint32_t at = flow_at(&t->flows, p->flow)->channels;
    for (; at != SLAB_NONE; at = channel_at(&t->flows, at)->next) {
        struct channel *c = channel_at(&t->flows, at);
        if (c->permit == permit) {
            c->scope = p->scope;
            c->own = p->own;
            c->policy = p->policy;
        }
    }
}

void permission_recheck(struct turn *t, uint32_t permit)
{
    struct permit *p = permit_at(&t->flows, permit);
    if (p->policy == t->settings->generation) {
        return;
    }
    uint8_t realm = user_at(&t->users, allocation_at(t, p->flow)->user)->realm;
    struct netaddr host = p->host;
    if (!t->settings->realm[realm].is_gone && ask_realm(t, p->flow, realm, &host, p)) {
        update_channels(t, permit);
        return;
    }
    channel_drop_host(&t->flows, permit);
    permit_drop_one(&t->flows, permit);
}

void permission_sweep(struct turn *t, uint32_t flow, struct now now)
{
    channel_drop(&t->flows, flow, NETADDR_NONE, now.mono);
    permit_drop(&t->flows, flow, NETADDR_NONE, now.mono);
    uint32_t at = flow_at(&t->flows, flow)->permits;
    while (at != SLAB_NONE) {
        uint32_t next = permit_at(&t->flows, at)->next;
        permission_recheck(t, at);
        at = next;
    }
}
