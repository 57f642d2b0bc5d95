/* test_opaque — realms and passwords as they are hashed: RFC 8265's OpaqueString and its examples.
 */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "store/opaque.h"

#include <stdlib.h>
#include <string.h>

static void assert_becomes(const char *text, const char *expected)
{
    char *got = opaque_string(text);
    assert_non_null(got);
    assert_string_equal(got, expected);
    free(got);
}

static void examples_of_the_rfc_come_out(void **state)
{
    (void)state;
    assert_becomes("correct horse battery staple", "correct horse battery staple");
    assert_becomes("Correct Horse Battery Staple", "Correct Horse Battery Staple");
    assert_becomes("\xcf\x80\xc3\x9f\xc3\xa5", "\xcf\x80\xc3\x9f\xc3\xa5");
    assert_becomes("Jack of \xe2\x99\xa6s", "Jack of \xe2\x99\xa6s");
    assert_becomes("foo\xe1\x9a\x80"
                   "bar",
                   "foo bar"); /* OGHAM SPACE MARK */
    assert_null(opaque_string(""));
    assert_null(opaque_string("my cat is a \tby"));
}

static void text_is_composed(void **state)
{
    (void)state;
    assert_becomes("Ju\xcc\x88rgen", "J\xc3\xbcrgen");
    assert_becomes("A\xcc\x8a", "\xc3\x85");
    assert_becomes("\xe2\x84\xab", "\xc3\x85");                 /* ANGSTROM SIGN */
    assert_becomes("\xe1\x84\x80\xe1\x85\xa1", "\xea\xb0\x80"); /* Hangul */
    assert_becomes("\xef\xac\x81", "\xef\xac\x81"); /* a ligature stays: no compatibility forms */
    assert_becomes("\xef\xbc\xa1", "\xef\xbc\xa1"); /* a wide letter too */
}

static void every_kind_of_space_becomes_one(void **state)
{
    (void)state;
    static const char *const spaces[] = {
        "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x83",
        "\xe2\x80\x8a", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };
    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
        char text[16] = "a";
        strcat(text, spaces[i]);
        strcat(text, "b");
        assert_becomes(text, "a b");
    }
    assert_becomes("  a  b  ", "  a  b  "); /* none is dropped */
    assert_becomes("\xe3\x80\x80", " ");
}

static void case_is_kept(void **state)
{
    (void)state;
    assert_becomes("Realm.EXAMPLE.org", "Realm.EXAMPLE.org");
    assert_becomes("\xce\xa3\xcf\x83\xcf\x82", "\xce\xa3\xcf\x83\xcf\x82");
}

static void control_characters_are_refused(void **state)
{
    (void)state;
    for (int c = 1; c < 0x20; c++) {
        char text[] = {'a', (char)c, 'b', '\0'};
        assert_null(opaque_string(text));
    }
    assert_null(opaque_string("\x7f"));
    assert_null(opaque_string("a\xc2\x80"));
    assert_null(opaque_string("a\xc2\x9f"
                              "b"));
}

static void what_is_no_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "\xff",         "\x80",
        "a\xc3",        "\xc0\xaf",
        "\xe0\x80\xaf", "\xed\xa0\x80",
        "\xe2\x82",     "\xf4\x90\x80\x80",
        "a\xc3(",       "\xf8\x88\x80\x80\x80",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_null(opaque_string(wrong[i]));
    }
}

static void result_stays_as_it_is(void **state)
{
    (void)state;
    static const char *const texts[] = {"Ju\xcc\x88rgen", "foo\xe1\x9a\x80", "\xe2\x84\xab",
                                        "q\xcc\xa3\xcc\x87"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char *once = opaque_string(texts[i]);
        assert_non_null(once);
        assert_becomes(once, once);
        free(once);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"S65 the examples of RFC 8265 4.3 come out", examples_of_the_rfc_come_out, NULL, NULL,
         NULL},
        {"S65 text is composed", text_is_composed, NULL, NULL, NULL},
        {"S65 every kind of space becomes one", every_kind_of_space_becomes_one, NULL, NULL, NULL},
        {"case is kept", case_is_kept, NULL, NULL, NULL},
        {"S65 control characters are refused", control_characters_are_refused, NULL, NULL, NULL},
        {"S65 what is no UTF-8 is refused", what_is_no_utf8_is_refused, NULL, NULL, NULL},
        {"the result stays as it is", result_stays_as_it_is, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
