/* test_conf_value — words of the configuration: what each kind takes, refuses, and writes again. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "conf_value.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A word, what is to be made of it, and as what it is written again (NULL: as it was). */
struct number_case {
    const char *word;
    enum conf_value_verdict verdict;
    uint64_t value;
    const char *written;
};

typedef enum conf_value_verdict (*number_reader)(const char *word, uint64_t *value);

static void check_numbers(const struct number_case *cases, size_t count, number_reader read,
                          const char *option)
{
    for (size_t i = 0; i < count; i++) {
        const struct number_case *c = &cases[i];
        uint64_t value = 4711;
        print_message("# %s\n", c->word);
        assert_int_equal(read(c->word, &value), c->verdict);
        if (c->verdict != CONF_VALUE_OK) {
            assert_int_equal(value, 4711);
            continue;
        }
        assert_int_equal(value, c->value);
        char written[CONF_VALUE_SIZE];
        struct text t = text_init(written, sizeof(written));
        conf_value_put(&t, options_find(option), value);
        assert_string_equal(written, c->written ? c->written : c->word);
        assert_false(t.cut);
    }
}

static void numbers(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"0", CONF_VALUE_OK, 0, NULL},
        {"256", CONF_VALUE_OK, 256, NULL},
        {"900000000000000000", CONF_VALUE_OK, 900000000000000000, NULL},
        {"", CONF_VALUE_FORM, 0, NULL},
        {"-1", CONF_VALUE_FORM, 0, NULL},
        {"+1", CONF_VALUE_FORM, 0, NULL},
        {"1 ", CONF_VALUE_FORM, 0, NULL},
        {" 1", CONF_VALUE_FORM, 0, NULL},
        {"1k", CONF_VALUE_FORM, 0, NULL},
        {"0x10", CONF_VALUE_FORM, 0, NULL},
        {"010", CONF_VALUE_FORM, 0, NULL},
        {"00", CONF_VALUE_FORM, 0, NULL},
        {"99999999999999999999", CONF_VALUE_LARGE, 0, NULL},
        {"18446744073709551616", CONF_VALUE_LARGE, 0, NULL},
    };
    check_numbers(cases, COUNT(cases), conf_value_number, "limits.allocations");
}

static void durations(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"0", CONF_VALUE_OK, 0, NULL},
        {"1s", CONF_VALUE_OK, 1, NULL},
        {"90s", CONF_VALUE_OK, 90, NULL},
        {"60s", CONF_VALUE_OK, 60, "1m"},
        {"10m", CONF_VALUE_OK, 600, NULL},
        {"24h", CONF_VALUE_OK, 86400, NULL},
        {"1d", CONF_VALUE_OK, 86400, "24h"},
        {"7d", CONF_VALUE_OK, 604800, NULL},
        {"0s", CONF_VALUE_OK, 0, "0"},
        {"600", CONF_VALUE_FORM, 0, NULL},
        {"10 m", CONF_VALUE_FORM, 0, NULL},
        {"10min", CONF_VALUE_FORM, 0, NULL},
        {"1h30m", CONF_VALUE_FORM, 0, NULL},
        {"1.5h", CONF_VALUE_FORM, 0, NULL},
        {"m", CONF_VALUE_FORM, 0, NULL},
        {"10M", CONF_VALUE_FORM, 0, NULL},
        {"900000000000000000d", CONF_VALUE_LARGE, 0, NULL},
    };
    check_numbers(cases, COUNT(cases), conf_value_duration, "limits.lifetime");
}

static void rates(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"0", CONF_VALUE_OK, 0, NULL},       {"200/s", CONF_VALUE_OK, 200, NULL},
        {"0/s", CONF_VALUE_OK, 0, "0"},      {"200", CONF_VALUE_FORM, 0, NULL},
        {"200/m", CONF_VALUE_FORM, 0, NULL}, {"/s", CONF_VALUE_FORM, 0, NULL},
    };
    check_numbers(cases, COUNT(cases), conf_value_rate, "limits.bindings-per-prefix");
}

