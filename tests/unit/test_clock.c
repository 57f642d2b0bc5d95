/* test_clock — the two clocks: one never goes back and is never 0, the other is the calendar. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/clock.h"

#include <time.h>

static void monotonic_clock_never_goes_back_and_is_never_zero(void **state)
{
    (void)state;
    uint64_t before = 0;
    for (int i = 0; i < 100000; i++) {
        struct now now = clock_now();
        assert_true(now.mono.ns >= MONO_SECOND);
        assert_true(now.mono.ns >= before);
        before = now.mono.ns;
    }
}

static void monotonic_clock_counts_nanoseconds(void **state)
{
    (void)state;
    struct timespec pause = {0, 20000000};
    struct now first = clock_now();
    nanosleep(&pause, NULL);
    struct now second = clock_now();
    assert_true(second.mono.ns - first.mono.ns >= 20000000);
}

static void calendar_is_that_of_the_machine(void **state)
{
    (void)state;
    time_t before = time(NULL);
    struct now now = clock_now();
    int64_t us = clock_wall_us();
    time_t after = time(NULL);
    assert_in_range(now.wall.s, before - 1, after); /* the coarse clock may lag by a tick */
    assert_in_range(us / 1000000, before, after + 1);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"the monotonic clock never goes back and is never 0",
         monotonic_clock_never_goes_back_and_is_never_zero, NULL, NULL, NULL},
        {"the monotonic clock counts nanoseconds", monotonic_clock_counts_nanoseconds, NULL, NULL,
         NULL},
        {"the calendar is that of the machine", calendar_is_that_of_the_machine, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
