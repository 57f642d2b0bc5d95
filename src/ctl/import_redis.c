/* import_redis — reads coturn's Redis, by SCAN and without a change. */
/* SPDX-License-Identifier: MIT */
#include "ctl/import_redis.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <hiredis/hiredis.h>
#include <jansson.h>

#include "ctl/ctl_clean.h"
#include "ctl/import_key.h"
#include "ctl/import_record.h"

enum {
    ANSWER_SECONDS = 30,   /* for one answer */
    VALUE_MAX = 4096,      /* bytes of a string; nothing of coturn's is longer */
    ELEMENTS_MAX = 100000, /* in one answer, a page of what was asked for */
};

/* A database being read. */
struct reading {
    redisContext *redis;
    const struct import_sink *sink;
    struct text *why;
    json_t *seen;          /* names of keys so far: SCAN may tell of one twice */
    struct import_key key; /* the one at hand */
    const char *where;     /* its name, clean */
};

static enum import_result fail(struct reading *r, const char *before, const char *reason)
{
    char *clean = ctl_clean_new(reason, strlen(reason));
    text_put(r->why, before);
    text_put(r->why, clean);
    free(clean);
    return IMPORT_FAILED;
}

/* ask — one command. Returns its answer, which may be an error; NULL when there was none, with a
 * sentence. */
static redisReply *ask(struct reading *r, size_t count, const char *const *words,
                       const size_t *sizes)
{
    const char **copy = (const char **)(uintptr_t)words; /* hiredis changes none of them */
    redisReply *reply = redisCommandArgv(r->redis, (int)count, copy, sizes);
    if (!reply) {
        fail(r, "Redis: ", r->redis->errstr[0] ? r->redis->errstr : "the connection ended");
    }
    return reply;
}

/* ask_text — the same with NUL-terminated words. */
static redisReply *ask_text(struct reading *r, size_t count, const char *const *words)
{
    size_t sizes[8];
    for (size_t i = 0; i < count; i++) {
        sizes[i] = strlen(words[i]);
    }
    return ask(r, count, words, sizes);
}

/* insist — an answer that is no error; frees it. Returns false with a sentence. */
static bool insist(struct reading *r, redisReply *reply)
{
    bool ok = reply && reply->type != REDIS_REPLY_ERROR;
    if (reply && !ok) {
        fail(r, "Redis: ", reply->str ? reply->str : "an error");
    }
    freeReplyObject(reply);
    return ok;
}

static bool log_in(struct reading *r, const struct import_dsn *dsn)
{
    const char *with_user[] = {"AUTH", dsn->user, dsn->password};
    const char *without[] = {"AUTH", dsn->password};
    if (!dsn->password || dsn->password[0] == '\0') {
        return true;
    }
    bool has_user = dsn->user && dsn->user[0];
    return insist(r, has_user ? ask_text(r, 3, with_user) : ask_text(r, 2, without));
}

static bool choose_database(struct reading *r, uint32_t database)
{
    char digits[16];
    struct text t = text_init(digits, sizeof(digits));
    text_u64(&t, database);
    const char *words[] = {"SELECT", digits};
    return insist(r, ask_text(r, 2, words));
}

/* is_page — whether an answer is what SCAN and SSCAN give: a cursor and a list of strings. */
static bool is_page(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
           reply->element[0]->type == REDIS_REPLY_STRING && reply->element[0]->len < 32 &&
           reply->element[1]->type == REDIS_REPLY_ARRAY &&
           reply->element[1]->elements <= ELEMENTS_MAX;
}

static struct span span_of(const redisReply *reply)
{
    return (struct span){(const uint8_t *)reply->str, reply->len};
}

/* is_new — whether a name or a member comes for the first time. One that JSON cannot hold cannot be
 * remembered, and is reported twice at worst. */
static bool is_new(json_t *seen, struct span name)
{
    char *clean = ctl_clean_new(name.bytes, name.size);
    bool is_first = !json_object_get(seen, clean);
    if (is_first) {
        json_object_set_new(seen, clean, json_true());
    }
    free(clean);
    return is_first;
}

