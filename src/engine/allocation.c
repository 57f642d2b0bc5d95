/* allocation — the engine's record of an allocation, and the one place it ends. */
/* SPDX-License-Identifier: MIT */
#include "engine/allocation.h"

#include "relay/channel.h"
#include "relay/permit.h"
#include "engine/auth.h"
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

enum { CLAIMS = 5 }; /* what an allocation is counted by, at most */

/* claims_of — what an allocation of the request is to be counted by. Returns how many. */
static int claims_of(const struct turn *t, const struct request *rq,
                     struct turn_claim claim[CLAIMS])
{
    const struct settings_realm *realm = &t->settings->realm[rq->realm];
    const struct rights *r = &rq->rights;
    struct span name = {(const uint8_t *)realm->name, realm->name_size};
    struct span user = {(const uint8_t *)rq->name + rq->account_at, rq->account_size};
    bool is_issued = r->id[0] != '\0';
    uint32_t own = is_issued ? 0 : r->allocations;
    uint32_t per_user = own && (!realm->per_user || own < realm->per_user) ? own : realm->per_user;
    int count = 0;
    claim[count++] =
        (struct turn_claim){TURN_ACCOUNT_NODE, NODE_ACCOUNT, t->settings->allocations, {0}, {0}};
    claim[count++] = (struct turn_claim){
        TURN_ACCOUNT_REALM, realm_account(rq->realm), realm->allocations, name, {0}};
    claim[count++] = (struct turn_claim){TURN_ACCOUNT_USER, rq->account, per_user, name, user};
    if (r->tenant[0]) {
        struct span tenant = span_of_text(r->tenant);
        claim[count++] = (struct turn_claim){
            TURN_ACCOUNT_TENANT, auth_account(t->host, rq->realm, TURN_ACCOUNT_TENANT, tenant),
            realm->per_tenant, name, tenant};
    }
    if (is_issued) {
        struct span id = span_of_text(r->id);
        claim[count++] = (struct turn_claim){
            TURN_ACCOUNT_CREDENTIAL, auth_account(t->host, rq->realm, TURN_ACCOUNT_CREDENTIAL, id),
            r->allocations, name, id};
    }
    return count;
}

static void give_claims(struct turn *t, const struct turn_claim *claim, int count)
{
    const struct turn_host *h = t->host;
    while (count-- > 0) {
        h->give(h->context, claim[count].kind, claim[count].account);
    }
}

/* take_claims — count the allocation by each of them: all or none. */
static int take_claims(struct turn *t, struct request *rq, const struct turn_claim *claim,
                       int count)
{
    const struct turn_host *h = t->host;
    for (int i = 0; i < count; i++) {
        enum turn_taken taken = h->take(h->context, &claim[i]);
        if (taken != TURN_TAKEN) {
            give_claims(t, claim, i);
            rq->awaits = claim[i].account;
            return taken == TURN_FULL ? -REFUSAL_QUOTA : TURN_AWAITS;
        }
    }
    return 0;
}

/* give_quotas — what take_claims counted for an allocation of that user. */
static void give_quotas(struct turn *t, uint32_t user)
{
    const struct turn_host *h = t->host;
    const struct user *u = user_at(&t->users, user);
    const struct user_rights *r = user_rights(&t->users, user);
    h->give(h->context, TURN_ACCOUNT_NODE, NODE_ACCOUNT);
    h->give(h->context, TURN_ACCOUNT_REALM, realm_account(u->realm));
    h->give(h->context, TURN_ACCOUNT_USER, u->account);
    if (r && r->tenant) {
        h->give(h->context, TURN_ACCOUNT_TENANT, r->tenant);
    }
    if (r && r->credential) {
        h->give(h->context, TURN_ACCOUNT_CREDENTIAL, r->credential);
    }
}

static uint32_t take_user(struct turn *t, const struct request *rq, const struct turn_claim *claim,
                          int count)
{
    struct user_facts facts = {
        .name = {(const uint8_t *)rq->name, rq->name_size},
        .key = &rq->key,
        .expires = rq->expires,
        .until = rq->until,
        .account = rq->account,
        .algorithm = rq->algorithm,
        .realm = rq->realm,
        .rights = &rq->rights,
    };
    for (int i = 0; i < count; i++) {
        facts.tenant = claim[i].kind == TURN_ACCOUNT_TENANT ? claim[i].account : facts.tenant;
        facts.credential =
            claim[i].kind == TURN_ACCOUNT_CREDENTIAL ? claim[i].account : facts.credential;
    }
    return user_take(&t->users, &facts);
}

/* rate_of — bytes per second that the allocation may relay; 0: no limit. */
static uint64_t rate_of(const struct turn *t, const struct request *rq)
{
    uint64_t realm = t->settings->realm[rq->realm].bandwidth;
    uint64_t own = rq->rights.bandwidth;
    return own && (!realm || own < realm) ? own : realm;
}

