/* redis_later — requests that are answered at once, but not within the call that submitted them. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_later.h"

#include <stdio.h>

#include "store/store_backend.h"

static void answer_all(struct redis_later *later)
{
    struct store_request *rq = later->first;
    later->first = NULL;
    later->last = &later->first;
    while (rq) { /* what is submitted meanwhile waits for the next turn */
        struct store_request *next = rq->next;
        store_answer(rq);
        rq = next;
    }
}

static void on_event(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    answer_all(context);
}

bool redis_later_init(struct redis_later *later, struct event_base *base)
{
    later->first = NULL;
    later->last = &later->first;
    later->event = event_new(base, -1, 0, on_event, later);
    return later->event != NULL;
}

void redis_later_fini(struct redis_later *later)
{
    while (later->event && later->first) {
        answer_all(later);
    }
    if (later->event) {
        event_free(later->event);
    }
}

void redis_later_answer(struct redis_later *later, struct store_request *rq)
{
    struct timeval now = {0, 0};
    rq->next = NULL;
    *later->last = rq;
    later->last = &rq->next;
    event_add(later->event, &now);
}

void redis_later_fail(struct redis_later *later, struct store_request *rq, enum store_result result,
                      const char *why)
{
    rq->result = result;
    snprintf(rq->why, sizeof(rq->why), "%s", why);
    redis_later_answer(later, rq);
}
