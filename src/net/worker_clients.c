/* worker_clients — the connections a worker serves, from accept to the end of each. */
/* SPDX-License-Identifier: MIT */
#include "net/worker_clients.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/prefix.h"
#include "engine/connect.h"
#include "net/acceptor.h"
#include "net/opening.h"
#include "net/worker_traffic.h"

enum {
    ACCEPTS_PER_TURN = 32,
    READS_PER_TURN = 4,
    SOURCE_BITS_IPV4 = 32, /* of an address that connections are counted by */
    SOURCE_BITS_IPV6 = 64,
    FIRST_LETTER = 0x40, /* no first message begins with it or above, but words of HTTP do */
    MISSED_EVERY = 60,   /* seconds between two words on plain STUN at a port for TLS */
};

static void dtls_out(void *context, const struct path *to, const uint8_t *bytes, size_t size,
                     uint8_t tos, bool is_data)
{
    worker_traffic_file_sealed(context, to, bytes, size, tos, is_data);
}

bool worker_clients_init(struct worker *w)
{
    const struct turn_host *h = &w->host;
    struct dtls_exit exit = {w, dtls_out};
    return connection_set_init(&w->connections, h->memory, w->shared->connections, w->now.mono) &&
           stream_init(&w->stream) && (w->spare = acceptor_spare()) >= 0 &&
           dtls_init(&w->dtls, &w->connections, h->memory, h->entropy, h->digest,
                     w->shared->cookie_key, exit, w->shared->connections);
}

void worker_clients_fini(struct worker *w)
{
    connection_set_fini(&w->connections);
    close(w->spare);
    stream_fini(&w->stream);
    dtls_fini(&w->dtls);
}

static const struct listener_rules *rules_of(const struct worker *w, const struct connection *c)
{
    return &w->view.listeners[c->path.listener];
}

/* take_source — count a connection from an address; false when that has too many. *account becomes
 * what it is counted under; 0 without a limit. */
static bool take_source(struct worker *w, const struct netaddr *a, uint32_t limit,
                        uint64_t *account)
{
    *account = 0;
    if (limit == 0) {
        return true;
    }
    struct prefix source =
        prefix_of(a, a->family == NETADDR_IPV4 ? SOURCE_BITS_IPV4 : SOURCE_BITS_IPV6);
    struct siphash_key key = w->shared->account_key;
    key.word[0] = ~key.word[0]; /* apart from the users' accounts */
    *account = siphash(&key, source.first.ip, sizeof(source.first.ip)) | 1;
    if (!quota_take(&w->shared->quota, *account, limit)) {
        *account = 0;
        w->clients.refused_limit++;
        return false;
    }
    return true;
}

/* drop — end a connection, and what hangs on it: the client's allocation, the other end. */
static void drop(struct worker *w, struct connection *c, bool is_reset)
{
    struct connection *other =
        c->other == CONNECTION_NONE ? NULL : connection_at(&w->connections, c->other);
    atomic_fetch_add_explicit(&w->shared->ended, 1, memory_order_relaxed);
    if (c->source != 0) {
        quota_give(&w->shared->quota, c->source);
    }
    if (!c->is_peer && path_is_connection(&c->path)) {
        turn_disconnected(&w->turn, &c->path, w->now);
    }
    if (c->link_number != PEER_CONNECTION_NONE && c->state == CONNECTION_CONNECTING) {
        connect_finish(&w->turn, c->link_number, false, w->now);
    } else if (c->link_number != PEER_CONNECTION_NONE) {
        peer_connection_forget(&w->turn, c->link_number);
    }
    if (path_is_connection(&c->path) && c->path.kind == PATH_DTLS) {
        dtls_close(&w->dtls, c, is_reset);
    } else {
        connection_close(&w->connections, c, is_reset);
    }
    if (other) {
        drop(w, other, is_reset);
    }
}

void worker_clients_end(struct worker *w, struct connection *c)
{
    drop(w, c, false);
}

/* finish — end a client's connection once what is unsent has gone out. */
static void finish(struct worker *w, struct connection *c)
{
    turn_disconnected(&w->turn, &c->path, w->now);
    if (c->out.size == 0 || c->is_broken) {
        drop(w, c, false);
    } else {
        connection_go(&w->connections, c, CONNECTION_ENDING, w->now.mono);
    }
}

