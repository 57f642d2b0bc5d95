/* test_netaddr — addresses: what text is one, and which hide an IPv4 address. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/netaddr.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct netaddr parsed(const char *text)
{
    struct netaddr a;
    if (!netaddr_parse(text, &a)) {
        fail_msg("%s was refused", text);
    }
    return a;
}

static void unused_bytes_are_zero(void **state)
{
    (void)state;
    static const uint8_t expected[20] = {192, 0, 2, 1};
    struct netaddr a = netaddr_ipv4(UINT32_C(0xc0000201), 0x1234);
    assert_memory_equal(a.ip, expected, 16);
    assert_int_equal(a.port, 0x1234);
    assert_int_equal(a.family, NETADDR_IPV4);
    assert_int_equal(a.zero, 0);
    assert_int_equal(parsed("2001:db8::1").zero, 0);
}

static void ipv4_value_is_the_number_given(void **state)
{
    (void)state;
    struct netaddr a = netaddr_ipv4(UINT32_C(0xfedcba98), 1);
    assert_true(netaddr_ipv4_value(&a) == UINT32_C(0xfedcba98));
}

static void size_is_that_of_the_family(void **state)
{
    (void)state;
    struct netaddr none = {.family = NETADDR_NONE};
    struct netaddr odd = {.family = 3};
    struct netaddr v4 = parsed("192.0.2.1");
    struct netaddr v6 = parsed("::1");
    assert_int_equal(netaddr_size(&none), 0);
    assert_int_equal(netaddr_size(&odd), 0);
    assert_int_equal(netaddr_size(&v4), 4);
    assert_int_equal(netaddr_size(&v6), 16);
}

static void equal_means_family_address_and_port(void **state)
{
    (void)state;
    struct netaddr a = parsed("192.0.2.1:80");
    struct netaddr same = netaddr_ipv4(UINT32_C(0xc0000201), 80);
    struct netaddr port = parsed("192.0.2.1:81");
    struct netaddr host = parsed("192.0.2.2:80");
    struct netaddr family = a;
    family.family = NETADDR_IPV6; /* c000:201:: */
    assert_true(netaddr_is_equal(&a, &same));
    assert_false(netaddr_is_equal(&a, &port));
    assert_false(netaddr_is_equal(&a, &host));
    assert_false(netaddr_is_equal(&a, &family));
}

static void same_host_means_whatever_the_port(void **state)
{
    (void)state;
    struct netaddr a = parsed("[2001:db8::1]:80");
    struct netaddr port = parsed("[2001:db8::1]:81");
    struct netaddr host = parsed("[2001:db8::2]:80");
    struct netaddr v4 = parsed("192.0.2.1");
    struct netaddr family = v4;
    family.family = NETADDR_IPV6;
    assert_true(netaddr_is_same_host(&a, &port));
    assert_false(netaddr_is_same_host(&a, &host));
    assert_false(netaddr_is_same_host(&v4, &family));
}

static void unspecified_address_is_any_whatever_the_port(void **state)
{
    (void)state;
    static const char *const any[] = {"0.0.0.0", "0.0.0.0:3478", "::", "[::]:3478"};
    static const char *const some[] = {"0.0.0.1", "1.0.0.0", "::1", "8000::"};
    for (size_t i = 0; i < COUNT(any); i++) {
        struct netaddr a = parsed(any[i]);
        struct netaddr b = parsed(some[i]);
        assert_true(netaddr_is_any(&a));
        assert_false(netaddr_is_any(&b));
    }
}

