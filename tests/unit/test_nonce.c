/* test_nonce — stateless nonces: whose, how old, and not one bit of them changed. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "engine/nonce.h"

#include <string.h>

enum { START = 1700000000, LIFETIME = 600 };

static const struct siphash_key master = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};

static struct span span_of(const char *nonce)
{
    return (struct span){(const uint8_t *)nonce, NONCE_SIZE};
}

static bool is_valid_at(const char *nonce, const struct netaddr *client, int64_t at)
{
    return nonce_is_valid(&master, span_of(nonce), client, (struct wall){at}, LIFETIME);
}

static void valid_for_its_lifetime(void **state)
{
    (void)state;
    char nonce[NONCE_SIZE];
    struct netaddr client = netaddr_ipv4(0xcb007105, 4000);
    for (int64_t at = START; at < START + 16; at++) {
        nonce_make(&master, &client, (struct wall){at}, NONCE_ALGORITHMS | NONCE_USERHASH, nonce);
        assert_memory_equal(nonce, "obMatJos2wAAA", 13);
        for (int64_t age = 0; age <= LIFETIME; age++) {
            assert_true(is_valid_at(nonce, &client, at + age));
        }
        for (int64_t age = LIFETIME + 8; age < 20000; age += 7) {
            assert_false(is_valid_at(nonce, &client, at + age));
        }
    }
}

static void not_valid_long_before_it_was_made(void **state)
{
    (void)state;
    char nonce[NONCE_SIZE];
    struct netaddr client = netaddr_ipv4(0xcb007105, 4000);
    nonce_make(&master, &client, (struct wall){START}, NONCE_ALGORITHMS | NONCE_USERHASH, nonce);
    assert_true(is_valid_at(nonce, &client, START - 1)); /* a node whose clock is behind */
    for (int64_t ago = 16; ago < 20000; ago += 5) {
        assert_false(is_valid_at(nonce, &client, START - ago));
    }
}

static void another_port_but_no_other_address(void **state)
{
    (void)state;
    char nonce[NONCE_SIZE];
    char other[NONCE_SIZE];
    struct netaddr client = netaddr_ipv4(0xcb007105, 4000);
    struct netaddr moved = netaddr_ipv4(0xcb007105, 4001);
    struct netaddr stranger = netaddr_ipv4(0xcb007106, 4000);
    uint8_t ip[16] = {0xcb, 0, 0x71, 5};
    struct netaddr six = netaddr_ipv6(ip, 4000);
    nonce_make(&master, &client, (struct wall){START}, NONCE_ALGORITHMS | NONCE_USERHASH, nonce);
    nonce_make(&master, &moved, (struct wall){START}, NONCE_ALGORITHMS | NONCE_USERHASH, other);
    assert_memory_not_equal(nonce, other, NONCE_SIZE); /* RFC 8489 9.2.4 */
    assert_true(is_valid_at(nonce, &moved, START));
    assert_false(is_valid_at(nonce, &stranger, START));
    assert_false(is_valid_at(nonce, &six, START));
}

static void no_two_ports_get_the_same(void **state)
{
    (void)state;
    static char seen[65536][NONCE_SIZE];
    for (uint32_t port = 0; port < 65536; port++) {
        struct netaddr client = netaddr_ipv4(0xcb007105, (uint16_t)port);
        nonce_make(&master, &client, (struct wall){START}, NONCE_ALGORITHMS | NONCE_USERHASH,
                   seen[port]);
    }
    for (uint32_t port = 1; port < 65536; port++) {
        assert_memory_not_equal(seen[port], seen[port - 1], NONCE_SIZE);
        assert_memory_not_equal(seen[port], seen[0], NONCE_SIZE);
    }
}

