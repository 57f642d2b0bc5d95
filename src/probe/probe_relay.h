/* probe_relay — packets through the relay and back: A's Send indications to B, B's ChannelData to
 * A. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_RELAY_H
#define PROBE_PROBE_RELAY_H

#include "probe/probe_client.h"

enum { PROBE_RELAY_SIZE_MAX = 1200 };

/* What to send. */
struct probe_relay_plan {
    unsigned count;   /* packets, one after the other */
    size_t size;      /* bytes of payload, 8 to PROBE_RELAY_SIZE_MAX */
    uint16_t channel; /* that B has bound to A's relayed address */
    uint64_t wait_ns; /* for each packet and way */
};

/* What became of them. */
struct probe_relay {
    unsigned sent, there, back; /* packets */
    unsigned altered;           /* packets that arrived with other bytes */
    bool without_channel;       /* B got Data indications although it has a channel */
    bool is_other_peer;         /* a packet was said to come from another address than it did */
    uint64_t least_ns, most_ns, sum_ns; /* round trips of those that came back */
};

/* probe_relay_run — send packets there and back, both clients allocated, permitted and bound. Ends
 * early when none of the first three arrives. Never fails: see *out. */
void probe_relay_run(struct probe_client *a, struct probe_client *b,
                     const struct probe_relay_plan *plan, struct probe_relay *out);

#endif
