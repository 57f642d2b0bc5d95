/* oracle — a small model of what the server must know at any moment: allocations, permissions and
 * channels with their deadlines, kept in lists by code that shares nothing with the server's.
 *
 * It learns from what the server tells (events, answers) and from the clock; what it says of a
 * datagram is compared with what the server does. "Doubtful" is what a policy in force for a while
 * denied: the server may or may not have met it in that time.
 * One thread; one oracle for all stations. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include "relay/flow.h"
#include "sim/errand.h"
#include "sim/harbour.h"
#include "sim/regime.h"

enum { ORACLE_BUCKETS = 1 << 14 };

struct oracle_permission {
    struct netaddr host; /* port 0 */
    struct mono sure;    /* it lives until then for certain */
    struct mono perhaps; /* and no longer than this */
};

struct oracle_channel {
    uint16_t number;
    struct netaddr peer;
    struct mono until;
    bool is_doubtful;
};

struct oracle_allocation {
    struct oracle_allocation *next;
    struct path path;
    uint8_t station;
    struct errand errand; /* the Allocate it was made by */
    struct wall expires, until;
    struct mono deadline[2]; /* 0: not of that family */
    uint32_t endpoint[2];
    bool is_stream;                       /* its relayed addresses are of TCP */
    uint32_t granted;                     /* seconds, by the Allocate */
    struct oracle_permission *permission; /* owned */
    size_t permissions;
    struct oracle_channel *channel; /* owned */
    size_t channels;
    double level; /* bytes in the bucket of its bandwidth */
    struct mono level_at;
    uint64_t rate; /* bytes per second, 0: no limit */
    struct flow_traffic up, down;
};

struct oracle {
    struct oracle_allocation *bucket[ORACLE_BUCKETS];                        /* owned, by path */
    struct oracle_allocation *at[HARBOUR_STATIONS_MAX][HARBOUR_NUMBERS_MAX]; /* by endpoint */
    uint32_t count;
    uint32_t per_realm[ROSTER_REALMS];
};

enum oracle_word { ORACLE_NO, ORACLE_YES, ORACLE_MAYBE };

/* What must become of a datagram. */
struct oracle_verdict {
    enum oracle_word passes;
    struct oracle_allocation *allocation;
    uint32_t endpoint;   /* to a peer: leaves by this one */
    struct netaddr peer; /* to a peer: sent there; to a client: told as its source */
    const uint8_t *data; /* within the datagram */
    size_t size;
    bool df;
    enum oracle_word by_channel; /* to a client */
    uint16_t channel;
};

/* oracle_find — the allocation of a path that the server was not yet seen to end. Returns NULL when
 * there is none. */
struct oracle_allocation *oracle_find(const struct oracle *o, const struct path *path);

/* oracle_is_live — whether an allocation, or one of its families, is within its time. Never fails.
 */
bool oracle_is_live(const struct oracle_allocation *a, struct mono now);
bool oracle_has_family(const struct oracle_allocation *a, uint8_t family, struct mono now);

/* oracle_open — an allocation began. Returns it; ends the process without memory. */
struct oracle_allocation *oracle_open(struct oracle *o, const struct oracle_allocation *like);

/* oracle_close — it ended. Never fails. */
void oracle_close(struct oracle *o, struct oracle_allocation *a);

/* oracle_detach — one of its families ended. Never fails. */
void oracle_detach(struct oracle *o, struct oracle_allocation *a, int family);

/* oracle_permission — its permission for a host, in or out of its time. Returns NULL when there is
 * none. */
struct oracle_permission *oracle_permission(const struct oracle_allocation *a,
                                            const struct netaddr *host);

/* oracle_word — whether a permission lives at this moment; NULL accepted. Never fails. */
enum oracle_word oracle_word(const struct oracle_permission *p, struct mono now);

/* oracle_permit — a permission was made or refreshed. Never fails. */
void oracle_permit(struct oracle_allocation *a, const struct netaddr *host, struct mono until);

/* oracle_number, oracle_peer — its channel of a number, or to a peer, in or out of its time. Return
 * NULL when there is none. */
struct oracle_channel *oracle_number(const struct oracle_allocation *a, uint16_t number);
struct oracle_channel *oracle_peer(const struct oracle_allocation *a, const struct netaddr *peer);

/* oracle_bind — a channel was bound or refreshed, and with it the permission of its peer. Never
 * fails. */
void oracle_bind(struct oracle_allocation *a, uint16_t number, const struct netaddr *peer,
                 struct mono until, struct mono permission_until);

/* oracle_forget — drop what is out of its time. Never fails. */
void oracle_forget(struct oracle_allocation *a, struct mono now);

/* oracle_count — live permissions, or channels, of an allocation: those that are certain, and with
 * the doubtful ones. Never fail. */
size_t oracle_permissions(const struct oracle_allocation *a, struct mono now, bool with_doubtful);
size_t oracle_channels(const struct oracle_allocation *a, struct mono now, bool with_doubtful);

/* oracle_reload — a station has new settings: what they deny becomes doubtful. Never fails. */
void oracle_reload(struct oracle *o, uint8_t station, const struct regime *regime);

/* oracle_share — user facts that allocations of one user at one station have in common are brought
 * up to date. Never fails. */
void oracle_share(struct oracle *o, const struct oracle_allocation *like);

/* oracle_reaches — whether a port of a permitted host may be reached at this moment. Never fails.
 */
bool oracle_reaches(const struct regime *regime, const struct harbour *h, const struct netaddr *a);

/* oracle_may_connect — whether a peer may be connected to over TCP. Never fails. */
bool oracle_may_connect(const struct regime *regime, const struct netaddr *a);

/* oracle_from_client — what must become of ChannelData or a Send indication. Never fails. */
struct oracle_verdict oracle_from_client(const struct oracle *o, const struct regime *regime,
                                         const struct harbour *h, const struct path *path,
                                         const uint8_t *bytes, size_t size, struct mono now);

/* oracle_from_peer — what must become of a datagram that reached an endpoint of a station. Never
 * fails. */
struct oracle_verdict oracle_from_peer(const struct oracle *o, const struct regime *regime,
                                       const struct harbour *h, uint8_t station, uint32_t endpoint,
                                       const struct netaddr *from, size_t size, struct mono now);

/* oracle_spend — a datagram of that payload passed, up or down. Never fails. */
void oracle_spend(struct oracle_allocation *a, size_t size, bool is_up, struct mono now);

/* oracle_fini — forget everything. Never fails. */
void oracle_fini(struct oracle *o);

#endif
