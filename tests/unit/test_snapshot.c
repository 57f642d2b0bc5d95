/* test_snapshot — a configuration as the rooms below take it: settings, policies, own addresses,
 * doors, realms and their numbers, keys. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "snapshot.h"

#include "net/addresses.h"
#include "net/tls.h"
#include "support/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A configuration and all that is made of it. */
struct made {
    struct conf *conf;
    struct snapshot_socket socket[16];
    size_t socket_count;
    struct snapshot *snapshot;
    const struct settings *settings;
    const struct endpoint_rules *rules;
    char why[512];
};

static struct ports *ports;
static struct made made, again;
static bool keeps_certificates; /* asked for where a snapshot is made */

static int begin(void **state)
{
    (void)state;
    memset(&made, 0, sizeof(made));
    memset(&again, 0, sizeof(again));
    keeps_certificates = false;
    ports = ports_new(49152, 65535);
    return ports ? 0 : -1;
}

static void forget(struct made *m)
{
    snapshot_free(m->snapshot);
    snapshot_forget(m->socket, m->socket_count);
    conf_free(m->conf);
    memset(m, 0, sizeof(*m));
}

static int end(void **state)
{
    (void)state;
    forget(&made);
    forget(&again);
    ports_free(ports);
    return 0;
}

/* try_make — read a text and make a snapshot of it, or a sentence. */
static bool try_make(struct made *m, const char *text, const struct snapshot *before)
{
    m->conf = conf_read(NULL, &text, 1, m->why, sizeof(m->why));
    if (!m->conf) {
        fail_msg("%s: %s", text, m->why);
    }
    m->socket_count = snapshot_sockets(m->conf, m->socket, 16);
    assert_in_range(m->socket_count, 1, 16);
    struct snapshot_parts parts = {
        .conf = m->conf,
        .ports = ports,
        .sockets = m->socket,
        .socket_count = m->socket_count,
        .before = before,
        .generation = 77,
        .keeps_certificates = keeps_certificates,
    };
    m->snapshot = snapshot_new(&parts, m->why, sizeof(m->why));
    if (m->snapshot) {
        m->settings = snapshot_view(m->snapshot)->settings;
        m->rules = snapshot_view(m->snapshot)->rules;
    }
    return m->snapshot != NULL;
}

static void make(const char *text)
{
    if (!try_make(&made, text, NULL)) {
        fail_msg("%s: %s", text, made.why);
    }
}

static struct netaddr at(const char *text)
{
    struct netaddr a;
    assert_true(netaddr_parse(text, &a));
    return a;
}

static enum policy_verdict verdict(size_t realm, const char *peer)
{
    uint8_t host;
    struct netaddr a = at(peer);
    return policy_ask(&made.settings->realm[realm].policy, &a, &host);
}

static const struct own_host *own_host(const char *text)
{
    struct netaddr a = at(text);
    uint8_t number = own_find(made.settings->own, &a);
    return number == OWN_NONE ? NULL : &made.settings->own->host[number];
}

/* ---- settings */

static void defaults_are_those_of_the_rfcs(void **state)
{
    (void)state;
    make("realm \"x\" { secret = \"s\" }");
    const struct settings *s = made.settings;
    const struct settings_realm *r = &s->realm[0];
    assert_int_equal(s->generation, 77);
    assert_int_equal(s->realm_count, 1);
    assert_string_equal(r->name, "x");
    assert_int_equal(r->name_size, 1);
    assert_true(r->has_secrets);
    assert_false(r->is_gone);
    assert_false(r->is_strict);
    assert_int_equal(r->grace, 86400);
    assert_int_equal(r->lifetime, 600);
    assert_int_equal(r->max_lifetime, 3600);
    assert_int_equal(r->permission_lifetime, 300);
    assert_int_equal(r->channel_lifetime, 600);
    assert_int_equal(r->permissions_max, 256);
    assert_int_equal(r->channels_max, 256);
    assert_int_equal(r->allocations, 0);
    assert_int_equal(r->per_user, 0);
    assert_int_equal(r->per_tenant, 0);
    assert_int_equal(r->bandwidth, 0);
    assert_int_equal(s->nonce_lifetime, 600);
    assert_int_equal(s->allocations, 0);
    assert_int_equal(s->channel_last, 0x4fff);
    assert_int_equal(s->challenges_per_prefix, 200);
    assert_int_equal(s->bindings_per_prefix, 2000);
    assert_int_equal(s->family, SETTINGS_IPV4);
    assert_false(s->icmp);
    assert_string_equal(s->software, "turnpike");
    assert_int_equal(s->alternate_count, 0);
    assert_int_equal(made.rules->relay_count, 0);
    assert_false(made.rules->wants_icmp);
    assert_ptr_equal(made.rules->own, s->own);
}

