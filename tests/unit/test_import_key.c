/* test_import_key — the names of coturn's keys in Redis, and names that only look like them. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "ctl/import_key.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct key_case {
    const char *name;
    enum import_key_kind kind;
    const char *realm, *more; /* the user or the option; NULL: of no interest */
};

static void check_span(struct span s, const char *text)
{
    assert_int_equal(s.size, strlen(text));
    assert_memory_equal(s.size ? s.bytes : (const uint8_t *)text, text, s.size);
}

static void names_are_told_apart(void **state)
{
    (void)state;
    static const struct key_case cases[] = {
        {"turn/realm/R/user/U/key", IMPORT_KEY_USER, "R", "U"},
        {"turn/realm/a/b/user/c/d/key", IMPORT_KEY_USER, "a/b", "c/d"},
        {"turn/realm/R/user//key", IMPORT_KEY_USER, "R", ""},
        {"turn/realm//user/U/key", IMPORT_KEY_USER, "", "U"},
        {"turn/realm/R/user/key/key", IMPORT_KEY_USER, "R", "key"},
        {"turn/realm/R/user/a/user/b/key", IMPORT_KEY_AMBIGUOUS, NULL, NULL},
        {"turn/realm/R/user/user/U/key", IMPORT_KEY_AMBIGUOUS, NULL, NULL},
        {"turn/realm/R/secret", IMPORT_KEY_SECRET, "R", NULL},
        {"turn/realm//secret", IMPORT_KEY_SECRET, "", NULL},
        {"turn/realm/R/allowed-peer-ip", IMPORT_KEY_ALLOWED, "R", NULL},
        {"turn/realm/R/denied-peer-ip", IMPORT_KEY_DENIED, "R", NULL},
        {"turn/realm/R/max-bps", IMPORT_KEY_OPTION, "R", "max-bps"},
        {"turn/realm/R/total-quota", IMPORT_KEY_OPTION, "R", "total-quota"},
        {"turn/realm/R/user-quota", IMPORT_KEY_OPTION, "R", "user-quota"},
        {"turn/origin/http://x", IMPORT_KEY_ORIGIN, NULL, NULL},
        {"turn/oauth/kid/k", IMPORT_KEY_OAUTH, NULL, NULL},
        {"turn/admin_user/n", IMPORT_KEY_ADMIN, NULL, NULL},
        {"turn/realm/R/user/U/allocation/001/status", IMPORT_KEY_OTHER, NULL, NULL},
        {"turn/realm/R/user/key", IMPORT_KEY_OTHER, NULL, NULL},
        {"turn/realm/R/key", IMPORT_KEY_OTHER, NULL, NULL},
        {"turn/realm/", IMPORT_KEY_OTHER, NULL, NULL},
        {"turn/user/U/allocation/1/status", IMPORT_KEY_OTHER, NULL, NULL},
        {"turn/", IMPORT_KEY_OTHER, NULL, NULL},
        {"", IMPORT_KEY_OTHER, NULL, NULL},
        {"other", IMPORT_KEY_OTHER, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct key_case *c = &cases[i];
        struct import_key key = import_key_parse(span_of_text(c->name));
        print_message("# %s\n", c->name);
        assert_int_equal(key.kind, c->kind);
        if (c->realm) {
            check_span(key.realm, c->realm);
        }
        if (c->more) {
            check_span(key.kind == IMPORT_KEY_USER ? key.user : key.option, c->more);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
