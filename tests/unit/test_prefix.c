/* test_prefix — ranges of addresses, at the edges of their lengths above all. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/prefix.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct netaddr address(const char *text)
{
    struct netaddr a;
    assert_true(netaddr_parse(text, &a));
    return a;
}

static struct prefix parsed(const char *text)
{
    struct prefix p;
    if (!prefix_parse(text, &p)) {
        fail_msg("%s was refused", text);
    }
    return p;
}

static void first_and_last_are_within_and_their_neighbours_not(void **state)
{
    (void)state;
    static const struct {
        const char *range, *first, *last, *below, *above;
    } edges[] = {
        {"0.0.0.0/0", "0.0.0.0", "255.255.255.255", NULL, NULL},
        {"128.0.0.0/1", "128.0.0.0", "255.255.255.255", "127.255.255.255", NULL},
        {"0.0.0.0/7", "0.0.0.0", "1.255.255.255", NULL, "2.0.0.0"},
        {"10.0.0.0/8", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
        {"10.128.0.0/9", "10.128.0.0", "10.255.255.255", "10.127.255.255", "11.0.0.0"},
        {"172.16.0.0/12", "172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"},
        {"192.0.2.254/31", "192.0.2.254", "192.0.2.255", "192.0.2.253", "192.0.3.0"},
        {"192.0.2.7/32", "192.0.2.7", "192.0.2.7", "192.0.2.6", "192.0.2.8"},
        {"192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.6", "192.0.2.8"},
        {"::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, NULL},
        {"8000::/1", "8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
        {"fe80::/10", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::"},
        {"2001:db8:0:2::/63", "2001:db8:0:2::", "2001:db8:0:3:ffff:ffff:ffff:ffff",
         "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:4::"},
        {"2001:db8:0:2::/64", "2001:db8:0:2::", "2001:db8:0:2:ffff:ffff:ffff:ffff",
         "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:3::"},
        {"2001:db8::8000:0:0:0/65", "2001:db8::8000:0:0:0", "2001:db8::ffff:ffff:ffff:ffff",
         "2001:db8::7fff:ffff:ffff:ffff", "2001:db8:0:1::"},
        {"2001:db8::2/127", "2001:db8::2", "2001:db8::3", "2001:db8::1", "2001:db8::4"},
        {"2001:db8::2/128", "2001:db8::2", "2001:db8::2", "2001:db8::1", "2001:db8::3"},
        {"2001:db8::2", "2001:db8::2", "2001:db8::2", "2001:db8::1", "2001:db8::3"},
    };
    for (size_t i = 0; i < COUNT(edges); i++) {
        struct prefix p = parsed(edges[i].range);
        struct netaddr first = address(edges[i].first);
        struct netaddr last = address(edges[i].last);
        assert_true(netaddr_is_equal(&p.first, &first));
        assert_true(prefix_has(&p, &first));
        assert_true(prefix_has(&p, &last));
        const char *const outside[] = {edges[i].below, edges[i].above};
        for (size_t j = 0; j < COUNT(outside); j++) {
            if (outside[j]) {
                struct netaddr a = address(outside[j]);
                assert_false(prefix_has(&p, &a));
            }
        }
    }
}

static void port_does_not_matter(void **state)
{
    (void)state;
    struct prefix p = parsed("192.0.2.0/24");
    struct netaddr a = address("192.0.2.1:65535");
    assert_true(prefix_has(&p, &a));
}

static void families_do_not_mix(void **state)
{
    (void)state;
    struct prefix v4 = parsed("0.0.0.0/0");
    struct prefix v6 = parsed("::/0");
    struct netaddr mapped = address("::ffff:192.0.2.1");
    struct netaddr plain = address("192.0.2.1");
    assert_false(prefix_has(&v4, &mapped));
    assert_false(prefix_has(&v6, &plain));
}

static const char *const no_prefix[] = {
    "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/99", "10.0.0.0/256", "10.0.0.0/-1",
    "10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/8 ", "10.0.0.0/8x", "10.0.0.0/x", "10.0.0.0/8/8",
    "10.0.0.0//8", "10.0.0.0/4294967304", "10.0.0.0/255.0.0.0", "10.0.0/8", "10/8", "::/129",
    "::/999", "::/18446744073709551616", "2001:db8::/x",
    /* a prefix has no port and no brackets */
    "10.0.0.0:80", "10.0.0.0:80/8", "10.0.0.0:0/8", "10.0.0.0:0", "[::]/0", "[::1]", "[::]:80/0",
    /* a bit behind the length is set */
    "10.0.0.1/8", "10.0.0.1/31", "0.0.0.1/0", "128.0.0.0/0", "10.128.0.0/8", "2001:db8::1/127",
    "2001:db8::1/32", "8000::/0", "::1/0",
    /* longer than any address */
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000.0.0.0/8"};

