/* worker — one thread that serves its share of the clients: what wakes it, and what is done then.
 *
 *   UDP listener  -> batch -> worker_clients_datagrams -> worker_traffic_from_clients
 *   TCP listener  -> worker_clients_accept -> worker_clients_open -> worker_clients_serve
 *   endpoints     -> batch -> worker_traffic_from_peers
 *   inbox         -> messages of other threads, strays of other workers               */
/* SPDX-License-Identifier: MIT */
#include "net/worker.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/clock.h"
#include "net/steer.h"
#include "net/worker_clients.h"
#include "net/worker_host.h"
#include "net/worker_traffic.h"

enum {
    BATCHES_PER_TURN = 4, /* of one source, before the others get their turn */
    STRAYS_PER_TURN = BATCH_SIZE,
    ACCEPT_REST_MS = 100, /* when there was no descriptor for a connection */
};

static const struct mono never = {UINT64_MAX};

/* hand_over_strays — give packets of other workers' clients to their owners; what stays is ours. */
static void hand_over_strays(struct worker *w)
{
    struct batch *b = w->batch;
    size_t kept = 0;
    for (size_t i = 0; i < b->count; i++) {
        unsigned owner = steer_owner(&b->packet[i].path.client.a, w->shared->count);
        if (owner != w->number) {
            const struct listener_local *local = &w->listeners.local[b->packet[i].path.local];
            worker_hand_over(w->shared->worker[owner], &b->packet[i], local);
            w->strays++;
            continue;
        }
        if (kept != i) { /* packets are swapped with their buffers */
            struct packet swap = b->packet[kept];
            b->packet[kept] = b->packet[i];
            b->packet[i] = swap;
        }
        kept++;
    }
    b->count = kept;
}

/* time_until — how long it is to a moment, a second at most: the grain of the engine's wheel. */
static struct timeval time_until(const struct worker *w, struct mono next)
{
    uint64_t ns = mono_is_before(w->now.mono, next) ? next.ns - w->now.mono.ns : 0;
    return ns < MONO_SECOND ? (struct timeval){.tv_usec = (suseconds_t)(ns / 1000)}
                            : (struct timeval){.tv_sec = 1};
}

static void arm_tick(struct worker *w, struct mono next)
{
    struct timeval wait = time_until(w, next);
    if (next.ns == 0) {
        evtimer_del(w->tick_event);
    } else {
        evtimer_add(w->tick_event, &wait);
    }
}

/* arm_deadlines — for the connections, when one has come nearer. */
static void arm_deadlines(struct worker *w)
{
    if (mono_is_before(w->connections.soonest, w->deadline_at)) {
        w->deadline_at = w->connections.soonest;
        struct timeval wait = time_until(w, w->deadline_at);
        evtimer_add(w->deadline_event, &wait);
    }
}

/* settle — what every turn of the loop ends with. */
static void settle(struct worker *w)
{
    atomic_store_explicit(&w->live, turn_live(&w->turn), memory_order_relaxed);
    if (!evtimer_pending(w->tick_event, NULL) && turn_needs_tick(&w->turn)) {
        arm_tick(w, mono_add_s(w->now.mono, 1));
    }
    arm_deadlines(w);
    if (w->connections.again != CONNECTION_NONE) {
        event_active(w->connection_event, EV_READ, 0);
    }
}

/* take_datagrams — what the batch has of clients. */
static void take_datagrams(struct worker *w)
{
    worker_clients_datagrams(w);
    worker_traffic_from_clients(w, w->batch->packet, w->batch->count);
}

static void on_listener(evutil_socket_t fd, short what, void *argument)
{
    const struct watched *watched = argument;
    struct worker *w = watched->worker;
    (void)fd;
    (void)what;
    w->now = clock_now();
    for (int i = 0; i < BATCHES_PER_TURN; i++) {
        batch_begin(w->batch);
        bool is_full = listener_receive(&w->listeners, watched->number, w->batch) == BATCH_SIZE;
        if (w->shared->is_steered) {
            hand_over_strays(w);
        }
        take_datagrams(w);
        if (!is_full) {
            break;
        }
    }
    settle(w);
}

