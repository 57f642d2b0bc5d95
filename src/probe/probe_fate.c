/* probe_fate — what can become of a request, a packet or a whole step. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_fate.h"

const char *probe_fate_text(enum probe_fate fate)
{
    static const char *const texts[PROBE_FATE_COUNT] = {
        [PROBE_FATE_OK] = "ok",
        [PROBE_FATE_SILENT] = "no answer",
        [PROBE_FATE_FOREIGN] = "an answer that is not STUN",
        [PROBE_FATE_UNREACHABLE] = "host unreachable",
        [PROBE_FATE_PROHIBITED] = "prohibited by a filter",
        [PROBE_FATE_TOO_BIG] = "packet too big",
        [PROBE_FATE_PORT_CLOSED] = "port unreachable",
        [PROBE_FATE_MALFORMED] = "a damaged answer",
        [PROBE_FATE_ELSEWHERE] = "an answer from another address",
        [PROBE_FATE_UNSIGNED] = "an unsigned answer",
        [PROBE_FATE_TAMPERED] = "an answer with wrong integrity",
        [PROBE_FATE_REFUSED] = "refused",
        [PROBE_FATE_INCOMPLETE] = "an incomplete answer",
        [PROBE_FATE_NO_SHA256] = "SHA-256 not offered",
        [PROBE_FATE_BID_DOWN] = "list of algorithms taken away",
        [PROBE_FATE_NOT_SENT] = "not sent",
        [PROBE_FATE_NO_ADDRESS] = "no address",
        [PROBE_FATE_NO_ROUTE] = "no route from this machine",
        [PROBE_FATE_REDIRECTED] = "redirected",
        [PROBE_FATE_REDIRECTED_AGAIN] = "redirected a second time",
        [PROBE_FATE_LOST_THERE] = "packets lost on the way there",
        [PROBE_FATE_LOST_BACK] = "packets lost on the way back",
        [PROBE_FATE_LOSSY] = "most packets lost",
        [PROBE_FATE_ALTERED] = "payload altered",
    };
    return texts[fate];
}
