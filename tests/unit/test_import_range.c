/* test_import_range — ranges as coturn writes them, and the prefixes that they are made of. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "ctl/import_range.h"

#include <string.h>

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ROOM = 16384 };

static void put_prefix(void *context, const struct prefix *prefix)
{
    struct text *t = context;
    text_put(t, t->used ? " " : "");
    text_host(t, &prefix->first);
    text_char(t, '/');
    text_u64(t, prefix->length);
}

static void ranges_become_prefixes(void **state)
{
    (void)state;
    static const struct {
        const char *range, *prefixes;
    } cases[] = {
        {"10.0.0.0-10.255.255.255", "10.0.0.0/8"},
        {"10.0.0.1", "10.0.0.1/32"},
        {" 10.0.0.1 - 10.0.0.1 ", "10.0.0.1/32"},
        {"10.0.0.0/24", "10.0.0.0/24"},
        {"0.0.0.0-255.255.255.255", "0.0.0.0/0"},
        {"192.0.2.1-192.0.2.6", "192.0.2.1/32 192.0.2.2/31 192.0.2.4/31 192.0.2.6/32"},
        {"172.16.0.0-172.31.255.255", "172.16.0.0/12"},
        {"255.255.255.254-255.255.255.255", "255.255.255.254/31"},
        {"::1", "::1/128"},
        {"fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fc00::/7"},
        {"::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"},
        {"2001:db8::1-2001:db8::2", "2001:db8::1/128 2001:db8::2/128"},
        {"::ffff:10.0.0.1", "10.0.0.1/32"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[ROOM];
        struct text t = text_init(out, sizeof(out));
        struct import_range range;
        print_message("# %s\n", cases[i].range);
        assert_true(import_range_parse(span_of_text(cases[i].range), &range));
        import_range_each(&range, put_prefix, &t);
        assert_string_equal(out, cases[i].prefixes);
    }
}

static void what_is_no_range_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "-",
        "10.0.0.1-",
        "-10.0.0.1",
        "10.0.0.2-10.0.0.1",
        "10.0.0.1-::1",
        "10.0.0",
        "10.0.0.1:80",
        "10.0.0.1/24",
        "10.0.0.0/33",
        "a-b",
        "10.0.0.1-10.0.0.2-10.0.0.3",
        "[::1]",
        "ffff",
        "10.0.0.1-10.0.0.0/8",
        "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000001"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct import_range range;
        print_message("# %s\n", cases[i]);
        assert_false(import_range_parse(span_of_text(cases[i]), &range));
    }
    struct import_range range;
    assert_false(import_range_parse((struct span){(const uint8_t *)"10.0.0.1\0", 9}, &range));
    assert_false(import_range_parse((struct span){NULL, 0}, &range));
}

static void add(struct import_ranges *ranges, const char *text)
{
    struct import_range range;
    assert_true(import_range_parse(span_of_text(text), &range));
    import_range_add(ranges, &range);
}

static void ranges_that_touch_are_joined(void **state)
{
    (void)state;
    struct import_ranges ranges = {.at = NULL};
    char out[ROOM];
    struct text t = text_init(out, sizeof(out));
    add(&ranges, "10.0.1.0-10.0.1.255");
    add(&ranges, "::1");
    add(&ranges, "10.0.0.0-10.0.0.255");
    add(&ranges, "10.0.0.7");
    add(&ranges, "255.255.255.255");
    add(&ranges, "10.0.3.0");
    import_range_join(&ranges);
    for (size_t i = 0; i < ranges.count; i++) {
        import_range_each(&ranges.at[i], put_prefix, &t);
    }
    assert_string_equal(out, "10.0.0.0/23 10.0.3.0/32 255.255.255.255/32 ::1/128");
    struct prefix inside =
        prefix_of(&(struct netaddr){.ip = {10, 0, 1}, .family = NETADDR_IPV4}, 24);
    struct prefix beyond =
        prefix_of(&(struct netaddr){.ip = {10, 0, 0}, .family = NETADDR_IPV4}, 22);
    assert_true(import_range_holds(&ranges, &inside));
    assert_false(import_range_holds(&ranges, &beyond));
    import_range_fini(&ranges);
}

static void every_address_is_in_exactly_one_prefix(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int round = 0; round < 200; round++) {
        uint32_t first = (uint32_t)support_random(&random);
        uint32_t size = support_below(&random, 100000);
        uint32_t last = first > UINT32_MAX - size ? UINT32_MAX : first + size;
        struct import_range range = {netaddr_ipv4(first, 0), netaddr_ipv4(last, 0)};
        char out[ROOM];
        struct text t = text_init(out, sizeof(out));
        import_range_each(&range, put_prefix, &t);
        assert_false(t.cut);
        uint64_t next = first;
        char *rest;
        for (char *word = strtok_r(out, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
            struct prefix p;
            assert_true(prefix_parse(word, &p));
            assert_int_equal(netaddr_ipv4_value(&p.first), next);
            next += UINT64_C(1) << (32 - p.length);
        }
        assert_int_equal(next, (uint64_t)last + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_become_prefixes),
        cmocka_unit_test(what_is_no_range_is_refused),
        cmocka_unit_test(ranges_that_touch_are_joined),
        cmocka_unit_test(every_address_is_in_exactly_one_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
