/* binding — STUN itself: what is my address?
 * Pure. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_BINDING_H
#define ENGINE_BINDING_H

#include "engine/request.h"

/* binding_handle — answer a Binding request, of RFC 8489 or 3489, without credentials: the source
 * address, as short as it can be said; 420 for what is not understood. Never fails. */
void binding_handle(struct turn *t, const struct request *rq);

#endif