static void every_changed_character_spoils_it(void **state)
{
    (void)state;
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-\x80\n";
    char nonce[NONCE_SIZE];
    struct netaddr client = netaddr_ipv4(0xcb007105, 4000);
    nonce_make(&master, &client, (struct wall){START}, NONCE_ALGORITHMS | NONCE_USERHASH, nonce);
    for (int at = 0; at < NONCE_SIZE; at++) {
        for (size_t i = 0; i < sizeof(digits); i++) { /* NUL too */
            char changed[NONCE_SIZE];
            memcpy(changed, nonce, NONCE_SIZE);
            changed[at] = digits[i];
            bool is_same = nonce[at] == digits[i];
            assert_int_equal(is_valid_at(changed, &client, START), is_same);
        }
    }
}

static void any_other_size_is_none(void **state)
{
    (void)state;
    char nonce[NONCE_SIZE + 8] = {0};
    struct netaddr client = netaddr_ipv4(0xcb007105, 4000);
    nonce_make(&master, &client, (struct wall){START}, NONCE_ALGORITHMS | NONCE_USERHASH, nonce);
    for (size_t size = 0; size <= sizeof(nonce); size++) {
        struct span s = {(const uint8_t *)nonce, size};
        bool ok = nonce_is_valid(&master, s, &client, (struct wall){START}, LIFETIME);
        assert_int_equal(ok, size == NONCE_SIZE);
    }
    assert_false(
        nonce_is_valid(&master, (struct span){NULL, 0}, &client, (struct wall){START}, LIFETIME));
}

static void key_follows_the_hours_over_days(void **state)
{
    (void)state;
    char before[NONCE_SIZE] = {0};
    struct netaddr client = netaddr_ipv4(0xcb007105, 4000);
    for (int64_t at = START; at < START + 10 * 86400; at += 61) {
        char nonce[NONCE_SIZE];
        nonce_make(&master, &client, (struct wall){at}, NONCE_ALGORITHMS | NONCE_USERHASH, nonce);
        assert_true(is_valid_at(nonce, &client, at));
        assert_true(is_valid_at(nonce, &client, at + LIFETIME));
        assert_memory_not_equal(nonce, before, NONCE_SIZE);
        assert_false(at > START && is_valid_at(before, &client, at + LIFETIME));
        memcpy(before, nonce, NONCE_SIZE);
    }
}

static void longest_lifetime_is_an_hour(void **state)
{
    (void)state;
    char nonce[NONCE_SIZE];
    struct netaddr client = netaddr_ipv4(0xcb007105, 4000);
    nonce_make(&master, &client, (struct wall){START}, NONCE_ALGORITHMS | NONCE_USERHASH, nonce);
    for (int64_t age = 0; age < 5 * 3600; age += 8) {
        bool ok = nonce_is_valid(&master, span_of(nonce), &client, (struct wall){START + age},
                                 NONCE_LIFETIME_MAX);
        assert_int_equal(ok, age <= NONCE_LIFETIME_MAX);
    }
}

static void nodes_share_a_key_and_strangers_do_not(void **state)
{
    (void)state;
    char nonce[NONCE_SIZE];
    struct siphash_key same = master;
    struct siphash_key other = master;
    struct netaddr client = netaddr_ipv4(0xcb007105, 4000);
    other.word[1] ^= 1;
    nonce_make(&master, &client, (struct wall){START}, NONCE_ALGORITHMS | NONCE_USERHASH, nonce);
    assert_true(nonce_is_valid(&same, span_of(nonce), &client, (struct wall){START}, LIFETIME));
    assert_false(nonce_is_valid(&other, span_of(nonce), &client, (struct wall){START}, LIFETIME));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_for_its_lifetime),
        cmocka_unit_test(not_valid_long_before_it_was_made),
        cmocka_unit_test(another_port_but_no_other_address),
        cmocka_unit_test(no_two_ports_get_the_same),
        cmocka_unit_test(every_changed_character_spoils_it),
        cmocka_unit_test(any_other_size_is_none),
        cmocka_unit_test(key_follows_the_hours_over_days),
        cmocka_unit_test(longest_lifetime_is_an_hour),
        cmocka_unit_test(nodes_share_a_key_and_strangers_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
