/* audit — every list, table and count of an engine gone through and compared. */
/* SPDX-License-Identifier: MIT */
#include "sim/audit.h"

#include "engine/allocation.h"
#include "engine/auth.h"
#include "engine/peer_connection.h"
#include "relay/channel.h"
#include "relay/permit.h"
#include "sim/ferry.h"
#include "sim/world.h"

#include <stdlib.h>

/* One station being gone through. */
struct round {
    struct world *world;
    const struct station *station;
    const struct turn *turn;
    uint32_t permits, channels, families, calls;
    uint32_t *references; /* to each user, owned */
};

static void fault(const struct round *r, const char *what)
{
    world_fail(r->world, "audit of station %u: %s", r->station->number, what);
}

static void check(const struct round *r, bool is_right, const char *what)
{
    if (!is_right) {
        fault(r, what);
    }
}

static bool is_live_at(const struct slab *slab, uint32_t index)
{
    const struct slab_link *link = slab_at(slab, index);
    return (link->generation & 1) != 0;
}

/* table_count — entries that lie in the buckets of a table. */
static uint32_t table_count(const struct table *t)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->round + t->split; i++) {
        const struct table_bucket *b =
            (const struct table_bucket *)(const void *)t->buckets.base + i;
        for (; b; b = table_overflow(t, b)) {
            count += b->count;
        }
    }
    return count;
}

static uint32_t slab_count(const struct slab *s)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->touched; i++) {
        count += is_live_at(s, i) ? 1 : 0;
    }
    return count;
}

static void check_permits(struct round *r, uint32_t flow)
{
    const struct flow_table *t = &r->turn->flows;
    uint32_t count = 0;
    for (uint32_t at = flow_at(t, flow)->permits; at != SLAB_NONE; at = permit_at(t, at)->next) {
        const struct permit *p = permit_at(t, at);
        check(r, is_live_at(&t->permits, at), "a flow has a permit that is free");
        check(r, p->flow == flow, "a permit is in another flow's list");
        check(r, permit_find(t, flow, &p->host) == at, "a permit is not found by its host");
        uint32_t channels = 0;
        for (uint32_t c = flow_at(t, flow)->channels; c != SLAB_NONE; c = channel_at(t, c)->next) {
            channels += channel_at(t, c)->permit == at ? 1 : 0;
        }
        check(r, channels == p->channels, "a permit counts its channels wrongly");
        count++;
    }
    check(r, count == flow_at(t, flow)->permit_count, "a flow counts its permits wrongly");
    r->permits += count;
}

static void check_channels(struct round *r, uint32_t flow)
{
    const struct flow_table *t = &r->turn->flows;
    const struct flow *f = flow_at(t, flow);
    uint32_t count = 0;
    for (uint32_t at = f->channels; at != SLAB_NONE; at = channel_at(t, at)->next) {
        const struct channel *c = channel_at(t, at);
        check(r, is_live_at(&t->channels, at), "a flow has a channel that is free");
        check(r, c->flow == flow, "a channel is in another flow's list");
        check(r, is_live_at(&t->permits, c->permit) && permit_at(t, c->permit)->flow == flow,
              "a channel holds a permit that is gone");
        check(r, !mono_is_before(permit_at(t, c->permit)->deadline, c->deadline),
              "a permit does not live as long as its channel");
        uint32_t endpoint = f->endpoint[c->peer.a.family - 1];
        check(r, channel_find(t, channel_hash(t, &f->path, c->number), &f->path, c->number) == at,
              "a channel is not found by its number");
        check(r,
              channel_find_peer(t, channel_peer_hash(t, endpoint, &c->peer), endpoint, &c->peer) ==
                  at,
              "a channel is not found by its peer");
        count++;
    }
    check(r, count == f->channel_count, "a flow counts its channels wrongly");
    r->channels += count;
}

/* check_calls — the connections with peers are those that the host has. */
static void check_calls(struct round *r, uint32_t flow)
{
    const struct turn *t = r->turn;
    const struct flow *f = flow_at(&t->flows, flow);
    const struct allocation *a = allocation_at(t, flow);
    uint32_t count = 0;
    for (uint32_t at = a->peers; at != PEER_CONNECTION_NONE;) {
        const struct peer_connection *p = peer_connection_at(t, at);
        check(r, is_live_at(&t->peers, at), "an allocation has a peer connection that is free");
        check(r, p->flow == flow, "a peer connection is in another allocation's list");
        check(r, peer_connection_of(t, p->id) == at, "a peer connection is not found by its id");
        const struct exchange_call *c = &r->station->exchange.call[p->number % EXCHANGE_CALLS_MAX];
        check(r,
              c->is_open && c->link == at && c->state == p->state &&
                  path_is_equal(&c->path, &f->path) && netaddr_is_equal(&c->peer, &p->peer.a) &&
                  (c->id == p->id || c->state == PEER_CONNECTION_CONNECTING),
              "a peer connection is another than the host's");
        count++;
        at = p->next;
    }
    check(r, count == a->peer_count, "an allocation counts its peer connections wrongly");
    check(r, count == 0 || f->is_stream, "an allocation of UDP has peer connections");
    r->calls += count;
}

