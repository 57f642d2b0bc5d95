/* probe_transport — the ways in which a client can speak to a server. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_transport.h"

const char *probe_transport_name(enum probe_transport transport)
{
    static const char *const names[PROBE_TRANSPORT_COUNT] = {
        [PROBE_TRANSPORT_UDP] = "UDP",
        [PROBE_TRANSPORT_TCP] = "TCP",
        [PROBE_TRANSPORT_TLS] = "TLS",
        [PROBE_TRANSPORT_DTLS] = "DTLS",
    };
    return names[transport];
}
