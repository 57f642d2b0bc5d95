/* test_routes — paths of the HTTP interface: which there are, by which method, and what stands in
 * them. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "manage/routes.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct call *call;

static int begin(void **state)
{
    (void)state;
    call = calloc(1, sizeof(*call));
    return call ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    free(call);
    return 0;
}

static void paths_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *pattern; /* NULL: none */
        const char *allowed;
    } rows[] = {
        {"POST", "/v1/credentials", "/v1/credentials", ""},
        {"GET", "/v1/credentials", NULL, "POST"},
        {"DELETE", "/v1/credentials/abc", "/v1/credentials/*", ""},
        {"PUT", "/v1/users/alice", NULL, "GET, PATCH, DELETE"},
        {"PATCH", "/v1/users/alice", "/v1/users/*", ""},
        {"DELETE", "/v1/users", NULL, "GET, POST"},
        {"GET", "/v1/users/a%2Fb", "/v1/users/*", ""},
        {"GET", "/v1/users/a/b", NULL, ""},
        {"GET", "/v1/users/", NULL, ""},
        {"GET", "/v1/users/alice/", NULL, ""},
        {"GET", "/v1/users//", NULL, ""},
        {"DELETE", "/v1/revocations/user/alice", "/v1/revocations/*/*", ""},
        {"DELETE", "/v1/revocations/user", NULL, ""},
        {"DELETE", "/v1/revocations/user/", NULL, ""},
        {"DELETE", "/v1/revocations//alice", NULL, ""},
        {"DELETE", "/v1/revocations/a/b/c", NULL, ""},
        {"POST", "/2010-04-01/Accounts/AC1/Tokens.json", "/2010-04-01/Accounts/*/Tokens.json", ""},
        {"POST", "/2010-04-01/Accounts/AC1/Tokens.xml", NULL, ""},
        {"POST", "/2010-04-01/Accounts//Tokens.json", NULL, ""},
        {"GET", "/turn", "/turn", ""},
        {"DELETE", "/turn", NULL, "GET, POST"},
        {"GET", "/turn/", NULL, ""},
        {"GET", "", NULL, ""},
        {"GET", "/", NULL, ""},
        {"GET", "/v1", NULL, ""},
        {"GET", "//v1/users", NULL, ""},
        {"GET", "/V1/users", NULL, ""},
        {"get", "/v1/users", NULL, "GET, POST"},
        {"GET", "*", NULL, ""},
        {"GET", "/v1/*", NULL, ""},
        {"GET", "/v1/users?x", NULL, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char allowed[64];
        const struct route *r = routes_find(rows[i].method, rows[i].path, allowed);
        if ((r != NULL) != (rows[i].pattern != NULL)) {
            fail_msg("%s %s", rows[i].method, rows[i].path);
        }
        if (r) {
            assert_string_equal(r->path, rows[i].pattern);
            assert_string_equal(r->method, rows[i].method);
        } else {
            assert_string_equal(allowed, rows[i].allowed);
        }
    }
}

static void every_route_is_found_by_its_own_path(void **state)
{
    (void)state;
    size_t count;
    const struct route *all = routes_all(&count);
    assert_true(count > 20);
    for (size_t i = 0; i < count; i++) {
        char allowed[64];
        assert_ptr_equal(routes_find(all[i].method, all[i].path, allowed), &all[i]);
        assert_non_null(all[i].handle);
        assert_int_equal(all[i].path[0], '/');
        /* What changes anything but credentials is an administrator's. */
        if (strcmp(all[i].method, "GET") != 0 && all[i].role != API_KEY_ADMIN) {
            assert_int_equal(all[i].role, API_KEY_ISSUE);
        }
        if (strstr(all[i].path, "users") || strstr(all[i].path, "secrets") ||
            strstr(all[i].path, "keys")) {
            assert_int_equal(all[i].role, API_KEY_ADMIN);
        }
    }
}

static bool fill(const char *method, const char *path)
{
    char allowed[64];
    const struct route *r = routes_find(method, path, allowed);
    assert_non_null(r);
    call->name_size = call->more_size = 0;
    return routes_fill(r, path, call);
}

static void assert_name(const void *bytes, size_t size)
{
    assert_int_equal(call->name_size, size);
    assert_memory_equal(call->name, bytes, size);
    assert_int_equal(call->name[size], 0);
}

static void names_in_paths_are_decoded(void **state)
{
    (void)state;
    assert_true(fill("GET", "/v1/users/alice"));
    assert_name("alice", 5);
    assert_true(fill("GET", "/v1/users/a%2fb%2Fc"));
    assert_name("a/b/c", 5);
    assert_true(fill("GET", "/v1/users/J%C3%BCrgen%20x"));
    assert_name("J\xc3\xbcrgen x", 9);
    assert_true(fill("GET", "/v1/users/a+b"));
    assert_name("a+b", 3); /* a plus is a plus: this is no form */
    assert_true(fill("GET", "/v1/users/%25%32%35"));
    assert_name("%25", 3); /* once, not twice */
    assert_true(fill("GET", "/v1/users/a%00b"));
    assert_name("a\0b", 3);
    assert_true(fill("GET", "/v1/users/*"));
    assert_name("*", 1);
    assert_true(fill("DELETE", "/v1/revocations/user/a%2Fb"));
    assert_name("user", 4);
    assert_int_equal(call->more_size, 3);
    assert_memory_equal(call->more, "a/b", 4);
    assert_true(fill("POST", "/2010-04-01/Accounts/AC1/Tokens.json"));
    assert_name("AC1", 3);
    assert_true(fill("GET", "/v1/status"));
    assert_int_equal(call->name_size, 0);
}

static void bad_escapes_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"%", "%2", "%2x", "%x2", "%%20", "a%", "a%4", "% 2", "%-1"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[64] = "/v1/users/";
        strcat(path, names[i]);
        assert_false(fill("GET", path));
        strcpy(path, "/v1/revocations/user/");
        strcat(path, names[i]);
        assert_false(fill("DELETE", path));
    }
}

static void name_is_as_long_as_there_is_room(void **state)
{
    (void)state;
    char path[3 * CALL_NAME_MAX + 64] = "/v1/users/";
    size_t size = strlen(path);
    memset(path + size, 'n', CALL_NAME_MAX);
    path[size + CALL_NAME_MAX] = '\0';
    assert_true(fill("GET", path));
    assert_int_equal(call->name_size, CALL_NAME_MAX);
    strcat(path, "n");
    assert_false(fill("GET", path));
    path[size] = '\0';
    for (int i = 0; i < CALL_NAME_MAX; i++) {
        strcat(path, "%6e");
    }
    assert_true(fill("GET", path));
    assert_int_equal(call->name_size, CALL_NAME_MAX);
    strcat(path, "%6e");
    assert_false(fill("GET", path));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_found),
        cmocka_unit_test(every_route_is_found_by_its_own_path),
        cmocka_unit_test(names_in_paths_are_decoded),
        cmocka_unit_test(bad_escapes_are_refused),
        cmocka_unit_test(name_is_as_long_as_there_is_room),
    };
    return cmocka_run_group_tests_name("routes", tests, begin, end);
}
