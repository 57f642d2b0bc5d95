/* status — how the server is: for people, for programs that watch it, for Prometheus.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_STATUS_H
#define MANAGE_STATUS_H

#include "manage/call.h"

/* status_show — GET /v1/status. */
void status_show(struct call *call);

/* status_is_ready — whether clients should be sent here; else `why` gets a sentence. */
bool status_is_ready(const struct desk *d, char *why, size_t why_room);

#endif