static void on_acceptor(evutil_socket_t fd, short what, void *argument)
{
    static const struct timeval rest = {.tv_usec = ACCEPT_REST_MS * 1000};
    const struct watched *watched = argument;
    struct worker *w = watched->worker;
    (void)what;
    w->now = clock_now();
    if (!worker_clients_accept(w, watched->number, fd)) {
        event_del(watched->event); /* else it would be ready again at once, and for nothing */
        evtimer_add(w->accept_event, &rest);
    }
    settle(w);
}

/* on_accept_again — there may be descriptors again. */
static void on_accept_again(evutil_socket_t fd, short what, void *argument)
{
    struct worker *w = argument;
    (void)fd;
    (void)what;
    for (size_t i = 0; i < w->listeners.count; i++) {
        event_add(w->watched[i].event, NULL);
    }
}

static void on_connections(evutil_socket_t fd, short what, void *argument)
{
    struct worker *w = argument;
    (void)fd;
    (void)what;
    w->now = clock_now();
    worker_clients_serve(w);
    worker_traffic_flush(w);
    settle(w);
}

static void on_handshakes(evutil_socket_t fd, short what, void *argument)
{
    struct worker *w = argument;
    (void)fd;
    (void)what;
    w->now = clock_now();
    worker_clients_open(w);
    settle(w);
}

static void on_deadlines(evutil_socket_t fd, short what, void *argument)
{
    struct worker *w = argument;
    (void)fd;
    (void)what;
    w->now = clock_now();
    w->deadline_at = never;
    worker_clients_expire(w);
    worker_traffic_flush(w);
    settle(w);
}

static void on_endpoints(evutil_socket_t fd, short what, void *argument)
{
    struct worker *w = argument;
    (void)fd;
    (void)what;
    w->now = clock_now();
    bool more = true;
    for (int i = 0; more && i < BATCHES_PER_TURN; i++) {
        batch_begin(w->batch);
        more = w->endpoints.backend->receive(&w->endpoints, w->batch);
        worker_traffic_from_peers(w);
    }
    settle(w);
}

static void on_inbox(evutil_socket_t fd, short what, void *argument)
{
    struct worker *w = argument;
    (void)fd;
    (void)what;
    w->now = clock_now();
    inbox_run(&w->inbox, w);
    worker_traffic_flush(w);
    if (w->is_stopping) {
        return;
    }
    if (turn_is_reviewing(&w->turn)) {
        arm_tick(w, w->now.mono);
    }
    struct listener_local local;
    batch_begin(w->batch);
    while (w->batch->count < STRAYS_PER_TURN &&
           ring_take(&w->ring, &w->batch->packet[w->batch->count], &local)) {
        struct packet *p = &w->batch->packet[w->batch->count];
        if (listener_local_number(&w->listeners, &local, &p->path.local)) {
            w->batch->count++;
        }
    }
    if (w->batch->count == STRAYS_PER_TURN) {
        inbox_wake(&w->inbox); /* there may be more: in the next turn */
    }
    take_datagrams(w);
    settle(w);
}

static void on_tick(evutil_socket_t fd, short what, void *argument)
{
    struct worker *w = argument;
    (void)fd;
    (void)what;
    w->now = clock_now();
    struct mono next = turn_tick(&w->turn, w->now);
    worker_traffic_flush(w);
    arm_tick(w, next);
    settle(w);
}

/* Messages from other threads: run on the worker's, answered through a semaphore. */

struct message {
    struct inbox_node node; /* first */
    sem_t done;
    const struct worker_view *view;
    struct worker_counts counts;
};

