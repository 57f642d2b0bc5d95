/* visitor — a scripted client of the simulated server. */
/* SPDX-License-Identifier: MIT */
#include "sim/visitor.h"

#include "sim/peek.h"
#include "sim/plan.h"
#include "sim/world.h"

#include <string.h>

enum {
    TRIES_MAX = 7,
    RTO_MS = 500,
    MESSAGE_MAX = 1400,
    DATA_MAX = 1100,
    ATTR_NONCE = 0x0015,
    ATTR_RELAYED = 0x0016,
    ATTR_TOKEN = 0x0022,
    ATTR_CONNECTION = 0x002a,
    ATTEMPT_METHOD = 0x000c,
    PATIENCE = 45,     /* seconds for an answer along a stream: nothing is sent again there */
    DEAD_PORT = 65000, /* an own port that no relay has */
    HANG_UPS = 4,      /* turns of a thousand at which a connection just ends */
};

/* How one kind of client behaves. Times in seconds, chances in thousandths: of a request, of a
 * turn, or of a life. */
struct visitor_kind {
    const char *name;
    bool binds, sends, permits; /* uses channels, Send indications, CreatePermission */
    uint32_t permit_every, bind_every;
    uint32_t refresh_every;
    uint32_t stays;          /* on average */
    uint32_t frees;          /* lives that end with a Refresh of lifetime 0 */
    uint32_t odd;            /* turns that are spent on something that a client should not do */
    uint32_t repeats;        /* requests that are sent again though they were answered */
    uint32_t wrong, expired; /* lives with a password, or a name, that is not good */
    bool keeps_nonce;        /* for ever */
    bool sleeps;             /* never refreshes */
};

static const struct visitor_kind kinds[] = {
    {"libwebrtc", true, true, true, 240, 540, 540, 120, 800, 5, 5, 10, 0, false, false},
    {"firefox", false, true, true, 240, 0, 480, 120, 700, 5, 5, 10, 0, false, false},
    {"pion", true, false, true, 120, 300, 300, 200, 900, 5, 5, 10, 0, false, false},
    {"aioice", true, false, false, 0, 300, 500, 150, 600, 5, 5, 10, 0, false, false},
    {"busy", true, true, true, 20, 20, 30, 300, 500, 20, 30, 0, 0, false, false},
    {"vanisher", true, true, true, 240, 540, 540, 20, 0, 10, 5, 20, 20, false, false},
    {"sleeper", true, true, true, 240, 540, 0, 2000, 0, 10, 5, 20, 20, true, true},
    {"stammerer", true, true, true, 60, 60, 60, 100, 500, 50, 700, 20, 20, false, false},
    {"vandal", true, true, true, 30, 30, 60, 100, 300, 600, 50, 100, 100, true, false},
    {"stranger", true, true, true, 30, 30, 60, 60, 300, 300, 50, 500, 500, true, false},
};

static struct mono in_ms(const struct world *w, uint32_t least, uint32_t most)
{
    struct dice *dice = (struct dice *)(uintptr_t)&w->dice;
    return mono_add_ns(w->now.mono, (uint64_t)dice_between(dice, least, most) * 1000000);
}

static bool has_come(const struct world *w, struct mono at)
{
    return !mono_is_before(w->now.mono, at);
}

static void go_away(struct visitor *v, struct world *w)
{
    v->phase = VISITOR_AWAY;
    v->is_waiting = false;
    v->comes_at = in_ms(w, 100, 60000);
    if (path_is_connection(&v->path) && dice_chance(&w->dice, 700)) {
        world_hang_up(w, &v->path);
    } else if (path_is_connection(&v->path)) { /* until the server finds out */
        world_hang_up_after(w, &v->path, dice_between(&w->dice, 1000, 600000));
    }
}

void visitor_init(struct visitor *v, struct world *w, uint32_t index)
{
    *v = (struct visitor){.index = index};
    v->kind = &kinds[dice_below(&w->dice, sizeof(kinds) / sizeof(kinds[0]))];
    v->comes_at = in_ms(w, 10, 60000);
}

