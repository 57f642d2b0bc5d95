/* test_probe_uri — which URIs are taken, and what is said of the others. U01. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "probe/probe_uri.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void uris_of_the_rfcs(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        uint16_t port;
        bool is_turn;
        enum probe_transport transport;
    } cases[] = {
        {"stun:example.org", "example.org", 3478, false, PROBE_TRANSPORT_UDP},
        {"stun:example.org:8000", "example.org", 8000, false, PROBE_TRANSPORT_UDP},
        {"turn:example.org", "example.org", 3478, true, PROBE_TRANSPORT_UDP},
        {"turn:example.org:8000", "example.org", 8000, true, PROBE_TRANSPORT_UDP},
        {"turn:example.org?transport=udp", "example.org", 3478, true, PROBE_TRANSPORT_UDP},
        {"turn:example.org:65535?transport=udp", "example.org", 65535, true, PROBE_TRANSPORT_UDP},
        {"TURN:Example.org?TRANSPORT=UDP", "Example.org", 3478, true, PROBE_TRANSPORT_UDP},
        {"turn:192.0.2.1:1", "192.0.2.1", 1, true, PROBE_TRANSPORT_UDP},
        {"stun:[2001:db8::1]", "2001:db8::1", 3478, false, PROBE_TRANSPORT_UDP},
        {"turn:[2001:db8::1]:5000?transport=udp", "2001:db8::1", 5000, true, PROBE_TRANSPORT_UDP},
        {"turn:[::ffff:192.0.2.1]", "::ffff:192.0.2.1", 3478, true, PROBE_TRANSPORT_UDP},
        {"turn:example.org:", "example.org", 3478, true,
         PROBE_TRANSPORT_UDP}, /* RFC 3986 3.2.3: may be empty */
        {"turn:a_b-c.example", "a_b-c.example", 3478, true, PROBE_TRANSPORT_UDP},
        {"turn:127.example", "127.example", 3478, true, PROBE_TRANSPORT_UDP},
        {"turn:example.org?transport=tcp", "example.org", 3478, true, PROBE_TRANSPORT_TCP},
        {"turn:example.org:443?transport=TCP", "example.org", 443, true, PROBE_TRANSPORT_TCP},
        {"stuns:example.org", "example.org", 5349, false, PROBE_TRANSPORT_TLS},
        {"stuns:[::1]:443", "::1", 443, false, PROBE_TRANSPORT_TLS},
        {"turns:example.org", "example.org", 5349, true, PROBE_TRANSPORT_TLS},
        {"TURNS:example.org?transport=tcp", "example.org", 5349, true, PROBE_TRANSPORT_TLS},
        {"turns:example.org:", "example.org", 5349, true, PROBE_TRANSPORT_TLS},
        {"turns:example.org?transport=udp", "example.org", 5349, true, PROBE_TRANSPORT_DTLS},
        {"turns:192.0.2.1:3478?transport=udp", "192.0.2.1", 3478, true, PROBE_TRANSPORT_DTLS},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct probe_uri uri;
        assert_int_equal(probe_uri_parse(cases[i].text, &uri), PROBE_URI_OK);
        assert_string_equal(uri.host, cases[i].host);
        assert_int_equal(uri.port, cases[i].port);
        assert_int_equal(uri.is_turn, cases[i].is_turn);
        assert_int_equal(uri.transport, cases[i].transport);
    }
}

static void each_fault_has_its_verdict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum probe_uri_verdict verdict;
    } cases[] = {
        {"", PROBE_URI_SCHEME},
        {"example.org", PROBE_URI_SCHEME},
        {"http://example.org", PROBE_URI_SCHEME},
        {"turnip:example.org", PROBE_URI_SCHEME},
        {"turn", PROBE_URI_SCHEME},
        {"turns", PROBE_URI_SCHEME},
        {"turnss:example.org", PROBE_URI_SCHEME},
        {"turns://example.org", PROBE_URI_SLASHES},
        {"turn://example.org", PROBE_URI_SLASHES},
        {"turn:alice@example.org", PROBE_URI_USER},
        {"turn:alice:secret@example.org", PROBE_URI_USER},
        {"turn:", PROBE_URI_HOST},
        {"turn::3478", PROBE_URI_HOST},
        {"turn:?transport=udp", PROBE_URI_HOST},
        {"turn:/example.org", PROBE_URI_HOST},
        {"turn:example.org/path", PROBE_URI_HOST},
        {"turn:exa mple.org", PROBE_URI_HOST},
        {"turn:ex\xc3\xa4mple.org", PROBE_URI_HOST},
        {"turn:10.0.0.256", PROBE_URI_HOST},
        {"turn:127.1", PROBE_URI_HOST},
        {"turn:2130706433", PROBE_URI_HOST},
        {"turn:2001:db8::1", PROBE_URI_HOST},
        {"turn:fe80::1", PROBE_URI_HOST},
        {"turn:[2001:db8::1", PROBE_URI_HOST},
        {"turn:[]", PROBE_URI_HOST},
        {"turn:[192.0.2.1]", PROBE_URI_HOST},
        {"turn:[fe80::1%25eth0]", PROBE_URI_HOST},
        {"turn:[::1]x", PROBE_URI_HOST},
        {"turn:[2001:db8::1]:80]", PROBE_URI_PORT_RANGE},
        {"turn:example.org:0", PROBE_URI_PORT_RANGE},
        {"turn:example.org:65536", PROBE_URI_PORT_RANGE},
        {"turn:example.org:99999999999999999999", PROBE_URI_PORT_RANGE},
        {"turn:example.org:http", PROBE_URI_PORT_RANGE},
        {"turn:example.org:-1", PROBE_URI_PORT_RANGE},
        {"turn:example.org:80/", PROBE_URI_PORT_RANGE},
        {"turn:example.org?transport=sctp", PROBE_URI_TRANSPORT},
        {"turn:example.org?transport=", PROBE_URI_TRANSPORT},
        {"turn:example.org?transport=udp&x", PROBE_URI_TRANSPORT},
        {"turn:example.org?", PROBE_URI_QUERY},
        {"turn:example.org?proto=udp", PROBE_URI_QUERY},
        {"turns:example.org?transport=tls", PROBE_URI_TRANSPORT},
        {"stun:example.org?transport=udp", PROBE_URI_QUERY},
        {"stuns:example.org?transport=tcp", PROBE_URI_QUERY},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct probe_uri uri;
        enum probe_uri_verdict verdict = probe_uri_parse(cases[i].text, &uri);
        if (verdict != cases[i].verdict) {
            fail_msg("%s: %d, not %d", cases[i].text, verdict, cases[i].verdict);
        }
    }
}

