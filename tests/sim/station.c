/* station — one worker of the simulated server. */
/* SPDX-License-Identifier: MIT */
#include "sim/station.h"

#include "engine/auth.h"
#include "engine/park.h"
#include "sim/ferry.h"
#include "sim/peek.h"
#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

enum {
    ATTR_LIFETIME = 0x000d,
    ATTR_PEER = 0x0012,
    ATTR_NONCE = 0x0015,
    ATTR_RELAYED = 0x0016,
    ATTR_MAPPED = 0x0020,
    ATTR_CONNECTION = 0x002a,
    ATTR_ICMP = 0x8004,
    DATA_METHOD = 0x0007,
    ATTEMPT_METHOD = 0x000c,
    TICKS_MAX = 100000, /* calls in one moment: it must come to an end */
};

bool station_is_short(const struct station *s)
{
    return s->world->arena.refused != s->refused_before;
}

void station_begin(struct station *s)
{
    s->refused_before = s->world->arena.refused;
    s->opens = 0;
    s->closed_door = TURN_OPENED;
}

/* awaited — the request that an answer is to: of two with one id the one that does not wait. */
static struct foretold *awaited(struct station *s, const struct path *path, const uint8_t *id)
{
    struct foretold *found = NULL;
    for (unsigned i = 0; i < s->awaiting; i++) {
        struct foretold *f = &s->awaited[i];
        if (!f->is_answered && !f->is_begun && path_is_equal(&f->path, path) &&
            memcmp(f->errand.ask.id, id, STUN_ID_SIZE) == 0 && (!found || !f->is_waiting)) {
            found = f;
        }
    }
    return found;
}