/* pick_pass — what it comes with: a user's password, or a name for a while. */
static const struct roster_pass *pick_pass(struct visitor *v, struct world *w)
{
    const struct roster_book *book = &w->regime->book;
    bool is_wrong = dice_chance(&w->dice, v->kind->wrong);
    if (v->index % 3 != 0) {
        return roster_static(&w->roster, book, v->index % book->users, is_wrong);
    }
    struct wall expires = {w->now.wall.s + dice_between(&w->dice, 30, 1800)};
    if (dice_chance(&w->dice, v->kind->expired)) {
        expires.s = w->now.wall.s - dice_between(&w->dice, 1, 1000);
    }
    return roster_timed(&w->roster, book, v->index / 2, expires, is_wrong);
}

static struct netaddr pick_own(struct world *w, enum netaddr_family family)
{
    struct netaddr a = w->harbour.is_mapped ? plan_external(family) : plan_local(family);
    const struct visitor *other = &w->visitor[dice_below(&w->dice, w->plan.visitors)];
    uint32_t throw = dice_below(&w->dice, 10);
    if (throw < 7 && other->relayed[family - 1].family != NETADDR_NONE) {
        return other->relayed[family - 1];
    }
    a.port = throw < 9    ? (uint16_t)(HARBOUR_FIRST + dice_below(&w->dice, w->harbour.berths))
             : throw == 9 ? PLAN_DOOR
                          : DEAD_PORT;
    return a;
}

/* pick_family — mostly one that it has a relayed address of. */
static enum netaddr_family pick_family(const struct visitor *v, struct world *w)
{
    bool has[2] = {v->relayed[0].family != NETADDR_NONE, v->relayed[1].family != NETADDR_NONE};
    if (has[0] == has[1] || dice_chance(&w->dice, 30)) {
        return dice_chance(&w->dice, 600) ? NETADDR_IPV4 : NETADDR_IPV6;
    }
    return has[0] ? NETADDR_IPV4 : NETADDR_IPV6;
}

static struct netaddr pick_peer(const struct visitor *v, struct world *w)
{
    enum netaddr_family family = pick_family(v, w);
    uint32_t throw = dice_below(&w->dice, 100);
    if (throw < 18) {
        return pick_own(w, family);
    }
    enum plan_kind kind = throw < 70   ? PLAN_PUBLIC
                          : throw < 82 ? PLAN_BANNED
                          : throw < 94 ? PLAN_PRIVATE
                          : throw < 97 ? PLAN_DISGUISED
                                       : PLAN_MAPPED;
    return plan_peer(kind, family, dice_below(&w->dice, 50));
}

/* connect — choose what it speaks over; anything but UDP is a connection. */
static void connect(struct visitor *v, struct world *w)
{
    uint32_t throw = dice_below(&w->dice, 100);
    v->path.kind = throw < 60   ? PATH_UDP
                   : throw < 78 ? PATH_TCP
                   : throw < 90 ? PATH_TLS
                                : PATH_DTLS;
    v->relays_tcp = path_is_stream(&v->path) && dice_chance(&w->dice, 500);
    if (path_is_connection(&v->path)) {
        world_open(w, v, &v->path, v->index % w->stations);
    }
}

static void come(struct visitor *v, struct world *w)
{
    enum netaddr_family family = v->index % 5 == 0 ? NETADDR_IPV6 : NETADDR_IPV4;
    v->life++;
    v->phase = VISITOR_CALLING;
    v->pass = pick_pass(v, w);
    v->path = (struct path){.listener = v->pass->realm};
    v->path.client.a = plan_visitor(v->index, dice_chance(&w->dice, 800) ? v->life : 1, family);
    connect(v, w);
    v->algorithm = (uint8_t)dice_below(&w->dice, 3);
    v->is_hash = v->algorithm != 0 && v->pass->realm == ROSTER_STATIC && dice_chance(&w->dice, 300);
    v->has_nonce = v->has_nonce && v->kind->keeps_nonce;
    v->is_waiting = false;
    v->relayed[0].family = v->relayed[1].family = NETADDR_NONE;
}