typedef enum import_result (*element_function)(struct reading *r, struct span element);

/* take_page — every element of one page that was not seen before. */
static enum import_result take_page(struct reading *r, const redisReply *page, json_t *seen,
                                    element_function take)
{
    enum import_result result = IMPORT_DONE;
    for (size_t i = 0; i < page->elements && result == IMPORT_DONE; i++) {
        const redisReply *element = page->element[i];
        if (element->type == REDIS_REPLY_STRING && is_new(seen, span_of(element))) {
            result = take(r, span_of(element));
        }
    }
    return result;
}

/* each — page after page of SCAN, or of SSCAN of a key; `words` end with what follows the cursor,
 * which is at words[cursor_at]. */
static enum import_result each(struct reading *r, const char **words, size_t *sizes, size_t count,
                               size_t cursor_at, json_t *seen, element_function take)
{
    char cursor[32] = "0";
    enum import_result result;
    do {
        words[cursor_at] = cursor;
        sizes[cursor_at] = strlen(cursor);
        redisReply *reply = ask(r, count, words, sizes);
        if (!reply) {
            return IMPORT_FAILED;
        }
        if (!is_page(reply)) {
            const char *what = reply->type == REDIS_REPLY_ERROR ? reply->str : "an odd answer";
            result = fail(r, "Redis: ", what);
        } else {
            memcpy(cursor, reply->element[0]->str, reply->element[0]->len);
            cursor[reply->element[0]->len] = '\0';
            result = take_page(r, reply->element[1], seen, take);
        }
        freeReplyObject(reply);
    } while (result == IMPORT_DONE && strcmp(cursor, "0") != 0);
    return result;
}

/* has_type — whether the key at hand is what it should be; reported when it is something else, and
 * quiet when it has just gone. Returns 1, 0, or -1 with a sentence. */
static int has_type(struct reading *r, struct span name, const char *type)
{
    const char *words[] = {"TYPE", (const char *)name.bytes};
    size_t sizes[] = {4, name.size};
    redisReply *reply = ask(r, 2, words, sizes);
    if (!reply) {
        return -1;
    }
    bool is_it = reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, type) == 0;
    bool is_gone = reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, "none") == 0;
    if (!is_it && !is_gone) {
        r->sink->skip(r->sink->context, r->where,
                      type[1] == 't' ? "it is no string" : "it is no set");
    }
    freeReplyObject(reply);
    return is_it;
}

/* is_short — whether the string at hand is as short as coturn's are: Redis would send half a
 * gigabyte. Returns 1, 0, or -1 with a sentence. */
static int is_short(struct reading *r, struct span name)
{
    const char *words[] = {"STRLEN", (const char *)name.bytes};
    size_t sizes[] = {6, name.size};
    redisReply *reply = ask(r, 2, words, sizes);
    if (!reply) {
        return -1;
    }
    bool is_fine = reply->type == REDIS_REPLY_INTEGER && reply->integer <= VALUE_MAX;
    if (!is_fine) {
        r->sink->skip(r->sink->context, r->where, "its value is far too long");
    }
    freeReplyObject(reply);
    return is_fine;
}

/* hand_string — the value of the key at hand. Returns false when the sink stops. */
static bool hand_string(struct reading *r, struct span value)
{
    switch (r->key.kind) {
    case IMPORT_KEY_USER:
        return import_record_user(r->sink, r->where, r->key.realm, r->key.user, value);
    case IMPORT_KEY_ORIGIN:
        import_record_origin(r->sink, r->where, value);
        return true;
    default:
        import_record_option(r->sink, r->where, r->key.realm, r->key.option, value);
        return true;
    }
}

