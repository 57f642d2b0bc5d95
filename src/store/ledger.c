/* ledger — what sessions of this node are told of beyond it. */
/* SPDX-License-Identifier: MIT */
#include "store/ledger.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container.h"
#include "net/clock.h"

enum {
    FLUSH_MS = 50,   /* what came meanwhile goes in one request */
    SOME = 256,      /* entries of a request */
    RETRY_MS = 1000, /* after the store refused */
};

/* An event on its way to the control thread. */
struct note {
    struct inbox_node node;
    struct session *session;
};

/* One entry of the usage stream, or of the registry, that the store has yet to take. */
struct entry {
    struct entry *next;
    char *realm; /* registry: of the session */
    char id[17];
    char *text; /* JSON; NULL: the session is over */
};

struct list {
    struct entry *first;
    struct entry **last; /* where the next one is hung */
    uint32_t count;
};

struct ledger {
    struct ledger_parts parts;
    struct worker_observer observer;
    struct inbox notes;
    struct event *event, *timer;
    _Atomic uint32_t waiting; /* notes */
    _Atomic uint64_t lost;
    uint64_t told, sequence;
    struct list spool, registry;
    struct list ended;   /* of the registry, while it is written anew: a page may be older */
    bool is_appending;   /* the first entries of the spool are under way */
    bool is_rewriting;   /* a page of sessions is under way */
    bool rewrites_again; /* and it must be begun anew */
};

static void list_init(struct list *list)
{
    *list = (struct list){.first = NULL};
    list->last = &list->first;
}

static void put(struct list *list, struct entry *e)
{
    e->next = NULL;
    *list->last = e;
    list->last = &e->next;
    list->count++;
}

static void free_entry(struct entry *e)
{
    free(e->realm);
    free(e->text);
    free(e);
}

/* drop — forget the first `count` entries. */
static void drop(struct list *list, uint32_t count)
{
    while (count-- > 0 && list->first) {
        struct entry *e = list->first;
        list->first = e->next;
        list->count--;
        free_entry(e);
    }
    if (!list->first) {
        list->last = &list->first;
    }
}

/* On the worker. */

static void on_note(struct inbox_node *node, void *reader);

static bool is_told(enum turn_event_kind kind)
{
    return kind == TURN_EVENT_OPENED || kind == TURN_EVENT_CLOSED || kind == TURN_EVENT_LIVES;
}

static void observe(void *context, const struct turn_event *event)
{
    struct ledger *l = context;
    if (!is_told(event->kind)) {
        return;
    }
    struct note *note = NULL;
    if (atomic_fetch_add(&l->waiting, 1) < LEDGER_WAITING_MAX) {
        note = malloc(sizeof(*note));
    }
    struct session *session = note ? session_new(event, clock_now().wall) : NULL;
    if (!session) {
        free(note);
        atomic_fetch_sub(&l->waiting, 1);
        atomic_fetch_add(&l->lost, 1);
        return;
    }
    note->session = session;
    note->node.run = on_note;
    inbox_put(&l->notes, &note->node);
}

/* On the control thread: what is told. */

static void arm(struct ledger *l, int ms)
{
    struct timeval wait = {ms / 1000, ms % 1000 * 1000};
    if (!evtimer_pending(l->timer, NULL)) {
        evtimer_add(l->timer, &wait);
    }
}

static struct entry *entry_new(const struct session *s, json_t *json)
{
    struct entry *e = calloc(1, sizeof(*e));
    struct span realm = session_realm(s);
    char *copy = e ? malloc(realm.size + 1) : NULL;
    if (copy) {
        memcpy(copy, realm.bytes, realm.size);
        copy[realm.size] = '\0';
        session_id(s->id, e->id);
        e->realm = copy;
        e->text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    }
    if (!copy || (json && !e->text)) {
        free(copy);
        free(e);
        return NULL;
    }
    return e;
}

static const char *kind_name(enum turn_event_kind kind)
{
    return kind == TURN_EVENT_OPENED ? "start" : kind == TURN_EVENT_CLOSED ? "stop" : "interim";
}

