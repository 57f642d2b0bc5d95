/* harbour — the relay ports of the simulated node, shared by its workers: who has which, what is
 * kept for whom, and what was ever opened twice.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_HARBOUR_H
#define SIM_HARBOUR_H

#include "engine/turn.h"
#include "support/dice.h"

enum {
    HARBOUR_FIRST = 50000, /* first port */
    HARBOUR_BERTHS_MAX = 8192,
    HARBOUR_STATIONS_MAX = 8,
    HARBOUR_NUMBERS_MAX = 1 << 16, /* endpoint numbers of one station */
    HARBOUR_KEPT = 30,             /* seconds that a reserved port is kept */
};

struct harbour_berth {
    bool is_open;
    bool is_stream; /* of TCP: no datagram comes in */
    uint8_t station;
    uint32_t number; /* of the endpoint, at its station */
    struct mono kept_until;
    uint64_t kept_for; /* account */
    uint8_t token[STUN_TOKEN_SIZE];
};

/* What an endpoint number of a station stands for. */
struct harbour_mooring {
    uint8_t family; /* NETADDR_NONE: nothing */
    uint16_t berth;
};

struct harbour {
    struct dice *dice; /* borrowed */
    bool is_mapped;
    bool has_family[2];
    uint32_t berths; /* ports of each family */
    struct harbour_berth berth[2][HARBOUR_BERTHS_MAX];
    struct harbour_mooring mooring[HARBOUR_STATIONS_MAX][HARBOUR_NUMBERS_MAX];
    uint32_t limit; /* endpoint numbers must be below */
    _Atomic uint8_t live[2][65536];
    uint32_t open_count;
    const char *fault;          /* what the engine did wrong, once it did */
    enum turn_open_result last; /* answer to the last wish */
    bool was_asked;             /* since somebody set it false */
};

/* harbour_open — as struct turn_host says, for a station. */
enum turn_open_result harbour_open(struct harbour *h, uint8_t station, const struct turn_wish *wish,
                                   struct mono now, struct turn_endpoint *out);

/* harbour_close — give an endpoint back; noted as a fault when it is not open. Never fails. */
void harbour_close(struct harbour *h, uint8_t station, uint32_t number);

/* harbour_at — the berth behind an own address (local or external), NULL when none is open there.
 * Borrowed. */
const struct harbour_berth *harbour_at(const struct harbour *h, const struct netaddr *a);

/* harbour_find — the same, but NULL where no datagrams are relayed. */
const struct harbour_berth *harbour_find(const struct harbour *h, const struct netaddr *a);

/* harbour_local — the local address of an endpoint that is open. Never fails. */
struct netaddr harbour_local(const struct harbour *h, uint8_t station, uint32_t number);

/* harbour_told — the same as clients are told it. Never fails. */
struct netaddr harbour_told(const struct harbour *h, uint8_t station, uint32_t number);

/* harbour_is_open — whether an endpoint number of a station is open. Never fails. */
bool harbour_is_open(const struct harbour *h, uint8_t station, uint32_t number);

#endif
