/* test_grant — what is kept of a user: printed, read again, and refused when it is hostile. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "store/grant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MD5 "\"md5\":\"72f86f2053703faa0f521ce71cfe6f59\""
#define SHA256 "\"sha256\":\"f0c3ae808cef897043f79de49549776f1f58cb7c5364e03ab40abac620459848\""

static struct grant alice(void)
{
    struct grant g = {.name_size = 5, .name = "alice"};
    grant_set_password(&g, support_digest(), span_of_text("example.org"),
                       span_of_text("wonderland"));
    return g;
}

static bool parses(const char *text, struct grant *out)
{
    char why[256] = "";
    bool ok = grant_parse(span_of_text(text), out, why, sizeof(why));
    if (ok == (why[0] != '\0')) { /* a refusal has one sentence, and nothing else has */
        fail_msg("%s: %s", text, why);
    }
    return ok;
}

/* with — a grant whose object has some more members. */
static bool with(const char *members, struct grant *out)
{
    char text[4096];
    snprintf(text, sizeof(text), "{\"name\":\"alice\"," MD5 ",%s}", members);
    return parses(text, out);
}

static void password_is_kept_as_keys_alone(void **state)
{
    (void)state;
    struct grant g = alice();
    struct grant again;
    char *text = grant_print(&g);
    assert_string_equal(text, "{\"name\":\"alice\"," MD5 "," SHA256 ",\"issued\":0}");
    assert_null(strstr(text, "wonderland"));
    assert_true(parses(text, &again));
    assert_true(again.has_sha256);
    assert_memory_equal(again.md5.bytes, g.md5.bytes, DIGEST_MD5_SIZE);
    assert_memory_equal(again.sha256.bytes, g.sha256.bytes, DIGEST_SHA256_SIZE);
    assert_true(rights_are_plain(&again.rights));
    assert_int_equal(again.expires.s, 0);
    assert_int_equal(again.not_before.s, 0);
    grant_free_text(text);
    grant_free_text(NULL);
}

static void everything_comes_back(void **state)
{
    (void)state;
    struct grant g = alice();
    struct grant again;
    g.expires.s = 1700003600;
    g.not_before.s = 1700000100;
    strcpy(g.rights.id, "abcdefghijklm");
    strcpy(g.rights.tenant, "north_1-x");
    g.rights.issued.s = 1700000000;
    g.rights.allocations = 7;
    g.rights.bandwidth = 1000000000000;
    assert_true(prefix_parse("192.0.2.0/24", &g.rights.client));
    assert_true(prefix_parse("2001:db8::/32", &g.rights.peer[0]));
    assert_true(prefix_parse("10.0.0.1", &g.rights.peer[1]));
    g.rights.peer_count = 2;
    char *text = grant_print(&g);
    assert_non_null(text);
    assert_true(parses(text, &again));
    assert_int_equal(again.expires.s, 1700003600);
    assert_int_equal(again.not_before.s, 1700000100);
    assert_string_equal(again.rights.id, "abcdefghijklm");
    assert_string_equal(again.rights.tenant, "north_1-x");
    assert_int_equal(again.rights.issued.s, 1700000000);
    assert_int_equal(again.rights.allocations, 7);
    assert_int_equal(again.rights.bandwidth, 1000000000000);
    assert_int_equal(again.rights.client.length, 24);
    assert_int_equal(again.rights.peer_count, 2);
    assert_int_equal(again.rights.peer[0].length, 32);
    assert_int_equal(again.rights.peer[1].length, 32);
    char *second = grant_print(&again);
    assert_string_equal(text, second);
    grant_free_text(text);
    grant_free_text(second);
}

static void names_are_text(void **state)
{
    (void)state;
    struct grant g = alice();
    struct grant again;
    strcpy(g.name, "J\xc3\xbcrgen \"x\" \\ \n");
    g.name_size = strlen(g.name);
    char *text = grant_print(&g);
    assert_true(parses(text, &again));
    assert_string_equal(again.name, g.name);
    grant_free_text(text);
    memset(g.name, 'n', STUN_NAME_MAX);
    g.name_size = STUN_NAME_MAX;
    text = grant_print(&g);
    assert_true(parses(text, &again));
    assert_int_equal(again.name_size, STUN_NAME_MAX);
    grant_free_text(text);
    strcpy(g.name, "\xff");
    g.name_size = 1;
    assert_null(grant_print(&g)); /* no UTF-8: there is no JSON of it */
}

