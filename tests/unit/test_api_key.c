/* test_api_key — keys of the HTTP interface: made, kept as a hash, told apart. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "store/api_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HASH "\"hash\":\"f0c3ae808cef897043f79de49549776f1f58cb7c5364e03ab40abac620459848\""
#define ID "abcdefghijklm"

static bool parses(const char *text, struct api_key *out)
{
    return api_key_parse(span_of_text(ID), span_of_text(text), out);
}

static void token_opens_its_key_alone(void **state)
{
    (void)state;
    const struct digest *d = support_digest();
    struct api_key one = {.role = API_KEY_ISSUE};
    struct api_key two = {.role = API_KEY_ISSUE};
    char token[API_KEY_TOKEN_SIZE + 1];
    char other[API_KEY_TOKEN_SIZE + 1];
    char id[API_KEY_ID_SIZE + 1];
    api_key_make(&one, d, token);
    api_key_make(&two, d, other);
    assert_int_equal(strlen(token), API_KEY_TOKEN_SIZE);
    assert_int_equal(strspn(token, "tpk_abcdefghijklmnopqrstuvwxyz234567"), API_KEY_TOKEN_SIZE);
    assert_string_not_equal(one.id, two.id);
    assert_string_not_equal(token, other);
    assert_true(api_key_of_token(token, id));
    assert_string_equal(id, one.id);
    assert_true(api_key_opens(&one, d, token));
    assert_false(api_key_opens(&one, d, other));
    assert_false(api_key_opens(&two, d, token));
    for (int i = 0; i < API_KEY_TOKEN_SIZE; i++) { /* every character counts */
        token[i] ^= 1;
        assert_false(api_key_opens(&one, d, token));
        token[i] ^= 1;
    }
    assert_false(api_key_opens(&one, d, ""));
    assert_true(one.created.s > 1600000000);
}

static void what_is_no_token_is_told(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "tpk_",
        "tpk_" ID,
        "tpk_" ID "_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxy",   /* one short */
        "tpk_" ID "_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyza", /* one long */
        "tpx_" ID "_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
        "TPK_" ID "_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
        "tpk_" ID "-abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
        "tpk_abc/efghijklm_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    };
    char id[API_KEY_ID_SIZE + 1];
    for (size_t i = 0; i < COUNT(others); i++) {
        if (api_key_of_token(others[i], id)) {
            fail_msg("\"%s\"", others[i]);
        }
    }
    assert_true(
        api_key_of_token("tpk_" ID "_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", id));
    assert_string_equal(id, ID);
}

static void what_is_kept_comes_back(void **state)
{
    (void)state;
    struct api_key key = {.role = API_KEY_READ,
                          .label = "of J\xc3\xbcrgen",
                          .tenant = "north",
                          .realm = "example.org",
                          .rate = 12};
    struct api_key again;
    char token[API_KEY_TOKEN_SIZE + 1];
    api_key_make(&key, support_digest(), token);
    json_t *kept = api_key_print(&key, true);
    json_t *shown = api_key_print(&key, false);
    char *text = json_dumps(kept, 0);
    assert_non_null(json_object_get(kept, "hash"));
    assert_null(json_object_get(shown, "hash"));
    assert_null(strstr(text, token));
    assert_null(strstr(text, token + 4 + API_KEY_ID_SIZE + 1));
    assert_true(api_key_parse(span_of_text(key.id), span_of_text(text), &again));
    assert_string_equal(again.id, key.id);
    assert_int_equal(again.role, API_KEY_READ);
    assert_string_equal(again.label, key.label);
    assert_string_equal(again.tenant, "north");
    assert_string_equal(again.realm, "example.org");
    assert_int_equal(again.rate, 12);
    assert_int_equal(again.created.s, key.created.s);
    assert_true(api_key_opens(&again, support_digest(), token));
    free(text);
    json_decref(kept);
    json_decref(shown);
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"role\":\"admin\"}", /* no hash */
        "{" HASH "}",           /* no role */
        "{\"role\":\"root\"," HASH "}",
        "{\"role\":\"\"," HASH "}",
        "{\"role\":2," HASH "}",
        "{\"role\":\"admin\",\"role\":\"issue\"," HASH "}", /* which? */
        "{\"role\":\"admin\",\"hash\":5}",
        "{\"role\":\"admin\",\"hash\":\"\"}",
        "{\"role\":\"admin\",\"hash\":\"72f86f2053703faa0f521ce71cfe6f59\"}", /* too short */
        "{\"role\":\"admin\"," HASH "} x",
        /* A limit that cannot be read is not no limit. */
        "{\"role\":\"issue\"," HASH ",\"tenant\":5}",
        "{\"role\":\"issue\"," HASH ",\"tenant\":[\"north\"]}",
        "{\"role\":\"issue\"," HASH ",\"realm\":null}",
        "{\"role\":\"issue\"," HASH ",\"label\":{}}",
        "{\"role\":\"issue\"," HASH ",\"rate\":\"5\"}",
        "{\"role\":\"issue\"," HASH ",\"rate\":-1}",
        "{\"role\":\"issue\"," HASH ",\"rate\":4294967296}",
        "{\"role\":\"issue\"," HASH ",\"rate\":1.5}",
        "{\"role\":\"issue\"," HASH ",\"tenant\":\"abcdefghijklmnopqrstuvwxyz0123456\"}",
    };
    struct api_key key;
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (parses(texts[i], &key)) {
            fail_msg("%s", texts[i]);
        }
    }
    static const char good[] = "{\"role\":\"admin\"," HASH "}";
    assert_true(parses(good, &key));
    assert_int_equal(key.role, API_KEY_ADMIN);
    assert_string_equal(key.tenant, "");
    assert_int_equal(key.rate, 0);
    assert_false(api_key_parse(span_of_text("abcdefghijkl"), span_of_text(good), &key));
    assert_false(api_key_parse(span_of_text("abcdefghijklmn"), span_of_text(good), &key));
    assert_false(api_key_parse(span_of_text("abcdefg/ijklm"), span_of_text(good), &key));
    assert_false(api_key_parse((struct span){NULL, 0}, (struct span){NULL, 0}, &key));
}

static void roles_have_names(void **state)
{
    (void)state;
    assert_string_equal(api_key_role_name(API_KEY_ISSUE), "issue");
    assert_string_equal(api_key_role_name(API_KEY_READ), "read");
    assert_string_equal(api_key_role_name(API_KEY_ADMIN), "admin");
    for (int i = 0; i < API_KEY_ROLES; i++) {
        assert_int_equal(api_key_role_of(api_key_role_name((enum api_key_role)i)), i);
    }
    assert_int_equal(api_key_role_of("Admin"), -1);
    assert_int_equal(api_key_role_of(""), -1);
    assert_int_equal(api_key_role_of(NULL), -1);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_opens_its_key_alone), cmocka_unit_test(what_is_no_token_is_told),
        cmocka_unit_test(what_is_kept_comes_back),   cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(roles_have_names),
    };
    return cmocka_run_group_tests_name("api_key", tests, NULL, NULL);
}
