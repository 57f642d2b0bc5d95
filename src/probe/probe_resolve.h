/* probe_resolve — the addresses of a host.
 * Asks the system's resolver and waits for it. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_RESOLVE_H
#define PROBE_PROBE_RESOLVE_H

#include <stddef.h>

#include "base/netaddr.h"

enum { PROBE_RESOLVE_MAX = 16 };

/* The addresses of one host, each once, in the order the system would try them. */
struct probe_resolve {
    struct netaddr address[PROBE_RESOLVE_MAX];
    size_t count;
    const char *reason; /* why there is none, static */
};

/* probe_resolve_host — find the addresses of a name, or read an address; `family` narrows it unless
 * it is NETADDR_NONE. Returns false with out->reason when there is none. */
bool probe_resolve_host(const char *host, uint16_t port, enum netaddr_family family,
                        struct probe_resolve *out);

#endif