static void every_setting_arrives(void **state)
{
    (void)state;
    make("realm \"x\" { user \"u\" { password = \"p\" } expiry = strict expiry-grace = 5m\n"
         "limits { lifetime = 20m max-lifetime = 30m permission-lifetime = 100s\n"
         " channel-lifetime = 200s allocations = 50 allocations-per-user = 7\n"
         " allocations-per-tenant = 6"
         " permissions-per-allocation = 8 channels-per-allocation = 9\n"
         " bandwidth-per-allocation = \"1MB/s\" } }\n"
         "limits { allocations = 100 nonce-lifetime = 5m challenges-per-prefix = \"11/s\"\n"
         " bindings-per-prefix = \"12/s\" lifetime = 30m max-lifetime = 2h }\n"
         "usage-interval = 5m\n"
         "relay { family = same channels = rfc5766 icmp = yes }\n"
         "software = \"gate\" alternate-servers = { \"192.0.2.9:3478\" }");
    const struct settings *s = made.settings;
    const struct settings_realm *r = &s->realm[0];
    assert_false(r->has_secrets);
    assert_true(r->is_strict);
    assert_int_equal(r->grace, 300);
    assert_int_equal(r->lifetime, 1200);
    assert_int_equal(r->max_lifetime, 1800);
    assert_int_equal(r->permission_lifetime, 100);
    assert_int_equal(r->channel_lifetime, 200);
    assert_int_equal(r->allocations, 50);
    assert_int_equal(r->per_user, 7);
    assert_int_equal(r->per_tenant, 6);
    assert_int_equal(r->permissions_max, 8);
    assert_int_equal(r->channels_max, 9);
    assert_int_equal(r->bandwidth, 1000000);
    assert_int_equal(s->allocations, 100);
    assert_int_equal(s->nonce_lifetime, 300);
    assert_int_equal(s->interim, 300);
    assert_int_equal(s->channel_last, 0x7fff);
    assert_int_equal(s->challenges_per_prefix, 11);
    assert_int_equal(s->bindings_per_prefix, 12);
    assert_int_equal(s->family, SETTINGS_SAME);
    assert_true(s->icmp);
    assert_true(made.rules->wants_icmp);
    assert_string_equal(s->software, "gate");
    assert_int_equal(s->alternate_count, 1);
    assert_int_equal(s->alternate[0].port, 3478);
}

static void limit_of_the_server_is_not_counted_twice(void **state)
{
    (void)state;
    make("limits { allocations = 100 } realm \"x\" { secret = \"s\" }\n"
         "realm \"y\" { secret = \"s\" limits { allocations = 10 } }");
    assert_int_equal(made.settings->allocations, 100);
    assert_int_equal(made.settings->realm[0].allocations, 0);
    assert_int_equal(made.settings->realm[1].allocations, 10);
}

static void without_a_realm_it_is_a_stun_server(void **state)
{
    (void)state;
    make("software = \"\"");
    assert_int_equal(made.settings->realm_count, 0);
    assert_string_equal(made.settings->software, "");
    assert_int_equal(made.socket_count, 2);
}

/* ---- policies */

static void global_and_realm_rules_go_together(void **state)
{
    (void)state;
    make("peers { allow = { \"10.0.0.0/8\" } deny = { \"10.1.0.0/16\", \"8.8.8.0/24\" } }\n"
         "realm \"x\" { secret = \"s\" peers { allow = { \"10.1.2.0/24\" }\n"
         " deny = { \"10.9.0.0/16\" } } }\n"
         "realm \"y\" { secret = \"s\" peers { allow = { \"8.8.8.8\" } } }\n"
         "realm \"z\" { secret = \"s\" }");
    static const struct {
        const char *peer;
        bool allowed[3]; /* in x, y, z */
    } rows[] = {
        {"10.7.0.1", {true, true, true}},     {"10.1.0.1", {false, false, false}},
        {"10.1.2.3", {true, false, false}},   {"10.9.0.1", {false, true, true}},
        {"8.8.8.8", {false, true, false}},    {"8.8.8.9", {false, false, false}},
        {"9.9.9.9", {true, true, true}},      {"192.168.0.1", {false, false, false}},
        {"127.0.0.2", {false, false, false}}, {"169.254.169.254", {false, false, false}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t realm = 0; realm < 3; realm++) {
            if ((verdict(realm, rows[i].peer) == POLICY_ALLOW) != rows[i].allowed[realm]) {
                fail_msg("%s in realm %d", rows[i].peer, (int)realm);
            }
        }
    }
}

