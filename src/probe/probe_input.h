/* probe_input — what a socket has seen last.
 * Pure. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_INPUT_H
#define PROBE_PROBE_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/netaddr.h"
#include "probe/probe_fate.h"

enum { PROBE_INPUT_SIZE = 2048 };

enum probe_input_event {
    PROBE_INPUT_NOTHING, /* the deadline came */
    PROBE_INPUT_MESSAGE, /* a datagram, or what a stream has between two borders */
    PROBE_INPUT_ICMP,
    PROBE_INPUT_END, /* of the connection */
};

struct probe_input {
    enum probe_input_event event;
    enum probe_fate fate; /* of ICMP: what it says; of the end: how it came */
    struct netaddr from;  /* of a message, or of the router that sent the ICMP error */
    size_t size;
    uint8_t bytes[PROBE_INPUT_SIZE];
};

#endif
