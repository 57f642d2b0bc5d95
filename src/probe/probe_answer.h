/* probe_answer — one request sent until it is answered, and the answer judged.
 * One thread. Retransmission of RFC 8489 6.2.1, not on streams, 6.2.2. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_ANSWER_H
#define PROBE_PROBE_ANSWER_H

#include "wire/stun_integrity.h"
#include "probe/probe_socket.h"

/* What an answer is judged by. */
struct probe_answer_terms {
    uint64_t timeout_ns; /* for the whole transaction */
    const struct digest *digest;
    enum stun_integrity kind; /* that the request was signed with */
    const struct stun_key *key;
};

struct probe_answer {
    enum probe_fate fate;
    unsigned code;      /* of REFUSED: 300 to 699; of ALERT: the alert's number */
    struct span reason; /* of REFUSED: the server's words, in input; of ALERT, TLS_FAILED: static */
    int error;          /* of NOT_SENT: errno, or 0 */
    struct netaddr from;         /* who answered or sent the ICMP error */
    uint64_t ns;                 /* from the first sending to the answer; 0 without one */
    unsigned sent;               /* times: 1 means no retransmission */
    struct stun_message message; /* of OK and REFUSED, borrows input */
    struct probe_input input;
};

/* probe_answer_await — send `request` (a whole STUN request) and wait for its answer. Taken for the
 * answer is what carries the request's transaction id, comes from the server and, when the request
 * was signed, is signed rightly; whatever else is seen on the way becomes the fate when nothing
 * better comes in time. Error responses are taken unsigned too, as RFC 8489 9.2.5 has it for 400,
 * 401 and 438. Never fails: see out->fate. */
void probe_answer_await(struct probe_socket *socket, struct span request,
                        const struct probe_answer_terms *terms, struct probe_answer *out);

#endif
