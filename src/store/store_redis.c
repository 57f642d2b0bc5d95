/* store_redis — Redis as a store: one link for requests, one for notices. */
/* SPDX-License-Identifier: MIT */
#include "store/store_backend.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "net/entropy_os.h"
#include "store/redis_contact.h"
#include "store/redis_key.h"
#include "store/redis_later.h"
#include "store/redis_secure.h"
#include "store/redis_verb.h"

enum { FOR_REQUESTS, FOR_NOTICES, LINKS };

enum { EPOCH_SIZE = 33, NODE_SIZE = 256 };

/* What is asked before it is told to be up, in this order. */
enum step { STEP_SET_EPOCH, STEP_GET_EPOCH, STEP_WRITE, STEP_LEASE, STEPS };

struct store_redis {
    struct store *store;
    struct redis_url url;
    char node[NODE_SIZE];
    struct redis_contact *contact;
    struct redis_watch *watch;
    struct redis_verb verb;
    struct redis_later later;
    bool is_up;              /* as the store was told */
    bool has_lost;           /* to be told with the next coming up */
    char epoch[EPOCH_SIZE];  /* of the data seen last; "": none yet */
    char why[STORE_WHY_MAX]; /* it is not up */
};

/* Setting up. */

static struct span text_of(const struct redisReply *reply)
{
    return (struct span){(const uint8_t *)reply->str, reply->len};
}

/* note_epoch — another epoch than before: all that was there is gone. */
static bool note_epoch(struct store_redis *s, const struct redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STRING || reply->len == 0) {
        return false;
    }
    char epoch[EPOCH_SIZE];
    snprintf(epoch, sizeof(epoch), "%s", reply->str);
    s->has_lost = s->has_lost || (s->epoch[0] && strcmp(s->epoch, epoch) != 0);
    memcpy(s->epoch, epoch, sizeof(epoch));
    return true;
}

static bool note_script(struct store_redis *s, enum redis_script script,
                        const struct redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STRING || reply->len != REDIS_VERB_HASH_SIZE - 1) {
        return false;
    }
    memcpy(s->verb.script[script], reply->str, reply->len + 1);
    return true;
}

static bool note_step(struct store_redis *s, enum step step, const struct redisReply *reply)
{
    switch (step) {
    case STEP_SET_EPOCH: /* nothing: there is one */
        return reply->type == REDIS_REPLY_STATUS || reply->type == REDIS_REPLY_NIL;
    case STEP_GET_EPOCH:
        return note_epoch(s, reply);
    case STEP_WRITE:
        return note_script(s, REDIS_SCRIPT_WRITE, reply);
    default:
        return note_script(s, REDIS_SCRIPT_LEASE, reply);
    }
}

static void on_step(void *context, const struct redisReply *reply, unsigned left, const char *why)
{
    struct store_redis *s = context;
    char text[STORE_WHY_MAX];
    (void)why;
    if (!reply) {
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        if (memmem(reply->str, reply->len, "WRONGTYPE", strlen("WRONGTYPE"))) {
            redis_fault_name_key(span_of_text("turnpike:{*}:epoch"), "string", text, sizeof(text));
        } else {
            redis_fault_read(text_of(reply), text, sizeof(text));
        }
        redis_contact_drop(s->contact, text);
    } else if (!note_step(s, (enum step)(STEPS - 1 - left), reply)) {
        redis_contact_drop(s->contact, "the key turnpike:{*}:epoch in Redis, or Redis itself, is "
                                       "not as turnpike needs it");
    } else if (left == 0) {
        redis_watch_begin(s->watch, redis_contact_link(s->contact, FOR_NOTICES));
    }
}

static void put_step(enum step step, struct redis_words *w)
{
    uint8_t random[(EPOCH_SIZE - 1) / 2];
    bool is_epoch = step == STEP_SET_EPOCH || step == STEP_GET_EPOCH;
    *w = redis_words_begin(step == STEP_SET_EPOCH   ? "SET"
                           : step == STEP_GET_EPOCH ? "GET"
                                                    : "SCRIPT");
    if (is_epoch) {
        redis_key_put(w, "", "epoch", NULL);
    } else {
        redis_words_text(w, "LOAD");
        redis_words_text(
            w, redis_script_text(step == STEP_WRITE ? REDIS_SCRIPT_WRITE : REDIS_SCRIPT_LEASE));
    }
    if (step == STEP_SET_EPOCH) {
        const struct entropy *entropy = entropy_os();
        entropy->fill(entropy->context, random, sizeof(random));
        char *out = redis_words_own(w, EPOCH_SIZE);
        if (out) {
            struct text t = text_init(out, EPOCH_SIZE);
            text_hex(&t, random, sizeof(random));
            redis_words_cut(w, EPOCH_SIZE - 1);
        }
        redis_words_text(w, "NX");
    }
}

