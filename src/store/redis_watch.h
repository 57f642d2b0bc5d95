/* redis_watch — follows the streams of notices of some realms on a link of its own.
 * Control thread. It never waits: Redis does, for a second at a time. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_WATCH_H
#define STORE_REDIS_WATCH_H

#include "store/redis_link.h"
#include "store/store.h"

enum { REDIS_WATCH_BLOCK_MS = 1000, REDIS_WATCH_PAGE = 256 };

struct redis_watch;

struct redis_watch_parts {
    void *context;
    /* ready — no notice from now on is missed, of all realms there are. Told at the beginning, and
     * each time realms have been added. */
    void (*ready)(void *context);
    /* notice — an item was written, `value` empty: removed. Borrowed. */
    void (*notice)(void *context, const char *realm, const struct store_item *item);
    /* failed — it cannot be followed; the link is of no use. */
    void (*failed)(void *context, const char *why);
};

/* redis_watch_new — one that follows the realm "" alone. Returns new, freed with redis_watch_free;
 * NULL when memory is short. */
struct redis_watch *redis_watch_new(const struct redis_watch_parts *parts);

/* redis_watch_free — free it, its link having ended before; NULL is taken. Never fails. */
void redis_watch_free(struct redis_watch *w);

/* redis_watch_follow — more realms, names copied; those followed already stay. Returns false when
 * memory is short. */
bool redis_watch_follow(struct redis_watch *w, const char *const *realms, size_t count);

/* redis_watch_realm — the realm number `i`, borrowed until the next call; NULL behind the last.
 * Never fails. */
const char *redis_watch_realm(const struct redis_watch *w, size_t i);

/* redis_watch_begin — a link is up: follow on it, until redis_watch_end. */
void redis_watch_begin(struct redis_watch *w, struct redis_link *link);

/* redis_watch_end — the link is about to go. Never fails. */
void redis_watch_end(struct redis_watch *w);

#endif