/* admit — a connection that was accepted. */
static void admit(struct worker *w, uint16_t number, const struct acceptor_taken *taken)
{
    const struct listener_rules *rules = &w->view.listeners[number];
    struct listener_local local = {.address = taken->local, .scope = taken->scope};
    struct connection *c =
        connection_open(&w->connections, taken->fd, CONNECTION_OPENING, w->now.mono);
    if (!c) {
        close(taken->fd);
        return;
    }
    c->path = (struct path){.listener = number, .client = {taken->from}};
    c->awaits_proxy = opening_is_proxy(rules, &taken->from);
    w->clients.accepted++;
    if (!listener_local_number(&w->listeners, &local, &c->path.local) ||
        (!c->awaits_proxy && !take_source(w, &c->path.client.a, rules->per_address, &c->source))) {
        drop(w, c, true);
    }
}

bool worker_clients_accept(struct worker *w, uint16_t number, int fd)
{
    struct acceptor_taken taken;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int error = acceptor_take(fd, &taken);
        if (error != 0) {
            return error == -EAGAIN;
        }
        admit(w, number, &taken);
    }
    return true;
}

/* to_web — join a client with the web server behind its listener. */
static void to_web(struct worker *w, struct connection *c)
{
    static const struct netaddr anywhere;
    struct connection *web =
        splice_connect(&w->connections, &anywhere, &rules_of(w, c)->fallback, w->now.mono);
    if (!web) {
        drop(w, c, true);
        return;
    }
    w->clients.to_web++;
    c->path.kind = PATH_NONE; /* no client of ours any more */
    splice_join(&w->connections, c, web, w->now.mono);
}

static void shake_hands(struct worker *w, struct connection *c)
{
    enum tls_result result = tls_handshake(c->tls);
    c->wants_write = result == TLS_WANT_WRITE;
    if (result == TLS_WANT_READ || result == TLS_WANT_WRITE) {
        connection_watch(&w->connections, c);
        return;
    }
    if (result != TLS_DONE) {
        w->clients.handshakes_failed++;
        drop(w, c, false);
        return;
    }
    w->clients.handshakes++;
    if (tls_speaks_http(c->tls)) {
        to_web(w, c);
        return;
    }
    connection_go(&w->connections, c, CONNECTION_FRAMES, w->now.mono);
    connection_put_again(&w->connections, c); /* TLS may have read on */
}

static void begin_tls(struct worker *w, struct connection *c)
{
    const struct listener_rules *rules = rules_of(w, c);
    bool has_web = rules->fallback.family != NETADDR_NONE;
    c->tls = tls_accept(rules->tls, c->fd, has_web);
    if (!c->tls) {
        drop(w, c, true);
        return;
    }
    c->path.kind = PATH_TLS;
    c->may_be_web = has_web;
    connection_name(&w->connections, c);
    connection_go(&w->connections, c, CONNECTION_HANDSHAKE, c->since);
    shake_hands(w, c);
}

static void begin_plain(struct worker *w, struct connection *c)
{
    c->path.kind = PATH_TCP;
    connection_name(&w->connections, c);
    connection_go(&w->connections, c, CONNECTION_FRAMES, c->since);
}

/* say_missed — libnice and Janus mean plain STUN when they say TLS: tell what to do about it. */
static void say_missed(struct worker *w, const struct connection *c)
{
    struct log_line line;
    if (w->clients.missed++ > 0 &&
        mono_is_before(w->now.mono, mono_add_s(w->clients.missed_said, MISSED_EVERY))) {
        return;
    }
    w->clients.missed_said = w->now.mono;
    log_line_begin(&line, LOG_LEVEL_WARN, "plain_stun_on_tls_port");
    log_line_addr(&line, "client", &c->path.client.a);
    log_line_string(&line, "why",
                    "refused; if clients cannot do better, set plain = \"yes\" for "
                    "this listener");
    log_put(w->log, &line);
}

/* look — at the first bytes of a connection. Returns true when that was a handshake step. */
static bool look(struct worker *w, struct connection *c)
{
    const struct listener_rules *rules = rules_of(w, c);
    bool awaited_proxy = c->awaits_proxy;
    enum opening_verdict verdict = opening_look(rules, c, w->scratch);
    if (awaited_proxy && !c->awaits_proxy &&
        !take_source(w, &c->path.client.a, rules->per_address, &c->source)) {
        drop(w, c, true);
        return false;
    }
    switch (verdict) {
    case OPENING_WAIT:
        return false;
    case OPENING_PLAIN:
        begin_plain(w, c);
        return false;
    case OPENING_SECURE:
        begin_tls(w, c);
        return true;
    case OPENING_WEB:
        to_web(w, c);
        return false;
    case OPENING_MISSED:
        say_missed(w, c);
        break;
    case OPENING_REFUSED:
        w->clients.refused_bytes++;
        break;
    case OPENING_GONE:
        break;
    }
    drop(w, c, true);
    return false;
}

