/* redis_verb — requests become commands to Redis, and its answers their results. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_verb.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/redis_key.h"
#include "store/store_backend.h"

#define USAGE_MAX "1000000"

static bool refuse(struct store_request *rq, enum store_result result, const char *why)
{
    rq->result = result;
    snprintf(rq->why, sizeof(rq->why), "%s", why);
    return false;
}

static struct span text_of(const struct redisReply *reply)
{
    return (struct span){(const uint8_t *)reply->str, reply->len};
}

static bool is_string(const struct redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING;
}

/* Keys. */

static bool is_in_string(enum store_table table)
{
    return table == STORE_CREDENTIAL;
}

/* put_key — where an item is kept. */
static void put_key(struct redis_verb *v, const struct store_request *rq,
                    const struct store_item *item, struct redis_words *w)
{
    struct span node = span_of_text(rq->of_node[0] ? rq->of_node : v->node);
    switch (item->table) {
    case STORE_CREDENTIAL:
        redis_key_put(w, rq->realm, "credential", &item->key);
        break;
    case STORE_SESSION:
        redis_key_put(w, rq->realm, "session", &node);
        break;
    case STORE_NODE:
        redis_key_put(w, "", "node", NULL);
        break;
    default:
        redis_key_put(w, rq->realm, store_table_name(item->table), NULL);
        break;
    }
}

/* put_main_key — the key that a request, or item number `at` of it, is about. */
static void put_main_key(struct redis_verb *v, const struct store_request *rq, size_t at,
                         struct redis_words *w)
{
    switch (rq->verb) {
    case STORE_LEASE:
        redis_key_put(w, rq->realm, "quota", &rq->lease.account);
        break;
    case STORE_APPEND:
    case STORE_READ:
        redis_key_put(w, "", "usage", NULL);
        break;
    default:
        if (at < rq->item_count) {
            put_key(v, rq, &rq->item[at], w);
        } else {
            redis_key_put(w, rq->realm, "notice", NULL);
        }
        break;
    }
}

/* refuse_key — the key a request is about holds something of others. */
static bool refuse_key(struct store_request *rq, size_t at, const char *what)
{
    struct redis_words w = redis_words_begin("");
    put_main_key(rq->backend, rq, at, &w);
    redis_fault_name_key(redis_words_last(&w), what, rq->why, sizeof(rq->why));
    rq->result = STORE_REFUSED;
    redis_words_end(&w);
    return false;
}

static const char *kind_of(const struct store_request *rq)
{
    if (rq->verb == STORE_APPEND || rq->verb == STORE_READ) {
        return "stream";
    }
    bool is_string_table =
        rq->verb != STORE_LEASE && rq->item_count > 0 && is_in_string(rq->item[0].table);
    return is_string_table ? "string" : "hash";
}

/* Answers: each returns false once rq->result says what is wrong. */

static bool read_get(struct store_request *rq, const struct redisReply *reply)
{
    if (reply->type == REDIS_REPLY_NIL) {
        rq->result = STORE_NONE;
        return true;
    }
    if (!is_string(reply)) {
        return refuse_key(rq, 0, "value");
    }
    store_request_found(rq, rq->item[0].table, rq->item[0].key, text_of(reply));
    return true;
}

static bool read_write(struct store_request *rq, const struct redisReply *reply)
{
    if (reply->type != REDIS_REPLY_INTEGER || reply->integer > (long long)rq->item_count + 1 ||
        reply->integer < REDIS_SCRIPT_TAKEN) {
        return refuse(rq, STORE_REFUSED, "Redis answers a script in another way than it says");
    }
    if (reply->integer == REDIS_SCRIPT_TAKEN) {
        rq->result = STORE_TAKEN;
    } else if (reply->integer == 1) {
        return refuse_key(rq, rq->item_count, "stream");
    } else if (reply->integer > 1) {
        size_t at = (size_t)reply->integer - 2;
        return refuse_key(rq, at, is_in_string(rq->item[at].table) ? "string" : "hash");
    }
    return true;
}

/* read_list — [cursor, [field, value, ...]] */
static bool read_list(struct store_request *rq, const struct redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || !is_string(reply->element[0]) ||
        reply->element[0]->len >= sizeof(rq->cursor) ||
        reply->element[1]->type != REDIS_REPLY_ARRAY) {
        return refuse_key(rq, 0, "hash");
    }
    const struct redisReply *page = reply->element[1];
    bool is_over = span_is_equal(text_of(reply->element[0]), span_of_text("0"));
    snprintf(rq->cursor, sizeof(rq->cursor), "%s", is_over ? "" : reply->element[0]->str);
    for (size_t i = 0; i + 1 < page->elements; i += 2) {
        if (!is_string(page->element[i]) || !is_string(page->element[i + 1])) {
            return refuse_key(rq, 0, "hash");
        }
        store_request_found(rq, rq->item[0].table, text_of(page->element[i]),
                            text_of(page->element[i + 1]));
    }
    return true;
}

