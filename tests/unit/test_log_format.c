/* test_log_format — records as text: whatever a stranger puts into a name stays one value of one
 * line, in logfmt and in JSON. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/log_format.h"

#include <stdio.h>
#include <string.h>

static char text[LOG_FORMAT_MAX + 1];

/* formatted — the one line of a record; it must be one. */
static const char *formatted(const struct log_line *line, enum log_format format)
{
    memset(text, 'X', sizeof(text));
    size_t size = log_format_record(line->bytes, line->w.used, format, text, LOG_FORMAT_MAX);
    assert_true(size > 0 && size < LOG_FORMAT_MAX);
    assert_int_equal(text[size - 1], '\n');
    for (size_t i = 0; i < size - 1; i++) {
        uint8_t c = (uint8_t)text[i];
        assert_true(c >= 0x20 && c != 0x7f); /* nothing that moves a terminal or ends the line */
    }
    text[size] = '\0';
    return text;
}

/* json_string — skip a JSON string at *at, telling its value in Latin-1 or UTF-8 as it stands;
 * false when it is none, RFC 8259 7. */
static bool json_string(const char **at, char *out)
{
    const char *s = *at;
    if (*s++ != '"') {
        return false;
    }
    for (; *s != '"'; s++) {
        unsigned code;
        if ((uint8_t)*s < 0x20) {
            return false;
        }
        if (*s != '\\') {
            *out++ = *s;
        } else if (s[1] == '"' || s[1] == '\\') {
            *out++ = *++s;
        } else if (s[1] == 'u' && sscanf(s + 2, "%4x", &code) == 1) {
            *out++ = (char)code;
            s += 5;
        } else {
            return false;
        }
    }
    *out = '\0';
    *at = s + 1;
    return true;
}

/* json_value — check that a line is one flat JSON object, and find the string value of `name`. */
static const char *json_value(const char *line, const char *name)
{
    static char found[LOG_FORMAT_MAX];
    static char key[LOG_FORMAT_MAX], value[LOG_FORMAT_MAX];
    const char *at = line;
    found[0] = '\0';
    assert_int_equal(*at++, '{');
    for (;;) {
        assert_true(json_string(&at, key));
        assert_int_equal(*at++, ':');
        if (*at == '"') {
            assert_true(json_string(&at, value));
            if (strcmp(key, name) == 0) {
                memcpy(found, value, strlen(value) + 1);
            }
        } else {
            size_t digits = strspn(at, "0123456789.");
            assert_true(digits > 0);
            at += digits;
        }
        if (*at == '}') {
            break;
        }
        assert_int_equal(*at++, ',');
    }
    assert_string_equal(at, "}\n");
    return found;
}

/* of_user — a record whose user is these bytes, with a field behind. */
static struct log_line of_user(const void *bytes, size_t size)
{
    struct log_line line;
    log_line_begin(&line, LOG_LEVEL_WARN, "refused");
    log_line_text(&line, "user", (struct span){bytes, size});
    log_line_u64(&line, "code", 401);
    return line;
}

/* assert_user — how those bytes look in either form: `quoted` with its quotes, `bare` (NULL:
 * quoted) in logfmt. */
static void assert_user(const void *bytes, size_t size, const char *bare, const char *quoted)
{
    char expected[LOG_FORMAT_MAX];
    struct log_line line = of_user(bytes, size);
    formatted(&line, LOG_FORMAT_LOGFMT);
    snprintf(expected, sizeof(expected), " level=warn msg=refused user=%s code=401\n",
             bare ? bare : quoted);
    assert_string_equal(strchr(text, ' '), expected);
    formatted(&line, LOG_FORMAT_JSON);
    snprintf(expected, sizeof(expected),
             ",\"level\":\"warn\",\"msg\":\"refused\",\"user\":%s,\"code\":401}\n", quoted);
    assert_string_equal(strchr(text, ','), expected);
}

