/* redis_seek — finds the address of the Redis that a URL means: by itself, by its host's name, or
 * by asking Sentinels, one after the other. Control thread. It never waits. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_SEEK_H
#define STORE_REDIS_SEEK_H

#include "store/redis_link.h"

struct redis_seek;

struct redis_seek_parts {
    struct event_base *base;
    const struct redis_url *url; /* borrowed for life, as is the next */
    const char *node;
    void *context;
    /* found, failed — how a search ended; one of them, once. It may be within redis_seek_begin. */
    void (*found)(void *context, const struct redis_link_place *place);
    void (*failed)(void *context, enum redis_fault fault, const char *why);
};

/* redis_seek_new — returns new, freed with redis_seek_free; NULL when memory is short. */
struct redis_seek *redis_seek_new(const struct redis_seek_parts *parts);

/* redis_seek_free — free it, whatever it does; NULL is taken. Never fails. */
void redis_seek_free(struct redis_seek *s);

/* redis_seek_begin — search anew; the search before must have ended. Of several addresses and
 * Sentinels the next gets its turn. */
void redis_seek_begin(struct redis_seek *s);

/* redis_seek_repeat — the same, beginning with the Sentinel that `like` heard last, which knows no
 * less by now than it did then. */
void redis_seek_repeat(struct redis_seek *s, const struct redis_seek *like);

#endif
