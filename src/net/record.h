/* record — what the engine tells of, as log records.
 * The thread that owns the log source. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_RECORD_H
#define NET_RECORD_H

#include "engine/turn.h"
#include "net/log.h"

/* record_event — write the log record of an engine event: ends of sessions at info, beginnings and
 * permissions and refusals at debug. Never blocks. */
void record_event(struct log_source *log, const struct turn_event *event);

#endif
