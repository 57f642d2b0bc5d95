/* store — requests on their way to a backend and back, counted. */
/* SPDX-License-Identifier: MIT */
#include "store/store.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "net/clock.h"
#include "store/store_backend.h"

struct store {
    const struct store_backend *backend;
    void *state; /* the backend's */
    struct store_events events;
    struct store_counts counts;
    _Atomic bool is_up;
    char name[512];
};

/* Bytes that live as long as a request. */
struct store_chunk {
    struct store_chunk *next;
    size_t size;
    uint8_t bytes[];
};

static const struct {
    const char *scheme;
    const struct store_backend *backend;
} kinds[] = {
    {"memory", &store_backend_sqlite},         {"sqlite:", &store_backend_sqlite},
    {"redis:", &store_backend_redis},          {"rediss:", &store_backend_redis},
    {"redis+unix:", &store_backend_redis},     {"redis+sentinel:", &store_backend_redis},
    {"coturn+redis:", &store_backend_coturn},  {"coturn+redis+unix:", &store_backend_coturn},
    {"coturn+rediss:", &store_backend_coturn},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static const struct store_backend *backend_of(const char *url)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strncmp(url, kinds[i].scheme, strlen(kinds[i].scheme)) == 0) {
            return kinds[i].backend;
        }
    }
    return NULL;
}

bool store_is_known(const char *url, char *why, size_t why_room)
{
    snprintf(why, why_room,
             "no such kind of store: write memory, sqlite:/path, redis://host, "
             "redis+sentinel://host/name, redis+unix:/path or coturn+redis://host");
    return backend_of(url) != NULL;
}

struct store *store_open(const struct store_parts *parts, char *why, size_t why_room)
{
    const struct store_backend *backend = backend_of(parts->url);
    if (!store_is_known(parts->url, why, why_room)) {
        return NULL;
    }
    struct store *s = calloc(1, sizeof(*s));
    if (!s) {
        snprintf(why, why_room, "out of memory");
        return NULL;
    }
    s->backend = backend;
    s->events = parts->events;
    s->state = backend->open(s, parts, s->name, sizeof(s->name), why, why_room);
    if (!s->state) {
        free(s);
        return NULL;
    }
    return s;
}

void store_close(struct store *s)
{
    if (s) {
        s->backend->close(s->state);
        free(s);
    }
}

bool store_follow(struct store *s, const char *const *realms, size_t count)
{
    return s->backend->follow(s->state, realms, count);
}

bool store_is_up(const struct store *s)
{
    return atomic_load_explicit(&s->is_up, memory_order_relaxed);
}

bool store_is_shared(const struct store *s)
{
    return s->backend->is_shared;
}

bool store_is_kept(const struct store *s)
{
    return s->backend->is_kept && strcmp(s->name, "memory") != 0;
}

bool store_is_readable_only(const struct store *s)
{
    return s->backend->is_readable_only;
}

size_t store_addresses(const struct store *s, struct netaddr *out, size_t room)
{
    return s->backend->addresses ? s->backend->addresses(s->state, out, room) : 0;
}

const char *store_name(const struct store *s)
{
    return s->name;
}

/* Requests. */

struct store_request *store_request_new(enum store_verb verb, const char *realm,
                                        void (*done)(struct store_request *rq), void *context)
{
    struct store_request *rq = calloc(1, sizeof(*rq));
    if (!rq) {
        return NULL;
    }
    rq->verb = verb;
    rq->done = done;
    rq->context = context;
    rq->realm = "";
    struct span name = store_request_copy(rq, span_of_text(realm));
    rq->realm = rq->is_short ? "" : (const char *)name.bytes;
    return rq;
}

struct span store_request_copy(struct store_request *rq, struct span bytes)
{
    struct store_chunk *chunk = malloc(sizeof(*chunk) + bytes.size + 1);
    if (!chunk) {
        rq->is_short = true;
        return (struct span){(const uint8_t *)"", 0};
    }
    chunk->size = bytes.size;
    chunk->next = rq->chunks;
    rq->chunks = chunk;
    if (bytes.size > 0) {
        memcpy(chunk->bytes, bytes.bytes, bytes.size);
    }
    chunk->bytes[bytes.size] = '\0';
    return (struct span){chunk->bytes, bytes.size};
}

/* add — one more place in a list that doubles; NULL when memory is short. */
static struct store_item *add(struct store_request *rq, struct store_item **list, size_t *count)
{
    if ((*count & (*count - 1)) == 0) { /* full at each power of two */
        struct store_item *grown = realloc(*list, (*count ? *count * 2 : 1) * sizeof(*grown));
        if (!grown) {
            rq->is_short = true;
            return &rq->nowhere;
        }
        *list = grown;
    }
    return &(*list)[(*count)++];
}

