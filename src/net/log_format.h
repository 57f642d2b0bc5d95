/* log_format — a composed record as one line of text, logfmt or JSON, control bytes escaped.
 * Pure; the log thread's. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_LOG_FORMAT_H
#define NET_LOG_FORMAT_H

#include "net/log.h"

/* Escaping can make six bytes of one; with the frame of the line this is always enough. */
enum { LOG_FORMAT_MAX = LOG_LINE_MAX * 6 + 256 };

/* log_format_record — write the record of `size` bytes, as log_begin and the rest composed it, as
 * one line ending in a newline. `room` at least LOG_FORMAT_MAX. Returns its length. Never fails:
 * bytes that are no valid UTF-8 are escaped. */
size_t log_format_record(const uint8_t *bytes, size_t size, enum log_format format, char *out,
                         size_t room);

#endif
