/* probe_certificate — what was seen of a server's certificate, as steps of a check. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_certificate.h"

enum { DAY = 24 * 60 * 60 };

/* Which fault makes a step fail, and how; of several the first counts. */
struct row {
    enum probe_step_kind kind;
    unsigned faults; /* enum tls_client_fault: all of these */
    enum probe_fate fate;
};

static const struct row rows[] = {
    {PROBE_STEP_CHAIN, TLS_CLIENT_SELF_SIGNED, PROBE_FATE_SELF_SIGNED},
    {PROBE_STEP_CHAIN, TLS_CLIENT_INCOMPLETE, PROBE_FATE_CHAIN_INCOMPLETE},
    {PROBE_STEP_CHAIN, TLS_CLIENT_UNKNOWN_ROOT, PROBE_FATE_UNKNOWN_ROOT},
    {PROBE_STEP_CHAIN, TLS_CLIENT_ISSUER_DATES, PROBE_FATE_CHAIN_EXPIRED},
    {PROBE_STEP_CHAIN, TLS_CLIENT_OTHER_PURPOSE, PROBE_FATE_OTHER_PURPOSE},
    {PROBE_STEP_CHAIN, TLS_CLIENT_BAD_CHAIN, PROBE_FATE_CHAIN_BAD},
    {PROBE_STEP_NAME, TLS_CLIENT_NAME_IN_SUBJECT, PROBE_FATE_NAME_IN_SUBJECT},
    {PROBE_STEP_NAME, TLS_CLIENT_OTHER_NAME, PROBE_FATE_OTHER_NAME},
    {PROBE_STEP_VALIDITY, TLS_CLIENT_EXPIRED, PROBE_FATE_EXPIRED},
    {PROBE_STEP_VALIDITY, TLS_CLIENT_NOT_YET_VALID, PROBE_FATE_NOT_YET_VALID},
    {PROBE_STEP_STRENGTH, TLS_CLIENT_WEAK_KEY, PROBE_FATE_WEAK_KEY},
    {PROBE_STEP_STRENGTH, TLS_CLIENT_WEAK_DIGEST, PROBE_FATE_WEAK_DIGEST},
};

static enum probe_fate fate_of(enum probe_step_kind kind, unsigned faults)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].kind == kind && (faults & rows[i].faults) != 0) {
            return rows[i].fate;
        }
    }
    return PROBE_FATE_OK;
}

static void fill_chain(struct probe_step *step, const struct tls_client_certificate *seen)
{
    if (step->fate == PROBE_FATE_CHAIN_BAD && seen->words) {
        probe_step_say(step, span_of_text(seen->words));
    }
    probe_step_text(step, "subject", span_of_text(seen->subject));
    probe_step_text(step, "issuer", span_of_text(seen->issuer));
    probe_step_number(step, "certificates", seen->count, "");
    if (step->fate == PROBE_FATE_CHAIN_INCOMPLETE) {
        probe_step_text(step, "missing", span_of_text(seen->missing));
    }
    if (seen->faults & TLS_CLIENT_IS_AUTHORITY) {
        probe_step_note(step, "The certificate is one of an authority (CA:TRUE) and used for a "
                              "server all the same: Firefox refuses that. Make one without.");
    }
}

static void fill_name(struct probe_step *step, const struct tls_client_certificate *seen,
                      bool is_address)
{
    probe_step_text(step, "names", span_of_text(seen->names));
    if (is_address) {
        probe_step_note(step, "The URI has an address in it and not a name: not every browser "
                              "accepts TLS to an address, and few authorities certify one. Give "
                              "clients a name.");
    }
}

static void fill_validity(struct probe_step *step, const struct tls_client_certificate *seen,
                          struct wall now)
{
    probe_step_time(step, "from", seen->from);
    probe_step_time(step, "until", seen->until);
    int64_t left = seen->until.s - now.s;
    if (step->fate != PROBE_FATE_OK) {
        probe_step_time(step, "clock", now);
        return;
    }
    probe_step_number(step, "left", left > 0 ? (uint64_t)(left / DAY) : 0, " days");
    if (left < (int64_t)PROBE_CERTIFICATE_SOON * DAY) {
        probe_step_note(step, "The certificate ends soon: whatever renews it should have done so "
                              "by now, and the server may still have to load the new one.");
    }
}

static void fill_strength(struct probe_step *step, const struct tls_client_certificate *seen)
{
    probe_step_text(step, "key", span_of_text(seen->key));
    probe_step_text(step, "digest", span_of_text(seen->digest));
}

void probe_certificate_fill(struct probe_step *step, const struct tls_client_certificate *seen,
                            bool is_address, struct wall now)
{
    step->fate = fate_of(step->kind, seen->faults);
    switch (step->kind) {
    case PROBE_STEP_CHAIN:
        fill_chain(step, seen);
        break;
    case PROBE_STEP_NAME:
        fill_name(step, seen, is_address);
        break;
    case PROBE_STEP_VALIDITY:
        fill_validity(step, seen, now);
        break;
    case PROBE_STEP_STRENGTH:
        fill_strength(step, seen);
        break;
    default:
        break;
    }
}
