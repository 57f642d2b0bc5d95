/* log_line — one log record being composed. */
/* SPDX-License-Identifier: MIT */
#include "net/log_line.h"

#include "net/clock.h"

static void put(struct log_line *line, const void *bytes, size_t size)
{
    writer_bytes(&line->w, bytes, size);
}

void log_line_begin(struct log_line *line, enum log_level level, const char *message)
{
    int64_t at = clock_wall_us();
    line->level = level;
    line->w = writer_init(line->bytes, sizeof(line->bytes));
    put(line, &level, sizeof(level));
    put(line, &at, sizeof(at));
    put(line, &message, sizeof(message));
}

/* add — one field, or nothing of it when there is no room for all. */
static void add(struct log_line *line, const char *name, enum log_line_kind kind, const void *value,
                size_t size)
{
    uint16_t length = (uint16_t)size;
    size_t need = sizeof(name) + sizeof(kind) + sizeof(length) + size;
    if (need > line->w.room - line->w.used) {
        return;
    }
    put(line, &name, sizeof(name));
    put(line, &kind, sizeof(kind));
    put(line, &length, sizeof(length));
    put(line, value, size);
}

void log_line_text(struct log_line *line, const char *name, struct span value)
{
    enum { VALUE_MAX = 512 };
    add(line, name, LOG_LINE_TEXT, value.bytes, value.size < VALUE_MAX ? value.size : VALUE_MAX);
}

void log_line_string(struct log_line *line, const char *name, const char *value)
{
    log_line_text(line, name, span_of_text(value));
}

void log_line_u64(struct log_line *line, const char *name, uint64_t value)
{
    add(line, name, LOG_LINE_U64, &value, sizeof(value));
}

void log_line_hex(struct log_line *line, const char *name, uint64_t value)
{
    add(line, name, LOG_LINE_HEX, &value, sizeof(value));
}

void log_line_addr(struct log_line *line, const char *name, const struct netaddr *value)
{
    if (value->family != NETADDR_NONE) {
        add(line, name, LOG_LINE_ADDR, value, sizeof(*value));
    }
}

void log_line_ms(struct log_line *line, const char *name, uint64_t ns)
{
    add(line, name, LOG_LINE_MS, &ns, sizeof(ns));
}
