/* probe_certificate — what was seen of a server's certificate, as steps of a check.
 * Pure. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_CERTIFICATE_H
#define PROBE_PROBE_CERTIFICATE_H

#include "net/tls_client.h"
#include "probe/probe_step.h"

enum { PROBE_CERTIFICATE_SOON = 14 }; /* days: a certificate that ends within them gets a note */

/* probe_certificate_fill — fill an empty step of a kind from PROBE_STEP_CHAIN to
 * PROBE_STEP_STRENGTH: its fate, what was seen, and what is odd though no failure. `is_address`:
 * the server was asked for by an address. Never fails. */
void probe_certificate_fill(struct probe_step *step, const struct tls_client_certificate *seen,
                            bool is_address, struct wall now);

#endif
