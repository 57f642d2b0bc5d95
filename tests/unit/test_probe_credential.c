/* test_probe_credential — time-limited credentials are those of the TURN REST convention. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "probe/probe_credential.h"

#include <string.h>

static const struct wall now = {1700000000 - PROBE_CREDENTIAL_LIFETIME};

/* The passwords are those that
 *   printf 1700000000:probe | openssl dgst -sha1 -hmac verysecret -binary | base64
 * prints, and the same with -sha256. */
static void by_sha1(void **state)
{
    (void)state;
    struct probe_credential c;
    probe_credential_timed(support_digest(), now, "verysecret", false, &c);
    assert_string_equal(c.user, "1700000000:probe");
    assert_string_equal(c.password, "Uy/hk0UxLEB8PLAhSE51EIoVUwc=");
    assert_int_equal(c.expires.s, 1700000000);
}

static void by_sha256(void **state)
{
    (void)state;
    struct probe_credential c;
    probe_credential_timed(support_digest(), now, "verysecret", true, &c);
    assert_string_equal(c.user, "1700000000:probe");
    assert_string_equal(c.password, "iy5NEGwRjLYeYvD3DIedoofYbZHVD2cr4CxwrlT8q+w=");
}

static void fixed_ones_do_not_expire(void **state)
{
    (void)state;
    struct probe_credential c;
    assert_true(probe_credential_fixed("alice", "wonderland", &c));
    assert_string_equal(c.user, "alice");
    assert_string_equal(c.password, "wonderland");
    assert_int_equal(c.expires.s, 0);
}

static void both_have_a_longest_length(void **state)
{
    (void)state;
    struct probe_credential c;
    char user[STUN_NAME_MAX + 2] = {0};
    char password[PROBE_CREDENTIAL_PASSWORD_MAX + 2] = {0};
    memset(user, 'u', STUN_NAME_MAX);
    memset(password, 'p', PROBE_CREDENTIAL_PASSWORD_MAX);
    assert_true(probe_credential_fixed(user, password, &c));
    assert_string_equal(c.user, user);
    assert_string_equal(c.password, password);
    user[STUN_NAME_MAX] = 'u';
    assert_false(probe_credential_fixed(user, password, &c));
    password[PROBE_CREDENTIAL_PASSWORD_MAX] = 'p';
    assert_false(probe_credential_fixed("alice", password, &c));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "R01 made from a secret by SHA-1", .test_func = by_sha1},
        {.name = "R01 made from a secret by SHA-256", .test_func = by_sha256},
        {.name = "fixed ones do not expire", .test_func = fixed_ones_do_not_expire},
        {.name = "both have a longest length", .test_func = both_have_a_longest_length},
    };
    return cmocka_run_group_tests_name("probe_credential", tests, NULL, NULL);
}
