/* probe_check — the steps of a check, in their order, against every address of a server.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_CHECK_H
#define PROBE_PROBE_CHECK_H

#include "probe/probe_client.h"
#include "probe/probe_report.h"
#include "probe/probe_uri.h"

struct probe_check_plan {
    struct probe_uri uri;
    enum netaddr_family family; /* of the server's addresses; NETADDR_NONE: all there are */
    struct probe_client_terms terms;
    struct tls_client_roots *roots; /* borrowed: whom to believe, with TLS and DTLS */
    bool is_insecure;               /* go on in spite of the certificate */
};

/* probe_check_run — do it and report each step as it ends; `report` has begun. The host is
 * resolved, connected to as its transport needs, its certificate looked at, and asked for a
 * binding; of a turn: or turns: URI also for two allocations that then talk to each other, and are
 * given back. A redirection is followed once per address. Addresses that this machine has no route
 * to are skipped. Returns true when at least one address could be checked and all of them passed.
 */
bool probe_check_run(const struct probe_check_plan *plan, struct probe_report *report);

#endif
