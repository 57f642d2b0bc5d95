/* probe_fate — what can become of a request, a packet or a whole step.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_FATE_H
#define PROBE_PROBE_FATE_H

#include <stdbool.h>

/* While a request waits, what was seen so far is kept; of several the one that tells most counts:
 * from SILENT to TAMPERED the later beats the earlier. */
enum probe_fate {
    PROBE_FATE_OK,
    PROBE_FATE_SILENT,           /* no answer at all */
    PROBE_FATE_FOREIGN,          /* bytes that are not STUN */
    PROBE_FATE_UNREACHABLE,      /* ICMP: no way to the host */
    PROBE_FATE_PROHIBITED,       /* ICMP: a filter on the way */
    PROBE_FATE_TOO_BIG,          /* ICMP: larger than a link on the way takes */
    PROBE_FATE_PORT_CLOSED,      /* ICMP: nothing listens on the port */
    PROBE_FATE_MALFORMED,        /* STUN, but damaged */
    PROBE_FATE_ELSEWHERE,        /* the answer came from another address than was asked */
    PROBE_FATE_UNSIGNED,         /* a success without the integrity that its request had */
    PROBE_FATE_TAMPERED,         /* an answer whose integrity is wrong */
    PROBE_FATE_REFUSED,          /* an error response */
    PROBE_FATE_INCOMPLETE,       /* an answer without something it must carry */
    PROBE_FATE_NO_SHA256,        /* SHA-256 was wanted and is not offered */
    PROBE_FATE_BID_DOWN,         /* somebody took the list of algorithms out of the answer */
    PROBE_FATE_NOT_SENT,         /* this machine did not let it out */
    PROBE_FATE_NO_ADDRESS,       /* the name has no address */
    PROBE_FATE_NO_ROUTE,         /* this machine has no route there */
    PROBE_FATE_REDIRECTED,       /* 300, to be followed */
    PROBE_FATE_REDIRECTED_AGAIN, /* 300 behind a 300 */
    PROBE_FATE_LOST_THERE,       /* no packet reached the other allocation */
    PROBE_FATE_LOST_BACK,        /* they did, but none came back */
    PROBE_FATE_LOSSY,            /* most came not back */
    PROBE_FATE_ALTERED,          /* a payload arrived with other bytes */
    PROBE_FATE_COUNT
};

/* probe_fate_text — a fate in a few words, static. Never fails. */
const char *probe_fate_text(enum probe_fate fate);

/* probe_fate_is_failure — whether a step that ended so has failed; one that was skipped for want of
 * a route, or redirected, has not. Never fails. */
static inline bool probe_fate_is_failure(enum probe_fate fate)
{
    return fate != PROBE_FATE_OK && fate != PROBE_FATE_NO_ROUTE && fate != PROBE_FATE_REDIRECTED;
}

#endif