static void own_addresses_are_relayed_to_only(void **state)
{
    (void)state;
    make("listen = { \"udp:198.51.100.1:3478\" } relay { addresses = { \"198.51.100.2\" } }\n"
         "realm \"x\" { secret = \"s\" }\n"
         "realm \"y\" { secret = \"s\" peers { allow = { \"198.51.100.0/24\",\n"
         " \"198.51.100.2\" } } }");
    assert_int_equal(verdict(0, "198.51.100.2"), POLICY_RELAY_ONLY);
    assert_int_equal(verdict(0, "198.51.100.1"), POLICY_RELAY_ONLY);
    assert_int_equal(verdict(1, "198.51.100.1"), POLICY_RELAY_ONLY); /* a range is not enough */
    assert_int_equal(verdict(1, "198.51.100.2"), POLICY_NO_LISTENERS);
    assert_int_equal(verdict(1, "198.51.100.3"), POLICY_ALLOW);
}

/* ---- own addresses and doors */

static void own_addresses_come_from_all_that_names_them(void **state)
{
    (void)state;
    struct netaddr machine[OWN_HOSTS_MAX];
    size_t count = addresses_list(machine, OWN_HOSTS_MAX);
    make("listen = { \"udp:198.51.100.1:3478\", \"udp:198.51.100.1:3479\",\n"
         " \"udp:[2001:db8::1]:3478\" }\n"
         "relay { addresses = { \"198.51.100.2\" } external = { \"10.0.0.1=203.0.113.1\" } }");
    assert_non_null(own_host("198.51.100.1"));
    assert_non_null(own_host("198.51.100.2"));
    assert_non_null(own_host("2001:db8::1"));
    assert_non_null(own_host("10.0.0.1"));
    assert_non_null(own_host("203.0.113.1")); /* what clients know it by */
    assert_ptr_equal(own_host("203.0.113.1"), own_host("10.0.0.1"));
    assert_null(own_host("198.51.100.3"));
    for (size_t i = 0; i < count; i++) {
        assert_int_not_equal(own_find(made.settings->own, &machine[i]), OWN_NONE);
    }
    for (uint8_t i = 0; i < made.settings->own->host_count; i++) {
        const struct own_host *host = &made.settings->own->host[i];
        assert_int_equal(host->local.port, 0);
        assert_int_equal(own_find(made.settings->own, &host->local), i); /* each once */
    }
}

static void own_addresses_share_the_live_ports(void **state)
{
    (void)state;
    make("listen = { \"udp:198.51.100.1:3478\" }");
    struct netaddr a = at("198.51.100.1");
    int host = ports_host(ports, &a);
    assert_ptr_equal(own_host("198.51.100.1")->live, ports->host[host]->live);
    ports_set_live(ports, host, 50000, 0, true);
    assert_int_equal(own_host("198.51.100.1")->live[50000], 1);
    ports_set_live(ports, host, 50000, 0, false);
}

static void external_address_of_a_family_is_that_of_all_but_loopback(void **state)
{
    (void)state;
    make("listen = { \"udp:10.0.0.1:3478\", \"udp:10.0.0.2:3478\", \"udp:127.0.0.1:3478\",\n"
         " \"udp:[2001:db8::1]:3478\" } relay { external = { \"203.0.113.1\" } }");
    struct netaddr external = at("203.0.113.1");
    assert_true(made.settings->own->is_mapped);
    assert_true(netaddr_is_equal(&own_host("10.0.0.1")->external, &external));
    assert_true(netaddr_is_equal(&own_host("10.0.0.2")->external, &external));
    assert_int_equal(own_host("127.0.0.1")->external.family, NETADDR_NONE);
    assert_int_equal(own_host("2001:db8::1")->external.family, NETADDR_NONE);
    struct netaddr local = at("10.0.0.2:50000");
    struct netaddr told = own_to_external(made.settings->own, &local);
    struct netaddr expected = at("203.0.113.1:50000");
    assert_true(netaddr_is_equal(&told, &expected));
}

