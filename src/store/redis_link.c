/* redis_link — one connection with one Redis, from connecting to its end. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_link.h"

#include <fcntl.h>
#include <hiredis/async.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/clock.h"
#include "store/redis_loop.h"
#include "store/redis_secure.h"

enum { WHY_SIZE = 256 };

/* Commands that belong together, waiting for their answers. */
struct call {
    struct call *next;
    redis_link_answered *answered;
    void *context;
    unsigned left;
    struct mono deadline;
};

enum state { CONNECTING, GREETING, UP, OVER };

struct redis_link {
    struct redis_link_terms terms;
    struct redisAsyncContext *ac;
    enum state state;
    struct event *timer;
    struct call *first, **last;
    struct call *begun;   /* the one that commands are put to */
    struct mono deadline; /* of connecting; then of the sign of life */
    bool is_late;         /* a deadline has passed: one more turn of the loop, then it is over */
    bool is_broken;       /* to be told of by the timer */
    struct redis_greeting greeting;
    enum redis_fault fault;
    char why[WHY_SIZE]; /* of is_broken */
};

static struct mono in_ms(unsigned ms)
{
    return mono_add_ns(clock_now().mono, (uint64_t)ms * 1000000);
}

static void set_timer(struct redis_link *l, struct mono at)
{
    uint64_t now = clock_now().mono.ns;
    uint64_t us = at.ns > now ? (at.ns - now) / 1000 + 1 : 0;
    struct timeval wait = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
    event_add(l->timer, &wait);
}

/* arm — wait for what is due first: the oldest answer, or the time to ask for a sign of life. */
static void arm(struct redis_link *l)
{
    if (l->is_broken) {
        set_timer(l, clock_now().mono);
    } else {
        set_timer(l, l->first && l->state != CONNECTING ? l->first->deadline : l->deadline);
    }
}

/* spoil — it has come to an end that the loop is to tell of. */
static void spoil(struct redis_link *l, enum redis_fault fault, const char *why)
{
    if (!l->is_broken) {
        l->is_broken = true;
        l->fault = fault;
        snprintf(l->why, sizeof(l->why), "%s", why);
    }
    arm(l);
}

static void answer_all(struct call *first, const char *why)
{
    while (first) {
        struct call *c = first;
        first = c->next;
        c->answered(c->context, NULL, 0, why);
        free(c);
    }
}

/* hang_up — let go of the socket. hiredis calls back for nothing any more. */
static void hang_up(struct redis_link *l)
{
    struct redisAsyncContext *ac = l->ac;
    l->ac = NULL;
    l->state = OVER;
    event_del(l->timer);
    if (ac) {
        ac->data = NULL;
        redisAsyncFree(ac);
    }
}

static struct call *take_calls(struct redis_link *l)
{
    struct call *first = l->first;
    l->first = l->begun = NULL;
    l->last = &l->first;
    return first;
}

/* end — it is over. Whoever is told may free the link. */
static void end(struct redis_link *l, enum redis_fault fault, const char *why)
{
    char copy[WHY_SIZE];
    snprintf(copy, sizeof(copy), "%s", why);
    hang_up(l);
    struct call *first = take_calls(l);
    l->terms.down(l->terms.context, fault, copy);
    answer_all(first, copy);
}

/* Answers. */

/* on_reply — hiredis has one; without one the end of the connection is told of elsewhere. */
static void on_reply(struct redisAsyncContext *ac, void *reply, void *unused)
{
    struct redis_link *l = ac->data;
    struct call *c = l ? l->first : NULL;
    (void)unused;
    if (!c || !reply) {
        return;
    }
    c->left--;
    l->is_late = false;
    l->deadline = in_ms(REDIS_LINK_IDLE_MS);
    unsigned left = c->left;
    redis_link_answered *answered = c->answered;
    void *context = c->context;
    if (left == 0) {
        l->first = c->next;
        l->last = l->first ? l->last : &l->first;
        l->begun = l->begun == c ? NULL : l->begun;
        free(c);
    }
    answered(context, reply, left, NULL);
    if (ac->data == l && l->ac == ac) { /* it did not end meanwhile */
        arm(l);
        if (redis_loop_has_stray(ac)) {
            redisAsyncFree(ac); /* as soon as we return, and before it goes on to parse */
        }
    }
}

