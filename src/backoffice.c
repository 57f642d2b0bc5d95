/* backoffice — all that stands behind the workers when there is more than the configuration file.
 */
/* SPDX-License-Identifier: MIT */
#include "backoffice.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/secret.h"
#include "net/clock.h"
#include "net/digest_openssl.h"

enum {
    BEAT_EVERY = 2,    /* seconds between two signs of life in a shared store */
    NODE_SILENT = 10,  /* seconds after which a node does not count */
    NODE_GONE = 86400, /* and after which it is forgotten */
    CLOSE_MS = 3000,   /* that the store gets for what is left at the end */
};

bool backoffice_is_needed(const struct conf *c)
{
    return strcmp(c->store, "memory") != 0 || c->control || c->http_listen.family != NETADDR_NONE;
}

static void say(void *context, bool is_bad, const char *what, const char *why)
{
    struct backoffice *b = context;
    struct log_line line;
    if (strcmp(b->said, why) == 0 && why[0]) {
        return;
    }
    snprintf(b->said, sizeof(b->said), "%s", why);
    log_line_begin(&line, is_bad ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, what);
    if (b->store) {
        log_line_string(&line, "store", store_name(b->store));
    }
    if (why[0]) {
        log_line_string(&line, "why", why);
    }
    log_put(b->log, &line);
}

static void came(void *context)
{
    struct backoffice *b = context;
    b->said[0] = '\0';
    say(b, false, "store_ready", "");
    if (b->ledger) {
        ledger_store_came(b->ledger);
    }
}

/* name_node — what the configuration says, or the machine. */
static void name_node(struct backoffice *b, const struct conf *conf)
{
    char host[sizeof(b->node)] = "node";
    gethostname(host, sizeof(host) - 1);
    snprintf(b->node, sizeof(b->node), "%s", conf->node ? conf->node : host);
}

/* forget — free what jansson had, which may have been a password or a key. */
static void forget(void *bytes)
{
    if (bytes) {
        secret_wipe(bytes, malloc_usable_size(bytes));
        free(bytes);
    }
}

bool backoffice_prepare(struct backoffice *b, struct event_base *base, struct worker_shared *shared,
                        const struct conf *conf, struct log_source *log)
{
    *b = (struct backoffice){
        .base = base,
        .shared = shared,
        .conf = conf,
        .log = log,
        .started = clock_now().mono,
        .digest = digest_openssl_new(),
        .mirror = mirror_new(),
    };
    name_node(b, conf);
    json_set_alloc_funcs(malloc, forget);
    b->nodes = json_object();
    b->census = census_new(base, shared);
    b->deck = b->mirror ? flight_deck_new(base, shared, b->mirror) : NULL;
    struct follower_parts parts = {shared, b->mirror, b->census, b->digest, b, came, say};
    b->follower = follower_new(&parts);
    return b->digest && b->mirror && b->nodes && b->census && b->deck && b->follower;
}

static void refused(void *context, const char *why)
{
    say(context, true, "store_refuses", why);
}

/* hook — have the workers count and tell where there is reason to. */
static bool hook(struct backoffice *b, const struct conf *conf)
{
    bool is_shared = store_is_shared(b->store);
    flight_deck_use(b->deck, b->store);
    if (is_shared && !store_is_readable_only(b->store)) {
        b->book = lease_book_new(b->base, b->shared, b->store);
        if (!b->book) {
            return false;
        }
        b->shared->shares = lease_book_shares(b->book);
    }
    bool is_told = (is_shared || conf->usage_interval > 0) && !store_is_readable_only(b->store);
    if (is_told) {
        struct ledger_parts parts = {
            .base = b->base,
            .store = b->store,
            .census = b->census,
            .node = b->node,
            .boot = b->shared->boot,
            .has_usage = conf->usage_interval > 0,
            .context = b,
            .refused = refused,
        };
        b->ledger = ledger_new(&parts);
        if (!b->ledger) {
            return false;
        }
        b->shared->observer = ledger_observer(b->ledger);
    }
    return true;
}

bool backoffice_open(struct backoffice *b, const struct conf *conf, const struct settings *settings,
                     char *why, size_t why_room)
{
    struct store_parts parts = {
        .url = conf->store,
        .password = conf->store_password,
        .node = b->node,
        .base = b->base,
        .events = follower_events(b->follower),
    };
    char sentence[512];
    b->store = store_open(&parts, sentence, sizeof(sentence));
    if (!b->store) {
        snprintf(why, why_room, "%s: %s", conf_place(conf, "store"), sentence);
        return false;
    }
    snprintf(why, why_room, "out of memory or descriptors");
    return hook(b, conf) && backoffice_follow(b, settings);
}

bool backoffice_follow(struct backoffice *b, const struct settings *settings)
{
    const char *realm[SETTINGS_REALMS_MAX];
    size_t count = 0;
    for (uint8_t i = 0; i < settings->realm_count; i++) {
        if (!settings->realm[i].is_gone) {
            realm[count++] = settings->realm[i].name;
        }
    }
    return follower_follow(b->follower, b->store, realm, count);
}