static void external_address_by_name_is_that_of_one(void **state)
{
    (void)state;
    make("listen = { \"udp:10.0.0.1:3478\", \"udp:10.0.0.2:3478\", \"udp:10.0.0.3:3478\" }\n"
         "relay { external = { \"10.0.0.2=203.0.113.2\", \"10.0.0.1=203.0.113.1\" } }");
    struct netaddr one = at("203.0.113.1");
    struct netaddr two = at("203.0.113.2");
    assert_true(netaddr_is_equal(&own_host("10.0.0.1")->external, &one));
    assert_true(netaddr_is_equal(&own_host("10.0.0.2")->external, &two));
    assert_int_equal(own_host("10.0.0.3")->external.family, NETADDR_NONE);
}

static void without_external_addresses_nothing_is_mapped(void **state)
{
    (void)state;
    make("listen = { \"udp:10.0.0.1:3478\" }");
    assert_false(made.settings->own->is_mapped);
    struct netaddr local = at("10.0.0.1:50000");
    struct netaddr told = own_to_external(made.settings->own, &local);
    assert_true(netaddr_is_equal(&told, &local));
}

static bool is_door(const char *text)
{
    struct netaddr a = at(text);
    uint8_t host = own_find(made.settings->own, &a);
    assert_int_not_equal(host, OWN_NONE);
    return own_is_door(made.settings->own, host, &a);
}

static void every_listener_is_a_door(void **state)
{
    (void)state;
    make("listen = { \"udp:10.0.0.1:3478\", \"udp:10.0.0.2:443\", \"udp:*:5349\" }\n"
         "relay { external = { \"10.0.0.2=203.0.113.2\" } }");
    assert_true(is_door("10.0.0.1:3478"));
    assert_false(is_door("10.0.0.2:3478"));
    assert_true(is_door("10.0.0.2:443"));
    assert_true(is_door("203.0.113.2:443"));
    assert_true(is_door("10.0.0.1:5349")); /* the wildcard is on each */
    assert_true(is_door("203.0.113.2:5349"));
    assert_true(is_door("127.0.0.1:5349"));
    assert_false(is_door("127.0.0.1:3478"));
}

static void wildcards_are_no_address_of_ours(void **state)
{
    (void)state;
    make("listen = { \"udp:*:3478\" }");
    for (uint8_t i = 0; i < made.settings->own->host_count; i++) {
        assert_false(netaddr_is_any(&made.settings->own->host[i].local));
    }
    const struct own_host *loopback = own_host("127.0.0.1"); /* the machine has it */
    assert_non_null(loopback);
    assert_ptr_equal(own_host("0.0.0.0"), loopback); /* what is sent there arrives here */
    assert_ptr_equal(own_host("127.0.0.2"), loopback);
}

/* ---- sockets */

static void star_is_two_sockets(void **state)
{
    (void)state;
    make("listen = { \"udp:*:3478\", \"udp:192.0.2.1:443\" }");
    struct netaddr four = at("0.0.0.0:3478");
    struct netaddr six = at("[::]:3478");
    struct netaddr one = at("192.0.2.1:443");
    assert_int_equal(made.socket_count, 3);
    assert_true(netaddr_is_equal(&made.socket[0].address, &four));
    assert_true(netaddr_is_equal(&made.socket[1].address, &six));
    assert_true(netaddr_is_equal(&made.socket[2].address, &one));
    assert_true(made.socket[0].may_lack && made.socket[1].may_lack);
    assert_false(made.socket[2].may_lack);
    assert_ptr_equal(made.socket[1].plain, &made.conf->listeners[0]);
    assert_ptr_equal(made.socket[2].plain, &made.conf->listeners[1]);
}

static void more_sockets_than_fit_are_told(void **state)
{
    (void)state;
    struct snapshot_socket few[2];
    make("listen = { \"udp:192.0.2.1:443\", \"udp:*:3478\" }");
    size_t count = snapshot_sockets(made.conf, few, 2);
    assert_int_equal(count, 3);
    snapshot_forget(few, 1);
}

