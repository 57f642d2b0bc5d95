/* redis_watch — follows the streams of notices of some realms on a link of its own. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_watch.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/redis_key.h"
#include "store/store_backend.h"

enum { ID_SIZE = 48, WHY_SIZE = 256 };

/* A stream of notices. */
struct stream {
    char *realm;
    char id[ID_SIZE]; /* of the last entry seen; "": not asked yet */
};

struct redis_watch {
    struct redis_watch_parts parts;
    struct redis_link *link; /* NULL: none; it ends without a word to us */
    struct stream *stream;
    size_t count;
    size_t asking; /* the stream whose last entry is told next */
};

static void ask(struct redis_watch *w);
static void read_on(struct redis_watch *w);

static struct span text_of(const struct redisReply *reply)
{
    return (struct span){(const uint8_t *)reply->str, reply->len};
}

static bool is_string(const struct redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING;
}

/* fail — not to be followed by anything that touches the link. */
static void fail(struct redis_watch *w, const char *why)
{
    w->link = NULL;
    w->parts.failed(w->parts.context, why);
}

static void fail_odd(struct redis_watch *w, const char *command)
{
    char why[WHY_SIZE];
    snprintf(why, sizeof(why), "what answers there is no Redis: %s is answered in another way",
             command);
    fail(w, why);
}

/* fail_key — the stream of a realm is none. */
static void fail_key(struct redis_watch *w, const char *realm)
{
    char why[WHY_SIZE];
    struct redis_words words = redis_words_begin("");
    redis_key_put(&words, realm, "notice", NULL);
    redis_fault_name_key(redis_words_last(&words), "stream", why, sizeof(why));
    redis_words_end(&words);
    fail(w, why);
}

/* fail_error — Redis says what is wrong; of a wrong kind of key it does not say which. */
static void fail_error(struct redis_watch *w, const struct redisReply *reply, const char *realm)
{
    char why[WHY_SIZE];
    if (realm && reply->len >= 9 && memcmp(reply->str, "WRONGTYPE", 9) == 0) {
        fail_key(w, realm);
        return;
    }
    redis_fault_read(text_of(reply), why, sizeof(why));
    fail(w, why);
}

static bool keep_id(struct stream *s, const struct redisReply *id)
{
    if (!is_string(id) || id->len == 0 || id->len >= ID_SIZE) {
        return false;
    }
    memcpy(s->id, id->str, id->len);
    s->id[id->len] = '\0';
    return true;
}

/* Where the streams end. */

static bool note_end(struct stream *s, const struct redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY) {
        return false;
    }
    if (reply->elements == 0) {
        snprintf(s->id, sizeof(s->id), "0-0");
        return true;
    }
    const struct redisReply *entry = reply->element[0];
    return entry->type == REDIS_REPLY_ARRAY && entry->elements > 0 && keep_id(s, entry->element[0]);
}

static size_t next_unasked(const struct redis_watch *w, size_t from)
{
    while (from < w->count && w->stream[from].id[0]) {
        from++;
    }
    return from;
}

static void on_end(void *context, const struct redisReply *reply, unsigned left, const char *why)
{
    struct redis_watch *w = context;
    (void)why;
    if (!reply || !w->link) {
        return;
    }
    w->asking = next_unasked(w, w->asking);
    struct stream *s = w->asking < w->count ? &w->stream[w->asking] : NULL;
    if (reply->type == REDIS_REPLY_ERROR) {
        fail_error(w, reply, s ? s->realm : NULL);
    } else if (!s || !note_end(s, reply)) {
        fail_odd(w, "XREVRANGE");
    } else if (left == 0 && next_unasked(w, 0) < w->count) {
        ask(w); /* realms have been added meanwhile */
    } else if (left == 0) {
        w->parts.ready(w->parts.context);
        read_on(w);
    }
}

/* ask — where those streams end that have not been asked for. */
static void ask(struct redis_watch *w)
{
    w->asking = 0;
    if (!redis_link_begin(w->link, REDIS_LINK_PATIENCE_MS, on_end, w)) {
        fail(w, "out of memory");
        return;
    }
    for (size_t i = next_unasked(w, 0); i < w->count; i = next_unasked(w, i + 1)) {
        struct redis_words words = redis_words_begin("XREVRANGE");
        redis_key_put(&words, w->stream[i].realm, "notice", NULL);
        redis_words_text(&words, "+");
        redis_words_text(&words, "-");
        redis_words_text(&words, "COUNT");
        redis_words_text(&words, "1");
        redis_link_put(w->link, &words);
        redis_words_end(&words);
    }
}

/* Reading on. */

static bool find_table(struct span name, enum store_table *table)
{
    for (int i = 0; i < STORE_TABLE_COUNT; i++) {
        *table = (enum store_table)i;
        if (store_has_notice(*table) &&
            span_is_equal(name, span_of_text(store_table_name(*table)))) {
            return true;
        }
    }
    return false;
}

/* tell — one entry's fields; what others have put into the stream is passed over. */
static void tell(struct redis_watch *w, const char *realm, const struct redisReply *fields)
{
    struct store_item item = {.key = {NULL, 0}};
    bool has_table = false;
    bool has_key = false;
    for (size_t i = 0; fields->type == REDIS_REPLY_ARRAY && i + 1 < fields->elements; i += 2) {
        const struct redisReply *name = fields->element[i];
        const struct redisReply *value = fields->element[i + 1];
        if (!is_string(name) || !is_string(value)) {
            return;
        }
        if (span_is_equal(text_of(name), span_of_text("table"))) {
            has_table = find_table(text_of(value), &item.table);
        } else if (span_is_equal(text_of(name), span_of_text("key"))) {
            item.key = text_of(value);
            has_key = true;
        } else if (span_is_equal(text_of(name), span_of_text("value"))) {
            item.value = text_of(value);
        }
    }
    if (has_table && has_key) {
        w->parts.notice(w->parts.context, realm, &item);
    }
}