static void every_form_of_text_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex; /* address */
        uint16_t port;
    } forms[] = {
        {"192.0.2.1", "c0000201", 0},
        {"0.0.0.0", "00000000", 0},
        {"255.255.255.255:65535", "ffffffff", 65535},
        {"192.0.2.1:0", "c0000201", 0},
        {"192.0.2.1:80", "c0000201", 80},
        {"::", "00000000000000000000000000000000", 0},
        {"::1", "00000000000000000000000000000001", 0},
        {"1::", "00010000000000000000000000000000", 0},
        {"2001:db8::1", "20010db8000000000000000000000001", 0},
        {"2001:DB8::aBcD", "20010db800000000000000000000abcd", 0},
        {"2001:0db8:0000:0000:0000:0000:0000:0001", "20010db8000000000000000000000001", 0},
        {"1:2:3:4:5:6:7:8", "00010002000300040005000600070008", 0},
        {"1:2:3:4:5:6:7::", "00010002000300040005000600070000", 0},
        {"::2:3:4:5:6:7:8", "00000002000300040005000600070008", 0},
        {"1:2:3::5:6:7:8", "00010002000300000005000600070008", 0},
        {"::192.0.2.1", "000000000000000000000000c0000201", 0},
        {"::ffff:192.0.2.1", "00000000000000000000ffffc0000201", 0},
        {"1:2:3:4:5:6:192.0.2.1", "000100020003000400050006c0000201", 0},
        {"[::1]", "00000000000000000000000000000001", 0},
        {"[2001:db8::1]:80", "20010db8000000000000000000000001", 80},
        {"[::ffff:192.0.2.1]:65535", "00000000000000000000ffffc0000201", 65535},
    };
    for (size_t i = 0; i < COUNT(forms); i++) {
        uint8_t ip[16] = {0};
        size_t size = support_hex(forms[i].hex, ip, sizeof(ip));
        struct netaddr a = parsed(forms[i].text);
        assert_int_equal(netaddr_size(&a), size);
        assert_memory_equal(a.ip, ip, sizeof(ip));
        assert_int_equal(a.port, forms[i].port);
    }
}

static const char *const no_address[] = {
    /* nothing, or not only an address */
    "", " ", " 192.0.2.1", "192.0.2.1 ", "192.0.2.1\n", "192.0.2.1/32", "localhost", "[", "]", "[]",
    "[]:80", "[::1", "::1]", "[[::1]]", "[::1]]", "[::1] :80", "-", "*",
    /* not the dotted form of four decimal numbers: inet_aton would take these */
    "1", "3221225985", "1.2", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.",
    "256.0.0.1", "0.0.0.256", "1000.0.0.1", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "127.0.0.01",
    "010.0.0.1", "00.0.0.0", "1.2.3.04", "-1.2.3.4", "+1.2.3.4", "1.2.3.-4", "a.b.c.d", "1,2,3,4",
    /* ports that are none */
    "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:99999", "192.0.2.1:100000", "192.0.2.1:-1",
    "192.0.2.1:+1", "192.0.2.1: 1", "192.0.2.1:1 ", "192.0.2.1:0x50", "192.0.2.1:http",
    "192.0.2.1:80:80", "[::1]:", "[::1]:65536", "[::1]:4294967297", "[::1]80", "[::1]:80x",
    /* not IPv6 */
    ":", ":::", "::::", "1:::2", ":1", "1:", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", "1:2:3:4::5:6:7:8", "::1:2:3:4:5:6:7:8", "1::2::3",
    "12345::", "::12345", "::g", "::-1", "fe80::1%eth0", "fe80::1%1", "[fe80::1%eth0]:80",
    "::192.0.2", "::192.0.2.256", "::192.0.2.01", "192.0.2.1::", "::192.0.2.1:1",
    "1:2:3:4:5:6:7:192.0.2.1", "1:2:3:4:5:192.0.2.1", "::1:2:3:4:5:6:192.0.2.1x", "::1.2.3.4.5",
    /* an IPv4 address takes no brackets */
    "[192.0.2.1]", "[192.0.2.1]:80"};

static void everything_else_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(no_address); i++) {
        struct netaddr a;
        if (netaddr_parse(no_address[i], &a)) {
            fail_msg("\"%s\" was taken for an address", no_address[i]);
        }
    }
}

static void refusal_leaves_the_result_alone(void **state)
{
    (void)state;
    struct netaddr before = parsed("[2001:db8::7]:7");
    for (size_t i = 0; i < COUNT(no_address); i++) {
        struct netaddr a = before;
        (void)netaddr_parse(no_address[i], &a);
        assert_memory_equal(&a, &before, sizeof(a));
    }
}