static void on_met(void *context)
{
    struct store_redis *s = context;
    struct redis_link *link = redis_contact_link(s->contact, FOR_REQUESTS);
    if (!redis_link_begin(link, REDIS_LINK_PATIENCE_MS, on_step, s)) {
        redis_contact_drop(s->contact, "out of memory");
        return;
    }
    for (int step = 0; step < STEPS; step++) {
        struct redis_words w;
        put_step((enum step)step, &w);
        redis_link_put(link, &w);
        redis_words_end(&w);
    }
}

/* Coming and going. */

/* on_ready — notices are followed from here on: whoever reads now misses nothing. */
static void on_ready(void *context)
{
    struct store_redis *s = context;
    bool has_lost = s->has_lost;
    s->has_lost = false;
    s->is_up = true;
    s->verb.link = redis_contact_link(s->contact, FOR_REQUESTS);
    redis_contact_settle(s->contact);
    store_tell_state(s->store, true, has_lost, "");
}

static void on_lost(void *context, const char *why)
{
    struct store_redis *s = context;
    s->is_up = false;
    s->verb.link = NULL;
    redis_watch_end(s->watch);
    snprintf(s->why, sizeof(s->why), "%s", why);
    store_tell_state(s->store, false, false, s->why);
}

static void on_failed(void *context, const char *why)
{
    struct store_redis *s = context;
    redis_contact_drop(s->contact, why);
}

static void on_notice(void *context, const char *realm, const struct store_item *item)
{
    struct store_redis *s = context;
    store_tell_notice(s->store, realm, item);
}

/* The backend. */

static void close_redis(void *backend)
{
    struct store_redis *s = backend;
    if (!s) {
        return;
    }
    redis_contact_free(s->contact);
    redis_later_fini(&s->later);
    redis_watch_free(s->watch);
    redis_url_wipe(&s->url);
    free(s);
}

/* start — what needs memory. */
static bool start(struct store_redis *s, struct event_base *base)
{
    const struct redis_watch_parts watch = {
        .context = s, .ready = on_ready, .notice = on_notice, .failed = on_failed};
    const struct redis_contact_parts contact = {
        .base = base,
        .url = &s->url,
        .node = s->node,
        .role = REDIS_GREETING_PRIMARY,
        .links = LINKS,
        .context = s,
        .met = on_met,
        .lost = on_lost,
    };
    if (!redis_later_init(&s->later, base)) {
        return false;
    }
    s->watch = redis_watch_new(&watch);
    s->contact = s->watch ? redis_contact_new(&contact) : NULL;
    s->verb =
        (struct redis_verb){.node = s->node, .watch = s->watch, .context = s, .failed = on_failed};
    return s->contact != NULL;
}

static void *open_redis(struct store *store, const struct store_parts *parts, char *name,
                        size_t name_room, char *why, size_t why_room)
{
    struct store_redis *s = calloc(1, sizeof(*s));
    if (!s) {
        snprintf(why, why_room, "out of memory");
        return NULL;
    }
    s->store = store;
    snprintf(s->node, sizeof(s->node), "%s", parts->node);
    snprintf(s->why, sizeof(s->why), "Redis has not been reached yet");
    bool is_good = redis_url_parse(parts->url, &s->url, why, why_room) &&
                   redis_url_add_password(&s->url, parts->password, why, why_room);
    if (is_good && s->url.is_secure && !redis_secure_is_there()) {
        snprintf(why, why_room, "%s", redis_secure_why());
        is_good = false;
    }
    if (is_good && !start(s, parts->base)) {
        snprintf(why, why_room, "out of memory");
        is_good = false;
    }
    if (!is_good) {
        close_redis(s);
        return NULL;
    }
    redis_url_print(&s->url, name, name_room);
    return s;
}

static void submit(void *backend, struct store_request *rq)
{
    struct store_redis *s = backend;
    rq->backend = &s->verb;
    if (!s->is_up || !redis_link_is_up(s->verb.link)) {
        char why[STORE_WHY_MAX];
        snprintf(why, sizeof(why), "Redis is out of reach: %.220s", s->why);
        redis_later_fail(&s->later, rq, STORE_DOWN, why);
    } else if (!redis_verb_send(&s->verb, rq)) {
        redis_later_answer(&s->later, rq);
    }
}

static bool follow(void *backend, const char *const *realms, size_t count)
{
    struct store_redis *s = backend;
    return redis_watch_follow(s->watch, realms, count);
}

static size_t addresses(void *backend, struct netaddr *out, size_t room)
{
    const struct store_redis *s = backend;
    return redis_contact_address(s->contact, out, room);
}

const struct store_backend store_backend_redis = {
    .is_shared = true,
    .is_kept = true,
    .open = open_redis,
    .close = close_redis,
    .submit = submit,
    .follow = follow,
    .addresses = addresses,
};
