/* log_line — one log record being composed: names by pointer, values by copy, nothing formatted.
 * Pure but for the time it is stamped with. Any thread; lives on the stack of its writer. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_LOG_LINE_H
#define NET_LOG_LINE_H

#include "base/netaddr.h"
#include "base/span.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum { LOG_LINE_MAX = 2048 }; /* bytes of a record */

/* A record being composed, on the stack of its writer. */
struct log_line {
    enum log_level level;
    struct writer w;
    uint8_t bytes[LOG_LINE_MAX];
};

/* The kinds of fields as log_format reads them back: name pointer, kind, 16-bit length, value. */
enum log_line_kind {
    LOG_LINE_TEXT,
    LOG_LINE_U64,
    LOG_LINE_HEX,
    LOG_LINE_ADDR,
    LOG_LINE_MS,
};

/* log_line_begin — begin a record; `message` is static text of lower-case words with underscores.
 */
void log_line_begin(struct log_line *line, enum log_level level, const char *message);

/* log_line_text — add a field; `name` static, `value` copied as far as there is room. */
void log_line_text(struct log_line *line, const char *name, struct span value);

/* log_line_string — the same for a NUL-terminated value. */
void log_line_string(struct log_line *line, const char *name, const char *value);

/* log_line_u64 — add a numeric field. */
void log_line_u64(struct log_line *line, const char *name, uint64_t value);

/* log_line_hex — add a numeric field written as 16 hex digits. */
void log_line_hex(struct log_line *line, const char *name, uint64_t value);

/* log_line_addr — add an address field; an address of no family is left out. */
void log_line_addr(struct log_line *line, const char *name, const struct netaddr *value);

/* log_line_ms — add a duration in nanoseconds, written as seconds with three decimals. */
void log_line_ms(struct log_line *line, const char *name, uint64_t ns);

#endif
