/* test_own — the server's own addresses, their external names, and which ports may be reached. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "relay/own.h"

static _Atomic uint8_t live[65536];

static struct netaddr addr(const char *text)
{
    struct netaddr a;
    assert_true(netaddr_parse(text, &a));
    return a;
}

/* one_of_each — [0] plain, [1] behind a mapping, [2] without relay endpoints, [3] IPv6. */
static struct own one_of_each(void)
{
    struct own own = {.host_count = 4, .door_count = 3, .is_mapped = true};
    own.host[0] = (struct own_host){.local = addr("198.51.100.1"), .live = live};
    own.host[1] = (struct own_host){
        .local = addr("10.0.0.5"), .external = addr("198.51.100.7"), .live = live};
    own.host[2] = (struct own_host){.local = addr("127.0.0.1")};
    own.host[3] = (struct own_host){.local = addr("2001:db8::1"), .live = live};
    own.door[0] = (struct netaddr){.port = 3478};
    own.door[1] = addr("198.51.100.1:5349");
    own.door[2] = addr("0.0.0.0:8080");
    live[50000] = 1;
    return own;
}

static void finds_hosts_by_either_address(void **state)
{
    (void)state;
    struct own own = one_of_each();
    const struct {
        const char *text;
        uint8_t host;
    } rows[] = {
        {"198.51.100.1:9", 0},     {"10.0.0.5:1", 1},
        {"198.51.100.7", 1},       {"127.0.0.1:80", 2},
        {"2001:db8::1", 3},        {"198.51.100.2", OWN_NONE},
        {"127.0.0.2", 2},          {"0.0.0.0", 2},
        {"2001:db8::2", OWN_NONE}, {"::ffff:198.51.100.1", OWN_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct netaddr a = addr(rows[i].text);
        assert_int_equal(own_find(&own, &a), rows[i].host);
    }
}

static void doors_are_where_they_listen(void **state)
{
    (void)state;
    struct own own = one_of_each();
    const struct {
        const char *text;
        uint8_t host;
        bool is_door;
    } rows[] = {
        {"198.51.100.1:3478", 0, true},   {"198.51.100.7:3478", 1, true},
        {"10.0.0.5:3478", 1, true},       {"[2001:db8::1]:3478", 3, true},
        {"198.51.100.1:5349", 0, true},   {"198.51.100.7:5349", 1, false},
        {"198.51.100.1:8080", 0, true},   {"198.51.100.7:8080", 1, true},
        {"[2001:db8::1]:8080", 3, false}, {"198.51.100.1:3479", 0, false},
        {"198.51.100.1:0", 0, false},     {"127.0.0.2:8080", 2, true},
        {"127.0.0.2:3479", 2, false},     {"0.0.0.0:8080", 2, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct netaddr a = addr(rows[i].text);
        assert_int_equal(own_is_door(&own, rows[i].host, &a), rows[i].is_door);
    }
}

static void each_scope_reaches_what_it_may(void **state)
{
    (void)state;
    struct own own = one_of_each();
    for (uint8_t host = 0; host < 4; host++) {
        struct netaddr a = own.host[host].local;
        for (uint32_t port = 0; port < 65536; port++) {
            a.port = (uint16_t)port;
            bool is_live = own.host[host].live && port == 50000;
            assert_int_equal(own_may_reach(&own, host, OWN_RELAY_ONLY, &a), is_live);
            assert_int_equal(own_may_reach(&own, host, OWN_NO_LISTENERS, &a),
                             is_live || !own_is_door(&own, host, &a));
        }
    }
    struct netaddr other = addr("192.0.2.1:3478");
    assert_true(own_may_reach(&own, OWN_NONE, OWN_ANY_PORT, &other));
}

static void external_and_local_are_told_apart(void **state)
{
    (void)state;
    struct own own = one_of_each();
    struct netaddr external = addr("198.51.100.7:50000");
    struct netaddr local = addr("10.0.0.5:50000");
    struct netaddr other = addr("192.0.2.1:5");
    struct netaddr got = own_to_local(&own, 1, &external);
    assert_true(netaddr_is_equal(&got, &local));
    got = own_to_local(&own, 1, &local);
    assert_true(netaddr_is_equal(&got, &local));
    got = own_to_external(&own, &local);
    assert_true(netaddr_is_equal(&got, &external));
    got = own_to_external(&own, &external);
    assert_true(netaddr_is_equal(&got, &external));
    got = own_to_external(&own, &other);
    assert_true(netaddr_is_equal(&got, &other));
    got = own_to_local(&own, OWN_NONE, &other);
    assert_true(netaddr_is_equal(&got, &other));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_hosts_by_either_address),
        cmocka_unit_test(doors_are_where_they_listen),
        cmocka_unit_test(each_scope_reaches_what_it_may),
        cmocka_unit_test(external_and_local_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
