/* exchange — the TCP connections between relayed addresses and peers. */
/* SPDX-License-Identifier: MIT */
#include "sim/exchange.h"

#include "engine/connect.h"
#include "sim/plan.h"
#include "sim/world.h"

#include <stdlib.h>

const struct exchange_call *exchange_with(const struct exchange *x, const struct path *path,
                                          const struct netaddr *peer)
{
    for (unsigned i = 0; i < EXCHANGE_CALLS_MAX; i++) {
        const struct exchange_call *c = &x->call[i];
        if (c->is_open && path_is_equal(&c->path, path) && netaddr_is_equal(&c->peer, peer)) {
            return c;
        }
    }
    return NULL;
}

const struct exchange_call *exchange_of(const struct exchange *x, uint32_t id)
{
    for (unsigned i = 0; i < EXCHANGE_CALLS_MAX; i++) {
        if (x->call[i].is_open && x->call[i].id == id && id != 0) {
            return &x->call[i];
        }
    }
    return NULL;
}

unsigned exchange_count(const struct exchange *x, const struct path *path)
{
    unsigned count = 0;
    for (unsigned i = 0; i < EXCHANGE_CALLS_MAX; i++) {
        count += x->call[i].is_open && path_is_equal(&x->call[i].path, path) ? 1 : 0;
    }
    return count;
}

static struct exchange_call *begin(struct exchange *x, const struct path *path,
                                   const struct netaddr *peer, uint8_t state)
{
    unsigned at = 0;
    while (at < EXCHANGE_CALLS_MAX && x->call[at].is_open) {
        at++;
    }
    if (at == EXCHANGE_CALLS_MAX) {
        return NULL;
    }
    x->open++;
    x->call[at] = (struct exchange_call){
        .is_open = true, .state = state, .serial = ++x->serials, .path = *path, .peer = *peer};
    return &x->call[at];
}

static uint32_t number_of(const struct exchange *x, const struct exchange_call *c)
{
    return (uint32_t)(c - x->call);
}

/* will — something will happen to a call after so many milliseconds. */
static void will(struct station *s, const struct exchange_call *c, enum exchange_deed deed,
                 uint32_t ms)
{
    struct exchange_note *note = calloc(1, sizeof(*note));
    if (!note) {
        abort();
    }
    *note = (struct exchange_note){deed, number_of(&s->exchange, c), c->serial};
    world_note(s->world, s->number, note, ms);
}

/* end — the call is no more; who waits for its outcome need not any longer. */
static void end(struct station *s, struct exchange_call *c)
{
    c->is_open = false;
    s->exchange.open--;
    if (c->state == PEER_CONNECTION_JOINED) {
        world_close(s->world, &c->client);
    }
}

/* awaited — the request of a path whose answer is due, of one method. */
static struct foretold *awaited(struct station *s, const struct path *path, uint16_t method)
{
    for (unsigned i = 0; i < s->awaiting; i++) {
        struct foretold *f = &s->awaited[i];
        if (!f->is_answered && !f->is_begun && !f->is_waiting && f->errand.ask.method == method &&
            path_is_equal(&f->path, path)) {
            return f;
        }
    }
    return NULL;
}

/* begun — the Connect that waits for the outcome of a call; NULL when none does. */
static struct foretold *begun(struct station *s, const struct exchange_call *c)
{
    for (unsigned i = 0; i < s->awaiting; i++) {
        struct foretold *f = &s->awaited[i];
        if (!f->is_answered && f->is_begun && f->call == number_of(&s->exchange, c)) {
            return f;
        }
    }
    return NULL;
}

/* local_of — where a peer is that clients may know by an external address of ours. */
static struct netaddr local_of(const struct netaddr *peer)
{
    struct netaddr local = *peer;
    if (plan_kind(peer) == PLAN_OWN) {
        local = plan_local((enum netaddr_family)peer->family);
        local.port = peer->port;
    }
    return local;
}

