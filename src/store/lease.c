/* lease — quotas that hold over the whole cluster. */
/* SPDX-License-Identifier: MIT */
#include "store/lease.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container.h"
#include "net/clock.h"

enum {
    BUCKETS = 1 << 12,
    MASK_WORDS = (WORKER_MAX + 63) / 64,
    PARTS = 8,         /* a share grows by this part of what is free */
    FULL_MS = 200,     /* how long "there is no more" is believed */
    IDLE_SECONDS = 10, /* an account without allocations is forgotten after */
    KEY_MAX = 600,
};

/* An account of which this node has, or had a moment ago, allocations. */
struct lease {
    struct lease *next; /* in its bucket */
    uint64_t account;
    uint32_t limit; /* as asked for last; 0: none, and nothing is leased */
    uint32_t used, granted;
    uint32_t wanted;    /* beyond `granted` by those who wait */
    struct mono lapses; /* the share, by our clock */
    struct mono renews;
    struct mono full_until;  /* it was told that there is no more */
    struct mono alone_until; /* the store refused: as if it were away */
    struct mono idle_since;
    bool is_asking;               /* a request is under way */
    uint64_t waiting[MASK_WORDS]; /* workers that wait for the answer */
    struct inbox_node node;       /* to the control thread */
    struct lease_book *book;
    char *realm;
    char key[]; /* "user/NAME" */
};

struct lease_book {
    pthread_mutex_t mutex;
    struct lease *bucket[BUCKETS];
    uint32_t count;
    _Atomic uint32_t nodes;
    struct worker_shared *shared;
    struct store *store;
    struct worker_shares shares;
    struct inbox asks;
    struct event *event;
    bool is_ending;
};

/* What a worker is told. */
struct word {
    struct worker_message message;
    uint64_t account;
};

static struct lease **find(struct lease_book *b, uint64_t account)
{
    struct lease **at = &b->bucket[account % BUCKETS];
    while (*at && (*at)->account != account) {
        at = &(*at)->next;
    }
    return at;
}

static const char *kind_name(enum turn_account kind)
{
    return kind == TURN_ACCOUNT_TENANT       ? "tenant/"
           : kind == TURN_ACCOUNT_CREDENTIAL ? "credential/"
                                             : "user/";
}

static struct lease *add(struct lease_book *b, struct lease **at, const struct turn_claim *claim)
{
    const char *kind = kind_name(claim->kind);
    size_t kind_size = strlen(kind);
    struct lease *l = calloc(1, sizeof(*l) + kind_size + claim->name.size + 1);
    char *realm = malloc(claim->realm.size + 1);
    if (!l || !realm) {
        free(l);
        free(realm);
        return NULL;
    }
    memcpy(realm, claim->realm.bytes, claim->realm.size);
    realm[claim->realm.size] = '\0';
    memcpy(l->key, kind, kind_size);
    memcpy(l->key + kind_size, claim->name.bytes, claim->name.size);
    l->account = claim->account;
    l->realm = realm;
    l->book = b;
    *at = l;
    b->count++;
    return l;
}

/* most_alone — how many this node may have when nobody can be asked. */
static uint32_t most_alone(const struct lease_book *b, const struct lease *l)
{
    uint32_t nodes = atomic_load_explicit(&b->nodes, memory_order_relaxed);
    uint32_t part = l->limit / (nodes ? nodes : 1);
    return part > 0 ? part : 1;
}

static void on_ask(struct inbox_node *node, void *reader);

/* wait_for_more — have the control thread ask, unless it is about to. Under the mutex. */
static enum turn_taken wait_for_more(struct lease *l, unsigned worker)
{
    l->waiting[worker / 64] |= UINT64_C(1) << (worker % 64);
    l->wanted++;
    if (!l->is_asking) {
        l->is_asking = true;
        l->node.run = on_ask;
        inbox_put(&l->book->asks, &l->node);
    }
    return TURN_TAKE_LATER;
}

/* judge — whether one more is within the share. Under the mutex. */
static enum turn_taken judge(struct lease_book *b, struct lease *l, unsigned worker)
{
    struct mono now = clock_now().mono;
    bool is_within = mono_is_before(now, l->lapses) && l->used < l->granted;
    if (l->limit == 0 || is_within) {
        return TURN_TAKEN;
    }
    if (!store_is_up(b->store) || mono_is_before(now, l->alone_until)) {
        return l->used < most_alone(b, l) ? TURN_TAKEN : TURN_FULL;
    }
    if (mono_is_before(now, l->full_until)) {
        return TURN_FULL;
    }
    return wait_for_more(l, worker);
}

