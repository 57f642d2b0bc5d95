/* test_gate — who is let in, by which of the sources, with which key, counted as whom. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/clock.h"
#include "store/gate.h"
#include "store/ticket.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define REALM "example.org"
#define ID "abcdefghijklm"

static struct event_base *base;
static struct store *store;
static struct worker_shared shared;
static struct mirror *mirror;
static struct roster *roster;
static struct flight_deck *deck;
static struct gate gate;
static struct keyring keyring;
static struct keyring_found found;

static void on_state(void *context, bool is_up, bool has_lost, const char *why)
{
    (void)context;
    (void)is_up;
    (void)has_lost;
    (void)why;
}

static void on_notice(void *context, const char *realm, const struct store_item *item)
{
    (void)context;
    (void)realm;
    (void)item;
}

/* begin — users and secrets of a configuration, and a store that is not there yet. */
static int begin(void **state)
{
    char why[256];
    (void)state;
    base = event_base_new();
    struct store_parts parts = {
        .url = "memory", .node = "n", .base = base, .events = {NULL, on_state, on_notice}};
    store = store_open(&parts, why, sizeof(why));
    mirror = mirror_new();
    roster = roster_new();
    shared.count = 1;
    deck = flight_deck_new(base, &shared, mirror);
    if (!store || !mirror || !roster || !deck ||
        !roster_add_user(roster, 0, REALM, "alice", "wonderland", NULL, support_digest()) ||
        !roster_add_secret(roster, 0, "swordfish", ROSTER_SHA1) || !roster_seal(roster)) {
        return -1;
    }
    flight_deck_use(deck, store);
    gate = (struct gate){.roster = roster, .mirror = mirror, .deck = deck};
    keyring = gate_keyring(&gate);
    return 0;
}

static int end(void **state)
{
    (void)state;
    store_close(store);
    flight_deck_free(deck);
    mirror_free(mirror);
    roster_free(roster);
    event_base_free(base);
    return 0;
}

/* come_up — the store is there, and was read through. */
static void come_up(void)
{
    assert_true(store_follow(store, NULL, 0));
    event_base_loop(base, EVLOOP_ONCE);
    assert_true(flight_deck_is_up(deck));
    mirror_set_up(mirror, true);
    mirror_begin(mirror);
    mirror_end(mirror, false);
}

static struct span realm(void)
{
    return span_of_text(REALM);
}

static enum keyring_answer ask_query(struct keyring_query query)
{
    query.realm_name = query.realm ? span_of_text("other.example") : realm();
    memset(&found, 0xee, sizeof(found));
    return keyring.find(keyring.context, &query, support_digest(), &found);
}

static enum keyring_answer ask(const char *name)
{
    return ask_query(
        (struct keyring_query){.algorithm = STUN_ALGORITHM_MD5, .name = span_of_text(name)});
}

/* assert_password — whether the i-th key is that of a password. */
static void assert_password(size_t i, const char *name, const char *password)
{
    struct stun_key key = stun_integrity_key(support_digest(), STUN_ALGORITHM_MD5,
                                             span_of_text(name), realm(), span_of_text(password));
    assert_true(i < found.count);
    assert_int_equal(found.entry[i].key.size, key.size);
    assert_memory_equal(found.entry[i].key.bytes, key.bytes, key.size);
}

static void assert_account(const char *expected)
{
    assert_int_equal(found.account_size, strlen(expected));
    assert_memory_equal(found.name + found.account_at, expected, strlen(expected));
}

/* make_ticket — by a secret, of alice unless she is changed; good from now for an hour. */
static struct ticket plain_ticket(const char *secret)
{
    int64_t now = time(NULL);
    struct ticket t = {.expires = {now + 3600},
                       .rights = {.id = ID, .issued = {now}},
                       .owner = span_of_text("carol")};
    ticket_key(support_digest(), span_of_text(secret), t.key);
    return t;
}

static const char *name_of(const struct ticket *t)
{
    static char name[STUN_NAME_MAX + 1];
    assert_true(ticket_write(t, name) > 0);
    return name;
}

static void assert_ticket_password(size_t i, const char *name, const char *secret)
{
    char password[TICKET_PASSWORD_SIZE];
    ticket_password(support_digest(), span_of_text(secret), realm(), span_of_text(name), password);
    assert_password(i, name, password);
}

static void put_secret(const char *secret, int64_t retires)
{
    struct mirror_secret s = {.retires = {retires}, .size = strlen(secret)};
    ticket_key(support_digest(), span_of_text(secret), s.key);
    memcpy(s.bytes, secret, s.size);
    assert_true(mirror_put_secret(mirror, realm(), &s));
}

