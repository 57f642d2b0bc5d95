/* store_sqlite — the store of one machine: SQLite on a thread of its own, its commits shared by all
 * requests that wait.
 *
 *     control thread  --queue-->  store thread: BEGIN, requests, COMMIT  --inbox-->  control thread
 */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "net/clock.h"
#include "store/sqlite_file.h"
#include "store/store_backend.h"

enum {
    PAGE_STANDARD = 100,     /* items found at a time, when nobody says */
    BATCH_MAX = 512,         /* requests of one commit */
    USAGE_KEPT = 90 * 86400, /* seconds */
    PURGE_EVERY = 600,       /* seconds */
    PURGE_SOME = 10000,      /* rows at a time */
};

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    SAVE,
    RELEASE,
    BACK,
    GET,
    PUT,
    PUT_NEW,
    REMOVE_OVER,
    REMOVE,
    LIST,
    APPEND,
    READ,
    PURGE_ITEMS,
    PURGE_USAGE,
    STATEMENTS
};

static const char *const sql[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [SAVE] = "SAVEPOINT request",
    [RELEASE] = "RELEASE request",
    [BACK] = "ROLLBACK TO request",
    [GET] = "SELECT value FROM item WHERE kind = ?1 AND realm = ?2 AND name = ?3"
            " AND (expires = 0 OR expires > ?4)",
    [PUT] = "INSERT INTO item (kind, realm, name, value, expires) VALUES (?1, ?2, ?3, ?4, ?5)"
            " ON CONFLICT DO UPDATE SET value = excluded.value, expires = excluded.expires",
    [PUT_NEW] = "INSERT INTO item (kind, realm, name, value, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
    [REMOVE_OVER] = "DELETE FROM item WHERE kind = ?1 AND realm = ?2 AND name = ?3"
                    " AND expires > 0 AND expires <= ?4",
    [REMOVE] = "DELETE FROM item WHERE kind = ?1 AND realm = ?2 AND name = ?3",
    [LIST] = "SELECT name, value FROM item WHERE kind = ?1 AND realm = ?2 AND name > ?3"
             " AND (expires = 0 OR expires > ?4) ORDER BY name LIMIT ?5",
    [APPEND] = "INSERT INTO usage (at, event) VALUES (?1, ?2)",
    [READ] = "SELECT id, event FROM usage WHERE id > ?1 ORDER BY id LIMIT ?2",
    [PURGE_ITEMS] = "DELETE FROM item WHERE (kind, realm, name) IN (SELECT kind, realm, name"
                    " FROM item WHERE expires > 0 AND expires <= ?1 LIMIT ?2)",
    [PURGE_USAGE] = "DELETE FROM usage WHERE id IN (SELECT id FROM usage WHERE at <= ?1 LIMIT ?2)",
};

struct sqlite_store {
    struct store *store;
    sqlite3 *db;
    int lock;
    sqlite3_stmt *statement[STATEMENTS];
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct store_request *first, *last; /* the queue; under the mutex */
    bool is_closing;                    /* under the mutex */
    int64_t purged;                     /* wall seconds; the store thread's */
    struct inbox answers;               /* to the control thread */
    struct event *event, *soon;
};

/* The store thread. */

/* run — one statement without parameters. Returns whether it went well. */
static bool run(struct sqlite_store *s, enum statement which)
{
    sqlite3_stmt *stmt = s->statement[which];
    int code = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return code == SQLITE_DONE;
}

static void bind_span(sqlite3_stmt *stmt, int at, struct span bytes)
{
    /* A null pointer would be NULL, which no name is. */
    sqlite3_bind_blob(stmt, at, bytes.size ? (const void *)bytes.bytes : "", (int)bytes.size,
                      SQLITE_STATIC);
}

static void bind_place(sqlite3_stmt *stmt, const struct store_request *rq,
                       const struct store_item *item)
{
    sqlite3_bind_text(stmt, 1, store_table_name(item->table), -1, SQLITE_STATIC);
    bind_span(stmt, 2, span_of_text(rq->realm));
    bind_span(stmt, 3, item->key);
}

