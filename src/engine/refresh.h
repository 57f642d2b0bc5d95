/* refresh — the Refresh request, RFC 8656 8.2.
 * Pure. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_REFRESH_H
#define ENGINE_REFRESH_H

#include "engine/request.h"

/* refresh_handle — prolong the allocation of an authentic request by its owner, or end it (LIFETIME
 * 0), or one family of it. Returns 0 with *answer filled in; else the refusal, as a negative enum
 * refusal_kind. */
int refresh_handle(struct turn *t, struct request *rq, struct answer *answer);

#endif
