/* fuzz_connection — an engine under clients on connections and peers over TCP: any steps in any
 * order, any attributes, signed or not; its count of connections stays the host's. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include "engine/connect.h"
#include "engine/nonce.h"
#include "engine/peer_connection.h"
#include "relay/forward.h"
#include "support/arena.h"
#include "support/dice.h"
#include "support/digest.h"

#include <stdlib.h>
#include <string.h>

#define REALM "fuzz.example.org"

enum {
    CLIENTS = 6,
    CALLS = 16,
    ENDPOINTS = 32,
    IDS = 4,
    CAPACITY = 8,
    ATTRIBUTES_MAX = 160,
    WORKER = 3,
};

/* A connection between a relayed address and a peer. */
struct call {
    bool is_open;
    uint8_t state; /* enum peer_connection_state */
    uint32_t link;
    struct path client; /* that it is joined with */
};

struct scene {
    struct arena arena;
    struct dice dice;
    struct entropy entropy;
    struct keyring keyring;
    struct turn_host host;
    struct turn turn;
    struct now now;
    unsigned which; /* settings in force */
    struct path path[CLIENTS];
    bool is_open[CLIENTS];
    struct call call[CALLS];
    bool has_endpoint[ENDPOINTS];
    bool is_stream[ENDPOINTS];
    uint32_t id[IDS]; /* CONNECTION-IDs last told */
    unsigned ids;
    unsigned units; /* of quotas */
    bool is_cut_off, is_late;
};

static struct digest_evp digest;
static struct own own;
static struct policy_rule rule[1];
static struct settings settings[2]; /* that reloads alternate between */
static struct limiter limiter;

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* is_served — whether a path reaches the engine. */
static bool is_served(const struct scene *s, const struct path *path)
{
    for (int i = 0; i < CLIENTS; i++) {
        if (path_is_equal(&s->path[i], path)) {
            return s->is_open[i];
        }
    }
    return false;
}

static void lose(struct scene *s, const struct path *path)
{
    for (int i = 0; i < CLIENTS; i++) {
        s->is_open[i] = s->is_open[i] && !path_is_equal(&s->path[i], path);
    }
}

static void send(void *context, const struct path *to, const uint8_t *bytes, size_t size)
{
    struct scene *s = context;
    struct stun_message m;
    uint32_t id;
    insist(is_served(s, to) && size <= STUN_MESSAGE_MAX);
    insist(stun_message_parse(bytes, size, &m) == STUN_OK && m.class != STUN_REQUEST);
    if (stun_message_u32(&m, STUN_KNOWN_CONNECTION_ID, &id)) {
        insist(id >> PEER_CONNECTION_WORKER_SHIFT == WORKER);
        s->id[s->ids++ % IDS] = id;
    }
}

static enum turn_open_result open_endpoint(void *context, const struct turn_wish *wish,
                                           struct turn_endpoint *out)
{
    struct scene *s = context;
    insist(!wish->is_stream || path_is_stream(wish->path));
    for (uint32_t i = 0; i < 2 * CAPACITY; i++) {
        if (!s->has_endpoint[i]) {
            s->has_endpoint[i] = true;
            s->is_stream[i] = wish->is_stream;
            out->number = i;
            out->told = own.host[wish->family - 1].local;
            out->told.port = (uint16_t)(50000 + i);
            return TURN_OPENED;
        }
    }
    return TURN_NO_PORT;
}

static void close_endpoint(void *context, uint32_t endpoint)
{
    struct scene *s = context;
    insist(endpoint < ENDPOINTS && s->has_endpoint[endpoint]);
    s->has_endpoint[endpoint] = false;
}

static uint32_t free_call(const struct scene *s)
{
    uint32_t number = 0;
    while (number < CALLS && s->call[number].is_open) {
        number++;
    }
    return number;
}

