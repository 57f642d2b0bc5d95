/* test_ctl_table — tables are aligned, complete, and harmless to a terminal. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "ctl/ctl_table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl_clean.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct ctl_column columns[] = {
    {"NAME", "name", CTL_CELL_TEXT},
    {"BYTES", "bytes", CTL_CELL_NUMBER},
    {"AT", "at", CTL_CELL_TIME},
};

typedef void (*printer)(FILE *out, const json_t *json);

/* print — what a printer writes of a JSON text, as a new string. */
static char *print(printer print_it, const char *json_text)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    json_t *json = json_loads(json_text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(out);
    assert_non_null(json);
    print_it(out, json);
    fclose(out);
    json_decref(json);
    return text;
}

static void as_table(FILE *out, const json_t *json)
{
    ctl_table_print(out, json, columns, COUNT(columns));
}

static void as_lines(FILE *out, const json_t *json)
{
    ctl_table_print_one(out, json, columns, COUNT(columns));
}

static void check(printer print_it, const char *json_text, const char *wanted)
{
    char *text = print(print_it, json_text);
    assert_string_equal(text, wanted);
    free(text);
}

static void columns_are_aligned(void **state)
{
    (void)state;
    check(as_table,
          "[{\"name\":\"a\",\"bytes\":7,\"at\":0},"
          "{\"name\":\"gr\xc3\xbc\xc3\x9f"
          "e\",\"bytes\":123456},{}]",
          "NAME    BYTES  AT\n"
          "a           7  1970-01-01T00:00:00+00:00\n"
          "gr\xc3\xbc\xc3\x9f"
          "e  123456  -\n"
          "-           -  -\n");
    check(as_table, "[]", "NAME  BYTES  AT\n");
    check(as_table, "{\"not\":\"a list\"}", "NAME  BYTES  AT\n");
    check(as_table, "[7, null, [1]]",
          "NAME  BYTES  AT\n-         -  -\n-         -  -\n-         -  "
          "-\n");
}

static void control_bytes_are_escaped(void **state)
{
    (void)state;
    check(as_lines, "{\"name\":\"a\\u001b[2J\\u0000\\u009b\\u202e\\n\",\"bytes\":1}",
          "NAME   a\\x1b[2J\\x00\\xc2\\x9b\\xe2\\x80\\xae\\x0a\n"
          "BYTES  1\n");
}

static void values_of_another_kind_are_shown(void **state)
{
    (void)state;
    check(as_lines, "{\"name\":[\"a\",[\"b\"],{},3],\"bytes\":true,\"at\":\"then\"}",
          "NAME   a,...,...,3\n"
          "BYTES  yes\n"
          "AT     then\n");
    check(as_lines, "{\"at\":9223372036854775807}", "AT  9223372036854775807\n");
    check(as_lines, "{\"name\":\"\",\"bytes\":null}", "NAME   -\nBYTES  -\n");
}

static void kinds(void **state)
{
    (void)state;
    static const struct {
        enum ctl_cell_kind kind;
        json_int_t number;
        const char *text;
    } cases[] = {
        {CTL_CELL_TIME, 1795564786, "2026-11-24T23:59:46+00:00"},
        {CTL_CELL_NEVER, 0, "never"},
        {CTL_CELL_NEVER, 60, "1970-01-01T00:01:00+00:00"},
        {CTL_CELL_DURATION, 3600, "1h"},
        {CTL_CELL_DURATION, -1, "-1"},
        {CTL_CELL_BANDWIDTH, 1000000, "1MB/s"},
        {CTL_CELL_RATE, 0, "no limit"},
        {CTL_CELL_RATE, 5, "5/s"},
        {CTL_CELL_NUMBER, -5, "-5"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_t *number = json_integer(cases[i].number);
        char *text = ctl_cell_new(number, cases[i].kind);
        assert_string_equal(text, cases[i].text);
        free(text);
        json_decref(number);
    }
}

static void json_is_printed_as_it_is(void **state)
{
    (void)state;
    check(
        ctl_table_print_json, "{\"b\":1,\"a\":[\"x\\u001b\",\"\xc3\xbc\",\"\\u0000\"]}",
        "{\n  \"b\": 1,\n  \"a\": [\n    \"x\\u001B\",\n    \"\xc3\xbc\",\n    \"\\u0000\"\n  ]\n}"
        "\n");
    check(ctl_table_print_json, "\"\\u009b\\u007f\\u202e\"", "\"\\u009b\\u007f\\u202e\"\n");
}

static void bytes_that_are_no_utf8_are_escaped(void **state)
{
    (void)state;
    static const char bytes[] = "a\xff\xc3z\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf";
    char *clean = ctl_clean_new(bytes, sizeof(bytes) - 1);
    assert_string_equal(clean, "a\\xff\\xc3z\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80\\xc0\\xaf");
    assert_int_equal(ctl_clean_width(clean), strlen(clean));
    free(clean);
}

static void characters_are_cut_whole(void **state)
{
    (void)state;
    static const struct {
        const char *text, *trimmed;
    } cases[] = {
        {"", ""},
        {"abc", "abc"},
        {"a\xc3", "a"},
        {"a\xc3\xbc", "a\xc3\xbc"},
        {"\xe2", ""},
        {"\xe2\x82", ""},
        {"\xe2\x82\xac", "\xe2\x82\xac"},
        {"x\xf0\x9f\x98", "x"},
        {"x\xf0\x9f\x98\x80", "x\xf0\x9f\x98\x80"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[16];
        snprintf(text, sizeof(text), "%s", cases[i].text);
        ctl_clean_trim(text);
        assert_string_equal(text, cases[i].trimmed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned),
        cmocka_unit_test(control_bytes_are_escaped),
        cmocka_unit_test(values_of_another_kind_are_shown),
        cmocka_unit_test(kinds),
        cmocka_unit_test(json_is_printed_as_it_is),
        cmocka_unit_test(bytes_that_are_no_utf8_are_escaped),
        cmocka_unit_test(characters_are_cut_whole),
    };
    setenv("TZ", "UTC0", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
