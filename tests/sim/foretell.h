/* foretell — how the server must answer a request, by what the oracle knows: the rules of the RFCs
 * and of the house written down a second time.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_FORETELL_H
#define SIM_FORETELL_H

#include "sim/exchange.h"
#include "sim/oracle.h"

enum { FORETELL_CODES_MAX = 8 };

struct foretell_facts {
    const struct oracle *oracle;
    const struct regime *regime;
    const struct harbour *harbour;
    const uint32_t *per_account; /* live allocations of each user, then of each guest */
    uint32_t users;
    const struct exchange *exchange; /* of the station, which is `station` of `stations` */
    unsigned station, stations;
    bool is_draining;
    bool is_stored_at_hand; /* keys of users that are stored elsewhere need no fetching */
    bool is_store_down;
    struct now now;
};

/* What may come of a request. */
struct foretold {
    struct path path;
    struct errand errand;
    bool may_succeed;
    bool may_be_silent;
    bool may_wait;  /* for its key */
    bool may_begin; /* a Connect: to be answered when the peer's end is made, or not */
    bool is_begun;  /* it waits for that, with `call` */
    bool must_move; /* a ConnectionBind that another station is to see */
    uint32_t call;
    bool any_code;
    bool is_again;   /* a retransmission of the Allocate that was served */
    bool needs_port; /* 508 and 440 are up to the ports */
    uint16_t code[FORETELL_CODES_MAX];
    unsigned codes;
    bool has_lifetime;
    uint32_t lifetime;          /* seconds that a success says */
    struct wall expires, until; /* of the user it is by */
    bool is_waiting;            /* parked */
    struct mono waits_until;
    bool is_answered;
};

/* foretell — what may come of a request that reaches the server by a path now. Never fails. */
void foretell(const struct foretell_facts *facts, const struct path *path,
              const struct errand *errand, struct foretold *out);

/* foretell_allows — whether an error code is among them. Never fails. */
bool foretell_allows(const struct foretold *f, unsigned code);

/* foretell_account — the place of a pass in `per_account`. Never fails. */
uint32_t foretell_account(const struct roster_pass *pass, uint32_t users);

#endif