static bool begin_call(void *context, uint32_t endpoint, const struct peer_addr *peer,
                       uint32_t link, uint32_t *number)
{
    struct scene *s = context;
    uint32_t at = free_call(s);
    insist(endpoint < ENDPOINTS && s->has_endpoint[endpoint] && s->is_stream[endpoint]);
    insist(peer->a.port != 0 && !netaddr_is_same_host(&peer->a, &own.host[0].local));
    if (at == CALLS || s->is_cut_off) {
        return false;
    }
    s->call[at] = (struct call){.is_open = true, .link = link};
    *number = at;
    return true;
}

static void disconnect(void *context, uint32_t number)
{
    struct scene *s = context;
    insist(number < CALLS && s->call[number].is_open);
    s->call[number].is_open = false;
}

static void join(void *context, const struct path *client, uint32_t number)
{
    struct scene *s = context;
    insist(number < CALLS && s->call[number].is_open);
    insist(path_is_stream(client) && is_served(s, client));
    insist(s->call[number].state == PEER_CONNECTION_WAITING);
    s->call[number].state = PEER_CONNECTION_JOINED;
    s->call[number].client = *client;
    lose(s, client);
}

static bool move(void *context, const struct path *client, unsigned worker)
{
    struct scene *s = context;
    insist(path_is_stream(client) && is_served(s, client));
    if (worker == WORKER || worker > 2 * WORKER) {
        return false;
    }
    lose(s, client);
    return true;
}

static enum turn_taken take(void *context, const struct turn_claim *claim)
{
    struct scene *s = context;
    (void)claim;
    s->units++;
    return TURN_TAKEN;
}

static void give(void *context, enum turn_account kind, uint64_t account)
{
    (void)kind;
    struct scene *s = context;
    (void)account;
    insist(s->units > 0);
    s->units--;
}

static void event(void *context, const struct turn_event *e)
{
    (void)context;
    (void)e;
}

static const struct stun_key key = {.bytes = "a key of sixteen", .size = DIGEST_MD5_SIZE};

/* find — everybody is known, by one key; late ones have to be fetched. */
static enum keyring_answer find(void *context, const struct keyring_query *query,
                                const struct digest *with, struct keyring_found *out)
{
    const struct scene *s = context;
    (void)with;
    if (s->is_late) {
        return KEYRING_LATER;
    }
    *out = (struct keyring_found){.count = 1, .name_size = query->name.size};
    out->entry[0].key = key;
    out->account_size = query->name.size;
    if (query->name.size > 0) {
        memcpy(out->name, query->name.bytes, query->name.size);
    }
    return KEYRING_FOUND;
}

/* prepare — what no input changes, made once. */
static void prepare(void)
{
    if (settings[0].realm_count > 0) {
        return;
    }
    digest_init(&digest);
    own = (struct own){.host_count = 2, .host = {{.local = netaddr_ipv4(0x05050505, 0)}}};
    insist(netaddr_parse("2a02::5", &own.host[1].local));
    insist(prefix_parse("20.0.0.0/31", &rule[0].prefix));
    for (int i = 0; i < 2; i++) {
        struct settings *t = &settings[i];
        *t = (struct settings){
            .own = &own, .nonce_lifetime = 3600, .channel_last = CHANNEL_MAX, .icmp = true};
        t->realm_count = 1;
        t->relays_tcp = i == 0;
        t->realm[0] = (struct settings_realm){
            .name = REALM,
            .name_size = sizeof(REALM) - 1,
            .grace = 60,
            .lifetime = 600,
            .max_lifetime = 3600,
            .permission_lifetime = 300,
            .channel_lifetime = 600,
            .permissions_max = 3,
            .channels_max = 4,
        };
        policy_init(&t->realm[0].policy, &own, rule, i); /* the second denies some */
    }
}

