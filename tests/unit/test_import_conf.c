/* test_import_conf — lines of a turnserver.conf: what is carried over, as what, and what is not. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"
#include "unit/recorder.h"

#include "ctl/import_conf.h"

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "ctl/import_directive.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KEY "00112233445566778899aabbccddeeff"

/* read_text — a file of this text. */
static enum import_result read_text(struct recorder *r, const char *realm, const char *text,
                                    struct text *why)
{
    recorder_init(r, realm);
    return import_conf_read("t.conf", text, strlen(text), &r->sink, why);
}

static void expect(const char *realm, const char *text, const char *lines)
{
    struct recorder r;
    char why[256] = "";
    struct text t = text_init(why, sizeof(why));
    assert_int_equal(read_text(&r, realm, text, &t), IMPORT_DONE);
    assert_string_equal(r.bytes, lines);
    recorder_fini(&r);
}

/* expect_snippet — a text that must be somewhere in the snippet, and no line left behind. */
static void expect_snippet(const char *text, const char *wanted)
{
    struct recorder r;
    char why[256] = "";
    struct text t = text_init(why, sizeof(why));
    assert_int_equal(read_text(&r, NULL, text, &t), IMPORT_DONE);
    char *snippet = recorder_snippet(&r);
    if (!strstr(snippet, wanted) || r.bytes[0]) {
        print_message("# %s\n# %s\n# %s\n", text, snippet, r.bytes);
    }
    assert_non_null(strstr(snippet, wanted));
    assert_string_equal(r.bytes, "");
    free(snippet);
    recorder_fini(&r);
}

static void users_and_secrets(void **state)
{
    (void)state;
    expect(NULL, "user=alice:wonderland\n", "user  alice password wonderland\n");
    expect(NULL, "realm=R\nuser=alice:w:o r#d\n", "user R alice password w:o r#d\n");
    expect(NULL, "user=a:0x" KEY "\nrealm=R", "user R a md5 " KEY "\n");
    expect("R", "user=a:0x" KEY, "user R a md5 " KEY "\n");
    expect("R", "realm R\nstatic-auth-secret=s one\nstatic-auth-secret = two",
           "secret R s one\nsecret R two\n");
    expect(NULL, "realm=old\nrealm=R\nuser=a:b", "user R a password b\n");
    expect(NULL, "user=a:0x" KEY,
           "skip t.conf:1: user: the user's key is good for one realm only; say with --realm for "
           "which\n");
    expect(NULL, "user=a:0x12",
           "skip t.conf:1: user: the user's key is no MD5 in hex, 0x and 32 "
           "digits\n");
    expect(NULL, "user=a", "skip t.conf:1: user: it is no name:password\n");
    expect(NULL, "user=:b", "skip t.conf:1: user: it is no name:password\n");
    expect(NULL, "user=a:", "skip t.conf:1: user: the user's password is empty\n");
    expect(NULL, "user=a\xff:b", "skip t.conf:1: user: the user's name is no UTF-8\n");
    expect(NULL,
           "user=a:b\x01"
           "c",
           "skip t.conf:1: user: the user's password holds control characters\n");
    expect(NULL, "static-auth-secret=", "skip t.conf:1: static-auth-secret: the value is empty\n");
}

static void long_passwords_are_reported(void **state)
{
    (void)state;
    char line[1100];
    memcpy(line, "user=a:", 7);
    memset(line + 7, 'x', 1025);
    line[7 + 1025] = '\0';
    expect(NULL, line, "skip t.conf:1: user: the user's password is longer than turnpike takes\n");
    line[7 + 1024] = '\0';
    struct recorder r;
    struct text t = text_init(line + 1090, 10);
    assert_int_equal(read_text(&r, NULL, line, &t), IMPORT_DONE);
    assert_memory_equal(r.bytes, "user  a password x", 18);
    recorder_fini(&r);
}