/* Nodes. */

static void on_nodes(struct store_request *rq)
{
    struct backoffice *b = rq->context;
    int64_t now = clock_now().wall.s;
    uint32_t live = 0;
    if (rq->result != STORE_OK) {
        return;
    }
    json_object_clear(b->nodes);
    for (size_t i = 0; i < rq->found_count; i++) {
        json_t *node =
            json_loadb((const char *)rq->found[i].value.bytes, rq->found[i].value.size, 0, NULL);
        int64_t seen = json_integer_value(json_object_get(node, "seen"));
        live += now - seen < NODE_SILENT ? 1 : 0;
        if (node && now - seen < NODE_GONE) {
            json_object_set(b->nodes, (const char *)rq->found[i].key.bytes, node);
        }
        json_decref(node);
    }
    if (b->book) {
        lease_book_set_nodes(b->book, live);
    }
}

static uint32_t live_allocations(const struct backoffice *b)
{
    uint32_t live = 0;
    for (unsigned i = 0; i < b->shared->count; i++) {
        live += worker_live(b->shared->worker[i]);
    }
    return live;
}

/* on_beat — a store that answers and takes no writes is none that is well. */
static void on_beat(struct store_request *rq)
{
    struct backoffice *b = rq->context;
    if (rq->result == STORE_REFUSED && !b->is_refused) {
        b->is_refused = true;
        say(b, true, "store_refuses", rq->why);
    } else if (rq->result == STORE_OK && b->is_refused) {
        b->is_refused = false;
        b->said[0] = '\0';
        say(b, false, "store_ready", "");
    }
}

/* beat — tell the others that this node lives, and learn who else does. */
static void beat(struct backoffice *b)
{
    json_t *node =
        json_pack("{s:s, s:I, s:i, s:s, s:b}", "name", b->node, "seen",
                  (json_int_t)clock_now().wall.s, "allocations", (int)live_allocations(b),
                  "version", PACKAGE_VERSION, "draining", (int)b->is_draining);
    char *text = node ? json_dumps(node, JSON_COMPACT) : NULL;
    struct store_request *rq = text ? store_request_new(STORE_BEAT, "", on_beat, b) : NULL;
    struct store_request *list = store_request_new(STORE_LIST, "", on_nodes, b);
    if (rq) {
        store_request_add(rq, STORE_NODE, span_of_text(b->node), span_of_text(text),
                          (struct wall){0});
        store_submit(b->store, rq);
    }
    if (list) {
        enum { NODES_MAX = 1000 };
        store_request_add(list, STORE_NODE, span_of_text(""), span_of_text(""), (struct wall){0});
        list->limit = NODES_MAX;
        store_submit(b->store, list);
    }
    free(text);
    json_decref(node);
}

void backoffice_tick(struct backoffice *b)
{
    if (!b->store) {
        return;
    }
    follower_tick(b->follower);
    if (b->book) {
        lease_book_tick(b->book);
    }
    if (store_is_shared(b->store) && store_is_up(b->store) && b->seconds % BEAT_EVERY == 0) {
        beat(b);
    }
    b->seconds++;
}

static void on_late(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    event_base_loopbreak(argument);
}

/* drain_store — a moment for what was handed over last. */
static void drain_store(struct backoffice *b)
{
    static const struct timeval step = {0, 10000};
    struct event *late = evtimer_new(b->base, on_late, b->base);
    for (int ms = 0;
         late && ms < CLOSE_MS && store_is_up(b->store) && store_counts(b->store)->waiting > 0;
         ms += 10) {
        evtimer_add(late, &step);
        event_base_loop(b->base, EVLOOP_ONCE);
    }
    if (late) {
        event_free(late);
    }
}

/* say_untold — usage that the store did not take before the end. */
static void say_untold(struct backoffice *b)
{
    struct log_line line;
    struct ledger_counts counts = {.waiting = 0};
    if (b->ledger) {
        counts = ledger_counts(b->ledger);
    }
    if (counts.waiting > 0 || counts.lost > 0) {
        log_line_begin(&line, LOG_LEVEL_ERROR, "usage_lost");
        log_line_u64(&line, "entries", counts.waiting + counts.lost);
        log_put(b->log, &line);
    }
}

void backoffice_close(struct backoffice *b)
{
    if (b->store) {
        if (b->book) {
            lease_book_return(b->book);
        }
        if (b->ledger) {
            ledger_flush(b->ledger);
        }
        drain_store(b);
    }
    say_untold(b);
    census_close(b->census);
    store_close(b->store);
    for (unsigned i = 0; b->shared && i < b->shared->count; i++) {
        if (b->shared->worker[i]) {
            worker_discard(b->shared->worker[i]);
        }
    }
    census_close(b->census); /* what the workers gave back */
    census_free(b->census);
    ledger_free(b->ledger);
    lease_book_free(b->book);
    flight_deck_free(b->deck);
    follower_free(b->follower);
    mirror_free(b->mirror);
    digest_openssl_free(b->digest);
    json_decref(b->nodes);
    *b = (struct backoffice){.base = NULL};
}
