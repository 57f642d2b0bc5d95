/* census — asking the workers about their sessions without waiting for them: lists, and kicks.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_CENSUS_H
#define STORE_CENSUS_H

#include "net/worker.h"
#include "store/session.h"

struct event_base;
struct census;

/* Which sessions are wanted; empty texts: all. Copied by those who take it. */
struct census_filter {
    char realm[SETTINGS_REALM_NAME_MAX + 1];
    char user[STUN_NAME_MAX + 1]; /* the owner, or the whole name */
    char tenant[RIGHTS_TENANT_MAX + 1];
};

/* A page of sessions. */
struct census_page {
    struct session **at; /* owned by the census; valid in `done` alone */
    size_t count;
    unsigned worker; /* where to go on */
    uint32_t from;
    bool is_end; /* nothing more to come */
};

/* census_new — borrowed all for its life. Returns new, freed with census_free; NULL when memory or
 * descriptors are short. */
struct census *census_new(struct event_base *base, struct worker_shared *shared);

/* census_close — the workers have stopped: answer what is open, and take no more questions. NULL is
 * taken. */
void census_close(struct census *c);

/* census_free — free it once it is closed; NULL is taken. */
void census_free(struct census *c);

/* census_list — at most `limit` sessions that pass the filter, from a place on; `done` is called
 * once, later, from the loop. Returns false, and never calls it, when memory is short. */
bool census_list(struct census *c, const struct census_filter *filter, unsigned worker,
                 uint32_t from, size_t limit,
                 void (*done)(void *context, const struct census_page *page), void *context);

/* census_kick — end a session of this process; `done` is told whether there was one. Returns false,
 * and never calls it, when memory is short. */
bool census_kick(struct census *c, uint64_t session, void (*done)(void *context, bool was_there),
                 void *context);

/* census_passes — whether a session is one that the filter wants. Never fails. */
bool census_passes(const struct census_filter *filter, const struct session *s);

#endif
