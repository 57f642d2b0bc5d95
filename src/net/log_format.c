/* log_format — a composed record as one line of text. */
/* SPDX-License-Identifier: MIT */
#include "net/log_format.h"

#include <string.h>
#include <time.h>

#include "base/mono.h"
#include "base/text.h"

/* utf8_size — the bytes of the valid UTF-8 sequence at `s`, or 0 (RFC 3629). */
static size_t utf8_size(const uint8_t *s, size_t left)
{
    size_t size = s[0] < 0x80   ? 1
                  : s[0] < 0xc2 ? 0
                  : s[0] < 0xe0 ? 2
                  : s[0] < 0xf0 ? 3
                  : s[0] < 0xf5 ? 4
                                : 0;
    if (size == 0 || size > left) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool is_overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool is_beyond = (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f);
    return is_overlong || is_beyond ? 0 : size;
}

/* put_quoted — a quoted string in which no byte can end the line or the string; C1 controls and
 * what is no UTF-8 become \u00XX. The same rules serve JSON and logfmt. */
static void put_quoted(struct text *t, struct span value)
{
    text_char(t, '"');
    for (size_t i = 0; i < value.size;) {
        const uint8_t *s = value.bytes + i;
        size_t size = utf8_size(s, value.size - i);
        bool is_control = s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && size == 2 && s[1] < 0xa0);
        if (size == 0 || is_control) {
            uint8_t byte = size == 2 ? s[1] : s[0];
            text_put(t, "\\u00");
            text_hex(t, &byte, 1);
            i += size ? size : 1;
            continue;
        }
        if (s[0] == '"' || s[0] == '\\') {
            text_char(t, '\\');
        }
        text_span(t, (struct span){s, size});
        i += size;
    }
    text_char(t, '"');
}

static bool is_bare(struct span value)
{
    for (size_t i = 0; i < value.size; i++) {
        uint8_t c = value.bytes[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\') {
            return false;
        }
    }
    return value.size > 0;
}

static void put_text(struct text *t, enum log_format format, struct span value)
{
    if (format == LOG_FORMAT_LOGFMT && is_bare(value)) {
        text_span(t, value);
    } else {
        put_quoted(t, value);
    }
}

static void put_time(struct text *t, int64_t us)
{
    char out[40];
    struct tm tm;
    time_t s = us / 1000000;
    gmtime_r(&s, &tm);
    out[strftime(out, sizeof(out), "%Y-%m-%dT%H:%M:%S.", &tm)] = '\0';
    text_put(t, out);
    for (int64_t place = 100000; place > 0; place /= 10) {
        text_char(t, (char)('0' + us / place % 10));
    }
    text_char(t, 'Z');
}

static void put_value(struct text *t, enum log_format format, enum log_line_kind kind,
                      struct span value)
{
    char address[TEXT_NETADDR_SIZE];
    struct text at = text_init(address, sizeof(address));
    uint64_t number = 0;
    if (kind != LOG_LINE_TEXT && value.size == sizeof(number)) {
        memcpy(&number, value.bytes, sizeof(number));
    }
    switch (kind) {
    case LOG_LINE_TEXT:
        put_text(t, format, value);
        break;
    case LOG_LINE_U64:
        text_u64(t, number);
        break;
    case LOG_LINE_MS:
        text_u64(t, number / MONO_SECOND);
        text_char(t, '.');
        for (uint64_t place = MONO_SECOND / 10; place >= MONO_SECOND / 1000; place /= 10) {
            text_char(t, (char)('0' + number / place % 10));
        }
        break;
    case LOG_LINE_HEX:
        for (int shift = 56; shift >= 0; shift -= 8) {
            uint8_t byte = (uint8_t)(number >> shift);
            text_hex(&at, &byte, 1);
        }
        put_text(t, format, span_of_text(address));
        break;
    case LOG_LINE_ADDR: {
        struct netaddr a;
        memcpy(&a, value.bytes, sizeof(a));
        text_netaddr(&at, &a);
        put_text(t, format, span_of_text(address));
        break;
    }
    }
}

static void put_name(struct text *t, enum log_format format, const char *name, bool is_first)
{
    bool is_json = format == LOG_FORMAT_JSON;
    if (!is_first) {
        text_char(t, is_json ? ',' : ' ');
    }
    if (is_json) {
        put_quoted(t, span_of_text(name));
    } else {
        text_put(t, name);
    }
    text_char(t, is_json ? ':' : '=');
}

static bool take(struct reader *r, void *out, size_t size)
{
    const uint8_t *bytes = reader_bytes(r, size);
    if (bytes) {
        memcpy(out, bytes, size);
    }
    return bytes != NULL;
}

size_t log_format_record(const uint8_t *bytes, size_t size, enum log_format format, char *out,
                         size_t room)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    struct reader r = reader_init(bytes, size);
    struct text t = text_init(out, room);
    enum log_level level;
    enum log_line_kind kind;
    int64_t at;
    const char *name;
    uint16_t length;
    if (!take(&r, &level, sizeof(level)) || !take(&r, &at, sizeof(at)) ||
        !take(&r, &name, sizeof(name))) {
        return 0;
    }
    if (format == LOG_FORMAT_JSON) {
        text_char(&t, '{');
    }
    put_name(&t, format, "time", true);
    text_put(&t, format == LOG_FORMAT_JSON ? "\"" : "");
    put_time(&t, at);
    text_put(&t, format == LOG_FORMAT_JSON ? "\"" : "");
    put_name(&t, format, "level", false);
    put_text(&t, format, span_of_text(levels[level]));
    put_name(&t, format, "msg", false);
    put_text(&t, format, span_of_text(name));
    while (take(&r, &name, sizeof(name)) && take(&r, &kind, sizeof(kind)) &&
           take(&r, &length, sizeof(length))) {
        const uint8_t *value = reader_bytes(&r, length);
        if (!value) {
            break; /* no writer composes such a record */
        }
        put_name(&t, format, name, false);
        put_value(&t, format, kind, (struct span){value, length});
    }
    text_put(&t, format == LOG_FORMAT_JSON ? "}\n" : "\n");
    return t.used;
}
