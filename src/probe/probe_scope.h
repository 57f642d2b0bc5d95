/* probe_scope — can the whole internet reach this address?
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_SCOPE_H
#define PROBE_PROBE_SCOPE_H

#include "base/netaddr.h"

/* probe_scope_is_private — whether an address means something on some network only: loopback,
 * private, shared (RFC 6598), link-local, unique local, unspecified. Never fails. */
bool probe_scope_is_private(const struct netaddr *a);

#endif
