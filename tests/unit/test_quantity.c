/* test_quantity — numbers as people write them: what is taken, refused, and written again. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/quantity.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef enum quantity_verdict (*reader)(const char *word, uint64_t *value);
typedef void (*writer_of)(struct text *t, uint64_t value);

struct quantity_case {
    const char *word;
    enum quantity_verdict verdict;
    uint64_t value;
    const char *written; /* NULL: as it was */
};

static void check(const struct quantity_case *cases, size_t count, reader read, writer_of put)
{
    for (size_t i = 0; i < count; i++) {
        const struct quantity_case *c = &cases[i];
        uint64_t value = 4711;
        print_message("# %s\n", c->word);
        assert_int_equal(read(c->word, &value), c->verdict);
        if (c->verdict != QUANTITY_OK) {
            assert_int_equal(value, 4711);
            continue;
        }
        assert_int_equal(value, c->value);
        char written[64];
        struct text t = text_init(written, sizeof(written));
        put(&t, value);
        assert_string_equal(written, c->written ? c->written : c->word);
    }
}

static void durations(void **state)
{
    (void)state;
    static const struct quantity_case cases[] = {
        {"0", QUANTITY_OK, 0, NULL},
        {"90s", QUANTITY_OK, 90, NULL},
        {"60s", QUANTITY_OK, 60, "1m"},
        {"24h", QUANTITY_OK, 86400, NULL},
        {"1d", QUANTITY_OK, 86400, "24h"},
        {"7d", QUANTITY_OK, 604800, NULL},
        {"90", QUANTITY_FORM, 0, NULL},
        {"", QUANTITY_FORM, 0, NULL},
        {"-1s", QUANTITY_FORM, 0, NULL},
        {"1s ", QUANTITY_FORM, 0, NULL},
        {"01s", QUANTITY_FORM, 0, NULL},
        {"1w", QUANTITY_FORM, 0, NULL},
        {"9e9s", QUANTITY_FORM, 0, NULL},
        {"99999999999999999999s", QUANTITY_LARGE, 0, NULL},
        {"900000000000000000d", QUANTITY_LARGE, 0, NULL},
    };
    check(cases, COUNT(cases), quantity_duration, quantity_put_duration);
}

static void bandwidths(void **state)
{
    (void)state;
    static const struct quantity_case cases[] = {
        {"0", QUANTITY_OK, 0, NULL},
        {"1MB/s", QUANTITY_OK, 1000000, NULL},
        {"40Mbit/s", QUANTITY_OK, 5000000, "5MB/s"},
        {"64kbit/s", QUANTITY_OK, 8000, "8kB/s"},
        {"1", QUANTITY_FORM, 0, NULL},
        {"1MB", QUANTITY_FORM, 0, NULL},
        {"1mb/s", QUANTITY_FORM, 0, NULL},
        {"900000000000000000GB/s", QUANTITY_LARGE, 0, NULL},
    };
    check(cases, COUNT(cases), quantity_bandwidth, quantity_put_bandwidth);
}

static void rates(void **state)
{
    (void)state;
    static const struct quantity_case cases[] = {
        {"0", QUANTITY_OK, 0, NULL},
        {"200/s", QUANTITY_OK, 200, NULL},
        {"200", QUANTITY_FORM, 0, NULL},
        {"/s", QUANTITY_FORM, 0, NULL},
    };
    check(cases, COUNT(cases), quantity_rate, quantity_put_rate);
}

static void numbers(void **state)
{
    (void)state;
    static const struct quantity_case cases[] = {
        {"0", QUANTITY_OK, 0, NULL},
        {"256", QUANTITY_OK, 256, NULL},
        {"256x", QUANTITY_FORM, 0, NULL},
        {"00", QUANTITY_FORM, 0, NULL},
        {"18446744073709551616", QUANTITY_LARGE, 0, NULL},
    };
    check(cases, COUNT(cases), quantity_number, text_u64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(bandwidths),
        cmocka_unit_test(rates),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