bool redis_link_begin(struct redis_link *l, unsigned patience_ms, redis_link_answered *answered,
                      void *context)
{
    struct call *c = calloc(1, sizeof(*c));
    if (!c) {
        return false;
    }
    c->answered = answered;
    c->context = context;
    c->deadline = in_ms(patience_ms);
    *l->last = c;
    l->last = &c->next;
    l->begun = c;
    if (l->first == c) {
        arm(l);
    }
    return true;
}

void redis_link_put(struct redis_link *l, const struct redis_words *w)
{
    l->begun->left++;
    if (!redis_words_is_whole(w) || w->count > INT32_MAX ||
        redisAsyncCommandArgv(l->ac, on_reply, NULL, (int)w->count, w->word, w->size) != REDIS_OK) {
        spoil(l, REDIS_FAULT_AWAY, "out of memory");
    }
}

/* A sign of life. */

static void on_pong(void *context, const struct redisReply *reply, unsigned left, const char *why)
{
    struct redis_link *l = context;
    (void)left;
    (void)why;
    if (reply && reply->type == REDIS_REPLY_ERROR) {
        char text[WHY_SIZE];
        enum redis_fault fault = redis_fault_read(
            (struct span){(const uint8_t *)reply->str, reply->len}, text, sizeof(text));
        spoil(l, fault, text);
    }
}

static void ping(struct redis_link *l)
{
    struct redis_words w = redis_words_begin("PING");
    if (redis_link_begin(l, REDIS_LINK_PATIENCE_MS, on_pong, l)) {
        redis_link_put(l, &w);
    } else {
        spoil(l, REDIS_FAULT_AWAY, "out of memory");
    }
    redis_words_end(&w);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct redis_link *l = context;
    (void)fd;
    (void)what;
    const struct call *c = l->state == CONNECTING ? NULL : l->first;
    bool is_due = !mono_is_before(clock_now().mono, c ? c->deadline : l->deadline);
    if (l->is_broken) {
        end(l, l->fault, l->why);
    } else if (!is_due) {
        arm(l);
    } else if (l->state == UP && !c) {
        ping(l);
    } else if (!l->is_late) { /* the answer may be there, and we were late ourselves */
        l->is_late = true;
        struct timeval soon = {0, 0};
        event_add(l->timer, &soon);
    } else {
        end(l, REDIS_FAULT_AWAY,
            l->state == CONNECTING ? "it does not take the connection in time"
            : l->state == GREETING ? "it takes the connection and then says nothing"
                                   : "it does not answer any more");
    }
}

/* Greeting. */

static void on_greeted(void *context, const struct redisReply *reply, unsigned left,
                       const char *why)
{
    struct redis_link *l = context;
    char text[WHY_SIZE];
    enum redis_fault fault;
    (void)why;
    if (!reply || l->is_broken) {
        return;
    }
    if (!redis_greeting_read(&l->greeting, reply, &fault, text, sizeof(text))) {
        spoil(l, fault, text);
    } else if (left == 0) {
        l->state = UP;
        l->terms.up(l->terms.context);
    }
}

static void greet(struct redis_link *l)
{
    struct redis_words w;
    l->state = GREETING;
    l->is_late = false;
    l->greeting = redis_greeting_begin(l->terms.url, l->terms.node, l->terms.role);
    if (!redis_link_begin(l, REDIS_LINK_GREET_MS, on_greeted, l)) {
        spoil(l, REDIS_FAULT_AWAY, "out of memory");
        return;
    }
    while (redis_greeting_next(&l->greeting, &w)) {
        redis_link_put(l, &w);
        redis_words_end(&w);
    }
}