static void everything_else_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(no_prefix); i++) {
        struct prefix p;
        if (prefix_parse(no_prefix[i], &p)) {
            fail_msg("\"%s\" was taken for a prefix", no_prefix[i]);
        }
    }
}

static void refusal_leaves_the_result_alone(void **state)
{
    (void)state;
    struct prefix before = parsed("2001:db8::/32");
    for (size_t i = 0; i < COUNT(no_prefix); i++) {
        struct prefix p = before;
        (void)prefix_parse(no_prefix[i], &p);
        assert_memory_equal(&p.first, &before.first, sizeof(p.first));
        assert_int_equal(p.length, before.length);
    }
}

static void prefix_of_clears_what_is_behind_it(void **state)
{
    (void)state;
    struct netaddr a = address("[2001:db8:ffff:ffff::1]:80");
    struct prefix p = prefix_of(&a, 35);
    struct netaddr first = address("2001:db8:e000::");
    assert_int_equal(p.length, 35);
    assert_true(netaddr_is_equal(&p.first, &first));
}

static void length_is_cut_to_the_width_of_the_family(void **state)
{
    (void)state;
    struct netaddr v4 = address("192.0.2.1");
    struct netaddr v6 = address("2001:db8::1");
    assert_int_equal(prefix_of(&v4, 33).length, 32);
    assert_int_equal(prefix_of(&v4, 1000).length, 32);
    assert_int_equal(prefix_of(&v6, 129).length, 128);
    struct prefix whole = prefix_of(&v6, 1000);
    assert_true(netaddr_is_equal(&whole.first, &v6));
}

/* common_bits — leading bits that two addresses share, counted one by one. */
static unsigned common_bits(const struct netaddr *a, const struct netaddr *b)
{
    unsigned bits = 0;
    while (bits < 8 * netaddr_size(a) &&
           (a->ip[bits / 8] >> (7 - bits % 8) & 1) == (b->ip[bits / 8] >> (7 - bits % 8) & 1)) {
        bits++;
    }
    return bits;
}

static void having_means_sharing_the_leading_bits(void **state)
{
    (void)state;
    uint64_t chance = 3;
    for (int i = 0; i < 20000; i++) {
        uint8_t ip[16];
        support_fill(&chance, ip, sizeof(ip));
        bool is_v4 = support_below(&chance, 2) == 0;
        unsigned width = is_v4 ? 32 : 128;
        struct netaddr a =
            is_v4 ? netaddr_ipv4((uint32_t)support_random(&chance), 0) : netaddr_ipv6(ip, 0);
        struct netaddr b = a;
        unsigned flipped = support_below(&chance, width);
        b.ip[flipped / 8] ^= (uint8_t)(0x80 >> flipped % 8);
        unsigned length = support_below(&chance, width + 1);
        struct prefix p = prefix_of(&a, length);
        assert_true(prefix_has(&p, &a));
        assert_int_equal(prefix_has(&p, &b), common_bits(&a, &b) >= length);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "the first and the last address are within, their neighbours are not",
         .test_func = first_and_last_are_within_and_their_neighbours_not},
        {.name = "the port does not matter", .test_func = port_does_not_matter},
        {.name = "families do not mix", .test_func = families_do_not_mix},
        {.name = "everything else is refused", .test_func = everything_else_is_refused},
        {.name = "a refusal leaves the result alone", .test_func = refusal_leaves_the_result_alone},
        {.name = "the prefix of an address clears what is behind it",
         .test_func = prefix_of_clears_what_is_behind_it},
        {.name = "the length is cut to the width of the family",
         .test_func = length_is_cut_to_the_width_of_the_family},
        {.name = "having an address means sharing its leading bits",
         .test_func = having_means_sharing_the_leading_bits},
    };
    return cmocka_run_group_tests_name("prefix", tests, NULL, NULL);
}
