/* review — what a reload or a revocation does to live allocations, a bounded part at a time.
 * Pure. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_REVIEW_H
#define ENGINE_REVIEW_H

#include "engine/turn.h"

enum { REVIEW_STEPS = 256 }; /* of one call of review_some */

/* review_all — have the keyring be asked about the user of every allocation. Never fails. */
void review_all(struct turn *t);

/* review_revoke — have the allocations of what was revoked end. `revocation` is copied. Never
 * fails. */
void review_revoke(struct turn *t, const struct turn_revocation *revocation, struct now now);

/* review_some — go on with what is to be done, REVIEW_STEPS at most. Returns true when nothing is
 * left. */
bool review_some(struct turn *t, struct now now);

/* review_steps — what looking at an allocation, or ending it, counts for. Never fails. */
uint32_t review_steps(const struct turn *t, uint32_t flow);

/* review_is_live — whether there is an allocation at this number. Never fails. */
bool review_is_live(const struct turn *t, uint32_t flow);

#endif