/* open_path — a fresh connection, or for the last client none at all. */
static void open_path(struct scene *s, int i)
{
    static const uint8_t kinds[CLIENTS] = {PATH_TCP, PATH_TCP,  PATH_TLS,
                                           PATH_TCP, PATH_DTLS, PATH_UDP};
    uint16_t generation = (uint16_t)(s->path[i].generation + 1);
    s->path[i] = (struct path){.kind = kinds[i]};
    s->path[i].client.a = netaddr_ipv4(0x0b000001 + (uint32_t)i / 2, 4000);
    if (path_is_connection(&s->path[i])) {
        s->path[i].connection = (uint32_t)i + 1;
        s->path[i].generation = generation;
    }
    s->is_open[i] = true;
}

static void set_up(struct scene *s)
{
    arena_init(&s->arena);
    s->entropy = dice_entropy(&s->dice);
    s->keyring = (struct keyring){s, find};
    s->now = (struct now){{1000 * MONO_SECOND}, {1700000000}};
    s->host = (struct turn_host){
        .context = s,
        .send = send,
        .open = open_endpoint,
        .close = close_endpoint,
        .connect = begin_call,
        .disconnect = disconnect,
        .join = join,
        .move = move,
        .take = take,
        .give = give,
        .event = event,
        .memory = &s->arena.memory,
        .entropy = &s->entropy,
        .digest = &digest.digest,
        .keyring = &s->keyring,
        .limiter = &limiter,
        .worker = WORKER,
        .capacity = CAPACITY,
    };
    for (uint32_t i = 0; i < 2; i++) {
        settings[i].generation = i + 1;
    }
    insist(turn_init(&s->turn, &s->host, &settings[0], s->now));
    for (int i = 0; i < CLIENTS; i++) {
        open_path(s, i);
    }
}

/* receive — bytes from a client, if it has a connection: as far as a worker would bring them. */
static void receive(struct scene *s, const struct path *path, const uint8_t *bytes, size_t size)
{
    struct packet p = {.size = (uint32_t)size, .path = *path};
    uint8_t *buffer = malloc(PACKET_HEADROOM + size + PACKET_TAILROOM);
    insist(buffer != NULL);
    p.bytes = buffer + PACKET_HEADROOM;
    if (size > 0) {
        memcpy(p.bytes, bytes, size);
    }
    forward_prepare_client(&s->turn.flows, &p, 1);
    struct verdict v = forward_from_client(&s->turn.flows, &p, s->now.mono);
    for (int i = 0; v.kind == FORWARD_RECHECK && i < 3; i++) {
        turn_recheck(&s->turn, v.permit);
        v = forward_from_client(&s->turn.flows, &p, s->now.mono);
    }
    if (v.kind == FORWARD_TO_PEER) {
        insist(s->has_endpoint[v.endpoint] && !s->is_stream[v.endpoint]);
    } else if (v.kind == FORWARD_CONTROL) {
        turn_receive(&s->turn, path, (struct span){p.bytes, p.size}, s->now);
    }
    free(buffer);
}

static void put_credentials(struct scene *s, struct stun_build *b, const struct path *path,
                            unsigned user)
{
    static const char *const users[] = {"alice", "bob", "a name of more than one cache line, long"};
    char nonce[NONCE_SIZE];
    nonce_make(&s->host.nonce_key, &path->client.a, s->now.wall, NONCE_ALGORITHMS, nonce);
    stun_build_bytes(b, STUN_ATTR_USERNAME, span_of_text(users[user % 3]));
    stun_build_bytes(b, STUN_ATTR_REALM, span_of_text(REALM));
    stun_build_bytes(b, STUN_ATTR_NONCE, (struct span){(const uint8_t *)nonce, sizeof(nonce)});
    stun_integrity_sign(b, &digest.digest, STUN_INTEGRITY_SHA1, &key);
}

/* put_raw — attributes as the input has them: type, length, value. */
static void put_raw(struct stun_build *b, struct span raw)
{
    struct reader r = reader_init(raw.bytes, raw.size);
    while (r.left >= 3) {
        uint16_t type = reader_u16(&r);
        size_t size = reader_u8(&r);
        size = size < r.left ? size : r.left;
        stun_build_bytes(b, type, (struct span){reader_bytes(&r, size), size});
    }
}

