/* probe_guess — what the bytes are that came where others were expected.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_GUESS_H
#define PROBE_PROBE_GUESS_H

#include "base/span.h"
#include "probe/probe_fate.h"

enum { PROBE_GUESS_SIZE = 16 }; /* bytes that suffice */

/* probe_guess_fate — tell by the first bytes of an answer what they are: PROBE_FATE_SECURE (TLS or
 * DTLS), PROBE_FATE_PLAIN (STUN), PROBE_FATE_WEB (HTTP), or PROBE_FATE_FOREIGN. Never fails. */
enum probe_fate probe_guess_fate(struct span first);

#endif
