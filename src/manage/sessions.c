/* sessions — the allocations of this node, and of the others that share its store.
 *
 * A cursor says where to go on: "here:WORKER:RECORD", then "there:NODE:" and the store's own. */
/* SPDX-License-Identifier: MIT */
#include "manage/sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manage/desk.h"

enum { LIMIT_MAX = 1000, LIMIT_STANDARD = 100, CURSOR_MAX = STORE_CURSOR_MAX + 96 };

/* A list that is being made. */
struct listing {
    struct call *call;
    struct census_filter filter;
    size_t limit;
    json_t *sessions;
    char node[64]; /* of the store's page */
};

static void finish(struct listing *l, const char *cursor)
{
    struct call *call = l->call;
    json_t *body = json_object();
    json_object_set_new(body, "sessions", l->sessions);
    json_object_set_new(body, "cursor", json_string(cursor));
    free(l);
    call_answer(call, 200, body);
}

/* next_node — the node behind one in the order of their names that is not this one; NULL behind
 * the last. "": the first. */
static const char *next_node(const struct desk *d, const char *behind)
{
    const char *next = NULL;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)d->nodes, name, value)
    {
        bool is_other = strcmp(name, d->node) != 0 && strcmp(name, behind) > 0;
        if (is_other && (!next || strcmp(name, next) < 0)) {
            next = name;
        }
    }
    return next;
}

/* finish_node — this page ends where a node's sessions do: go on with the next. */
static void finish_node(struct listing *l, const char *behind)
{
    char cursor[CURSOR_MAX] = "";
    const char *next =
        store_is_shared(l->call->desk->store) ? next_node(l->call->desk, behind) : NULL;
    if (next) {
        snprintf(cursor, sizeof(cursor), "there:%s:", next);
    }
    finish(l, cursor);
}

static void on_here(void *context, const struct census_page *page)
{
    struct listing *l = context;
    char cursor[CURSOR_MAX];
    for (size_t i = 0; i < page->count; i++) {
        json_array_append_new(l->sessions, session_json(page->at[i], l->call->desk->node));
    }
    if (page->is_end) {
        finish_node(l, "");
    } else {
        snprintf(cursor, sizeof(cursor), "here:%u:%u", page->worker, (unsigned)page->from);
        finish(l, cursor);
    }
}

static bool is_text(const char *wanted, const json_t *o, const char *member)
{
    const char *has = json_string_value(json_object_get(o, member));
    return !wanted[0] || (has && strcmp(wanted, has) == 0);
}

static void on_there(struct store_request *rq)
{
    struct listing *l = rq->context;
    char cursor[CURSOR_MAX];
    if (rq->result != STORE_OK) {
        struct call *call = l->call;
        json_decref(l->sessions);
        free(l);
        call_refuse_store(call, rq);
        return;
    }
    for (size_t i = 0; i < rq->found_count; i++) {
        json_t *o =
            json_loadb((const char *)rq->found[i].value.bytes, rq->found[i].value.size, 0, NULL);
        if (o && is_text(l->filter.user, o, "user") && is_text(l->filter.tenant, o, "tenant")) {
            json_array_append(l->sessions, o);
        }
        json_decref(o);
    }
    if (rq->cursor[0]) {
        snprintf(cursor, sizeof(cursor), "there:%s:%s", l->node, rq->cursor);
        finish(l, cursor);
    } else {
        finish_node(l, l->node);
    }
}

/* list_there — a page of another node's sessions. Returns false for a cursor that is none. */
static bool list_there(struct listing *l, const char *cursor)
{
    const char *colon = strchr(cursor, ':');
    size_t size = colon ? (size_t)(colon - cursor) : 0;
    if (!colon || size >= sizeof(l->node) || strlen(colon + 1) >= STORE_CURSOR_MAX) {
        return false;
    }
    struct store_request *rq = store_request_new(STORE_LIST, l->call->realm->name, on_there, l);
    if (!rq) {
        return false;
    }
    memcpy(l->node, cursor, size);
    l->node[size] = '\0';
    store_request_add(rq, STORE_SESSION, span_of_text(""), span_of_text(""), (struct wall){0});
    snprintf(rq->of_node, sizeof(rq->of_node), "%s", l->node);
    snprintf(rq->cursor, sizeof(rq->cursor), "%s", colon + 1);
    rq->limit = (uint32_t)l->limit;
    store_submit(l->call->desk->store, rq);
    return true;
}

