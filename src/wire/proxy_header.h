/* proxy_header — the PROXY protocol, version 2: what a load balancer says of the client before the
 * client's own bytes. Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef WIRE_PROXY_HEADER_H
#define WIRE_PROXY_HEADER_H

#include <stddef.h>

#include "base/netaddr.h"

/*  | 12 bytes: 0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A | version 2, command | family, transport |
 *  | length of what follows (16 bits) | addresses, then type-length-values, which are skipped | */
enum {
    PROXY_HEADER_LEAST = 16,
    PROXY_HEADER_MAX = 2048, /* more than this is refused */
};

enum proxy_verdict {
    PROXY_OK,
    PROXY_MORE, /* proxy_header.size bytes are needed at least */
    PROXY_BAD,  /* no such header, or one that contradicts itself */
};

struct proxy_header {
    size_t size;           /* bytes of the header */
    bool is_local;         /* the balancer speaks for itself: a health check */
    struct netaddr source; /* the client; family NONE where none is told */
};

/* proxy_header_read — read a header at the start of a stream of which `size` bytes are there.
 * Returns the verdict; *out is filled, but for PROXY_BAD. */
enum proxy_verdict proxy_header_read(const uint8_t *bytes, size_t size, struct proxy_header *out);

#endif