static void user_of_a_key_alone_has_no_sha256(void **state)
{
    (void)state;
    struct grant g;
    assert_true(parses("{\"name\":\"alice\"," MD5 "}", &g));
    assert_false(g.has_sha256);
    g.has_sha256 = true;
    assert_true(parses("{" SHA256 "," MD5 ",\"name\":\"alice\"}", &g));
    assert_true(g.has_sha256);
    char *text;
    assert_true(parses("{\"name\":\"alice\"," MD5 "}", &g));
    text = grant_print(&g);
    assert_null(strstr(text, "sha256"));
    grant_free_text(text);
}

static void hostile_texts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "null",
        "1",
        "\"alice\"",
        "[]",
        "[{\"name\":\"alice\"," MD5 "}]",
        "{",
        "{}",
        "{\"name\":\"alice\"}",            /* no key */
        "{" MD5 "}",                       /* no name */
        "{\"name\":\"alice\"," SHA256 "}", /* no MD5 */
        "{\"name\":5," MD5 "}",
        "{\"name\":null," MD5 "}",
        "{\"name\":[\"alice\"]," MD5 "}",
        "{\"name\":\"alice\",\"md5\":5}",
        "{\"name\":\"alice\",\"md5\":\"\"}",
        "{\"name\":\"alice\",\"md5\":\"72f86f2053703faa0f521ce71cfe6f5\"}",
        "{\"name\":\"alice\",\"md5\":\"72f86f2053703faa0f521ce71cfe6f5g\"}",
        "{\"name\":\"alice\",\"md5\":"
        "\"f0c3ae808cef897043f79de49549776f1f58cb7c5364e03ab40abac6204598"
        "48\"}",                                /* that of SHA-256 */
        "{\"name\":\"alice\"," MD5 "," MD5 "}", /* twice */
        "{\"name\":\"alice\",\"name\":\"bob\"," MD5 "}",
        "{\"name\":\"a\\u0000b\"," MD5 "}",    /* NUL */
        "{\"name\":\"\xff\"," MD5 "}",         /* no UTF-8 */
        "{\"name\":\"\xed\xa0\x80\"," MD5 "}", /* half a surrogate pair */
        "{\"name\":\"\\ud800\"," MD5 "}",
        "{\"name\":\"alice\"," MD5 "} x", /* something behind */
        "{\"name\":\"alice\"," MD5 ",}",
        "{\"name\":\"alice\"," MD5 ",\"expires\":1e400}",
        "{\"name\":\"alice\"," MD5 ",\"allocations\":NaN}",
    };
    struct grant g;
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (parses(texts[i], &g)) {
            fail_msg("%s", texts[i]);
        }
    }
    char why[256];
    static const char nul[] = "{\"name\":\"alice\"," MD5 "}\0";
    assert_false(
        grant_parse((struct span){(const uint8_t *)nul, sizeof(nul)}, &g, why, sizeof(why)));
    assert_false(grant_parse((struct span){NULL, 0}, &g, why, sizeof(why)));
}

