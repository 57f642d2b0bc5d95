/* test_text — short texts: what is written, and that too much is cut and never spills. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct netaddr address(const char *text)
{
    struct netaddr a;
    assert_true(netaddr_parse(text, &a));
    return a;
}

static void new_text_is_empty(void **state)
{
    (void)state;
    char bytes[4] = "xyz";
    struct text t = text_init(bytes, sizeof(bytes));
    assert_string_equal(bytes, "");
    assert_int_equal(t.used, 0);
    assert_false(t.cut);
}

static void parts_are_appended_in_order(void **state)
{
    (void)state;
    char bytes[32];
    struct text t = text_init(bytes, sizeof(bytes));
    text_put(&t, "user");
    text_char(&t, '=');
    text_span(&t, (struct span){(const uint8_t *)"alice bob", 5});
    text_put(&t, "");
    text_u64(&t, 7);
    assert_string_equal(bytes, "user=alice7");
    assert_int_equal(t.used, 11);
    assert_false(t.cut);
}

static void text_that_just_fits_is_not_cut(void **state)
{
    (void)state;
    char bytes[5];
    struct text t = text_init(bytes, sizeof(bytes));
    text_put(&t, "four");
    assert_false(t.cut);
    assert_string_equal(bytes, "four");
    text_put(&t, "");
    assert_false(t.cut);
}

static void text_too_long_is_cut_and_ends_with_nul(void **state)
{
    (void)state;
    for (size_t room = 1; room <= 9; room++) {
        char bytes[16];
        memset(bytes, '#', sizeof(bytes));
        struct text t = text_init(bytes, room);
        text_put(&t, "123");
        text_u64(&t, 456);
        text_hex(&t, "\x78\x90", 2);
        assert_true(t.cut);
        assert_int_equal(t.used, room - 1);
        assert_memory_equal(bytes, "1234567890", room - 1);
        assert_int_equal(bytes[room - 1], '\0');
        for (size_t i = room; i < sizeof(bytes); i++) {
            assert_int_equal(bytes[i], '#');
        }
    }
}

static void text_stays_cut(void **state)
{
    (void)state;
    char bytes[3];
    struct text t = text_init(bytes, sizeof(bytes));
    text_put(&t, "abc");
    text_put(&t, "");
    text_span(&t, (struct span){NULL, 0});
    assert_true(t.cut);
    assert_string_equal(bytes, "ab");
}

static void unsigned_numbers_are_decimal(void **state)
{
    (void)state;
    static const uint64_t values[] = {0, 1, 9, 10, 99, 100, 65535, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < COUNT(values); i++) {
        char bytes[32];
        char expected[32];
        struct text t = text_init(bytes, sizeof(bytes));
        text_u64(&t, values[i]);
        snprintf(expected, sizeof(expected), "%llu", (unsigned long long)values[i]);
        assert_string_equal(bytes, expected);
    }
}

static void signed_numbers_keep_their_sign(void **state)
{
    (void)state;
    static const int64_t values[] = {0, 1, -1, -9, -10, INT32_MIN, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < COUNT(values); i++) {
        char bytes[32];
        char expected[32];
        struct text t = text_init(bytes, sizeof(bytes));
        text_i64(&t, values[i]);
        snprintf(expected, sizeof(expected), "%lld", (long long)values[i]);
        assert_string_equal(bytes, expected);
    }
}

static void hex_is_lower_case_and_full_width(void **state)
{
    (void)state;
    static const uint8_t value[] = {0x00, 0x0f, 0xf0, 0xab, 0xff};
    char bytes[32];
    struct text t = text_init(bytes, sizeof(bytes));
    text_hex(&t, value, sizeof(value));
    assert_string_equal(bytes, "000ff0abff");
}

static void addresses_are_written_as_rfc_5952_says(void **state)
{
    (void)state;
    static const struct {
        const char *address, *host, *whole;
    } forms[] = {
        {"192.0.2.1:80", "192.0.2.1", "192.0.2.1:80"},
        {"0.0.0.0", "0.0.0.0", "0.0.0.0:0"},
        {"255.255.255.255:65535", "255.255.255.255", "255.255.255.255:65535"},
        {"[2001:db8::1]:80", "2001:db8::1", "[2001:db8::1]:80"},
        {"::", "::", "[::]:0"},
        {"::1", "::1", "[::1]:0"},
        {"1::", "1::", "[1::]:0"},
        {"2001:0DB8:0:0:8:0800:200C:417A", "2001:db8::8:800:200c:417a",
         "[2001:db8::8:800:200c:417a]:0"},
        /* one group of zeros is not shortened, 4.2.2 */
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:0"},
        {"0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7", "[0:1:2:3:4:5:6:7]:0"},
        {"1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0", "[1:2:3:4:5:6:7:0]:0"},
        /* the longest run, of equal ones the first, 4.2.3 */
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1", "[2001:0:0:1::1]:0"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "[2001:db8::1:0:0:1]:0"},
        {"0:0:1:2:3:4:0:0", "::1:2:3:4:0:0", "[::1:2:3:4:0:0]:0"},
    };
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct netaddr a = address(forms[i].address);
        char bytes[TEXT_NETADDR_SIZE];
        struct text t = text_init(bytes, sizeof(bytes));
        text_host(&t, &a);
        assert_string_equal(bytes, forms[i].host);
        t = text_init(bytes, sizeof(bytes));
        text_netaddr(&t, &a);
        assert_string_equal(bytes, forms[i].whole);
    }
}

