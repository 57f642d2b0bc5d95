/* test_conf_check — names, doubles and options that do not go together, each with its place. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "conf.h"

#include <stdio.h>
#include <string.h>

/* taken — a configuration that must be taken; the caller frees it. */
static struct conf *taken(const char *text)
{
    char why[512];
    const char *const set[] = {text};
    struct conf *c = conf_read(NULL, set, 1, why, sizeof(why));
    if (!c) {
        fail_msg("%s: %s", text, why);
    }
    return c;
}

/* refused — a text that must be refused with a sentence. */
static void refused(const char *text, const char *sentence)
{
    char why[512];
    const char *const set[] = {text};
    struct conf *c = conf_read(NULL, set, 1, why, sizeof(why));
    if (c) {
        conf_free(c);
        fail_msg("taken: %s", text);
    }
    assert_string_equal(why, sentence);
}

static void names_are_judged_with_their_place(void **state)
{
    (void)state;
    char text[4096];
    char name[1024];
    refused("\nrealm \"\" { secret = \"s\" }", "--set:2: a realm has an empty name");
    refused("realm \"a\\tb\"\n{ secret = \"s\" }",
            "--set:2: a realm's name has control characters or is not UTF-8 text");
    refused("realm \"a\\xff\" { secret = \"s\" }",
            "--set:1: a realm's name has control characters or is not UTF-8 text");
    memset(name, 'r', sizeof(name));
    name[127] = '\0';
    snprintf(text, sizeof(text), "realm \"%s\" { secret = \"s\" }", name);
    conf_free(taken(text));
    name[127] = 'r';
    name[128] = '\0';
    snprintf(text, sizeof(text), "realm \"%s\" { secret = \"s\" }", name);
    refused(text, "--set:1: a realm's name has 128 characters; 127 is the most that STUN can "
                  "carry");
    /* Characters count, not bytes: 127 of four bytes are 508. */
    for (size_t i = 0; i < 127; i++) {
        memcpy(name + 4 * i, "\xf0\x9f\x98\x80", 4);
    }
    name[508] = '\0';
    snprintf(text, sizeof(text), "realm \"%s\" { secret = \"s\" }", name);
    struct conf *c = taken(text);
    assert_int_equal(strlen(c->realms[0].name), 508);
    conf_free(c);

    refused("realm \"x\" {\nuser \"\" { password = \"p\" } }", "--set:2: a user has an empty name");
    refused("realm \"x\" {\nuser \"a\\nb\" { password = \"p\" } }",
            "--set:2: a user's name has control characters or is not UTF-8 text");
    memset(name, 'u', sizeof(name));
    name[508] = '\0';
    snprintf(text, sizeof(text), "realm \"x\" { user \"%s\" { password = \"p\" } }", name);
    conf_free(taken(text));
    name[508] = 'u';
    name[509] = '\0';
    snprintf(text, sizeof(text), "realm \"x\" { user \"%s\" { password = \"p\" } }", name);
    refused(text, "--set:1: a user's name has 509 bytes; 508 is the most that STUN can carry");
}

static void what_stands_twice_is_refused(void **state)
{
    (void)state;
    refused("realm \"x\" { secret = \"s\" }\nrealm \"y\" { secret = \"s\" }\n"
            "realm \"x\" { secret = \"s\" }",
            "--set:3: \"x\" stands here for the second time");
    refused("realm \"x\" { user \"u\" { password = \"p\" }\nuser \"u\" { password = \"p\" } }",
            "--set:2: \"u\" stands here for the second time");
    refused("listen = { \"udp:*:1\",\n\"udp:*:1\" }",
            "--set:2: udp:*:1 is listened on already (--set:1)");
    refused("listen = { \"udp:192.0.2.1:1\" }\nlistener \"udp:192.0.2.1:1\" { }",
            "--set:2: udp:192.0.2.1:1 is listened on already (--set:1)");
    refused("relay { addresses = { \"2001:db8::1\",\n\"2001:db8:0::1\" } }",
            "--set:2: relay.addresses has 2001:db8::1 twice");
    refused("relay { external = { \"198.51.100.7\", \"2001:db8::7\",\n\"198.51.100.8\" } }",
            "--set:2: relay.external has a second address of one family; with several write "
            "local=external for each");
    refused("relay { external = { \"10.0.0.5=198.51.100.7\",\n\"10.0.0.5=198.51.100.8\" } }",
            "--set:2: relay.external maps 10.0.0.5 twice");
    /* The same name in two realms is another user. */
    conf_free(taken("realm \"x\" { user \"u\" { password = \"p\" } }\n"
                    "realm \"y\" { user \"u\" { password = \"q\" } }"));
}

