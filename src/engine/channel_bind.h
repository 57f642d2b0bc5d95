/* channel_bind — the ChannelBind request, RFC 8656 12.2.
 * Pure. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_CHANNEL_BIND_H
#define ENGINE_CHANNEL_BIND_H

#include "engine/request.h"

/* channel_bind_handle — bind a channel number to a peer for an authentic request by the owner, or
 * refresh the binding; installs or refreshes the permission. Returns 0; else the refusal, as a
 * negative enum refusal_kind. */
int channel_bind_handle(struct turn *t, struct request *rq, struct answer *answer);

#endif