static enum turn_taken lease_take(void *context, unsigned worker, const struct turn_claim *claim)
{
    struct lease_book *b = context;
    pthread_mutex_lock(&b->mutex);
    struct lease **at = find(b, claim->account);
    struct lease *l = *at ? *at : add(b, at, claim);
    enum turn_taken taken = TURN_FULL;
    if (l) {
        l->limit = claim->limit;
        taken = judge(b, l, worker);
        l->used += taken == TURN_TAKEN ? 1 : 0;
    }
    pthread_mutex_unlock(&b->mutex);
    return taken;
}

static void lease_give(void *context, uint64_t account)
{
    struct lease_book *b = context;
    pthread_mutex_lock(&b->mutex);
    struct lease *l = *find(b, account);
    if (l && l->used > 0 && --l->used == 0) {
        l->idle_since = clock_now().mono;
    }
    pthread_mutex_unlock(&b->mutex);
}

/* The control thread. */

static void run_word(struct worker_message *message, struct turn *turn, struct now now)
{
    struct word *word = container_of(message, struct word, message);
    uint64_t account = word->account;
    free(word);
    if (turn) {
        turn_share_arrived(turn, account, now);
    }
}

/* tell — the workers in the mask, that more is known of an account. Without memory they are not
 * told, and answer 500 in time. */
static void tell(struct lease_book *b, const uint64_t mask[MASK_WORDS], uint64_t account)
{
    for (unsigned i = 0; i < b->shared->count; i++) {
        struct word *word = mask[i / 64] & UINT64_C(1) << (i % 64) ? malloc(sizeof(*word)) : NULL;
        if (word) {
            word->account = account;
            word->message.run = run_word;
            worker_post(b->shared->worker[i], &word->message);
        }
    }
}

/* take_answer — what the store said, in the lease. Under the mutex. */
static void take_answer(struct lease *l, const struct store_request *rq, uint32_t wanted)
{
    struct mono now = clock_now().mono;
    if (rq->result != STORE_OK) {
        return; /* they are judged alone */
    }
    l->granted = rq->lease.granted;
    /* By the time it was asked: the store counts from later on. */
    l->lapses = mono_add_s(rq->began, LEASE_SECONDS);
    l->renews = mono_add_s(now, LEASE_RENEW);
    bool wanted_more = rq->lease.want > rq->lease.used; /* else it says nothing of the rest */
    if (wanted > 0 && wanted_more && rq->lease.granted <= rq->lease.used) {
        l->full_until = mono_add_ns(now, (uint64_t)FULL_MS * 1000000);
    }
}

static void on_answer(struct store_request *rq)
{
    struct lease *l = rq->context;
    struct lease_book *b = l->book;
    uint64_t mask[MASK_WORDS];
    pthread_mutex_lock(&b->mutex);
    take_answer(l, rq, l->wanted);
    if (rq->result == STORE_REFUSED) {
        l->alone_until = mono_add_s(clock_now().mono, 1);
    }
    memcpy(mask, l->waiting, sizeof(mask));
    memset(l->waiting, 0, sizeof(l->waiting));
    l->wanted = 0;
    l->is_asking = false;
    uint64_t account = l->account;
    pthread_mutex_unlock(&b->mutex);
    tell(b, mask, account);
}

/* ask — for a share of `want`, or to give all back (0); is_asking is set. Control thread. */
static void ask(struct lease *l, uint32_t used, uint32_t want, uint32_t limit)
{
    struct store_request *rq = store_request_new(STORE_LEASE, l->realm, on_answer, l);
    if (!rq) {
        pthread_mutex_lock(&l->book->mutex);
        l->is_asking = false; /* who waits is answered 500 in time */
        pthread_mutex_unlock(&l->book->mutex);
        return;
    }
    rq->lease = (struct store_lease){
        .account = store_request_copy(rq, span_of_text(l->key)),
        .used = used,
        .want = want,
        .limit = limit,
        .seconds = LEASE_SECONDS,
    };
    store_submit(l->book->store, rq);
}

/* want_of — how big a share is asked for: what is waited for, and some more where there is plenty.
 */
static uint32_t want_of(const struct lease *l)
{
    uint32_t least = l->used + l->wanted;
    uint32_t free = l->limit > least ? l->limit - least : 0;
    return least + free / PARTS;
}

