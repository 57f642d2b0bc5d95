/* test_import_value — foreign values: what is a name, a key, a number, a switch. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "ctl/import_value.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void expect_fault(const char *bytes, size_t size, const char *fault)
{
    const char *found = import_value_fault((struct span){(const uint8_t *)bytes, size}, 8);
    assert_string_equal(found ? found : "nothing", fault);
}

static void names(void **state)
{
    (void)state;
    expect_fault("alice", 5, "nothing");
    expect_fault("\xf0\x9f\x98\x80", 4, "nothing");
    expect_fault("", 0, "is empty");
    expect_fault("123456789", 9, "is longer than turnpike takes");
    expect_fault("a\0b", 3, "holds control characters");
    expect_fault("a\nb", 3, "holds control characters");
    expect_fault("\xc2\x85", 2, "holds control characters");
    expect_fault("\xff", 1, "is no UTF-8");
    expect_fault("a\xc3", 2, "is no UTF-8");
    expect_fault("\xed\xa0\x80", 3, "is no UTF-8");
}

static void keys(void **state)
{
    (void)state;
    char key[IMPORT_VALUE_KEY_SIZE] = "untouched";
    assert_true(import_value_key(span_of_text("AABBCCDDEEFF00112233445566778899"), key));
    assert_string_equal(key, "aabbccddeeff00112233445566778899");
    assert_true(import_value_key(span_of_text("0x00112233445566778899aabbccddeeff"), key));
    assert_string_equal(key, "00112233445566778899aabbccddeeff");
    static const char *const wrong[] = {
        "",
        "0x",
        "00112233445566778899aabbccddeef",
        "00112233445566778899aabbccddeeffa",
        "00112233445566778899aabbccddeefg",
        "0X00112233445566778899aabbccddeeff",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(import_value_key(span_of_text(wrong[i]), key));
    }
    assert_string_equal(key, "00112233445566778899aabbccddeeff");
}

static void numbers(void **state)
{
    (void)state;
    uint64_t number = 4711;
    assert_false(import_value_number(span_of_text(""), 100, &number));
    assert_false(import_value_number(span_of_text("101"), 100, &number));
    assert_false(import_value_number(span_of_text("-1"), 100, &number));
    assert_false(import_value_number(span_of_text("1x"), 100, &number));
    assert_false(import_value_number(span_of_text("99999999999999999999999"), UINT64_MAX, &number));
    assert_false(import_value_number(span_of_text("5"), 4, &number));
    assert_int_equal(number, 4711);
    assert_true(import_value_number(span_of_text("00100"), 100, &number));
    assert_int_equal(number, 100);
    assert_true(import_value_number(span_of_text("18446744073709551615"), UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
}

static void switches(void **state)
{
    (void)state;
    static const char *const on[] = {"", "1", "yes", "true", "on", "whatever"};
    static const char *const off[] = {"0", "no", "n", "false", "f", "off"};
    for (size_t i = 0; i < COUNT(on); i++) {
        assert_true(import_value_flag(on[i]));
    }
    for (size_t i = 0; i < COUNT(off); i++) {
        assert_false(import_value_flag(off[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(keys),
        cmocka_unit_test(numbers),
        cmocka_unit_test(switches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
