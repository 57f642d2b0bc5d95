/* store_coturn — the Redis of a coturn installation as a store: users by their keys, and shared
 * secrets. Nothing is written. */
/* SPDX-License-Identifier: MIT */
#include "store/store_backend.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/siphash.h"
#include "store/redis_contact.h"
#include "store/redis_later.h"
#include "store/redis_secure.h"

enum { AGAIN_S = 5, NODE_SIZE = 256, MD5_DIGITS = 32, ID_SIZE = 17 };

struct store_coturn {
    struct store *store;
    struct redis_url url;
    char node[NODE_SIZE];
    struct redis_contact *contact;
    struct redis_later later;
    struct event *again; /* time to look at the secrets */
    char **realm;
    size_t realm_count;
    uint64_t sum, last_sum; /* over all secrets, the order left out: being made, and the last */
    bool is_up;
    bool is_looking;
    char why[STORE_WHY_MAX];
};

static struct span text_of(const struct redisReply *reply)
{
    return (struct span){(const uint8_t *)reply->str, reply->len};
}

/* put_key — "turn/realm/REALM" and more. */
static void put_key(struct redis_words *w, const char *realm, const char *middle, struct span name,
                    const char *end)
{
    static const char before[] = "turn/realm/";
    size_t room = strlen(before) + strlen(realm) + strlen(middle) + name.size + strlen(end) + 1;
    char *out = redis_words_own(w, room);
    if (out) {
        size_t used = (size_t)snprintf(out, room, "%s%s%s", before, realm, middle);
        if (name.size > 0) {
            memcpy(out + used, name.bytes, name.size);
        }
        used += name.size;
        redis_words_cut(w, used + (size_t)snprintf(out + used, room - used, "%s", end));
    }
}

static void put_secrets_key(struct redis_words *w, const char *realm)
{
    put_key(w, realm, "/secret", (struct span){NULL, 0}, "");
}

static uint64_t hash_of(struct span bytes)
{
    static const struct siphash_key key; /* the same on every node: ids must agree */
    return siphash(&key, bytes.bytes, bytes.size);
}

/* Requests. */

static void refuse_key(struct store_request *rq, struct redis_words *w, const char *what)
{
    redis_fault_name_key(redis_words_last(w), what, rq->why, sizeof(rq->why));
    rq->result = STORE_REFUSED;
    redis_words_end(w);
}

static struct redis_words get_of(const struct store_request *rq)
{
    struct redis_words w = redis_words_begin("GET");
    put_key(&w, rq->realm, "/user/", rq->item[0].key, "/key");
    return w;
}

/* find_json — take an object apart as the value of something found. */
static void find_json(struct store_request *rq, enum store_table table, struct span key, json_t *o)
{
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    if (text) {
        store_request_found(rq, table, key, span_of_text(text));
        secret_wipe(text, strlen(text));
        free(text);
    } else {
        rq->is_short = true;
    }
    json_decref(o);
}

static bool is_md5(const struct redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING && reply->len == MD5_DIGITS &&
           strspn(reply->str, "0123456789abcdefABCDEF") == MD5_DIGITS;
}

static void read_user(struct store_request *rq, const struct redisReply *reply)
{
    struct span name = rq->item[0].key;
    if (reply->type == REDIS_REPLY_NIL) {
        rq->result = STORE_NONE;
        return;
    }
    if (!is_md5(reply)) {
        struct redis_words w = get_of(rq);
        refuse_key(rq, &w, "MD5 key of 32 hexadecimal digits");
        return;
    }
    json_t *text = json_stringn((const char *)name.bytes, name.size);
    if (!text) { /* no UTF-8 */
        rq->result = STORE_NONE;
        return;
    }
    find_json(rq, STORE_USER, name, json_pack("{s:o, s:s}", "name", text, "md5", reply->str));
}

/* read_secrets — a set of texts; what is no UTF-8 cannot be told of. */
static void read_secrets(struct store_request *rq, const struct redisReply *reply)
{
    rq->cursor[0] = '\0';
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
        const struct redisReply *member = reply->element[i];
        json_t *text = member->type == REDIS_REPLY_STRING && member->len > 0
                           ? json_stringn(member->str, member->len)
                           : NULL;
        char id[ID_SIZE];
        if (text) {
            snprintf(id, sizeof(id), "%016" PRIx64, hash_of(text_of(member)));
            find_json(rq, STORE_SECRET, span_of_text(id), json_pack("{s:o}", "secret", text));
        }
    }
    if (reply->type != REDIS_REPLY_ARRAY) {
        struct redis_words w = redis_words_begin("");
        put_secrets_key(&w, rq->realm);
        refuse_key(rq, &w, "set");
    }
}

