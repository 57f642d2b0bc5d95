/* redis_greeting — what is said first on a connection with Redis. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_greeting.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

enum step { AUTH, SELECT, SET_NAME, ROLE, PING };

enum { NAME_MAX_SIZE = 80 };

struct redis_greeting redis_greeting_begin(const struct redis_url *url, const char *node,
                                           enum redis_greeting_role role)
{
    struct redis_greeting g = {.url = url, .node = node, .role = role};
    if (url->password[0]) {
        g.step[g.count++] = AUTH;
    }
    if (url->db > 0 && role != REDIS_GREETING_SENTINEL) {
        g.step[g.count++] = SELECT;
    }
    if (role != REDIS_GREETING_SENTINEL) {
        g.step[g.count++] = SET_NAME;
        g.step[g.count++] = ROLE;
    }
    g.step[g.count++] = PING;
    return g;
}

static void put_auth(const struct redis_greeting *g, struct redis_words *w)
{
    *w = redis_words_begin("AUTH");
    if (g->url->user[0]) {
        redis_words_text(w, g->url->user);
    }
    redis_words_text(w, g->url->password);
}

/* put_name — Redis takes no blanks, line ends and the like in a client's name. */
static void put_name(const struct redis_greeting *g, struct redis_words *w)
{
    *w = redis_words_begin("CLIENT");
    redis_words_text(w, "SETNAME");
    char *name = redis_words_own(w, NAME_MAX_SIZE);
    if (!name) {
        return;
    }
    snprintf(name, NAME_MAX_SIZE, "turnpike-%s", g->node);
    size_t size = strlen(name);
    for (size_t i = 0; i < size; i++) {
        name[i] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '-';
    }
    redis_words_cut(w, size);
}

bool redis_greeting_next(struct redis_greeting *g, struct redis_words *w)
{
    if (g->said == g->count) {
        return false;
    }
    switch ((enum step)g->step[g->said++]) {
    case AUTH:
        put_auth(g, w);
        break;
    case SELECT:
        *w = redis_words_begin("SELECT");
        redis_words_u64(w, g->url->db);
        break;
    case SET_NAME:
        put_name(g, w);
        break;
    case ROLE:
        *w = redis_words_begin("ROLE");
        break;
    case PING:
        *w = redis_words_begin("PING");
        break;
    }
    return true;
}

static struct span text_of(const struct redisReply *reply)
{
    bool has_text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS ||
                    reply->type == REDIS_REPLY_ERROR;
    return has_text ? (struct span){(const uint8_t *)reply->str, reply->len}
                    : (struct span){(const uint8_t *)"", 0};
}

static bool is_text(const struct redisReply *reply, const char *text)
{
    return span_is_equal(text_of(reply), span_of_text(text));
}

/* read_error — whether an error may be overlooked. */
static bool read_error(const struct redis_greeting *g, enum step step, struct span error,
                       enum redis_fault *fault, char *why, size_t room)
{
    if (step == AUTH && g->role == REDIS_GREETING_SENTINEL) {
        return true; /* the password is its Redis's; a Sentinel that wants one says NOAUTH */
    }
    if (step == AUTH) {
        *fault = redis_fault_read_auth(error, why, room);
        return false;
    }
    *fault = redis_fault_read(error, why, room);
    if (step == SET_NAME || (step == ROLE && g->role == REDIS_GREETING_ANY)) {
        return *fault == REDIS_FAULT_REQUEST || memmem(error.bytes, error.size, "NOPERM", 6);
    }
    *fault = *fault == REDIS_FAULT_REQUEST ? REDIS_FAULT_SET_UP : *fault;
    return false;
}

/* read_role — "master", "slave" or "sentinel", and more behind it. */
static bool read_role(const struct redis_greeting *g, const struct redisReply *reply,
                      enum redis_fault *fault, char *why, size_t room)
{
    const struct redisReply *role =
        reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 ? reply->element[0] : reply;
    bool is_replica = is_text(role, "slave");
    if (is_text(role, "master") || (is_replica && g->role == REDIS_GREETING_ANY)) {
        return true;
    }
    *fault = REDIS_FAULT_SET_UP;
    if (is_replica) {
        *fault = redis_fault_read(span_of_text("READONLY"), why, room);
    } else if (is_text(role, "sentinel")) {
        snprintf(why, room, "this is a Sentinel and no Redis: write redis+sentinel://host/primary");
    } else {
        snprintf(why, room, "what answers there is no Redis: it does not know its role");
    }
    return false;
}

bool redis_greeting_read(struct redis_greeting *g, const struct redisReply *reply,
                         enum redis_fault *fault, char *why, size_t room)
{
    enum step step = (enum step)g->step[g->heard < g->count ? g->heard++ : g->count - 1];
    if (reply->type == REDIS_REPLY_ERROR) {
        return read_error(g, step, text_of(reply), fault, why, room);
    }
    if (step == ROLE) {
        return read_role(g, reply, fault, why, room);
    }
    if (step == PING ? is_text(reply, "PONG") : is_text(reply, "OK")) {
        return true;
    }
    *fault = REDIS_FAULT_SET_UP;
    snprintf(why, room, "what answers there is no Redis: it greets in another way");
    return false;
}
