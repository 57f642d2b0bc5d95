/* permission — the CreatePermission request, and what the policy says of a peer. */
/* SPDX-License-Identifier: MIT */
#include "engine/permission.h"

#include "relay/channel.h"
#include "relay/permit.h"
#include "engine/allocation.h"

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
    const struct user_rights *rights = user_rights(&t->users, allocation_at(t, flow)->user);
    enum policy_verdict verdict = policy_ask(&t->settings->realm[realm].policy, host, &own);
    if (rights && !rights_reach(&rights->rights, host)) {
        verdict = POLICY_DENY;
    }
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

static const struct mono unborn = {0}; /* deadline of one that is being made */

/* refresh_one — have a permission that the present policy allows live until `deadline` at least. */
static void refresh_one(struct turn *t, uint32_t permit, struct mono deadline)
{
    struct permit *p = permit_at(&t->flows, permit);
    p->deadline = mono_max(p->deadline, deadline);
    permission_recheck(t, permit);
}

/* has_live — whether a peer has a permission within its time. */
static bool has_live(const struct turn *t, const struct request *rq, const struct netaddr *peer)
{
    uint32_t permit = permit_find(&t->flows, rq->flow, peer);
    return permit != PERMIT_NONE &&
           mono_is_before(rq->now.mono, permit_at(&t->flows, permit)->deadline);
}

int permission_install(struct turn *t, const struct request *rq, const struct permit *like,
                       struct mono deadline, uint32_t *permit)
{
    struct flow *f = flow_at(&t->flows, rq->flow);
    if (f->permit_count >= permissions_max(t, rq) && !has_live(t, rq, &like->host)) {
        permission_sweep(t, rq->flow, rq->now);
    }
    *permit = permit_find(&t->flows, rq->flow, &like->host);
    if (*permit != PERMIT_NONE) {
        refresh_one(t, *permit, deadline);
        return 0;
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

/* check_peers — every address is well-formed, of a family we have, and allowed. *fresh becomes how
 * many have no live permission yet, one named twice counted twice. */
static int check_peers(const struct turn *t, const struct request *rq, unsigned *fresh)
{
    struct stun_walk walk = stun_message_walk(&rq->message);
    struct netaddr peer;
    unsigned count = 0;
    *fresh = 0;
    for (; next_peer(rq, &walk, &peer); count++) {
        struct permit like;
        if (peer.family == NETADDR_NONE) {
            return -REFUSAL_BAD_REQUEST;
        }
        int result = permission_ask(t, rq, &peer, &like);
        if (result != 0) {
            return result;
        }
        *fresh += has_live(t, rq, &peer) ? 0 : 1;
    }
    return count > 0 ? 0 : -REFUSAL_BAD_REQUEST;
}

/* add_new — a permission, which does not live yet, for every peer that has none. Returns 0; the
 * refusal, with nothing added, when there is no room for all. */
static int add_new(struct turn *t, const struct request *rq)
{
    struct stun_walk walk = stun_message_walk(&rq->message);
    const struct flow *f = flow_at(&t->flows, rq->flow);
    uint32_t before = f->permits;
    struct netaddr peer;
    int result = 0;
    while (result == 0 && next_peer(rq, &walk, &peer)) {
        struct permit like;
        if (permit_find(&t->flows, rq->flow, &peer) != PERMIT_NONE) {
            continue;
        }
        result = permission_ask(t, rq, &peer, &like);
        if (result == 0 && (f->permit_count >= permissions_max(t, rq) ||
                            permit_add(&t->flows, rq->flow, &like, unborn) == PERMIT_NONE)) {
            result = -REFUSAL_NO_CAPACITY;
        }
    }
    while (result != 0 && f->permits != before) {
        permit_drop_one(&t->flows, f->permits);
    }
    return result;
}

/* refresh_all — have the permissions of all peers live, which are all there. */
static void refresh_all(struct turn *t, const struct request *rq)
{
    uint32_t lifetime = t->settings->realm[rq->realm].permission_lifetime;
    struct mono deadline = mono_add_s(rq->now.mono, lifetime);
    struct stun_walk walk = stun_message_walk(&rq->message);
    struct netaddr peer;
    while (next_peer(rq, &walk, &peer)) {
        uint32_t permit = permit_find(&t->flows, rq->flow, &peer);
        if (permit_at(&t->flows, permit)->deadline.ns == unborn.ns) {
            permission_tell(t, rq, &peer);
        }
        refresh_one(t, permit, deadline);
    }
}

int permission_handle(struct turn *t, struct request *rq, struct answer *answer)
{
    unsigned fresh;
    int result = check_peers(t, rq, &fresh);
    *answer = (struct answer){.has_mapped = false};
    if (result != 0) {
        return result;
    }
    if (fresh > 0 && flow_at(&t->flows, rq->flow)->permit_count + fresh > permissions_max(t, rq)) {
        permission_sweep(t, rq->flow, rq->now);
    }
    result = add_new(t, rq);
    if (result == 0) {
        refresh_all(t, rq);
    }
    allocation_schedule(t, rq->flow, rq->now.mono);
    return result;
}

/* ask_again — the present policy's word on a permission, kept in it; false when it is denied. */
static bool ask_again(struct turn *t, struct permit *p)
{
    uint8_t realm = user_at(&t->users, allocation_at(t, p->flow)->user)->realm;
    struct netaddr host = p->host;
    return !t->settings->realm[realm].is_gone && ask_realm(t, p->flow, realm, &host, p);
}

/* follow — bring a channel to the scope and generation of its permission. */
static void follow(struct channel *c, const struct permit *p)
{
    c->scope = p->scope;
    c->own = p->own;
    c->policy = p->policy;
}

void permission_recheck(struct turn *t, uint32_t permit)
{
    struct permit *p = permit_at(&t->flows, permit);
    if (p->policy == t->settings->generation) {
        return;
    }
    if (!ask_again(t, p)) {
        channel_drop_host(&t->flows, permit);
        permit_drop_one(&t->flows, permit);
        return;
    }
    uint32_t at = p->channels ? flow_at(&t->flows, p->flow)->channels : SLAB_NONE;
    for (; at != SLAB_NONE; at = channel_at(&t->flows, at)->next) {
        if (channel_at(&t->flows, at)->permit == permit) {
            follow(channel_at(&t->flows, at), p);
        }
    }
}

/* recheck_all — ask the present policy about every permission of a flow: one pass over them, one
 * over the channels. What is denied has no time left. */
static void recheck_all(struct turn *t, uint32_t flow)
{
    const struct mono over = {0};
    bool has_changed = false;
    uint32_t at = flow_at(&t->flows, flow)->permits;
    for (; at != SLAB_NONE; at = permit_at(&t->flows, at)->next) {
        struct permit *p = permit_at(&t->flows, at);
        if (p->policy != t->settings->generation) {
            has_changed = true;
            p->deadline = ask_again(t, p) ? p->deadline : over;
            p->policy = t->settings->generation;
        }
    }
    at = has_changed ? flow_at(&t->flows, flow)->channels : SLAB_NONE;
    for (; at != SLAB_NONE; at = channel_at(&t->flows, at)->next) {
        struct channel *c = channel_at(&t->flows, at);
        const struct permit *p = permit_at(&t->flows, c->permit);
        follow(c, p);
        c->deadline = p->deadline.ns == 0 ? over : c->deadline;
    }
}

void permission_sweep(struct turn *t, uint32_t flow, struct now now)
{
    recheck_all(t, flow);
    channel_drop(&t->flows, flow, NETADDR_NONE, now.mono);
    permit_drop(&t->flows, flow, NETADDR_NONE, now.mono);
}