/* tell_usage — one more entry of the stream. */
static void tell_usage(struct ledger *l, const struct session *s)
{
    char boot[17];
    json_t *o = session_json(s, l->parts.node);
    snprintf(boot, sizeof(boot), "%08x", (unsigned)l->parts.boot);
    json_object_set(o, "session", json_object_get(o, "id"));
    json_object_del(o, "id");
    json_object_del(o, "started"); /* at and seconds say it */
    json_object_set_new(o, "event", json_string(kind_name(s->kind)));
    json_object_set_new(o, "sequence", json_integer((json_int_t)++l->sequence));
    json_object_set_new(o, "boot", json_string(boot));
    json_object_set_new(o, "at", json_integer(s->at.s));
    json_object_set_new(o, "seconds", json_integer((json_int_t)(s->duration_ns / MONO_SECOND)));
    if (s->kind == TURN_EVENT_CLOSED) {
        json_object_set_new(o, "reason", json_string(turn_reason_name(s->reason)));
    }
    struct entry *e = entry_new(s, o);
    json_decref(o);
    if (!e) {
        atomic_fetch_add(&l->lost, 1);
        return;
    }
    if (l->spool.count < LEDGER_SPOOL_MAX) {
        put(&l->spool, e);
    } else { /* the first of it may be on their way */
        free_entry(e);
        atomic_fetch_add(&l->lost, 1);
    }
}

/* tell_registry — what a session is now. */
static void tell_registry(struct ledger *l, const struct session *s)
{
    json_t *o = s->kind == TURN_EVENT_CLOSED ? NULL : session_json(s, l->parts.node);
    struct entry *e = entry_new(s, o);
    json_decref(o);
    if (!o && l->is_rewriting) {
        struct entry *again = entry_new(s, NULL);
        if (again) {
            put(&l->ended, again);
        }
    }
    if (e && l->registry.count < LEDGER_SPOOL_MAX) {
        put(&l->registry, e);
    } else if (e) {
        free_entry(e);
        l->rewrites_again = true;
    }
}

static void on_note(struct inbox_node *node, void *reader)
{
    struct ledger *l = reader;
    struct note *note = container_of(node, struct note, node);
    atomic_fetch_sub(&l->waiting, 1);
    if (l->parts.has_usage) {
        tell_usage(l, note->session);
    }
    if (store_is_shared(l->parts.store)) {
        tell_registry(l, note->session);
    }
    free(note->session);
    free(note);
}

static void on_notes(evutil_socket_t fd, short what, void *argument)
{
    struct ledger *l = argument;
    (void)fd;
    (void)what;
    inbox_run(&l->notes, l);
    if (l->spool.count > 0 || l->registry.count > 0) {
        arm(l, FLUSH_MS);
    }
}

/* To the store. */

/* tell_refused — what only an operator can mend. */
static void tell_refused(const struct ledger *l, const struct store_request *rq)
{
    if (rq->result == STORE_REFUSED && l->parts.refused) {
        l->parts.refused(l->parts.context, rq->why);
    }
}

static void append_some(struct ledger *l);

static void on_appended(struct store_request *rq)
{
    struct ledger *l = rq->context;
    l->is_appending = false;
    tell_refused(l, rq);
    if (rq->result == STORE_OK) {
        l->told += rq->item_count;
        drop(&l->spool, (uint32_t)rq->item_count);
    }
    if (l->spool.count > 0 && rq->result == STORE_OK) {
        append_some(l);
    } else if (l->spool.count > 0) {
        arm(l, RETRY_MS);
    }
}

static void append_some(struct ledger *l)
{
    struct store_request *rq = store_request_new(STORE_APPEND, "", on_appended, l);
    const struct entry *e = l->spool.first;
    for (int i = 0; rq && i < SOME && e; i++, e = e->next) {
        store_request_add(rq, STORE_TABLE_COUNT, span_of_text(""), span_of_text(e->text),
                          (struct wall){0});
    }
    if (rq) {
        l->is_appending = true;
        store_submit(l->parts.store, rq);
    }
}

static void on_registered(struct store_request *rq)
{
    struct ledger *l = rq->context;
    tell_refused(l, rq);
    /* Unless it was away, and is written anew when it comes. */
    l->rewrites_again = l->rewrites_again || rq->result != STORE_OK;
}