/* read_error — what an error means for the request, and for all others. */
static void read_error(struct store_coturn *s, struct store_request *rq,
                       const struct redisReply *reply)
{
    enum redis_fault fault = redis_fault_read(text_of(reply), rq->why, sizeof(rq->why));
    bool is_down = fault == REDIS_FAULT_AWAY || fault == REDIS_FAULT_SET_UP;
    rq->result = is_down ? STORE_DOWN : STORE_REFUSED;
    if (is_down) {
        redis_contact_drop(s->contact, rq->why);
    } else if (memmem(reply->str, reply->len, "WRONGTYPE", strlen("WRONGTYPE"))) {
        struct redis_words w = rq->verb == STORE_GET ? get_of(rq) : redis_words_begin("");
        if (rq->verb == STORE_LIST) {
            put_secrets_key(&w, rq->realm);
        }
        refuse_key(rq, &w, rq->verb == STORE_GET ? "string" : "set");
    }
}

static void on_answer(void *context, const struct redisReply *reply, unsigned left, const char *why)
{
    struct store_request *rq = context;
    (void)left;
    if (!reply) {
        store_fail(rq, STORE_DOWN, why);
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        read_error(rq->backend, rq, reply);
    } else if (rq->verb == STORE_GET) {
        read_user(rq, reply);
    } else {
        read_secrets(rq, reply);
    }
    store_answer(rq);
}

/* is_asked — whether Redis has to be asked; else the answer is filled in. */
static bool is_asked(struct store_request *rq)
{
    bool has_item = rq->item_count == 1;
    switch (rq->verb) {
    case STORE_GET:
        rq->result = STORE_NONE;
        return has_item && rq->item[0].table == STORE_USER && rq->realm[0];
    case STORE_LIST:
        rq->cursor[0] = '\0';
        return has_item && rq->item[0].table == STORE_SECRET && rq->realm[0];
    case STORE_LEASE:
        rq->lease.granted = rq->lease.want > rq->lease.used ? rq->lease.want : rq->lease.used;
        return false;
    case STORE_BEAT:
    case STORE_READ:
        return false;
    default:
        rq->result = STORE_REFUSED;
        snprintf(rq->why, sizeof(rq->why), "the store is coturn's and is only read");
        return false;
    }
}

static void ask(struct store_coturn *s, struct store_request *rq)
{
    struct redis_link *link = redis_contact_link(s->contact, 0);
    rq->backend = s;
    if (!redis_link_begin(link, REDIS_LINK_PATIENCE_MS, on_answer, rq)) {
        redis_later_fail(&s->later, rq, STORE_DOWN, "out of memory");
        return;
    }
    rq->result = STORE_OK;
    struct redis_words w;
    if (rq->verb == STORE_GET) {
        w = get_of(rq);
    } else {
        w = redis_words_begin("SMEMBERS");
        put_secrets_key(&w, rq->realm);
    }
    redis_link_put(link, &w);
    redis_words_end(&w);
}

static void submit(void *backend, struct store_request *rq)
{
    struct store_coturn *s = backend;
    if (rq->is_short) {
        redis_later_fail(&s->later, rq, STORE_DOWN, "out of memory");
    } else if (!s->is_up || !redis_link_is_up(redis_contact_link(s->contact, 0))) {
        char why[STORE_WHY_MAX];
        snprintf(why, sizeof(why), "coturn's Redis is out of reach: %.200s", s->why);
        redis_later_fail(&s->later, rq, STORE_DOWN, why);
    } else if (is_asked(rq)) {
        ask(s, rq);
    } else {
        redis_later_answer(&s->later, rq);
    }
}

/* Looking at the secrets. */

static void wait_for_again(struct store_coturn *s)
{
    struct timeval wait = {AGAIN_S, 0};
    event_add(s->again, &wait);
}

/* have_looked — all are read: it is up, or something has changed. */
static void have_looked(struct store_coturn *s)
{
    bool has_changed = s->sum != s->last_sum;
    s->last_sum = s->sum;
    s->is_looking = false;
    wait_for_again(s);
    if (!s->is_up || has_changed) {
        s->is_up = true;
        redis_contact_settle(s->contact);
        store_tell_state(s->store, true, false, "");
    }
}