static struct worker_counts counts_of(const struct worker *w)
{
    return (struct worker_counts){
        .up = w->turn.flows.up,
        .down = w->turn.flows.down,
        .turn = w->turn.counts,
        .clients = w->clients,
        .live = turn_live(&w->turn),
        .strays = w->strays,
        .strays_dropped = atomic_load(&w->ring.dropped),
    };
}

static void run_look(struct inbox_node *node, void *reader)
{
    struct message *m = (struct message *)node;
    m->counts = counts_of(reader);
    sem_post(&m->done);
}

static void run_reload(struct inbox_node *node, void *reader)
{
    struct message *m = (struct message *)node;
    struct worker *w = reader;
    w->view = *m->view;
    w->keyring = *m->view->keyring;
    w->endpoints.rules = m->view->rules;
    turn_reload(&w->turn, m->view->settings);
    arm_tick(w, w->now.mono);
    sem_post(&m->done);
}

static void run_drain(struct inbox_node *node, void *reader)
{
    struct message *m = (struct message *)node;
    struct worker *w = reader;
    turn_drain(&w->turn);
    sem_post(&m->done);
}

static void run_stop(struct inbox_node *node, void *reader)
{
    struct message *m = (struct message *)node;
    struct worker *w = reader;
    w->is_stopping = true;
    turn_end_all(&w->turn, TURN_REASON_SHUTDOWN, w->now);
    atomic_store(&w->live, 0);
    event_base_loopbreak(w->base);
    sem_post(&m->done);
}

static void run_posted(struct inbox_node *node, void *reader)
{
    struct worker_message *m = (struct worker_message *)node;
    struct worker *w = reader;
    m->run(m, w->is_joined || !w->is_started ? NULL : &w->turn, w->now);
}

void worker_post(struct worker *w, struct worker_message *m)
{
    m->node.run = run_posted;
    inbox_put(&w->inbox, &m->node);
}

void worker_discard(struct worker *w)
{
    if (w->is_joined || !w->is_started) {
        inbox_run(&w->inbox, w);
    }
}

uint64_t worker_cpu(const struct worker *w)
{
    clockid_t clock;
    struct timespec used = {0, 0};
    if (w->is_started && !w->is_joined && pthread_getcpuclockid(w->thread, &clock) == 0) {
        clock_gettime(clock, &used);
    }
    return (uint64_t)used.tv_sec * MONO_SECOND + (uint64_t)used.tv_nsec;
}

/* ask — have the worker run a message, and wait until it has. */
static struct worker_counts ask(struct worker *w,
                                void (*run)(struct inbox_node *node, void *reader),
                                const struct worker_view *view)
{
    struct message m = {.node = {.run = run}, .view = view};
    sem_init(&m.done, 0, 0);
    inbox_put(&w->inbox, &m.node);
    while (sem_wait(&m.done) != 0) {
    }
    sem_destroy(&m.done);
    return m.counts;
}

static bool is_running(const struct worker *w)
{
    return w->is_started && !w->is_joined;
}

void worker_reload(struct worker *w, const struct worker_view *view)
{
    if (is_running(w)) {
        ask(w, run_reload, view);
    }
}

void worker_drain(struct worker *w)
{
    if (is_running(w)) {
        ask(w, run_drain, NULL);
    }
}

struct worker_counts worker_look(struct worker *w)
{
    return w->is_started && !w->is_joined ? ask(w, run_look, NULL) : counts_of(w);
}

uint32_t worker_live(const struct worker *w)
{
    return atomic_load_explicit(&w->live, memory_order_relaxed);
}

void worker_stop(struct worker *w)
{
    if (w->is_started && !w->is_joined) {
        ask(w, run_stop, NULL);
        pthread_join(w->thread, NULL);
        w->is_joined = true;
        inbox_run(&w->inbox, w); /* whatever came too late */
    }
}

void worker_hand_over(struct worker *w, const struct packet *p, const struct listener_local *local)
{
    if (ring_put(&w->ring, p, local)) {
        inbox_wake(&w->inbox);
    }
}

