/* test_redis_fault — what each error of Redis means, and that none gives a secret away. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include <string.h>

#include "store/redis_fault.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void errors_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *error;
        enum redis_fault fault;
        const char *says;
    } cases[] = {
        {"LOADING Redis is loading the dataset in memory", REDIS_FAULT_AWAY, "LOADING"},
        {"READONLY You can't write against a read only replica.", REDIS_FAULT_AWAY, "replica"},
        {"UNBLOCKED force unblock from blocking operation", REDIS_FAULT_AWAY, "replica"},
        {"MASTERDOWN Link with MASTER is down", REDIS_FAULT_AWAY, "MASTERDOWN"},
        {"CLUSTERDOWN The cluster is down", REDIS_FAULT_AWAY, "single primary"},
        {"NOREPLICAS Not enough good replicas to write.", REDIS_FAULT_AWAY, "NOREPLICAS"},
        {"ERR max number of clients reached", REDIS_FAULT_AWAY, "maxclients"},
        {"MOVED 3999 127.0.0.1:6381", REDIS_FAULT_SET_UP, "single primary"},
        {"ASK 3999 127.0.0.1:6381", REDIS_FAULT_SET_UP, "single primary"},
        {"CROSSSLOT Keys in request don't hash to the same slot", REDIS_FAULT_SET_UP, "cluster"},
        {"NOAUTH Authentication required.", REDIS_FAULT_SET_UP, "store-password"},
        {"WRONGPASS invalid username-password pair", REDIS_FAULT_SET_UP, "store-password"},
        {"DENIED Redis is running in protected mode", REDIS_FAULT_SET_UP, "protected"},
        {"ERR invalid DB index", REDIS_FAULT_SET_UP, "database"},
        {"ERR DB index is out of range", REDIS_FAULT_SET_UP, "database"},
        {"NOPERM this user has no permissions to run the 'xadd' command", REDIS_FAULT_SET_UP,
         "+xadd"},
        {"NOPERM User x has no permissions to run the 'script|load' command", REDIS_FAULT_SET_UP,
         "+script|load"},
        {"NOPERM this user has no permissions to access one of the keys", REDIS_FAULT_SET_UP,
         "~turnpike:*"},
        {"NOPERM '", REDIS_FAULT_SET_UP, "NOPERM"},
        {"NOSCRIPT No matching script.", REDIS_FAULT_SCRIPT, "script"},
        {"WRONGTYPE Operation against a key", REDIS_FAULT_REQUEST, "WRONGTYPE"},
        {"OOM command not allowed", REDIS_FAULT_REQUEST, "maxmemory"},
        {"MISCONF Redis is configured to save", REDIS_FAULT_REQUEST, "disk"},
        {"ERR The user executing the script can't run this command", REDIS_FAULT_REQUEST, "ACL"},
        {"ERR Error running script (call to f_00): @user_script:4: READONLY You can't",
         REDIS_FAULT_AWAY, "READONLY"},
        {"ERR Error running script (call to f_00): @user_script:4: WRONGTYPE Operation",
         REDIS_FAULT_REQUEST, "WRONGTYPE"},
        {"ERR Error running script @user_script:", REDIS_FAULT_REQUEST, "answers with an error"},
        {"ERR some\r\nthing", REDIS_FAULT_REQUEST, "ERR some??thing"},
        {"", REDIS_FAULT_REQUEST, "error"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char why[256] = "";
        assert_int_equal(redis_fault_read(span_of_text(cases[i].error), why, sizeof(why)),
                         cases[i].fault);
        if (!strstr(why, cases[i].says)) {
            fail_msg("%s: %s", cases[i].error, why);
        }
    }
}

static void no_password_is_quoted(void **state)
{
    (void)state;
    static const char *const errors[] = {
        "ERR unknown command 'AUTH', with args beginning with: 'hush' ",
        "ERR unknown command `AUTH`, with args beginning with: `hush`, ",
        "ERR hush is no password",
    };
    char why[256];
    for (size_t i = 0; i < COUNT(errors); i++) {
        assert_int_equal(redis_fault_read_auth(span_of_text(errors[i]), why, sizeof(why)),
                         REDIS_FAULT_SET_UP);
        assert_null(strstr(why, "hush"));
    }
    redis_fault_read(span_of_text(errors[0]), why, sizeof(why));
    assert_null(strstr(why, "hush"));
}

static void what_auth_is_answered(void **state)
{
    (void)state;
    static const struct {
        const char *error, *says;
    } cases[] = {
        {"ERR AUTH <password> called without any password configured for the default user.",
         "has no password"},
        {"ERR Client sent AUTH, but no password is set", "has no password"},
        {"ERR invalid password", "WRONGPASS"},
        {"WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS"},
        {"ERR wrong number of arguments for 'auth' command", "without a user"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char why[256] = "";
        assert_int_equal(redis_fault_read_auth(span_of_text(cases[i].error), why, sizeof(why)),
                         REDIS_FAULT_SET_UP);
        assert_non_null(strstr(why, cases[i].says));
    }
}

static void keys_are_named_as_text(void **state)
{
    (void)state;
    char why[256];
    redis_fault_name_key(span_of_text("turnpike:{a}:user\n"), "hash", why, sizeof(why));
    assert_non_null(strstr(why, "the key turnpike:{a}:user? in Redis holds no hash"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_judged),
        cmocka_unit_test(no_password_is_quoted),
        cmocka_unit_test(what_auth_is_answered),
        cmocka_unit_test(keys_are_named_as_text),
    };
    return cmocka_run_group_tests_name("redis_fault", tests, NULL, NULL);
}