static void on_secrets(void *context, const struct redisReply *reply, unsigned left,
                       const char *why)
{
    struct store_coturn *s = context;
    char text[STORE_WHY_MAX];
    (void)why;
    if (!reply) {
        s->is_looking = false;
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR &&
        redis_fault_read(text_of(reply), text, sizeof(text)) != REDIS_FAULT_REQUEST) {
        s->is_looking = false;
        redis_contact_drop(s->contact, text);
        return;
    }
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
        const struct redisReply *member = reply->element[i];
        uint64_t hash = member->type == REDIS_REPLY_STRING ? hash_of(text_of(member)) : 0;
        s->sum += hash * (2 * left + 1); /* of which realm it is counts as well */
    }
    if (left == 0) {
        have_looked(s);
    }
}

/* look — read the secrets of every realm; with none it is a PING that says we are there. */
static void look(struct store_coturn *s)
{
    struct redis_link *link = redis_contact_link(s->contact, 0);
    if (s->is_looking || !redis_link_is_up(link)) {
        return;
    }
    if (!redis_link_begin(link, REDIS_LINK_PATIENCE_MS, on_secrets, s)) {
        wait_for_again(s);
        return;
    }
    s->is_looking = true;
    s->sum = 0;
    for (size_t i = 0; i < s->realm_count; i++) {
        struct redis_words w = redis_words_begin("SMEMBERS");
        put_secrets_key(&w, s->realm[i]);
        redis_link_put(link, &w);
        redis_words_end(&w);
    }
    if (s->realm_count == 0) {
        struct redis_words w = redis_words_begin("PING");
        redis_link_put(link, &w);
        redis_words_end(&w);
    }
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    look(context);
}

static void on_met(void *context)
{
    look(context);
}

static void on_lost(void *context, const char *why)
{
    struct store_coturn *s = context;
    s->is_up = false;
    event_del(s->again);
    snprintf(s->why, sizeof(s->why), "%s", why);
    store_tell_state(s->store, false, false, s->why);
}

/* The backend. */

static bool is_followed(const struct store_coturn *s, const char *realm)
{
    for (size_t i = 0; i < s->realm_count; i++) {
        if (strcmp(s->realm[i], realm) == 0) {
            return true;
        }
    }
    return false;
}

static bool follow(void *backend, const char *const *realms, size_t count)
{
    struct store_coturn *s = backend;
    for (size_t i = 0; i < count; i++) {
        if (!realms[i][0] || is_followed(s, realms[i])) {
            continue;
        }
        char **grown = realloc(s->realm, (s->realm_count + 1) * sizeof(*grown));
        s->realm = grown ? grown : s->realm;
        char *copy = grown ? strdup(realms[i]) : NULL;
        if (!copy) {
            return false;
        }
        s->realm[s->realm_count++] = copy;
        s->last_sum++; /* so that the next look tells of it */
    }
    if (s->is_up) {
        look(s);
    }
    return true;
}

static void close_coturn(void *backend)
{
    struct store_coturn *s = backend;
    redis_contact_free(s->contact);
    redis_later_fini(&s->later);
    if (s->again) {
        event_free(s->again);
    }
    for (size_t i = 0; i < s->realm_count; i++) {
        free(s->realm[i]);
    }
    free(s->realm);
    redis_url_wipe(&s->url);
    free(s);
}

static bool start(struct store_coturn *s, struct event_base *base)
{
    const struct redis_contact_parts contact = {
        .base = base,
        .url = &s->url,
        .node = s->node,
        .role = REDIS_GREETING_ANY, /* a replica can be read as well */
        .links = 1,
        .context = s,
        .met = on_met,
        .lost = on_lost,
    };
    s->again = event_new(base, -1, 0, on_again, s);
    s->contact = redis_later_init(&s->later, base) && s->again ? redis_contact_new(&contact) : NULL;
    return s->contact != NULL;
}

static void *open_coturn(struct store *store, const struct store_parts *parts, char *name,
                         size_t name_room, char *why, size_t why_room)
{
    struct store_coturn *s = calloc(1, sizeof(*s));
    if (!s) {
        snprintf(why, why_room, "out of memory");
        return NULL;
    }
    s->store = store;
    snprintf(s->node, sizeof(s->node), "%s", parts->node);
    snprintf(s->why, sizeof(s->why), "it has not been reached yet");
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
        close_coturn(s);
        return NULL;
    }
    redis_url_print(&s->url, name, name_room);
    return s;
}

static size_t addresses(void *backend, struct netaddr *out, size_t room)
{
    const struct store_coturn *s = backend;
    return redis_contact_address(s->contact, out, room);
}

const struct store_backend store_backend_coturn = {
    .is_shared = true,
    .is_kept = true,
    .is_readable_only = true,
    .open = open_coturn,
    .close = close_coturn,
    .submit = submit,
    .follow = follow,
    .addresses = addresses,
};
