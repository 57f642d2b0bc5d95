/* test_conf_scan — the first look at a text: comments vanish, lines stay, what is open is told. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "conf_scan.h"
#include "conf_utf8.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* check_scan — `text` must become `expected` (NULL: stays as it is), or be refused with `why`. */
static void check_scan(const char *text, const char *expected, const char *why)
{
    char sentence[256];
    struct conf_why w = conf_why_init(sentence, sizeof(sentence));
    size_t size = strlen(text);
    /* A block of exactly the size, so that a look behind it is seen. */
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    for (size_t i = 0; i < size; i++) {
        copy[i] = text[i];
    }
    assert_true(conf_scan(copy, size, "f", &w) == (why == NULL));
    assert_string_equal(sentence, why ? why : "");
    if (!why) {
        assert_memory_equal(copy, expected ? expected : text, size);
    }
    free(copy);
}

static void comments_become_spaces(void **state)
{
    (void)state;
    check_scan("", NULL, NULL);
    check_scan("#", " ", NULL);
    check_scan("a = 1 # b\nc = 2", "a = 1    \nc = 2", NULL);
    check_scan("//a\n//", "   \n  ", NULL);
    check_scan("/* a\n { b */ c = 1", "    \n        c = 1", NULL);
    check_scan("/*/ */x = 1", "      x = 1", NULL);
    check_scan("a = 1/* */", NULL, NULL); /* within a word it is none */
    check_scan("\xef\xbb\xbf"
               "a = 1",
               "   a = 1", NULL);
}

static void texts_keep_what_looks_like_a_comment(void **state)
{
    (void)state;
    check_scan("a = \"# // /* { \"", NULL, NULL);
    check_scan("a = '# // /* { \"'", NULL, NULL);
    check_scan("a = \"\\\" # \\\\\" # b", "a = \"\\\" # \\\\\"    ", NULL);
    check_scan("a = http://b", NULL, NULL);
    check_scan("a = \"${B:-#}\"", NULL, NULL);
    check_scan("a = ${B}", NULL, NULL);
    check_scan("a = { \"b\", 'c', ${D} }", NULL, NULL);
    check_scan("a \"b\" { c = \"d\" }", NULL, NULL);
    check_scan("include(\"a\")", NULL, NULL);
}

static void what_is_not_closed_is_told_with_its_line(void **state)
{
    (void)state;
    check_scan("\na = \"b\nc = 1", NULL, "f:2: a quoted text is not closed on its line");
    check_scan("a = 'b", NULL, "f:1: a quoted text is not closed on its line");
    check_scan("a = \"b\\", NULL, "f:1: a quoted text is not closed on its line");
    check_scan("a = \"b\\\nc\"", NULL, "f:1: a quoted text is not closed on its line");
    check_scan("\n\n/* a\n b", NULL, "f:3: the comment that begins here is not closed");
    check_scan("/*/", NULL, "f:1: the comment that begins here is not closed");
    check_scan("a {\n b {\n }\n", NULL, "f:1: the { that begins here is not closed");
    check_scan("a {\n b {\n\n", NULL, "f:2: the { that begins here is not closed");
    check_scan("a {\n }\n}", NULL, "f:3: a } closes nothing");
    check_scan("{{{{{{{{{", NULL, "f:1: braces are nested too deeply");
    static const char dollar[] =
        "f:1: a ${ is not closed by }; for the two characters themselves write \\${";
    check_scan("a = \"${b\"", NULL, dollar);
    check_scan("a = \"${b\n}\"", NULL, dollar);
    check_scan("a = ${", NULL, dollar);
}

static void names_are_never_quoted(void **state)
{
    (void)state;
    static const char sentence[] = "f:1: the name of an option is expected here, not a quoted text";
    check_scan("\"a\" = 1", NULL, sentence);
    check_scan("'=a' = 1", NULL, sentence);
    check_scan("${a} = 1", NULL, sentence);
    check_scan("a = 1 \"b\" = 2", NULL, sentence);
    check_scan("a = { 1 } \"b\" = 2", NULL, sentence);
    check_scan("a = { 1 \"b\" }", NULL, sentence);
    check_scan("a { \"b\" = 2 }", NULL, sentence);
    check_scan("a \"b\" \"c\" { }", NULL, sentence);
    check_scan("include(\"a\") \"b\"", NULL, sentence);
}