static struct span column(sqlite3_stmt *stmt, int at)
{
    const void *bytes = sqlite3_column_blob(stmt, at);
    return (struct span){bytes, (size_t)sqlite3_column_bytes(stmt, at)};
}

/* ended — the result of a request by what SQLite said last. */
static void ended(struct sqlite_store *s, struct store_request *rq, int code)
{
    if (code == SQLITE_DONE || code == SQLITE_ROW) {
        rq->result = STORE_OK;
        return;
    }
    rq->result = (code & 0xff) == SQLITE_CONSTRAINT ? STORE_TAKEN : STORE_REFUSED;
    snprintf(rq->why, sizeof(rq->why), "the database refuses: %s", sqlite3_errmsg(s->db));
}

static void do_get(struct sqlite_store *s, struct store_request *rq)
{
    sqlite3_stmt *stmt = s->statement[GET];
    bind_place(stmt, rq, &rq->item[0]);
    sqlite3_bind_int64(stmt, 4, clock_now().wall.s);
    int code = sqlite3_step(stmt);
    ended(s, rq, code);
    if (code == SQLITE_ROW) {
        store_request_found(rq, rq->item[0].table, rq->item[0].key, column(stmt, 0));
    } else if (code == SQLITE_DONE) {
        rq->result = STORE_NONE;
    }
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

/* is_held — whether items of the table are written down: sessions and nodes of one machine are
 * known to its only server, and a kick is but told of. */
static bool is_held(enum store_table table)
{
    return table != STORE_SESSION && table != STORE_NODE && table != STORE_KICK;
}

/* make_way — for an item that is to be new: one that is over is none. */
static int make_way(struct sqlite_store *s, const struct store_request *rq,
                    const struct store_item *item)
{
    sqlite3_stmt *stmt = s->statement[REMOVE_OVER];
    bind_place(stmt, rq, item);
    sqlite3_bind_int64(stmt, 4, clock_now().wall.s);
    int code = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return code;
}

static int write_item(struct sqlite_store *s, const struct store_request *rq,
                      const struct store_item *item)
{
    enum statement which = item->value.size == 0 ? REMOVE : item->is_new ? PUT_NEW : PUT;
    int way = which == PUT_NEW ? make_way(s, rq, item) : SQLITE_DONE;
    if (way != SQLITE_DONE) {
        return way;
    }
    sqlite3_stmt *stmt = s->statement[which];
    bind_place(stmt, rq, item);
    if (which != REMOVE) {
        sqlite3_bind_text(stmt, 4, (const char *)item->value.bytes, (int)item->value.size,
                          SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 5, item->expires.s);
    }
    int code = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return code;
}

static void do_write(struct sqlite_store *s, struct store_request *rq)
{
    int code = run(s, SAVE) ? SQLITE_DONE : sqlite3_errcode(s->db);
    for (size_t i = 0; code == SQLITE_DONE && i < rq->item_count; i++) {
        code = is_held(rq->item[i].table) ? write_item(s, rq, &rq->item[i]) : SQLITE_DONE;
    }
    ended(s, rq, code);
    if (code != SQLITE_DONE) {
        run(s, BACK);
    }
    run(s, RELEASE);
}

/* A cursor of a list is the last name found, which may hold any bytes: in hex, where it fits. */
static bool read_cursor(const struct store_request *rq, uint8_t *out, size_t *size)
{
    *size = strlen(rq->cursor) / 2;
    for (size_t i = 0; i < *size; i++) {
        unsigned byte;
        if (sscanf(rq->cursor + 2 * i, "%2x", &byte) != 1) {
            return false;
        }
        out[i] = (uint8_t)byte;
    }
    return true;
}

static void write_cursor(struct store_request *rq, struct span name)
{
    enum { FITS = (STORE_CURSOR_MAX - 1) / 2 };
    size_t size = name.size < FITS ? name.size : FITS;
    for (size_t i = 0; i < size; i++) {
        snprintf(rq->cursor + 2 * i, 3, "%02x", name.bytes[i]);
    }
}

static void do_list(struct sqlite_store *s, struct store_request *rq)
{
    uint8_t behind[STORE_CURSOR_MAX];
    size_t size;
    uint32_t limit = rq->limit ? rq->limit : PAGE_STANDARD;
    uint32_t count = 0;
    sqlite3_stmt *stmt = s->statement[LIST];
    int code = SQLITE_DONE;
    struct store_item place = {.table = rq->item[0].table};
    if (!read_cursor(rq, behind, &size)) {
        rq->result = STORE_REFUSED;
        snprintf(rq->why, sizeof(rq->why), "the cursor is none that this store gave");
        return;
    }
    place.key = (struct span){behind, size};
    rq->cursor[0] = '\0';
    bind_place(stmt, rq, &place);
    sqlite3_bind_int64(stmt, 4, clock_now().wall.s);
    sqlite3_bind_int64(stmt, 5, (int64_t)limit + 1);
    while (is_held(place.table) && (code = sqlite3_step(stmt)) == SQLITE_ROW && count < limit) {
        store_request_found(rq, place.table, column(stmt, 0), column(stmt, 1));
        count++;
    }
    if (code == SQLITE_ROW && count > 0) { /* there are more */
        write_cursor(rq, rq->found[rq->found_count - 1].key);
    }
    ended(s, rq, code);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

static void do_append(struct sqlite_store *s, struct store_request *rq)
{
    sqlite3_stmt *stmt = s->statement[APPEND];
    int code = run(s, SAVE) ? SQLITE_DONE : sqlite3_errcode(s->db);
    for (size_t i = 0; code == SQLITE_DONE && i < rq->item_count; i++) {
        struct span event = rq->item[i].value;
        sqlite3_bind_int64(stmt, 1, clock_now().wall.s);
        sqlite3_bind_text(stmt, 2, (const char *)event.bytes, (int)event.size, SQLITE_STATIC);
        code = sqlite3_step(stmt);
        sqlite3_reset(stmt);
        sqlite3_clear_bindings(stmt);
    }
    ended(s, rq, code);
    if (code != SQLITE_DONE) {
        run(s, BACK);
    }
    run(s, RELEASE);
}

static void do_read(struct sqlite_store *s, struct store_request *rq)
{
    sqlite3_stmt *stmt = s->statement[READ];
    int code;
    sqlite3_bind_int64(stmt, 1, strtoll(rq->cursor, NULL, 10));
    sqlite3_bind_int64(stmt, 2, rq->limit ? rq->limit : PAGE_STANDARD);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        snprintf(rq->cursor, sizeof(rq->cursor), "%lld", (long long)sqlite3_column_int64(stmt, 0));
        store_request_found(rq, STORE_TABLE_COUNT, span_of_text(rq->cursor), column(stmt, 1));
    }
    ended(s, rq, code);
    sqlite3_reset(stmt);
}

/* do_lease — the only node there is has it all. */
static void do_lease(struct store_request *rq)
{
    struct store_lease *l = &rq->lease;
    uint32_t granted = l->want < l->limit ? l->want : l->limit;
    l->granted = granted > l->used ? granted : l->used;
    rq->result = STORE_OK;
}

static void perform(struct sqlite_store *s, struct store_request *rq)
{
    switch (rq->verb) {
    case STORE_GET:
        do_get(s, rq);
        break;
    case STORE_WRITE:
        do_write(s, rq);
        break;
    case STORE_LIST:
        do_list(s, rq);
        break;
    case STORE_APPEND:
        do_append(s, rq);
        break;
    case STORE_READ:
        do_read(s, rq);
        break;
    case STORE_LEASE:
        do_lease(rq);
        break;
    default:
        rq->result = STORE_OK;
        break;
    }
}

static void purge(struct sqlite_store *s)
{
    int64_t now = clock_now().wall.s;
    if (now - s->purged < PURGE_EVERY) {
        return;
    }
    s->purged = now;
    const int64_t until[] = {now, now - USAGE_KEPT};
    for (int i = 0; i < 2; i++) {
        sqlite3_stmt *stmt = s->statement[PURGE_ITEMS + i];
        sqlite3_bind_int64(stmt, 1, until[i]);
        sqlite3_bind_int64(stmt, 2, PURGE_SOME);
        sqlite3_step(stmt);
        sqlite3_reset(stmt);
    }
}

/* is_write — whether a request needs a commit. */
static bool is_write(const struct store_request *rq)
{
    return rq->verb == STORE_WRITE || rq->verb == STORE_APPEND;
}

/* answer_all — on the control thread each gets its notices and its answer. */
static void answer_on_control(struct inbox_node *node, void *reader)
{
    struct sqlite_store *s = reader;
    struct store_request *rq = (struct store_request *)(void *)node;
    if (rq->verb == STORE_WRITE && rq->result == STORE_OK) {
        for (size_t i = 0; i < rq->item_count; i++) {
            if (store_has_notice(rq->item[i].table)) {
                store_tell_notice(s->store, rq->realm, &rq->item[i]);
            }
        }
    }
    store_answer(rq);
}

static void give_back(struct sqlite_store *s, struct store_request *list)
{
    while (list) {
        struct store_request *rq = list;
        list = rq->next;
        rq->node.run = answer_on_control;
        inbox_put(&s->answers, &rq->node);
    }
}

/* refuse_writes — none of them is in the database. */
static void refuse_writes(struct sqlite_store *s, struct store_request *list, int code)
{
    for (struct store_request *rq = list; rq; rq = rq->next) {
        if (is_write(rq) && (rq->result == STORE_OK || rq->result == STORE_TAKEN)) {
            ended(s, rq, code);
        }
    }
}

/* write_all — every write of a list in one transaction, each by itself; false, with SQLite's word,
 * when nothing of it came in. A full disk has SQLite roll back by itself, in the middle. */
static bool write_all(struct sqlite_store *s, struct store_request *list, int *code)
{
    bool ok = run(s, BEGIN);
    for (struct store_request *rq = list; ok && rq; rq = rq->next) {
        if (is_write(rq)) {
            perform(s, rq);
            ok = sqlite3_get_autocommit(s->db) == 0;
        }
    }
    *code = sqlite3_errcode(s->db);
    if (ok) {
        purge(s);
        ok = run(s, COMMIT);
        *code = sqlite3_errcode(s->db);
    }
    if (!ok && sqlite3_get_autocommit(s->db) == 0) {
        run(s, ROLLBACK);
    }
    return ok;
}

/* serve — a list of requests: what is read, from what is there for good; then what is written,
 * committed together. */
static void serve(struct sqlite_store *s, struct store_request *list)
{
    bool writes = false;
    int code;
    for (struct store_request *rq = list; rq; rq = rq->next) {
        writes = writes || is_write(rq);
        if (!is_write(rq)) {
            perform(s, rq);
        }
    }
    if (writes && !write_all(s, list, &code)) {
        refuse_writes(s, list, code);
    }
    give_back(s, list);
}

/* take_some — what waits, at most BATCH_MAX; NULL when the store is closing and nothing does. */
static struct store_request *take_some(struct sqlite_store *s)
{
    pthread_mutex_lock(&s->mutex);
    while (!s->first && !s->is_closing) {
        pthread_cond_wait(&s->wake, &s->mutex);
    }
    struct store_request *list = s->first;
    struct store_request *last = list;
    for (int i = 1; i < BATCH_MAX && last && last->next; i++) {
        last = last->next;
    }
    s->first = last ? last->next : NULL;
    s->last = s->first ? s->last : NULL;
    if (last) {
        last->next = NULL;
    }
    pthread_mutex_unlock(&s->mutex);
    return list;
}

static void *run_thread(void *argument)
{
    struct sqlite_store *s = argument;
    struct store_request *list;
    while ((list = take_some(s)) != NULL) {
        serve(s, list);
    }
    return NULL;
}

/* The control thread. */

static void on_answers(evutil_socket_t fd, short what, void *argument)
{
    struct sqlite_store *s = argument;
    (void)fd;
    (void)what;
    inbox_run(&s->answers, s);
}

static void on_soon(evutil_socket_t fd, short what, void *argument)
{
    struct sqlite_store *s = argument;
    (void)fd;
    (void)what;
    store_tell_state(s->store, true, false, "");
}

static void submit(void *backend, struct store_request *rq)
{
    struct sqlite_store *s = backend;
    rq->next = NULL;
    if (rq->is_short) { /* answered from the loop, like all */
        rq->result = STORE_DOWN;
        snprintf(rq->why, sizeof(rq->why), "out of memory");
        give_back(s, rq);
        return;
    }
    pthread_mutex_lock(&s->mutex);
    if (s->last) {
        s->last->next = rq;
    } else {
        s->first = rq;
    }
    s->last = rq;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->mutex);
}

