/* audit — every list, table and count of an engine gone through and compared, with each other and
 * with the oracle. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_AUDIT_H
#define SIM_AUDIT_H

#include "sim/station.h"

/* audit_all — fail the world when anything in any station does not fit. Never fails itself. */
void audit_all(struct world *w);

/* audit_is_empty — fail the world when a station, of which everything has ended, still has
 * something. Never fails itself. */
void audit_is_empty(const struct station *s);

/* audit_is_over — fail the world when ports are open or quotas taken though every allocation has
 * ended. Never fails itself. */
void audit_is_over(struct world *w);

#endif