static void what_cannot_work_together_is_refused(void **state)
{
    (void)state;
    refused("\nrealm \"x\" { }",
            "--set:2: realm \"x\" has neither a user nor a secret, so nobody could relay; "
            "set a store, control or http, and they can be made later");
    refused("realm \"x\" {\nuser \"u\" { } }", "--set:2: user \"u\" has neither password nor key");
    refused("realm \"x\" {\nuser \"u\" { password = \"p\" key = "
            "\"00112233445566778899aabbccddeeff\" } }",
            "--set:2: user \"u\" has both a password and a key; keep one");
    refused("limits {\nlifetime = 2h }",
            "--set:2: limits.max-lifetime (1h) is below lifetime (2h)");
    refused("limits { lifetime = 30m\nmax-lifetime = 20m }",
            "--set:2: limits.max-lifetime (20m) is below lifetime (30m)");
    refused("limits { lifetime = 30m }\n"
            "realm \"x\" { secret = \"s\" limits {\nmax-lifetime = 20m } }",
            "--set:3: realm.limits.max-lifetime (20m) is below lifetime (30m)");
    refused("listen = { }", "--set: listen is empty, so nobody could reach the server");
    refused("relay { addresses = { \"0.0.0.0\" } }",
            "--set:1: relay.addresses = \"0.0.0.0\" is no address of one machine; name the "
            "address itself");
    refused("relay { addresses = { \"::\" } }",
            "--set:1: relay.addresses = \"::\" is no address of one machine; name the address "
            "itself");
    refused("relay { ports = \"60000-50000\" }",
            "--set:1: relay.ports = \"60000-50000\" is not at least two ports, the lower one "
            "first");
    refused("relay { ports = \"0-100\" }",
            "--set:1: relay.ports = \"0-100\" has a port that is not 1 to 65535");
    char text[600];
    char long_name[256];
    memset(long_name, 's', 128);
    long_name[128] = '\0';
    snprintf(text, sizeof(text), "software = \"%s\"", long_name);
    refused(text, "--set:1: software is longer than the 127 bytes it can have");
}

static void http_beyond_this_machine_needs_a_certificate(void **state)
{
    (void)state;
    static const char *const open[] = {"192.0.2.1:8080", "[2001:db8::1]:8080",
                                       "[::ffff:192.0.2.1]:8080"};
    static const char *const here[] = {"127.0.0.1:8080", "127.1.2.3:8080", "[::1]:8080"};
    char text[256];
    char sentence[512];
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        snprintf(text, sizeof(text), "http {\nlisten = \"%s\" }", open[i]);
        snprintf(sentence, sizeof(sentence),
                 "--set:2: http.listen = \"%s\" can be reached from other machines, and would "
                 "show them keys and credentials in clear: set http.certificate and http.key, or "
                 "listen on 127.0.0.1",
                 open[i]);
        refused(text, sentence);
        snprintf(text, sizeof(text), "http { listen = \"%s\" certificate = c key = k }", open[i]);
        conf_free(taken(text));
    }
    for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
        snprintf(text, sizeof(text), "http { listen = \"%s\" }", here[i]);
        conf_free(taken(text));
    }
    refused("\nhttp { listen = \"0.0.0.0:8080\" }",
            "--set:2: http.listen = \"0.0.0.0:8080\" is no address of one machine; name the "
            "address itself");
    refused("http {\ncertificate = c }", "--set:2: http has a certificate without a key");
    refused("http {\nkey = k }", "--set:2: http has a key without a certificate");
}

static void store_and_its_options_go_together(void **state)
{
    (void)state;
    refused("\nstore-password = \"wonderland\"",
            "--set:2: store-password is for Redis, and the store is none");
    refused("store = \"sqlite:/srv/users.db\"\nstore-password = \"wonderland\"",
            "--set:2: store-password is for Redis, and the store is none");
    conf_free(taken("store = \"coturn+redis://127.0.0.1\" store-password = \"wonderland\""));
    refused("\nusage-interval = 1s",
            "--set:2: usage-interval = \"1s\" is less than 10s; 0 tells no usage");
    conf_free(taken("usage-interval = 10s"));
    conf_free(taken("usage-interval = 0"));
}

static void credentials_are_no_longer_than_the_longest(void **state)
{
    (void)state;
    refused("realm \"x\" { secret = \"s\"\ncredential-ttl = 25h }",
            "--set:2: realm \"x\" has a credential-ttl above its credential-max-ttl");
    refused("realm \"x\" { secret = \"s\"\ncredential-max-ttl = 30m }",
            "--set:2: realm \"x\" has a credential-ttl above its credential-max-ttl");
    refused("realm \"x\" { secret = \"s\"\ncredential-ttl = 2h\ncredential-max-ttl = 1h }",
            "--set:2: realm \"x\" has a credential-ttl above its credential-max-ttl");
    struct conf *c = taken("realm \"x\" { secret = \"s\" credential-ttl = 2h\n"
                           "credential-max-ttl = 2h issue = no }\n"
                           "realm \"y\" { secret = \"s\" }");
    assert_int_equal(c->realms[0].credential_ttl, 7200);
    assert_int_equal(c->realms[0].credential_max_ttl, 7200);
    assert_false(c->realms[0].issues);
    assert_int_equal(c->realms[1].credential_ttl, 3600);
    assert_int_equal(c->realms[1].credential_max_ttl, 86400);
    assert_true(c->realms[1].issues);
    conf_free(c);
}

static void realm_may_get_its_users_later(void **state)
{
    (void)state;
    static const char *const ways[] = {"store = \"sqlite:/srv/users.db\"",
                                       "control = \"/run/turnpike/control.sock\"",
                                       "http { listen = \"127.0.0.1:8080\" }"};
    char text[256];
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        snprintf(text, sizeof(text), "realm \"x\" { }\n%s", ways[i]);
        conf_free(taken(text));
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "names are judged with their place",
         .test_func = names_are_judged_with_their_place},
        {.name = "what stands twice is refused", .test_func = what_stands_twice_is_refused},
        {.name = "what cannot work together is refused",
         .test_func = what_cannot_work_together_is_refused},
        {.name = "HTTP beyond this machine needs a certificate",
         .test_func = http_beyond_this_machine_needs_a_certificate},
        {.name = "the store and its options go together",
         .test_func = store_and_its_options_go_together},
        {.name = "credentials are no longer than the longest",
         .test_func = credentials_are_no_longer_than_the_longest},
        {.name = "a realm may get its users later", .test_func = realm_may_get_its_users_later},
    };
    return cmocka_run_group_tests_name("conf_check", tests, NULL, NULL);
}