static void listener_challenges_with_its_realm(void **state)
{
    (void)state;
    make("listen = { \"udp:192.0.2.1:1\" }\n"
         "realm \"x\" { secret = \"s\" } realm \"y\" { secret = \"s\" }\n"
         "listener \"udp:*:2\" { realm = \"y\" }\n"
         "listener \"udp:192.0.2.1:3\" { realm = \"x\" }");
    static const uint8_t expected[] = {0, 1, 1, 0};
    assert_int_equal(made.socket_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(made.settings->realm_of_listener[i], expected[i]);
    }
}

static void relay_addresses_become_rules(void **state)
{
    (void)state;
    make("relay { addresses = { \"192.0.2.1\", \"2001:db8::1\" } }");
    struct netaddr six = at("2001:db8::1");
    assert_int_equal(made.rules->relay_count, 2);
    assert_true(netaddr_is_equal(&made.rules->relay[1], &six));
}

/* ---- certificates */

static char folder[32];
static char certificate_file[64];
static char key_file[64];
static char secure_text[512];

static int begin_certificates(void **state)
{
    strcpy(folder, "/tmp/turnpike-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(certificate_file, sizeof(certificate_file), "%s/chain.pem", folder);
    snprintf(key_file, sizeof(key_file), "%s/key.pem", folder);
    snprintf(secure_text, sizeof(secure_text),
             "listen = { \"tls:192.0.2.1:443\" } tls { certificate = \"%s\" key = \"%s\" }",
             certificate_file, key_file);
    return begin(state);
}

static void remove_files(void)
{
    (void)unlink(certificate_file);
    (void)unlink(key_file);
}

static int end_certificates(void **state)
{
    remove_files();
    return end(state) == 0 ? rmdir(folder) : -1;
}

/* put_files — of a certificate for that name. */
static void put_files(const char *name)
{
    struct certificate c;
    remove_files();
    certificate_init(&c, &(struct certificate_wish){.name = name});
    certificate_write(&c, certificate_file, key_file, NULL);
    certificate_fini(&c);
}

/* covers — whether the only certificate of a snapshot is for that name. */
static bool covers(const struct made *m, const char *name)
{
    size_t count;
    const struct snapshot_certificate *all = snapshot_certificates(m->snapshot, &count);
    assert_int_equal(count, 1);
    return tls_covers(all[0].tls, name);
}

static void certificate_that_cannot_be_read_serves_on_where_asked(void **state)
{
    (void)state;
    put_files("one.example");
    make(secure_text);
    remove_files();
    keeps_certificates = true;
    assert_true(try_make(&again, secure_text, made.snapshot));
    forget(&made);
    assert_true(covers(&again, "one.example"));
}

static void certificate_that_can_be_read_is_read_again(void **state)
{
    (void)state;
    put_files("one.example");
    make(secure_text);
    put_files("two.example");
    keeps_certificates = true;
    assert_true(try_make(&again, secure_text, made.snapshot));
    assert_true(covers(&again, "two.example"));
    assert_true(covers(&made, "one.example"));
}

static void certificate_that_cannot_be_read_is_refused_otherwise(void **state)
{
    (void)state;
    put_files("one.example");
    make(secure_text);
    assert_int_equal(unlink(key_file), 0);
    assert_false(try_make(&again, secure_text, made.snapshot));
    assert_non_null(strstr(again.why, "cannot read the key "));
    forget(&again);
    keeps_certificates = true; /* but there is none before it */
    assert_false(try_make(&again, secure_text, NULL));
}

/* ---- realms and keys */

static enum keyring_answer ask(const struct made *m, uint8_t realm, const char *name,
                               uint8_t algorithm, struct keyring_found *found)
{
    const struct keyring *k = snapshot_view(m->snapshot)->keyring;
    struct keyring_query query = {
        .realm = realm,
        .algorithm = algorithm,
        .name = span_of_text(name),
        .realm_name = {(const uint8_t *)m->settings->realm[realm].name,
                       m->settings->realm[realm].name_size},
    };
    return k->find(k->context, &query, support_digest(), found);
}

static void users_and_secrets_become_keys(void **state)
{
    (void)state;
    struct keyring_found found;
    uint8_t key[DIGEST_MD5_SIZE];
    make("realm \"example.org\" { user \"alice\" { password = \"wonderland\" }\n"
         "user \"bob\" { key = \"00112233445566778899aabbccddeeff\" } secret = { \"verysecret\" } "
         "}\n"
         "realm \"y\" { secret = \"s\" secret-digest = both }");
    assert_int_equal(ask(&made, 0, "alice", STUN_ALGORITHM_MD5, &found), KEYRING_FOUND);
    support_hex("72f86f2053703faa0f521ce71cfe6f59", key, sizeof(key));
    assert_memory_equal(found.entry[0].key.bytes, key, sizeof(key));
    assert_int_equal(ask(&made, 0, "bob", STUN_ALGORITHM_MD5, &found), KEYRING_FOUND);
    assert_int_equal(found.entry[0].key.bytes[15], 0xff);
    assert_int_equal(ask(&made, 0, "bob", STUN_ALGORITHM_SHA256, &found), KEYRING_UNKNOWN);
    assert_int_equal(ask(&made, 0, "1700000000:x", STUN_ALGORITHM_MD5, &found), KEYRING_FOUND);
    assert_int_equal(found.count, 1);
    assert_int_equal(ask(&made, 1, "1700000000:x", STUN_ALGORITHM_MD5, &found), KEYRING_FOUND);
    assert_int_equal(found.count, 2);
    assert_int_equal(ask(&made, 1, "alice", STUN_ALGORITHM_MD5, &found), KEYRING_UNKNOWN);
}

static void realm_and_password_are_normalised(void **state)
{
    (void)state;
    struct keyring_found one;
    struct keyring_found two;
    make("realm \"Ju\xcc\x88rgen\" { user \"u\" { password = \"e\xcc\x81\xc2\xa0x\" } }");
    assert_string_equal(made.settings->realm[0].name, "J\xc3\xbcrgen");
    assert_true(try_make(
        &again, "realm \"J\xc3\xbcrgen\" { user \"u\" { password = \"\xc3\xa9 x\" } }", NULL));
    assert_int_equal(ask(&made, 0, "u", STUN_ALGORITHM_MD5, &one), KEYRING_FOUND);
    assert_int_equal(ask(&again, 0, "u", STUN_ALGORITHM_MD5, &two), KEYRING_FOUND);
    assert_memory_equal(one.entry[0].key.bytes, two.entry[0].key.bytes, DIGEST_MD5_SIZE);
}

static void realms_that_are_one_once_normalised_are_refused(void **state)
{
    (void)state;
    assert_false(try_make(&made,
                          "realm \"Ju\xcc\x88rgen\" { secret = \"s\" }\n"
                          "realm \"J\xc3\xbcrgen\" { secret = \"s\" }",
                          NULL));
    assert_non_null(strstr(made.why, "another realm is the same once it is normalised"));
}

static void more_secrets_than_can_be_tried_are_refused(void **state)
{
    (void)state;
    assert_true(
        try_make(&again,
                 "realm \"x\" { secret = { \"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\" }\n"
                 "secret-digest = both }",
                 NULL));
    assert_false(
        try_make(&made,
                 "realm \"x\" { secret = { \"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\n"
                 "\"9\" } secret-digest = both }",
                 NULL));
    assert_non_null(strstr(made.why, "too many secrets"));
}

static void realms_keep_their_numbers_over_a_reload(void **state)
{
    (void)state;
    struct keyring_found found;
    make("realm \"a\" { user \"u\" { password = \"1\" } }\n"
         "realm \"b\" { user \"u\" { password = \"2\" } }\n"
         "realm \"c\" { user \"v\" { password = \"3\" } }");
    assert_true(try_make(&again,
                         "realm \"d\" { user \"w\" { password = \"4\" } }\n"
                         "realm \"c\" { user \"v\" { password = \"3\" } }\n"
                         "realm \"a\" { user \"u\" { password = \"1\" } }\n"
                         "listener \"udp:192.0.2.1:1\" { } listener \"udp:192.0.2.1:2\"\n"
                         "{ realm = \"c\" }",
                         made.snapshot));
    const struct settings *s = again.settings;
    assert_int_equal(s->realm_count, 4);
    static const char *const names[] = {"a", "b", "c", "d"};
    for (int i = 0; i < 4; i++) {
        assert_string_equal(s->realm[i].name, names[i]);
        assert_int_equal(s->realm[i].is_gone, i == 1);
    }
    assert_int_equal(s->realm_of_listener[0], 3); /* the first of the conf */
    assert_int_equal(s->realm_of_listener[1], 2);
    assert_int_equal(ask(&again, 2, "v", STUN_ALGORITHM_MD5, &found), KEYRING_FOUND);
    assert_int_equal(ask(&again, 3, "w", STUN_ALGORITHM_MD5, &found), KEYRING_FOUND);
    assert_int_equal(ask(&again, 1, "u", STUN_ALGORITHM_MD5, &found), KEYRING_UNKNOWN);
}

/* many_realms — a text of `count` realms, the first of them number `from`. */
static const char *many_realms(int from, int count)
{
    static char text[4096];
    size_t used = 0;
    for (int i = from; i < from + count; i++) {
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "realm \"r%d\" { secret = \"s\" }\n", i);
    }
    return text;
}