static struct grant grant_of(const char *name, const char *password)
{
    struct grant g = {.name_size = strlen(name)};
    strcpy(g.name, name);
    grant_set_password(&g, support_digest(), realm(), span_of_text(password));
    return g;
}

static void put_grant(const struct grant *g)
{
    mirror_put_grant(mirror, realm(), false, (struct span){(const uint8_t *)g->name, g->name_size},
                     g, MIRROR_KNOWN, clock_now().mono);
}

static void revoke(enum mirror_scope scope, const char *value, int64_t at)
{
    struct mirror_revocation r = {.scope = scope, .value = span_of_text(value), .at = {at}};
    mirror_put_revocation(mirror, realm(), &r);
}

/* ---- which source */

static void static_user_comes_first(void **state)
{
    (void)state;
    come_up();
    struct grant g = grant_of("alice", "of the store");
    put_grant(&g);
    assert_int_equal(ask("alice"), KEYRING_FOUND);
    assert_int_equal(found.count, 1);
    assert_password(0, "alice", "wonderland");
    assert_account("alice");
    assert_true(rights_are_plain(&found.rights));
}

static void ticket_is_judged_by_the_secrets_of_both(void **state)
{
    (void)state;
    come_up();
    put_secret("of the store", 0);
    struct ticket t = plain_ticket("swordfish");
    t.rights.allocations = 3;
    strcpy(t.rights.tenant, "north");
    const char *name = name_of(&t);
    assert_int_equal(ask(name), KEYRING_FOUND);
    assert_int_equal(found.count, 1); /* the one secret that the name names */
    assert_ticket_password(0, name, "swordfish");
    assert_int_equal(found.entry[0].expires.s, t.expires.s);
    assert_string_equal(found.rights.id, ID);
    assert_string_equal(found.rights.tenant, "north");
    assert_int_equal(found.rights.allocations, 3);
    assert_int_equal(found.rights.issued.s, t.rights.issued.s);
    assert_account("carol");
    t = plain_ticket("of the store");
    name = name_of(&t);
    assert_int_equal(ask(name), KEYRING_FOUND);
    assert_ticket_password(0, name, "of the store");
    put_secret("swordfish", 0); /* here and there: either key is the same */
    t = plain_ticket("swordfish");
    name = name_of(&t);
    assert_int_equal(ask(name), KEYRING_FOUND);
    for (size_t i = 0; i < found.count; i++) {
        assert_ticket_password(i, name, "swordfish");
    }
}

static void ticket_is_no_time_limited_name(void **state)
{
    (void)state;
    come_up();
    struct ticket t = plain_ticket("swordfish");
    t.owner = span_of_text("carol:1900000000"); /* it ends like one */
    const char *name = name_of(&t);
    assert_int_equal(ask(name), KEYRING_FOUND);
    assert_int_equal(found.count, 1);
    assert_ticket_password(0, name, "swordfish");
    assert_account("carol:1900000000");
    assert_int_equal(found.entry[0].expires.s, t.expires.s);
}

static void time_limited_name_is_judged_by_the_secrets_of_both(void **state)
{
    (void)state;
    char password[48];
    struct span name = span_of_text("1900000000:carol");
    come_up();
    gate.digest[0] = ROSTER_BOTH;
    put_secret("of the store", 0);
    struct grant g = grant_of("1900000000:carol", "stored"); /* comes behind */
    put_grant(&g);
    assert_int_equal(ask("1900000000:carol"), KEYRING_FOUND);
    assert_int_equal(found.count, 3);
    roster_password(support_digest(), ROSTER_SHA1, span_of_text("swordfish"), name, password);
    assert_password(0, "1900000000:carol", password);
    roster_password(support_digest(), ROSTER_SHA1, span_of_text("of the store"), name, password);
    assert_password(1, "1900000000:carol", password);
    roster_password(support_digest(), ROSTER_SHA256, span_of_text("of the store"), name, password);
    assert_password(2, "1900000000:carol", password);
    assert_account("carol");
    assert_int_equal(found.entry[2].expires.s, 1900000000);
}