static bool set_events(struct worker *w)
{
    struct event_config *config = event_config_new();
    if (config) {
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
        w->base = event_base_new_with_config(config);
        event_config_free(config);
    }
    if (!w->base) {
        return false;
    }
    short persist = EV_READ | EV_PERSIST;
    w->endpoint_event = event_new(w->base, w->endpoints.epoll, persist, on_endpoints, w);
    w->connection_event = event_new(w->base, w->connections.epoll, persist, on_connections, w);
    w->handshake_event = event_new(w->base, w->connections.handshakes, persist, on_handshakes, w);
    w->deadline_event = evtimer_new(w->base, on_deadlines, w);
    w->accept_event = evtimer_new(w->base, on_accept_again, w);
    w->inbox_event = event_new(w->base, w->inbox.wake, persist, on_inbox, w);
    w->tick_event = evtimer_new(w->base, on_tick, w);
    return w->endpoint_event && w->connection_event && w->handshake_event && w->deadline_event &&
           w->accept_event && w->inbox_event && w->tick_event &&
           event_add(w->endpoint_event, NULL) == 0 && event_add(w->connection_event, NULL) == 0 &&
           event_add(w->handshake_event, NULL) == 0 && event_add(w->inbox_event, NULL) == 0;
}

struct worker *worker_new(struct worker_shared *shared, unsigned number,
                          const struct worker_view *view, struct log_source *log)
{
    struct worker *w = calloc(1, sizeof(*w));
    if (!w) {
        return NULL;
    }
    w->shared = shared;
    w->number = number;
    w->view = *view;
    w->keyring = *view->keyring;
    w->log = log;
    w->now = clock_now();
    w->deadline_at = never;
    ring_init(&w->ring);
    w->batch = batch_new();
    uint32_t endpoints = shared->capacity * FLOW_FAMILIES;
    if (w->batch && inbox_init(&w->inbox) && worker_host_init(w) &&
        endpoint_table_init(&w->endpoints, shared->ports, view->rules, number, endpoints) &&
        turn_init(&w->turn, &w->host, view->settings, w->now) && worker_clients_init(w) &&
        set_events(w)) {
        worker_host_listen(w);
        return w;
    }
    /* Only at start, where the process ends with the sentence of the caller. */
    return NULL;
}

static void free_event(struct event *event)
{
    if (event) {
        event_free(event);
    }
}

void worker_free(struct worker *w)
{
    if (!w) {
        return;
    }
    for (size_t i = 0; i < w->listeners.count; i++) {
        free_event(w->watched[i].event);
    }
    free_event(w->endpoint_event);
    free_event(w->connection_event);
    free_event(w->handshake_event);
    free_event(w->deadline_event);
    free_event(w->accept_event);
    free_event(w->inbox_event);
    free_event(w->tick_event);
    worker_clients_fini(w);
    event_base_free(w->base);
    listener_close(&w->listeners);
    endpoint_table_fini(&w->endpoints);
    turn_fini(&w->turn);
    inbox_fini(&w->inbox);
    batch_free(w->batch);
    worker_host_fini(w);
    free(w);
}

bool worker_listen(struct worker *w, int fd, const struct netaddr *address, bool is_stream)
{
    size_t number = w->listeners.count;
    if (!listener_add(&w->listeners, fd, address)) {
        return false;
    }
    struct watched *watched = &w->watched[number];
    *watched = (struct watched){.worker = w, .number = (uint16_t)number};
    watched->event = event_new(w->base, fd, EV_READ | EV_PERSIST,
                               is_stream ? on_acceptor : on_listener, watched);
    return watched->event && event_add(watched->event, NULL) == 0;
}

static void *run(void *argument)
{
    struct worker *w = argument;
    event_base_loop(w->base, 0);
    return NULL;
}

bool worker_start(struct worker *w)
{
    w->is_started = pthread_create(&w->thread, NULL, run, w) == 0;
    return w->is_started;
}