static void on_ask(struct inbox_node *node, void *reader)
{
    struct lease *l = container_of(node, struct lease, node);
    (void)reader;
    pthread_mutex_lock(&l->book->mutex);
    uint32_t used = l->used;
    uint32_t want = want_of(l);
    uint32_t limit = l->limit;
    pthread_mutex_unlock(&l->book->mutex);
    ask(l, used, want, limit);
}

static void on_asks(evutil_socket_t fd, short what, void *argument)
{
    struct lease_book *b = argument;
    (void)fd;
    (void)what;
    inbox_run(&b->asks, b);
}

enum fate { LEAVE, RENEW, FORGET };

/* fate_of — what a second's tick does to an account. Under the mutex. */
static enum fate fate_of(const struct lease_book *b, const struct lease *l, struct mono now)
{
    bool is_idle = l->used == 0 && !mono_is_before(now, mono_add_s(l->idle_since, IDLE_SECONDS));
    if (l->is_asking) {
        return LEAVE;
    }
    if (is_idle && (l->granted == 0 || !mono_is_before(now, l->lapses))) {
        return FORGET;
    }
    bool is_due =
        l->limit > 0 && (l->granted > 0 || l->used > 0) && !mono_is_before(now, l->renews);
    return (is_due || b->is_ending) && store_is_up(b->store) ? RENEW : LEAVE;
}

/* spare_of — what is kept beyond what is used, so that the next few need not ask. */
static uint32_t spare_of(const struct lease *l)
{
    return l->granted > l->used ? (l->granted - l->used) / 2 : 0;
}

/* renew — shrunk towards what is used. Called under the mutex, which is let go meanwhile. */
static void renew(struct lease_book *b, struct lease *l)
{
    uint32_t used = l->used;
    uint32_t want = b->is_ending ? used : used + spare_of(l);
    uint32_t limit = l->limit;
    l->is_asking = true;
    l->granted = want < l->granted ? want : l->granted; /* what is given back is not used again */
    pthread_mutex_unlock(&b->mutex);
    ask(l, used, want, limit);
    pthread_mutex_lock(&b->mutex);
}

static void forget(struct lease_book *b, struct lease **at)
{
    struct lease *l = *at;
    *at = l->next;
    free(l->realm);
    free(l);
    b->count--;
}

void lease_book_tick(struct lease_book *b)
{
    struct mono now = clock_now().mono;
    pthread_mutex_lock(&b->mutex);
    for (size_t i = 0; i < BUCKETS; i++) {
        struct lease **at = &b->bucket[i];
        while (*at) {
            struct lease *l = *at;
            enum fate fate = fate_of(b, l, now);
            if (fate == FORGET) {
                forget(b, at);
                continue;
            }
            if (fate == RENEW) {
                renew(b, l); /* nobody forgets meanwhile: that is this thread's */
            }
            at = &l->next;
        }
    }
    pthread_mutex_unlock(&b->mutex);
}

void lease_book_return(struct lease_book *b)
{
    b->is_ending = true;
    lease_book_tick(b);
}

void lease_book_set_nodes(struct lease_book *b, uint32_t nodes)
{
    atomic_store_explicit(&b->nodes, nodes, memory_order_relaxed);
}

uint32_t lease_book_count(const struct lease_book *b)
{
    pthread_mutex_lock((pthread_mutex_t *)(uintptr_t)&b->mutex);
    uint32_t count = b->count;
    pthread_mutex_unlock((pthread_mutex_t *)(uintptr_t)&b->mutex);
    return count;
}

const struct worker_shares *lease_book_shares(struct lease_book *b)
{
    return &b->shares;
}

struct lease_book *lease_book_new(struct event_base *base, struct worker_shared *shared,
                                  struct store *store)
{
    struct lease_book *b = calloc(1, sizeof(*b));
    if (!b || !inbox_init(&b->asks)) {
        free(b);
        return NULL;
    }
    pthread_mutex_init(&b->mutex, NULL);
    b->shared = shared;
    b->store = store;
    b->shares = (struct worker_shares){b, lease_take, lease_give};
    atomic_store(&b->nodes, 1);
    b->event = event_new(base, b->asks.wake, EV_READ | EV_PERSIST, on_asks, b);
    if (!b->event || event_add(b->event, NULL) != 0) {
        lease_book_free(b);
        return NULL;
    }
    return b;
}

void lease_book_free(struct lease_book *b)
{
    if (!b) {
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        while (b->bucket[i]) {
            forget(b, &b->bucket[i]);
        }
    }
    if (b->event) {
        event_free(b->event);
    }
    inbox_fini(&b->asks);
    pthread_mutex_destroy(&b->mutex);
    free(b);
}
