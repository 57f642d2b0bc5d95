/* redis_link — one connection with one Redis, from connecting to its end: it greets, asks what the
 * other is, has a deadline for every command, and asks for a sign of life when nothing else goes
 * on. Control thread. It never waits. What happens is told from the loop, never within a call.
 *
 *     connecting -- 0.7 s --> greeting --- 1 s ---> up -----------> over
 *          \______________________\_________________________________/|
 *           whatever fails or comes too late; another attempt is another link             */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_LINK_H
#define STORE_REDIS_LINK_H

#include <event2/event.h>

#include "store/redis_fault.h"
#include "store/redis_greeting.h"
#include "store/redis_url.h"
#include "store/redis_words.h"

struct redisReply;
struct redis_link;

enum {
    REDIS_LINK_CONNECT_MS = 700, /* with a pause behind it less than a second */
    REDIS_LINK_GREET_MS = 1000,
    REDIS_LINK_PATIENCE_MS = 2000, /* for the answer to a command */
    REDIS_LINK_IDLE_MS = 500,      /* until a PING */
};

/* Where to connect to: an address, or a Unix socket. */
struct redis_link_place {
    char host[64]; /* numeric; "": at `path` */
    uint16_t port;
    char path[REDIS_URL_PATH_SIZE];
};

struct redis_link_terms {
    struct event_base *base;
    const struct redis_url *url; /* user, password, database, TLS; borrowed for life */
    const char *node;            /* told to Redis as the client's name; borrowed for life */
    enum redis_greeting_role role;
    void *context;
    /* up — it takes commands. */
    void (*up)(void *context);
    /* down — it is over; told once, and the link may be freed in it. Commands without an answer are
     * answered afterwards, by NULL. */
    void (*down)(void *context, enum redis_fault fault, const char *why);
};

/* What becomes of a command: `reply` borrowed, `left` answers of the same call are still to come.
 * NULL: there will be none, for the reason `why`, and `left` is 0. */
typedef void redis_link_answered(void *context, const struct redisReply *reply, unsigned left,
                                 const char *why);

/* redis_link_new — begin to connect. `terms` and `place` borrowed for the call, but for what is
 * said above. Returns new, freed with redis_link_free; NULL when memory is short. */
struct redis_link *redis_link_new(const struct redis_link_terms *terms,
                                  const struct redis_link_place *place);

/* redis_link_free — send what can be sent at once, and hang up; what has no answer is answered by
 * NULL. NULL is taken. `down` is not called. */
void redis_link_free(struct redis_link *l);

/* redis_link_is_up — whether it takes commands; NULL does not. Never fails. */
bool redis_link_is_up(const struct redis_link *l);

/* redis_link_begin — begin a call: commands whose answers `answered` is called with, in their
 * order. There must be one at least. Returns false when memory is short; then it is never called.
 */
bool redis_link_begin(struct redis_link *l, unsigned patience_ms, redis_link_answered *answered,
                      void *context);

/* redis_link_put — one command more of the call begun last; `w` borrowed for the call. When memory
 * is short, the link ends. */
void redis_link_put(struct redis_link *l, const struct redis_words *w);

#endif
