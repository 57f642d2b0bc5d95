/* packet — one datagram on its way, in a buffer with room for headers on both sides.
 * Types only. Belongs to the worker that received it, for the length of a batch. */
/* SPDX-License-Identifier: MIT */
#ifndef RELAY_PACKET_H
#define RELAY_PACKET_H

#include "relay/path.h"

enum {
    PACKET_HEADROOM = 64, /* bytes writable before `bytes`: a Data indication over IPv6 takes 48 */
    PACKET_TAILROOM = 4,  /* bytes writable behind: padding of the DATA attribute */
    PACKET_MAX = 65535,   /* bytes of payload */
};

struct packet {
    uint8_t *bytes; /* borrowed from the batch */
    uint32_t size;
    uint32_t hash;         /* forward_prepare's, for forward_from_* */
    uint32_t permit_hash;  /* forward_prepare's own; 0: none */
    uint8_t tos;           /* DSCP and ECN as received, whatever the family */
    struct path path;      /* from a client */
    uint32_t endpoint;     /* from a peer: the endpoint it came in by */
    struct peer_addr peer; /* from a peer */
};

#endif
