/* probe_transport — the ways in which a client can speak to a server.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_TRANSPORT_H
#define PROBE_PROBE_TRANSPORT_H

#include <stdbool.h>

enum probe_transport {
    PROBE_TRANSPORT_UDP,
    PROBE_TRANSPORT_TCP,
    PROBE_TRANSPORT_TLS,  /* over TCP */
    PROBE_TRANSPORT_DTLS, /* over UDP */
    PROBE_TRANSPORT_COUNT
};

/* probe_transport_name — as in "over TLS", static. Never fails. */
const char *probe_transport_name(enum probe_transport transport);

/* probe_transport_is_stream — whether it needs a connection and keeps order: TCP and TLS. Never
 * fails. */
static inline bool probe_transport_is_stream(enum probe_transport transport)
{
    return transport == PROBE_TRANSPORT_TCP || transport == PROBE_TRANSPORT_TLS;
}

/* probe_transport_is_secure — whether there is a certificate: TLS and DTLS. Never fails. */
static inline bool probe_transport_is_secure(enum probe_transport transport)
{
    return transport == PROBE_TRANSPORT_TLS || transport == PROBE_TRANSPORT_DTLS;
}

/* probe_transport_of — the transport that is a stream or not, secure or not. Never fails. */
static inline enum probe_transport probe_transport_of(bool is_stream, bool is_secure)
{
    if (is_secure) {
        return is_stream ? PROBE_TRANSPORT_TLS : PROBE_TRANSPORT_DTLS;
    }
    return is_stream ? PROBE_TRANSPORT_TCP : PROBE_TRANSPORT_UDP;
}

#endif
