/* store_backend — what is behind a store: one table of functions for each kind.
 * For store.c and the backends alone. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_STORE_BACKEND_H
#define STORE_STORE_BACKEND_H

#include "store/store.h"

/* How a backend speaks to its store; control thread. */

/* store_answer — the request is over: rq->result, why and found are filled in. Frees it. */
void store_answer(struct store_request *rq);

/* store_fail — the same with a result and a sentence. */
void store_fail(struct store_request *rq, enum store_result result, const char *why);

/* store_tell_state, store_tell_notice — what struct store_events has. State changes are told once;
 * `is_up` again after `is_up` means that the store was away unnoticed: read again. */
void store_tell_state(struct store *s, bool is_up, bool has_lost, const char *why);
void store_tell_notice(struct store *s, const char *realm, const struct store_item *item);

/* store_has_notice — whether a write to the table is told of. USERHASH, SESSION and NODE are not.
 */
static inline bool store_has_notice(enum store_table table)
{
    return table != STORE_USERHASH && table != STORE_SESSION && table != STORE_NODE;
}

struct store_backend {
    bool is_shared, is_kept, is_readable_only;
    /* open — returns the backend's own state; NULL with a sentence. `name` (as store_name) is to
     * be filled in. */
    void *(*open)(struct store *s, const struct store_parts *parts, char *name, size_t name_room,
                  char *why, size_t why_room);
    void (*close)(void *backend);
    void (*submit)(void *backend, struct store_request *rq);
    /* follow — names borrowed for the call. Returns false when memory is short. */
    bool (*follow)(void *backend, const char *const *realms, size_t count);
    /* addresses — as store_addresses; NULL: it is not on the network. */
    size_t (*addresses)(void *backend, struct netaddr *out, size_t room);
};

extern const struct store_backend store_backend_sqlite; /* "memory" and "sqlite:" */
extern const struct store_backend store_backend_redis;
extern const struct store_backend store_backend_coturn;

#endif