/* has_twin — whether the same request waits already: the server does not keep it twice. */
static bool has_twin(const struct station *s, const struct foretold *f)
{
    for (const struct foretold *g = s->awaited; g < f; g++) {
        if (g->is_waiting && !g->is_answered && path_is_equal(&g->path, &f->path) &&
            memcmp(g->errand.ask.id, f->errand.ask.id, STUN_ID_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

void station_settle(struct station *s)
{
    unsigned left = 0;
    for (unsigned i = 0; i < s->awaiting; i++) {
        struct foretold *f = &s->awaited[i];
        if (f->is_answered) {
            continue;
        }
        if (f->may_wait && !f->is_waiting && !f->is_begun) {
            if (has_twin(s, f)) {
                continue;
            }
            f->is_waiting = true;
            f->waits_until = mono_add_s(s->world->now.mono, PARK_WAIT);
        }
        if (f->is_waiting || f->is_begun) {
            if (left != i) {
                s->awaited[left] = *f;
            }
            left++;
        } else if (!f->may_be_silent) {
            world_fail(s->world, "station %u: no answer to method %u of %s", s->number,
                       f->errand.ask.method, world_text(&f->path.client.a));
        }
    }
    s->awaiting = left;
    exchange_settle(s);
}

/* fits_ports — whether success or failure of an Allocate is what the ports made of it. */
static bool fits_ports(const struct station *s, const struct foretold *f, unsigned code)
{
    if (!f->needs_port || station_is_short(s) || (code != 0 && code != 508 && code != 440)) {
        return true;
    }
    if (code == 0) {
        return s->opens > 0;
    }
    bool is_dual = f->errand.ask.additional_family != 0;
    bool is_as_told =
        code == 440 ? s->closed_door == TURN_NO_FAMILY : is_dual || s->closed_door == TURN_NO_PORT;
    return s->opens == 0 && is_as_told;
}

static bool is_signed_well(const struct station *s, const struct foretold *f, const uint8_t *bytes,
                           size_t size)
{
    struct stun_message m;
    enum stun_integrity kind =
        f->errand.algorithm != 0 ? STUN_INTEGRITY_SHA256 : STUN_INTEGRITY_SHA1;
    return stun_message_parse(bytes, size, &m) == STUN_OK &&
           stun_integrity_is_right(&m, &s->world->digest.digest, kind, errand_key(&f->errand));
}

static void learn_success(struct station *s, struct foretold *f, const struct peek *p)
{
    struct world *w = s->world;
    struct mono now = w->now.mono;
    const struct ask *ask = &f->errand.ask;
    struct oracle_allocation *a = oracle_find(&w->oracle, &f->path);
    const struct settings_realm *realm = &s->regime->settings.realm[f->errand.pass->realm];
    struct mono permitted = mono_add_s(now, realm->permission_lifetime);
    if (a) {
        oracle_forget(a, now);
    }
    if (ask->method == STUN_REFRESH && a) {
        for (int i = 0; i < 2; i++) {
            bool is_meant = ask->family == 0 || ask->family == i + 1;
            if (is_meant && oracle_has_family(a, (uint8_t)(i + 1), now)) {
                a->deadline[i] = mono_add_s(now, peek_u32(p, ATTR_LIFETIME, 0));
                if (a->deadline[i].ns == now.ns) {
                    oracle_detach(&w->oracle, a, i);
                }
            }
        }
    } else if (ask->method == STUN_CREATE_PERMISSION && a) {
        for (int i = 0; i < ask->peer_count; i++) {
            oracle_permit(a, &ask->peer[i], permitted);
        }
    } else if (ask->method == STUN_CHANNEL_BIND && a) {
        oracle_bind(a, ask->channel, &ask->peer[0], mono_add_s(now, realm->channel_lifetime),
                    permitted);
    }
}

static void check_success(struct station *s, struct foretold *f, const struct peek *p)
{
    struct world *w = s->world;
    const struct ask *ask = &f->errand.ask;
    struct netaddr mapped;
    w->successes++;
    if (p->method == STUN_BINDING && f->errand.is_spoilt) {
        return; /* a request whose method turned into this one; all it gives is the address */
    }
    if (!f->may_succeed) {
        world_fail(w, "station %u: method %u of %s succeeded, expected was %u", s->number,
                   ask->method, world_text(&f->path.client.a), f->codes ? f->code[0] : 0);
    } else if (f->errand.pass && !is_signed_well(s, f, p->bytes, p->size)) {
        world_fail(w, "station %u: an answer to %s is not signed", s->number,
                   world_text(&f->path.client.a));
    } else if (f->has_lifetime && peek_u32(p, ATTR_LIFETIME, UINT32_MAX) != f->lifetime) {
        world_fail(w, "station %u: method %u of %s got %u seconds, expected were %u", s->number,
                   ask->method, world_text(&f->path.client.a),
                   (unsigned)peek_u32(p, ATTR_LIFETIME, UINT32_MAX), (unsigned)f->lifetime);
    } else if ((ask->method == STUN_ALLOCATE || ask->method == STUN_BINDING) &&
               (!peek_address(p, ATTR_MAPPED, 0, &mapped) ||
                !netaddr_is_equal(&mapped, &f->path.client.a))) {
        world_fail(w, "station %u: %s was told a wrong address", s->number,
                   world_text(&f->path.client.a));
    } else if (ask->method == STUN_ALLOCATE && !oracle_find(&w->oracle, &f->path)) {
        world_fail(w, "station %u: an allocation of %s that nobody reported", s->number,
                   world_text(&f->path.client.a));
    } else if (ask->method == STUN_CONNECT) {
        exchange_told(s, &f->path, peek_u32(p, ATTR_CONNECTION, 0), NULL);
    } else if (ask->method == STUN_CONNECTION_BIND) {
        exchange_bound(s, &f->path);
    } else if (f->errand.pass) {
        learn_success(s, f, p);
    }
}

static void check_refusal(struct station *s, const struct foretold *f, const struct peek *p)
{
    unsigned code = peek_code(p);
    bool is_late =
        f->is_waiting && code == 500 && !mono_is_before(s->world->now.mono, f->waits_until);
    bool is_no_room = f->may_wait && !f->is_waiting && code == 500;
    bool is_no_memory = station_is_short(s) && code == 508 && (f->may_succeed || f->may_begin);
    s->world->refusals++;
    if (!is_late && !is_no_room && !is_no_memory && !foretell_allows(f, code)) {
        world_fail(s->world, "station %u: method %u of %s refused with %u, expected was %s %u",
                   s->number, f->errand.ask.method, world_text(&f->path.client.a), code,
                   f->may_succeed ? "success or" : "", f->codes ? f->code[0] : 0);
    }
}

/* check_told — an ICMP error is told only to who may know, once. */
static void check_told(struct station *s, const struct path *to, const struct peek *p)
{
    const uint8_t *none;
    struct netaddr peer;
    s->told_count++;
    if (!s->is_told_due || peek_find(p, ATTR_ICMP, &none) != 8 ||
        !peek_address(p, ATTR_PEER, 0, &peer) || !netaddr_is_equal(&peer, &s->told.peer) ||
        !s->told.allocation || !path_is_equal(to, &s->told.allocation->path)) {
        world_fail(s->world, "station %u: an indication that nobody expects, to %s", s->number,
                   world_text(&to->client.a));
    }
}

static void send(void *context, const struct path *to, const uint8_t *bytes, size_t size)
{
    struct station *s = context;
    struct peek p;
    if (!peek_stun(bytes, size, &p)) {
        world_fail(s->world, "station %u sent what is no STUN", s->number);
        return;
    }
    struct netaddr peer = {.family = NETADDR_NONE};
    if (!world_has(s->world, to)) {
        world_fail(s->world, "station %u sent along a connection of %s that is gone", s->number,
                   world_text(&to->client.a));
        return;
    }
    if (p.class == PEEK_INDICATION && p.method == DATA_METHOD) {
        check_told(s, to, &p);
    } else if (p.class == PEEK_INDICATION && p.method == ATTEMPT_METHOD) {
        (void)peek_address(&p, ATTR_PEER, 0, &peer);
        exchange_told(s, to, peek_u32(&p, ATTR_CONNECTION, 0), &peer);
    } else {
        struct foretold *f = awaited(s, to, bytes + 8);
        if (!f || (p.method != f->errand.ask.method && !f->errand.is_spoilt)) {
            world_fail(s->world, "station %u answered %s, who asked nothing", s->number,
                       world_text(&to->client.a));
            return;
        }
        if (p.class == PEEK_SUCCESS) {
            check_success(s, f, &p);
        } else {
            check_refusal(s, f, &p);
        }
        if (!fits_ports(s, f, peek_code(&p))) {
            world_fail(s->world, "station %u: answer %u to %s is not what the ports said",
                       s->number, peek_code(&p), world_text(&to->client.a));
        }
        f->is_answered = true;
        s->opens = 0; /* a call may serve several that waited for one key */
    }
    world_to_visitor(s->world, to, bytes, size);
}

static enum turn_open_result open_endpoint(void *context, const struct turn_wish *wish,
                                           struct turn_endpoint *out)
{
    struct station *s = context;
    struct world *w = s->world;
    enum turn_open_result result = harbour_open(&w->harbour, s->number, wish, w->now.mono, out);
    if (result == TURN_OPENED) {
        s->opens++;
    } else {
        s->closed_door = result;
    }
    return result;
}

static void close_endpoint(void *context, uint32_t endpoint)
{
    struct station *s = context;
    harbour_close(&s->world->harbour, s->number, endpoint);
    if (s->world->harbour.fault) {
        world_fail(s->world, "station %u: %s", s->number, s->world->harbour.fault);
    }
}

static enum turn_taken take(void *context, const struct turn_claim *claim)
{
    uint32_t limit = claim->limit ? claim->limit : 0xffffff;
    struct station *s = context;
    return quota_take(&s->world->quota, claim->account, limit) ? TURN_TAKEN : TURN_FULL;
}

static void give(void *context, enum turn_account kind, uint64_t account)
{
    (void)kind;
    struct station *s = context;
    quota_give(&s->world->quota, account);
}

/* note_opened — an allocation began: the request that asked for it says what it is. */
static void note_opened(struct station *s, const struct turn_event *e)
{
    struct world *w = s->world;
    const struct foretold *f = NULL;
    for (unsigned i = 0; i < s->awaiting; i++) {
        const struct foretold *g = &s->awaited[i];
        if (g->errand.ask.method == STUN_ALLOCATE && g->needs_port && !g->is_answered &&
            path_is_equal(&g->path, e->path)) {
            f = g;
        }
    }
    if (!f || oracle_find(&w->oracle, e->path)) {
        world_fail(w, "station %u: an allocation of %s that nobody asked for", s->number,
                   world_text(&e->path->client.a));
        return;
    }
    const struct settings_realm *realm = &s->regime->settings.realm[f->errand.pass->realm];
    struct oracle_allocation like = {
        .path = f->path,
        .station = s->number,
        .errand = f->errand,
        .expires = f->expires,
        .until = f->until,
        .granted = f->lifetime,
        .rate = realm->bandwidth,
        .level_at = w->now.mono,
        .is_stream = f->errand.ask.transport == STUN_TRANSPORT_TCP,
    };
    for (int i = 0; i < 2; i++) {
        const struct harbour_berth *b = harbour_at(&w->harbour, &e->relayed[i]);
        if (e->relayed[i].family != NETADDR_NONE &&
            (!b || b->station != s->number || b->is_stream != like.is_stream)) {
            world_fail(w, "station %u: a relayed address that is not open", s->number);
        } else if (e->relayed[i].family != NETADDR_NONE) {
            like.deadline[i] = mono_add_s(w->now.mono, f->lifetime);
            like.endpoint[i] = b->number;
        }
    }
    struct oracle_allocation *a = oracle_open(&w->oracle, &like);
    oracle_share(&w->oracle, a);
    w->per_account[foretell_account(f->errand.pass, w->frame.users)]++;
}

/* may_lose — whether a reload is reason enough to end an allocation. */
static bool may_lose(const struct station *s, const struct oracle_allocation *a)
{
    const struct roster_pass *pass = a->errand.pass;
    if (s->regime->settings.realm[pass->realm].is_gone) {
        return true;
    }
    if (roster_is_stored(pass) && !s->is_known[pass->user]) {
        return false;
    }
    if (a->expires.s != 0) {
        return s->world->now.wall.s >= a->until.s;
    }
    return !roster_is_good(&s->regime->book, pass);
}

/* may_close — whether an allocation may end for that reason now. */
static bool may_close(struct station *s, const struct oracle_allocation *a, enum turn_reason reason)
{
    switch (reason) {
    case TURN_REASON_CLIENT:
        for (unsigned i = 0; i < s->awaiting; i++) {
            const struct foretold *f = &s->awaited[i];
            if (f->errand.ask.method == STUN_REFRESH && f->may_succeed && !f->is_answered &&
                f->lifetime == 0 && path_is_equal(&f->path, &a->path)) {
                bool has_both = oracle_has_family(a, NETADDR_IPV4, s->world->now.mono) &&
                                oracle_has_family(a, NETADDR_IPV6, s->world->now.mono);
                return f->errand.ask.family == 0 || !has_both;
            }
        }
        return false;
    case TURN_REASON_EXPIRED:
        return !oracle_is_live(a, s->world->now.mono);
    case TURN_REASON_USER:
        return may_lose(s, a);
    case TURN_REASON_DISCONNECTED:
        return s->closing && path_is_equal(s->closing, &a->path);
    default:
        return s->is_ending;
    }
}

static bool is_same_traffic(const struct flow_traffic *a, const struct flow_traffic *b)
{
    return a->packets == b->packets && a->bytes == b->bytes;
}

static void note_closed(struct station *s, const struct turn_event *e)
{
    struct world *w = s->world;
    struct oracle_allocation *a = oracle_find(&w->oracle, e->path);
    if (!a || a->station != s->number) {
        world_fail(w, "station %u: the end of an allocation of %s that there is not", s->number,
                   world_text(&e->path->client.a));
        return;
    }
    if (!may_close(s, a, e->reason)) {
        world_fail(w, "station %u: the allocation of %s ended without reason (%s)", s->number,
                   world_text(&e->path->client.a), turn_reason_name(e->reason));
    }
    if (!is_same_traffic(&e->up, &a->up) || !is_same_traffic(&e->down, &a->down)) {
        world_fail(w, "station %u: the record of %s has wrong totals", s->number,
                   world_text(&e->path->client.a));
    }
    w->per_account[foretell_account(a->errand.pass, w->frame.users)]--;
    oracle_close(&w->oracle, a);
}

static void event(void *context, const struct turn_event *e)
{
    if (e->kind == TURN_EVENT_OPENED) {
        note_opened(context, e);
    } else if (e->kind == TURN_EVENT_CLOSED) {
        note_closed(context, e);
    }
}

/* fetch — have the key of a stored user come, unless it is on its way. */
static void fetch(struct station *s, uint32_t user, const struct keyring_query *query)
{
    struct dice *dice = &s->world->dice;
    bool *is_coming = &s->is_coming[query->is_hash ? 1 : 0][user];
    if (*is_coming) {
        return;
    }
    struct station_note *note = calloc(1, sizeof(*note));
    if (!note) {
        abort();
    }
    *is_coming = true;
    *note = (struct station_note){.user = user, .is_hash = query->is_hash};
    note->name_size = (uint16_t)query->name.size;
    memcpy(note->name, query->name.bytes, query->name.size);
    world_key(s->world, s->number, note,
              dice_chance(dice, 150) ? 4000 : dice_between(dice, 1, 1500));
}

static enum keyring_answer find(void *context, const struct keyring_query *query,
                                const struct digest *digest, struct keyring_found *out)
{
    struct station *s = context;
    const struct roster *roster = &s->world->roster;
    uint32_t user = roster_user_of(roster, &s->regime->book, query);
    struct roster_pass asked = {.realm = query->realm, .user = user};
    (void)digest;
    if (user != UINT32_MAX && roster_is_stored(&asked) && !s->is_known[user]) {
        if (s->is_store_down) {
            return KEYRING_DOWN;
        }
        if (query->may_fetch) {
            fetch(s, user, query);
        }
        return KEYRING_LATER;
    }
    return roster_find(roster, &s->regime->book, query, out);
}

bool station_init(struct station *s, struct world *w, unsigned number)
{
    if (!s->world) {
        s->is_known = calloc(w->frame.users, sizeof(bool));
        s->is_coming[0] = calloc(w->frame.users, sizeof(bool));
        s->is_coming[1] = calloc(w->frame.users, sizeof(bool));
    }
    s->world = w;
    s->number = (uint8_t)number;
    s->regime = w->regime;
    s->is_draining = false;
    s->is_ending = false;
    s->up = s->down = (struct flow_counts){.received = 0};
    s->keyring = (struct keyring){s, find};
    s->host = (struct turn_host){
        .context = s,
        .send = send,
        .open = open_endpoint,
        .close = close_endpoint,
        .connect = exchange_connect,
        .disconnect = exchange_disconnect,
        .join = exchange_join,
        .move = exchange_move,
        .take = take,
        .give = give,
        .event = event,
        .memory = &w->arena.memory,
        .entropy = &w->entropy,
        .digest = &w->digest.digest,
        .keyring = &s->keyring,
        .limiter = &w->limiter,
        .nonce_key = {{w->plan.seed, 1}},
        .account_key = {{w->plan.seed, 2}},
        .worker = (uint16_t)number,
        .capacity = w->harbour.limit / 2,
    };
    s->is_up = turn_init(&s->turn, &s->host, &s->regime->settings, w->now);
    return s->is_up;
}

void station_fini(struct station *s)
{
    if (s->is_up) {
        turn_fini(&s->turn);
    }
    s->is_up = false;
    s->awaiting = 0;
}

/* note_awaited — what may come of a request that is about to be handed over. */
static void note_awaited(struct station *s, const struct world_datagram *d)
{
    const struct errand *e = &d->errand;
    struct foretell_facts facts = world_facts(s->world, s);
    if (s->awaiting == STATION_AWAITED_MAX) {
        world_fail(s->world, "station %u: too many requests wait", s->number);
        return;
    }
    facts.is_stored_at_hand = e->pass && roster_is_stored(e->pass) && s->is_known[e->pass->user];
    foretell(&facts, &d->path, e, &s->awaited[s->awaiting++]);
}

void station_control(struct station *s, const struct world_datagram *d)
{
    station_begin(s);
    if (d->has_errand) {
        s->world->requests++;
        note_awaited(s, d);
    }
    s->at_hand = d;
    turn_receive(&s->turn, &d->path, (struct span){d->bytes, d->size}, s->world->now);
    s->at_hand = NULL;
    station_settle(s);
}

void station_disconnected(struct station *s, const struct path *path)
{
    if (!s->is_up) {
        return;
    }
    station_begin(s);
    s->closing = path;
    turn_disconnected(&s->turn, path, s->world->now);
    s->closing = NULL;
    exchange_hang_up(s, path);
    if (oracle_find(&s->world->oracle, path)) {
        world_fail(s->world, "station %u: the allocation of %s outlived its connection", s->number,
                   world_text(&path->client.a));
    }
    for (unsigned i = 0; i < s->awaiting; i++) { /* nobody is there to be answered */
        struct foretold *f = &s->awaited[i];
        f->is_answered = f->is_answered || path_is_equal(&f->path, path);
    }
    station_settle(s);
}

/* judge_again — what may come of the requests that waited for a key which is there now. Of several,
 * whichever is served first may take what is left of the quota. */
static void judge_again(struct station *s, const struct station_note *note)
{
    struct foretell_facts facts = world_facts(s->world, s);
    struct foretold *served[STATION_AWAITED_MAX];
    unsigned count = 0;
    facts.is_stored_at_hand = true;
    for (unsigned i = 0; i < s->awaiting; i++) {
        struct foretold *f = &s->awaited[i];
        if (f->is_waiting && f->errand.pass->user == note->user &&
            f->errand.is_hash == note->is_hash) {
            struct path path = f->path;
            struct errand errand = f->errand;
            foretell(&facts, &path, &errand, f);
            served[count++] = f;
        }
    }
    for (unsigned i = 0; i < count && count > 1; i++) {
        uint16_t method = served[i]->errand.ask.method;
        served[i]->code[served[i]->codes++] = 486;
        if (method == STUN_CONNECT || method == STUN_CONNECTION_BIND) { /* one may bar the other */
            served[i]->any_code = true;
        }
    }
}

void station_key(struct station *s, const struct station_note *note)
{
    s->is_coming[note->is_hash ? 1 : 0][note->user] = false;
    if (!s->is_up) {
        return;
    }
    s->is_known[note->user] = true;
    station_begin(s);
    judge_again(s, note);
    struct span name = {note->name, note->name_size};
    turn_key_arrived(&s->turn, ROSTER_STATIC, name, s->world->now);
    station_settle(s);
}

void station_tick(struct station *s)
{
    struct mono now = s->world->now.mono;
    struct mono next;
    int calls = 0;
    do {
        station_begin(s);
        next = turn_tick(&s->turn, s->world->now);
        station_settle(s);
    } while (next.ns != 0 && next.ns <= now.ns && ++calls < TICKS_MAX);
    if (calls == TICKS_MAX) {
        world_fail(s->world, "station %u: turn_tick never comes to an end", s->number);
    }
    for (unsigned i = 0; i < s->awaiting; i++) {
        struct foretold *f = &s->awaited[i];
        if (f->is_waiting && mono_is_before(f->waits_until, now)) {
            if (!f->may_be_silent) { /* else it was never kept, but refused in silence */
                world_fail(s->world, "station %u: %s waits for ever", s->number,
                           world_text(&f->path.client.a));
            }
            f->is_answered = true;
        }
    }
}

/* bound_again — what a reload means for a name that expires: the bound is that of its realm now;
 * one whose secret is gone has the grace from now, at most. Nobody's allocation goes on longer. */
static void bound_again(struct station *s, struct oracle_allocation *a)
{
    struct world *w = s->world;
    const struct roster_pass *pass = a->errand.pass;
    const struct settings_realm *realm = &s->regime->settings.realm[pass->realm];
    int64_t grace = realm->is_strict ? 0 : (int64_t)realm->grace;
    if (a->expires.s == 0) {
        return;
    }
    if (roster_is_good(&s->regime->book, pass)) {
        a->until.s = a->expires.s + grace;
    } else if (w->now.wall.s + grace < a->until.s) {
        a->until.s = w->now.wall.s + grace;
    }
    int64_t left = a->until.s > w->now.wall.s ? a->until.s - w->now.wall.s : 0;
    struct mono last = mono_add_s(w->now.mono, (uint64_t)left);
    for (int i = 0; i < 2; i++) {
        if (mono_is_before(last, a->deadline[i])) {
            a->deadline[i] = last;
        }
    }
}

void station_reload(struct station *s, const struct regime *regime)
{
    struct world *w = s->world;
    s->regime = regime;
    s->is_store_down = dice_chance(&w->dice, 200);
    memset(s->is_known, 0, w->frame.users * sizeof(bool));
    if (!s->is_up) {
        return;
    }
    oracle_reload(&w->oracle, s->number, regime);
    turn_reload(&s->turn, &regime->settings);
    for (size_t i = 0; i < ORACLE_BUCKETS; i++) {
        for (struct oracle_allocation *a = w->oracle.bucket[i]; a; a = a->next) {
            if (a->station == s->number) {
                bound_again(s, a);
            }
        }
    }
    station_tick(s);
    for (size_t i = 0; i < ORACLE_BUCKETS; i++) {
        for (struct oracle_allocation *a = w->oracle.bucket[i]; a; a = a->next) {
            if (a->station == s->number && may_lose(s, a)) {
                world_fail(w, "station %u: %s outlived its user", s->number,
                           world_text(&a->path.client.a));
            }
        }
    }
}

void station_icmp(struct station *s)
{
    struct world *w = s->world;
    const struct visitor *v = &w->visitor[dice_below(&w->dice, w->plan.visitors)];
    struct oracle_allocation *a = oracle_find(&w->oracle, &v->path);
    if (!a || a->station != s->number || a->permissions == 0) {
        return;
    }
    const struct oracle_permission *p =
        &a->permission[dice_below(&w->dice, (uint32_t)a->permissions)];
    struct peer_addr peer = {p->host};
    peer.a.port = (uint16_t)dice_between(&w->dice, 1, 65535);
    if (!oracle_has_family(a, peer.a.family, w->now.mono)) {
        return;
    }
    enum oracle_word word = s->regime->settings.icmp ? oracle_word(p, w->now.mono) : ORACLE_NO;
    s->told = (struct oracle_verdict){.allocation = a, .peer = peer.a};
    s->is_told_due = word != ORACLE_NO;
    s->told_count = 0;
    station_begin(s);
    turn_icmp(&s->turn, a->endpoint[peer.a.family - 1], &peer, 3, 3, 0, w->now);
    station_settle(s);
    if (s->told_count > 1 || (s->told_count == 0 && word == ORACLE_YES)) {
        world_fail(w, "station %u: %u indications of an ICMP error", s->number, s->told_count);
    }
    s->is_told_due = false;
}

void station_drain(struct station *s)
{
    s->is_draining = true;
    turn_drain(&s->turn);
}

void station_end(struct station *s)
{
    s->is_ending = true;
    station_begin(s);
    turn_end_all(&s->turn, TURN_REASON_SHUTDOWN, s->world->now);
    station_settle(s);
    s->is_ending = false;
}
