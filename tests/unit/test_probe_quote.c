/* test_probe_quote — what strangers say cannot harm a terminal or break JSON. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "probe/probe_quote.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void only_printable_characters_are_left(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *clean;
    } cases[] = {
        {"", ""},
        {"Unauthorized", "Unauthorized"},
        {"\x1b[2Jx\x7f\r\n", "?[2Jx???"},
        {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac "
                                                             "\xf0\x9f\x98\x80"},
        {"\xc2\x9b"
         "2J",
         "??2J"},                     /* a C1 control */
        {"\xff\xc3", "??"},           /* never, cut off */
        {"\xc0\xaf", "??"},           /* overlong */
        {"\xe0\x80\xaf", "???"},      /* overlong */
        {"\xed\xa0\x80", "???"},      /* a surrogate */
        {"\xf4\x90\x80\x80", "????"}, /* beyond Unicode */
        {"\xe2\x80\xae", "???"},      /* right to left */
        {"a\xc3"
         "b",
         "a?b"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[64];
        struct text t = text_init(out, sizeof(out));
        probe_quote_clean(&t, span_of_text(cases[i].bytes));
        assert_string_equal(out, cases[i].clean);
        assert_false(t.cut);
    }
}

static void nul_bytes_end_nothing(void **state)
{
    (void)state;
    char out[8];
    struct text t = text_init(out, sizeof(out));
    probe_quote_clean(&t, (struct span){(const uint8_t *)"a\0b", 3});
    assert_string_equal(out, "a?b");
}

static void characters_are_cut_whole(void **state)
{
    (void)state;
    char out[4];
    struct text t = text_init(out, sizeof(out));
    probe_quote_clean(&t, span_of_text("ab\xe2\x82\xac"));
    assert_string_equal(out, "ab");
    assert_true(t.cut);
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    char out[64];
    struct text t = text_init(out, sizeof(out));
    probe_quote_json(&t, "a\"b\\c\n\xc3\xbc");
    assert_string_equal(out, "\"a\\\"b\\\\c\\u000a\xc3\xbc\"");
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "only printable characters are left",
         .test_func = only_printable_characters_are_left},
        {.name = "NUL bytes end nothing", .test_func = nul_bytes_end_nothing},
        {.name = "characters are cut whole", .test_func = characters_are_cut_whole},
        {.name = "JSON strings are escaped", .test_func = json_strings_are_escaped},
    };
    return cmocka_run_group_tests_name("probe_quote", tests, NULL, NULL);
}