static void hostile_members_are_refused(void **state)
{
    (void)state;
    static const char *const members[] = {
        "\"expires\":-1",
        "\"expires\":\"1700000000\"",
        "\"expires\":1.5",
        "\"expires\":100000000001",
        "\"expires\":9223372036854775807",
        "\"expires\":9223372036854775808",
        "\"expires\":null",
        "\"issued\":-1",
        "\"issued\":[1]",
        "\"issued\":true",
        "\"id\":\"abcdefghijklmnopqrstuvwxy\"", /* 25 */
        "\"id\":5",
        "\"id\":null",
        "\"not_before\":-1",
        "\"not_before\":\"x\"",
        "\"tenant\":5",
        "\"tenant\":null",
        "\"tenant\":\"a b\"",
        "\"tenant\":\"\xc3\xa4\"",
        "\"tenant\":\"abcdefghijklmnopqrstuvwxyz0123456\"",
        "\"allocations\":-1",
        "\"allocations\":1000000001",
        "\"allocations\":4294967297",
        "\"allocations\":1.0",
        "\"allocations\":\"1\"",
        "\"bandwidth\":-1",
        "\"bandwidth\":1000000000001",
        "\"bandwidth\":{}",
        "\"client\":5",
        "\"client\":\"x\"",
        "\"client\":\"192.0.2.1/24\"",
        "\"client\":\"192.0.2.1:80\"",
        "\"client\":[\"192.0.2.1\"]",
        "\"peers\":\"10.0.0.0/8\"",
        "\"peers\":{}",
        "\"peers\":[5]",
        "\"peers\":[null]",
        "\"peers\":[\"\"]",
        "\"peers\":[[\"10.0.0.0/8\"]]",
        "\"peers\":[\"10.0.0.0/8\",\"10.0.0.1/8\"]",
        "\"peers\":[\"::1\",\"::2\",\"::3\",\"::4\",\"::5\",\"::6\",\"::7\",\"::8\",\"::9\"]",
    };
    struct grant g;
    for (size_t i = 0; i < COUNT(members); i++) {
        if (with(members[i], &g)) {
            fail_msg("%s", members[i]);
        }
    }
    /* What is not known is not minded: a newer server may have written it. */
    assert_true(with("\"changed\":5,\"note\":{\"a\":[1]}", &g));
    assert_true(with("\"tenant\":\"\",\"client\":\"\",\"peers\":[],\"allocations\":0", &g));
    assert_true(rights_are_plain(&g.rights));
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    enum { DEPTH = 200000 };
    char *text = malloc(2 * DEPTH + 100);
    char why[256] = "";
    struct grant g;
    assert_non_null(text);
    int size = sprintf(text, "{\"name\":\"alice\"," MD5 ",\"x\":");
    memset(text + size, '[', DEPTH);
    memset(text + size + DEPTH, ']', DEPTH);
    size += 2 * DEPTH;
    text[size++] = '}';
    assert_false(
        grant_parse((struct span){(const uint8_t *)text, (size_t)size}, &g, why, sizeof(why)));
    assert_string_not_equal(why, "");
    free(text);
}

static void name_is_as_long_as_stun_carries(void **state)
{
    (void)state;
    char text[1024];
    struct grant g;
    for (int size = STUN_NAME_MAX; size <= STUN_NAME_MAX + 1; size++) {
        snprintf(text, sizeof(text), "{\"name\":\"%0*d\"," MD5 "}", size, 0);
        assert_int_equal(parses(text, &g), size == STUN_NAME_MAX);
    }
}

static void members_are_told_apart(void **state)
{
    (void)state;
    struct grant g = alice();
    char why[256];
    bool is_known;
    json_t *text = json_string("x");
    json_t *number = json_integer(5);
    assert_true(grant_set_member(&g, "nonsense", text, &is_known, why, sizeof(why)));
    assert_false(is_known);
    assert_true(grant_set_member(&g, "tenant", text, &is_known, why, sizeof(why)));
    assert_true(is_known);
    assert_string_equal(g.rights.tenant, "x");
    assert_false(grant_set_member(&g, "tenant", number, &is_known, why, sizeof(why)));
    assert_true(is_known);
    assert_string_equal(why, "tenant: write 1 to 32 letters, digits, _ or -");
    assert_false(grant_set_member(&g, "client", text, &is_known, why, sizeof(why)));
    assert_string_equal(why, "client: write an address or a range like 192.0.2.0/24");
    assert_false(grant_set_member(&g, "peers", text, &is_known, why, sizeof(why)));
    assert_string_equal(why, "peers: write a list of at most 8 addresses or ranges");
    assert_false(grant_set_member(&g, "allocations", text, &is_known, why, sizeof(why)));
    assert_string_equal(why, "allocations: write a whole number; 0 is no limit");
    json_decref(text);
    json_decref(number);
}

static void keys_are_hex_of_two_sizes(void **state)
{
    (void)state;
    struct stun_key key;
    assert_true(grant_read_key("00112233445566778899aAbBcCdDeEfF", 32, &key));
    assert_int_equal(key.size, DIGEST_MD5_SIZE);
    assert_int_equal(key.bytes[10], 0xaa);
    assert_int_equal(key.bytes[15], 0xff);
    assert_false(grant_read_key("00112233445566778899aAbBcCdDeEfF", 31, &key));
    assert_false(grant_read_key("00112233445566778899aAbBcCdDeEf-", 32, &key));
    assert_false(grant_read_key("", 0, &key));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(password_is_kept_as_keys_alone),
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(names_are_text),
        cmocka_unit_test(user_of_a_key_alone_has_no_sha256),
        cmocka_unit_test(hostile_texts_are_refused),
        cmocka_unit_test(hostile_members_are_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(name_is_as_long_as_stun_carries),
        cmocka_unit_test(members_are_told_apart),
        cmocka_unit_test(keys_are_hex_of_two_sizes),
    };
    return cmocka_run_group_tests_name("grant", tests, NULL, NULL);
}