static bool read_lease(struct store_request *rq, const struct redisReply *reply)
{
    if (reply->type != REDIS_REPLY_INTEGER || reply->integer < 0 || reply->integer > UINT32_MAX) {
        return refuse_key(rq, 0, "lease");
    }
    rq->lease.granted = (uint32_t)reply->integer;
    return true;
}

static bool read_append(struct store_request *rq, const struct redisReply *reply)
{
    return is_string(reply) || refuse_key(rq, 0, "stream");
}

static bool read_beat(struct store_request *rq, const struct redisReply *reply)
{
    return reply->type == REDIS_REPLY_INTEGER || refuse_key(rq, 0, "hash");
}

/* event_of — the field "event" of an entry [id, [name, value, ...]]; NULL when it has none. */
static const struct redisReply *event_of(const struct redisReply *entry)
{
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 || !is_string(entry->element[0]) ||
        entry->element[1]->type != REDIS_REPLY_ARRAY) {
        return NULL;
    }
    const struct redisReply *fields = entry->element[1];
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        const struct redisReply *name = fields->element[i];
        if (is_string(name) && span_is_equal(text_of(name), span_of_text("event")) &&
            is_string(fields->element[i + 1])) {
            return fields->element[i + 1];
        }
    }
    return NULL;
}

static bool read_read(struct store_request *rq, const struct redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY) {
        return refuse_key(rq, 0, "stream");
    }
    for (size_t i = 0; i < reply->elements; i++) {
        const struct redisReply *event = event_of(reply->element[i]);
        const struct redisReply *id = event ? reply->element[i]->element[0] : NULL;
        if (!id || id->len >= sizeof(rq->cursor)) {
            return refuse_key(rq, 0, "entry");
        }
        store_request_found(rq, STORE_SESSION, text_of(id), text_of(event));
        snprintf(rq->cursor, sizeof(rq->cursor), "%s", id->str);
    }
    return true;
}

static bool read_reply(struct store_request *rq, const struct redisReply *reply)
{
    switch (rq->verb) {
    case STORE_GET:
        return read_get(rq, reply);
    case STORE_WRITE:
        return read_write(rq, reply);
    case STORE_LIST:
        return read_list(rq, reply);
    case STORE_LEASE:
        return read_lease(rq, reply);
    case STORE_APPEND:
        return read_append(rq, reply);
    case STORE_READ:
        return read_read(rq, reply);
    case STORE_BEAT:
        return read_beat(rq, reply);
    default:
        return true;
    }
}

/* read_error — returns whether Redis itself is of no use now. */
static bool read_error(struct store_request *rq, const struct redisReply *reply)
{
    bool is_wrong_kind = memmem(reply->str, reply->len, "WRONGTYPE", strlen("WRONGTYPE")) != NULL;
    enum redis_fault fault = redis_fault_read(text_of(reply), rq->why, sizeof(rq->why));
    rq->result = STORE_REFUSED;
    if (is_wrong_kind) {
        refuse_key(rq, 0, kind_of(rq));
    }
    if (fault == REDIS_FAULT_SET_UP && reply->len > 6 && memcmp(reply->str, "NOPERM", 6) == 0) {
        return false; /* of this command: others may do */
    }
    if (fault == REDIS_FAULT_AWAY || fault == REDIS_FAULT_SET_UP) {
        rq->result = STORE_DOWN;
        return true;
    }
    return false;
}

/* on_answer — one answer to a request. The first that is bad counts; the last ends it. */
static void on_answer(void *context, const struct redisReply *reply, unsigned left, const char *why)
{
    struct store_request *rq = context;
    struct redis_verb *v = rq->backend;
    if (!reply) {
        if (rq->result == STORE_OK) {
            refuse(rq, STORE_DOWN, why);
        }
        store_answer(rq);
        return;
    }
    bool is_useless = false;
    if (rq->result == STORE_OK && reply->type == REDIS_REPLY_ERROR) {
        is_useless = read_error(rq, reply);
    } else if (rq->result == STORE_OK) {
        read_reply(rq, reply);
    }
    if (is_useless) {
        char copy[STORE_WHY_MAX]; /* the request may be gone by then, answered by NULL */
        snprintf(copy, sizeof(copy), "%s", rq->why);
        v->failed(v->context, copy);
    }
    if (left == 0) {
        store_answer(rq);
    }
}

/* Commands. */

static bool begin(struct redis_verb *v, struct store_request *rq, redis_link_answered *answered)
{
    rq->backend = v;
    return redis_link_begin(v->link, REDIS_LINK_PATIENCE_MS, answered, rq) ||
           refuse(rq, STORE_DOWN, "out of memory");
}