static void lines_are_cut_as_coturn_does(void **state)
{
    (void)state;
    expect(NULL, "# user=a:b\n\n   \n\t# x\n", "");
    expect(NULL, "  user \t= \t a:b  \r\n", "user  a password b\n");
    expect(NULL, "user=\"a:b c\"", "user  a password b c\n");
    expect(NULL, "user=\"a:b", "user  a password b\n");
    expect(NULL, "user=\"", "skip t.conf:1: user: it is no name:password\n");
    expect(NULL, "user", "skip t.conf:1: user: it is no name:password\n");
    expect(NULL, "\n\nfoo=bar", "skip t.conf:3: foo: coturn has no such option\n");
    expect(NULL, "=", "skip t.conf:1: : coturn has no such option\n");
    struct recorder r;
    char why[64];
    struct text t = text_init(why, sizeof(why));
    recorder_init(&r, NULL);
    assert_int_equal(import_conf_read("t.conf", "user=a:\0b\n", 10, &r.sink, &t), IMPORT_DONE);
    assert_string_equal(r.bytes, "skip t.conf:1: user: the line holds a NUL\n");
    recorder_fini(&r);
}

static void another_realm_than_the_wanted_one_is_refused(void **state)
{
    (void)state;
    struct recorder r;
    char why[256] = "";
    struct text t = text_init(why, sizeof(why));
    assert_int_equal(read_text(&r, "S", "realm=R\nuser=a:b\n", &t), IMPORT_FAILED);
    assert_string_equal(why,
                        "t.conf: this is for the realm R; leave --realm out, or name that one");
    assert_string_equal(r.bytes, "");
    recorder_fini(&r);
}

static void a_sink_may_stop(void **state)
{
    (void)state;
    struct recorder r;
    char why[64];
    struct text t = text_init(why, sizeof(why));
    static const char text[] = "user=a:1\nuser=b:2\nuser=c:3\n";
    recorder_init(&r, NULL);
    r.left = 2;
    assert_int_equal(import_conf_read("t.conf", text, sizeof(text) - 1, &r.sink, &t),
                     IMPORT_STOPPED);
    assert_string_equal(r.bytes, "user  a password 1\nuser  b password 2\n");
    recorder_fini(&r);
}

static void options_are_carried_over(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"", "listen = { \"udp:*:3478\", \"tcp:*:3478\" }\n"},
        {"cert=/c\npkey=/k",
         "listen = { \"udp:*:3478\", \"tcp:*:3478\", \"tls:*:5349\", \"dtls:*:5349\" }\n"},
        {"cert=/c\npkey=/k", "tls {\n  certificate = \"/c\"\n  key = \"/k\"\n}\n"},
        {"cert=/c\nno-dtls\nno-udp\ntls-listening-port=443\nlistening-port=80",
         "listen = { \"tcp:*:80\", \"tls:*:443\" }\n"},
        {"no-tls=0\nno-tcp=no\nno-dtls\ncert=/c",
         "listen = { \"udp:*:3478\", \"tcp:*:3478\", \"tls:*:5349\" }\n"},
        {"listening-ip=192.0.2.1\nlistening-ip=::1\nno-tcp",
         "listen = { \"udp:192.0.2.1:3478\", \"udp:[::1]:3478\" }\n"},
        {"listening-ip=0.0.0.0", "listen = { \"udp:*:3478\", \"tcp:*:3478\" }\n"},
        {"aux-server=192.0.2.1:33478\nno-tcp",
         "listen = { \"udp:192.0.2.1:33478\", \"udp:*:3478\" }\n"},
        {"relay-ip=192.0.2.1\nrelay-ip=2001:db8::1",
         "  addresses = { \"192.0.2.1\", \"2001:db8::1\" }\n"},
        {"external-ip=198.51.100.7", "  external = { \"198.51.100.7\" }\n"},
        {"external-ip=198.51.100.7/10.0.0.5\nexternal-ip=198.51.100.8/10.0.0.6",
         "  external = { \"10.0.0.5=198.51.100.7\", \"10.0.0.6=198.51.100.8\" }\n"},
        {"min-port=50000", "  ports = \"50000-65535\"\n"},
        {"min-port=50000\nmax-port=50999", "  ports = \"50000-50999\"\n"},
        {"allocation-default-address-family=keep", "  family = \"same\"\n"},
        {"keep-address-family", "  family = \"same\"\n"},
        {"no-tcp-relay", "  tcp = \"no\"\n"},
        {"rfc5766-channel-numbers", "  channels = \"rfc5766\"\n"},
        {"user-quota=12\ntotal-quota=1200",
         "  allocations-per-user = \"12\"\n  allocations = \"1200\"\n"},
        {"max-bps=3000000", "  bandwidth-per-allocation = \"6MB/s\"\n"},
        {"stale-nonce=600\nstale-nonce\nchannel-lifetime=300",
         "  nonce-lifetime = \"10m\"\n  channel-lifetime = \"5m\"\n"},
        {"max-allocate-lifetime=3600\npermission-lifetime=60",
         "  max-lifetime = \"1h\"\n  permission-lifetime = \"1m\"\n"},
        {"proc-user=turn$er\"\\", "run-as = \"turn\\$er\\\"\\\\\"\n"},
        {"relay-threads=4", "workers = \"4\"\n"},
        {"no-software-attribute", "software = \"\"\n"},
        {"Verbose\nlog-file=/var/log/turn.log",
         "log {\n  level = \"debug\"\n  to = \"/var/log/turn.log\"\n"},
        {"log-min-level=warning", "  level = \"warn\"\n"},
        {"log-file=stdout\nverbose\nfingerprint\nlt-cred-mech\nuse-auth-secret\nno-cli\n"
         "no-tlsv1\nno-multicast-peers\nuser-quota=0\nrest-api-separator=:\noauth=0",
         "listen = "},
        {"denied-peer-ip=10.0.0.0-10.255.255.255", "  deny = {\n    \"10.0.0.0/8\"\n  }\n"},
        {"denied-peer-ip=10.0.0.0-10.255.255.255\nallowed-peer-ip=10.1.2.3",
         "  allow = {\n    \"10.1.2.3\"\n  }\n  deny = {\n    \"10.0.0.0/8\"\n  }\n"},
        {"denied-peer-ip=10.1.2.3\nallowed-peer-ip=10.0.0.0-10.255.255.255",
         "  allow = {\n    \"10.0.0.0/8\"\n  }\n  deny = {}\n"},
        {"realm=R\nuser-quota=0", "listen"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect_snippet(cases[i].text, cases[i].wanted);
    }
}

