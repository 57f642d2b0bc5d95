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
    PROBE_FATE_SILENT,             /* no answer at all */
    PROBE_FATE_CLOSED,             /* the server ended the connection */
    PROBE_FATE_RESET,              /* somebody broke the connection off */
    PROBE_FATE_STALLED,            /* a handshake that began and did not go on */
    PROBE_FATE_FOREIGN,            /* bytes that are not STUN */
    PROBE_FATE_INSECURE,           /* bytes that are not TLS, nor anything else that is known */
    PROBE_FATE_WEB,                /* bytes of a web server */
    PROBE_FATE_SECURE,             /* TLS where STUN was expected */
    PROBE_FATE_PLAIN,              /* STUN where TLS was expected */
    PROBE_FATE_TLS_FAILED,         /* TLS that is not right */
    PROBE_FATE_ALERT,              /* the server ended TLS by an alert */
    PROBE_FATE_UNREACHABLE,        /* ICMP: no way to the host */
    PROBE_FATE_PROHIBITED,         /* ICMP: a filter on the way */
    PROBE_FATE_TOO_BIG,            /* ICMP: larger than a link on the way takes */
    PROBE_FATE_PORT_CLOSED,        /* ICMP: nothing listens on the port */
    PROBE_FATE_MALFORMED,          /* STUN, but damaged */
    PROBE_FATE_ELSEWHERE,          /* the answer came from another address than was asked */
    PROBE_FATE_UNSIGNED,           /* a success without the integrity that its request had */
    PROBE_FATE_TAMPERED,           /* an answer whose integrity is wrong */
    PROBE_FATE_REFUSED,            /* an error response */
    PROBE_FATE_INCOMPLETE,         /* an answer without something it must carry */
    PROBE_FATE_NO_SHA256,          /* SHA-256 was wanted and is not offered */
    PROBE_FATE_BID_DOWN,           /* somebody took the list of algorithms out of the answer */
    PROBE_FATE_CONNECTION_REFUSED, /* nothing listens on the TCP port */
    PROBE_FATE_SELF_SIGNED,        /* of a certificate, as all until WEAK_DIGEST */
    PROBE_FATE_CHAIN_INCOMPLETE,   /* an issuer's certificate is missing */
    PROBE_FATE_UNKNOWN_ROOT,       /* the chain ends in a root that is not believed */
    PROBE_FATE_CHAIN_EXPIRED,      /* an issuer's certificate is out of its time */
    PROBE_FATE_OTHER_PURPOSE,      /* it is not for servers */
    PROBE_FATE_CHAIN_BAD,          /* anything else that is wrong with the chain */
    PROBE_FATE_OTHER_NAME,         /* it is for other hosts */
    PROBE_FATE_NAME_IN_SUBJECT,    /* the host is named where nobody looks any more */
    PROBE_FATE_EXPIRED,
    PROBE_FATE_NOT_YET_VALID,
    PROBE_FATE_WEAK_KEY,
    PROBE_FATE_WEAK_DIGEST,
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