static void plain_record_looks_so(void **state)
{
    (void)state;
    struct log_line line;
    struct netaddr six = netaddr_ipv6((const uint8_t[16]){0x20, 1, 0x0d, 0xb8, [15] = 1}, 99);
    log_line_begin(&line, LOG_LEVEL_INFO, "allocation_closed");
    log_line_hex(&line, "session", UINT64_C(0x1000000000002));
    log_line_addr(&line, "client", &six);
    log_line_string(&line, "user", "alice");
    log_line_ms(&line, "seconds", UINT64_C(12003999999));
    log_line_u64(&line, "sent_bytes", 0);
    int64_t at = INT64_C(1700000000000042); /* the stamp lies behind the level */
    memcpy(line.bytes + sizeof(enum log_level), &at, sizeof(at));
    assert_string_equal(formatted(&line, LOG_FORMAT_LOGFMT),
                        "time=2023-11-14T22:13:20.000042Z level=info msg=allocation_closed "
                        "session=0001000000000002 client=[2001:db8::1]:99 user=alice "
                        "seconds=12.003 sent_bytes=0\n");
    assert_string_equal(formatted(&line, LOG_FORMAT_JSON),
                        "{\"time\":\"2023-11-14T22:13:20.000042Z\",\"level\":\"info\","
                        "\"msg\":\"allocation_closed\",\"session\":\"0001000000000002\","
                        "\"client\":\"[2001:db8::1]:99\",\"user\":\"alice\",\"seconds\":12.003,"
                        "\"sent_bytes\":0}\n");
}

static void levels_have_names(void **state)
{
    (void)state;
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (int i = 0; i < 4; i++) {
        struct log_line line;
        log_line_begin(&line, (enum log_level)i, "x");
        assert_string_equal(json_value(formatted(&line, LOG_FORMAT_JSON), "level"), names[i]);
    }
}

static void every_byte_stays_within_its_value(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        uint8_t bytes[3] = {'a', (uint8_t)c, 'b'};
        struct log_line line = of_user(bytes, sizeof(bytes));
        const char *user = json_value(formatted(&line, LOG_FORMAT_JSON), "user");
        if (c != 0) {
            assert_memory_equal(user, bytes, sizeof(bytes));
            assert_int_equal(user[3], '\0');
        }
        formatted(&line, LOG_FORMAT_LOGFMT);
        const char *at = strstr(text, "user=") + strlen("user=");
        char value[16];
        if (*at == '"') {
            assert_true(json_string(&at, value));
        } else {
            assert_true(c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\');
            at += 3;
        }
        assert_string_equal(at, " code=401\n");
    }
}

static void controls_are_escaped(void **state)
{
    (void)state;
    assert_user("a\nb", 3, NULL, "\"a\\u000ab\"");
    assert_user("a\r\nlevel=error", 14, NULL, "\"a\\u000d\\u000alevel=error\"");
    assert_user("a\0b", 3, NULL, "\"a\\u0000b\"");
    assert_user("\x1b[2J", 4, NULL, "\"\\u001b[2J\"");
    assert_user("\x7f", 1, NULL, "\"\\u007f\"");
    assert_user("\xc2\x85", 2, NULL, "\"\\u0085\""); /* NEL ends lines for some */
    assert_user("\xc2\x9b"
                "0m",
                4, NULL, "\"\\u009b0m\"");
}

static void quotes_and_backslashes_are_escaped(void **state)
{
    (void)state;
    assert_user("a\"b", 3, NULL, "\"a\\\"b\"");
    assert_user("\\", 1, NULL, "\"\\\\\"");
    assert_user("\\\"", 2, NULL, "\"\\\\\\\"\"");
    assert_user("x\" code=200 y=\"", 15, NULL, "\"x\\\" code=200 y=\\\"\"");
}

static void what_looks_like_a_field_is_quoted(void **state)
{
    (void)state;
    assert_user("a=b", 3, NULL, "\"a=b\"");
    assert_user("a b", 3, NULL, "\"a b\"");
    assert_user("", 0, NULL, "\"\"");
    assert_user("alice", 5, "alice", "\"alice\"");
    assert_user("1700000000:alice@example", 24, "1700000000:alice@example",
                "\"1700000000:alice@example\"");
}

static void formats_of_printf_mean_nothing(void **state)
{
    (void)state;
    assert_user("%s%n%999999d", 12, "%s%n%999999d", "\"%s%n%999999d\"");
}

static void valid_utf8_is_kept(void **state)
{
    (void)state;
    assert_user("J\xc3\xbcrgen", 7, NULL, "\"J\xc3\xbcrgen\"");
    assert_user("\xe2\x82\xac", 3, NULL, "\"\xe2\x82\xac\"");
    assert_user("\xf0\x9f\x98\x80", 4, NULL, "\"\xf0\x9f\x98\x80\"");
    assert_user("\xf4\x8f\xbf\xbf", 4, NULL, "\"\xf4\x8f\xbf\xbf\"");
    assert_user("\xc2\xa0", 2, NULL, "\"\xc2\xa0\"");
}