void worker_clients_open(struct worker *w)
{
    struct epoll_event ready[CONNECTION_READY_MAX];
    int steps = 0;
    int count = epoll_wait(w->connections.handshakes, ready, CONNECTION_READY_MAX, 0);
    for (int i = 0; i < count; i++) {
        struct connection *c = connection_of_event(&w->connections, &ready[i]);
        if (!c || steps == CONNECTION_HANDSHAKES_MAX) {
            continue; /* it stays ready */
        }
        if (c->state == CONNECTION_HANDSHAKE) {
            shake_hands(w, c);
            steps++;
        } else {
            steps += look(w, c) ? 1 : 0;
        }
    }
}

/* is_web — whether what a client says first is HTTP rather than STUN. */
static bool is_web(struct connection *c, const struct stream *s)
{
    bool is_first = c->may_be_web && s->left > 0;
    c->may_be_web = c->may_be_web && !is_first;
    return is_first && s->at[0] >= FIRST_LETTER;
}

/* handle_input — the whole messages in the input. Returns false when the connection is no longer
 * one of messages. */
static bool handle_input(struct worker *w, struct connection *c)
{
    struct packet packets[BATCH_SIZE];
    size_t count;
    while (!c->is_waiting && (count = stream_cut(&w->stream, c, packets, BATCH_SIZE)) > 0) {
        c->heard = w->now.mono;
        worker_traffic_from_clients(w, packets, count);
        c->is_waiting = turn_is_waiting(&w->turn, &c->path);
        if (c->mover != 0) {
            stream_return(&w->stream); /* the other worker answers it */
        }
        if (c->state != CONNECTION_FRAMES || c->is_broken || c->mover != 0) {
            return false;
        }
    }
    return true;
}

/* A connection on its way to another worker. */
struct moved {
    struct inbox_node node; /* first */
    struct connection what;
    struct listener_local local; /* workers number their addresses each for itself */
};

/* settle_in — take over a connection that another worker has moved here. */
static void settle_in(struct inbox_node *node, void *reader)
{
    struct moved *m = (struct moved *)node;
    struct worker *w = reader;
    struct connection *c =
        connection_open(&w->connections, m->what.fd, CONNECTION_FRAMES, w->now.mono);
    bool is_known = listener_local_number(&w->listeners, &m->local, &m->what.path.local);
    if (c) {
        connection_adopt(&w->connections, c, &m->what);
        connection_put_again(&w->connections, c);
    } else {
        connection_scrap(&m->what);
        if (m->what.source != 0) {
            quota_give(&w->shared->quota, m->what.source);
        }
    }
    if (c && (w->is_stopping || !is_known)) {
        drop(w, c, true);
    }
    free(m);
}

/* move — hand a connection over to the worker that is to serve it. */
static void move(struct worker *w, struct connection *c)
{
    struct worker *to = w->shared->worker[c->mover - 1];
    struct moved *m = malloc(sizeof(*m));
    if (!m) {
        drop(w, c, true);
        return;
    }
    m->node.run = settle_in;
    m->local = w->listeners.local[c->path.local];
    connection_release(&w->connections, c, &m->what);
    inbox_put(&to->inbox, &m->node);
}

/* serve_frames — read a client's messages, and have them handled. */
static void serve_frames(struct worker *w, struct connection *c)
{
    for (int i = 0; i < READS_PER_TURN && !c->is_held && !c->is_waiting; i++) {
        enum connection_io io = stream_read(&w->stream, c);
        if (is_web(c, &w->stream)) {
            if (stream_keep(&w->stream, c)) {
                to_web(w, c);
            } else {
                drop(w, c, true);
            }
            return;
        }
        bool is_whole = handle_input(w, c);
        if (c->is_broken || io == CONNECTION_FAILED || !stream_keep(&w->stream, c)) {
            drop(w, c, io == CONNECTION_FAILED);
            return;
        }
        if (c->mover != 0) {
            move(w, c);
        }
        if (!is_whole) {
            return; /* joined with a peer: splice goes on */
        }
        if (w->stream.is_bad || io == CONNECTION_END) {
            w->clients.refused_bytes += w->stream.is_bad ? 1 : 0;
            finish(w, c);
            return;
        }
        if (io == CONNECTION_WAIT) {
            connection_watch(&w->connections, c);
            return;
        }
    }
    connection_watch(&w->connections, c);
    if (!c->is_held && !c->is_waiting) {
        connection_put_again(&w->connections, c);
    }
}