/* find_stream — by the name of its key. */
static struct stream *find_stream(struct redis_watch *w, struct span key)
{
    struct stream *found = NULL;
    for (size_t i = 0; !found && i < w->count; i++) {
        struct redis_words words = redis_words_begin("");
        redis_key_put(&words, w->stream[i].realm, "notice", NULL);
        found = span_is_equal(key, redis_words_last(&words)) ? &w->stream[i] : NULL;
        redis_words_end(&words);
    }
    return found;
}

/* read_entries — those of one stream: [key, [[id, [name, value, ...]], ...]]. Returns false when it
 * is something else. */
static bool read_entries(struct redis_watch *w, const struct redisReply *one)
{
    if (one->type != REDIS_REPLY_ARRAY || one->elements != 2 || !is_string(one->element[0]) ||
        one->element[1]->type != REDIS_REPLY_ARRAY) {
        return false;
    }
    struct stream *s = find_stream(w, text_of(one->element[0]));
    size_t at = s ? (size_t)(s - w->stream) : 0; /* realms may be added by whoever is told */
    for (size_t i = 0; s && i < one->element[1]->elements; i++) {
        const struct redisReply *entry = one->element[1]->element[i];
        if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 ||
            !keep_id(&w->stream[at], entry->element[0])) {
            return false;
        }
        tell(w, w->stream[at].realm, entry->element[1]);
    }
    return s != NULL;
}

static void on_entries(void *context, const struct redisReply *reply, unsigned left,
                       const char *why)
{
    struct redis_watch *w = context;
    (void)left;
    (void)why;
    if (!reply || !w->link) {
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        fail_error(w, reply, w->count == 1 ? w->stream[0].realm : NULL);
        return;
    }
    bool is_whole = reply->type == REDIS_REPLY_ARRAY || reply->type == REDIS_REPLY_NIL;
    for (size_t i = 0; is_whole && reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
        is_whole = read_entries(w, reply->element[i]);
    }
    if (!is_whole) {
        fail_odd(w, "XREAD");
    } else if (w->link && next_unasked(w, 0) < w->count) {
        ask(w);
    } else {
        read_on(w);
    }
}

static void read_on(struct redis_watch *w)
{
    if (!w->link) {
        return; /* whoever was told has hung up */
    }
    if (!redis_link_begin(w->link, REDIS_WATCH_BLOCK_MS + REDIS_LINK_PATIENCE_MS, on_entries, w)) {
        fail(w, "out of memory");
        return;
    }
    struct redis_words words = redis_words_begin("XREAD");
    redis_words_text(&words, "BLOCK");
    redis_words_u64(&words, REDIS_WATCH_BLOCK_MS);
    redis_words_text(&words, "COUNT");
    redis_words_u64(&words, REDIS_WATCH_PAGE);
    redis_words_text(&words, "STREAMS");
    size_t known = 0;
    for (; known < w->count && w->stream[known].id[0]; known++) {
        redis_key_put(&words, w->stream[known].realm, "notice", NULL);
    }
    for (size_t i = 0; i < known; i++) {
        redis_words_text(&words, w->stream[i].id);
    }
    redis_link_put(w->link, &words);
    redis_words_end(&words);
}

void redis_watch_begin(struct redis_watch *w, struct redis_link *link)
{
    w->link = link;
    for (size_t i = 0; i < w->count; i++) {
        w->stream[i].id[0] = '\0';
    }
    ask(w);
}

void redis_watch_end(struct redis_watch *w)
{
    w->link = NULL;
}

/* Realms. */

static bool is_followed(const struct redis_watch *w, const char *realm)
{
    for (size_t i = 0; i < w->count; i++) {
        if (strcmp(w->stream[i].realm, realm) == 0) {
            return true;
        }
    }
    return false;
}

bool redis_watch_follow(struct redis_watch *w, const char *const *realms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_followed(w, realms[i])) {
            continue;
        }
        struct stream *grown = realloc(w->stream, (w->count + 1) * sizeof(*grown));
        w->stream = grown ? grown : w->stream;
        char *copy = grown ? strdup(realms[i]) : NULL;
        if (!copy) {
            return false;
        }
        w->stream[w->count++] = (struct stream){.realm = copy};
    }
    return true;
}

const char *redis_watch_realm(const struct redis_watch *w, size_t i)
{
    return i < w->count ? w->stream[i].realm : NULL;
}

struct redis_watch *redis_watch_new(const struct redis_watch_parts *parts)
{
    static const char *const none[] = {""};
    struct redis_watch *w = calloc(1, sizeof(*w));
    if (!w) {
        return NULL;
    }
    w->parts = *parts;
    if (!redis_watch_follow(w, none, 1)) {
        redis_watch_free(w);
        return NULL;
    }
    return w;
}

void redis_watch_free(struct redis_watch *w)
{
    if (!w) {
        return;
    }
    for (size_t i = 0; i < w->count; i++) {
        free(w->stream[i].realm);
    }
    free(w->stream);
    free(w);
}
