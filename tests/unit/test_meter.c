/* test_meter — the token bucket of an allocation. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "relay/meter.h"

static const struct mono start = {UINT64_C(5000) * MONO_SECOND};

static void without_a_rate_all_passes(void **state)
{
    (void)state;
    struct meter m = meter_init(0);
    for (int i = 0; i < 1000; i++) {
        assert_true(meter_take(&m, 65535, start));
    }
}

static void long_run_keeps_to_the_rate(void **state)
{
    (void)state;
    static const uint64_t rates[] = {1000, 12500, 125000, 1000000, 125000000};
    for (size_t k = 0; k < sizeof(rates) / sizeof(rates[0]); k++) {
        struct meter m = meter_init(rates[k]);
        uint64_t passed = 0;
        size_t size = rates[k] < 50000 ? 50 : 1200;
        for (uint64_t ns = 0; ns < 10 * MONO_SECOND; ns += MONO_SECOND * size / rates[k] / 2) {
            struct mono now = mono_add_ns(start, ns);
            passed += meter_take(&m, size, now) ? size : 0;
        }
        uint64_t most = rates[k] * 10 + rates[k] / 2 + size;
        assert_in_range(passed, rates[k] * 10, most + most / 500);
    }
}

static void burst_is_half_a_second(void **state)
{
    (void)state;
    struct meter m = meter_init(100000);
    uint64_t passed = 0;
    while (meter_take(&m, 1000, start)) {
        passed += 1000;
    }
    assert_in_range(passed, 50000, 52000);
    assert_false(meter_take(&m, 1, start));
    assert_true(meter_take(&m, 1000, mono_add_ns(start, MONO_SECOND / 10)));
}

static void idle_time_saves_no_more_than_a_burst(void **state)
{
    (void)state;
    struct meter m = meter_init(100000);
    struct mono later = mono_add_s(start, 3600);
    uint64_t passed = 0;
    assert_true(meter_take(&m, 1000, start));
    while (meter_take(&m, 1000, later)) {
        passed += 1000;
    }
    assert_in_range(passed, 50000, 52000);
}

static void refused_bytes_cost_nothing(void **state)
{
    (void)state;
    struct meter m = meter_init(1000);
    while (meter_take(&m, 100, start)) {
    }
    struct meter before = m;
    for (int i = 0; i < 1000; i++) {
        assert_false(meter_take(&m, 65535, start));
    }
    assert_int_equal(m.full_at.ns, before.full_at.ns);
}

static void empty_datagrams_pass_while_there_is_room(void **state)
{
    (void)state;
    struct meter m = meter_init(1000);
    for (int i = 0; i < 1000; i++) {
        assert_true(meter_take(&m, 0, start));
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_rate_all_passes),
        cmocka_unit_test(long_run_keeps_to_the_rate),
        cmocka_unit_test(burst_is_half_a_second),
        cmocka_unit_test(idle_time_saves_no_more_than_a_burst),
        cmocka_unit_test(refused_bytes_cost_nothing),
        cmocka_unit_test(empty_datagrams_pass_while_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
