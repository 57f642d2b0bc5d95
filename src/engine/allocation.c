/* allocation — the engine's record of an allocation, and the one place it ends. */
/* SPDX-License-Identifier: MIT */
#include "engine/allocation.h"

#include "relay/channel.h"
#include "relay/permit.h"
#include "engine/peer_connection.h"

static_assert(sizeof(struct allocation) <= 128, "counted in the bytes per allocation");

static const struct mono always = {UINT64_MAX}; /* every deadline is over by then */

uint32_t allocation_find(struct turn *t, const struct path *path, struct now now)
{
    uint32_t flow = flow_find(&t->flows, flow_hash(&t->flows, path), path);
    if (flow != FLOW_NONE && !allocation_look(t, flow, now)) {
        return FLOW_NONE;
    }
    return flow;
}

/* Accounts are 64-bit hashes; the node and each realm have one beside the users'. */
static uint64_t realm_account(uint8_t realm)
{
    return (realm + UINT64_C(2)) * UINT64_C(0x9e3779b97f4a7c15); /* spread over the table */
}

#define NODE_ACCOUNT UINT64_C(0x9e3779b97f4a7c15)

/* take_quotas — count the allocation for node, realm and user: all or none. */
static bool take_quotas(struct turn *t, const struct request *rq)
{
    const struct turn_host *h = t->host;
    const struct settings_realm *realm = &t->settings->realm[rq->realm];
    struct {
        uint64_t account;
        uint32_t limit;
    } want[] = {
        {NODE_ACCOUNT, t->settings->allocations},
        {realm_account(rq->realm), realm->allocations},
        {rq->account, realm->per_user},
    };
    enum { ACCOUNTS = sizeof(want) / sizeof(want[0]), NO_LIMIT = 0xffffff };
    for (int i = 0; i < ACCOUNTS; i++) {
        uint32_t limit = want[i].limit ? want[i].limit : NO_LIMIT;
        if (!h->take(h->context, want[i].account, limit)) {
            while (i-- > 0) {
                h->give(h->context, want[i].account);
            }
            return false;
        }
    }
    return true;
}

static void give_quotas(struct turn *t, const struct user *u)
{
    const struct turn_host *h = t->host;
    h->give(h->context, NODE_ACCOUNT);
    h->give(h->context, realm_account(u->realm));
    h->give(h->context, u->account);
}

static uint32_t take_user(struct turn *t, const struct request *rq)
{
    struct user_facts facts = {
        .name = {(const uint8_t *)rq->name, rq->name_size},
        .key = &rq->key,
        .expires = rq->expires,
        .until = rq->until,
        .account = rq->account,
        .algorithm = rq->algorithm,
        .realm = rq->realm,
    };
    return user_take(&t->users, &facts);
}

int allocation_begin(struct turn *t, const struct request *rq, uint32_t *flow)
{
    const struct settings_realm *realm = &t->settings->realm[rq->realm];
    uint32_t user;
    int result = -REFUSAL_NO_CAPACITY;
    if (!take_quotas(t, rq)) {
        return -REFUSAL_QUOTA;
    }
    *flow = flow_open(&t->flows, rq->path, realm->bandwidth);
    if (*flow == FLOW_NONE) {
        goto no_flow;
    }
    user = take_user(t, rq);
    if (user == USER_NONE) {
        goto no_user;
    }
    if (!region_reach(&t->allocations, ((size_t)*flow + 1) * sizeof(struct allocation))) {
        goto no_record;
    }
    struct allocation *a = allocation_at(t, *flow);
    *a = (struct allocation){.user = user, .began = rq->now.mono, .peers = PEER_CONNECTION_NONE};
    a->session = (uint64_t)(t->host->boot & 0xffffff) << 40 | (uint64_t)t->host->worker << 32 |
                 (uint32_t)++t->sessions;
    memcpy(a->id, stun_message_id(&rq->message).bytes, STUN_ID_SIZE);
    return 0;

no_record:
    user_give(&t->users, user);
no_user:
    flow_close(&t->flows, *flow);
no_flow:
    t->host->give(t->host->context, NODE_ACCOUNT);
    t->host->give(t->host->context, realm_account(rq->realm));
    t->host->give(t->host->context, rq->account);
    return result;
}

bool allocation_attach(struct turn *t, uint32_t flow, const struct turn_endpoint *endpoint,
                       struct mono deadline)
{
    enum netaddr_family family = (enum netaddr_family)endpoint->told.family;
    if (!flow_attach(&t->flows, flow, family, endpoint->number, deadline)) {
        return false;
    }
    allocation_at(t, flow)->relayed[family - 1] = endpoint->told;
    return true;
}