/* transmit — write a request and have it leave by a path. */
static void transmit(const struct errand *e, struct world *w, const struct path *path)
{
    uint8_t bytes[MESSAGE_MAX];
    struct ask_credential by = {.kind = STUN_INTEGRITY_NONE};
    if (e->pass) {
        by = (struct ask_credential){
            .user = {(const uint8_t *)e->pass->name, e->pass->name_size},
            .realm = span_of_text(roster_realm(e->pass->realm)),
            .nonce = {(const uint8_t *)e->nonce.text, e->nonce.size},
            .key = *errand_key(e),
            .kind = e->algorithm ? STUN_INTEGRITY_SHA256 : STUN_INTEGRITY_SHA1,
            .algorithm = e->algorithm,
            .is_hash = e->is_hash,
        };
    }
    size_t size = ask_write(&e->ask, &by, &w->digest.digest, bytes, sizeof(bytes));
    world_to_server(w, path, bytes, size, e);
}

/* sign — put the visitor's pass and nonce to a request. */
static void sign(const struct visitor *v, struct errand *e)
{
    e->pass = v->pass;
    e->algorithm = v->algorithm;
    e->is_hash = v->is_hash;
    e->nonce = v->nonce;
}

/* ask — send a request and wait for its answer. */
static void ask(struct visitor *v, struct world *w, const struct ask *what)
{
    v->errand = (struct errand){.ask = *what};
    dice_fill(&w->dice, v->errand.ask.id, STUN_ID_SIZE);
    v->errand.ask.has_fingerprint = true;
    if (v->has_nonce) {
        sign(v, &v->errand);
    }
    v->is_waiting = true;
    v->tries = 1;
    v->resend_at = in_ms(w, RTO_MS, RTO_MS);
    if (path_is_stream(&v->path)) {
        v->resend_at = mono_add_s(w->now.mono, PATIENCE);
    }
    transmit(&v->errand, w, &v->path);
}

/* ask_aside — send a request whose answer it does not care for, by its own path or, with the nonce
 * that `other` has, by that one's: two behind one address know each other's. */
static void ask_aside(struct visitor *v, struct world *w, const struct ask *what,
                      const struct visitor *other)
{
    struct errand e = {.ask = *what};
    dice_fill(&w->dice, e.ask.id, STUN_ID_SIZE);
    e.ask.has_fingerprint = true;
    if (v->has_nonce && what->method != STUN_BINDING && dice_chance(&w->dice, 900)) {
        sign(v, &e);
        e.nonce = other->has_nonce ? other->nonce : v->nonce;
    }
    transmit(&e, w, &other->path);
}

/* dial — a connection of its own for the peer's that goes by an id, and a ConnectionBind along it;
 * now and then a wrong one, a late one, or none. */
static void dial(struct visitor *v, struct world *w, uint32_t id)
{
    struct errand e = {
        .ask = {.method = STUN_CONNECTION_BIND, .has_connection = true, .connection = id}};
    struct path path = v->path;
    uint32_t throw = dice_below(&w->dice, 100);
    dice_fill(&w->dice, e.ask.id, STUN_ID_SIZE);
    v->connection = id;
    if (dice_chance(&w->dice, 50)) { /* somebody else's */
        e.ask.connection = w->visitor[dice_below(&w->dice, w->plan.visitors)].connection;
    }
    e.ask.has_fingerprint = dice_chance(&w->dice, 500);
    e.ask.has_connection = throw >= 2;
    e.ask.connection ^= throw < 6 ? 1u << dice_below(&w->dice, 28) : 0;
    if (throw < 94) {
        path.client.a.port ^= (uint16_t)dice_between(&w->dice, 1, 1000);
        path.kind = dice_chance(&w->dice, 700) ? PATH_TCP : PATH_TLS;
        world_open(w, v, &path, dice_below(&w->dice, w->stations));
    } else if (throw < 97) { /* else along its own, which has an allocation */
        path = (struct path){.kind = PATH_UDP, .client = v->path.client};
    }
    if (dice_chance(&w->dice, 970)) {
        sign(v, &e);
    }
    transmit(&e, w, &path);
    if (dice_chance(&w->dice, 100)) {
        transmit(&e, w, &path);
    }
    if (path_is_connection(&path) && !path_is_equal(&path, &v->path) &&
        dice_chance(&w->dice, 400)) {
        world_hang_up_after(w, &path, dice_between(&w->dice, 1, 120000));
    }
}

