/* probe_cause — why a step most likely failed, in words: the table of causes.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_CAUSE_H
#define PROBE_PROBE_CAUSE_H

#include "probe/probe_step.h"

/* What is known beyond the step itself. */
enum probe_cause_fact {
    PROBE_CAUSE_TIMED = 1,         /* the credential was made from a shared secret */
    PROBE_CAUSE_RELAY_PRIVATE = 2, /* the relayed address is private while the server's is public */
    PROBE_CAUSE_LOCAL = 4,         /* the server's address is private itself */
    PROBE_CAUSE_CONNECTED = 8,     /* requests go over TCP, TLS or DTLS, which stands by then */
    PROBE_CAUSE_STREAM = 16,       /* TCP or TLS */
    PROBE_CAUSE_ADDRESS = 32,      /* the URI has an address and not a name */
};

/* probe_cause_find — the likely cause of a step's failure: one or more sentences, static. `facts`
 * is a sum of enum probe_cause_fact. Never fails: an unknown failure gets a general answer. */
const char *probe_cause_find(const struct probe_step *step, unsigned facts);

#endif
