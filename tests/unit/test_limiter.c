/* test_limiter — unauthenticated answers per source prefix and second. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "engine/limiter.h"

#include <pthread.h>
#include <string.h>

static struct limiter limiter;

static int begin(void **state)
{
    (void)state;
    memset(&limiter, 0, sizeof(limiter));
    limiter.key = (struct siphash_key){{1, 2}};
    return 0;
}

static struct mono second(uint64_t s)
{
    return (struct mono){s * MONO_SECOND + 5};
}

/* passed — how many of `tries` get through. */
static unsigned passed(uint32_t ip, unsigned kind, uint32_t limit, unsigned tries, uint64_t at)
{
    unsigned count = 0;
    for (unsigned i = 0; i < tries; i++) {
        struct netaddr a = netaddr_ipv4(ip + i % 200, (uint16_t)i); /* the /24 counts */
        count += limiter_take(&limiter, &a, kind, limit, second(at));
    }
    return count;
}

static void limit_then_a_sample(void **state)
{
    (void)state;
    assert_int_equal(passed(0xcb007100, 0, 100, 100, 7), 100);
    assert_int_equal(passed(0xcb007100, 0, 100, 1600, 7), 100);
    assert_int_equal(passed(0xcb007100, 0, 100, 100, 8), 100);
    assert_int_equal(passed(0xcb007100, 0, 100, 15, 8), 0);
}

static void no_limit(void **state)
{
    (void)state;
    assert_int_equal(passed(0xcb007100, 0, 0, 5000, 7), 5000);
}

static void kinds_and_prefixes_are_counted_apart(void **state)
{
    (void)state;
    assert_int_equal(passed(0xcb007100, 0, 10, 10, 7), 10);
    assert_int_equal(passed(0xcb007100, 0, 10, 15, 7), 0);
    assert_int_equal(passed(0xcb007100, 1, 10, 10, 7), 10);
    assert_int_equal(passed(0xcb007200, 0, 10, 10, 7), 10);
}

static void ipv6_counts_by_56_bits(void **state)
{
    (void)state;
    uint8_t ip[16] = {0x20, 1, 0xd, 0xb8, 0, 9, 1, 0};
    for (unsigned i = 0; i < 10; i++) {
        ip[7] = (uint8_t)i;
        ip[15] = (uint8_t)(i * 3);
        struct netaddr a = netaddr_ipv6(ip, 1);
        assert_true(limiter_take(&limiter, &a, 0, 10, second(7)));
    }
    struct netaddr same = netaddr_ipv6(ip, 1);
    assert_false(limiter_take(&limiter, &same, 0, 10, second(7)));
    ip[6] = 2;
    struct netaddr other = netaddr_ipv6(ip, 1);
    assert_true(limiter_take(&limiter, &other, 0, 10, second(7)));
}

static void family_is_part_of_the_source(void **state)
{
    (void)state;
    uint8_t ip[16] = {0xcb, 0, 0x71};
    struct netaddr four = netaddr_ipv4(0xcb007100, 1);
    struct netaddr six = netaddr_ipv6(ip, 1);
    assert_true(limiter_take(&limiter, &four, 0, 1, second(7)));
    assert_true(limiter_take(&limiter, &six, 0, 1, second(7)));
    assert_false(limiter_take(&limiter, &four, 0, 1, second(7)));
}

static void spoofed_victim_is_never_shut_out(void **state)
{
    (void)state;
    passed(0xcb007100, 0, 5, 100000, 7);
    assert_in_range(passed(0xcb007100, 0, 5, 160, 7), 10, 10);
}

static void *race(void *context)
{
    unsigned *count = context;
    struct netaddr a = netaddr_ipv4(0xcb007101, 1);
    for (int i = 0; i < 25000; i++) {
        *count += limiter_take(&limiter, &a, 0, 1000, second(7));
    }
    return NULL;
}

static void four_threads_share_the_limit(void **state)
{
    (void)state;
    pthread_t thread[4];
    unsigned count[4] = {0};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, race, &count[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(count[0] + count[1] + count[2] + count[3], 1000 + 99000 / LIMITER_SAMPLE);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(limit_then_a_sample, begin),
        cmocka_unit_test_setup(no_limit, begin),
        cmocka_unit_test_setup(kinds_and_prefixes_are_counted_apart, begin),
        cmocka_unit_test_setup(ipv6_counts_by_56_bits, begin),
        cmocka_unit_test_setup(family_is_part_of_the_source, begin),
        cmocka_unit_test_setup(spoofed_victim_is_never_shut_out, begin),
        cmocka_unit_test_setup(four_threads_share_the_limit, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
