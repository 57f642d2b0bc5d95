/* backoffice — all that stands behind the workers when there is more than the configuration file:
 * the store, what is known of it, shares of quotas, sessions told of.
 * Wiring. Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef BACKOFFICE_H
#define BACKOFFICE_H

#include "store/follower.h"
#include "store/lease.h"
#include "store/ledger.h"
#include "conf.h"
#include "snapshot.h"

struct backoffice {
    struct event_base *base;
    struct worker_shared *shared;
    const struct conf *conf; /* as it was started with */
    char node[64];
    struct digest *digest;
    struct mirror *mirror;
    struct flight_deck *deck;
    struct census *census;
    struct follower *follower;
    struct store *store;
    struct lease_book *book; /* NULL unless the store is shared */
    struct ledger *ledger;   /* NULL unless there is somebody to tell */
    struct log_source *log;
    struct mono started;
    uint32_t seconds;
    char said[STORE_WHY_MAX]; /* last of what was said, not to say it each time */
    json_t *nodes;            /* as the store listed them last: an object by name */
    bool is_draining;
    bool is_refused; /* the last sign of life, by a store that is there */
};

/* backoffice_is_needed — whether a configuration has use for one. Never fails. */
bool backoffice_is_needed(const struct conf *c);

/* backoffice_prepare — all but the store; before the snapshot and the workers. Texts of `conf`
 * borrowed for its life. Returns false when memory or descriptors are short. */
bool backoffice_prepare(struct backoffice *b, struct event_base *base, struct worker_shared *shared,
                        const struct conf *conf, struct log_source *log);

/* backoffice_open — open the store, as the user that serves, and hook it to the workers, which have
 * not started. Returns false with one sentence in `why`. */
bool backoffice_open(struct backoffice *b, const struct conf *conf, const struct settings *settings,
                     char *why, size_t why_room);

/* backoffice_follow — the realms are these now. Returns false when memory is short. */
bool backoffice_follow(struct backoffice *b, const struct settings *settings);

/* backoffice_tick — every second. Never fails. */
void backoffice_tick(struct backoffice *b);

/* backoffice_close — give shares back, tell what is left and close the store: the workers have
 * stopped. Safe on one that was never prepared. */
void backoffice_close(struct backoffice *b);

#endif
