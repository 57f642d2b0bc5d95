/* test_sockaddr — addresses to the kernel's form and back. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/sockaddr.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

static struct netaddr at(const char *text)
{
    struct netaddr a;
    assert_true(netaddr_parse(text, &a));
    return a;
}

static void ipv4_is_written(void **state)
{
    (void)state;
    struct sockaddr_storage s;
    memset(&s, 0xee, sizeof(s));
    struct netaddr a = at("192.0.2.1:3478");
    assert_int_equal(sockaddr_from(&a, 5, &s), sizeof(struct sockaddr_in));
    const struct sockaddr_in *in = (const struct sockaddr_in *)&s;
    assert_int_equal(in->sin_family, AF_INET);
    assert_int_equal(ntohs(in->sin_port), 3478);
    assert_int_equal(ntohl(in->sin_addr.s_addr), 0xc0000201);
    static const uint8_t zero[8];
    assert_memory_equal(in->sin_zero, zero, sizeof(zero));
}

static void ipv6_is_written(void **state)
{
    (void)state;
    struct sockaddr_storage s;
    memset(&s, 0xee, sizeof(s));
    struct netaddr a = at("[2001:db8::1]:65535");
    assert_int_equal(sockaddr_from(&a, 5, &s), sizeof(struct sockaddr_in6));
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&s;
    assert_int_equal(in6->sin6_family, AF_INET6);
    assert_int_equal(ntohs(in6->sin6_port), 65535);
    assert_memory_equal(in6->sin6_addr.s6_addr, a.ip, 16);
    assert_int_equal(in6->sin6_flowinfo, 0);
    assert_int_equal(in6->sin6_scope_id, 0); /* no link-local address */
}

static void only_link_local_addresses_name_their_interface(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t scope;
    } rows[] = {
        {"fe80::1", 5}, {"febf:ffff::1", 5}, {"fec0::1", 0}, {"fe7f::1", 0},
        {"::1", 0},     {"2001:db8::1", 0},  {"ff02::1", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sockaddr_storage s;
        struct netaddr a = at(rows[i].text);
        sockaddr_from(&a, 5, &s);
        assert_int_equal(((const struct sockaddr_in6 *)&s)->sin6_scope_id, rows[i].scope);
    }
}

static void addresses_come_back_as_they_went(void **state)
{
    (void)state;
    static const char *const texts[] = {"0.0.0.0",      "255.255.255.255:1", "127.0.0.1:65535",
                                        "[::]:0",       "[::1]:3478",        "[fe80::1]:7",
                                        "[64:ff9b::]:9"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sockaddr_storage s;
        struct netaddr a = at(texts[i]);
        sockaddr_from(&a, 0, &s);
        struct netaddr back = sockaddr_to(&s);
        assert_memory_equal(&back, &a, sizeof(a));
    }
}

static void mapped_address_is_read_as_ipv4(void **state)
{
    (void)state;
    struct sockaddr_storage s;
    struct netaddr mapped = at("[::ffff:192.0.2.1]:80");
    struct netaddr plain = at("192.0.2.1:80");
    sockaddr_from(&mapped, 0, &s);
    struct netaddr back = sockaddr_to(&s);
    assert_memory_equal(&back, &plain, sizeof(plain));
}

static void other_families_are_none(void **state)
{
    (void)state;
    struct sockaddr_storage s = {.ss_family = AF_UNIX};
    assert_int_equal(sockaddr_to(&s).family, NETADDR_NONE);
    s.ss_family = AF_UNSPEC;
    assert_int_equal(sockaddr_to(&s).family, NETADDR_NONE);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"IPv4 is written", ipv4_is_written, NULL, NULL, NULL},
        {"IPv6 is written", ipv6_is_written, NULL, NULL, NULL},
        {"only link-local addresses name their interface",
         only_link_local_addresses_name_their_interface, NULL, NULL, NULL},
        {"addresses come back as they went", addresses_come_back_as_they_went, NULL, NULL, NULL},
        {"S15 a mapped address is read as IPv4", mapped_address_is_read_as_ipv4, NULL, NULL, NULL},
        {"other families are none", other_families_are_none, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