static bool list_here(struct listing *l, const char *cursor)
{
    unsigned worker = 0;
    unsigned from = 0;
    bool ok = !cursor[0] || sscanf(cursor, "here:%u:%u", &worker, &from) == 2;
    return ok && census_list(l->call->desk->census, &l->filter, worker, from, l->limit, on_here, l);
}

/* set_text — a filter by a text, NULL for none; false when it is too long to be one. */
static bool set_text(const char *text, char *out, size_t room)
{
    return (size_t)snprintf(out, room, "%s", text ? text : "") < room;
}

void sessions_list(struct call *call)
{
    const char *cursor = call->query(call, "cursor");
    const char *tenant = call->query(call, "tenant");
    int64_t limit;
    if (call->tenant[0] && tenant && strcmp(tenant, call->tenant) != 0) {
        call_refuse(call, 403, "tenant: this key is for another one");
        return;
    }
    if (!call_query_number(call, "limit", 1, LIMIT_MAX, LIMIT_STANDARD, &limit)) {
        return;
    }
    struct listing *l = calloc(1, sizeof(*l));
    if (!l) {
        call_refuse(call, 503, "out of memory");
        return;
    }
    *l = (struct listing){.call = call, .limit = (size_t)limit, .sessions = json_array()};
    snprintf(l->filter.realm, sizeof(l->filter.realm), "%s", call->realm->name);
    cursor = cursor ? cursor : "";
    bool is_there = strncmp(cursor, "there:", strlen("there:")) == 0;
    bool ok = set_text(call->query(call, "user"), l->filter.user, sizeof(l->filter.user)) &&
              set_text(call->tenant[0] ? call->tenant : tenant, l->filter.tenant,
                       sizeof(l->filter.tenant)) &&
              (is_there ? list_there(l, cursor + strlen("there:")) : list_here(l, cursor));
    if (!ok) {
        json_decref(l->sessions);
        free(l);
        call_refuse(call, 400, "cursor, user or tenant: it is none that can be");
    }
}

static void on_told(struct store_request *rq)
{
    struct call *call = rq->context;
    if (rq->result != STORE_OK) {
        call_refuse_store(call, rq);
        return;
    }
    call_answer(call, 202, NULL);
}

static void on_kicked(void *context, bool was_there)
{
    struct call *call = context;
    if (was_there) {
        call_answer(call, 204, NULL);
        return;
    }
    if (!store_is_shared(call->desk->store)) {
        call_refuse(call, 404, "there is no such session");
        return;
    }
    struct store_request *rq = desk_ask(call, STORE_WRITE, call->realm->name, on_told);
    if (rq) {
        store_request_add(rq, STORE_KICK, span_of_text(call->name), span_of_text("{}"),
                          (struct wall){0});
        store_submit(call->desk->store, rq);
    }
}

void sessions_kick(struct call *call)
{
    uint64_t session;
    if (!session_parse_id(call->name, &session)) {
        call_refuse(call, 404, "a session's id is 16 hex digits");
    } else if (!census_kick(call->desk->census, session, on_kicked, call)) {
        call_refuse(call, 503, "out of memory");
    }
}

/* Usage. */

static void on_read(struct store_request *rq)
{
    struct call *call = rq->context;
    if (rq->result != STORE_OK) {
        call_refuse_store(call, rq);
        return;
    }
    json_t *list = json_array();
    json_t *body = json_object();
    for (size_t i = 0; i < rq->found_count; i++) {
        json_t *o =
            json_loadb((const char *)rq->found[i].value.bytes, rq->found[i].value.size, 0, NULL);
        json_object_set_new(o, "id", json_string((const char *)rq->found[i].key.bytes));
        json_array_append_new(list, o);
    }
    json_object_set_new(body, "usage", list);
    json_object_set_new(body, "after", json_string(rq->cursor));
    call_answer(call, 200, body);
}

void sessions_usage(struct call *call)
{
    int64_t limit;
    const char *after = call->query(call, "after");
    if (!call_query_number(call, "limit", 1, LIMIT_MAX, LIMIT_STANDARD, &limit)) {
        return;
    }
    if (after && strspn(after, "0123456789-") != strlen(after)) {
        call_refuse(call, 400, "after: write the id of an entry");
        return;
    }
    struct store_request *rq = desk_ask(call, STORE_READ, "", on_read);
    if (rq) {
        rq->limit = (uint32_t)limit;
        snprintf(rq->cursor, sizeof(rq->cursor), "%s", after ? after : "");
        store_submit(call->desk->store, rq);
    }
}