static void serve_ending(struct worker *w, struct connection *c)
{
    if (c->out.size == 0) {
        drop(w, c, false);
    }
}

static void serve_connecting(struct worker *w, struct connection *c)
{
    bool is_ours =
        c->link_number != PEER_CONNECTION_NONE; /* a client asked for it, and will join it */
    if (!splice_is_connected(c) || (!is_ours && c->other == CONNECTION_NONE)) {
        drop(w, c, false);
        return;
    }
    if (is_ours) {
        connection_go(&w->connections, c, CONNECTION_WAITING, w->now.mono);
        connect_finish(&w->turn, c->link_number, true, w->now);
        return;
    }
    connection_go(&w->connections, c, CONNECTION_JOINED, w->now.mono);
    connection_put_again(&w->connections, c);
}

/* count_passed — what went through a client's and a peer's connection, for the session's record. */
static void count_passed(struct worker *w, struct connection *c)
{
    if (c->other == CONNECTION_NONE) {
        return;
    }
    struct connection *other = connection_at(&w->connections, c->other);
    struct connection *peer = c->is_peer ? c : other;
    struct connection *client = c->is_peer ? other : c;
    if (peer->link_number != PEER_CONNECTION_NONE) {
        connect_passed(&w->turn, peer->link_number, client->passed, peer->passed);
    }
    peer->passed = 0;
    client->passed = 0;
}

static void serve_joined(struct worker *w, struct connection *c)
{
    bool goes_on = splice_move(&w->connections, c, w->scratch, w->now.mono);
    count_passed(w, c);
    if (!goes_on) {
        drop(w, c, false);
    }
}

/* serve — one connection that is ready. */
static void serve(struct worker *w, struct connection *c, uint32_t events)
{
    if (c->is_broken || (events & EPOLLERR && c->state != CONNECTION_CONNECTING)) {
        drop(w, c, true);
        return;
    }
    if (c->fd < 0) {
        if (c->is_ended) {
            drop(w, c, true);
        }
        return;
    }
    bool was_held = c->is_held || c->is_waiting;
    c->is_waiting = c->is_waiting && turn_is_waiting(&w->turn, &c->path);
    if (events & EPOLLOUT && c->state != CONNECTION_CONNECTING) {
        if (connection_flush(c, w->now.mono) == CONNECTION_FAILED) {
            drop(w, c, true);
            return;
        }
        connection_watch(&w->connections, c);
    }
    bool may_read = events & (EPOLLIN | EPOLLHUP) || c->wants_write ||
                    (was_held && !c->is_held && !c->is_waiting);
    switch (c->state) {
    case CONNECTION_FRAMES:
        if (may_read) {
            serve_frames(w, c);
        }
        break;
    case CONNECTION_CONNECTING:
        if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
            serve_connecting(w, c);
        }
        break;
    case CONNECTION_JOINED:
        serve_joined(w, c);
        break;
    case CONNECTION_ENDING:
        serve_ending(w, c);
        break;
    default:
        break;
    }
}

void worker_clients_serve(struct worker *w)
{
    struct epoll_event ready[CONNECTION_READY_MAX];
    struct handle put_off[CONNECTION_READY_MAX];
    size_t waiting = 0;
    struct connection *c;
    int count = epoll_wait(w->connections.epoll, ready, CONNECTION_READY_MAX, 0);
    while (waiting < CONNECTION_READY_MAX && (c = connection_take_again(&w->connections))) {
        put_off[waiting++] =
            slab_handle(&w->connections.slab, connection_number(&w->connections, c));
    }
    for (int i = 0; i < count; i++) {
        c = connection_of_event(&w->connections, &ready[i]);
        if (c) {
            serve(w, c, ready[i].events);
        }
    }
    for (size_t i = 0; i < waiting; i++) {
        c = slab_get(&w->connections.slab, put_off[i]);
        if (c) {
            serve(w, c, EPOLLIN);
        }
    }
}

/* open_session — for a client that has returned its cookie, if its address may have one more: that
 * is asked before a signature is made for it. */
static struct connection *open_session(struct worker *w, const struct packet *p)
{
    const struct listener_rules *rules = &w->view.listeners[p->path.listener];
    uint64_t account;
    if (!take_source(w, &p->path.client.a, rules->per_address, &account)) {
        return NULL;
    }
    struct connection *c = dtls_open(&w->dtls, rules->tls, p, w->now);
    if (c) {
        c->source = account;
    } else {
        w->clients.handshakes_failed++;
        if (account != 0) {
            quota_give(&w->shared->quota, account);
        }
    }
    return c;
}