static void check_endpoints(struct round *r, uint32_t flow)
{
    const struct flow *f = flow_at(&r->turn->flows, flow);
    for (int i = 0; i < FLOW_FAMILIES; i++) {
        if (f->deadline[i].ns != 0) {
            check(r, flow_of_endpoint(&r->turn->flows, f->endpoint[i]) == flow,
                  "an endpoint does not lead to its flow");
            check(r, harbour_is_open(&r->world->harbour, r->station->number, f->endpoint[i]),
                  "a flow has an endpoint that is closed");
            r->families++;
        }
    }
}

/* check_model — what is within its time must be there, and nothing else, by the oracle. */
static void check_model(struct round *r, uint32_t flow)
{
    const struct flow_table *t = &r->turn->flows;
    const struct flow *f = flow_at(t, flow);
    struct mono now = r->world->now.mono;
    const struct oracle_allocation *a = oracle_find(&r->world->oracle, &f->path);
    size_t permits = 0;
    size_t channels = 0;
    if (!a) {
        fault(r, "an allocation that nobody knows of");
        return;
    }
    if (!oracle_is_live(a, now)) {
        return;
    }
    for (uint32_t at = f->permits; at != SLAB_NONE; at = permit_at(t, at)->next) {
        const struct permit *p = permit_at(t, at);
        bool is_live = mono_is_before(now, p->deadline) && flow_has_family(f, p->host.family, now);
        permits += is_live ? 1 : 0;
    }
    for (uint32_t at = f->channels; at != SLAB_NONE; at = channel_at(t, at)->next) {
        const struct channel *c = channel_at(t, at);
        bool is_live =
            mono_is_before(now, c->deadline) && flow_has_family(f, c->peer.a.family, now);
        channels += is_live ? 1 : 0;
    }
    bool fits = permits >= oracle_permissions(a, now, false) &&
                permits <= oracle_permissions(a, now, true) &&
                channels >= oracle_channels(a, now, false) &&
                channels <= oracle_channels(a, now, true);
    for (int i = 0; i < FLOW_FAMILIES; i++) {
        bool has = mono_is_before(now, f->deadline[i]);
        fits = fits && has == oracle_has_family(a, (uint8_t)(i + 1), now);
        check(r, !has || f->deadline[i].ns == a->deadline[i].ns, "a deadline is not the one told");
    }
    check(r, fits, "permissions, channels or families are not those that were granted");
}

static void check_flow(struct round *r, uint32_t flow)
{
    const struct flow_table *t = &r->turn->flows;
    const struct flow *f = flow_at(t, flow);
    const struct allocation *a = allocation_at(r->turn, flow);
    check(r, flow_find(t, flow_hash(t, &f->path), &f->path) == flow, "a flow is not found by path");
    check(r, a->timer.due != 0, "an allocation is not on the wheel");
    check(r, is_live_at(&r->turn->users.users, a->user), "an allocation's user is gone");
    r->references[a->user]++;
    check_permits(r, flow);
    check_channels(r, flow);
    check_endpoints(r, flow);
    check_calls(r, flow);
    check_model(r, flow);
}

static void check_users(const struct round *r)
{
    const struct user_table *t = &r->turn->users;
    uint32_t tails = 0;
    for (uint32_t i = 0; i < t->users.touched; i++) {
        if (is_live_at(&t->users, i)) {
            const struct user *u = user_at(t, i);
            check(r, u->references == r->references[i], "a user counts its references wrongly");
            tails += u->name_size > USER_NAME_INLINE ? 1 : 0;
        } else {
            check(r, r->references[i] == 0, "a user is free and in use");
        }
    }
    check(r, tails == t->tails.live, "rests of names are left over");
}