static void hosts_are_written_as_inet_ntop_does(void **state)
{
    (void)state;
    uint64_t chance = 4;
    for (int i = 0; i < 50000; i++) {
        uint8_t ip[16];
        support_fill(&chance, ip, sizeof(ip));
        for (uint32_t zeros = support_below(&chance, 256), at = 0; at < 16; at++) {
            ip[at] = zeros >> at / 2 & 1 ? 0 : ip[at];
        }
        ip[0] = (uint8_t)(ip[0] | 1); /* inet_ntop writes some that begin with zeros half dotted */
        struct netaddr a = netaddr_ipv6(ip, 0);
        char bytes[TEXT_NETADDR_SIZE];
        char expected[INET6_ADDRSTRLEN];
        struct text t = text_init(bytes, sizeof(bytes));
        text_host(&t, &a);
        inet_ntop(AF_INET6, ip, expected, sizeof(expected));
        assert_string_equal(bytes, expected);
    }
}

static void no_address_is_a_dash(void **state)
{
    (void)state;
    struct netaddr none = {.port = 80, .family = NETADDR_NONE};
    char bytes[TEXT_NETADDR_SIZE];
    struct text t = text_init(bytes, sizeof(bytes));
    text_host(&t, &none);
    text_char(&t, ' ');
    text_netaddr(&t, &none);
    assert_string_equal(bytes, "- -");
}

static void longest_address_has_room(void **state)
{
    (void)state;
    struct netaddr a = address("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
    char bytes[TEXT_NETADDR_SIZE];
    struct text t = text_init(bytes, sizeof(bytes));
    text_netaddr(&t, &a);
    assert_false(t.cut);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "a new text is empty", .test_func = new_text_is_empty},
        {.name = "parts are appended in order", .test_func = parts_are_appended_in_order},
        {.name = "a text that just fits is not cut", .test_func = text_that_just_fits_is_not_cut},
        {.name = "a text that is too long is cut and ends with a NUL",
         .test_func = text_too_long_is_cut_and_ends_with_nul},
        {.name = "a text stays cut", .test_func = text_stays_cut},
        {.name = "unsigned numbers are decimal", .test_func = unsigned_numbers_are_decimal},
        {.name = "signed numbers keep their sign", .test_func = signed_numbers_keep_their_sign},
        {.name = "hex is lower case and full width", .test_func = hex_is_lower_case_and_full_width},
        {.name = "addresses are written as RFC 5952 says",
         .test_func = addresses_are_written_as_rfc_5952_says},
        {.name = "hosts are written as inet_ntop does",
         .test_func = hosts_are_written_as_inet_ntop_does},
        {.name = "no address is a dash", .test_func = no_address_is_a_dash},
        {.name = "the longest address has room", .test_func = longest_address_has_room},
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
