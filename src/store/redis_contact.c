/* redis_contact — staying in touch with one Redis. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_contact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/prefix.h"
#include "base/siphash.h"
#include "net/clock.h"
#include "net/entropy_os.h"
#include "store/redis_seek.h"

enum { TOLD_MAX = 16, WHY_SIZE = 256 };

struct redis_contact {
    struct redis_contact_parts parts;
    struct redis_seek *seek;
    struct redis_link *link[REDIS_CONTACT_LINKS];
    struct event *timer;       /* until the next attempt */
    struct redis_seek *check;  /* asks once more where the primary is, and */
    struct event *check_timer; /* when; both NULL without Sentinels */
    bool is_checking;
    struct redis_link_place place; /* of the links */
    unsigned pause_ms;
    struct mono began; /* the last attempt */
    bool is_settled;
    uint64_t told[TOLD_MAX]; /* hashes of what was said since it was settled */
    unsigned told_count;
    struct netaddr address; /* of the Redis found last; family NONE: a socket, or none yet */
};

/* is_told — whether a sentence was said already; from now on it was. */
static bool is_told(struct redis_contact *c, const char *why)
{
    static const struct siphash_key key; /* no stranger chooses the sentences */
    uint64_t hash = siphash(&key, why, strlen(why));
    for (unsigned i = 0; i < c->told_count && i < TOLD_MAX; i++) {
        if (c->told[i] == hash) {
            return true;
        }
    }
    c->told[c->told_count++ % TOLD_MAX] = hash;
    return false;
}

/* pause_a_while — until the next attempt. One that waited in vain for an answer has taken its
 * pause: whoever comes back is met within a second. */
static void pause_a_while(struct redis_contact *c)
{
    uint64_t us = (uint64_t)c->pause_ms * (750 + entropy_os_u32(501));
    uint64_t least = (uint64_t)REDIS_CONTACT_PAUSE_MS * 1000;
    uint64_t taken = (clock_now().mono.ns - c->began.ns) / 1000;
    us = us > taken + least ? us - taken : least;
    struct timeval wait = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
    c->pause_ms =
        c->pause_ms * 2 < REDIS_CONTACT_PAUSE_MAX_MS ? c->pause_ms * 2 : REDIS_CONTACT_PAUSE_MAX_MS;
    event_add(c->timer, &wait);
}

static void drop_links(struct redis_contact *c)
{
    for (unsigned i = 0; i < REDIS_CONTACT_LINKS; i++) {
        struct redis_link *l = c->link[i];
        c->link[i] = NULL; /* whoever is answered now finds none */
        redis_link_free(l);
    }
}

void redis_contact_drop(struct redis_contact *c, const char *why)
{
    char sentence[WHY_SIZE];
    bool was_settled = c->is_settled;
    c->is_settled = false;
    snprintf(sentence, sizeof(sentence), "%s", why);
    pause_a_while(c);
    if (!is_told(c, sentence) || was_settled) {
        c->parts.lost(c->parts.context, sentence);
    }
    drop_links(c);
}

static void on_down(void *context, enum redis_fault fault, const char *why)
{
    (void)fault;
    redis_contact_drop(context, why);
}

static void on_up(void *context)
{
    struct redis_contact *c = context;
    for (unsigned i = 0; i < c->parts.links; i++) {
        if (!redis_link_is_up(c->link[i])) {
            return;
        }
    }
    c->parts.met(c->parts.context);
}

static void on_found(void *context, const struct redis_link_place *place)
{
    struct redis_contact *c = context;
    const struct redis_link_terms terms = {
        .base = c->parts.base,
        .url = c->parts.url,
        .node = c->parts.node,
        .role = c->parts.role,
        .context = c,
        .up = on_up,
        .down = on_down,
    };
    struct prefix host;
    c->place = *place;
    if (prefix_parse(place->host, &host)) {
        c->address = host.first;
        c->address.port = place->port;
    }
    for (unsigned i = 0; i < c->parts.links; i++) {
        c->link[i] = redis_link_new(&terms, place);
        if (!c->link[i]) {
            redis_contact_drop(c, "out of memory");
            return;
        }
    }
}

