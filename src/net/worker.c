/* worker — one thread that serves its share of the clients.
 *
 *   listener readable -> batch -> forward_from_client -> to_peer  -> backend->send
 *                                    | control -> turn_receive -> to_client -> listener_send
 *   endpoints ready   -> batch -> forward_from_peer   -> to_client -> listener_send         */
/* SPDX-License-Identifier: MIT */
#include "net/worker.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "net/clock.h"
#include "net/digest_openssl.h"
#include "net/entropy_os.h"
#include "net/memory_map.h"
#include "net/record.h"
#include "net/steer.h"

enum {
    BATCHES_PER_TURN = 4, /* of one source, before the others get their turn */
    STRAYS_PER_TURN = BATCH_SIZE,
    ANSWERS_MAX = BATCH_SIZE,
};

/* A listener's event, knowing its worker. */
struct watched {
    struct worker *worker;
    struct event *event;
    uint16_t number;
};

struct worker {
    struct worker_shared *shared;
    struct worker_view view;
    unsigned number;
    struct turn turn;
    struct turn_host host;
    struct keyring keyring;
    struct endpoint_table endpoints;
    struct listener_set listeners;
    struct watched watched[LISTENER_MAX];
    struct batch *batch;
    struct now now; /* of the batch at hand */
    struct ring ring;
    struct inbox inbox;
    struct log_source *log;
    struct event_base *base;
    struct event *endpoint_event, *inbox_event, *tick_event;
    uint64_t strays;
    _Atomic uint32_t live;
    pthread_t thread;
    bool is_started;
    bool is_joined;
    bool is_stopping;                              /* whatever still comes in is too late */
    uint8_t answer[ANSWERS_MAX][STUN_MESSAGE_MAX]; /* messages of the engine until they are sent */
};

/* flush_clients — send what is filed for clients. */
static void flush_clients(struct worker *w)
{
    listener_send(&w->listeners, w->batch, &w->turn.flows.down);
}

static void flush_peers(struct worker *w)
{
    w->endpoints.backend->send(&w->endpoints, w->batch, &w->turn.flows.up);
}

/* The engine's host functions. */

static void host_send(void *context, const struct path *to, const uint8_t *bytes, size_t size)
{
    struct worker *w = context;
    struct batch *b = w->batch;
    if (b->to_client_count == BATCH_SIZE) {
        flush_clients(w);
    }
    uint8_t *copy = w->answer[b->to_client_count];
    memcpy(copy, bytes, size);
    b->to_client[b->to_client_count++] = (struct batch_to_client){
        .bytes = copy,
        .length = (uint32_t)size,
        .path = *to,
    };
}

static enum turn_open_result host_open(void *context, const struct turn_wish *wish,
                                       struct turn_endpoint *out)
{
    struct worker *w = context;
    const struct netaddr *local = &w->listeners.local[wish->path->local].address;
    return endpoint_open(&w->endpoints, wish, local, w->now, out);
}

static void host_close(void *context, uint32_t endpoint)
{
    struct worker *w = context;
    endpoint_close(&w->endpoints, endpoint);
}

static bool host_take(void *context, uint64_t account, uint32_t limit)
{
    struct worker *w = context;
    return quota_take(&w->shared->quota, account, limit);
}

static void host_give(void *context, uint64_t account)
{
    struct worker *w = context;
    quota_give(&w->shared->quota, account);
}

static void host_event(void *context, const struct turn_event *event)
{
    struct worker *w = context;
    record_event(w->log, event);
}

static void tell_icmp(void *context, const struct endpoint_icmp *icmp)
{
    struct worker *w = context;
    turn_icmp(&w->turn, icmp->endpoint, &icmp->peer, icmp->type, icmp->code, icmp->mtu, w->now);
}

/* The data path. */

static void to_peer(struct worker *w, const struct verdict *v)
{
    w->batch->to_peer[w->batch->to_peer_count++] = (struct batch_to_peer){
        .bytes = v->bytes,
        .length = v->length,
        .endpoint = v->endpoint,
        .peer = v->peer,
        .tos = v->tos,
        .df = v->df,
    };
}

static void to_client(struct worker *w, const struct verdict *v)
{
    if (w->batch->to_client_count == BATCH_SIZE) {
        flush_clients(w);
    }
    w->batch->to_client[w->batch->to_client_count++] = (struct batch_to_client){
        .bytes = v->bytes,
        .length = v->length,
        .path = *v->path,
        .tos = v->tos,
        .is_data = true,
    };
}

/* take_from_clients — everything of a batch from clients: data is filed, and sent before the engine
 * sees a request, since that may close the endpoint the data leaves by. */
static void take_from_clients(struct worker *w)
{
    struct batch *b = w->batch;
    struct flow_table *flows = &w->turn.flows;
    forward_prepare_client(flows, b->packet, b->count);
    for (size_t i = 0; i < b->count; i++) {
        struct packet *p = &b->packet[i];
        struct verdict v = forward_from_client(flows, p, w->now.mono);
        if (v.kind == FORWARD_RECHECK) {
            turn_recheck(&w->turn, v.permit);
            v = forward_from_client(flows, p, w->now.mono);
        }
        if (v.kind == FORWARD_TO_PEER) {
            to_peer(w, &v);
        } else if (v.kind == FORWARD_CONTROL) {
            flush_peers(w);
            turn_receive(&w->turn, &p->path, (struct span){p->bytes, p->size}, w->now);
        }
    }
    flush_peers(w);
    flush_clients(w);
}