static void name_with_a_time_may_be_a_users_where_there_is_no_secret(void **state)
{
    (void)state;
    come_up();
    struct grant g = {.name_size = 0};
    strcpy(g.name, "1900000000:carol");
    g.name_size = strlen(g.name);
    grant_set_password(&g, support_digest(), span_of_text("other.example"), span_of_text("stored"));
    struct span name = span_of_text(g.name);
    mirror_put_grant(mirror, span_of_text("other.example"), false, name, &g, MIRROR_KNOWN,
                     clock_now().mono);
    assert_int_equal(ask_query((struct keyring_query){
                         .realm = 1, .algorithm = STUN_ALGORITHM_MD5, .name = name}),
                     KEYRING_FOUND);
    assert_int_equal(found.count, 1);
    assert_memory_equal(found.entry[0].key.bytes, g.md5.bytes, DIGEST_MD5_SIZE);
    assert_account("1900000000:carol"); /* the whole: it is but a name */
}

static void stored_user_is_found_by_name_and_hash(void **state)
{
    (void)state;
    uint8_t hash[STUN_USERHASH_SIZE];
    come_up();
    struct grant g = grant_of("bob", "builder");
    g.rights.bandwidth = 1000;
    g.rights.issued.s = 1700000000;
    put_grant(&g);
    assert_int_equal(ask("bob"), KEYRING_FOUND);
    assert_password(0, "bob", "builder");
    assert_int_equal(found.rights.bandwidth, 1000);
    assert_int_equal(found.entry[0].expires.s, 0);
    assert_account("bob");
    stun_integrity_userhash(support_digest(), span_of_text("bob"), realm(), hash);
    struct keyring_query query = {
        .is_hash = true, .algorithm = STUN_ALGORITHM_SHA256, .name = {hash, sizeof(hash)}};
    assert_int_equal(ask_query(query), KEYRING_LATER);
    assert_int_equal(found.count, 0);
    mirror_put_grant(mirror, realm(), true, query.name, &g, MIRROR_KNOWN, clock_now().mono);
    assert_int_equal(ask_query(query), KEYRING_FOUND);
    assert_memory_equal(found.entry[0].key.bytes, g.sha256.bytes, DIGEST_SHA256_SIZE);
    assert_int_equal(found.name_size, 3);
    assert_memory_equal(found.name, "bob", 3);
    assert_account("bob");
    /* Who has but an MD5 key cannot be asked for the other. */
    g.has_sha256 = false;
    put_grant(&g);
    query = (struct keyring_query){.algorithm = STUN_ALGORITHM_SHA256, .name = span_of_text("bob")};
    assert_int_equal(ask_query(query), KEYRING_UNKNOWN);
    assert_int_equal(ask("bob"), KEYRING_FOUND);
}

static void random_credential_is_a_stored_one(void **state)
{
    (void)state;
    static const char name[] = "tpr." ID ".carol";
    come_up();
    struct grant g = grant_of(name, "random");
    strcpy(g.rights.id, ID);
    g.expires.s = time(NULL) + 100;
    put_grant(&g);
    assert_int_equal(ask(name), KEYRING_FOUND);
    assert_password(0, name, "random");
    assert_int_equal(found.entry[0].expires.s, g.expires.s);
    assert_string_equal(found.rights.id, ID);
    assert_account("carol");
    g = grant_of("tpr." ID ".", "random"); /* nobody's */
    put_grant(&g);
    assert_int_equal(ask("tpr." ID "."), KEYRING_FOUND);
    assert_account("tpr." ID ".");
}

static void without_a_store_there_is_the_configuration(void **state)
{
    (void)state;
    gate.mirror = NULL;
    gate.deck = NULL;
    struct ticket t = plain_ticket("swordfish");
    assert_int_equal(ask("alice"), KEYRING_FOUND);
    assert_int_equal(ask(name_of(&t)), KEYRING_FOUND);
    assert_int_equal(ask("1900000000:carol"), KEYRING_FOUND);
    assert_int_equal(ask("bob"), KEYRING_UNKNOWN);
    t = plain_ticket("another");
    assert_int_equal(ask(name_of(&t)), KEYRING_UNKNOWN);
}

/* ---- what cannot be told */

static void unknown_secret_may_be_one_that_was_not_read_yet(void **state)
{
    (void)state;
    struct ticket t = plain_ticket("another");
    assert_int_equal(ask(name_of(&t)), KEYRING_DOWN);
    assert_int_equal(found.count, 0);
    struct span name = span_of_text("1900000000:carol");
    struct keyring_query elsewhere = {.realm = 1, .algorithm = STUN_ALGORITHM_MD5, .name = name};
    assert_int_equal(ask_query(elsewhere), KEYRING_DOWN);
    mirror_begin(mirror);
    mirror_end(mirror, false);
    assert_int_equal(ask(name_of(&t)), KEYRING_DOWN); /* read, but away: it may have come since */
    come_up();
    assert_int_equal(ask(name_of(&t)), KEYRING_UNKNOWN);
    put_secret("another", 0);
    assert_int_equal(ask(name_of(&t)), KEYRING_FOUND);
    /* What the configuration can tell, it tells at any time. */
    t = plain_ticket("swordfish");
    assert_int_equal(ask(name_of(&t)), KEYRING_FOUND);
}

