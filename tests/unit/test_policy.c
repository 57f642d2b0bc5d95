/* test_policy — the operator's rules, the special ranges, our own addresses: who wins. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "engine/policy.h"

#include <stdio.h>
#include <string.h>

enum { RULES_MAX = 16 };

static struct own own;
static struct policy_rule rules[RULES_MAX];
static struct policy policy;

/* make — a policy of rules such as "+10.0.0.0/8" and "-10.1.0.0/16", blanks between. */
static void make(const char *text)
{
    char copy[256];
    size_t count = 0;
    assert_true(strlen(text) < sizeof(copy));
    memcpy(copy, text, strlen(text) + 1);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        rules[count].allow = word[0] == '+';
        assert_true(prefix_parse(word + 1, &rules[count].prefix));
        count++;
    }
    own = (struct own){.host_count = 1};
    assert_true(netaddr_parse("198.51.100.1", &own.host[0].local));
    policy_init(&policy, &own, rules, count);
}

static enum policy_verdict ask(const char *text)
{
    struct netaddr a;
    uint8_t host;
    assert_true(netaddr_parse(text, &a));
    enum policy_verdict verdict = policy_ask(&policy, &a, &host);
    if (verdict != POLICY_DENY) {
        assert_int_equal(host == OWN_NONE, verdict == POLICY_ALLOW);
    }
    return verdict;
}

static void all_special_ranges_are_kept(void **state)
{
    (void)state;
    make("");
    assert_true(policy.special_count > 30);
    for (size_t i = 0; i < policy.special_count; i++) {
        struct netaddr first = policy.special[i].prefix.first;
        struct netaddr last = first;
        uint8_t host;
        for (unsigned bit = policy.special[i].prefix.length; bit < netaddr_size(&last) * 8; bit++) {
            last.ip[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
        }
        assert_int_equal(policy_ask(&policy, &first, &host), POLICY_DENY);
        assert_int_equal(policy_ask(&policy, &last, &host), POLICY_DENY);
    }
}

static void public_addresses_are_allowed(void **state)
{
    (void)state;
    make("");
    static const char *const rows[] = {"1.1.1.1",         "9.255.255.255", "11.0.0.0",
                                       "223.255.255.255", "2a00::1",       "2606:4700::1",
                                       "64:ff9b::808:808"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(ask(rows[i]), POLICY_ALLOW);
    }
}

static void most_specific_rule_wins_then_deny(void **state)
{
    (void)state;
    static const char *const orders[] = {
        "+10.0.0.0/8 -10.1.0.0/16 +10.1.1.0/24 -10.1.1.1 +10.9.0.0/16 -10.9.0.0/16",
        "-10.9.0.0/16 +10.9.0.0/16 -10.1.1.1 +10.1.1.0/24 -10.1.0.0/16 +10.0.0.0/8",
        "+10.1.1.0/24 +10.9.0.0/16 +10.0.0.0/8 -10.9.0.0/16 -10.1.1.1 -10.1.0.0/16",
    };
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        make(orders[i]);
        assert_int_equal(ask("10.2.0.1"), POLICY_ALLOW);
        assert_int_equal(ask("10.1.2.1"), POLICY_DENY);
        assert_int_equal(ask("10.1.1.2"), POLICY_ALLOW);
        assert_int_equal(ask("10.1.1.1"), POLICY_DENY);
        assert_int_equal(ask("10.9.0.1"), POLICY_DENY);
        assert_int_equal(ask("192.168.0.1"), POLICY_DENY);
        assert_int_equal(ask("8.8.8.8"), POLICY_ALLOW);
    }
}

static void metadata_yields_to_its_name_alone(void **state)
{
    (void)state;
    static const char *const named[] = {"169.254.169.254", "169.254.170.2", "100.100.100.200",
                                        "192.0.0.192", "fd00:ec2::254"};
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        char rule[64];
        make("+0.0.0.0/0 +::/0 +169.254.0.0/16 +100.100.100.0/24 +192.0.0.0/24 +fd00:ec2::/64");
        assert_int_equal(ask(named[i]), POLICY_DENY);
        snprintf(rule, sizeof(rule), "+%s", named[i]);
        make(rule);
        assert_int_equal(ask(named[i]), POLICY_ALLOW);
    }
}

