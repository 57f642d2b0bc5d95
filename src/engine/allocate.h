/* allocate — the Allocate request, RFC 8656 7.2.
 * Pure. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_ALLOCATE_H
#define ENGINE_ALLOCATE_H

#include "engine/request.h"

/* allocate_handle — make an allocation for an authentic request, or answer a retransmission as
 * before. Returns 0 with *answer filled in; else the refusal, as a negative enum refusal_kind, with
 * nothing left behind. */
int allocate_handle(struct turn *t, struct request *rq, struct answer *answer);

#endif
