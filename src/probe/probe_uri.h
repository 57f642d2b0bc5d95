/* probe_uri — the URIs of STUN and TURN servers, RFC 7064 and RFC 7065.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_URI_H
#define PROBE_PROBE_URI_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/probe_transport.h"

enum {
    PROBE_URI_HOST_SIZE = 254, /* a host name of DNS with the NUL */
    PROBE_URI_PORT = 3478,     /* where none is said */
    PROBE_URI_PORT_SECURE = 5349,
};

struct probe_uri {
    bool is_turn;
    bool is_secure;     /* stuns: or turns: */
    bool has_transport; /* it stands in the URI */
    enum probe_transport
        transport; /* TLS for stuns: and turns: and UDP for the others, unless said */
    char host[PROBE_URI_HOST_SIZE]; /* name or address, IPv6 without its brackets */
    uint16_t port;
};

enum probe_uri_verdict {
    PROBE_URI_OK,
    PROBE_URI_SCHEME,     /* none of the four */
    PROBE_URI_SLASHES,    /* turn://host, which only looks like a URI of these schemes */
    PROBE_URI_USER,       /* turn:user@host */
    PROBE_URI_HOST,       /* no host, or no possible one */
    PROBE_URI_PORT_RANGE, /* no number from 1 to 65535 */
    PROBE_URI_TRANSPORT,  /* ?transport= of another kind than udp and tcp */
    PROBE_URI_QUERY,      /* any other query, or one behind stun: or stuns: */
    PROBE_URI_TWO,        /* another transport in the URI than was chosen */
    PROBE_URI_VERDICT_COUNT
};

/* probe_uri_parse — read "stun:host[:port]" or "turn:host[:port][?transport=udp|tcp]", or either
 * with an s behind its scheme, IPv6 addresses in brackets. Returns PROBE_URI_OK with *out filled,
 * else what is wrong, *out undefined. */
enum probe_uri_verdict probe_uri_parse(const char *text, struct probe_uri *out);

/* probe_uri_choose — have it be a stream, TCP or TLS, or have it not, which stun: and stuns: cannot
 * say themselves. Returns PROBE_URI_OK, or PROBE_URI_TWO when the URI says otherwise. */
enum probe_uri_verdict probe_uri_choose(struct probe_uri *uri, bool is_stream);

/* probe_uri_is_address — whether the host is an address and not a name. Never fails. */
bool probe_uri_is_address(const struct probe_uri *uri);

/* probe_uri_reason — what a verdict says to the user: the end of a sentence that begins with the
 * URI, without a full stop. Static text. Never fails. */
const char *probe_uri_reason(enum probe_uri_verdict verdict);

#endif