static void this_host_yields_to_no_broad_rule(void **state)
{
    (void)state;
    static const char *const here[] = {"127.0.0.1", "127.0.0.2",     "127.255.255.254",
                                       "0.0.0.0",   "0.255.255.255", "::1",
                                       "::",        "::127.0.0.2",   "::ffff:127.0.0.2"};
    for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
        make("+0.0.0.0/0 +::/0");
        assert_int_equal(ask(here[i]), POLICY_DENY);
        make("+0.0.0.0/7 +126.0.0.0/7 +::/95");
        assert_int_equal(ask(here[i]), POLICY_DENY);
    }
    make("+127.0.0.0/8");
    assert_int_equal(ask("127.0.0.2"), POLICY_ALLOW);
    make("+::1");
    assert_int_equal(ask("::1"), POLICY_ALLOW);
}

static void disguises_must_pass_as_both(void **state)
{
    (void)state;
    make("+::/0");
    assert_int_equal(ask("::ffff:127.0.0.1"), POLICY_DENY);
    assert_int_equal(ask("64:ff9b::10.0.0.1"), POLICY_DENY);
    assert_int_equal(ask("2002:a00:1::"), POLICY_DENY);
    assert_int_equal(ask("2001:0:4136:e378:8000:63bf:f5ff:fffe"), POLICY_DENY); /* 10.0.0.1 */
    assert_int_equal(ask("2a00::5efe:10.0.0.1"), POLICY_DENY);
    assert_int_equal(ask("64:ff9b::8.8.8.8"), POLICY_ALLOW);
    assert_int_equal(ask("64:ff9b:1::1"), POLICY_DENY); /* a translator: must be named */
    make("-8.8.8.0/24");
    assert_int_equal(ask("64:ff9b::8.8.8.8"), POLICY_DENY);
    assert_int_equal(ask("64:ff9b::8.8.9.8"), POLICY_ALLOW);
}

static void our_own_addresses(void **state)
{
    (void)state;
    make("");
    assert_int_equal(ask("198.51.100.1"), POLICY_RELAY_ONLY);
    assert_int_equal(ask("198.51.100.2"), POLICY_DENY);
    assert_int_equal(ask("64:ff9b::198.51.100.1"), POLICY_DENY);
    make("+198.51.100.0/24 +0.0.0.0/0"); /* a range does not open what listens here */
    assert_int_equal(ask("198.51.100.1"), POLICY_RELAY_ONLY);
    make("+198.51.100.0/24 +198.51.100.1");
    assert_int_equal(ask("198.51.100.1"), POLICY_NO_LISTENERS);
    assert_int_equal(ask("198.51.100.2"), POLICY_ALLOW);
    assert_int_equal(ask("64:ff9b::198.51.100.1"), POLICY_DENY);
    make("-198.51.100.1");
    assert_int_equal(ask("198.51.100.1"), POLICY_DENY);
}

/* model_ask — what the rules say, found by looking at all of them. */
static int model_ask(const struct policy_rule *r, size_t count, const struct netaddr *a)
{
    int best = -1;
    int verdict = 0;
    for (size_t i = 0; i < count; i++) {
        if (prefix_has(&r[i].prefix, a) &&
            (r[i].prefix.length > best || (r[i].prefix.length == best && !r[i].allow))) {
            best = r[i].prefix.length;
            verdict = r[i].allow ? 1 : -1;
        }
    }
    return verdict;
}

static void agrees_with_looking_at_all_rules(void **state)
{
    (void)state;
    uint64_t chance = 5;
    own = (struct own){.host_count = 0};
    for (int round = 0; round < 2000; round++) {
        struct policy_rule copy[RULES_MAX];
        size_t count = support_below(&chance, RULES_MAX);
        for (size_t i = 0; i < count; i++) {
            struct netaddr a = netaddr_ipv4(0x01000000 | support_below(&chance, 256), 0);
            rules[i].prefix = prefix_of(&a, 8 + support_below(&chance, 25));
            rules[i].allow = support_below(&chance, 2);
        }
        memcpy(copy, rules, sizeof(copy));
        policy_init(&policy, &own, rules, count);
        for (int i = 0; i < 50; i++) {
            uint8_t host;
            struct netaddr a = netaddr_ipv4(0x01000000 | support_below(&chance, 256), 7);
            enum policy_verdict verdict = policy_ask(&policy, &a, &host);
            assert_int_equal(verdict, model_ask(copy, count, &a) < 0 ? POLICY_DENY : POLICY_ALLOW);
        }
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_special_ranges_are_kept),
        cmocka_unit_test(public_addresses_are_allowed),
        cmocka_unit_test(most_specific_rule_wins_then_deny),
        cmocka_unit_test(metadata_yields_to_its_name_alone),
        cmocka_unit_test(this_host_yields_to_no_broad_rule),
        cmocka_unit_test(disguises_must_pass_as_both),
        cmocka_unit_test(our_own_addresses),
        cmocka_unit_test(agrees_with_looking_at_all_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
