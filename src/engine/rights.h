/* rights — what a credential grants, and to whom it was given, beside its key.
 * Pure. A value; any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_RIGHTS_H
#define ENGINE_RIGHTS_H

#include "base/mono.h"
#include "base/prefix.h"

enum {
    RIGHTS_ID_MAX = 24,     /* characters of a credential's id */
    RIGHTS_TENANT_MAX = 32, /* of a tenant's label */
    RIGHTS_PEERS_MAX = 8,
};

struct rights {
    char id[RIGHTS_ID_MAX + 1];         /* of an issued credential; "" of users */
    char tenant[RIGHTS_TENANT_MAX + 1]; /* "": none */
    struct wall issued;                 /* or when the password was set; 0: not known */
    uint32_t allocations; /* at a time, of the credential, or of the user; 0: no limit of its own */
    uint64_t bandwidth;   /* bytes per second and allocation; 0: no limit of its own */
    struct prefix client; /* where its clients must come from; family NONE: anywhere */
    struct prefix peer[RIGHTS_PEERS_MAX]; /* whom it may reach of those the realm allows */
    uint8_t peer_count;                   /* 0: all of them */
};

/* rights_are_plain — whether there is nothing in them: a user of the configuration. Never fails. */
static inline bool rights_are_plain(const struct rights *r)
{
    return !r->id[0] && !r->tenant[0] && r->issued.s == 0 && r->allocations == 0 &&
           r->bandwidth == 0 && r->client.first.family == NETADDR_NONE && r->peer_count == 0;
}

/* rights_admit — whether a client may come from that address. Never fails. */
static inline bool rights_admit(const struct rights *r, const struct netaddr *client)
{
    return r->client.first.family == NETADDR_NONE || prefix_has(&r->client, client);
}

/* rights_reach — whether that peer is among those it may reach. Never fails. */
static inline bool rights_reach(const struct rights *r, const struct netaddr *peer)
{
    bool reaches = r->peer_count == 0;
    for (int i = 0; i < r->peer_count && !reaches; i++) {
        reaches = prefix_has(&r->peer[i], peer);
    }
    return reaches;
}

#endif