/* register_some — the first entries, as long as they are of one realm. */
static void register_some(struct ledger *l)
{
    const char *realm = l->registry.first->realm;
    struct store_request *rq = store_request_new(STORE_WRITE, realm, on_registered, l);
    uint32_t count = 0;
    const struct entry *e = l->registry.first;
    for (; rq && count < SOME && e && strcmp(e->realm, realm) == 0; count++, e = e->next) {
        store_request_add(rq, STORE_SESSION, span_of_text(e->id),
                          span_of_text(e->text ? e->text : ""), (struct wall){0});
    }
    if (rq) {
        store_submit(l->parts.store, rq);
    }
    drop(&l->registry, rq ? count : 1);
}

static void rewrite(struct ledger *l, unsigned worker, uint32_t from);

static void on_page(void *context, const struct census_page *page)
{
    struct ledger *l = context;
    for (size_t i = 0; i < page->count; i++) {
        tell_registry(l, page->at[i]);
    }
    l->is_rewriting = false;
    while (l->ended.first) {
        struct entry *e = l->ended.first;
        l->ended.first = e->next;
        put(&l->registry, e);
    }
    list_init(&l->ended);
    if (!page->is_end && store_is_up(l->parts.store)) {
        rewrite(l, page->worker, page->from);
    }
    if (l->registry.count > 0) {
        arm(l, FLUSH_MS);
    }
}

/* rewrite — tell the registry of every session, from a place on. */
static void rewrite(struct ledger *l, unsigned worker, uint32_t from)
{
    static const struct census_filter all;
    l->is_rewriting = census_list(l->parts.census, &all, worker, from, SOME, on_page, l);
}

static void on_timer(evutil_socket_t fd, short what, void *argument)
{
    struct ledger *l = argument;
    (void)fd;
    (void)what;
    bool is_up = store_is_up(l->parts.store);
    if (is_up && l->spool.count > 0 && !l->is_appending) {
        append_some(l);
    }
    while (is_up && l->registry.count > 0) {
        register_some(l);
    }
    if (!is_up && l->registry.count > 0) {
        drop(&l->registry, l->registry.count); /* all of them are told of when it comes */
    }
    if (is_up && l->rewrites_again && !l->is_rewriting) {
        l->rewrites_again = false;
        rewrite(l, 0, 0);
    }
    if (l->spool.count > 0) {
        arm(l, is_up ? FLUSH_MS : RETRY_MS);
    }
}

void ledger_store_came(struct ledger *l)
{
    l->rewrites_again = store_is_shared(l->parts.store);
    event_active(l->timer, EV_TIMEOUT, 0);
}

void ledger_flush(struct ledger *l)
{
    inbox_run(&l->notes, l);
    on_timer(-1, 0, l);
}

struct ledger_counts ledger_counts(const struct ledger *l)
{
    return (struct ledger_counts){
        .told = l->told,
        .lost = atomic_load(&l->lost),
        .waiting = l->spool.count,
    };
}

const struct worker_observer *ledger_observer(struct ledger *l)
{
    return &l->observer;
}

struct ledger *ledger_new(const struct ledger_parts *parts)
{
    struct ledger *l = calloc(1, sizeof(*l));
    if (!l || !inbox_init(&l->notes)) {
        free(l);
        return NULL;
    }
    l->parts = *parts;
    l->observer = (struct worker_observer){l, observe};
    list_init(&l->spool);
    list_init(&l->registry);
    list_init(&l->ended);
    l->event = event_new(parts->base, l->notes.wake, EV_READ | EV_PERSIST, on_notes, l);
    l->timer = evtimer_new(parts->base, on_timer, l);
    if (!l->event || !l->timer || event_add(l->event, NULL) != 0) {
        ledger_free(l);
        return NULL;
    }
    return l;
}

void ledger_free(struct ledger *l)
{
    if (!l) {
        return;
    }
    inbox_run(&l->notes, l);
    drop(&l->spool, l->spool.count);
    drop(&l->registry, l->registry.count);
    drop(&l->ended, l->ended.count);
    if (l->event) {
        event_free(l->event);
    }
    if (l->timer) {
        event_free(l->timer);
    }
    inbox_fini(&l->notes);
    free(l);
}