/* request — a request by some client: `flags` say what it has beside what the input says. */
static void request(struct scene *s, struct reader *r)
{
    static const uint16_t methods[] = {STUN_ALLOCATE,     STUN_REFRESH, STUN_CREATE_PERMISSION,
                                       STUN_CHANNEL_BIND, STUN_CONNECT, STUN_CONNECTION_BIND,
                                       STUN_BINDING,      STUN_SEND};
    enum { SIGNED = 1, TRANSPORT = 2, PEER = 4, ID = 8, INDICATION = 16 };
    uint8_t bytes[1024];
    uint8_t who = reader_u8(r);
    uint8_t flags = reader_u8(r);
    uint8_t what = reader_u8(r);
    size_t size = reader_u8(r) % ATTRIBUTES_MAX;
    size = size < r->left ? size : r->left;
    struct span raw = {reader_bytes(r, size), size};
    const struct path *path = &s->path[who % CLIENTS];
    uint8_t id[STUN_ID_SIZE] = {flags, what, who};
    struct stun_build b = stun_build_begin(
        bytes, sizeof(bytes), (flags & INDICATION) != 0 ? STUN_INDICATION : STUN_REQUEST,
        methods[what % 8], (struct span){id, sizeof(id)});
    if ((flags & TRANSPORT) != 0) {
        stun_build_u32(&b, STUN_ATTR_REQUESTED_TRANSPORT, (what & 8 ? 17u : 6u) << 24);
    }
    if ((flags & PEER) != 0) {
        struct netaddr peer = netaddr_ipv4(0x14000000 + what / 16 % 4, 80);
        stun_build_address(&b, STUN_ATTR_XOR_PEER_ADDRESS, &peer);
    }
    if ((flags & ID) != 0) {
        stun_build_u32(&b, STUN_ATTR_CONNECTION_ID, s->id[flags / 32 % IDS]);
    }
    put_raw(&b, raw);
    if ((flags & SIGNED) != 0) {
        put_credentials(s, &b, path, who / CLIENTS);
    }
    size = stun_build_end(&b);
    if (size > 0 && s->is_open[who % CLIENTS]) {
        receive(s, path, bytes, size);
    }
}

/* anything — bytes as they are, on some connection. */
static void anything(struct scene *s, struct reader *r)
{
    uint8_t who = reader_u8(r);
    size_t size = reader_u8(r);
    size = size < r->left ? size : r->left;
    const uint8_t *bytes = reader_bytes(r, size);
    if (s->is_open[who % CLIENTS]) {
        receive(s, &s->path[who % CLIENTS], bytes, size);
    }
}

/* leave — the peer's end of a call is gone. */
static void leave(struct scene *s, struct call *c)
{
    struct call was = *c;
    c->is_open = false;
    if (was.state == PEER_CONNECTION_CONNECTING) {
        connect_finish(&s->turn, was.link, false, s->now);
    } else {
        peer_connection_forget(&s->turn, was.link);
    }
    if (was.state == PEER_CONNECTION_JOINED) {
        turn_disconnected(&s->turn, &was.client, s->now);
    }
}

/* move_call — something happens to a connection with a peer. */
static void move_call(struct scene *s, struct reader *r)
{
    struct call *c = &s->call[reader_u8(r) % CALLS];
    bool is_made = (reader_u8(r) & 1) != 0;
    if (c->is_open && c->state == PEER_CONNECTION_CONNECTING && is_made) {
        c->state = PEER_CONNECTION_WAITING;
        connect_finish(&s->turn, c->link, true, s->now);
    } else if (c->is_open) {
        leave(s, c);
    }
}