static void call(struct visitor *v, struct world *w)
{
    static const uint32_t lifetimes[] = {0, 1, 60, 777, 1800, 5000, UINT32_MAX};
    struct ask what = {.method = STUN_ALLOCATE, .transport = STUN_TRANSPORT_UDP};
    struct dice *dice = &w->dice;
    what.has_lifetime = dice_chance(dice, 500);
    what.lifetime = lifetimes[dice_below(dice, 7)];
    uint32_t throw = dice_below(dice, 100);
    what.transport = v->relays_tcp ? STUN_TRANSPORT_TCP : STUN_TRANSPORT_UDP;
    if (v->relays_tcp && throw >= 45 && throw < 65) {
        throw = 99; /* neither pairs nor tokens */
    }
    if (throw < 15) {
        what.additional_family = NETADDR_IPV6;
    } else if (throw < 45) {
        what.family = (uint8_t)dice_between(dice, 1, 2);
    } else if (throw < 60) {
        what.even = true;
        what.reserve_next = dice_chance(dice, 600);
    } else if (throw < 65) {
        const struct world_token *token = &w->token[dice_below(dice, WORLD_TOKENS)];
        memcpy(what.token, token->token, sizeof(what.token));
        what.has_token = true;
        v->pass = token->pass && v->pass->realm == token->pass->realm ? token->pass : v->pass;
    } else if (throw < 67) {
        what.transport = (uint8_t)dice_below(dice, 18);
    } else if (throw < 69) {
        what.family = (uint8_t)dice_below(dice, 5);
        what.additional_family = (uint8_t)dice_below(dice, 4);
        what.even = dice_chance(dice, 500);
        what.has_token = dice_chance(dice, 500);
        what.reserve_next = dice_chance(dice, 500);
    }
    v->is_hash = v->is_hash && v->pass->realm == ROSTER_STATIC;
    ask(v, w, &what);
}

static void send_data(struct visitor *v, struct world *w, const struct visitor_contact *c)
{
    static const uint8_t payload[DATA_MAX] = "visitor";
    uint8_t bytes[MESSAGE_MAX];
    uint8_t id[STUN_ID_SIZE];
    struct span data = {payload, dice_below(&w->dice, DATA_MAX)};
    bool by_channel = c->channel != 0 && (!v->kind->sends || dice_chance(&w->dice, 900));
    size_t size;
    dice_fill(&w->dice, id, sizeof(id));
    if (by_channel) {
        size = ask_write_channel_data(c->channel, data, bytes, sizeof(bytes));
        bool pads = path_is_stream(&v->path) || dice_chance(&w->dice, 200); /* some over UDP, too */
        size += pads ? -size & 3 : 0;
    } else {
        size = ask_write_send(&c->peer, data, id, bytes, sizeof(bytes));
    }
    world_to_server(w, &v->path, bytes, size, NULL);
}

static void talk(struct visitor *v, struct world *w)
{
    uint32_t count = dice_between(&w->dice, 1, 6);
    for (uint32_t i = 0; i < count; i++) {
        const struct visitor_contact *c = &v->contact[dice_below(&w->dice, v->contacts)];
        if (c->channel != 0 || v->kind->sends) {
            send_data(v, w, c);
        }
    }
}

/* send_garbage — bytes that mean nothing, or what only a server sends. */
static void send_garbage(struct visitor *v, struct world *w)
{
    uint8_t bytes[64];
    size_t size = dice_below(&w->dice, sizeof(bytes));
    if (path_is_stream(&v->path)) { /* no frame begins like that: the server closes */
        go_away(v, w);
        return;
    }
    dice_fill(&w->dice, bytes, sizeof(bytes));
    if (dice_chance(&w->dice, 600) && size >= STUN_HEADER_SIZE) { /* a header and nonsense */
        static const uint16_t types[] = {0x0101, 0x0103, 0x0113, 0x0011, 0x0017, 0x0016,
                                         0x0fff, 0x4001, 0x7fff, 0x8000, 0x0016, 0x000a};
        uint16_t type = types[dice_below(&w->dice, sizeof(types) / sizeof(types[0]))];
        struct writer writer = writer_init(bytes, sizeof(bytes));
        writer_u16(&writer, type);
        writer_u16(&writer, (uint16_t)(size - STUN_HEADER_SIZE - dice_below(&w->dice, 2)));
        writer_u32(&writer, STUN_COOKIE);
    }
    if (size < 2 || bytes[0] != 0 || (bytes[1] & 0x10) != 0) {
        world_to_server(w, &v->path, bytes, size, NULL);
    }
}

