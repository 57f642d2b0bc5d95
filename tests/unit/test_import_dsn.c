/* test_import_dsn — the ways to say where coturn's Redis is. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "ctl/import_dsn.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct dsn_case {
    const char *text, *host, *user, *password;
    uint16_t port;
    uint32_t database, timeout;
};

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void both_forms_are_read(void **state)
{
    (void)state;
    static const struct dsn_case cases[] = {
        {"ip=127.0.0.1 dbname=2 password=x port=6380 connect_timeout=30", "127.0.0.1", NULL, "x",
         6380, 2, 30},
        {"  host=redis.example.org\tuser=u   pwd=a=b ", "redis.example.org", "u", "a=b", 6379, 0,
         10},
        {"", "127.0.0.1", NULL, NULL, 6379, 0, 10},
        {"port= dbname=", "127.0.0.1", NULL, NULL, 6379, 0, 10},
        {"tls=0 ip=10.0.0.1", "10.0.0.1", NULL, NULL, 6379, 0, 10},
        {"redis://h", "h", NULL, NULL, 6379, 0, 10},
        {"redis://h:7/3", "h", NULL, NULL, 7, 3, 10},
        {"redis://:p%40ss@h", "h", NULL, "p@ss", 6379, 0, 10},
        {"redis://u:a@b:c@[::1]:7/", "::1", "u", "a@b:c", 7, 0, 10},
        {"redis://u@h", "h", "u", NULL, 6379, 0, 10},
        {"redis://", "127.0.0.1", NULL, NULL, 6379, 0, 10},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct dsn_case *c = &cases[i];
        struct import_dsn dsn;
        char why[256] = "";
        struct text t = text_init(why, sizeof(why));
        print_message("# %s\n", c->text);
        assert_true(import_dsn_parse(c->text, &dsn, &t));
        assert_string_equal(dsn.host, c->host);
        assert_true(same(dsn.user, c->user));
        assert_true(same(dsn.password, c->password));
        assert_int_equal(dsn.port, c->port);
        assert_int_equal(dsn.database, c->database);
        assert_int_equal(dsn.timeout, c->timeout);
        import_dsn_fini(&dsn);
    }
}

static void what_is_wrong_is_told_without_a_secret(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"hidden", "name=value"},
        {"password=hidden colour=hidden", "coturn does not know"},
        {"password=hidden port=0", "the port"},
        {"password=hidden port=65536", "the port"},
        {"password=hidden db=-1", "a number"},
        {"tls=1 password=hidden", "no TLS"},
        {"rediss://:hidden@h", "no TLS"},
        {"redis://:hidden%0@h", "hex digits"},
        {"redis://:hidden%00@h", "hex digits"},
        {"redis://:hidden@[::1", "in brackets"},
        {"redis://:hidden@h:x", "the port"},
        {"redis://:hidden@h/x", "a number"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct import_dsn dsn;
        char why[256] = "";
        struct text t = text_init(why, sizeof(why));
        print_message("# %s\n", cases[i].text);
        assert_false(import_dsn_parse(cases[i].text, &dsn, &t));
        assert_non_null(strstr(why, cases[i].word));
        assert_null(strstr(why, "hidden"));
    }
    char *large = calloc(1, IMPORT_DSN_MAX + 2);
    struct import_dsn dsn;
    char why[256] = "";
    struct text t = text_init(why, sizeof(why));
    assert_non_null(large);
    memset(large, 'x', IMPORT_DSN_MAX + 1);
    assert_false(import_dsn_parse(large, &dsn, &t));
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_are_read),
        cmocka_unit_test(what_is_wrong_is_told_without_a_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
