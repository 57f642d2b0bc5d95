/* prefetch — what a request will read and write once it is authentic, asked of the cache while its
 * signature is being computed: with a million allocations that hides a third of what it costs.
 * Pure. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_PREFETCH_H
#define ENGINE_PREFETCH_H

#include "engine/request.h"

/* prefetch_request — ask for the tables and records that a request of a TURN method will need;
 * rq->flow is known, nothing else of it need be true. Changes nothing. Never fails. */
void prefetch_request(const struct turn *t, const struct request *rq);

#endif
