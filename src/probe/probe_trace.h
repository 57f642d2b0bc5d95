/* probe_trace — every message of a check in one line, for --verbose.
 * Standard error. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_TRACE_H
#define PROBE_PROBE_TRACE_H

#include <stdio.h>

#include "base/mono.h"
#include "base/netaddr.h"
#include "base/span.h"

struct probe_trace {
    FILE *out;         /* borrowed */
    struct mono start; /* times are counted from here */
};

/* probe_trace_sent — say a message that leaves from `local` to `remote`; `trace` may be NULL.
 * Never fails. */
void probe_trace_sent(const struct probe_trace *trace, const struct netaddr *local,
                      const struct netaddr *remote, struct span message);

/* probe_trace_received — say a message that came from `remote` to `local`; `trace` may be NULL.
 * Never fails. */
void probe_trace_received(const struct probe_trace *trace, const struct netaddr *local,
                          const struct netaddr *remote, struct span message);

/* probe_trace_icmp — say an ICMP error about `remote` in words; `trace` may be NULL. Never fails.
 */
void probe_trace_icmp(const struct probe_trace *trace, const struct netaddr *local,
                      const struct netaddr *remote, const char *words);

#endif
