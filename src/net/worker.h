/* worker — one thread that serves its share of the clients: sockets in, engine, sockets out.
 * A worker belongs to its own thread once started; others reach it by its inbox and its ring. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include <pthread.h>

#include "engine/quota.h"
#include "net/dtls.h"
#include "net/endpoint.h"
#include "net/inbox.h"
#include "net/listener.h"
#include "net/listener_rules.h"
#include "net/log.h"
#include "net/ring.h"

enum { WORKER_MAX = 254 };

/* Everything of the configuration that workers need, as one immutable snapshot. */
struct worker_view {
    const struct settings *settings;        /* borrowed, as long as the view */
    const struct endpoint_rules *rules;     /* borrowed */
    const struct keyring *keyring;          /* borrowed; its functions are safe in every thread */
    const struct listener_rules *listeners; /* borrowed; by the listener's number */
};

/* Quotas that hold over more than this process: of users, tenants and credentials. Safe in every
 * thread; asked on the worker's. */
struct worker_shares {
    void *context;
    enum turn_taken (*take)(void *context, unsigned worker, const struct turn_claim *claim);
    void (*give)(void *context, uint64_t account);
};

/* Who wants to hear of sessions. Called on the worker's thread; must not block. */
struct worker_observer {
    void *context;
    void (*event)(void *context, const struct turn_event *event);
};

/* What all workers of a process share; lives as long as they do. */
struct worker_shared {
    struct worker *worker[WORKER_MAX];
    unsigned count;
    bool is_steered; /* steer_attach worked: strays are handed to steer_owner's worker */
    struct ports *ports;
    struct quota quota;
    struct limiter *limiter;
    struct siphash_key nonce_key;
    struct siphash_key account_key;
    uint32_t boot;        /* random, for session ids */
    uint32_t capacity;    /* allocations per worker */
    uint32_t connections; /* of clients and peers, per worker */
    uint8_t cookie_key[DTLS_COOKIE_KEY_SIZE];
    _Atomic uint32_t ended;                 /* connections that are over */
    const struct worker_shares *shares;     /* borrowed; NULL: all quotas are this process's */
    const struct worker_observer *observer; /* borrowed; NULL: nobody */
};

/* What became of connections. */
struct worker_clients_counts {
    uint64_t accepted;
    uint64_t handshakes;        /* that succeeded, TLS */
    uint64_t handshakes_failed; /* TLS and DTLS */
    uint64_t refused_limit;     /* too many of one source address */
    uint64_t refused_bytes;     /* closed for what it said: neither STUN nor what the port takes */
    uint64_t timed_out;         /* silent, or stuck, for too long */
    uint64_t to_web;            /* passed to the web server behind the listener */
    uint64_t missed;            /* plain STUN on a port for TLS */
    struct mono missed_said;    /* when the log was told of one */
};

/* Counters as they were at one moment. */
struct worker_counts {
    struct flow_counts up, down;
    struct turn_counts turn;
    struct worker_clients_counts clients;
    uint32_t live;
    uint64_t strays;         /* handed to their owner */
    uint64_t strays_dropped; /* for want of room in the ring */
};

struct worker;

/* worker_new — a worker that is not running yet, with no listeners; `shared` and `view` borrowed.
 * Returns new, freed with worker_free; NULL when memory or descriptors are short. */
struct worker *worker_new(struct worker_shared *shared, unsigned number,
                          const struct worker_view *view, struct log_source *log);

/* worker_free — free a worker that does not run; NULL is taken. Never fails. */
void worker_free(struct worker *w);

/* worker_listen — take over a bound listener, of UDP or of streams. Before worker_start. Returns
 * false when there are too many. */
bool worker_listen(struct worker *w, int fd, const struct netaddr *address, bool is_stream);

/* worker_start — begin to serve in a thread of its own. Returns false when there is none. */
bool worker_start(struct worker *w);

/* worker_stop — end all allocations and then the thread; waits for it. Any other thread. */
void worker_stop(struct worker *w);

/* worker_drain — take no new allocations from now on. Any thread. */
void worker_drain(struct worker *w);

/* worker_reload — put another view in force, and wait until it is: the old one may be freed
 * afterwards. Any other thread. */
void worker_reload(struct worker *w, const struct worker_view *view);

/* worker_look — the worker's counters, asked of it and waited for; of a stopped one, its last. Any
 * other thread. */
struct worker_counts worker_look(struct worker *w);

/* worker_live — allocations at about this moment. Any thread. */
uint32_t worker_live(const struct worker *w);

/* A message to a worker, in a node that the sender owns. */
struct worker_message {
    struct inbox_node node; /* first */
    /* run — on the worker's thread; `turn` is NULL when the worker has stopped. The message is the
     * sender's again, and may be freed, once this is called. */
    void (*run)(struct worker_message *m, struct turn *turn, struct now now);
};

/* worker_post — have a message run on the worker's thread; does not wait. Any thread. Never fails.
 */
void worker_post(struct worker *w, struct worker_message *m);

/* worker_discard — run, with no engine, what was posted to a worker that has stopped: its senders
 * are about to go. Never fails. */
void worker_discard(struct worker *w);

/* worker_cpu — nanoseconds that the worker's thread has computed. Any thread. */
uint64_t worker_cpu(const struct worker *w);

/* worker_hand_over — have the worker that owns a stray packet handle it. Any thread. */
void worker_hand_over(struct worker *w, const struct packet *p, const struct listener_local *local);

#endif