/* serve_session — one datagram of DTLS. Returns true when the packet holds a message now. */
static bool serve_session(struct worker *w, struct packet *p, struct connection **c)
{
    switch (dtls_receive(&w->dtls, p, c, w->now)) {
    case DTLS_MESSAGE:
        (*c)->heard = w->now.mono;
        return true;
    case DTLS_OVER:
        drop(w, *c, true);
        return false;
    case DTLS_NEW:
        if (*c) {
            drop(w, *c, true);
        }
        *c = open_session(w, p);
        return false;
    default:
        return false;
    }
}

/* add_records — the further records of a datagram, as packets of their own while there is room.
 * Those beyond it are lost: left with the session, they would come in the place of its next
 * datagram. */
static void add_records(struct worker *w, struct connection *c)
{
    struct batch *b = w->batch;
    size_t size;
    while (b->count < BATCH_SIZE &&
           dtls_next(&w->dtls, c, b->packet[b->count].bytes, PACKET_MAX, &size)) {
        struct packet *p = &b->packet[b->count++];
        p->size = (uint32_t)size;
        p->path = c->path;
        p->tos = 0;
    }
    while (b->count == BATCH_SIZE &&
           dtls_next(&w->dtls, c, w->scratch, sizeof(w->scratch), &size)) {
    }
    if (c->is_ended) {
        connection_put_again(&w->connections, c); /* once its messages have been handled */
    }
}

void worker_clients_datagrams(struct worker *w)
{
    struct batch *b = w->batch;
    size_t count = b->count;
    size_t kept = 0;
    w->dtls.steps = DTLS_STEPS_PER_BATCH;
    for (size_t i = 0; i < b->count; i++) {
        struct packet *p = &b->packet[i];
        const struct listener_rules *rules = &w->view.listeners[p->path.listener];
        bool is_secure = i < count && rules->takes_secure && dtls_is_record(p);
        if (i < count && !is_secure && !rules->takes_plain) {
            p->size = 0; /* counted as not STUN */
        }
        struct connection *c = NULL;
        if (is_secure && !serve_session(w, p, &c)) {
            continue;
        }
        if (is_secure) {
            add_records(w, c);
        }
        if (kept != i) { /* packets are swapped with their buffers */
            struct packet swap = b->packet[kept];
            b->packet[kept] = *p;
            *p = swap;
        }
        kept++;
    }
    b->count = kept;
}

/* expire — one whose deadline has come. */
static void expire(struct worker *w, struct connection *c)
{
    bool is_stalled = c->out.size > 0;
    if (c->path.kind == PATH_DTLS && c->state == CONNECTION_HANDSHAKE) {
        struct mono end = mono_add_s(c->since, CONNECTION_OPENING_TIME);
        if (mono_is_before(w->now.mono, end) && dtls_retry(&w->dtls, c, w->now.mono)) {
            connection_time(&w->connections, c);
            return;
        }
    }
    if (c->state == CONNECTION_FRAMES && !is_stalled &&
        turn_has_allocation(&w->turn, &c->path, w->now.mono)) {
        c->heard = w->now.mono; /* it lives as long as that */
        connection_time(&w->connections, c);
        return;
    }
    w->clients.timed_out++;
    drop(w, c, is_stalled);
}

void worker_clients_expire(struct worker *w)
{
    struct connection *c;
    while ((c = connection_due(&w->connections, w->now.mono))) {
        expire(w, c);
    }
}

/* receive_call — a peer that has connected to a relayed address. */
static void receive_call(struct worker *w, uint32_t endpoint, const struct acceptor_taken *taken)
{
    struct peer_addr from = {taken->from};
    struct connection *c =
        connection_open(&w->connections, taken->fd, CONNECTION_WAITING, w->now.mono);
    if (!c) {
        close(taken->fd);
        return;
    }
    c->is_peer = true;
    c->link_number =
        connect_attempt(&w->turn, endpoint, &from, connection_number(&w->connections, c), w->now);
    if (c->link_number == PEER_CONNECTION_NONE) {
        drop(w, c, true);
    }
}

void worker_clients_call(struct worker *w, uint32_t endpoint)
{
    struct acceptor_taken taken;
    int fd = w->endpoints.at[endpoint].fd;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int error = acceptor_take(fd, &taken);
        if (error == -EMFILE) {
            acceptor_shed(fd, &w->spare); /* it would be ready again at once */
        }
        if (error != 0) {
            break;
        }
        receive_call(w, endpoint, &taken);
    }
    worker_traffic_flush(w);
}
