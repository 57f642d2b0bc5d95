/* test_log_line — records being composed: what fits is kept whole, what does not is left out whole.
 */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/log_format.h"

#include <string.h>

static struct log_line line;
static char text[LOG_FORMAT_MAX];

static int begin(void **state)
{
    (void)state;
    memset(&line, 0xee, sizeof(line));
    log_line_begin(&line, LOG_LEVEL_INFO, "something_happened");
    return 0;
}

/* fields — what stands behind "msg=something_happened", without the newline. */
static const char *fields(void)
{
    size_t size = log_format_record(line.bytes, line.w.used, LOG_FORMAT_LOGFMT, text, sizeof(text));
    assert_true(size > 0 && text[size - 1] == '\n');
    text[size - 1] = '\0';
    const char *at = strstr(text, "msg=something_happened");
    assert_non_null(at);
    return at + strlen("msg=something_happened");
}

static void fields_come_in_the_order_they_were_added(void **state)
{
    (void)state;
    struct netaddr v4 = netaddr_ipv4(0xc0000201, 3478);
    log_line_string(&line, "a", "one");
    log_line_u64(&line, "b", UINT64_MAX);
    log_line_hex(&line, "c", 0xabc);
    log_line_addr(&line, "d", &v4);
    log_line_ms(&line, "e", UINT64_C(1234567890123));
    log_line_text(&line, "f", (struct span){(const uint8_t *)"xyz", 2});
    assert_string_equal(fields(), " a=one b=18446744073709551615 c=0000000000000abc "
                                  "d=192.0.2.1:3478 e=1234.567 f=xy");
}

static void values_are_copied(void **state)
{
    (void)state;
    char value[] = "before";
    log_line_string(&line, "a", value);
    memcpy(value, "behind", 6);
    assert_string_equal(fields(), " a=before");
}

static void address_of_no_family_is_left_out(void **state)
{
    (void)state;
    struct netaddr none = {.family = NETADDR_NONE};
    log_line_addr(&line, "a", &none);
    assert_string_equal(fields(), "");
}

static void empty_values_are_there(void **state)
{
    (void)state;
    log_line_string(&line, "a", "");
    log_line_text(&line, "b", (struct span){NULL, 0});
    log_line_ms(&line, "c", 0);
    assert_string_equal(fields(), " a=\"\" b=\"\" c=0.000");
}

static void long_value_is_cut(void **state)
{
    (void)state;
    char value[3000];
    char expected[520] = " a=";
    memset(value, 'x', sizeof(value));
    memset(expected + 3, 'x', 512);
    log_line_text(&line, "a", (struct span){(const uint8_t *)value, sizeof(value)});
    assert_string_equal(fields(), expected);
}

static void record_holds_no_more_than_a_line(void **state)
{
    (void)state;
    uint8_t value[500];
    memset(value, 'x', sizeof(value));
    for (int i = 0; i < 100; i++) {
        log_line_text(&line, "a", (struct span){value, sizeof(value)});
        log_line_u64(&line, "b", 7);
    }
    assert_true(line.w.used <= LOG_LINE_MAX);
    assert_true(LOG_LINE_MAX - line.w.used < 40);
    const char *at = fields();
    int count = 0;
    for (; (at = strstr(at, " a=")) != NULL; count++) {
        assert_int_equal(strspn(at + 3, "x"), 500); /* none is cut */
        at++;
    }
    assert_int_equal(count, 3);
    assert_string_equal(text + strlen(text) - 4, " b=7"); /* small ones still fit behind */
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"fields come in the order they were added", fields_come_in_the_order_they_were_added,
         begin, NULL, NULL},
        {"values are copied", values_are_copied, begin, NULL, NULL},
        {"an address of no family is left out", address_of_no_family_is_left_out, begin, NULL,
         NULL},
        {"empty values are there", empty_values_are_there, begin, NULL, NULL},
        {"a long value is cut", long_value_is_cut, begin, NULL, NULL},
        {"a record holds no more than a line", record_holds_no_more_than_a_line, begin, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
