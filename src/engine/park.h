/* park — requests that wait for a key, in a fixed number of places, each for a bounded time.
 * Pure. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_PARK_H
#define ENGINE_PARK_H

#include "engine/request.h"

enum {
    PARK_WAIT = 2,       /* seconds a request may wait */
    PARK_PER_PREFIX = 8, /* requests of one source /24 or /56 */
};

/* One waiting request. */
struct park_place {
    bool is_used;
    uint8_t realm;
    uint16_t size;
    struct path path;
    struct mono until;
    uint64_t account; /* whose share it waits for; 0: for a key */
    uint16_t name_at;
    uint16_t name_size;
    uint8_t bytes[STUN_MESSAGE_MAX];
};

struct parking {
    uint32_t used;
    struct park_place place[TURN_PARKED_MAX];
};

/* park_put — keep a request until its key arrives, or the share of rq->awaits, where that is not 0;
 * `name` is the attribute value that was asked for, within the message. A retransmission of one
 * that waits already is not kept twice. Returns false when there is no place for it: the caller
 * answers 500. */
bool park_put(struct turn *t, const struct request *rq, struct span name);

/* park_take — the next request that waits for this name, copied to *out and forgotten here. Returns
 * false when there is none. */
bool park_take(struct turn *t, uint8_t realm, struct span name, struct park_place *out);

/* park_take_account — the next request that waits for that account's share, likewise. */
bool park_take_account(struct turn *t, uint64_t account, struct park_place *out);

/* park_take_late — the next request whose time is over at `now`. Returns false when there is
 * none. */
bool park_take_late(struct turn *t, struct mono now, struct park_place *out);

/* park_has — whether a request of this path waits. Never fails. */
bool park_has(const struct turn *t, const struct path *path);

/* park_forget — drop what a path's client asked: its connection is gone. Never fails. */
void park_forget(struct turn *t, const struct path *path);

/* park_next — when park_take_late should be called; {0} when nothing waits. Never fails. */
struct mono park_next(const struct turn *t);

#endif