static void check_totals(const struct round *r)
{
    const struct flow_table *t = &r->turn->flows;
    const struct user_table *users = &r->turn->users;
    uint32_t attached = 0;
    const uint32_t *by_endpoint = (const uint32_t *)(const void *)t->by_endpoint.base;
    for (size_t i = 0; i < t->by_endpoint.committed / 4; i++) {
        attached += by_endpoint[i] != 0 ? 1 : 0;
    }
    check(r, attached == r->families, "endpoints are attached that no flow has");
    check(r, slab_count(&t->flows) == t->flows.live, "flows are counted wrongly");
    check(r, r->permits == t->permits.live && slab_count(&t->permits) == r->permits,
          "permits are left over");
    check(r, r->channels == t->channels.live && slab_count(&t->channels) == r->channels,
          "channels are left over");
    check(r,
          r->calls == r->turn->peers.live && slab_count(&r->turn->peers) == r->calls &&
              r->calls == r->station->exchange.open,
          "peer connections are left over");
    check(r,
          r->turn->peer_by_id.entries == r->calls && table_count(&r->turn->peer_by_id) == r->calls,
          "the table of ids has other entries than peer connections");
    check(r, t->by_path.entries == t->flows.live && table_count(&t->by_path) == t->flows.live,
          "the table of paths has other entries than flows");
    check(r, t->by_host.entries == r->permits && table_count(&t->by_host) == r->permits,
          "the table of hosts has other entries than permits");
    check(r, t->by_number.entries == r->channels && table_count(&t->by_number) == r->channels,
          "the table of numbers has other entries than channels");
    check(r, t->by_peer.entries == r->channels && table_count(&t->by_peer) == r->channels,
          "the table of peers has other entries than channels");
    check(r,
          users->by_name.entries == users->users.live &&
              table_count(&users->by_name) == users->users.live,
          "the table of names has other entries than users");
    check(r, r->turn->wheel.waiting == t->flows.live, "the wheel has other entries than flows");
    check(r, r->turn->counts.opened - r->turn->counts.closed == t->flows.live,
          "opened and closed do not add up");
}

static uint32_t audit_station(struct world *w, const struct station *s)
{
    struct round r = {.world = w, .station = s, .turn = &s->turn};
    const struct slab *flows = &s->turn.flows.flows;
    r.references = calloc((size_t)s->turn.users.users.touched + 1, sizeof(*r.references));
    if (!r.references) {
        abort();
    }
    for (uint32_t i = 0; i < flows->touched; i++) {
        if (is_live_at(flows, i)) {
            check_flow(&r, i);
        }
    }
    check_users(&r);
    check_totals(&r);
    ferry_check_counts(s);
    free(r.references);
    return r.families;
}

/* quota_total — everything that the table counts. */
static uint64_t quota_total(const struct world *w)
{
    uint64_t total = 0;
    for (size_t i = 0; i <= w->quota.mask; i++) {
        total += w->quota.cell[i] & 0xffffff;
    }
    return total;
}

/* check_accounts — every account has as many as it has allocations. */
static void check_accounts(struct world *w)
{
    for (const struct roster_pass *pass = w->roster.passes; pass; pass = pass->next) {
        struct span account = {(const uint8_t *)pass->name + pass->account_at, pass->account_size};
        uint64_t key = auth_account(&w->station[0].host, pass->realm, TURN_ACCOUNT_USER, account);
        uint32_t own = w->per_account[foretell_account(pass, w->frame.users)];
        if (quota_count(&w->quota, key) != own) {
            world_fail(w, "audit: %s has %u allocations, the quota counts %u", pass->name,
                       (unsigned)own, (unsigned)quota_count(&w->quota, key));
        }
    }
}

void audit_all(struct world *w)
{
    uint32_t families = 0;
    uint32_t live = 0;
    for (unsigned i = 0; i < w->stations; i++) {
        if (w->station[i].is_up) {
            families += audit_station(w, &w->station[i]);
            live += turn_live(&w->station[i].turn);
        }
    }
    check_accounts(w);
    if (families != w->harbour.open_count) {
        world_fail(w, "audit: %u ports are open, allocations have %u",
                   (unsigned)w->harbour.open_count, (unsigned)families);
    }
    if (live != w->oracle.count) {
        world_fail(w, "audit: %u allocations live, %u were told of", (unsigned)live,
                   (unsigned)w->oracle.count);
    }
    if (quota_total(w) != 3 * (uint64_t)live) { /* node, realm and user */
        world_fail(w, "audit: the quotas count %llu for %u allocations",
                   (unsigned long long)quota_total(w), (unsigned)live);
    }
}

void audit_is_empty(const struct station *s)
{
    const struct turn *t = &s->turn;
    if (s->is_up &&
        (turn_live(t) != 0 || t->flows.permits.live != 0 || t->flows.channels.live != 0 ||
         t->users.users.live != 0 || t->users.tails.live != 0 || t->flows.by_path.entries != 0 ||
         t->flows.by_number.entries != 0 || t->flows.by_peer.entries != 0 ||
         t->flows.by_host.entries != 0 || t->users.by_name.entries != 0 || t->wheel.waiting != 0 ||
         t->peers.live != 0 || t->peer_by_id.entries != 0 || s->exchange.open != 0)) {
        world_fail(s->world, "station %u: something is left after everything has ended", s->number);
    }
}

void audit_is_over(struct world *w)
{
    if (w->harbour.open_count != 0 || quota_total(w) != 0 || w->oracle.count != 0) {
        world_fail(w, "after the end: %u ports open, quotas count %llu, %u allocations known",
                   (unsigned)w->harbour.open_count, (unsigned long long)quota_total(w),
                   (unsigned)w->oracle.count);
    }
}