static bool follow(void *backend, const char *const *realms, size_t count)
{
    struct sqlite_store *s = backend;
    (void)realms; /* nobody else changes anything, and every write is told of */
    (void)count;
    static const struct timeval at_once = {0, 0};
    return evtimer_add(s->soon, &at_once) == 0;
}

static bool prepare_statements(struct sqlite_store *s)
{
    bool ok = true;
    for (int i = 0; ok && i < STATEMENTS; i++) {
        ok = sqlite3_prepare_v3(s->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->statement[i],
                                NULL) == SQLITE_OK;
    }
    return ok;
}

static bool start_thread(struct sqlite_store *s)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old); /* signals are the control thread's */
    bool ok = pthread_create(&s->thread, NULL, run_thread, s) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return ok;
}

static void free_all(struct sqlite_store *s)
{
    if (s->event) {
        event_free(s->event);
    }
    if (s->soon) {
        event_free(s->soon);
    }
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(s->statement[i]);
    }
    sqlite3_close(s->db);
    if (s->lock >= 0) {
        close(s->lock);
    }
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->wake);
    inbox_fini(&s->answers);
    free(s);
}

static void *open_store(struct store *store, const struct store_parts *parts, char *name,
                        size_t name_room, char *why, size_t why_room)
{
    static const char scheme[] = "sqlite:";
    bool is_file = strncmp(parts->url, scheme, sizeof(scheme) - 1) == 0;
    const char *path = is_file ? parts->url + sizeof(scheme) - 1 : NULL;
    if (is_file ? path[0] != '/' : strcmp(parts->url, "memory") != 0) {
        snprintf(why, why_room,
                 "write memory, or sqlite: and the full path of a file, like "
                 "sqlite:/var/lib/turnpike/turnpike.db");
        return NULL;
    }
    struct sqlite_store *s = calloc(1, sizeof(*s));
    if (!s || !inbox_init(&s->answers)) {
        snprintf(why, why_room, "out of memory or descriptors");
        free(s);
        return NULL;
    }
    s->store = store;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->wake, NULL);
    snprintf(name, name_room, "%s", parts->url);
    s->db = sqlite_file_open(path, &s->lock, why, why_room);
    if (s->db) {
        s->event = event_new(parts->base, s->answers.wake, EV_READ | EV_PERSIST, on_answers, s);
        s->soon = evtimer_new(parts->base, on_soon, s);
        if (s->event && s->soon && event_add(s->event, NULL) == 0 && prepare_statements(s) &&
            start_thread(s)) {
            return s;
        }
        snprintf(why, why_room, "the database cannot be used: %s", sqlite3_errmsg(s->db));
    }
    free_all(s);
    return NULL;
}

static void close_store(void *backend)
{
    struct sqlite_store *s = backend;
    pthread_mutex_lock(&s->mutex);
    s->is_closing = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->mutex);
    pthread_join(s->thread, NULL);
    inbox_run(&s->answers, s);
    while (s->first) { /* asked by those that were answered just now */
        struct store_request *rq = s->first;
        s->first = rq->next;
        s->last = s->first ? s->last : NULL;
        store_fail(rq, STORE_DOWN, "the store is closing");
    }
    free_all(s);
}

const struct store_backend store_backend_sqlite = {
    .is_kept = true, /* but for "memory", see store_is_kept */
    .open = open_store,
    .close = close_store,
    .submit = submit,
    .follow = follow,
};