static void what_has_no_place_is_reported(void **state)
{
    (void)state;
    static const struct {
        const char *line, *report;
    } cases[] = {
        {"mobility", "turnpike has no mobility (RFC 8016) yet"},
        {"bps-capacity=0", "turnpike has no limit for all allocations together; max-bps is one for "
                           "each"},
        {"userdb=/var/db/turndb",
         "what is in that database is imported by turnpikectl import coturn-sqlite"},
        {"listening-port=0", "it is no port, 1 to 65535"},
        {"listening-ip=eth0", "it is no address"},
        {"aux-server=192.0.2.1", "it is no address with a port"},
        {"relay-ip=10.0.0.0/8", "it is no address of a machine"},
        {"relay-ip=0.0.0.0", "it is no address of a machine"},
        {"listening-ip=224.0.0.1", "it is no address"},
        {"external-ip=255.255.255.255",
         "it is neither an address nor PUBLIC/PRIVATE of one family"},
        {"external-ip=a/b", "it is neither an address nor PUBLIC/PRIVATE of one family"},
        {"external-ip=198.51.100.7/::1",
         "it is neither an address nor PUBLIC/PRIVATE of one family"},
        {"external-ip=198.51.100.7/", "it is neither an address nor PUBLIC/PRIVATE of one family"},
        {"user-quota=many", "user-quota has a value that is no number turnpike takes"},
        {"total-quota=1000000001", "total-quota has a value that is no number turnpike takes"},
        {"max-bps=99999999999999999999", "max-bps has a value that is no number turnpike takes"},
        {"max-bps=500000000001", "max-bps has a value that is no number turnpike takes"},
        {"stale-nonce=0", "turnpike takes a number from 30 to 3600 here"},
        {"denied-peer-ip=localhost",
         "the range is neither an address nor two of one family with - between them"},
        {"rest-api-separator=|", "turnpike takes a colon between time and user"},
        {"log-min-level=loud", "it is neither debug, info, warning nor error"},
        {"allocation-default-address-family=ipx", "it is neither ipv4, ipv6 nor keep"},
        {"cert=", "the value is empty"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char report[256];
        struct text t = text_init(report, sizeof(report));
        text_put(&t, "skip t.conf:1: ");
        text_span(&t, (struct span){(const uint8_t *)cases[i].line, strcspn(cases[i].line, "=")});
        text_put(&t, ": ");
        text_put(&t, cases[i].report);
        text_char(&t, '\n');
        expect(NULL, cases[i].line, report);
    }
    expect(NULL, "min-port=2000\nmax-port=1000",
           "skip t.conf: max-port: turnpike relays from two ports at least, the first below the "
           "last\n");
    expect(NULL, "external-ip=192.0.2.1\nexternal-ip=192.0.2.2",
           "skip t.conf:2: external-ip: turnpike takes one address of a family for all its own; "
           "write relay { external = { \"PRIVATE=PUBLIC\" } } for each\n");
    expect(NULL, "external-ip=192.0.2.1/10.0.0.1\nexternal-ip=192.0.2.2/10.0.0.1",
           "skip t.conf:2: external-ip: the private address has a public one already\n");
}

/* All that can be carried over makes a configuration that turnpike reads. */
static void the_snippet_is_a_configuration(void **state)
{
    (void)state;
    static const char text[] =
        "listening-ip=192.0.2.1\nlistening-ip=2001:db8::1\nrelay-ip=192.0.2.1\n"
        "external-ip=198.51.100.7/192.0.2.1\nmin-port=50000\nmax-port=50999\nrealm=we \"$X\\ R\n"
        "static-auth-secret=hidden\nuser-quota=12\ntotal-quota=1200\nmax-bps=3000001\n"
        "denied-peer-ip=10.0.0.0-10.0.0.255\nallowed-peer-ip=192.168.1.1-192.168.1.9\n"
        "denied-peer-ip=2001:db8:1::-2001:db8:1::ffff\nstale-nonce=600\nproc-user=turnserver\n"
        "max-allocate-lifetime=7200\nno-software-attribute\nlog-file=/tmp/x\nlog-min-level=error\n"
        "rfc5766-channel-numbers\nkeep-address-family\nrelay-threads=3\n";
    struct recorder r;
    char why[512] = "";
    struct text t = text_init(why, sizeof(why));
    assert_int_equal(read_text(&r, NULL, text, &t), IMPORT_DONE);
    char *snippet = recorder_snippet(&r);
    const char *const set[] = {snippet,
                               "realm 'we \"$X\\ R' { secret = { \"0123456789abcdef\" } }"};
    struct conf *c = conf_read(NULL, set, 2, why, sizeof(why));
    assert_non_null(c);
    assert_int_equal(c->listener_count, 4);
    assert_int_equal(c->realm_count, 1);
    assert_string_equal(c->realms[0].name, "we \"$X\\ R");
    assert_int_equal(c->port_min, 50000);
    assert_int_equal(c->limits.allocations, 1200);
    assert_int_equal(c->limits.bandwidth_per_allocation, 6000002);
    assert_int_equal(c->peers.deny.count, 2);
    assert_int_equal(c->limits.nonce_lifetime, 600);
    conf_free(c);
    free(snippet);
    recorder_fini(&r);
}

static void directives_are_found(void **state)
{
    (void)state;
    assert_null(import_directive_find("no-such-option"));
    assert_null(import_directive_find(""));
    const struct import_directive *d = import_directive_find("cli-password");
    assert_non_null(d);
    assert_int_equal(d->kind, IMPORT_DIRECTIVE_LOST);
    assert_string_equal(d->text, "turnpike is controlled by turnpikectl");
}

static void a_file_that_is_not_there(void **state)
{
    (void)state;
    struct recorder r;
    char why[256] = "";
    struct text t = text_init(why, sizeof(why));
    recorder_init(&r, NULL);
    assert_int_equal(import_conf_file("/nonexistent/turnserver.conf", &r.sink, &t), IMPORT_FAILED);
    assert_string_equal(why, "/nonexistent/turnserver.conf: No such file or directory");
    recorder_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_and_secrets),
        cmocka_unit_test(long_passwords_are_reported),
        cmocka_unit_test(lines_are_cut_as_coturn_does),
        cmocka_unit_test(another_realm_than_the_wanted_one_is_refused),
        cmocka_unit_test(a_sink_may_stop),
        cmocka_unit_test(options_are_carried_over),
        cmocka_unit_test(what_has_no_place_is_reported),
        cmocka_unit_test(the_snippet_is_a_configuration),
        cmocka_unit_test(directives_are_found),
        cmocka_unit_test(a_file_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
