/* probe_uri — the URIs of STUN and TURN servers, RFC 7064 and RFC 7065.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_URI_H
#define PROBE_PROBE_URI_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PROBE_URI_HOST_SIZE = 254, /* a host name of DNS with the NUL */
    PROBE_URI_PORT = 3478,     /* where none is said */
};

struct probe_uri {
    bool is_turn;
    char host[PROBE_URI_HOST_SIZE]; /* name or address, IPv6 without its brackets */
    uint16_t port;
};

enum probe_uri_verdict {
    PROBE_URI_OK,
    PROBE_URI_SCHEME,     /* neither stun: nor turn: */
    PROBE_URI_SECURE,     /* stuns: or turns: */
    PROBE_URI_SLASHES,    /* turn://host, which only looks like a URI of these schemes */
    PROBE_URI_USER,       /* turn:user@host */
    PROBE_URI_HOST,       /* no host, or no possible one */
    PROBE_URI_PORT_RANGE, /* no number from 1 to 65535 */
    PROBE_URI_TCP,        /* ?transport=tcp */
    PROBE_URI_TRANSPORT,  /* ?transport= of another kind */
    PROBE_URI_QUERY,      /* any other query, or one behind stun: */
    PROBE_URI_VERDICT_COUNT
};

/* probe_uri_parse — read "stun:host[:port]" or "turn:host[:port][?transport=udp]", IPv6 addresses
 * in brackets. Returns PROBE_URI_OK with *out filled, else what is wrong, *out undefined. */
enum probe_uri_verdict probe_uri_parse(const char *text, struct probe_uri *out);

/* probe_uri_reason — what a verdict says to the user: the end of a sentence that begins with the
 * URI, without a full stop. Static text. Never fails. */
const char *probe_uri_reason(enum probe_uri_verdict verdict);

#endif