static void on_failed(void *context, enum redis_fault fault, const char *why)
{
    (void)fault;
    redis_contact_drop(context, why);
}

/* Whether it is still the primary. */

static void check_later(struct redis_contact *c)
{
    struct timeval wait = {REDIS_CONTACT_CHECK_MS / 1000, REDIS_CONTACT_CHECK_MS % 1000 * 1000};
    if (c->check_timer && c->is_settled) {
        event_add(c->check_timer, &wait);
    }
}

static void on_check_found(void *context, const struct redis_link_place *place)
{
    struct redis_contact *c = context;
    c->is_checking = false;
    if (c->is_settled &&
        (strcmp(place->host, c->place.host) != 0 || place->port != c->place.port)) {
        redis_contact_drop(c, "the Sentinels name another primary");
    }
    check_later(c);
}

static void on_check_failed(void *context, enum redis_fault fault, const char *why)
{
    struct redis_contact *c = context;
    (void)fault;
    (void)why; /* without Sentinels it is as good as it was */
    c->is_checking = false;
    check_later(c);
}

static void on_check_timer(evutil_socket_t fd, short what, void *context)
{
    struct redis_contact *c = context;
    (void)fd;
    (void)what;
    if (c->is_settled && !c->is_checking) {
        c->is_checking = true;
        redis_seek_repeat(c->check, c->seek);
    }
}

/* begin_checks — make what that needs. Returns false when memory is short. */
static bool begin_checks(struct redis_contact *c, struct redis_seek_parts parts)
{
    parts.found = on_check_found;
    parts.failed = on_check_failed;
    c->check = redis_seek_new(&parts);
    c->check_timer = event_new(parts.base, -1, 0, on_check_timer, c);
    return c->check && c->check_timer;
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct redis_contact *c = context;
    (void)fd;
    (void)what;
    c->began = clock_now().mono;
    redis_seek_begin(c->seek);
}

struct redis_contact *redis_contact_new(const struct redis_contact_parts *parts)
{
    struct timeval now = {0, 0};
    struct redis_contact *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    c->parts = *parts;
    c->pause_ms = REDIS_CONTACT_PAUSE_MS;
    const struct redis_seek_parts seek = {
        .base = parts->base,
        .url = parts->url,
        .node = parts->node,
        .context = c,
        .found = on_found,
        .failed = on_failed,
    };
    c->seek = redis_seek_new(&seek);
    c->timer = event_new(parts->base, -1, 0, on_timer, c);
    bool has_checks = !parts->url->primary[0] || begin_checks(c, seek);
    if (!c->seek || !c->timer || !has_checks) {
        redis_contact_free(c);
        return NULL;
    }
    event_add(c->timer, &now);
    return c;
}

void redis_contact_free(struct redis_contact *c)
{
    if (!c) {
        return;
    }
    drop_links(c);
    redis_seek_free(c->seek);
    redis_seek_free(c->check);
    if (c->timer) {
        event_free(c->timer);
    }
    if (c->check_timer) {
        event_free(c->check_timer);
    }
    free(c);
}

struct redis_link *redis_contact_link(const struct redis_contact *c, unsigned number)
{
    return c->link[number];
}

size_t redis_contact_address(const struct redis_contact *c, struct netaddr *out, size_t room)
{
    bool has_one = c->address.family != NETADDR_NONE && room > 0;
    if (has_one) {
        *out = c->address;
    }
    return has_one ? 1 : 0;
}

void redis_contact_settle(struct redis_contact *c)
{
    c->is_settled = true;
    c->pause_ms = REDIS_CONTACT_PAUSE_MS;
    c->told_count = 0;
    check_later(c);
}
