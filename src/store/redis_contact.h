/* redis_contact — staying in touch with one Redis: finds it, links to it, and when that fails
 * begins anew, with longer and longer pauses, for ever. Control thread. It never waits. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_CONTACT_H
#define STORE_REDIS_CONTACT_H

#include "base/netaddr.h"
#include "store/redis_link.h"

enum {
    REDIS_CONTACT_LINKS = 2,
    REDIS_CONTACT_CHECK_MS = 1000, /* between two questions to a Sentinel */
    REDIS_CONTACT_PAUSE_MS = 50,   /* and doubled from time to time, and a quarter more or less, */
    REDIS_CONTACT_PAUSE_MAX_MS = 500, /* up to this; from the beginning of an attempt */
};

struct redis_contact;

struct redis_contact_parts {
    struct event_base *base;
    const struct redis_url *url; /* borrowed for life, as is the next */
    const char *node;
    enum redis_greeting_role role;
    unsigned links; /* one or two; it is in touch when all of them are up */
    void *context;
    /* met — all links are up; the owner does what it has to, and says redis_contact_settle. */
    void (*met)(void *context);
    /* lost — it was settled, or what is wrong now has not been told of since. The links go after
     * it. */
    void (*lost)(void *context, const char *why);
};

/* redis_contact_new — begin, from the loop. Returns new, freed with redis_contact_free; NULL when
 * memory is short. */
struct redis_contact *redis_contact_new(const struct redis_contact_parts *parts);

/* redis_contact_free — hang up; NULL is taken. `lost` is not called. */
void redis_contact_free(struct redis_contact *c);

/* redis_contact_link — one of the links, borrowed until `lost`; NULL when there is none. */
struct redis_link *redis_contact_link(const struct redis_contact *c, unsigned number);

/* redis_contact_address — where the Redis is that was found last, as store_addresses has it. Never
 * fails. */
size_t redis_contact_address(const struct redis_contact *c, struct netaddr *out, size_t room);

/* redis_contact_settle — it serves: from now on pauses are short and sentences new again. */
void redis_contact_settle(struct redis_contact *c);

/* redis_contact_drop — it does not serve: hang up and begin anew. May be called from an answer. */
void redis_contact_drop(struct redis_contact *c, const char *why);

#endif
