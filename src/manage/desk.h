/* desk — what the management interface works with: the store, what is known of it, the workers,
 * and what the configuration says of realms and addresses.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_DESK_H
#define MANAGE_DESK_H

#include "store/follower.h"
#include "store/ledger.h"
#include "store/lease.h"
#include "store/roster.h"
#include "manage/call.h"

struct desk_realm {
    char name[SETTINGS_REALM_NAME_MAX + 1]; /* as on the wire */
    uint8_t number;
    bool issues;
    uint32_t ttl, max_ttl, grace; /* seconds */
};

/* What a configuration says; another one takes its place on a reload. Lists of URIs are owned. */
struct desk_view {
    struct desk_realm realm[SETTINGS_REALMS_MAX];
    size_t realm_count;
    const struct roster *roster;   /* borrowed, as long as the view is in force */
    json_t *stun_uris, *turn_uris; /* arrays of text */
    const char *const *origins;    /* borrowed likewise; web pages that may ask */
    size_t origin_count;
};

struct wish;

struct desk {
    struct worker_shared *shared;
    struct store *store;
    struct mirror *mirror;
    struct follower *follower;
    struct census *census;
    struct lease_book *book; /* NULL: quotas are of this process */
    struct ledger *ledger;   /* NULL: nobody is told of sessions */
    struct digest *digest;
    const char *node;
    const json_t *nodes; /* an object, by name */
    struct mono started;
    const bool *is_draining;
    struct desk_view view;
    uint64_t answers[6]; /* of the interface: by hundreds of the status */
    uint64_t refused_keys;
    struct wish *waiting; /* for the first secret of their realm: issue's */
    void *context;
    /* counts — the workers' counters, summed. */
    void (*counts)(void *context, struct worker_counts *sum);
};

/* desk_realm_of — the realm of that name, or the first for NULL; NULL when there is none. */
const struct desk_realm *desk_realm_of(const struct desk *d, const char *name);

/* desk_set_view — another configuration is in force; its lists are taken. Never fails. */
void desk_set_view(struct desk *d, const struct desk_view *view);

/* desk_ask — a request to the store on behalf of a call, which is refused when memory is short:
 * then NULL is returned, and the call is over. */
struct store_request *desk_ask(struct call *call, enum store_verb verb, const char *realm,
                               void (*done)(struct store_request *rq));

/* desk_noted — after a WRITE that went well: make this node know it at once. Never fails. */
void desk_noted(struct desk *d, const struct store_request *rq);

/* desk_issue_time — when something that is given out now was issued: now, or as soon as it is
 * behind what was revoked of the owner and the tenant in this very second. Never fails. */
struct wall desk_issue_time(const struct desk *d, const char *realm, struct span owner,
                            const char *tenant);

/* desk_letters — so many random letters and digits, NUL-terminated. Never fails. */
void desk_letters(size_t size, char *out);

#endif
