/* probe_report — what the user sees of a check: lines that align, or one JSON object.
 * Standard output. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_REPORT_H
#define PROBE_PROBE_REPORT_H

#include <stdio.h>

#include "probe/probe_step.h"
#include "probe/probe_transport.h"

struct probe_report {
    FILE *out; /* borrowed */
    bool is_json;
    enum probe_transport transport;
    unsigned steps;
    struct netaddr server; /* of the steps now; family NETADDR_NONE before the first */
    /* The first failure, for the last line. */
    bool has_failed;
    enum probe_step_kind failed_kind;
    char failed_side;
    struct netaddr failed_server;
};

/* probe_report_begin — begin the report of a check of `uri`, by `transport`. `out` borrowed. Never
 * fails: an output that cannot be written shows in probe_report_end. */
void probe_report_begin(struct probe_report *report, FILE *out, bool is_json, const char *uri,
                        enum probe_transport transport);

/* probe_report_server — the steps from here on are with this address. Never fails. */
void probe_report_server(struct probe_report *report, const struct netaddr *server);

/* probe_report_step — say one step. Never fails. */
void probe_report_step(struct probe_report *report, const struct probe_step *step);

/* probe_report_end — say how it went: `ok` when all worked. Returns false when the output could not
 * be written. */
bool probe_report_end(struct probe_report *report, bool ok);

#endif
