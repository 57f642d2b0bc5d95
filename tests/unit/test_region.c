/* test_region — records that grow in place, also when memory is short. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/region.h"

static struct support_memory memory;
static struct region region;

static int begin(void **state)
{
    (void)state;
    support_memory_init(&memory);
    return region_init(&region, &memory.memory, (size_t)8 * REGION_STEP - 1) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    region_fini(&region);
    return memory.reservations == 0 ? 0 : -1;
}

static void new_region_has_committed_nothing(void **state)
{
    (void)state;
    assert_int_equal(memory.commits, 0);
    assert_int_equal(region.committed, 0);
    assert_int_equal(memory.reservations, 1);
}

static void first_byte_costs_one_step(void **state)
{
    (void)state;
    assert_true(region_reach(&region, 1));
    assert_int_equal(memory.commits, 1);
    assert_true(region_reach(&region, REGION_STEP));
    assert_int_equal(memory.commits, 1);
    assert_true(region_reach(&region, REGION_STEP + 1));
    assert_int_equal(memory.commits, 2);
}

static void committed_bytes_are_zero_and_writable(void **state)
{
    (void)state;
    assert_true(region_reach(&region, (size_t)3 * REGION_STEP));
    for (size_t i = 0; i < (size_t)3 * REGION_STEP; i++) {
        assert_int_equal(region.base[i], 0);
        region.base[i] = 1;
    }
}

static void growing_moves_and_clears_nothing(void **state)
{
    (void)state;
    assert_true(region_reach(&region, 1));
    uint8_t *base = region.base;
    base[0] = 0xee;
    assert_true(region_reach(&region, (size_t)8 * REGION_STEP - 1));
    assert_ptr_equal(region.base, base);
    assert_int_equal(base[0], 0xee);
}

static void nothing_is_reached_beyond_the_reservation(void **state)
{
    (void)state;
    assert_false(region_reach(&region, (size_t)8 * REGION_STEP + 1));
    assert_false(region_reach(&region, SIZE_MAX));
    assert_int_equal(memory.commits, 0);
    assert_true(region_reach(&region, (size_t)8 * REGION_STEP));
}

static void failing_commit_keeps_what_is_there(void **state)
{
    (void)state;
    assert_true(region_reach(&region, REGION_STEP));
    region.base[REGION_STEP - 1] = 0xee;
    support_memory_fail(&memory, 2, 1);
    assert_false(region_reach(&region, (size_t)4 * REGION_STEP));
    assert_int_equal(region.committed, 2 * REGION_STEP);
    assert_int_equal(region.base[REGION_STEP - 1], 0xee);
    assert_true(region_reach(&region, (size_t)4 * REGION_STEP)); /* memory is back */
    assert_int_equal(region.base[(size_t)4 * REGION_STEP - 1], 0);
}

static void no_address_space_is_a_refusal(void **state)
{
    (void)state;
    struct support_memory none;
    struct region r;
    support_memory_init(&none);
    none.reserve_fails = true;
    assert_false(region_init(&r, &none.memory, 1));
    region_fini(&r); /* and needs no special care */
    assert_int_equal(none.reservations, 0);
}

static void region_of_zeros_may_be_released(void **state)
{
    (void)state;
    struct region r = {0};
    region_fini(&r);
    assert_null(r.base);
}

/* on_region — a test that finds a new region of eight steps and leaves no memory behind. */
static struct CMUnitTest on_region(const char *sentence, CMUnitTestFunction function)
{
    return (struct CMUnitTest){
        .name = sentence, .test_func = function, .setup_func = begin, .teardown_func = end};
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        on_region("a new region has committed nothing", new_region_has_committed_nothing),
        on_region("memory is committed by the step", first_byte_costs_one_step),
        on_region("committed bytes are zero and can be written",
                  committed_bytes_are_zero_and_writable),
        on_region("growing moves and clears nothing", growing_moves_and_clears_nothing),
        on_region("nothing is reached beyond the reservation",
                  nothing_is_reached_beyond_the_reservation),
        on_region("a failing commit keeps what is there", failing_commit_keeps_what_is_there),
        {.name = "no address space is a refusal", .test_func = no_address_space_is_a_refusal},
        {.name = "a region of zeros may be released", .test_func = region_of_zeros_may_be_released},
    };
    return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