static void invalid_utf8_is_escaped_byte_by_byte(void **state)
{
    (void)state;
    assert_user("\xff", 1, NULL, "\"\\u00ff\"");
    assert_user("\x80", 1, NULL, "\"\\u0080\"");
    assert_user("\xc3", 1, NULL, "\"\\u00c3\""); /* ends too soon */
    assert_user("\xe2\x82", 2, NULL, "\"\\u00e2\\u0082\"");
    assert_user("\xc0\xaf", 2, NULL, "\"\\u00c0\\u00af\"");                       /* overlong */
    assert_user("\xe0\x80\xaf", 3, NULL, "\"\\u00e0\\u0080\\u00af\"");            /* overlong */
    assert_user("\xed\xa0\x80", 3, NULL, "\"\\u00ed\\u00a0\\u0080\"");            /* surrogate */
    assert_user("\xf4\x90\x80\x80", 4, NULL, "\"\\u00f4\\u0090\\u0080\\u0080\""); /* beyond */
    assert_user("\xc3\"", 2, NULL, "\"\\u00c3\\\"\""); /* no quote is swallowed */
}

static void largest_record_of_the_worst_bytes_fits(void **state)
{
    (void)state;
    uint8_t worst[LOG_LINE_MAX];
    struct log_line line;
    memset(worst, 0xff, sizeof(worst));
    log_line_begin(&line, LOG_LEVEL_WARN, "a_message_that_is_longer_than_others_that_there_are");
    for (int i = 0; i < 5; i++) {
        log_line_text(&line, "name", (struct span){worst, 512});
    }
    for (size_t size = LOG_LINE_MAX - line.w.used; size > 0; size--) {
        log_line_text(&line, "name", (struct span){worst, size});
    }
    assert_true(LOG_LINE_MAX - line.w.used < 16);
    formatted(&line, LOG_FORMAT_LOGFMT);
    json_value(formatted(&line, LOG_FORMAT_JSON), "name");
}

static void many_small_fields_fit(void **state)
{
    (void)state;
    struct log_line line;
    struct netaddr six = netaddr_ipv6(
        (const uint8_t[16]){0x20, 1, 0x0d, 0xb8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}, 65535);
    log_line_begin(&line, LOG_LEVEL_WARN, "x");
    for (int i = 0; i < 200; i++) {
        log_line_addr(&line, "permissions_of_it", &six);
        log_line_u64(&line, "permissions_of_it", UINT64_MAX);
        log_line_text(&line, "permissions_of_it", (struct span){NULL, 0});
    }
    json_value(formatted(&line, LOG_FORMAT_JSON), "x");
}

static void record_cut_short_is_harmless(void **state)
{
    (void)state;
    struct log_line line = of_user("alice", 5);
    for (size_t size = 0; size < line.w.used; size++) {
        size_t used = log_format_record(line.bytes, size, LOG_FORMAT_JSON, text, sizeof(text));
        assert_true(used == 0 || text[used - 1] == '\n');
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"a plain record looks so", plain_record_looks_so, NULL, NULL, NULL},
        {"levels have names", levels_have_names, NULL, NULL, NULL},
        {"every byte stays within its value", every_byte_stays_within_its_value, NULL, NULL, NULL},
        {"controls are escaped", controls_are_escaped, NULL, NULL, NULL},
        {"quotes and backslashes are escaped", quotes_and_backslashes_are_escaped, NULL, NULL,
         NULL},
        {"what looks like a field is quoted", what_looks_like_a_field_is_quoted, NULL, NULL, NULL},
        {"formats of printf mean nothing", formats_of_printf_mean_nothing, NULL, NULL, NULL},
        {"valid UTF-8 is kept", valid_utf8_is_kept, NULL, NULL, NULL},
        {"invalid UTF-8 is escaped byte by byte", invalid_utf8_is_escaped_byte_by_byte, NULL, NULL,
         NULL},
        {"the largest record of the worst bytes fits", largest_record_of_the_worst_bytes_fits, NULL,
         NULL, NULL},
        {"many small fields fit", many_small_fields_fit, NULL, NULL, NULL},
        {"a record cut short is harmless", record_cut_short_is_harmless, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
