/* test_secret — comparing and forgetting secrets. That the time of a comparison tells nothing is
 * not tested here: a clock on a busy machine proves neither side. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/secret.h"

#include <string.h>

static void same_bytes_are_equal(void **state)
{
    (void)state;
    uint8_t a[32];
    uint8_t b[32];
    uint64_t chance = 6;
    support_fill(&chance, a, sizeof(a));
    memcpy(b, a, sizeof(a));
    assert_true(secret_is_equal(a, b, sizeof(a)));
}

static void one_bit_anywhere_makes_a_difference(void **state)
{
    (void)state;
    uint8_t a[32] = {0};
    for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
        uint8_t b[32] = {0};
        b[bit / 8] = (uint8_t)(1u << bit % 8);
        assert_false(secret_is_equal(a, b, sizeof(a)));
    }
}

static void two_differences_do_not_cancel(void **state)
{
    (void)state;
    static const uint8_t a[4] = {1, 2, 3, 4};
    static const uint8_t b[4] = {2, 1, 3, 4};
    assert_false(secret_is_equal(a, b, sizeof(a)));
}

static void bytes_behind_the_size_do_not_count(void **state)
{
    (void)state;
    assert_true(secret_is_equal("abcX", "abcY", 3));
    assert_true(secret_is_equal("X", "Y", 0));
}

static void wiping_leaves_zeros_and_the_neighbours(void **state)
{
    (void)state;
    uint8_t bytes[10];
    memset(bytes, 0xee, sizeof(bytes));
    secret_wipe(bytes + 1, 8);
    assert_memory_equal(bytes, ((const uint8_t[]){0xee, 0, 0, 0, 0, 0, 0, 0, 0, 0xee}), 10);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "the same bytes are equal", .test_func = same_bytes_are_equal},
        {.name = "one bit anywhere makes a difference",
         .test_func = one_bit_anywhere_makes_a_difference},
        {.name = "two differences do not cancel out", .test_func = two_differences_do_not_cancel},
        {.name = "bytes behind the size do not count",
         .test_func = bytes_behind_the_size_do_not_count},
        {.name = "wiping leaves zeros, and the neighbours as they were",
         .test_func = wiping_leaves_zeros_and_the_neighbours},
    };
    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
