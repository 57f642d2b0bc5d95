/* redis_verb — requests become commands to Redis, and its answers their results.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_VERB_H
#define STORE_REDIS_VERB_H

#include "store/redis_link.h"
#include "store/redis_script.h"
#include "store/redis_watch.h"
#include "store/store.h"

enum {
    REDIS_VERB_SESSIONS_MS = 60 * 1000,     /* a node's sessions outlive its last beat by this, */
    REDIS_VERB_NODES_MS = 24 * 3600 * 1000, /* and all nodes the last beat of any */
    REDIS_VERB_PAGE = 100,                  /* where a request does not say */
};

enum { REDIS_VERB_HASH_SIZE = 41 }; /* 40 hexadecimal digits */

/* What requests share. */
struct redis_verb {
    struct redis_link *link; /* up */
    const char *node;
    const struct redis_watch *watch;                       /* knows the realms */
    char script[REDIS_SCRIPT_COUNT][REDIS_VERB_HASH_SIZE]; /* as Redis names them */
    void *context;
    /* failed — an answer means that this Redis is of no use now; it is told before the request is
     * answered. */
    void (*failed)(void *context, const char *why);
};

/* redis_verb_send — send what a request wants; `v` borrowed until it is answered, with
 * store_answer, from the loop. Returns false when it is to be answered otherwise: its result is
 * filled in. */
bool redis_verb_send(struct redis_verb *v, struct store_request *rq);

#endif