static void bandwidths(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"0", CONF_VALUE_OK, 0, NULL},
        {"5MB/s", CONF_VALUE_OK, 5000000, NULL},
        {"500kB/s", CONF_VALUE_OK, 500000, NULL},
        {"1234B/s", CONF_VALUE_OK, 1234, NULL},
        {"2GB/s", CONF_VALUE_OK, 2000000000, NULL},
        {"64kbit/s", CONF_VALUE_OK, 8000, "8kB/s"},
        {"40Mbit/s", CONF_VALUE_OK, 5000000, "5MB/s"},
        {"1Gbit/s", CONF_VALUE_OK, 125000000, "125MB/s"},
        {"5MB", CONF_VALUE_FORM, 0, NULL},
        {"5mb/s", CONF_VALUE_FORM, 0, NULL},
        {"5KB/s", CONF_VALUE_FORM, 0, NULL},
        {"5000", CONF_VALUE_FORM, 0, NULL},
        {"900000000000GB/s", CONF_VALUE_LARGE, 0, NULL},
    };
    check_numbers(cases, COUNT(cases), conf_value_bandwidth, "limits.bandwidth-per-allocation");
}

static void yes_and_no(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"yes", CONF_VALUE_OK, 1, NULL},    {"no", CONF_VALUE_OK, 0, NULL},
        {"true", CONF_VALUE_FORM, 0, NULL}, {"Yes", CONF_VALUE_FORM, 0, NULL},
        {"", CONF_VALUE_FORM, 0, NULL},     {"1", CONF_VALUE_FORM, 0, NULL},
    };
    check_numbers(cases, COUNT(cases), conf_value_yes_no, "relay.icmp");
}

static enum conf_value_verdict read_level(const char *word, uint64_t *value)
{
    return conf_value_word(word, "error|warn|info|debug", value);
}

static void words(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"error", CONF_VALUE_OK, 0, NULL},     {"warn", CONF_VALUE_OK, 1, NULL},
        {"info", CONF_VALUE_OK, 2, NULL},      {"debug", CONF_VALUE_OK, 3, NULL},
        {"warning", CONF_VALUE_FORM, 0, NULL}, {"inf", CONF_VALUE_FORM, 0, NULL},
        {"", CONF_VALUE_FORM, 0, NULL},        {"warn|info", CONF_VALUE_FORM, 0, NULL},
    };
    check_numbers(cases, COUNT(cases), read_level, "log.level");
}

static void port_ranges(void **state)
{
    (void)state;
    uint16_t first = 0;
    uint16_t last = 0;
    assert_int_equal(conf_value_ports("49152-65535", &first, &last), CONF_VALUE_OK);
    assert_int_equal(first, 49152);
    assert_int_equal(last, 65535);
    assert_int_equal(conf_value_ports("1-2", &first, &last), CONF_VALUE_OK);
    assert_int_equal(first, 1);
    assert_int_equal(last, 2);
    static const struct {
        const char *word;
        enum conf_value_verdict verdict;
    } wrong[] = {
        {"2000-2000", CONF_VALUE_RANGE},
        {"3000-2000", CONF_VALUE_RANGE},
        {"0-10", CONF_VALUE_PORT},
        {"10-65536", CONF_VALUE_PORT},
        {"10-99999999999999999999", CONF_VALUE_PORT},
        {"10", CONF_VALUE_FORM},
        {"10-", CONF_VALUE_FORM},
        {"-10", CONF_VALUE_FORM},
        {"10:20", CONF_VALUE_FORM},
        {"10-20-30", CONF_VALUE_FORM},
        {"", CONF_VALUE_FORM},
        {"10 - 20", CONF_VALUE_FORM},
        {"010-020", CONF_VALUE_FORM},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        print_message("# %s\n", wrong[i].word);
        assert_int_equal(conf_value_ports(wrong[i].word, &first, &last), wrong[i].verdict);
    }
    assert_int_equal(first, 1);
    assert_int_equal(last, 2);
}

