/* world — the simulated network in virtual time: the stations of a server, its visitors, their
 * peers, and the links between them. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "engine/quota.h"
#include "sim/agenda.h"
#include "sim/oracle.h"
#include "sim/station.h"
#include "sim/visitor.h"
#include "support/arena.h"
#include "support/digest.h"

enum { WORLD_WHY_MAX = 600, WORLD_TOKENS = 16, WORLD_CELLS = 1 << 16 };

/* How one run is to be. */
struct world_plan {
    uint64_t seed;
    uint32_t visitors;
    uint32_t minutes; /* of coming and going; then all of it runs out */
    bool is_short;    /* memory is refused for a while, again and again */
};

/* What a link does to datagrams, in thousandths, and how long it takes. */
struct world_link {
    uint32_t loss, twice, spoil;
    uint32_t least_ms, most_ms;
};

/* A datagram on its way. */
struct world_datagram {
    struct path path;        /* from or to a visitor */
    struct netaddr from, to; /* from or to a peer */
    bool has_errand;
    struct errand errand;
    uint8_t tos;
    uint32_t size;
    uint8_t bytes[];
};

/* A reserved port that somebody may come for. */
struct world_token {
    uint8_t token[STUN_TOKEN_SIZE];
    const struct roster_pass *pass; /* NULL: none */
};

struct world {
    struct world_plan plan;
    struct dice dice;
    struct entropy entropy;
    struct now now;
    struct agenda agenda;
    struct arena arena;
    struct digest_evp digest;
    struct roster roster;
    struct regime_frame frame;
    struct regime *regime; /* the newest */
    struct harbour harbour;
    struct oracle oracle;
    struct quota quota;
    _Atomic uint64_t cell[WORLD_CELLS];
    struct limiter limiter;
    uint32_t *per_account; /* owned: live allocations of each user, then of each guest */
    struct station station[HARBOUR_STATIONS_MAX];
    unsigned stations;
    struct visitor *visitor; /* owned */
    struct world_token token[WORLD_TOKENS];
    struct world_link link;
    bool is_closing;    /* nobody comes any more */
    uint64_t datagrams; /* that reached a station */
    uint64_t relayed;   /* of them, passed on */
    uint64_t requests, successes, refusals;
    uint64_t calls, rings, joined, hung_up; /* connections: to peers, by peers taken, and so on */
    bool has_failed;
    char why[WORLD_WHY_MAX];
};

/* world_run — act out one run. Returns true when every check held; else w->why says which did not.
 * *w is large: not for the stack. */
bool world_run(struct world *w, const struct world_plan *plan);

/* world_fail — a check did not hold: noted if it is the first. printf-like. Never fails. */
void world_fail(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* world_to_server — a visitor sends from a path; `errand` says what a request says, NULL for
 * anything else. Never fails. */
void world_to_server(struct world *w, const struct path *path, const uint8_t *bytes, size_t size,
                     const struct errand *errand);

/* world_to_visitor — a station sends along a path. Never fails. */
void world_to_visitor(struct world *w, const struct path *path, const uint8_t *bytes, size_t size);

/* world_to_peer — a station sends from a relayed address (as the machine has it). Never fails. */
void world_to_peer(struct world *w, const struct netaddr *from, const struct netaddr *to,
                   const uint8_t *bytes, size_t size);

/* world_to_endpoint — somebody sends to a relayed address. Never fails. */
void world_to_endpoint(struct world *w, const struct netaddr *from, const struct netaddr *to,
                       size_t size);

/* world_key — have station `station` told after `ms` that the key of a user has come. Never fails.
 */
void world_key(struct world *w, unsigned station, struct station_note *note, uint32_t ms);

/* world_note — have something happen to a call of station `station` after `ms`; it is the world's
 * from now on. Never fails. */
void world_note(struct world *w, unsigned station, struct exchange_note *note, uint32_t ms);

/* world_line — the connection of a path, borrowed; NULL when it has none, or another by now. */
struct visitor_line *world_line(struct world *w, const struct path *path);

/* world_has — whether what is said along a path reaches an engine. Never fails. */
bool world_has(struct world *w, const struct path *path);

/* world_open — a fresh connection at a station for a path of visitor `v`, of whose all are taken
 * one gives way. Never fails. */
void world_open(struct world *w, struct visitor *v, struct path *path, unsigned station);

/* world_close — the server has closed the connection of a path. Never fails. */
void world_close(struct world *w, const struct path *path);

/* world_hang_up — the visitor's end of the connection of a path is gone, now or after `ms`. Never
 * fail. */
void world_hang_up(struct world *w, const struct path *path);
void world_hang_up_after(struct world *w, const struct path *path, uint32_t ms);

/* world_pass_on — have a message reach the station that has its connection now. Never fails. */
void world_pass_on(struct world *w, const struct world_datagram *d);

/* world_station_of — the station that a path's datagrams reach. Never fails. */
struct station *world_station_of(struct world *w, const struct path *path);

/* world_facts — what foretell needs to know of a station. Never fails. */
struct foretell_facts world_facts(const struct world *w, const struct station *s);

/* world_text — an address for a message, static; four may be used at once. Never fails. */
const char *world_text(const struct netaddr *a);

#endif