/* send_one — a request that is one command. */
static bool send_one(struct redis_verb *v, struct store_request *rq, struct redis_words *w,
                     redis_link_answered *answered)
{
    bool is_sent = begin(v, rq, answered);
    if (is_sent) {
        redis_link_put(v->link, w);
    }
    redis_words_end(w);
    return is_sent;
}

static bool send_get(struct redis_verb *v, struct store_request *rq)
{
    if (rq->item_count != 1 || rq->item[0].table == STORE_KICK) {
        rq->result = STORE_NONE;
        return false;
    }
    bool is_alone = is_in_string(rq->item[0].table);
    struct redis_words w = redis_words_begin(is_alone ? "GET" : "HGET");
    put_key(v, rq, &rq->item[0], &w);
    if (!is_alone) {
        redis_words_span(&w, rq->item[0].key);
    }
    return send_one(v, rq, &w, on_answer);
}

/* put_item — the six words that the script wants of an item. */
static void put_item(const struct store_item *item, struct redis_words *w)
{
    bool is_alone = is_in_string(item->table);
    bool is_set = item->value.size > 0;
    uint64_t ends = 0;
    if (item->table == STORE_KICK) {
        redis_words_text(w, "-");
    } else if (is_alone) {
        redis_words_text(w, is_set ? "S" : "s");
        ends = is_set && item->expires.s > 0 ? (uint64_t)item->expires.s * 1000 : 0;
    } else {
        redis_words_text(w, is_set ? "H" : "h");
        ends = item->table == STORE_SESSION ? REDIS_VERB_SESSIONS_MS
               : item->table == STORE_NODE  ? REDIS_VERB_NODES_MS
                                            : 0;
    }
    redis_words_text(w, item->is_new ? "1" : "0");
    redis_words_text(w, store_has_notice(item->table) ? store_table_name(item->table) : "");
    redis_words_span(w, item->key);
    redis_words_span(w, item->value);
    redis_words_u64(w, ends);
}

static void put_write(struct redis_verb *v, struct store_request *rq, struct redis_words *w)
{
    redis_words_u64(w, rq->item_count + 1);
    redis_key_put(w, rq->realm, "notice", NULL);
    for (size_t i = 0; i < rq->item_count; i++) {
        put_key(v, rq, &rq->item[i], w);
    }
    for (size_t i = 0; i < rq->item_count; i++) {
        put_item(&rq->item[i], w);
    }
}

static void put_lease(struct redis_verb *v, struct store_request *rq, struct redis_words *w)
{
    const struct store_lease *lease = &rq->lease;
    redis_words_text(w, "1");
    redis_key_put(w, rq->realm, "quota", &lease->account);
    redis_words_text(w, v->node);
    redis_words_u64(w, lease->used);
    redis_words_u64(w, lease->want);
    redis_words_u64(w, lease->limit);
    redis_words_u64(w, (uint64_t)lease->seconds * 1000);
}

static void on_script_answer(void *context, const struct redisReply *reply, unsigned left,
                             const char *why);

/* send_script — by its hash when Redis should know it, else whole. */
static bool send_script(struct redis_verb *v, struct store_request *rq, bool is_known)
{
    enum redis_script script = rq->verb == STORE_WRITE ? REDIS_SCRIPT_WRITE : REDIS_SCRIPT_LEASE;
    struct redis_words w = redis_words_begin(is_known ? "EVALSHA" : "EVAL");
    redis_words_text(&w, is_known ? v->script[script] : redis_script_text(script));
    if (script == REDIS_SCRIPT_WRITE) {
        put_write(v, rq, &w);
    } else {
        put_lease(v, rq, &w);
    }
    return send_one(v, rq, &w, is_known ? on_script_answer : on_answer);
}

/* on_script_answer — Redis may have forgotten the script meanwhile: then it is told once more. */
static void on_script_answer(void *context, const struct redisReply *reply, unsigned left,
                             const char *why)
{
    struct store_request *rq = context;
    bool is_forgotten = reply && reply->type == REDIS_REPLY_ERROR && reply->len > 8 &&
                        memcmp(reply->str, "NOSCRIPT", 8) == 0;
    if (!is_forgotten || !send_script(rq->backend, rq, false)) {
        on_answer(context, reply, left, why);
    }
}

static bool send_list(struct redis_verb *v, struct store_request *rq)
{
    if (rq->item_count != 1 || is_in_string(rq->item[0].table) || rq->item[0].table == STORE_KICK) {
        return refuse(rq, STORE_REFUSED, "Redis keeps no list of these");
    }
    struct redis_words w = redis_words_begin("HSCAN");
    put_key(v, rq, &rq->item[0], &w);
    redis_words_text(&w, rq->cursor[0] ? rq->cursor : "0");
    redis_words_text(&w, "COUNT");
    redis_words_u64(&w, rq->limit ? rq->limit : REDIS_VERB_PAGE);
    return send_one(v, rq, &w, on_answer);
}