bool exchange_connect(void *context, uint32_t endpoint, const struct peer_addr *peer, uint32_t link,
                      uint32_t *number)
{
    struct station *s = context;
    struct world *w = s->world;
    const struct oracle_allocation *a = w->oracle.at[s->number][endpoint];
    struct foretold *f = a ? awaited(s, &a->path, STUN_CONNECT) : NULL;
    struct netaddr wanted = {.family = NETADDR_NONE};
    if (f) {
        wanted = local_of(&f->errand.ask.peer[0]);
    }
    if (!f || !f->may_begin || !a->is_stream || !netaddr_is_equal(&wanted, &peer->a)) {
        world_fail(w, "station %u connects to %s, what nobody may have asked for", s->number,
                   world_text(&peer->a));
        return false;
    }
    struct exchange_call *c = NULL;
    if (!dice_chance(&w->dice, 30)) { /* or it is impossible at once */
        c = begin(&s->exchange, &a->path, &f->errand.ask.peer[0], PEER_CONNECTION_CONNECTING);
    }
    f->may_begin = false;
    if (!c) {
        f->code[f->codes++] = 447;
        return false;
    }
    uint32_t throw = dice_below(&w->dice, 100);
    w->calls++;
    c->link = link;
    *number = f->call = number_of(&s->exchange, c);
    f->is_begun = true;
    will(s, c, EXCHANGE_LATE, EXCHANGE_PATIENCE * 1000);
    if (throw < 90) {
        will(s, c, throw < 70 ? EXCHANGE_MADE : EXCHANGE_FAILED, dice_between(&w->dice, 1, 1500));
    }
    return true;
}

void exchange_disconnect(void *context, uint32_t number)
{
    struct station *s = context;
    struct exchange_call *c = &s->exchange.call[number];
    if (number >= EXCHANGE_CALLS_MAX || !c->is_open) {
        world_fail(s->world, "station %u closes what is no connection with a peer", s->number);
        return;
    }
    struct foretold *f = begun(s, c);
    if (f) {
        f->is_answered = true; /* with its allocation, whoever waits goes unanswered */
    }
    end(s, c);
}

void exchange_join(void *context, const struct path *client, uint32_t number)
{
    struct station *s = context;
    struct exchange *x = &s->exchange;
    struct exchange_call *c = &x->call[number];
    if (number >= EXCHANGE_CALLS_MAX || !c->is_open || c->state != PEER_CONNECTION_WAITING ||
        !x->is_join_due || !path_is_equal(client, &x->joiner) || !world_has(s->world, client)) {
        world_fail(s->world, "station %u joins what cannot be joined", s->number);
        return;
    }
    x->is_join_due = false;
    s->world->joined++;
    c->state = PEER_CONNECTION_JOINED;
    c->client = *client;
    world_line(s->world, client)->is_joined = true;
    will(s, c, EXCHANGE_LEFT, dice_between(&s->world->dice, 100, 200000));
}

bool exchange_move(void *context, const struct path *client, unsigned worker)
{
    struct station *s = context;
    struct world *w = s->world;
    if (worker == s->number || worker >= w->stations) {
        return false;
    }
    struct foretold *f = awaited(s, client, STUN_CONNECTION_BIND);
    if (!f || !f->must_move || !world_has(w, client)) {
        world_fail(w, "station %u moves the connection of %s without reason", s->number,
                   world_text(&client->client.a));
        return false;
    }
    f->is_answered = true;
    for (unsigned i = 0; i < s->awaiting; i++) { /* it asks nothing of this station any more */
        struct foretold *other = &s->awaited[i];
        other->is_answered = other->is_answered || path_is_equal(&other->path, client);
    }
    world_line(w, client)->station = (uint8_t)worker;
    if (s->at_hand) {
        world_pass_on(w, s->at_hand);
    }
    return true;
}

void exchange_told(struct station *s, const struct path *to, uint32_t id,
                   const struct netaddr *peer)
{
    struct exchange_call *c = s->exchange.telling;
    bool is_fit = c && path_is_equal(&c->path, to) && id != 0 &&
                  id >> PEER_CONNECTION_WORKER_SHIFT == s->number &&
                  !exchange_of(&s->exchange, id) && (!peer || netaddr_is_equal(peer, &c->peer));
    if (!is_fit) {
        world_fail(s->world, "station %u tells %s of a connection that is not its", s->number,
                   world_text(&to->client.a));
        return;
    }
    c->id = id;
    s->exchange.telling = NULL;
}

void exchange_bound(struct station *s, const struct path *client)
{
    s->exchange.is_join_due = true;
    s->exchange.joiner = *client;
}

void exchange_settle(struct station *s)
{
    if (s->exchange.is_join_due) {
        world_fail(s->world, "station %u granted a ConnectionBind, and joined nothing", s->number);
    }
    s->exchange.is_join_due = false;
}