/* steal — a request by somebody else's path, or a second allocation on its own. */
static void steal(struct visitor *v, struct world *w)
{
    static const uint16_t methods[] = {STUN_ALLOCATE,     STUN_REFRESH, STUN_CREATE_PERMISSION,
                                       STUN_CHANNEL_BIND, STUN_CONNECT, STUN_CONNECTION_BIND};
    const struct visitor *other = &w->visitor[dice_below(&w->dice, w->plan.visitors)];
    struct ask what = {.method = methods[dice_below(&w->dice, 6)]};
    if (other->life == 0 || other->path.listener != v->path.listener ||
        path_is_connection(&other->path) || /* nobody gets into that */
        dice_chance(&w->dice, 300)) {
        other = v;
    }
    what.transport = what.method == STUN_ALLOCATE ? STUN_TRANSPORT_UDP : 0;
    what.has_lifetime = dice_chance(&w->dice, 300);
    what.family = (uint8_t)(dice_chance(&w->dice, 200) ? dice_below(&w->dice, 4) : 0);
    what.has_unknown = dice_chance(&w->dice, 50);
    if (what.method == STUN_CONNECT) {
        what.peer_count = (uint8_t)dice_below(&w->dice, 2);
    } else if (what.method == STUN_CONNECTION_BIND) {
        what.has_connection = dice_chance(&w->dice, 800);
        what.connection = dice_below(&w->dice, 12) << PEER_CONNECTION_WORKER_SHIFT | 7;
    } else if (what.method == STUN_CHANNEL_BIND || what.method == STUN_CREATE_PERMISSION) {
        what.family = 0;
        what.peer_count = (uint8_t)dice_below(&w->dice, ASK_PEERS_MAX);
        what.channel =
            what.method == STUN_CHANNEL_BIND ? (uint16_t)dice_between(&w->dice, 0x3ffe, 0x5003) : 0;
        what.peer_count = what.channel != 0 && what.peer_count > 1 ? 1 : what.peer_count;
    }
    for (int i = 0; i < what.peer_count; i++) {
        what.peer[i] = pick_peer(v, w);
    }
    ask_aside(v, w, &what, other);
}

static void misbehave(struct visitor *v, struct world *w)
{
    struct visitor_contact stray = {.peer = pick_peer(v, w)};
    uint32_t throw = dice_below(&w->dice, 10);
    if (throw < 3) {
        send_garbage(v, w);
    } else if (throw < 6) {
        steal(v, w);
    } else if (throw < 8) { /* data to whom it has no permission, or on a channel it has not */
        stray.channel =
            dice_chance(&w->dice, 500) ? (uint16_t)dice_between(&w->dice, 0x4000, 0x4008) : 0;
        send_data(v, w, &stray);
    } else if (throw < 9) {
        struct ask binding = {.method = STUN_BINDING};
        binding.has_unknown = dice_chance(&w->dice, 200);
        ask_aside(v, w, &binding, v);
    } else {
        dice_fill(&w->dice, v->nonce.text, 4); /* an invented nonce from now on */
        v->nonce.is_ours = false;
    }
}

/* fresh_channel — the next number; now and then one that it had before. */
static uint16_t fresh_channel(struct visitor *v, struct world *w)
{
    v->next_channel += dice_chance(&w->dice, 900) ? 1 : 0;
    return (uint16_t)(CHANNEL_MIN + v->next_channel % 0x800);
}

/* look_after — the first of its contacts that needs a permission or a channel. Returns whether it
 * asked for something. */
