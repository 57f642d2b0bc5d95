/* redis_seek — finds the address of the Redis that a URL means. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_seek.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/redis_lookup.h"

enum { WHY_SIZE = 256 };

struct redis_seek {
    struct redis_seek_parts parts;
    struct redis_lookup *lookup;
    struct redis_link *sentinel; /* the one that is asked */
    struct event *soon;          /* goes on once the sentinel's link can be freed */
    size_t turn;                 /* whose turn it is */
    size_t tries;                /* Sentinels still to be asked in this search */
    uint16_t port;               /* of the host that is looked up */
    bool is_primary_known;       /* by name: that is looked up, and no Sentinel */
    char host[REDIS_URL_HOST_SIZE];
    enum redis_fault fault;
    char why[WHY_SIZE];
};

static void look_up(struct redis_seek *s);

static void fail(struct redis_seek *s, enum redis_fault fault, const char *why)
{
    char copy[WHY_SIZE]; /* it may be our own */
    snprintf(copy, sizeof(copy), "%s", why);
    s->parts.failed(s->parts.context, fault, copy);
}

static bool is_numeric(const char *host)
{
    struct in6_addr six;
    struct in_addr four;
    return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1;
}

/* Sentinels. */

/* go_on — outside of whatever the link called us from. */
static void go_on(struct redis_seek *s)
{
    struct timeval now = {0, 0};
    event_add(s->soon, &now);
}

/* try_sentinel — the next one; after the last it has failed. */
static void try_sentinel(struct redis_seek *s)
{
    if (s->tries == 0) {
        fail(s, s->fault, s->why);
        return;
    }
    const struct redis_url_host *host = &s->parts.url->host[s->turn++ % s->parts.url->host_count];
    s->tries--;
    s->is_primary_known = false;
    snprintf(s->host, sizeof(s->host), "%s", host->name);
    s->port = host->port;
    look_up(s);
}

/* lose_sentinel — this one does not help. */
static void lose_sentinel(struct redis_seek *s, enum redis_fault fault, const char *why)
{
    struct text t = text_init(s->why, sizeof(s->why));
    text_put(&t, "the Sentinel at ");
    text_put(&t, s->host);
    text_put(&t, ": ");
    text_put(&t, why);
    s->fault = fault;
    go_on(s);
}

static bool is_text(const struct redisReply *reply, size_t room)
{
    return reply->type == REDIS_REPLY_STRING && reply->len > 0 && reply->len < room &&
           !memchr(reply->str, '\0', reply->len);
}

/* read_port — 0 when it is none. */
static uint16_t read_port(const char *text)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    return *end || port > UINT16_MAX ? 0 : (uint16_t)port;
}

/* on_primary — a Sentinel has said where the primary is, or that it knows none of this name. */
static void on_primary(void *context, const struct redisReply *reply, unsigned left,
                       const char *why)
{
    struct redis_seek *s = context;
    char text[WHY_SIZE];
    (void)left;
    (void)why;
    if (!reply) {
        return; /* on_sentinel_down is called as well */
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        struct span error = {(const uint8_t *)reply->str, reply->len};
        enum redis_fault fault = redis_fault_read(error, text, sizeof(text));
        lose_sentinel(s, fault == REDIS_FAULT_REQUEST ? REDIS_FAULT_SET_UP : fault, text);
        return;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        !is_text(reply->element[0], sizeof(s->host)) || !is_text(reply->element[1], 6) ||
        read_port(reply->element[1]->str) == 0) {
        snprintf(text, sizeof(text), "it knows no primary named %.80s", s->parts.url->primary);
        lose_sentinel(s, REDIS_FAULT_AWAY, text);
        return;
    }
    snprintf(s->host, sizeof(s->host), "%s", reply->element[0]->str);
    s->port = read_port(reply->element[1]->str);
    s->is_primary_known = true;
    go_on(s);
}

