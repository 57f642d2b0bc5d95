/* visitor — a scripted client of the simulated server: one that behaves as some library does, or
 * one that does not behave.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_VISITOR_H
#define SIM_VISITOR_H

#include "relay/path.h"
#include "sim/errand.h"

enum { VISITOR_CONTACTS = 5, VISITOR_LINES = 4 };

struct world;
struct visitor_kind;

/* A connection of a visitor. */
struct visitor_line {
    bool is_open;   /* as far as the server knows */
    bool is_joined; /* with a peer's: no engine's any more */
    uint8_t station;
    uint16_t generation;
    struct path path;
    struct mono up_at, down_at; /* when the last message of a stream arrives, either way */
};

/* A peer that a visitor talks to. */
struct visitor_contact {
    struct netaddr peer;
    struct mono permit_at; /* when to ask for a permission again */
    struct mono bind_at;   /* and for a channel */
    bool is_permitted;     /* as far as the visitor knows */
    uint16_t channel;      /* 0: none bound */
};

enum visitor_phase { VISITOR_AWAY, VISITOR_CALLING, VISITOR_LIVE };

struct visitor {
    uint32_t index;
    uint32_t life; /* how often it came */
    const struct visitor_kind *kind;
    enum visitor_phase phase;
    struct mono comes_at;
    struct path path;
    struct visitor_line line[VISITOR_LINES];
    bool relays_tcp;     /* wants a relayed address of TCP */
    uint32_t connection; /* CONNECTION-ID it was told last */
    const struct roster_pass *pass;
    uint8_t algorithm;
    bool is_hash;
    bool has_nonce;
    struct errand_nonce nonce;
    struct errand errand; /* the request it waits for an answer to */
    bool is_waiting;
    unsigned tries;
    struct mono resend_at;
    struct mono refresh_at;
    struct netaddr relayed[2];
    uint16_t next_channel;
    struct visitor_contact contact[VISITOR_CONTACTS];
    unsigned contacts;
};

/* visitor_init — visitor `index`, who comes at some moment. Never fails. */
void visitor_init(struct visitor *v, struct world *w, uint32_t index);

/* visitor_act — its turn has come. Returns when it wants the next one. */
struct mono visitor_act(struct visitor *v, struct world *w);

/* visitor_receive — a datagram from the server reached it at `path`. Never fails. */
void visitor_receive(struct visitor *v, struct world *w, const struct path *path,
                     const uint8_t *bytes, size_t size);

#endif
