/* census — asking the workers about their sessions without waiting for them. */
/* SPDX-License-Identifier: MIT */
#include "store/census.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/container.h"
#include "net/clock.h"

enum { STEPS = 1024 }; /* records that a worker looks at in one go */

struct census {
    struct worker_shared *shared;
    struct inbox answers;
    struct event *event;
    bool is_closing;
};

/* A question on its way from the control thread to a worker and back. */
struct question {
    struct worker_message message;
    struct inbox_node node;
    struct census *census;
    struct census_filter filter;
    unsigned worker;
    uint32_t from;
    size_t limit, count;
    bool is_short;
    struct session **at;
    uint64_t session;
    bool was_there;
    void (*listed)(void *context, const struct census_page *page);
    void (*kicked)(void *context, bool was_there);
    void *context;
};

static bool is_text(const char *wanted, struct span has)
{
    return !wanted[0] || span_is_equal(span_of_text(wanted), has);
}

bool census_passes(const struct census_filter *f, const struct session *s)
{
    return is_text(f->realm, session_realm(s)) && is_text(f->tenant, span_of_text(s->tenant)) &&
           (is_text(f->user, session_owner(s)) || is_text(f->user, session_user(s)));
}

static void go_back(struct question *q, void (*run)(struct inbox_node *node, void *reader))
{
    q->node.run = run;
    inbox_put(&q->census->answers, &q->node);
}

/* On the worker. */

static void collect(void *context, const struct turn_event *event)
{
    struct question *q = context;
    struct session *s = session_new(event, clock_now().wall);
    if (s && census_passes(&q->filter, s) && q->count < q->limit) {
        q->at[q->count++] = s;
    } else {
        q->is_short = q->is_short || !s;
        free(s);
    }
}

static void on_listed(struct inbox_node *node, void *reader);

/* run_page — as many steps as cannot overfill the page. */
static void run_page(struct worker_message *message, struct turn *turn, struct now now)
{
    struct question *q = container_of(message, struct question, message);
    size_t room = q->limit - q->count;
    uint32_t steps = room < STEPS ? (uint32_t)room : STEPS;
    q->from = turn ? turn_each(turn, q->from, steps, now, collect, q) : UINT32_MAX;
    go_back(q, on_listed);
}

static void on_kicked(struct inbox_node *node, void *reader);

static void run_kick(struct worker_message *message, struct turn *turn, struct now now)
{
    struct question *q = container_of(message, struct question, message);
    q->was_there = turn && turn_kick(turn, q->session, now);
    go_back(q, on_kicked);
}

/* On the control thread. */

static void free_question(struct question *q)
{
    for (size_t i = 0; i < q->count; i++) {
        free(q->at[i]);
    }
    free(q->at);
    free(q);
}

static void finish(struct question *q)
{
    struct census_page page = {
        .at = q->at,
        .count = q->count,
        .worker = q->worker,
        .from = q->from,
        .is_end = q->worker >= q->census->shared->count,
    };
    q->listed(q->context, &page);
    free_question(q);
}

static void post(struct question *q)
{
    q->message.run = run_page;
    worker_post(q->census->shared->worker[q->worker], &q->message);
}

static void on_listed(struct inbox_node *node, void *reader)
{
    struct question *q = container_of(node, struct question, node);
    (void)reader;
    if (q->from == UINT32_MAX) {
        q->worker++;
        q->from = 0;
    }
    if (q->worker >= q->census->shared->count || q->count >= q->limit || q->is_short ||
        q->census->is_closing) {
        finish(q);
    } else {
        post(q);
    }
}

static void on_kicked(struct inbox_node *node, void *reader)
{
    struct question *q = container_of(node, struct question, node);
    (void)reader;
    q->kicked(q->context, q->was_there);
    free_question(q);
}

bool census_list(struct census *c, const struct census_filter *filter, unsigned worker,
                 uint32_t from, size_t limit,
                 void (*done)(void *context, const struct census_page *page), void *context)
{
    struct question *q = c->is_closing ? NULL : calloc(1, sizeof(*q));
    struct session **at = q ? calloc(limit ? limit : 1, sizeof(struct session *)) : NULL;
    if (!at) {
        free(q);
        return false;
    }
    *q = (struct question){
        .census = c,
        .filter = *filter,
        .worker = worker,
        .from = from,
        .limit = limit,
        .at = at,
        .listed = done,
        .context = context,
    };
    if (worker >= c->shared->count) {
        go_back(q, on_listed); /* answered from the loop, like all */
    } else {
        post(q);
    }
    return true;
}

bool census_kick(struct census *c, uint64_t session, void (*done)(void *context, bool was_there),
                 void *context)
{
    struct question *q = c->is_closing ? NULL : calloc(1, sizeof(*q));
    unsigned worker = session >> 32 & 0xff; /* as struct turn_event says */
    bool is_ours = session >> 40 == (c->shared->boot & 0xffffff) && worker < c->shared->count;
    if (!q) {
        return false;
    }
    q->census = c;
    q->session = session;
    q->kicked = done;
    q->context = context;
    if (is_ours) {
        q->message.run = run_kick;
        worker_post(c->shared->worker[worker], &q->message);
    } else {
        go_back(q, on_kicked);
    }
    return true;
}

static void on_answers(evutil_socket_t fd, short what, void *argument)
{
    struct census *c = argument;
    (void)fd;
    (void)what;
    inbox_run(&c->answers, c);
}

struct census *census_new(struct event_base *base, struct worker_shared *shared)
{
    struct census *c = calloc(1, sizeof(*c));
    if (!c || !inbox_init(&c->answers)) {
        free(c);
        return NULL;
    }
    c->shared = shared;
    c->event = event_new(base, c->answers.wake, EV_READ | EV_PERSIST, on_answers, c);
    if (!c->event || event_add(c->event, NULL) != 0) {
        census_free(c);
        return NULL;
    }
    return c;
}

void census_close(struct census *c)
{
    if (c) {
        c->is_closing = true;
        inbox_run(&c->answers, c);
    }
}

void census_free(struct census *c)
{
    if (c) {
        if (c->event) {
            event_free(c->event);
        }
        inbox_fini(&c->answers);
        free(c);
    }
}
