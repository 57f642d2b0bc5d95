/* test_probe_scope — private addresses, at both ends of their ranges. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "probe/probe_scope.h"

static void ends_of_the_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool is_private;
    } cases[] = {
        {"0.0.0.0", true},
        {"9.255.255.255", false},
        {"10.0.0.0", true},
        {"10.255.255.255", true},
        {"11.0.0.0", false},
        {"100.63.255.255", false},
        {"100.64.0.0", true},
        {"100.127.255.255", true},
        {"100.128.0.0", false},
        {"127.0.0.1", true},
        {"169.254.169.254", true},
        {"169.255.0.0", false},
        {"172.15.255.255", false},
        {"172.16.0.0", true},
        {"172.31.255.255", true},
        {"172.32.0.0", false},
        {"192.168.0.0", true},
        {"192.169.0.0", false},
        {"8.8.8.8", false},
        {"::", true},
        {"::1", true},
        {"::2", false},
        {"2001:db8::1", false},
        {"fbff::1", false},
        {"fc00::", true},
        {"fdff:ffff::1", true},
        {"fe80::1", true},
        {"febf::1", true},
        {"fec0::1", false},
        {"ff02::1", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct netaddr a;
        assert_true(netaddr_parse(cases[i].address, &a));
        a.port = 3478;
        if (probe_scope_is_private(&a) != cases[i].is_private) {
            fail_msg("%s", cases[i].address);
        }
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "ends of the ranges", .test_func = ends_of_the_ranges},
    };
    return cmocka_run_group_tests_name("probe_scope", tests, NULL, NULL);
}
