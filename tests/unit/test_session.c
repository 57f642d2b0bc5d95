/* test_session — an allocation as managers see it: a copy of an event, its id, and JSON. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "store/session.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct netaddr at(const char *text)
{
    struct netaddr a;
    assert_true(netaddr_parse(text, &a));
    return a;
}

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "(none)";
}

static int64_t number_of(const json_t *object, const char *member)
{
    assert_true(json_is_integer(json_object_get(object, member)));
    return json_integer_value(json_object_get(object, member));
}

static void everything_of_an_event_is_copied(void **state)
{
    (void)state;
    char user[] = "1700000000:alice";
    char realm[] = "example.org";
    struct path path = {.kind = PATH_TLS, .client = {at("203.0.113.5:4000")}};
    struct rights rights = {.id = "abcdefghijklm", .tenant = "north"};
    struct turn_event event = {
        .kind = TURN_EVENT_LIVES,
        .session = 0x00abcdef12345678,
        .path = &path,
        .user = span_of_text(user),
        .realm = span_of_text(realm),
        .owner = span_of_text(user + 11),
        .rights = &rights,
        .relayed = {at("198.51.100.1:50000"), at("[2001:db8::1]:50002")},
        .duration_ns = 90 * MONO_SECOND + 1,
        .up = {.packets = 1, .bytes = 100},
        .down = {.packets = 2, .bytes = UINT64_C(1) << 40},
    };
    struct session *s = session_new(&event, (struct wall){1700000090});
    assert_non_null(s);
    memset(user, 'x', sizeof(user)); /* what was borrowed is gone */
    memset(realm, 'x', sizeof(realm));
    memset(&rights, 'x', sizeof(rights));
    json_t *o = session_json(s, "relay-1");
    assert_string_equal(text_of(o, "id"), "00abcdef12345678");
    assert_string_equal(text_of(o, "node"), "relay-1");
    assert_string_equal(text_of(o, "realm"), "example.org");
    assert_string_equal(text_of(o, "user"), "alice");
    assert_string_equal(text_of(o, "tenant"), "north");
    assert_string_equal(text_of(o, "credential"), "abcdefghijklm");
    assert_string_equal(text_of(o, "client"), "203.0.113.5:4000");
    assert_string_equal(text_of(o, "transport"), "tls");
    assert_int_equal(number_of(o, "started"), 1700000000);
    assert_int_equal(number_of(o, "sent_packets"), 1);
    assert_int_equal(number_of(o, "sent_bytes"), 100);
    assert_int_equal(number_of(o, "received_packets"), 2);
    assert_int_equal(number_of(o, "received_bytes"), INT64_C(1) << 40);
    const json_t *relayed = json_object_get(o, "relayed");
    assert_int_equal(json_array_size(relayed), 2);
    assert_string_equal(json_string_value(json_array_get(relayed, 0)), "198.51.100.1:50000");
    assert_string_equal(json_string_value(json_array_get(relayed, 1)), "[2001:db8::1]:50002");
    assert_true(span_is_equal(session_user(s), span_of_text("1700000000:alice")));
    assert_true(span_is_equal(session_owner(s), span_of_text("alice")));
    json_decref(o);
    free(s);
}

static void plain_user_is_her_own_owner(void **state)
{
    (void)state;
    struct path path = {.kind = PATH_UDP, .client = {at("203.0.113.5:4000")}};
    struct turn_event event = {
        .path = &path,
        .user = span_of_text("alice"),
        .realm = span_of_text("example.org"),
        .relayed = {at("198.51.100.1:50000")},
    };
    struct session *s = session_new(&event, (struct wall){1700000000});
    json_t *o = session_json(s, "relay-1");
    assert_string_equal(text_of(o, "user"), "alice");
    assert_null(json_object_get(o, "tenant"));
    assert_null(json_object_get(o, "credential"));
    assert_int_equal(json_array_size(json_object_get(o, "relayed")), 1);
    json_decref(o);
    free(s);
}

static void names_that_are_no_text_become_text(void **state)
{
    (void)state;
    static const struct {
        struct span bytes;
        const char *text;
        size_t size;
    } rows[] = {
        {{(const uint8_t *)"", 0}, "", 0},
        {{(const uint8_t *)"alice", 5}, "alice", 5},
        {{(const uint8_t *)"J\xc3\xbcrgen", 7}, "J\xc3\xbcrgen", 7},
        {{(const uint8_t *)"a\xff"
                           "b",
          3},
         "a\xef\xbf\xbd"
         "b",
         5},
        {{(const uint8_t *)"\xff\xfe", 2}, "\xef\xbf\xbd\xef\xbf\xbd", 6},
        {{(const uint8_t *)"\xc3", 1}, "\xef\xbf\xbd", 3},
        {{(const uint8_t *)"\xed\xa0\x80", 3}, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 9},
        {{(const uint8_t *)"a\0b", 3}, "a\0b", 3},
        {{(const uint8_t *)"\xff\0", 2}, "\xef\xbf\xbd\0", 4},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *text = session_text(rows[i].bytes);
        assert_non_null(text);
        assert_int_equal(json_string_length(text), rows[i].size);
        assert_memory_equal(json_string_value(text), rows[i].text, rows[i].size);
        char *dumped = json_dumps(text, JSON_ENCODE_ANY); /* and JSON can be made of it */
        assert_non_null(dumped);
        free(dumped);
        json_decref(text);
    }
    /* Within a session too, whose names come off the wire. */
    struct path path = {.kind = PATH_UDP, .client = {at("203.0.113.5:4000")}};
    struct turn_event event = {
        .path = &path, .user = {(const uint8_t *)"\xff\0", 2}, .realm = span_of_text("x")};
    struct session *s = session_new(&event, (struct wall){1700000000});
    json_t *o = session_json(s, "n");
    char *dumped = json_dumps(o, 0);
    assert_non_null(dumped);
    assert_non_null(strstr(dumped, "\"user\": \"\xef\xbf\xbd\\u0000\""));
    free(dumped);
    json_decref(o);
    free(s);
}

static void ids_are_16_hex_digits(void **state)
{
    (void)state;
    static const uint64_t ids[] = {0, 1, 0xabcdef, UINT64_C(1) << 63, UINT64_MAX};
    static const char *const others[] = {"",
                                         "1",
                                         "0123456789abcde",
                                         "0123456789abcdef0",
                                         "0123456789ABCDEF",
                                         "0123456789abcdeg",
                                         " 123456789abcdef",
                                         "-123456789abcdef",
                                         "0x23456789abcdef"};
    char text[17];
    uint64_t id;
    for (size_t i = 0; i < COUNT(ids); i++) {
        session_id(ids[i], text);
        assert_int_equal(strlen(text), 16);
        assert_true(session_parse_id(text, &id));
        assert_true(id == ids[i]);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_false(session_parse_id(others[i], &id));
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_of_an_event_is_copied),
        cmocka_unit_test(plain_user_is_her_own_owner),
        cmocka_unit_test(names_that_are_no_text_become_text),
        cmocka_unit_test(ids_are_16_hex_digits),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