static void stored_user_is_fetched_when_a_client_waits(void **state)
{
    (void)state;
    struct keyring_query query = {
        .algorithm = STUN_ALGORITHM_MD5, .name = span_of_text("bob"), .may_fetch = true};
    assert_int_equal(ask_query(query), KEYRING_DOWN); /* nobody to ask */
    come_up();
    assert_int_equal(ask("bob"), KEYRING_LATER); /* as a review asks: nothing is fetched */
    assert_int_equal(ask_query(query), KEYRING_LATER);
    struct mono now = clock_now().mono;
    mirror_put_grant(mirror, realm(), false, query.name, NULL, MIRROR_KNOWN_NONE, now);
    assert_int_equal(ask_query(query), KEYRING_UNKNOWN);
    mirror_put_grant(mirror, realm(), false, query.name, NULL, MIRROR_KNOWN_BROKEN, now);
    assert_int_equal(ask_query(query), KEYRING_DOWN);
}

static void fetches_are_bounded(void **state)
{
    (void)state;
    char name[16];
    come_up();
    for (int i = 0; i <= TURN_PARKED_MAX; i++) {
        snprintf(name, sizeof(name), "user-%d", i);
        struct keyring_query query = {
            .algorithm = STUN_ALGORITHM_MD5, .name = span_of_text(name), .may_fetch = true};
        assert_int_equal(ask_query(query), i < TURN_PARKED_MAX ? KEYRING_LATER : KEYRING_DOWN);
        assert_int_equal(ask_query(query), i < TURN_PARKED_MAX ? KEYRING_LATER : KEYRING_DOWN);
    }
}

/* ---- who is not let in */

static void retired_secret_is_none(void **state)
{
    (void)state;
    come_up();
    put_secret("of the store", time(NULL) - 1);
    struct ticket t = plain_ticket("of the store");
    assert_int_equal(ask(name_of(&t)), KEYRING_UNKNOWN);
    assert_int_equal(ask("1900000000:carol"), KEYRING_FOUND);
    assert_int_equal(found.count, 1); /* by the configuration's alone */
    put_secret("of the store", time(NULL) + 1000);
    assert_int_equal(ask(name_of(&t)), KEYRING_FOUND);
}

static void nobody_is_let_in_before_her_time(void **state)
{
    (void)state;
    come_up();
    struct ticket t = plain_ticket("swordfish");
    t.not_before.s = time(NULL) + 1000;
    assert_int_equal(ask(name_of(&t)), KEYRING_UNKNOWN);
    assert_int_equal(found.count, 0);
    t.not_before.s = time(NULL) - 1;
    assert_int_equal(ask(name_of(&t)), KEYRING_FOUND);
    struct grant g = grant_of("bob", "builder");
    g.not_before.s = time(NULL) + 1000;
    put_grant(&g);
    assert_int_equal(ask("bob"), KEYRING_UNKNOWN);
    assert_int_equal(found.count, 0);
    g.not_before.s = time(NULL) - 1;
    put_grant(&g);
    assert_int_equal(ask("bob"), KEYRING_FOUND);
}

static void expired_ticket_is_found_with_its_time(void **state)
{
    (void)state;
    struct ticket t = plain_ticket("swordfish");
    t.expires.s = 1700000000;
    t.rights.issued.s = 1699999000;
    come_up();
    assert_int_equal(ask(name_of(&t)), KEYRING_FOUND); /* the engine judges it */
    assert_int_equal(found.entry[0].expires.s, 1700000000);
}

