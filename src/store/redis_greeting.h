/* redis_greeting — what is said first on a connection with Redis: who we are, which database, and
 * what the other is and whether it is ready.
 * Pure. Control thread. All of it is sent at once. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_GREETING_H
#define STORE_REDIS_GREETING_H

#include "store/redis_fault.h"
#include "store/redis_url.h"
#include "store/redis_words.h"

struct redisReply;

enum { REDIS_GREETING_MAX = 5 };

/* What the other has to be. */
enum redis_greeting_role { REDIS_GREETING_PRIMARY, REDIS_GREETING_ANY, REDIS_GREETING_SENTINEL };

struct redis_greeting {
    const struct redis_url *url;
    const char *node;
    enum redis_greeting_role role;
    uint8_t step[REDIS_GREETING_MAX];
    unsigned count, said, heard;
};

/* redis_greeting_begin — a greeting; url and node borrowed for its life. Never fails. */
struct redis_greeting redis_greeting_begin(const struct redis_url *url, const char *node,
                                           enum redis_greeting_role role);

/* redis_greeting_next — the next command to send, freed with redis_words_end. Returns false when
 * there is none. */
bool redis_greeting_next(struct redis_greeting *g, struct redis_words *w);

/* redis_greeting_read — the next answer. Returns false, with a fault and a sentence, when the
 * connection is of no use. */
bool redis_greeting_read(struct redis_greeting *g, const struct redisReply *reply,
                         enum redis_fault *fault, char *why, size_t room);

#endif
