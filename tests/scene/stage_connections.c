/* stage_connections — TCP, TLS and DTLS in the scene world: clients' connections, and those between
 * relayed addresses and peers, as net has them. */
/* SPDX-License-Identifier: MIT */
#include "scene/stage.h"

#include "engine/connect.h"

#include <stdlib.h>

static const struct span no_bytes;

void stage_connections_open(struct stage *s, struct path *path)
{
    uint32_t slot = path->connection;
    if (slot == 0) {
        for (slot = 1; slot < STAGE_CLIENTS_MAX && s->client[slot].generation != 0;) {
            slot++;
        }
    }
    if (slot == STAGE_CLIENTS_MAX) {
        abort();
    }
    s->client[slot].is_open = true;
    path->connection = slot;
    path->generation = ++s->client[slot].generation;
}

bool stage_connections_has(const struct stage *s, const struct path *path)
{
    return !path_is_connection(path) ||
           (path->connection < STAGE_CLIENTS_MAX && s->client[path->connection].is_open &&
            s->client[path->connection].generation == path->generation);
}

/* hang_up — forget a connection with a peer; the engine's part is the caller's. */
static void hang_up(struct stage *s, uint32_t number)
{
    s->call[number].state = STAGE_CALL_NONE;
}

void stage_connections_close(struct stage *s, const struct path *path)
{
    s->client[path->connection].is_open = false;
    if (!s->is_started) {
        return;
    }
    turn_disconnected(s->turn, path, s->now);
    for (uint32_t i = 0; i < STAGE_CALLS_MAX; i++) {
        struct stage_call *c = &s->call[i];
        if (c->state == STAGE_CALL_JOINED && path_is_equal(&c->client, path)) {
            peer_connection_forget(s->turn, c->link);
            hang_up(s, i);
        }
    }
}

/* add — a connection with a peer; UINT32_MAX when the host can have no more. */
static uint32_t add(struct stage *s, uint32_t endpoint, const struct peer_addr *peer)
{
    uint32_t number = 0;
    while (number < STAGE_CALLS_MAX && s->call[number].state != STAGE_CALL_NONE) {
        number++;
    }
    if (number == STAGE_CALLS_MAX) {
        return UINT32_MAX;
    }
    s->call[number] = (struct stage_call){
        .state = STAGE_CALL_BEGUN,
        .endpoint = endpoint,
        .peer = *peer,
        .until = mono_add_s(s->now.mono, STAGE_CALL_TIME),
    };
    return number;
}

static struct stage_heard *note(struct stage *s, enum stage_deed deed, uint32_t number)
{
    struct stage_heard *h = stage_hear(s, deed, no_bytes);
    h->number = number;
    h->peer = s->call[number].peer;
    h->endpoint = s->call[number].endpoint;
    h->local = s->endpoint[h->endpoint].local;
    return h;
}

bool stage_connections_connect(void *context, uint32_t endpoint, const struct peer_addr *peer,
                               uint32_t link, uint32_t *number)
{
    struct stage *s = context;
    if (endpoint >= STAGE_ENDPOINTS_MAX || !s->endpoint[endpoint].is_open ||
        !s->endpoint[endpoint].is_stream) {
        s->broken = "a connection from what is no relayed address of TCP";
        return false;
    }
    uint32_t added = s->is_cut_off ? UINT32_MAX : add(s, endpoint, peer);
    if (added == UINT32_MAX) {
        return false;
    }
    *number = added;
    s->call[added].link = link;
    (void)note(s, STAGE_DEED_CONNECTS, added);
    return true;
}

void stage_connections_disconnect(void *context, uint32_t number)
{
    struct stage *s = context;
    if (number >= STAGE_CALLS_MAX || s->call[number].state == STAGE_CALL_NONE) {
        s->broken = "a peer connection is closed twice";
        return;
    }
    (void)note(s, STAGE_DEED_DISCONNECTS, number);
    hang_up(s, number);
}

/* has_answered — whether the last thing that left was the engine's along this path: what follows
 * is the peer's. */