static void numbers_of_realms_that_are_gone_are_used_again(void **state)
{
    (void)state;
    make(many_realms(0, SETTINGS_REALMS_MAX));
    assert_true(try_make(&again, many_realms(10, SETTINGS_REALMS_MAX), made.snapshot));
    assert_int_equal(again.settings->realm_count, SETTINGS_REALMS_MAX);
    for (int i = 10; i < SETTINGS_REALMS_MAX; i++) {
        assert_string_equal(again.settings->realm[i].name, made.settings->realm[i].name);
    }
    for (int i = 0; i < SETTINGS_REALMS_MAX; i++) {
        assert_false(again.settings->realm[i].is_gone);
    }
}

static void too_many_realms_are_refused(void **state)
{
    (void)state;
    assert_false(try_make(&made, many_realms(0, SETTINGS_REALMS_MAX + 1), NULL));
    assert_string_equal(made.why, "there are too many realms; 32 is the most");
    snapshot_free(NULL);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"T02 defaults are those of the RFCs", defaults_are_those_of_the_rfcs, begin, end, NULL},
        {"every setting arrives", every_setting_arrives, begin, end, NULL},
        {"a limit of the server is not counted twice", limit_of_the_server_is_not_counted_twice,
         begin, end, NULL},
        {"without a realm it is a STUN server", without_a_realm_it_is_a_stun_server, begin, end,
         NULL},
        {"T35 global and realm rules go together", global_and_realm_rules_go_together, begin, end,
         NULL},
        {"T35 own addresses are relayed to only", own_addresses_are_relayed_to_only, begin, end,
         NULL},
        {"own addresses come from all that names them", own_addresses_come_from_all_that_names_them,
         begin, end, NULL},
        {"own addresses share the live ports", own_addresses_share_the_live_ports, begin, end,
         NULL},
        {"the external address of a family is that of all but loopback",
         external_address_of_a_family_is_that_of_all_but_loopback, begin, end, NULL},
        {"an external address by name is that of one", external_address_by_name_is_that_of_one,
         begin, end, NULL},
        {"without external addresses nothing is mapped",
         without_external_addresses_nothing_is_mapped, begin, end, NULL},
        {"T35 every listener is a door", every_listener_is_a_door, begin, end, NULL},
        {"wildcards are no address of ours", wildcards_are_no_address_of_ours, begin, end, NULL},
        {"a star is two sockets", star_is_two_sockets, begin, end, NULL},
        {"more sockets than fit are told", more_sockets_than_fit_are_told, begin, end, NULL},
        {"a listener challenges with its realm", listener_challenges_with_its_realm, begin, end,
         NULL},
        {"relay addresses become rules", relay_addresses_become_rules, begin, end, NULL},
        {"a certificate that cannot be read serves on where that is asked",
         certificate_that_cannot_be_read_serves_on_where_asked, begin_certificates,
         end_certificates, NULL},
        {"a certificate that can be read is read again", certificate_that_can_be_read_is_read_again,
         begin_certificates, end_certificates, NULL},
        {"a certificate that cannot be read is refused otherwise",
         certificate_that_cannot_be_read_is_refused_otherwise, begin_certificates, end_certificates,
         NULL},
        {"users and secrets become keys", users_and_secrets_become_keys, begin, end, NULL},
        {"S65 realm and password are normalised", realm_and_password_are_normalised, begin, end,
         NULL},
        {"S65 realms that are one once normalised are refused",
         realms_that_are_one_once_normalised_are_refused, begin, end, NULL},
        {"R03 more secrets than can be tried are refused",
         more_secrets_than_can_be_tried_are_refused, begin, end, NULL},
        {"realms keep their numbers over a reload", realms_keep_their_numbers_over_a_reload, begin,
         end, NULL},
        {"numbers of realms that are gone are used again",
         numbers_of_realms_that_are_gone_are_used_again, begin, end, NULL},
        {"too many realms are refused", too_many_realms_are_refused, begin, end, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