static enum import_result take_string(struct reading *r, struct span name)
{
    const char *words[] = {"GET", (const char *)name.bytes};
    size_t sizes[] = {3, name.size};
    int is_fine = has_type(r, name, "string");
    if (is_fine == 1) {
        is_fine = is_short(r, name);
    }
    if (is_fine != 1) {
        return is_fine < 0 ? IMPORT_FAILED : IMPORT_DONE;
    }
    redisReply *reply = ask(r, 2, words, sizes);
    if (!reply) {
        return IMPORT_FAILED;
    }
    bool goes_on = reply->type != REDIS_REPLY_STRING || hand_string(r, span_of(reply));
    freeReplyObject(reply);
    return goes_on ? IMPORT_DONE : IMPORT_STOPPED;
}

static enum import_result take_member(struct reading *r, struct span member)
{
    if (r->key.kind != IMPORT_KEY_SECRET) {
        import_record_peers(r->sink, r->where, r->key.realm, r->key.kind == IMPORT_KEY_ALLOWED,
                            member);
        return IMPORT_DONE;
    }
    return import_record_secret(r->sink, r->where, r->key.realm, member) ? IMPORT_DONE
                                                                         : IMPORT_STOPPED;
}

static enum import_result take_set(struct reading *r, struct span name)
{
    const char *words[] = {"SSCAN", (const char *)name.bytes, NULL, "COUNT", "1000"};
    size_t sizes[] = {5, name.size, 0, 5, 4};
    int is_fine = has_type(r, name, "set");
    if (is_fine != 1) {
        return is_fine < 0 ? IMPORT_FAILED : IMPORT_DONE;
    }
    json_t *seen = json_object();
    enum import_result result = each(r, words, sizes, 5, 2, seen, take_member);
    json_decref(seen);
    return result;
}

/* take_known — a key by its kind. */
static enum import_result take_known(struct reading *r, struct span name)
{
    switch (r->key.kind) {
    case IMPORT_KEY_USER:
    case IMPORT_KEY_OPTION:
    case IMPORT_KEY_ORIGIN:
        return take_string(r, name);
    case IMPORT_KEY_SECRET:
    case IMPORT_KEY_ALLOWED:
    case IMPORT_KEY_DENIED:
        return take_set(r, name);
    case IMPORT_KEY_OAUTH:
        import_record_oauth(r->sink, r->where);
        return IMPORT_DONE;
    case IMPORT_KEY_ADMIN:
        import_record_admin(r->sink, r->where);
        return IMPORT_DONE;
    case IMPORT_KEY_AMBIGUOUS:
        r->sink->skip(r->sink->context, r->where,
                      "the key's name can be cut into realm and user "
                      "in more than one way");
        return IMPORT_DONE;
    default:
        return IMPORT_DONE;
    }
}

static enum import_result take_key(struct reading *r, struct span name)
{
    char *clean = ctl_clean_new(name.bytes, name.size);
    r->key = import_key_parse(name);
    r->where = clean;
    enum import_result result = take_known(r, name);
    r->where = NULL;
    free(clean);
    return result;
}

static enum import_result read_all(struct reading *r, const struct import_dsn *dsn)
{
    const char *words[] = {"SCAN", NULL, "MATCH", "turn/*", "COUNT", "1000"};
    size_t sizes[] = {4, 0, 5, 6, 5, 4};
    if (!log_in(r, dsn) || !choose_database(r, dsn->database)) {
        return IMPORT_FAILED;
    }
    return each(r, words, sizes, 6, 1, r->seen, take_key);
}

enum import_result import_redis_read(const struct import_dsn *dsn, const struct import_sink *sink,
                                     struct text *why)
{
    struct reading r = {.sink = sink, .why = why, .seen = json_object()};
    struct timeval connect_time = {.tv_sec = dsn->timeout};
    struct timeval answer_time = {.tv_sec = ANSWER_SECONDS};
    enum import_result result = IMPORT_FAILED;
    r.redis = redisConnectWithTimeout(dsn->host, dsn->port, connect_time);
    if (!r.redis || r.redis->err) {
        fail(&r, "Redis cannot be reached: ", r.redis ? r.redis->errstr : "out of memory");
    } else {
        redisSetTimeout(r.redis, answer_time);
        result = read_all(&r, dsn);
    }
    if (r.redis) {
        redisFree(r.redis);
    }
    json_decref(r.seen);
    return result;
}
