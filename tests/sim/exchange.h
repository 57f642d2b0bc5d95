/* exchange — the TCP connections between the relayed addresses of one station and peers: the host's
 * side of them, what peers do with them, and what the engine must make of that.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_EXCHANGE_H
#define SIM_EXCHANGE_H

#include "engine/peer_connection.h"
#include "sim/oracle.h"

enum {
    EXCHANGE_CALLS_MAX = 512,
    EXCHANGE_PATIENCE = 30, /* seconds to be made, and to be joined */
};

struct station;
struct world;

struct exchange_call {
    bool is_open;
    uint8_t state;       /* enum peer_connection_state */
    uint32_t serial;     /* that no other ever had */
    uint32_t link;       /* the engine's number of it */
    uint32_t id;         /* CONNECTION-ID; 0: not told yet */
    struct path path;    /* of the allocation */
    struct netaddr peer; /* as clients know it */
    struct path client;  /* that it is joined with */
};

enum exchange_deed { EXCHANGE_MADE, EXCHANGE_FAILED, EXCHANGE_LATE, EXCHANGE_LEFT };

/* Something that will happen to a call, if it is still there. */
struct exchange_note {
    enum exchange_deed deed;
    uint32_t number;
    uint32_t serial;
};

struct exchange {
    struct exchange_call call[EXCHANGE_CALLS_MAX];
    uint32_t serials;
    unsigned open;
    struct exchange_call *telling; /* whose id the engine is to tell now; NULL: none */
    bool is_join_due;              /* a ConnectionBind has succeeded, by `joiner` */
    struct path joiner;
};

/* exchange_with — the call of an allocation with exactly this peer. Returns NULL when there is
 * none. */
const struct exchange_call *exchange_with(const struct exchange *x, const struct path *path,
                                          const struct netaddr *peer);

/* exchange_of — the call that is known by a CONNECTION-ID. Returns NULL when there is none. */
const struct exchange_call *exchange_of(const struct exchange *x, uint32_t id);

/* exchange_count — calls of an allocation. Never fails. */
unsigned exchange_count(const struct exchange *x, const struct path *path);

/* exchange_connect, _disconnect, _join, _move — as struct turn_host says, for a station. */
bool exchange_connect(void *context, uint32_t endpoint, const struct peer_addr *peer, uint32_t link,
                      uint32_t *number);
void exchange_disconnect(void *context, uint32_t number);
void exchange_join(void *context, const struct path *client, uint32_t number);
bool exchange_move(void *context, const struct path *client, unsigned worker);

/* exchange_told — the engine has told the id of a call, in a success (`peer` NULL) or in a
 * ConnectionAttempt, along a path. Never fails. */
void exchange_told(struct station *s, const struct path *to, uint32_t id,
                   const struct netaddr *peer);

/* exchange_bound — the engine has granted a ConnectionBind: it must join that now. Never fails. */
void exchange_bound(struct station *s, const struct path *client);

/* exchange_settle — after a call of the engine: what had to follow has. Never fails. */
void exchange_settle(struct station *s);

/* exchange_happen — what a note says, its time has come. Never fails. */
void exchange_happen(struct station *s, const struct exchange_note *note);

/* exchange_ring — a peer connects to a relayed address of an allocation. Never fails. */
void exchange_ring(struct station *s, const struct oracle_allocation *a,
                   const struct netaddr *from);

/* exchange_hang_up — the client's end of a connection that was joined is gone. Never fails. */
void exchange_hang_up(struct station *s, const struct path *client);

#endif
