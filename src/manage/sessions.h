/* sessions — the allocations of this node, and of the others that share its store: seen, ended.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_SESSIONS_H
#define MANAGE_SESSIONS_H

#include "manage/call.h"

/* sessions_list — GET /v1/sessions: this node's as they are, then others' as they told last. */
void sessions_list(struct call *call);

/* sessions_kick — DELETE /v1/sessions/ID: end it, wherever it is. */
void sessions_kick(struct call *call);

/* sessions_usage — GET /v1/usage: a page of the usage stream. */
void sessions_usage(struct call *call);

#endif
