/* ferry — datagrams through the forwarder of a station, in batches as net has them, each verdict
 * compared with the oracle's.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_FERRY_H
#define SIM_FERRY_H

#include "sim/station.h"

/* ferry_from_visitors — a batch of up to STATION_BATCH datagrams arrived at the listeners of a
 * station. Never fails. */
void ferry_from_visitors(struct station *s, struct world_datagram *const *d, size_t count);

/* ferry_from_peers — a batch of up to STATION_BATCH datagrams arrived at its endpoints, which are
 * open. Never fails. */
void ferry_from_peers(struct station *s, struct world_datagram *const *d, size_t count);

/* ferry_check_counts — fail the world when the forwarder counted anything else than what it was
 * given. Never fails itself. */
void ferry_check_counts(const struct station *s);

#endif