static bool look_after(struct visitor *v, struct world *w)
{
    struct ask what = {.method = STUN_CREATE_PERMISSION};
    for (unsigned i = 0; i < v->contacts; i++) {
        const struct visitor_contact *c = &v->contact[i];
        if (v->kind->permits && has_come(w, c->permit_at) && what.peer_count < 3) {
            what.peer[what.peer_count++] = c->peer;
        }
    }
    if (what.peer_count > 0) {
        if (dice_chance(&w->dice, 100)) { /* one of them twice, with another port */
            what.peer[what.peer_count] = what.peer[0];
            what.peer[what.peer_count++].port ^= 2;
        }
        ask(v, w, &what);
        return true;
    }
    for (unsigned i = 0; i < v->contacts; i++) {
        struct visitor_contact *c = &v->contact[i];
        if (v->kind->binds && !v->relays_tcp && has_come(w, c->bind_at) &&
            (c->is_permitted || !v->kind->permits)) {
            what = (struct ask){.method = STUN_CHANNEL_BIND, .peer_count = 1};
            what.peer[0] = c->peer;
            what.channel = c->channel ? c->channel : fresh_channel(v, w);
            ask(v, w, &what);
            return true;
        }
    }
    return false;
}

static void leave(struct visitor *v, struct world *w)
{
    if (dice_chance(&w->dice, v->kind->frees)) {
        struct ask what = {.method = STUN_REFRESH, .has_lifetime = true};
        if (v->relayed[0].family && v->relayed[1].family && dice_chance(&w->dice, 500)) {
            what.family = NETADDR_IPV6; /* one of two first */
            v->relayed[1].family = NETADDR_NONE;
        }
        ask(v, w, &what);
    } else {
        go_away(v, w);
    }
}

static void live(struct visitor *v, struct world *w)
{
    const struct visitor_kind *kind = v->kind;
    if (has_come(w, v->refresh_at) && !kind->sleeps) {
        struct ask what = {.method = STUN_REFRESH, .has_lifetime = dice_chance(&w->dice, 500)};
        what.lifetime = dice_between(&w->dice, 1, 2000);
        ask(v, w, &what);
    } else if (dice_chance(&w->dice, kind->odd)) {
        misbehave(v, w);
    } else if (dice_below(&w->dice, kind->stays) == 0) {
        leave(v, w);
    } else if (dice_chance(&w->dice, 30)) {
        v->contact[dice_below(&w->dice, v->contacts)] =
            (struct visitor_contact){.peer = pick_peer(v, w)};
    } else if (look_after(v, w)) {
        return;
    } else if (v->relays_tcp) {
        struct ask what = {.method = STUN_CONNECT, .peer_count = 1};
        what.peer[0] = v->contact[dice_below(&w->dice, v->contacts)].peer;
        ask(v, w, &what);
    } else {
        talk(v, w);
    }
}

static void wait(struct visitor *v, struct world *w)
{
    if (!has_come(w, v->resend_at)) {
        return;
    }
    if (v->tries == TRIES_MAX || path_is_stream(&v->path)) {
        go_away(v, w);
        return;
    }
    uint32_t ms = (uint32_t)RTO_MS << v->tries++;
    v->resend_at = in_ms(w, ms, ms);
    transmit(&v->errand, w, &v->path);
}

struct mono visitor_act(struct visitor *v, struct world *w)
{
    if (w->is_closing) {
        v->phase = VISITOR_AWAY;
        return mono_add_s(w->now.mono, 100000);
    }
    if (v->phase == VISITOR_AWAY) {
        if (!has_come(w, v->comes_at)) {
            return v->comes_at;
        }
        come(v, w);
    }
    if (path_is_connection(&v->path) && dice_chance(&w->dice, HANG_UPS)) {
        go_away(v, w); /* whatever it waits for */
        return v->comes_at;
    }
    if (v->is_waiting) {
        wait(v, w);
        return in_ms(w, 50, 400);
    }
    if (v->phase == VISITOR_CALLING) {
        call(v, w);
        return in_ms(w, 50, 400);
    }
    live(v, w);
    return in_ms(w, 200, 4000);
}

/* learn_nonce — what a challenge says. */
static void learn_nonce(struct visitor *v, struct world *w, const struct peek *p)
{
    const uint8_t *value;
    int size = peek_find(p, ATTR_NONCE, &value);
    if (size > 0 && size <= ERRAND_NONCE_MAX) {
        v->nonce = (struct errand_nonce){
            .size = (uint8_t)size, .is_ours = true, .made = w->now.wall, .whose = v->path.client.a};
        memcpy(v->nonce.text, value, (size_t)size);
        v->has_nonce = true;
    }
}