static void on_sentinel_up(void *context)
{
    struct redis_seek *s = context;
    struct redis_words w = redis_words_begin("SENTINEL");
    redis_words_text(&w, "get-master-addr-by-name");
    redis_words_text(&w, s->parts.url->primary);
    if (redis_link_begin(s->sentinel, REDIS_LINK_GREET_MS, on_primary, s)) {
        redis_link_put(s->sentinel, &w);
    } else {
        lose_sentinel(s, REDIS_FAULT_AWAY, "out of memory");
    }
    redis_words_end(&w);
}

static void on_sentinel_down(void *context, enum redis_fault fault, const char *why)
{
    struct redis_seek *s = context;
    if (!s->is_primary_known) {
        lose_sentinel(s, fault, why);
    }
}

static void ask_sentinel(struct redis_seek *s, const struct redis_link_place *place)
{
    const struct redis_link_terms terms = {
        .base = s->parts.base,
        .url = s->parts.url,
        .node = s->parts.node,
        .role = REDIS_GREETING_SENTINEL,
        .context = s,
        .up = on_sentinel_up,
        .down = on_sentinel_down,
    };
    s->sentinel = redis_link_new(&terms, place);
    if (!s->sentinel) {
        fail(s, REDIS_FAULT_AWAY, "out of memory");
    }
}

static void on_soon(evutil_socket_t fd, short what, void *context)
{
    struct redis_seek *s = context;
    (void)fd;
    (void)what;
    redis_link_free(s->sentinel);
    s->sentinel = NULL;
    event_del(s->soon); /* should that have called us once more */
    if (s->is_primary_known) {
        look_up(s);
    } else {
        try_sentinel(s);
    }
}

/* Hosts. */

static void reach(struct redis_seek *s, const char *address)
{
    struct redis_link_place place = {.port = s->port};
    snprintf(place.host, sizeof(place.host), "%s", address);
    if (s->is_primary_known) {
        s->parts.found(s->parts.context, &place);
    } else {
        ask_sentinel(s, &place);
    }
}

static void on_address(void *context, const char *address, const char *why)
{
    struct redis_seek *s = context;
    s->lookup = NULL;
    if (address) {
        reach(s, address);
    } else if (s->is_primary_known) {
        fail(s, REDIS_FAULT_AWAY, why);
    } else {
        lose_sentinel(s, REDIS_FAULT_AWAY, why);
    }
}

/* look_up — the host in s->host. */
static void look_up(struct redis_seek *s)
{
    if (is_numeric(s->host)) {
        reach(s, s->host);
        return;
    }
    s->lookup = redis_lookup_new(s->parts.base, s->host, (unsigned)s->turn, on_address, s);
    if (!s->lookup) {
        fail(s, REDIS_FAULT_AWAY,
             "names of hosts cannot be looked up: out of memory, or "
             "/etc/resolv.conf cannot be read");
    }
}

struct redis_seek *redis_seek_new(const struct redis_seek_parts *parts)
{
    struct redis_seek *s = calloc(1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    s->parts = *parts;
    s->soon = event_new(parts->base, -1, 0, on_soon, s);
    if (!s->soon) {
        free(s);
        return NULL;
    }
    return s;
}

void redis_seek_free(struct redis_seek *s)
{
    if (!s) {
        return;
    }
    redis_lookup_cancel(s->lookup);
    redis_link_free(s->sentinel);
    event_free(s->soon);
    free(s);
}

void redis_seek_begin(struct redis_seek *s)
{
    const struct redis_url *url = s->parts.url;
    struct redis_link_place place = {.port = 0};
    if (url->host_count == 0) {
        snprintf(place.path, sizeof(place.path), "%s", url->path);
        s->parts.found(s->parts.context, &place);
    } else if (url->primary[0]) {
        s->tries = url->host_count;
        try_sentinel(s);
    } else {
        s->turn++;
        s->is_primary_known = true;
        snprintf(s->host, sizeof(s->host), "%s", url->host[0].name);
        s->port = url->host[0].port;
        look_up(s);
    }
}

void redis_seek_repeat(struct redis_seek *s, const struct redis_seek *like)
{
    s->turn = like->turn + s->parts.url->host_count - 1;
    redis_seek_begin(s);
}