/* random_address — with runs of zero groups as often as not. */
static struct netaddr random_address(uint64_t *chance)
{
    uint16_t port = (uint16_t)support_random(chance);
    if (support_below(chance, 3) == 0) {
        return netaddr_ipv4((uint32_t)support_random(chance), port);
    }
    uint8_t ip[16];
    support_fill(chance, ip, sizeof(ip));
    uint32_t zeros = support_below(chance, 256);
    for (unsigned i = 0; i < sizeof(ip); i++) {
        ip[i] = zeros >> i / 2 & 1 ? 0 : ip[i];
    }
    return netaddr_ipv6(ip, port);
}

static void what_is_printed_is_read_back(void **state)
{
    (void)state;
    uint64_t chance = 1;
    for (int i = 0; i < 100000; i++) {
        struct netaddr a = random_address(&chance);
        char bytes[TEXT_NETADDR_SIZE];
        struct text t = text_init(bytes, sizeof(bytes));
        text_netaddr(&t, &a);
        struct netaddr back = parsed(bytes);
        assert_memory_equal(&back, &a, sizeof(a));
    }
}

/* mangle — a text near to an address: one that is printed, with a few characters changed. */
static void mangle(uint64_t *chance, char *bytes, size_t room)
{
    static const char letters[] = "0123456789aF.:";
    struct netaddr a = random_address(chance);
    inet_ntop(a.family == NETADDR_IPV4 ? AF_INET : AF_INET6, a.ip, bytes, (socklen_t)room);
    for (uint32_t n = support_below(chance, 4); n > 0; n--) {
        size_t size = strlen(bytes);
        size_t at = support_below(chance, (uint32_t)size + 1);
        char letter = letters[support_below(chance, sizeof(letters) - 1)];
        switch (support_below(chance, 3)) {
        case 0:
            if (at < size) {
                bytes[at] = letter;
            }
            break;
        case 1:
            if (size > 1 && at < size) {
                memmove(bytes + at, bytes + at + 1, size - at);
            }
            break;
        default:
            if (size + 1 < room) {
                memmove(bytes + at + 1, bytes + at, size - at + 1);
                bytes[at] = letter;
            }
        }
    }
}

static void text_is_judged_as_inet_pton_does(void **state)
{
    (void)state;
    uint64_t chance = 2;
    int taken = 0;
    int refused = 0;
    while (taken + refused < 200000) {
        char bytes[64];
        mangle(&chance, bytes, sizeof(bytes));
        struct netaddr a = {.family = NETADDR_NONE};
        uint8_t v4[16] = {0};
        uint8_t v6[16] = {0};
        bool is_v4 = inet_pton(AF_INET, bytes, v4) == 1;
        bool is_v6 = inet_pton(AF_INET6, bytes, v6) == 1;
        if (strchr(bytes, '.') && strchr(bytes, ':') && !is_v6) {
            continue; /* may be an IPv4 address with its port */
        }
        if (netaddr_parse(bytes, &a) != (is_v4 || is_v6)) {
            fail_msg("\"%s\" is judged otherwise than by inet_pton", bytes);
        }
        assert_int_equal(netaddr_size(&a), is_v4 ? 4 : is_v6 ? 16 : 0);
        assert_memory_equal(a.ip, is_v4 ? v4 : v6, sizeof(a.ip));
        taken += is_v4 || is_v6;
        refused += !is_v4 && !is_v6;
    }
    assert_in_range(taken, 20000, 180000); /* the comparison means something both ways */
}

static void mapped_address_is_unmapped(void **state)
{
    (void)state;
    struct netaddr mapped = parsed("[::ffff:192.0.2.1]:80");
    struct netaddr plain = parsed("192.0.2.1:80");
    struct netaddr a = netaddr_unmapped(&mapped);
    assert_memory_equal(&a, &plain, sizeof(a));
}

static void no_other_address_is_unmapped(void **state)
{
    (void)state;
    static const char *const others[] = {
        "192.0.2.1:80",          "[::192.0.2.1]:80",       "[::1]:80", "[64:ff9b::192.0.2.1]:80",
        "[::fffe:192.0.2.1]:80", "[::1:ffff:192.0.2.1]:80"};
    for (size_t i = 0; i < COUNT(others); i++) {
        struct netaddr before = parsed(others[i]);
        struct netaddr a = netaddr_unmapped(&before);
        assert_memory_equal(&a, &before, sizeof(a));
    }
}

