/* station — one worker of the simulated server: an engine and its host; every answer of the engine
 * is compared with what was foretold. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_STATION_H
#define SIM_STATION_H

#include "engine/turn.h"
#include "relay/forward.h"
#include "sim/foretell.h"

enum { STATION_BATCH = 32, STATION_AWAITED_MAX = 1024, STATION_ROOM = 1500 };

struct world;
struct world_datagram;

/* A key that is being fetched. */
struct station_note {
    uint32_t user;
    bool is_hash;
    uint8_t size;
    uint8_t name[STUN_NAME_MAX]; /* as it was asked for */
    uint16_t name_size;
};

struct station {
    struct world *world;
    uint8_t number;
    bool is_up;
    bool is_draining;
    bool is_ending; /* everything is being ended */
    bool is_store_down;
    struct turn turn;
    struct turn_host host;
    struct keyring keyring;
    const struct regime *regime;
    bool *is_known;     /* stored users whose keys are at hand, owned */
    bool *is_coming[2]; /* those being fetched, by name and by hash, owned */
    struct foretold awaited[STATION_AWAITED_MAX]; /* requests whose answer is due, or that wait */
    unsigned awaiting;
    uint64_t refused_before; /* commits refused before this call */
    struct exchange exchange;
    const struct world_datagram *at_hand; /* the message that the engine reads; NULL: none */
    const struct path *closing;           /* the connection that is gone; NULL: none */
    unsigned opens;                       /* endpoints opened in this call */
    enum turn_open_result closed_door;    /* why one was not */
    struct oracle_verdict told;           /* of an ICMP error that is being handled */
    bool is_told_due;
    unsigned told_count;
    struct flow_counts up, down; /* what the forwarder must have counted, all drops under one */
    struct packet packet[STATION_BATCH];
    uint8_t slot[STATION_BATCH][STATION_ROOM + PACKET_HEADROOM + PACKET_TAILROOM];
};

/* station_init — put station `number` up under the newest regime. Returns false when memory is
 * short: try again later. */
bool station_init(struct station *s, struct world *w, unsigned number);

/* station_fini — take it down; everything of it has ended. Never fails. */
void station_fini(struct station *s);

/* station_begin — before a call of the engine; station_settle — after it: what had to be answered
 * was. Never fail. */
void station_begin(struct station *s);
void station_settle(struct station *s);

/* station_is_short — whether memory was refused since station_begin: then 508 may be the answer to
 * anything. Never fails. */
bool station_is_short(const struct station *s);

/* station_control — its forwarder handed it a message for the engine. Never fails. */
void station_control(struct station *s, const struct world_datagram *d);

/* station_disconnected — a client's connection is gone. Never fails. */
void station_disconnected(struct station *s, const struct path *path);

/* station_tick — time passed. Never fails. */
void station_tick(struct station *s);

/* station_reload — a new regime is in force. Never fails. */
void station_reload(struct station *s, const struct regime *regime);

/* station_key — a key has come. Never fails. */
void station_key(struct station *s, const struct station_note *note);

/* station_icmp — an ICMP error came back to one of its endpoints, for one of the peers or for
 * nobody. Never fails. */
void station_icmp(struct station *s);

/* station_drain — no new allocations from now on. Never fails. */
void station_drain(struct station *s);

/* station_end — end everything there is. Never fails. */
void station_end(struct station *s);

#endif
