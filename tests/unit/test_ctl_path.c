/* test_ctl_path — names in paths and queries are percent-encoded, and nothing else is changed. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "ctl/ctl_path.h"

#include <string.h>

static void names_are_encoded(void **state)
{
    (void)state;
    struct ctl_path p;
    ctl_path_init(&p, "/v1/users");
    ctl_path_part(&p, "a b/../%\xc3\xbc~._-Z9?");
    ctl_path_query(&p, "realm", NULL);
    ctl_path_query(&p, "realm", "x&y=z");
    ctl_path_number(&p, "limit", 1000);
    assert_string_equal(p.bytes,
                        "/v1/users/a%20b%2F..%2F%25%C3%BC~._-Z9%3F?realm=x%26y%3Dz&limit=1000");
    assert_false(p.text.cut);
}

static void the_longest_names_fit(void **state)
{
    (void)state;
    char name[509];
    memset(name, '\xff', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    struct ctl_path p;
    ctl_path_init(&p, "/v1/users");
    ctl_path_part(&p, name);
    ctl_path_query(&p, "realm", name);
    ctl_path_query(&p, "user", name);
    ctl_path_query(&p, "cursor", name);
    assert_false(p.text.cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_encoded),
        cmocka_unit_test(the_longest_names_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
