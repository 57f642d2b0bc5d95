/* crowd — an engine with a great many clients, each with a name of 48 bytes of its own, one peer,
 * one permission and one channel: everything but the core costs as little as it can.
 * One thread. Client i is user i, has its address and its peer by arithmetic. */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "engine/quota.h"
#include "engine/turn.h"
#include "relay/forward.h"
#include "support/arena.h"
#include "support/ask.h"
#include "support/dice.h"
#include "support/digest.h"

enum {
    CROWD_NAME_SIZE = 48,
    CROWD_PAYLOAD = 1000, /* bytes */
    CROWD_CHANNEL = 0x4000,
    CROWD_MESSAGE_MAX = 512,
};

struct crowd {
    struct turn turn;
    struct turn_host host;
    struct settings settings;
    struct own own;
    struct arena arena;
    struct digest_evp digest;
    struct dice dice;
    struct entropy entropy;
    struct keyring keyring;
    struct limiter limiter;
    struct quota quota;
    uint32_t *free_endpoints; /* numbers given back, the last first */
    uint32_t free_count;
    uint32_t next_endpoint;
    uint32_t *endpoint_of; /* endpoint number of client i */
    uint32_t opening;      /* client that allocates now */
    uint32_t capacity;
    uint64_t successes; /* answers of that class */
    struct now now;
};

/* crowd_new — an engine for `capacity` clients, huge pages from `huge_from` on. Ends the process
 * without memory. */
struct crowd *crowd_new(uint32_t capacity, size_t huge_from);

/* crowd_free — end all and give it back. Never fails. */
void crowd_free(struct crowd *c);

/* crowd_path — where client `i` comes from. Never fails. */
struct path crowd_path(uint32_t i);

/* crowd_is_here — whether client `i` has an allocation. Never fails. */
bool crowd_is_here(const struct crowd *c, uint32_t i);

/* crowd_peer — peer `k` of client `i`. Never fails. */
struct peer_addr crowd_peer(uint32_t i, uint32_t k);

/* crowd_write — write a signed request of client `i` as it would send it: Allocate, Refresh
 * (lifetime 3600, or 0 with `is_last`), CreatePermission and ChannelBind for peer `k`. Returns its
 * size. */
size_t crowd_write(struct crowd *c, uint32_t i, uint16_t method, uint32_t k, bool is_last,
                   uint8_t bytes[CROWD_MESSAGE_MAX]);

/* crowd_receive — have the engine handle a request of client `i`. Returns the nanoseconds it
 * took; ends the process when the answer is no success. */
uint64_t crowd_receive(struct crowd *c, uint32_t i, const uint8_t *bytes, size_t size);

#endif
