/* redis_lookup — the address of a host, by /etc/hosts or DNS, without waiting for it. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_lookup.h"

#include <event2/dns.h>
#include <event2/util.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct redis_lookup {
    struct evdns_base *dns; /* of this look-up alone: so resolv.conf is read anew */
    struct evdns_getaddrinfo_request *request;
    struct event *timer; /* the deadline, then what tells */
    unsigned turn;
    bool is_asking;    /* libevent still has the request */
    bool is_cancelled; /* nobody wants to know any more */
    redis_lookup_done *done;
    void *context;
    char address[REDIS_LOOKUP_TEXT_SIZE];
    char why[96];
};

static void release(struct redis_lookup *l)
{
    if (l->timer) {
        event_free(l->timer);
    }
    if (l->dns) {
        evdns_base_free(l->dns, 0);
    }
    free(l);
}

static void choose(struct redis_lookup *l, const struct evutil_addrinfo *list)
{
    unsigned count = 0;
    for (const struct evutil_addrinfo *a = list; a; a = a->ai_next) {
        count++;
    }
    const struct evutil_addrinfo *chosen = list;
    for (unsigned i = count ? l->turn % count : 0; i > 0; i--) {
        chosen = chosen->ai_next;
    }
    if (!chosen || getnameinfo(chosen->ai_addr, (socklen_t)chosen->ai_addrlen, l->address,
                               sizeof(l->address), NULL, 0, NI_NUMERICHOST) != 0) {
        snprintf(l->why, sizeof(l->why), "its name has no address");
    }
}

/* tell_soon — from the loop, where the resolver can be freed as well. */
static void tell_soon(struct redis_lookup *l)
{
    struct timeval now = {0, 0};
    event_add(l->timer, &now);
}

static void on_resolved(int result, struct evutil_addrinfo *list, void *context)
{
    struct redis_lookup *l = context;
    l->is_asking = false;
    if (result == 0) {
        choose(l, list);
        evutil_freeaddrinfo(list);
    } else {
        snprintf(l->why, sizeof(l->why), "its name is not found: %s", evutil_gai_strerror(result));
    }
    tell_soon(l);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct redis_lookup *l = context;
    (void)fd;
    (void)what;
    if (!l->is_cancelled) {
        const char *why = l->is_asking ? "DNS does not answer" : l->why;
        const char *address = l->is_asking || !l->address[0] ? NULL : l->address;
        l->done(l->context, address, why);
    }
    if (l->is_asking) {
        redis_lookup_cancel(l);
    } else {
        release(l);
    }
}

/* ignore — libevent would write to the standard error, each time, what we say once. */
static void ignore(int is_warning, const char *message)
{
    (void)is_warning;
    (void)message;
}

struct redis_lookup *redis_lookup_new(struct event_base *base, const char *host, unsigned turn,
                                      redis_lookup_done *done, void *context)
{
    struct redis_lookup *l = calloc(1, sizeof(*l));
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_protocol = IPPROTO_TCP,
                                    .ai_flags = EVUTIL_AI_ADDRCONFIG};
    struct timeval deadline = {REDIS_LOOKUP_MS / 1000, 0};
    if (!l) {
        return NULL;
    }
    *l = (struct redis_lookup){.turn = turn, .done = done, .context = context};
    evdns_set_log_fn(ignore);
    l->timer = event_new(base, -1, 0, on_timer, l);
    l->dns =
        evdns_base_new(base, EVDNS_BASE_INITIALIZE_NAMESERVERS | EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (!l->timer || !l->dns) {
        release(l);
        return NULL;
    }
    evdns_base_set_option(l->dns, "timeout:", "1");
    evdns_base_set_option(l->dns, "attempts:", "2");
    event_add(l->timer, &deadline);
    l->is_asking = true;
    l->request = evdns_getaddrinfo(l->dns, host, NULL, &hints, on_resolved, l);
    return l;
}

void redis_lookup_cancel(struct redis_lookup *l)
{
    if (!l) {
        return;
    }
    l->is_cancelled = true;
    if (l->is_asking) { /* libevent calls back once more, and then it is freed */
        event_del(l->timer);
        evdns_getaddrinfo_cancel(l->request);
    } else {
        release(l);
    }
}