static void revoked_ones_are_void(void **state)
{
    (void)state;
    come_up();
    struct ticket t = plain_ticket("swordfish");
    strcpy(t.rights.tenant, "north");
    struct grant g = grant_of("bob", "builder");
    g.rights.issued.s = 1700000000;
    put_grant(&g);
    static const struct {
        enum mirror_scope scope;
        const char *value;
        bool hits_ticket, hits_bob;
    } rows[] = {
        {MIRROR_USER, "carol", true, false},    {MIRROR_TENANT, "north", true, false},
        {MIRROR_CREDENTIAL, ID, true, false},   {MIRROR_USER, "bob", false, true},
        {MIRROR_TENANT, "carol", false, false}, {MIRROR_USER, "north", false, false},
        {MIRROR_CREDENTIAL, "x", false, false}, {MIRROR_USER, "", false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t now = time(NULL) + 5;
        assert_int_equal(ask(name_of(&t)), KEYRING_FOUND);
        assert_int_equal(ask("bob"), KEYRING_FOUND);
        revoke(rows[i].scope, rows[i].value, now);
        assert_int_equal(ask(name_of(&t)), rows[i].hits_ticket ? KEYRING_REVOKED : KEYRING_FOUND);
        assert_int_equal(ask("bob"), rows[i].hits_bob ? KEYRING_REVOKED : KEYRING_FOUND);
        assert_int_equal(found.count, rows[i].hits_bob ? 0 : 1);
        assert_true(mirror_lift(mirror, realm(), rows[i].scope, span_of_text(rows[i].value)));
    }
    revoke(MIRROR_USER, "carol", t.rights.issued.s - 1); /* hers is newer */
    assert_int_equal(ask(name_of(&t)), KEYRING_FOUND);
    revoke(MIRROR_USER, "carol", t.rights.issued.s);
    assert_int_equal(ask(name_of(&t)), KEYRING_REVOKED);
    /* When a time-limited name was made nobody knows: it is revoked with its user. */
    assert_int_equal(ask("1900000000:carol"), KEYRING_REVOKED);
    assert_int_equal(ask("1900000000:dora"), KEYRING_FOUND);
}

static void ticket_without_an_owner_counts_by_itself(void **state)
{
    (void)state;
    char first[STUN_NAME_MAX + 1];
    struct ticket t = plain_ticket("swordfish");
    t.owner = span_of_text("");
    come_up();
    strcpy(first, name_of(&t));
    assert_int_equal(ask(first), KEYRING_FOUND);
    assert_account(first);
}

static void changed_ticket_has_another_key(void **state)
{
    (void)state;
    char name[STUN_NAME_MAX + 1];
    char password[TICKET_PASSWORD_SIZE];
    struct ticket t = plain_ticket("swordfish");
    t.rights.allocations = 1;
    come_up();
    strcpy(name, name_of(&t));
    ticket_password(support_digest(), span_of_text("swordfish"), realm(), span_of_text(name),
                    password);
    t.rights.allocations = 100; /* whoever edits it cannot sign it */
    strcpy(name, name_of(&t));
    assert_int_equal(ask(name), KEYRING_FOUND);
    struct stun_key key = stun_integrity_key(support_digest(), STUN_ALGORITHM_MD5,
                                             span_of_text(name), realm(), span_of_text(password));
    assert_memory_not_equal(found.entry[0].key.bytes, key.bytes, key.size);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(static_user_comes_first, begin, end),
        cmocka_unit_test_setup_teardown(ticket_is_judged_by_the_secrets_of_both, begin, end),
        cmocka_unit_test_setup_teardown(ticket_is_no_time_limited_name, begin, end),
        cmocka_unit_test_setup_teardown(time_limited_name_is_judged_by_the_secrets_of_both, begin,
                                        end),
        cmocka_unit_test_setup_teardown(name_with_a_time_may_be_a_users_where_there_is_no_secret,
                                        begin, end),
        cmocka_unit_test_setup_teardown(stored_user_is_found_by_name_and_hash, begin, end),
        cmocka_unit_test_setup_teardown(random_credential_is_a_stored_one, begin, end),
        cmocka_unit_test_setup_teardown(without_a_store_there_is_the_configuration, begin, end),
        cmocka_unit_test_setup_teardown(unknown_secret_may_be_one_that_was_not_read_yet, begin,
                                        end),
        cmocka_unit_test_setup_teardown(stored_user_is_fetched_when_a_client_waits, begin, end),
        cmocka_unit_test_setup_teardown(fetches_are_bounded, begin, end),
        cmocka_unit_test_setup_teardown(retired_secret_is_none, begin, end),
        cmocka_unit_test_setup_teardown(nobody_is_let_in_before_her_time, begin, end),
        cmocka_unit_test_setup_teardown(expired_ticket_is_found_with_its_time, begin, end),
        cmocka_unit_test_setup_teardown(revoked_ones_are_void, begin, end),
        cmocka_unit_test_setup_teardown(ticket_without_an_owner_counts_by_itself, begin, end),
        cmocka_unit_test_setup_teardown(changed_ticket_has_another_key, begin, end),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