int allocation_begin(struct turn *t, struct request *rq, uint32_t *flow)
{
    struct turn_claim claim[CLAIMS];
    int count = claims_of(t, rq, claim);
    uint32_t user;
    int result = take_claims(t, rq, claim, count);
    if (result != 0) {
        return result;
    }
    *flow = flow_open(&t->flows, rq->path, rate_of(t, rq));
    if (*flow == FLOW_NONE) {
        goto no_flow;
    }
    user = take_user(t, rq, claim, count);
    if (user == USER_NONE) {
        goto no_user;
    }
    if (!region_reach(&t->allocations, ((size_t)*flow + 1) * sizeof(struct allocation))) {
        goto no_record;
    }
    struct allocation *a = allocation_at(t, *flow);
    *a = (struct allocation){
        .user = user,
        .began = rq->now.mono,
        .owner_at = rq->account_at,
        .owner_size = rq->account_size,
        .peers = PEER_CONNECTION_NONE,
    };
    a->session = (uint64_t)(t->host->boot & 0xffffff) << 40 | (uint64_t)t->host->worker << 32 |
                 (uint32_t)++t->sessions;
    memcpy(a->id, stun_message_id(&rq->message).bytes, STUN_ID_SIZE);
    return 0;

no_record:
    user_give(&t->users, user);
no_user:
    flow_close(&t->flows, *flow);
no_flow:
    give_claims(t, claim, count);
    return -REFUSAL_NO_CAPACITY;
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
    uint32_t wait = f->permit_count > 0 ? ALLOCATION_SWEEP : ALLOCATION_LOOK;
    if (t->settings->interim > 0 && t->settings->interim < wait) {
        wait = t->settings->interim;
    }
    struct mono look = mono_add_s(now, wait);
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

struct turn_event allocation_describe(const struct turn *t, uint32_t flow,
                                      enum turn_event_kind kind, struct now now,
                                      char name[STUN_NAME_MAX + 1])
{
    const struct flow *f = flow_at(&t->flows, flow);
    const struct allocation *a = allocation_at(t, flow);
    const struct settings_realm *realm = &t->settings->realm[user_at(&t->users, a->user)->realm];
    const struct user_rights *rights = user_rights(&t->users, a->user);
    struct turn_event event = {
        .kind = kind,
        .session = a->session,
        .path = &f->path,
        .user = {(const uint8_t *)name, user_name(&t->users, a->user, name)},
        .realm = {(const uint8_t *)realm->name, realm->name_size},
        .rights = rights ? &rights->rights : NULL,
        .relayed = {a->relayed[0], a->relayed[1]},
        .duration_ns = now.mono.ns - a->began.ns,
        .up = f->up,
        .down = f->down,
        .permissions = f->permit_count,
        .channels = f->channel_count,
    };
    if (a->owner_size < event.user.size) {
        event.owner = (struct span){(const uint8_t *)name + a->owner_at, a->owner_size};
    }
    return event;
}

static void tell_closed(struct turn *t, uint32_t flow, enum turn_reason reason, struct now now)
{
    char name[STUN_NAME_MAX + 1];
    struct turn_event event = allocation_describe(t, flow, TURN_EVENT_CLOSED, now, name);
    event.reason = reason;
    t->host->event(t->host->context, &event);
}

void allocation_tell(struct turn *t, uint32_t flow, struct now now)
{
    struct allocation *a = allocation_at(t, flow);
    uint32_t age = (uint32_t)((now.mono.ns - a->began.ns) / MONO_SECOND);
    char name[STUN_NAME_MAX + 1];
    if (t->settings->interim == 0 || age - a->told < t->settings->interim) {
        return;
    }
    a->told = age;
    struct turn_event event = allocation_describe(t, flow, TURN_EVENT_LIVES, now, name);
    t->host->event(t->host->context, &event);
}

void allocation_abandon(struct turn *t, uint32_t flow)
{
    struct allocation *a = allocation_at(t, flow);
    allocation_detach(t, flow, NETADDR_IPV4);
    allocation_detach(t, flow, NETADDR_IPV6);
    give_quotas(t, a->user);
    user_give(&t->users, a->user);
    wheel_remove(&t->wheel, flow);
    flow_close(&t->flows, flow);
}

void allocation_end(struct turn *t, uint32_t flow, enum turn_reason reason, struct now now)
{
    tell_closed(t, flow, reason, now);
    t->counts.closed++;
    t->counts.closed_by[flow_at(&t->flows, flow)->path.kind]++;
    t->counts.closed_for[reason]++;
    allocation_abandon(t, flow);
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