/* Connecting. */

/* say_end — why hiredis gave up. What it quotes of an error is Redis's, before it hung up. */
static void say_end(struct redis_link *l, const struct redisAsyncContext *ac)
{
    char text[WHY_SIZE];
    const char *words = ac->errstr ? ac->errstr : "";
    enum redis_fault fault = REDIS_FAULT_AWAY;
    if (ac->err == REDIS_ERR_OTHER && l->state != CONNECTING) {
        fault = redis_fault_read(span_of_text(words), text, sizeof(text));
    } else if (ac->err == 0 && ac->c.err != 0) { /* a connection refused is only told there */
        snprintf(text, sizeof(text), "%s", ac->c.errstr);
    } else if (ac->err == 0) {
        snprintf(text, sizeof(text), "Redis sent an answer that nobody asked for");
    } else if (ac->err == REDIS_ERR_EOF) {
        snprintf(text, sizeof(text), "Redis has closed the connection");
    } else {
        snprintf(text, sizeof(text), "%s", words);
    }
    end(l, fault, text);
}

static void on_connected(const struct redisAsyncContext *ac, int status)
{
    struct redis_link *l = ac->data;
    if (!l) {
        return;
    }
    if (status == REDIS_OK) {
        greet(l);
    } else { /* hiredis frees its part itself */
        l->ac = NULL;
        say_end(l, ac);
    }
}

static void on_disconnected(const struct redisAsyncContext *ac, int status)
{
    struct redis_link *l = ac->data;
    (void)status;
    if (!l) {
        return;
    }
    l->ac = NULL;
    if (l->state != OVER) {
        say_end(l, ac);
    }
}

/* open_socket — begin to connect; what goes wrong at once is told of by the timer. */
static void open_socket(struct redis_link *l, const struct redis_link_place *place)
{
    const struct redis_url *url = l->terms.url;
    bool is_secure = url->is_secure && l->terms.role != REDIS_GREETING_SENTINEL;
    l->ac = place->host[0] ? redisAsyncConnect(place->host, place->port)
                           : redisAsyncConnectUnix(place->path);
    if (!l->ac || l->ac->err) {
        spoil(l, REDIS_FAULT_AWAY, l->ac ? l->ac->errstr : "out of memory");
        return;
    }
    fcntl(l->ac->c.fd, F_SETFD, FD_CLOEXEC);
    l->ac->data = l;
    redisAsyncSetDisconnectCallback(l->ac, on_disconnected);
    if ((is_secure && !redis_secure_begin(l->ac, url->host[0].name)) ||
        !redis_loop_attach(l->ac, l->terms.base, !is_secure)) {
        spoil(l, REDIS_FAULT_AWAY, is_secure ? "TLS cannot be begun" : "out of memory");
        return;
    }
    redisAsyncSetConnectCallback(l->ac, on_connected);
}

struct redis_link *redis_link_new(const struct redis_link_terms *terms,
                                  const struct redis_link_place *place)
{
    struct redis_link *l = calloc(1, sizeof(*l));
    if (!l) {
        return NULL;
    }
    l->terms = *terms;
    l->last = &l->first;
    l->timer = event_new(terms->base, -1, 0, on_timer, l);
    if (!l->timer) {
        free(l);
        return NULL;
    }
    l->deadline = in_ms(REDIS_LINK_CONNECT_MS);
    open_socket(l, place);
    arm(l);
    return l;
}

void redis_link_free(struct redis_link *l)
{
    if (!l) {
        return;
    }
    if (l->state == UP && !l->is_broken && !(l->ac->c.flags & REDIS_IN_CALLBACK)) {
        l->state = OVER;
        redisAsyncHandleWrite(l->ac); /* without waiting: what does not fit now is lost */
    }
    hang_up(l);
    answer_all(take_calls(l), "the connection is closed");
    event_free(l->timer);
    free(l);
}

bool redis_link_is_up(const struct redis_link *l)
{
    return l && l->state == UP && !l->is_broken;
}
