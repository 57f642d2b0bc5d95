/* follower — keeps mirror, keys and workers true to the store: reads everything when it comes, and
 * hears of every change.
 * Control thread.
 *
 *     the store comes -> read secrets, keys, revocations of every realm -> mirror
 *     a notice        -> mirror, and workers: sessions of what was revoked or removed end */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_FOLLOWER_H
#define STORE_FOLLOWER_H

#include "store/api_key.h"
#include "store/census.h"
#include "store/mirror.h"
#include "store/store.h"

enum { FOLLOWER_KEYS_MAX = 1024 };

struct follower;

struct follower_parts {
    struct worker_shared *shared;
    struct mirror *mirror;
    struct census *census;
    const struct digest *digest; /* the control thread's; all borrowed for its life */
    void *context;
    /* came — everything was read; it is there again. */
    void (*came)(void *context);
    /* say — something the operator should know; `what` static. */
    void (*say)(void *context, bool is_bad, const char *what, const char *why);
};

/* follower_new — follows nothing yet. Returns new, freed with follower_free; NULL when memory is
 * short. */
struct follower *follower_new(const struct follower_parts *parts);

/* follower_free — free it once the store is closed; NULL is taken. */
void follower_free(struct follower *f);

/* follower_events — what the store is to be opened with. Never fails. */
struct store_events follower_events(struct follower *f);

/* follower_follow — from now on follow `store`, borrowed, with these realms; again after a reload.
 * Names are copied. Returns false when memory is short. */
bool follower_follow(struct follower *f, struct store *store, const char *const *realms,
                     size_t count);

/* follower_noted — an item that this node has written itself: known at once, not only when its
 * notice comes back. Never fails. */
void follower_noted(struct follower *f, const char *realm, const struct store_item *item);

/* follower_tick — what time brings: secrets that retire, revocations that are over. Every second.
 * Never fails. */
void follower_tick(struct follower *f);

/* follower_key — an API key by its id, borrowed until the next call of the loop. NULL for none. */
struct api_key *follower_key(struct follower *f, const char *id);

/* follower_keys — all of them, borrowed likewise. Never fails. */
const struct api_key *follower_keys(const struct follower *f, size_t *count);

#endif