static void settle_in(struct visitor *v, struct world *w, const struct peek *p)
{
    const uint8_t *token;
    struct netaddr relayed;
    v->phase = VISITOR_LIVE;
    v->refresh_at = mono_add_s(w->now.mono, v->kind->refresh_every);
    for (int i = 0; i < 2; i++) {
        if (peek_address(p, ATTR_RELAYED, i, &relayed)) {
            v->relayed[relayed.family - 1] = relayed;
        }
    }
    v->contacts = dice_between(&w->dice, 1, VISITOR_CONTACTS);
    for (unsigned i = 0; i < v->contacts; i++) {
        v->contact[i] = (struct visitor_contact){.peer = pick_peer(v, w)};
    }
    if (peek_find(p, ATTR_TOKEN, &token) == STUN_TOKEN_SIZE) {
        struct world_token *t = &w->token[dice_below(&w->dice, WORLD_TOKENS)];
        memcpy(t->token, token, sizeof(t->token));
        t->pass = v->pass;
    }
}

static void learn_success(struct visitor *v, struct world *w, const struct peek *p)
{
    const struct ask *asked = &v->errand.ask;
    struct mono now = w->now.mono;
    if (asked->method == STUN_ALLOCATE) {
        settle_in(v, w, p);
    } else if (asked->method == STUN_REFRESH) {
        v->refresh_at = mono_add_s(now, v->kind->refresh_every);
        if (asked->has_lifetime && asked->lifetime == 0 && asked->family == 0) {
            go_away(v, w);
        }
    } else if (asked->method == STUN_CONNECT) {
        dial(v, w, peek_u32(p, ATTR_CONNECTION, 0));
    }
    bool is_for_peers =
        asked->method == STUN_CHANNEL_BIND || asked->method == STUN_CREATE_PERMISSION;
    for (unsigned i = 0; i < v->contacts && is_for_peers; i++) {
        struct visitor_contact *c = &v->contact[i];
        for (int k = 0; k < asked->peer_count; k++) {
            if (!netaddr_is_equal(&c->peer, &asked->peer[k])) {
                continue;
            }
            if (asked->method == STUN_CHANNEL_BIND) {
                c->channel = asked->channel;
                c->bind_at = mono_add_s(now, v->kind->bind_every);
            } else {
                c->permit_at = mono_add_s(now, v->kind->permit_every);
                c->is_permitted = true;
            }
        }
    }
}

static void learn_refusal(struct visitor *v, struct world *w, const struct peek *p)
{
    unsigned code = peek_code(p);
    uint16_t method = v->errand.ask.method;
    if (code == 438 || (code == 401 && !v->errand.pass)) {
        learn_nonce(v, w, p);
    } else if (method == STUN_ALLOCATE || code == 401 || code == 437 || code == 441) {
        go_away(v, w);
    } else if (method == STUN_CREATE_PERMISSION || method == STUN_CHANNEL_BIND ||
               method == STUN_CONNECT) {
        for (unsigned i = 0; i < v->contacts; i++) { /* others, then */
            for (int k = 0; k < v->errand.ask.peer_count; k++) {
                if (netaddr_is_equal(&v->contact[i].peer, &v->errand.ask.peer[k])) {
                    v->contact[i] = (struct visitor_contact){.peer = pick_peer(v, w)};
                }
            }
        }
    }
}

void visitor_receive(struct visitor *v, struct world *w, const struct path *path,
                     const uint8_t *bytes, size_t size)
{
    struct peek p;
    if (v->phase == VISITOR_AWAY || !path_is_equal(path, &v->path) || !peek_stun(bytes, size, &p)) {
        return;
    }
    if (p.class == PEEK_INDICATION && p.method == ATTEMPT_METHOD) {
        dial(v, w, peek_u32(&p, ATTR_CONNECTION, 0));
        return;
    }
    if (p.class < PEEK_SUCCESS || !v->is_waiting ||
        memcmp(bytes + 8, v->errand.ask.id, STUN_ID_SIZE) != 0) {
        return;
    }
    v->is_waiting = false;
    if (dice_chance(&w->dice, v->kind->repeats)) {
        transmit(&v->errand, w, &v->path);
    }
    if (p.class == PEEK_SUCCESS) {
        learn_success(v, w, &p);
    } else {
        learn_refusal(v, w, &p);
    }
}