static void parentheses_hold_one_file_name(void **state)
{
    (void)state;
    static const char sentence[] =
        "f:2: parentheses hold one quoted file name, as in include(\"NAME\")";
    check_scan("include(\"a\")", NULL, NULL);
    check_scan("include (\n 'a'\t)\nb = 1", NULL, NULL);
    check_scan("\ninclude()", NULL, sentence);
    check_scan("\ninclude(", NULL, sentence);
    check_scan("\ninclude(a)", NULL, sentence);
    check_scan("\ninclude(\"a\"", NULL, sentence);
    check_scan("\ninclude(\"a\", \"b\")", NULL, sentence);
    check_scan("\ninclude(\"a\" = )", NULL, sentence);
    check_scan("\ninclude(\"a)", NULL, "f:2: a quoted text is not closed on its line");
}

static void only_utf8_text_is_taken(void **state)
{
    (void)state;
    check_scan("a = \"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"\t\r\n", NULL, NULL);
    check_scan("\n\n\xff", NULL, "f:3: this is not UTF-8 text");
    check_scan("\xc3", NULL, "f:1: this is not UTF-8 text");
    check_scan("a\x01", NULL, "f:1: a control character (0x01) stands here");
    check_scan("a\x7f", NULL, "f:1: a control character (0x7f) stands here");
    check_scan("a\xc2\x85", NULL, "f:1: a control character (0x85) stands here");
    char sentence[256];
    struct conf_why w = conf_why_init(sentence, sizeof(sentence));
    char nul[] = "a = 1\n\0b";
    assert_false(conf_scan(nul, sizeof(nul), "f", &w));
    assert_string_equal(sentence, "f:2: a control character (0x00) stands here");
}

static void characters_are_counted_and_judged(void **state)
{
    (void)state;
    assert_int_equal(conf_utf8_count(""), 0);
    assert_int_equal(conf_utf8_count("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), 4);
    static const char *const broken[] = {
        "\x80",             /* begins in the middle */
        "\xc3",             /* ends in the middle */
        "\xc0\x80",         /* overlong */
        "\xc1\xbf",         /* overlong */
        "\xe0\x80\x80",     /* overlong */
        "\xf0\x80\x80\x80", /* overlong */
        "\xed\xa0\x80",     /* surrogate */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xf8\x88\x80\x80\x80",
        "\xff",
        "a\n",      /* C0 */
        "\x7f",     /* DEL */
        "\xc2\x80", /* C1 */
        "\xc2\x9f", /* C1 */
        "\xc3\x28", /* no continuation */
    };
    for (size_t i = 0; i < COUNT(broken); i++) {
        assert_int_equal(conf_utf8_count(broken[i]), SIZE_MAX);
    }
}

static void sentences_cannot_harm_a_terminal(void **state)
{
    (void)state;
    char sentence[64];
    struct conf_why w = conf_why_init(sentence, sizeof(sentence));
    assert_false(conf_why_say(&w, "f", 3, "\"%s\"", "\x1b[31m\n\xff\xc3\xa4"));
    assert_string_equal(sentence, "f:3: \"?[31m??\xc3\xa4\"");
    /* What was said first stays. */
    assert_false(conf_why_say(&w, "g", 4, "another"));
    assert_string_equal(sentence, "f:3: \"?[31m??\xc3\xa4\"");
    char tiny[6];
    w = conf_why_init(tiny, sizeof(tiny));
    assert_false(conf_why_say(&w, "file", 3, "what"));
    assert_string_equal(tiny, "file:");
    w = conf_why_init(sentence, sizeof(sentence));
    assert_false(conf_why_say(&w, "f", 0, "what"));
    assert_string_equal(sentence, "f: what");
    w = conf_why_init(sentence, sizeof(sentence));
    assert_false(conf_why_say(&w, NULL, 0, "what"));
    assert_string_equal(sentence, "what");
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "comments become spaces", .test_func = comments_become_spaces},
        {.name = "texts keep what looks like a comment",
         .test_func = texts_keep_what_looks_like_a_comment},
        {.name = "what is not closed is told with its line",
         .test_func = what_is_not_closed_is_told_with_its_line},
        {.name = "names are never quoted", .test_func = names_are_never_quoted},
        {.name = "parentheses hold one file name", .test_func = parentheses_hold_one_file_name},
        {.name = "only UTF-8 text is taken", .test_func = only_utf8_text_is_taken},
        {.name = "characters are counted and judged",
         .test_func = characters_are_counted_and_judged},
        {.name = "sentences cannot harm a terminal", .test_func = sentences_cannot_harm_a_terminal},
    };
    return cmocka_run_group_tests_name("conf_scan", tests, NULL, NULL);
}