static bool send_append(struct redis_verb *v, struct store_request *rq)
{
    if (rq->item_count == 0 || !begin(v, rq, on_answer)) {
        return false;
    }
    for (size_t i = 0; i < rq->item_count; i++) {
        struct redis_words w = redis_words_begin("XADD");
        redis_key_put(&w, "", "usage", NULL);
        redis_words_text(&w, "MAXLEN");
        redis_words_text(&w, "~");
        redis_words_text(&w, USAGE_MAX);
        redis_words_text(&w, "*");
        redis_words_text(&w, "event");
        redis_words_span(&w, rq->item[i].value);
        redis_link_put(v->link, &w);
        redis_words_end(&w);
    }
    return true;
}

/* put_behind — the id next to that of the cursor. Returns false when the cursor is none. */
static bool put_behind(const char *cursor, struct redis_words *w)
{
    char *end;
    uint64_t ms = strtoull(cursor, &end, 10);
    const char *dash = end;
    uint64_t number = *dash == '-' ? strtoull(dash + 1, &end, 10) : 0;
    size_t digits = strspn(cursor, "0123456789");
    if (digits == 0 || *dash != '-' || end == dash + 1 || *end ||
        strspn(dash + 1, "0123456789") != strlen(dash + 1)) {
        return false;
    }
    ms += number == UINT64_MAX ? 1 : 0;
    char *out = redis_words_own(w, STORE_CURSOR_MAX);
    if (out) {
        redis_words_cut(
            w, (size_t)snprintf(out, STORE_CURSOR_MAX, "%" PRIu64 "-%" PRIu64, ms, number + 1));
    }
    return true;
}

static bool send_read(struct redis_verb *v, struct store_request *rq)
{
    struct redis_words w = redis_words_begin("XRANGE");
    redis_key_put(&w, "", "usage", NULL);
    if (!rq->cursor[0]) {
        redis_words_text(&w, "-");
    } else if (!put_behind(rq->cursor, &w)) {
        redis_words_end(&w);
        return refuse(rq, STORE_REFUSED, "the cursor is none that this store has given out");
    }
    redis_words_text(&w, "+");
    redis_words_text(&w, "COUNT");
    redis_words_u64(&w, rq->limit ? rq->limit : REDIS_VERB_PAGE);
    return send_one(v, rq, &w, on_answer);
}

/* put_ends — have a key end by itself, as a command of its own. */
static void put_ends(struct redis_verb *v, const char *realm, const char *kind,
                     const struct span *id, uint64_t ms)
{
    struct redis_words w = redis_words_begin("PEXPIRE");
    redis_key_put(&w, realm, kind, id);
    redis_words_u64(&w, ms);
    redis_link_put(v->link, &w);
    redis_words_end(&w);
}

static bool send_beat(struct redis_verb *v, struct store_request *rq)
{
    const struct span node = span_of_text(v->node);
    if (rq->item_count != 1 || rq->item[0].table != STORE_NODE) {
        return refuse(rq, STORE_REFUSED, "a beat has one item, its node's");
    }
    if (!begin(v, rq, on_answer)) {
        return false;
    }
    struct redis_words w = redis_words_begin("HSET");
    redis_key_put(&w, "", "node", NULL);
    redis_words_span(&w, rq->item[0].key);
    redis_words_span(&w, rq->item[0].value);
    redis_link_put(v->link, &w);
    redis_words_end(&w);
    put_ends(v, "", "node", NULL, REDIS_VERB_NODES_MS);
    for (size_t i = 0; redis_watch_realm(v->watch, i); i++) {
        put_ends(v, redis_watch_realm(v->watch, i), "session", &node, REDIS_VERB_SESSIONS_MS);
    }
    return true;
}

bool redis_verb_send(struct redis_verb *v, struct store_request *rq)
{
    if (rq->is_short) {
        return refuse(rq, STORE_DOWN, "out of memory");
    }
    switch (rq->verb) {
    case STORE_GET:
        return send_get(v, rq);
    case STORE_WRITE:
        return rq->item_count > 0 && send_script(v, rq, true);
    case STORE_LIST:
        return send_list(v, rq);
    case STORE_LEASE:
        return send_script(v, rq, true);
    case STORE_APPEND:
        return send_append(v, rq);
    case STORE_READ:
        return send_read(v, rq);
    case STORE_BEAT:
        return send_beat(v, rq);
    default:
        return refuse(rq, STORE_REFUSED, "Redis does not know how to do this");
    }
}