static void hosts_have_a_longest_length(void **state)
{
    (void)state;
    char text[PROBE_URI_HOST_SIZE + 8] = "turn:";
    struct probe_uri uri;
    memset(text + 5, 'a', PROBE_URI_HOST_SIZE - 1);
    assert_int_equal(probe_uri_parse(text, &uri), PROBE_URI_OK);
    assert_int_equal(strlen(uri.host), PROBE_URI_HOST_SIZE - 1);
    text[5 + PROBE_URI_HOST_SIZE - 1] = 'a';
    assert_int_equal(probe_uri_parse(text, &uri), PROBE_URI_HOST);
    memset(text + 5, '[', 1);
    assert_int_equal(probe_uri_parse(text, &uri), PROBE_URI_HOST);
    text[5 + PROBE_URI_HOST_SIZE] = ']';
    assert_int_equal(probe_uri_parse(text, &uri), PROBE_URI_HOST);
}

static void the_transport_can_be_chosen(void **state)
{
    (void)state;
    struct probe_uri uri;
    assert_int_equal(probe_uri_parse("stun:x", &uri), PROBE_URI_OK);
    assert_int_equal(probe_uri_choose(&uri, true), PROBE_URI_OK);
    assert_int_equal(uri.transport, PROBE_TRANSPORT_TCP);
    assert_int_equal(probe_uri_parse("stuns:x", &uri), PROBE_URI_OK);
    assert_int_equal(probe_uri_choose(&uri, false), PROBE_URI_OK);
    assert_int_equal(uri.transport, PROBE_TRANSPORT_DTLS);
    assert_int_equal(uri.port, 5349);
    assert_int_equal(probe_uri_parse("turn:x?transport=udp", &uri), PROBE_URI_OK);
    assert_int_equal(probe_uri_choose(&uri, true), PROBE_URI_TWO);
    assert_int_equal(probe_uri_choose(&uri, false), PROBE_URI_OK);
    assert_int_equal(uri.transport, PROBE_TRANSPORT_UDP);
}

static void addresses_are_told_from_names(void **state)
{
    (void)state;
    static const char *const texts[] = {"turns:192.0.2.1", "turns:[2001:db8::1]:443", "turns:x",
                                        "turns:192.0.2.1.example"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct probe_uri uri;
        assert_int_equal(probe_uri_parse(texts[i], &uri), PROBE_URI_OK);
        assert_int_equal(probe_uri_is_address(&uri), i < 2);
    }
}

static void every_verdict_has_words_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < PROBE_URI_VERDICT_COUNT; i++) {
        const char *words = probe_uri_reason((enum probe_uri_verdict)i);
        assert_true(strlen(words) > 5);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(words, probe_uri_reason((enum probe_uri_verdict)j));
        }
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "URIs of RFC 7064 and RFC 7065", .test_func = uris_of_the_rfcs},
        {.name = "each fault has its verdict", .test_func = each_fault_has_its_verdict},
        {.name = "hosts have a longest length", .test_func = hosts_have_a_longest_length},
        {.name = "the transport can be chosen", .test_func = the_transport_can_be_chosen},
        {.name = "addresses are told from names", .test_func = addresses_are_told_from_names},
        {.name = "every verdict has words of its own",
         .test_func = every_verdict_has_words_of_its_own},
    };
    return cmocka_run_group_tests_name("probe_uri", tests, NULL, NULL);
}