/* arrive — a peer connects to an endpoint. */
static void arrive(struct scene *s, struct reader *r)
{
    uint8_t endpoint = reader_u8(r) % ENDPOINTS;
    uint8_t host = reader_u8(r);
    struct peer_addr from = {netaddr_ipv4(0x14000000 + host % 4, (uint16_t)(1000 + host / 4))};
    uint32_t number = free_call(s);
    if (host % 16 == 15) {
        from.a = own.host[0].local;
        from.a.port = 50000;
    }
    if (number == CALLS || !s->has_endpoint[endpoint] || !s->is_stream[endpoint]) {
        return;
    }
    struct call *c = &s->call[number];
    *c = (struct call){.is_open = true, .state = PEER_CONNECTION_WAITING};
    c->link = connect_attempt(&s->turn, endpoint, &from, number, s->now);
    c->is_open = c->link != PEER_CONNECTION_NONE;
}

/* hang_up — a client's connection ends, and another begins. */
static void hang_up(struct scene *s, struct reader *r)
{
    int i = reader_u8(r) % CLIENTS;
    const struct path path = s->path[i];
    if (path_is_connection(&path)) {
        turn_disconnected(&s->turn, &path, s->now);
        for (int k = 0; k < CALLS; k++) {
            struct call *c = &s->call[k];
            if (c->is_open && c->state == PEER_CONNECTION_JOINED &&
                path_is_equal(&c->client, &path)) {
                c->is_open = false;
                peer_connection_forget(&s->turn, c->link);
            }
        }
        open_path(s, i);
    }
}

static void pass_time(struct scene *s, struct reader *r)
{
    uint8_t steps = reader_u8(r);
    s->now.mono = mono_add_s(s->now.mono, steps);
    s->now.wall.s += steps;
    if ((steps & 1) != 0) { /* what holds must not depend on ticks */
        (void)turn_tick(&s->turn, s->now);
    }
}

static void turn_world(struct scene *s, struct reader *r)
{
    switch (reader_u8(r) % 6) {
    case 0:
        s->which ^= 1;
        settings[s->which].generation += 2;
        turn_reload(&s->turn, &settings[s->which]);
        break;
    case 1:
        s->arena.is_short = !s->arena.is_short;
        break;
    case 2:
        s->is_cut_off = !s->is_cut_off;
        break;
    case 3:
        s->is_late = !s->is_late;
        break;
    case 4:
        turn_key_arrived(&s->turn, 0, span_of_text("alice"), s->now);
        break;
    default:
        turn_drain(&s->turn);
        break;
    }
}

/* compare — the engine's connections are the host's. */
static void compare(const struct scene *s)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < CALLS; i++) {
        const struct call *c = &s->call[i];
        if (c->is_open) {
            const struct peer_connection *p = peer_connection_at(&s->turn, c->link);
            insist((p->link.generation & 1) != 0 && p->number == i && p->state == c->state);
            insist(peer_connection_of(&s->turn, p->id) == c->link);
            open++;
        }
    }
    insist(open == s->turn.peers.live && open == s->turn.peer_by_id.entries);
    insist(s->units == 3 * turn_live(&s->turn));
}

static void finish(struct scene *s)
{
    turn_end_all(&s->turn, TURN_REASON_SHUTDOWN, s->now);
    compare(s);
    insist(s->turn.peers.live == 0 && s->units == 0);
    for (int i = 0; i < ENDPOINTS; i++) {
        insist(!s->has_endpoint[i]);
    }
    turn_fini(&s->turn);
    insist(s->arena.runs == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static void (*const steps[])(struct scene * s, struct reader * r) = {
        request, request, request, anything, move_call, arrive, hang_up, pass_time, turn_world};
    enum { STEPS = sizeof(steps) / sizeof(steps[0]), SIZE_MAX_TRIED = 4096 };
    struct scene *s = calloc(1, sizeof(*s));
    struct reader r = reader_init(bytes, size < SIZE_MAX_TRIED ? size : SIZE_MAX_TRIED);
    insist(s != NULL);
    prepare();
    set_up(s);
    while (r.left > 0) {
        steps[reader_u8(&r) % STEPS](s, &r);
        compare(s);
    }
    finish(s);
    free(s);
    return 0;
}
