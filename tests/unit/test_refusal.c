/* test_refusal — the table of refusals says nothing that the RFCs do not. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "engine/refusal.h"

#include <string.h>

static void no_row_is_the_value_of_success(void **state)
{
    (void)state;
    assert_int_equal(REFUSAL_NONE, 0);
    assert_int_equal(refusal_of(REFUSAL_NONE)->code, 0);
    assert_int_equal(refusal_of(REFUSAL_TRY_ALTERNATE)->code, 300);
    assert_int_equal(refusal_of(REFUSAL_NO_CAPACITY)->code, 508);
}

static void every_row_is_a_code_with_a_short_reason(void **state)
{
    (void)state;
    for (int kind = REFUSAL_NONE + 1; kind < REFUSAL_COUNT; kind++) {
        const struct refusal *row = refusal_of((enum refusal_kind)kind);
        assert_in_range(row->code, 300, 699);
        assert_in_range(row->code % 100, 0, 99);
        assert_non_null(row->reason);
        assert_in_range(strlen(row->reason), 0, 127); /* RFC 8489 14.8 */
    }
}

static void attributes_go_with_their_codes(void **state)
{
    (void)state;
    for (int kind = REFUSAL_NONE + 1; kind < REFUSAL_COUNT; kind++) {
        const struct refusal *row = refusal_of((enum refusal_kind)kind);
        assert_int_equal((row->with & REFUSAL_CHALLENGE) != 0,
                         row->code == 401 || row->code == 438);
        assert_int_equal((row->with & REFUSAL_UNKNOWN) != 0, row->code == 420);
        assert_int_equal((row->with & REFUSAL_ALTERNATE) != 0, row->code == 300);
        if (row->with & REFUSAL_UNSIGNED) { /* answers to the unproven are as short as may be */
            assert_string_equal(row->reason, "");
        }
        if (row->with & REFUSAL_CHALLENGE) {
            assert_true(row->with & REFUSAL_UNSIGNED);
        }
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_row_is_the_value_of_success),
        cmocka_unit_test(every_row_is_a_code_with_a_short_reason),
        cmocka_unit_test(attributes_go_with_their_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