static void every_embedded_form_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *what, *outer, *inner;
    } forms[] = {
        {"mapped", "[::ffff:10.1.2.3]:80", "10.1.2.3:80"},
        {"compatible", "[::10.1.2.3]:80", "10.1.2.3:80"},
        {"compatible: the first", "[::2]:80", "0.0.0.2:80"},
        {"translated", "[::ffff:0:10.1.2.3]:80", "10.1.2.3:80"},
        {"NAT64", "[64:ff9b::10.1.2.3]:80", "10.1.2.3:80"},
        {"local NAT64", "[64:ff9b:1:a01:2:300::]:80", "10.1.2.3:80"},
        {"6to4", "[2002:a01:203::1]:80", "10.1.2.3:80"},
        {"6to4: the end does not matter", "[2002:a01:203:ffff:ffff:ffff:ffff:ffff]:80",
         "10.1.2.3:80"},
        {"Teredo", "[2001:0:c000:201:0:fbff:f5fe:fdfc]:80", "10.1.2.3:80"},
        {"ISATAP", "[fe80::5efe:10.1.2.3]:80", "10.1.2.3:80"},
        {"ISATAP: universal bit", "[2001:db8::200:5efe:10.1.2.3]:80", "10.1.2.3:80"},
    };
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct netaddr outer = parsed(forms[i].outer);
        struct netaddr expected = parsed(forms[i].inner);
        struct netaddr inner;
        if (!netaddr_embedded(&outer, &inner) || !netaddr_is_equal(&inner, &expected)) {
            fail_msg("%s: %s does not give %s", forms[i].what, forms[i].outer, forms[i].inner);
        }
    }
}

static void neighbours_of_embedded_forms_embed_nothing(void **state)
{
    (void)state;
    static const char *const none[] = {"::", /* unspecified and loopback are themselves */
                                       "::1",
                                       "10.1.2.3", /* is one, carries none */
                                       "2001:db8::a01:203",
                                       "::fffe:10.1.2.3",
                                       "::1:ffff:10.1.2.3",
                                       "::1:0:10.1.2.3",
                                       "::ffff:1:10.1.2.3",
                                       "64:ff9b::1:10.1.2.3",
                                       "64:ff9b:2::10.1.2.3",
                                       "64:ff9a::10.1.2.3",
                                       "2003:a01:203::",
                                       "2001:1:c000:201:0:fbff:f5fe:fdfc",
                                       "fe80::5eff:10.1.2.3",
                                       "fe80::100:5efe:10.1.2.3",
                                       "fe80::400:5efe:10.1.2.3",
                                       "fc00::10.1.2.3",
                                       "ff02::1"};
    for (size_t i = 0; i < COUNT(none); i++) {
        struct netaddr outer = parsed(none[i]);
        struct netaddr inner;
        if (netaddr_embedded(&outer, &inner)) {
            fail_msg("%s is said to carry an address", none[i]);
        }
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "unused bytes are zero", .test_func = unused_bytes_are_zero},
        {.name = "the IPv4 value is the number given", .test_func = ipv4_value_is_the_number_given},
        {.name = "the size is that of the family", .test_func = size_is_that_of_the_family},
        {.name = "equal means the same family, address and port",
         .test_func = equal_means_family_address_and_port},
        {.name = "the same host means whatever the port",
         .test_func = same_host_means_whatever_the_port},
        {.name = "the unspecified address is any, whatever the port",
         .test_func = unspecified_address_is_any_whatever_the_port},
        {.name = "every form of text is read", .test_func = every_form_of_text_is_read},
        {.name = "everything else is refused", .test_func = everything_else_is_refused},
        {.name = "a refusal leaves the result alone", .test_func = refusal_leaves_the_result_alone},
        {.name = "what is printed is read back", .test_func = what_is_printed_is_read_back},
        {.name = "text is judged as inet_pton does", .test_func = text_is_judged_as_inet_pton_does},
        {.name = "a mapped address is unmapped", .test_func = mapped_address_is_unmapped},
        {.name = "no other address is unmapped", .test_func = no_other_address_is_unmapped},
        {.name = "every embedded form is found", .test_func = every_embedded_form_is_found},
        {.name = "neighbours of the embedded forms embed nothing",
         .test_func = neighbours_of_embedded_forms_embed_nothing},
    };
    return cmocka_run_group_tests_name("netaddr", tests, NULL, NULL);
}