static void take_from_peers(struct worker *w)
{
    struct batch *b = w->batch;
    struct flow_table *flows = &w->turn.flows;
    forward_prepare_peer(flows, b->packet, b->count);
    for (size_t i = 0; i < b->count; i++) {
        struct verdict v = forward_from_peer(flows, &b->packet[i], w->now.mono);
        if (v.kind == FORWARD_RECHECK) {
            turn_recheck(&w->turn, v.permit);
            v = forward_from_peer(flows, &b->packet[i], w->now.mono);
        }
        if (v.kind == FORWARD_TO_CLIENT) {
            to_client(w, &v);
        }
    }
    flush_clients(w);
}

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

static void arm_tick(struct worker *w, struct mono next)
{
    enum { LONGEST = 1 }; /* second: the grain of the engine's wheel */
    struct timeval wait = {.tv_sec = LONGEST};
    if (next.ns == 0) {
        evtimer_del(w->tick_event);
        return;
    }
    uint64_t ns = mono_is_before(w->now.mono, next) ? next.ns - w->now.mono.ns : 0;
    if (ns < LONGEST * MONO_SECOND) {
        wait = (struct timeval){.tv_usec = (suseconds_t)(ns / 1000)};
    }
    evtimer_add(w->tick_event, &wait);
}

/* settle — what every turn of the loop ends with. */
static void settle(struct worker *w)
{
    atomic_store_explicit(&w->live, turn_live(&w->turn), memory_order_relaxed);
    if (!evtimer_pending(w->tick_event, NULL) && turn_needs_tick(&w->turn)) {
        arm_tick(w, mono_add_s(w->now.mono, 1));
    }
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
        take_from_clients(w);
        if (!is_full) {
            break;
        }
    }
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
        take_from_peers(w);
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
    if (w->is_stopping) {
        return;
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
    take_from_clients(w);
    settle(w);
}

static void on_tick(evutil_socket_t fd, short what, void *argument)
{
    struct worker *w = argument;
    (void)fd;
    (void)what;
    w->now = clock_now();
    struct mono next = turn_tick(&w->turn, w->now);
    flush_clients(w);
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

void worker_reload(struct worker *w, const struct worker_view *view)
{
    ask(w, run_reload, view);
}

void worker_drain(struct worker *w)
{
    ask(w, run_drain, NULL);
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
    }
}

void worker_hand_over(struct worker *w, const struct packet *p, const struct listener_local *local)
{
    if (ring_put(&w->ring, p, local)) {
        inbox_wake(&w->inbox);
    }
}

static bool set_host(struct worker *w)
{
    w->host = (struct turn_host){
        .context = w,
        .send = host_send,
        .open = host_open,
        .close = host_close,
        .take = host_take,
        .give = host_give,
        .event = host_event,
        .memory = memory_map(),
        .entropy = entropy_os(),
        .digest = digest_openssl_new(),
        .keyring = &w->keyring,
        .limiter = w->shared->limiter,
        .nonce_key = w->shared->nonce_key,
        .account_key = w->shared->account_key,
        .boot = w->shared->boot,
        .worker = (uint16_t)w->number,
        .capacity = w->shared->capacity,
    };
    return w->host.digest != NULL;
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
    w->inbox_event = event_new(w->base, w->inbox.wake, persist, on_inbox, w);
    w->tick_event = evtimer_new(w->base, on_tick, w);
    return w->endpoint_event && w->inbox_event && w->tick_event &&
           event_add(w->endpoint_event, NULL) == 0 && event_add(w->inbox_event, NULL) == 0;
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
    ring_init(&w->ring);
    w->batch = batch_new();
    uint32_t endpoints = shared->capacity * FLOW_FAMILIES;
    if (w->batch && inbox_init(&w->inbox) && set_host(w) &&
        endpoint_table_init(&w->endpoints, shared->ports, view->rules, number, endpoints) &&
        turn_init(&w->turn, &w->host, view->settings, w->now) && set_events(w)) {
        w->endpoints.icmp.context = w;
        w->endpoints.icmp.tell = tell_icmp;
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
    free_event(w->inbox_event);
    free_event(w->tick_event);
    event_base_free(w->base);
    listener_close(&w->listeners);
    endpoint_table_fini(&w->endpoints);
    turn_fini(&w->turn);
    inbox_fini(&w->inbox);
    batch_free(w->batch);
    digest_openssl_free((struct digest *)(uintptr_t)w->host.digest);
    free(w);
}

bool worker_listen(struct worker *w, int fd, const struct netaddr *address)
{
    size_t number = w->listeners.count;
    if (!listener_add(&w->listeners, fd, address)) {
        return false;
    }
    struct watched *watched = &w->watched[number];
    *watched = (struct watched){.worker = w, .number = (uint16_t)number};
    watched->event = event_new(w->base, fd, EV_READ | EV_PERSIST, on_listener, watched);
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
