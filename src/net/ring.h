/* ring — datagrams that came to the wrong worker, copied to the right one; it may drop.
 * Many writers, one reader. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_RING_H
#define NET_RING_H

#include <stdatomic.h>

#include "net/listener.h"

enum {
    RING_SLOTS = 64,
    RING_BYTES = 2048, /* of payload; larger strays are dropped */
};

struct ring_slot {
    _Atomic uint32_t turn; /* as in D. Vyukov's bounded queue */
    uint16_t listener;
    uint16_t size;
    uint8_t tos;
    struct netaddr client;
    struct listener_local local;
    uint8_t bytes[RING_BYTES];
};

struct ring {
    _Atomic uint32_t head;
    uint32_t tail;
    _Atomic uint64_t dropped;
    struct ring_slot slot[RING_SLOTS];
};

/* ring_init — an empty ring. Never fails. */
void ring_init(struct ring *r);

/* ring_put — copy one packet in, with the address of ours it came to. Returns false, counted, when
 * the ring is full or the packet too large. Any thread. */
bool ring_put(struct ring *r, const struct packet *p, const struct listener_local *local);

/* ring_take — copy the next one into a packet's own buffer, its path but for `local`. Returns false
 * when the ring is empty. The reader's thread. */
bool ring_take(struct ring *r, struct packet *p, struct listener_local *local);

#endif