static void keys(void **state)
{
    (void)state;
    static const uint8_t expected[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                         0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    uint8_t key[16] = {0};
    assert_int_equal(conf_value_key("00112233445566778899aabbccddeeff", key), CONF_VALUE_OK);
    assert_memory_equal(key, expected, 16);
    memset(key, 0, sizeof(key));
    assert_int_equal(conf_value_key("0x00112233445566778899AABBCCDDEEFF", key), CONF_VALUE_OK);
    assert_memory_equal(key, expected, 16);
    assert_int_equal(conf_value_key("", key), CONF_VALUE_FORM);
    assert_int_equal(conf_value_key("0011", key), CONF_VALUE_FORM);
    assert_int_equal(conf_value_key("00112233445566778899aabbccddeefg", key), CONF_VALUE_FORM);
    assert_int_equal(conf_value_key("00112233445566778899aabbccddeeff00", key), CONF_VALUE_FORM);
    assert_int_equal(conf_value_key(" 0112233445566778899aabbccddeeff", key), CONF_VALUE_FORM);
}

/* A word of an address kind, and as what it is written again. */
struct address_case {
    const char *word;
    enum conf_value_verdict verdict;
    const char *written;
};

static void addresses(void **state)
{
    (void)state;
    static const struct address_case cases[] = {
        {"192.0.2.1", CONF_VALUE_OK, "192.0.2.1"},
        {"2001:DB8:0::1", CONF_VALUE_OK, "2001:db8::1"},
        {"::ffff:192.0.2.1", CONF_VALUE_OK, "192.0.2.1"},
        {"127.0.0.1", CONF_VALUE_OK, "127.0.0.1"},
        {"0.0.0.0", CONF_VALUE_ANY, NULL},
        {"::", CONF_VALUE_ANY, NULL},
        {"::ffff:0.0.0.0", CONF_VALUE_ANY, NULL},
        {"224.0.0.1", CONF_VALUE_GROUP, NULL},
        {"239.255.255.255", CONF_VALUE_GROUP, NULL},
        {"255.255.255.255", CONF_VALUE_GROUP, NULL},
        {"ff02::1", CONF_VALUE_GROUP, NULL},
        {"*", CONF_VALUE_FORM, NULL},
        {"", CONF_VALUE_FORM, NULL},
        {"localhost", CONF_VALUE_FORM, NULL},
        {"192.0.2.1:80", CONF_VALUE_FORM, NULL},
        {"192.0.2.1:0", CONF_VALUE_FORM, NULL},
        {"[2001:db8::1]", CONF_VALUE_FORM, NULL},
        {"192.0.2.0/24", CONF_VALUE_FORM, NULL},
        {"fe80::1%eth0", CONF_VALUE_FORM, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct netaddr a = {.family = NETADDR_NONE};
        print_message("# %s\n", cases[i].word);
        assert_int_equal(conf_value_address(cases[i].word, &a), cases[i].verdict);
        if (cases[i].written) {
            char written[CONF_VALUE_SIZE];
            struct text t = text_init(written, sizeof(written));
            text_host(&t, &a);
            assert_string_equal(written, cases[i].written);
            assert_int_equal(a.port, 0);
        } else {
            assert_int_equal(a.family, NETADDR_NONE);
        }
    }
}

static void externals(void **state)
{
    (void)state;
    static const struct address_case cases[] = {
        {"198.51.100.7", CONF_VALUE_OK, "198.51.100.7"},
        {"10.0.0.5=198.51.100.7", CONF_VALUE_OK, "10.0.0.5=198.51.100.7"},
        {"fd00::5=2001:db8::7", CONF_VALUE_OK, "fd00::5=2001:db8::7"},
        {"10.0.0.5=2001:db8::7", CONF_VALUE_MIXED, NULL},
        {"fd00::5=198.51.100.7", CONF_VALUE_MIXED, NULL},
        {"0.0.0.0=198.51.100.7", CONF_VALUE_ANY, NULL},
        {"10.0.0.5=0.0.0.0", CONF_VALUE_ANY, NULL},
        {"10.0.0.5=224.0.0.1", CONF_VALUE_GROUP, NULL},
        {"=198.51.100.7", CONF_VALUE_FORM, NULL},
        {"10.0.0.5=", CONF_VALUE_FORM, NULL},
        {"10.0.0.5=198.51.100.7=1", CONF_VALUE_FORM, NULL},
        {"10.0.0.5/198.51.100.7", CONF_VALUE_FORM, NULL},
        {"", CONF_VALUE_FORM, NULL},
        {"0000000000000000000000000000000000000000000000000000000000000000000=1.2.3.4",
         CONF_VALUE_FORM, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct conf_external e = {.external = {.family = NETADDR_NONE}};
        print_message("# %s\n", cases[i].word);
        assert_int_equal(conf_value_external(cases[i].word, &e), cases[i].verdict);
        if (cases[i].written) {
            char written[CONF_VALUE_SIZE];
            struct text t = text_init(written, sizeof(written));
            conf_value_put_external(&t, &e);
            assert_string_equal(written, cases[i].written);
        }
    }
}

static void prefixes(void **state)
{
    (void)state;
    static const struct address_case cases[] = {
        {"10.1.0.0/16", CONF_VALUE_OK, "10.1.0.0/16"},
        {"10.1.2.3", CONF_VALUE_OK, "10.1.2.3"},
        {"10.1.2.3/32", CONF_VALUE_OK, "10.1.2.3"},
        {"0.0.0.0/0", CONF_VALUE_OK, "0.0.0.0/0"},
        {"2001:db8::/32", CONF_VALUE_OK, "2001:db8::/32"},
        {"::/0", CONF_VALUE_OK, "::/0"},
        {"::ffff:10.1.0.0/112", CONF_VALUE_OK, "10.1.0.0/16"},
        {"10.1.2.3/16", CONF_VALUE_BITS, NULL},
        {"2001:db8::1/32", CONF_VALUE_BITS, NULL},
        {"10.1.0.0/33", CONF_VALUE_FORM, NULL},
        {"10.1.0.0/", CONF_VALUE_FORM, NULL},
        {"10.1.0.0/x", CONF_VALUE_FORM, NULL},
        {"10.1/16", CONF_VALUE_FORM, NULL},
        {"10.1.0.0-10.2.0.0", CONF_VALUE_FORM, NULL},
        {"10.1.0.0:5/16", CONF_VALUE_FORM, NULL},
        {"", CONF_VALUE_FORM, NULL},
        {"/8", CONF_VALUE_FORM, NULL},
        {"00000000000000000000000000000000000000000000000000000000000000000000/8", CONF_VALUE_FORM,
         NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct prefix p = {.length = 0};
        print_message("# %s\n", cases[i].word);
        assert_int_equal(conf_value_prefix(cases[i].word, &p), cases[i].verdict);
        if (cases[i].written) {
            char written[CONF_VALUE_SIZE];
            struct text t = text_init(written, sizeof(written));
            conf_value_put_prefix(&t, &p);
            assert_string_equal(written, cases[i].written);
        }
    }
}

static void endpoints(void **state)
{
    (void)state;
    static const struct address_case cases[] = {
        {"udp:*:3478", CONF_VALUE_OK, "udp:*:3478"},
        {"tcp:*:3478", CONF_VALUE_OK, "tcp:*:3478"},
        {"tls:192.0.2.1:443", CONF_VALUE_OK, "tls:192.0.2.1:443"},
        {"dtls:[2001:db8::1]:65535", CONF_VALUE_OK, "dtls:[2001:db8::1]:65535"},
        {"udp:0.0.0.0:1", CONF_VALUE_OK, "udp:0.0.0.0:1"},
        {"udp:[::]:1", CONF_VALUE_OK, "udp:[::]:1"},
        {"udp:[::ffff:192.0.2.1]:1", CONF_VALUE_OK, "udp:192.0.2.1:1"},
        {"udp:*:0", CONF_VALUE_PORT, NULL},
        {"udp:*:65536", CONF_VALUE_PORT, NULL},
        {"udp:192.0.2.1:0", CONF_VALUE_PORT, NULL},
        {"udp:224.0.0.1:3478", CONF_VALUE_GROUP, NULL},
        {"udp:[ff02::1]:3478", CONF_VALUE_GROUP, NULL},
        {"", CONF_VALUE_FORM, NULL},
        {":", CONF_VALUE_FORM, NULL},
        {"::", CONF_VALUE_FORM, NULL},
        {"udp", CONF_VALUE_FORM, NULL},
        {"udp:", CONF_VALUE_FORM, NULL},
        {"udp:*", CONF_VALUE_FORM, NULL},
        {"udp:*:", CONF_VALUE_FORM, NULL},
        {"udp:3478", CONF_VALUE_FORM, NULL},
        {"udp::3478", CONF_VALUE_FORM, NULL},
        {"UDP:*:3478", CONF_VALUE_FORM, NULL},
        {"sctp:*:3478", CONF_VALUE_FORM, NULL},
        {"ud:*:3478", CONF_VALUE_FORM, NULL},
        {"udp:**:3478", CONF_VALUE_FORM, NULL},
        {"udp:*:3478:1", CONF_VALUE_FORM, NULL},
        {"udp:2001:db8::1:3478", CONF_VALUE_FORM, NULL},
        {"udp:[192.0.2.1]:3478", CONF_VALUE_FORM, NULL},
        {"udp:[2001:db8::1]", CONF_VALUE_FORM, NULL},
        {"udp:[fe80::1%eth0]:3478", CONF_VALUE_FORM, NULL},
        {"udp:localhost:3478", CONF_VALUE_FORM, NULL},
        {"udp:192.0.2.1:34 78", CONF_VALUE_FORM, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct conf_listener l = {.line = 4711};
        print_message("# %s\n", cases[i].word);
        assert_int_equal(conf_value_endpoint(cases[i].word, &l), cases[i].verdict);
        if (cases[i].written) {
            char written[CONF_VALUE_SIZE];
            struct text t = text_init(written, sizeof(written));
            conf_value_put_endpoint(&t, &l);
            assert_string_equal(written, cases[i].written);
            assert_true(l.is_wildcard == (strchr(cases[i].word, '*') != NULL));
        } else {
            assert_int_equal(l.line, 4711);
        }
    }
}

static void longest_values_have_room(void **state)
{
    (void)state;
    char written[CONF_VALUE_SIZE];
    struct text t = text_init(written, sizeof(written));
    struct netaddr a = {.family = NETADDR_IPV6, .port = 65535};
    memset(a.ip, 0xff, sizeof(a.ip));
    struct conf_external e = {a, a};
    conf_value_put_external(&t, &e);
    assert_false(t.cut);
    t = text_init(written, sizeof(written));
    struct conf_listener l = {.transport = CONF_DTLS, .address = a};
    conf_value_put_endpoint(&t, &l);
    assert_false(t.cut);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "whole numbers", .test_func = numbers},
        {.name = "durations", .test_func = durations},
        {.name = "rates", .test_func = rates},
        {.name = "amounts per second", .test_func = bandwidths},
        {.name = "yes and no", .test_func = yes_and_no},
        {.name = "words of a choice", .test_func = words},
        {.name = "port ranges", .test_func = port_ranges},
        {.name = "keys in hex", .test_func = keys},
        {.name = "addresses of a host", .test_func = addresses},
        {.name = "external addresses", .test_func = externals},
        {.name = "ranges of addresses", .test_func = prefixes},
        {.name = "listening addresses", .test_func = endpoints},
        {.name = "the longest values have room", .test_func = longest_values_have_room},
    };
    return cmocka_run_group_tests_name("conf_value", tests, NULL, NULL);
}