struct store_item *store_request_add(struct store_request *rq, enum store_table table,
                                     struct span key, struct span value, struct wall expires)
{
    struct store_item *item = add(rq, &rq->item, &rq->item_count);
    *item = (struct store_item){
        .table = table,
        .key = store_request_copy(rq, key),
        .value = store_request_copy(rq, value),
        .expires = expires,
    };
    return item;
}

void store_request_found(struct store_request *rq, enum store_table table, struct span key,
                         struct span value)
{
    struct store_item *item = add(rq, &rq->found, &rq->found_count);
    *item = (struct store_item){
        .table = table,
        .key = store_request_copy(rq, key),
        .value = store_request_copy(rq, value),
    };
}

void store_request_free(struct store_request *rq)
{
    if (!rq) {
        return;
    }
    while (rq->chunks) {
        struct store_chunk *chunk = rq->chunks;
        rq->chunks = chunk->next;
        secret_wipe(chunk->bytes, chunk->size);
        free(chunk);
    }
    free(rq->item);
    free(rq->found);
    free(rq);
}

void store_submit(struct store *s, struct store_request *rq)
{
    rq->store = s;
    rq->began = clock_now().mono;
    s->counts.waiting++;
    s->backend->submit(s->state, rq);
}

const double *store_bucket_bounds(void)
{
    static const double bounds[STORE_BUCKETS] = {0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                 0.05,   0.1,   0.25,   1,     2.5};
    return bounds;
}

static void count(struct store_counts *c, const struct store_request *rq)
{
    double seconds = (double)(clock_now().mono.ns - rq->began.ns) / 1e9;
    int bucket = 0;
    while (bucket < STORE_BUCKETS && seconds > store_bucket_bounds()[bucket]) {
        bucket++;
    }
    c->answered[rq->verb][rq->result]++;
    c->seconds_bucket[bucket]++;
    c->seconds_sum += seconds;
    c->waiting--;
}

void store_answer(struct store_request *rq)
{
    if (rq->is_short && rq->result == STORE_OK) {
        rq->result = STORE_DOWN;
        snprintf(rq->why, sizeof(rq->why), "out of memory");
    }
    count(&rq->store->counts, rq);
    rq->done(rq);
    store_request_free(rq);
}

void store_fail(struct store_request *rq, enum store_result result, const char *why)
{
    rq->result = result;
    snprintf(rq->why, sizeof(rq->why), "%s", why);
    store_answer(rq);
}

void store_tell_state(struct store *s, bool is_up, bool has_lost, const char *why)
{
    s->counts.comings += is_up ? 1 : 0;
    s->counts.goings += is_up ? 0 : 1;
    atomic_store_explicit(&s->is_up, is_up, memory_order_relaxed);
    s->events.state(s->events.context, is_up, has_lost, why);
}

void store_tell_notice(struct store *s, const char *realm, const struct store_item *item)
{
    s->events.notice(s->events.context, realm, item);
}

const struct store_counts *store_counts(const struct store *s)
{
    return &s->counts;
}

/* Names. */

const char *store_table_name(enum store_table table)
{
    static const char *const names[STORE_TABLE_COUNT] = {
        [STORE_USER] = "user",
        [STORE_USERHASH] = "userhash",
        [STORE_CREDENTIAL] = "credential",
        [STORE_SECRET] = "secret",
        [STORE_KEY] = "key",
        [STORE_REVOCATION] = "revocation",
        [STORE_SESSION] = "session",
        [STORE_NODE] = "node",
        [STORE_KICK] = "kick",
    };
    return names[table];
}

const char *store_verb_name(enum store_verb verb)
{
    static const char *const names[STORE_VERB_COUNT] = {
        [STORE_GET] = "get",     [STORE_WRITE] = "write",   [STORE_LIST] = "list",
        [STORE_LEASE] = "lease", [STORE_APPEND] = "append", [STORE_READ] = "read",
        [STORE_BEAT] = "beat",
    };
    return names[verb];
}

const char *store_result_name(enum store_result result)
{
    static const char *const names[STORE_RESULT_COUNT] = {
        [STORE_OK] = "ok",     [STORE_NONE] = "none",       [STORE_TAKEN] = "taken",
        [STORE_DOWN] = "down", [STORE_REFUSED] = "refused",
    };
    return names[result];
}
