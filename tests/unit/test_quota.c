/* test_quota — allocations per account: limits, full windows, four threads at once. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "engine/quota.h"

#include <pthread.h>

enum { CELLS = 1024, THREADS = 4, ACCOUNTS = 24, ROUNDS = 200000, LIMIT = 3 };

static _Atomic uint64_t cells[CELLS];
static struct quota quota = {cells, CELLS - 1};
static _Atomic int held[ACCOUNTS];
static _Atomic int most[ACCOUNTS];

static int begin(void **state)
{
    (void)state;
    for (int i = 0; i < CELLS; i++) {
        cells[i] = 0;
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (int i = 0; i < CELLS; i++) {
        if (cells[i] != 0) {
            return -1; /* something was not given back */
        }
    }
    return 0;
}

static void counts_up_to_the_limit(void **state)
{
    (void)state;
    uint64_t key = UINT64_C(0x123456789abcdef0);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(quota_count(&quota, key), i);
        assert_true(quota_take(&quota, key, 5));
    }
    assert_false(quota_take(&quota, key, 5));
    assert_int_equal(quota_count(&quota, key), 5);
    assert_true(quota_take(&quota, key, 6));  /* a limit may be raised */
    assert_false(quota_take(&quota, key, 2)); /* and lowered */
    for (int i = 0; i < 6; i++) {
        quota_give(&quota, key);
    }
    assert_int_equal(quota_count(&quota, key), 0);
}

static void accounts_of_one_window_are_told_apart(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= QUOTA_WINDOW; i++) {
        assert_true(quota_take(&quota, i << 40, 1));
    }
    for (uint64_t i = 1; i <= QUOTA_WINDOW; i++) {
        assert_false(quota_take(&quota, i << 40, 1));
        assert_int_equal(quota_count(&quota, i << 40), 1);
    }
    assert_false(quota_take(&quota, UINT64_C(99) << 40, 1)); /* the window is full of others */
    quota_give(&quota, UINT64_C(7) << 40);
    assert_true(quota_take(&quota, UINT64_C(99) << 40, 1));
    quota_give(&quota, UINT64_C(99) << 40);
    for (uint64_t i = 1; i <= QUOTA_WINDOW; i++) {
        if (i != 7) {
            quota_give(&quota, i << 40);
        }
    }
}

static void key_of_no_tag_counts_too(void **state)
{
    (void)state;
    assert_true(quota_take(&quota, 0, 1));
    assert_false(quota_take(&quota, 0, 1));
    quota_give(&quota, 0);
    quota_give(&quota, 0); /* what was not taken is not given */
    assert_int_equal(quota_count(&quota, 0), 0);
}

/* key_of — all accounts share two windows, so that cells come and go beside each other. */
static uint64_t key_of(uint32_t account)
{
    return (uint64_t)(account + 1) << 32 | (account & 1);
}

static void *race(void *context)
{
    uint64_t chance = (uint64_t)(uintptr_t)context;
    int mine[ACCOUNTS] = {0};
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t account = support_below(&chance, 4) ? 3 : support_below(&chance, ACCOUNTS);
        if (mine[account] > 0 && support_below(&chance, 2)) {
            mine[account]--;
            held[account]--; /* first: what is held is never less than what is counted */
            quota_give(&quota, key_of(account));
        } else if (quota_take(&quota, key_of(account), LIMIT)) {
            int now = ++held[account];
            mine[account]++;
            if (now > most[account]) {
                most[account] = now;
            }
        }
    }
    for (uint32_t account = 0; account < ACCOUNTS; account++) {
        for (; mine[account] > 0; mine[account]--) {
            held[account]--;
            quota_give(&quota, key_of(account));
        }
    }
    return NULL;
}

static void four_threads_never_pass_the_limit(void **state)
{
    (void)state;
    pthread_t thread[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, race, (void *)(i + 1)), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
    }
    for (int i = 0; i < ACCOUNTS; i++) {
        assert_in_range(most[i], 1, LIMIT);
        assert_int_equal(held[i], 0);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts_up_to_the_limit, begin, end),
        cmocka_unit_test_setup_teardown(accounts_of_one_window_are_told_apart, begin, end),
        cmocka_unit_test_setup_teardown(key_of_no_tag_counts_too, begin, end),
        cmocka_unit_test_setup_teardown(four_threads_never_pass_the_limit, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