void allocation_detach(struct turn *t, uint32_t flow, enum netaddr_family family)
{
    if (flow_at(&t->flows, flow)->deadline[family - 1].ns == 0) {
        return;
    }
    uint32_t endpoint = flow_at(&t->flows, flow)->endpoint[family - 1];
    peer_connection_drop(t, flow, family);
    channel_drop(&t->flows, flow, family, always);
    permit_drop(&t->flows, flow, family, always);
    flow_detach(&t->flows, flow, family);
    t->host->close(t->host->context, endpoint);
}

void allocation_schedule(struct turn *t, uint32_t flow, struct mono now)
{
    const struct flow *f = flow_at(&t->flows, flow);
    struct mono next = {UINT64_MAX};
    for (int i = 0; i < FLOW_FAMILIES; i++) {
        if (f->deadline[i].ns != 0 && mono_is_before(f->deadline[i], next)) {
            next = f->deadline[i];
        }
    }
    /* Never more than a turn of the wheel ahead: there it would be met, and passed over, among
     * those whose time has come. */
    struct mono look = mono_add_s(now, f->permit_count > 0 ? ALLOCATION_SWEEP : ALLOCATION_LOOK);
    if (mono_is_before(look, next)) {
        next = look;
    }
    wheel_hasten(&t->wheel, flow, next);
}

bool allocation_look(struct turn *t, uint32_t flow, struct now now)
{
    const struct flow *f = flow_at(&t->flows, flow);
    bool lives = false;
    for (int i = 0; i < FLOW_FAMILIES; i++) {
        lives = lives || mono_is_before(now.mono, f->deadline[i]);
    }
    if (!lives) {
        allocation_end(t, flow, TURN_REASON_EXPIRED, now);
        return false;
    }
    for (int i = 0; i < FLOW_FAMILIES; i++) {
        if (f->deadline[i].ns != 0 && !mono_is_before(now.mono, f->deadline[i])) {
            allocation_detach(t, flow, (enum netaddr_family)(i + 1));
        }
    }
    return true;
}

static void tell_closed(struct turn *t, uint32_t flow, enum turn_reason reason, struct now now)
{
    const struct flow *f = flow_at(&t->flows, flow);
    const struct allocation *a = allocation_at(t, flow);
    const struct settings_realm *realm = &t->settings->realm[user_at(&t->users, a->user)->realm];
    char name[STUN_NAME_MAX + 1];
    struct turn_event event = {
        .kind = TURN_EVENT_CLOSED,
        .reason = reason,
        .session = a->session,
        .path = &f->path,
        .user = {(const uint8_t *)name, user_name(&t->users, a->user, name)},
        .realm = {(const uint8_t *)realm->name, realm->name_size},
        .relayed = {a->relayed[0], a->relayed[1]},
        .duration_ns = now.mono.ns - a->began.ns,
        .up = f->up,
        .down = f->down,
        .permissions = f->permit_count,
        .channels = f->channel_count,
    };
    t->host->event(t->host->context, &event);
}

void allocation_abandon(struct turn *t, uint32_t flow)
{
    struct allocation *a = allocation_at(t, flow);
    allocation_detach(t, flow, NETADDR_IPV4);
    allocation_detach(t, flow, NETADDR_IPV6);
    give_quotas(t, user_at(&t->users, a->user));
    user_give(&t->users, a->user);
    wheel_remove(&t->wheel, flow);
    flow_close(&t->flows, flow);
}

void allocation_end(struct turn *t, uint32_t flow, enum turn_reason reason, struct now now)
{
    tell_closed(t, flow, reason, now);
    allocation_abandon(t, flow);
    t->counts.closed++;
}

uint32_t allocation_lifetime(const struct turn *t, const struct request *rq, bool has_asked,
                             uint32_t asked)
{
    const struct settings_realm *realm = &t->settings->realm[rq->realm];
    uint32_t lifetime = has_asked && asked > realm->lifetime ? asked : realm->lifetime;
    if (lifetime > realm->max_lifetime) {
        lifetime = realm->max_lifetime;
    }
    if (rq->until.s != 0 && rq->until.s - rq->now.wall.s < (int64_t)lifetime) {
        int64_t left = rq->until.s - rq->now.wall.s;
        lifetime = left > 0 ? (uint32_t)left : 0;
    }
    return lifetime;
}