static bool has_answered(const struct stage *s, const struct path *path)
{
    const struct stage_heard *last = &s->heard[s->heard_count - 1];
    return s->heard_count > 0 && last->is_from_engine && path_is_equal(&last->path, path);
}

void stage_connections_join(void *context, const struct path *client, uint32_t number)
{
    struct stage *s = context;
    if (number >= STAGE_CALLS_MAX || s->call[number].state != STAGE_CALL_MADE ||
        !path_is_stream(client) || !stage_connections_has(s, client) || !has_answered(s, client)) {
        s->broken = "two connections are joined that cannot be";
        return;
    }
    note(s, STAGE_DEED_JOINS, number)->path = *client;
    s->call[number].state = STAGE_CALL_JOINED;
    s->call[number].client = *client;
    s->client[client->connection].is_open = false;
}

bool stage_connections_move(void *context, const struct path *client, unsigned worker)
{
    struct stage *s = context;
    if (!path_is_stream(client) || !stage_connections_has(s, client)) {
        s->broken = "a connection is moved that cannot be";
    }
    if (worker == STAGE_WORKER || worker >= s->config.workers) {
        return false;
    }
    struct stage_heard *h = stage_hear(s, STAGE_DEED_MOVES, no_bytes);
    h->path = *client;
    h->number = worker;
    s->client[client->connection].is_open = false;
    return true;
}

uint32_t stage_connections_find(const struct stage *s, uint32_t endpoint,
                                const struct netaddr *peer)
{
    for (uint32_t i = 0; i < STAGE_CALLS_MAX; i++) {
        const struct stage_call *c = &s->call[i];
        if (c->state != STAGE_CALL_NONE && c->endpoint == endpoint &&
            netaddr_is_equal(&c->peer.a, peer)) {
            return i;
        }
    }
    return UINT32_MAX;
}

void stage_connections_made(struct stage *s, uint32_t number, bool is_connected)
{
    struct stage_call *c = &s->call[number];
    if (c->state != STAGE_CALL_BEGUN) {
        return;
    }
    if (is_connected) {
        c->state = STAGE_CALL_MADE;
        c->until = mono_add_s(s->now.mono, STAGE_CALL_TIME);
    } else {
        hang_up(s, number);
    }
    connect_finish(s->turn, c->link, is_connected, s->now);
}

void stage_connections_call(struct stage *s, uint32_t endpoint, const struct netaddr *peer)
{
    struct peer_addr from = {*peer};
    uint32_t number = add(s, endpoint, &from);
    if (number == UINT32_MAX) {
        abort();
    }
    struct stage_call *c = &s->call[number];
    c->state = STAGE_CALL_MADE;
    c->link = connect_attempt(s->turn, endpoint, &from, number, s->now);
    if (c->link == PEER_CONNECTION_NONE) {
        (void)note(s, STAGE_DEED_REFUSES, number);
        hang_up(s, number);
    }
}

void stage_connections_leave(struct stage *s, uint32_t number)
{
    const struct stage_call c = s->call[number];
    if (c.state == STAGE_CALL_BEGUN) {
        stage_connections_made(s, number, false);
        return;
    }
    hang_up(s, number);
    peer_connection_forget(s->turn, c.link);
    if (c.state == STAGE_CALL_JOINED) {
        turn_disconnected(s->turn, &c.client, s->now);
    }
}

struct mono stage_connections_next(const struct stage *s)
{
    struct mono next = {0};
    for (uint32_t i = 0; i < STAGE_CALLS_MAX; i++) {
        const struct stage_call *c = &s->call[i];
        bool waits = c->state == STAGE_CALL_BEGUN || c->state == STAGE_CALL_MADE;
        if (waits && (next.ns == 0 || mono_is_before(c->until, next))) {
            next = c->until;
        }
    }
    return next;
}

void stage_connections_expire(struct stage *s)
{
    for (uint32_t i = 0; i < STAGE_CALLS_MAX; i++) {
        const struct stage_call *c = &s->call[i];
        bool waits = c->state == STAGE_CALL_BEGUN || c->state == STAGE_CALL_MADE;
        if (waits && !mono_is_before(s->now.mono, c->until)) {
            stage_connections_leave(s, i);
        }
    }
}