/* outcome — a call is made, or cannot be: the client that asked must be told. */
static void outcome(struct station *s, struct exchange_call *c, bool is_made)
{
    struct foretold *f = begun(s, c);
    if (!f) {
        world_fail(s->world, "station %u: nobody waits for a call", s->number);
        return;
    }
    f->may_succeed = is_made;
    if (is_made) {
        c->state = PEER_CONNECTION_WAITING;
        s->exchange.telling = c;
        will(s, c, EXCHANGE_LATE, EXCHANGE_PATIENCE * 1000);
    } else {
        f->code[f->codes++] = 447;
        end(s, c);
    }
    f->is_begun = false; /* the answer is due within this call */
    connect_finish(&s->turn, c->link, is_made, s->world->now);
    if (s->exchange.telling) {
        world_fail(s->world, "station %u did not tell of a call that is made", s->number);
    }
}

/* leave — the peer's end is gone; the client's, where they are joined, goes with it. */
static void leave(struct station *s, struct exchange_call *c)
{
    end(s, c);
    peer_connection_forget(&s->turn, c->link);
}

void exchange_happen(struct station *s, const struct exchange_note *note)
{
    struct exchange_call *c = &s->exchange.call[note->number];
    if (!s->is_up || !c->is_open || c->serial != note->serial) {
        return;
    }
    bool is_connecting = c->state == PEER_CONNECTION_CONNECTING;
    station_begin(s);
    if (is_connecting) {
        outcome(s, c, note->deed == EXCHANGE_MADE);
    } else if (note->deed == EXCHANGE_LEFT || c->state == PEER_CONNECTION_WAITING) {
        leave(s, c);
    }
    station_settle(s);
}

/* may_ring — whether a peer may call an allocation at this moment. */
static enum oracle_word may_ring(const struct station *s, const struct oracle_allocation *a,
                                 const struct netaddr *peer)
{
    struct mono now = s->world->now.mono;
    const struct settings_realm *realm = &s->regime->settings.realm[a->errand.pass->realm];
    enum regime_word word = regime_ask(s->regime, peer);
    bool is_barred = word == REGIME_DENY || word == REGIME_RELAY_ONLY || realm->is_gone ||
                     !oracle_has_family(a, peer->family, now) ||
                     exchange_count(&s->exchange, &a->path) >= realm->channels_max;
    return is_barred ? ORACLE_NO : oracle_word(oracle_permission(a, peer), now);
}

void exchange_ring(struct station *s, const struct oracle_allocation *a, const struct netaddr *from)
{
    struct world *w = s->world;
    struct netaddr told = *from;
    if (w->harbour.is_mapped && plan_kind(from) == PLAN_OWN) {
        told = plan_external((enum netaddr_family)from->family);
        told.port = from->port;
    }
    if (exchange_with(&s->exchange, &a->path, &told)) {
        return; /* no port calls twice */
    }
    enum oracle_word word = may_ring(s, a, &told);
    struct exchange_call *c = begin(&s->exchange, &a->path, &told, PEER_CONNECTION_WAITING);
    struct peer_addr peer = {*from};
    if (!c) {
        return;
    }
    station_begin(s);
    s->exchange.telling = c;
    c->link = connect_attempt(&s->turn, a->endpoint[from->family - 1], &peer,
                              number_of(&s->exchange, c), w->now);
    bool is_taken = c->link != PEER_CONNECTION_NONE;
    if ((is_taken && (word == ORACLE_NO || s->exchange.telling)) ||
        (!is_taken && word == ORACLE_YES && !station_is_short(s))) {
        world_fail(w, "station %u %s a call of %s to %s", s->number,
                   is_taken ? "took" : "did not take", world_text(from),
                   world_text(&a->path.client.a));
    }
    s->exchange.telling = NULL;
    if (is_taken) {
        w->rings++;
        will(s, c, EXCHANGE_LATE, EXCHANGE_PATIENCE * 1000);
    } else {
        end(s, c);
    }
    station_settle(s);
}

void exchange_hang_up(struct station *s, const struct path *client)
{
    for (unsigned i = 0; i < EXCHANGE_CALLS_MAX; i++) {
        struct exchange_call *c = &s->exchange.call[i];
        if (c->is_open && c->state == PEER_CONNECTION_JOINED && path_is_equal(&c->client, client)) {
            leave(s, c);
        }
    }
}
