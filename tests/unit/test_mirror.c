/* test_mirror — what is known of the store without asking: for how long, what is forgotten, and
 * what is revoked. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "store/mirror.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static struct mirror *mirror;
static struct span realm;
static const struct mono start = {1000 * MONO_SECOND};

static int begin(void **state)
{
    (void)state;
    realm = span_of_text("example.org");
    mirror = mirror_new();
    if (mirror) {
        mirror_set_up(mirror, true);
        mirror_begin(mirror);
        mirror_end(mirror, false);
    }
    return mirror ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    mirror_free(mirror);
    mirror_free(NULL);
    return 0;
}

/* grant_of — one that can be told from others by `mark`. */
static struct grant grant_of(const char *name, uint32_t mark)
{
    struct grant g = {.name_size = strlen(name), .rights = {.allocations = mark}};
    strcpy(g.name, name);
    memset(g.md5.bytes, (int)(mark & 0xff), DIGEST_MD5_SIZE);
    g.md5.size = DIGEST_MD5_SIZE;
    return g;
}

static void put(const char *name, uint32_t mark, struct mono now)
{
    struct grant g = grant_of(name, mark);
    mirror_put_grant(mirror, realm, false, span_of_text(name), &g, MIRROR_KNOWN, now);
}

static void put_none(const char *name, enum mirror_known what, struct mono now)
{
    mirror_put_grant(mirror, realm, false, span_of_text(name), NULL, what, now);
}

static enum mirror_known find(const char *name, struct mono now, struct grant *out)
{
    memset(out, 0xee, sizeof(*out));
    return mirror_find(mirror, realm, false, span_of_text(name), now, out);
}

static struct mono after(uint64_t seconds)
{
    return mono_add_s(start, seconds);
}

/* ---- grants */

static void what_was_put_is_found(void **state)
{
    (void)state;
    struct grant g;
    assert_int_equal(find("alice", start, &g), MIRROR_UNKNOWN);
    put("alice", 7, start);
    assert_int_equal(find("alice", start, &g), MIRROR_KNOWN);
    assert_string_equal(g.name, "alice");
    assert_int_equal(g.name_size, 5);
    assert_int_equal(g.rights.allocations, 7);
    assert_int_equal(find("alic", start, &g), MIRROR_UNKNOWN);
    assert_int_equal(find("alice2", start, &g), MIRROR_UNKNOWN);
    assert_int_equal(find("", start, &g), MIRROR_UNKNOWN);
    struct span name = span_of_text("alice");
    assert_int_equal(mirror_find(mirror, span_of_text("other"), false, name, start, &g),
                     MIRROR_UNKNOWN);
    assert_int_equal(mirror_find(mirror, realm, true, name, start, &g), MIRROR_UNKNOWN);
    put("alice", 8, start);
    assert_int_equal(find("alice", start, &g), MIRROR_KNOWN);
    assert_int_equal(g.rights.allocations, 8);
    assert_int_equal(mirror_counts(mirror).grants, 1);
}

static void realm_and_name_are_kept_apart(void **state)
{
    (void)state;
    struct grant g = grant_of("x", 1);
    struct grant out;
    mirror_put_grant(mirror, span_of_text("ab"), false, span_of_text("c"), &g, MIRROR_KNOWN, start);
    assert_int_equal(mirror_find(mirror, span_of_text("a"), false, span_of_text("bc"), start, &out),
                     MIRROR_UNKNOWN);
    assert_int_equal(mirror_find(mirror, span_of_text("ab"), false, span_of_text("c"), start, &out),
                     MIRROR_KNOWN);
    /* Names are bytes, NULs among them. */
    struct span nul = {(const uint8_t *)"c\0d", 3};
    assert_int_equal(mirror_find(mirror, span_of_text("ab"), false, nul, start, &out),
                     MIRROR_UNKNOWN);
}

static void what_is_forgotten_is_asked_for_again(void **state)
{
    (void)state;
    struct grant g;
    put("alice", 7, start);
    put("bob", 8, start);
    mirror_forget(mirror, realm, false, span_of_text("alice"));
    assert_int_equal(find("alice", start, &g), MIRROR_UNKNOWN);
    assert_int_equal(find("bob", start, &g), MIRROR_KNOWN);
    mirror_forget(mirror, realm, false, span_of_text("nobody"));
    put_none("carol", MIRROR_KNOWN_NONE, start);
    assert_int_equal(find("carol", start, &g), MIRROR_KNOWN_NONE);
    mirror_forget(mirror, realm, false, span_of_text("carol")); /* she was made just now */
    assert_int_equal(find("carol", start, &g), MIRROR_UNKNOWN);
    assert_int_equal(mirror_counts(mirror).grants, 1);
}

static void what_is_known_gets_old(void **state)
{
    (void)state;
    struct grant g;
    put("alice", 7, start);
    assert_int_equal(find("alice", (struct mono){after(MIRROR_FRESH).ns - 1}, &g), MIRROR_KNOWN);
    assert_int_equal(find("alice", after(MIRROR_FRESH), &g), MIRROR_UNKNOWN);
    mirror_set_up(mirror, false); /* it is better than nothing */
    assert_int_equal(find("alice", after(MIRROR_FRESH), &g), MIRROR_KNOWN);
    assert_int_equal(find("alice", (struct mono){after(MIRROR_KEEPS).ns - 1}, &g), MIRROR_KNOWN);
    assert_int_equal(find("alice", after(MIRROR_KEEPS), &g), MIRROR_UNKNOWN);
    mirror_set_up(mirror, true);
    put("alice", 7, after(MIRROR_KEEPS));
    assert_int_equal(find("alice", after(MIRROR_KEEPS), &g), MIRROR_KNOWN);
}

static void none_and_broken_are_believed_for_a_moment(void **state)
{
    (void)state;
    struct grant g;
    put("alice", 7, start);
    put_none("alice", MIRROR_KNOWN_NONE, start); /* she is gone */
    assert_int_equal(mirror_counts(mirror).grants, 0);
    assert_int_equal(find("alice", start, &g), MIRROR_KNOWN_NONE);
    assert_int_equal(find("alice", (struct mono){after(MIRROR_NONE_FRESH).ns - 1}, &g),
                     MIRROR_KNOWN_NONE);
    assert_int_equal(find("alice", after(MIRROR_NONE_FRESH), &g), MIRROR_UNKNOWN);
    put_none("bob", MIRROR_KNOWN_BROKEN, start);
    assert_int_equal(find("bob", start, &g), MIRROR_KNOWN_BROKEN);
    put("bob", 9, start); /* mended */
    assert_int_equal(find("bob", start, &g), MIRROR_KNOWN);
}

static void reading_anew_makes_grants_be_fetched_again(void **state)
{
    (void)state;
    struct grant g;
    put("alice", 7, start);
    put_none("bob", MIRROR_KNOWN_NONE, start);
    mirror_begin(mirror);
    assert_int_equal(find("alice", start, &g), MIRROR_UNKNOWN);
    assert_int_equal(find("bob", start, &g), MIRROR_UNKNOWN);
    mirror_end(mirror, false);
    assert_int_equal(find("alice", start, &g), MIRROR_UNKNOWN);
    mirror_set_up(mirror, false); /* away again: what there was is all there is */
    assert_int_equal(find("alice", start, &g), MIRROR_KNOWN);
    mirror_set_up(mirror, true);
    put("alice", 8, start);
    assert_int_equal(find("alice", start, &g), MIRROR_KNOWN);
    assert_int_equal(g.rights.allocations, 8);
}

static void least_used_are_forgotten(void **state)
{
    (void)state;
    enum { MORE = 1000 };
    char name[32];
    struct grant g;
    for (uint32_t i = 0; i < MIRROR_GRANTS_MAX; i++) {
        snprintf(name, sizeof(name), "user-%u", i);
        put(name, i, start);
    }
    assert_int_equal(mirror_counts(mirror).grants, MIRROR_GRANTS_MAX);
    for (uint32_t i = 0; i < MIRROR_GRANTS_MAX; i += 64) { /* these are used */
        snprintf(name, sizeof(name), "user-%u", i);
        assert_int_equal(find(name, start, &g), MIRROR_KNOWN);
    }
    for (uint32_t i = 0; i < MORE; i++) {
        snprintf(name, sizeof(name), "more-%u", i);
        put(name, i, start);
        assert_int_equal(find(name, start, &g), MIRROR_KNOWN);
    }
    assert_int_equal(mirror_counts(mirror).grants, MIRROR_GRANTS_MAX);
    uint32_t there = 0;
    for (uint32_t i = 0; i < MIRROR_GRANTS_MAX; i++) {
        snprintf(name, sizeof(name), "user-%u", i);
        bool is_there = find(name, start, &g) == MIRROR_KNOWN;
        if (is_there) {
            assert_int_equal(g.rights.allocations, i);
        }
        there += is_there;
        if (!is_there && i % 64 == 0) {
            fail_msg("%s was used and is forgotten", name);
        }
    }
    assert_int_equal(there, MIRROR_GRANTS_MAX - MORE);
    for (uint32_t i = 0; i < MORE; i++) {
        snprintf(name, sizeof(name), "more-%u", i);
        assert_int_equal(find(name, start, &g), MIRROR_KNOWN);
    }
}

/* ---- secrets */

static struct mirror_secret secret_of(const char *key, const char *text, int64_t retires)
{
    struct mirror_secret s = {.created = {1700000000}, .retires = {retires}, .size = strlen(text)};
    strcpy(s.key, key);
    memcpy(s.bytes, text, s.size);
    return s;
}

static bool put_secret(const char *key, const char *text, int64_t retires)
{
    struct mirror_secret s = secret_of(key, text, retires);
    return mirror_put_secret(mirror, realm, &s);
}

static size_t count_secrets(struct span of)
{
    struct mirror_secret s;
    size_t count = 0;
    while (mirror_each_secret(mirror, of, count, &s)) {
        count++;
    }
    return count;
}

static void secrets_are_by_realm_and_key(void **state)
{
    (void)state;
    struct mirror_secret s;
    assert_int_equal(count_secrets(realm), 0);
    assert_true(put_secret("one", "swordfish", 0));
    assert_true(put_secret("two", "eel", 0));
    assert_true(put_secret("one", "herring", 0)); /* in place of it */
    assert_int_equal(count_secrets(realm), 2);
    assert_int_equal(count_secrets(span_of_text("other")), 0);
    assert_true(mirror_each_secret(mirror, realm, 0, &s));
    assert_string_equal(s.key, "one");
    assert_int_equal(s.size, 7);
    assert_memory_equal(s.bytes, "herring", 7);
    assert_true(mirror_remove_secret(mirror, realm, "one"));
    assert_false(mirror_remove_secret(mirror, realm, "one"));
    assert_false(mirror_remove_secret(mirror, span_of_text("other"), "two"));
    assert_int_equal(mirror_counts(mirror).secrets, 1);
}

static void secrets_of_a_realm_are_bounded(void **state)
{
    (void)state;
    char key[16];
    struct mirror_secret other = secret_of("x", "x", 0);
    for (int i = 0; i <= MIRROR_SECRETS_MAX; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        assert_int_equal(put_secret(key, "s", 0), i < MIRROR_SECRETS_MAX);
    }
    assert_true(put_secret("key-3", "again", 0));
    assert_true(mirror_put_secret(mirror, span_of_text("other"), &other));
    assert_true(mirror_remove_secret(mirror, realm, "key-3"));
    assert_true(put_secret("key-99", "s", 0));
    assert_int_equal(count_secrets(realm), MIRROR_SECRETS_MAX);
}

static void secrets_retire(void **state)
{
    (void)state;
    assert_true(put_secret("one", "s", 0));
    assert_true(put_secret("two", "s", 1700000100));
    assert_false(mirror_tidy(mirror, (struct wall){1700000099}));
    assert_int_equal(count_secrets(realm), 2);
    assert_true(mirror_tidy(mirror, (struct wall){1700000100}));
    assert_int_equal(count_secrets(realm), 1);
    assert_false(mirror_tidy(mirror, (struct wall){1800000000}));
}

static void reading_sweeps_what_is_no_longer_there(void **state)
{
    (void)state;
    struct rights rights = {.issued = {5}};
    struct span alice = span_of_text("alice");
    struct span bob = span_of_text("bob");
    assert_true(put_secret("one", "s", 0));
    assert_true(put_secret("two", "s", 0));
    struct mirror_revocation of_alice = {.scope = MIRROR_USER, .value = alice, .at = {10}};
    struct mirror_revocation of_bob = {.scope = MIRROR_USER, .value = bob, .at = {10}};
    mirror_put_revocation(mirror, realm, &of_alice);
    mirror_put_revocation(mirror, realm, &of_bob);
    mirror_begin(mirror);
    assert_int_equal(count_secrets(realm), 2); /* nobody is locked out meanwhile */
    assert_true(mirror_is_revoked(mirror, realm, bob, &rights));
    assert_true(put_secret("two", "s", 0));
    assert_false(mirror_put_revocation(mirror, realm, &of_alice));
    assert_true(mirror_end(mirror, false)); /* a secret is gone */
    assert_int_equal(count_secrets(realm), 1);
    assert_true(mirror_is_revoked(mirror, realm, alice, &rights));
    assert_false(mirror_is_revoked(mirror, realm, bob, &rights));
    assert_int_equal(mirror_counts(mirror).revocations, 1);
    mirror_begin(mirror);
    assert_false(mirror_end(mirror, true)); /* the store is empty, and was not: keep it all */
    assert_int_equal(count_secrets(realm), 1);
    assert_true(mirror_is_revoked(mirror, realm, alice, &rights));
    mirror_begin(mirror);
    assert_true(mirror_end(mirror, false));
    assert_int_equal(mirror_counts(mirror).secrets, 0);
    assert_int_equal(mirror_counts(mirror).revocations, 0);
}

static void it_is_told_when_nothing_was_read_yet(void **state)
{
    (void)state;
    struct mirror *fresh = mirror_new();
    assert_false(mirror_has_read(fresh));
    mirror_begin(fresh);
    assert_false(mirror_has_read(fresh));
    assert_false(mirror_end(fresh, false));
    assert_true(mirror_has_read(fresh));
    mirror_begin(fresh); /* again: what was read stays */
    assert_true(mirror_has_read(fresh));
    mirror_free(fresh);
}

/* ---- revocations */

static bool is_revoked(const char *owner, struct rights rights)
{
    return mirror_is_revoked(mirror, realm, span_of_text(owner), &rights);
}

static bool revoke(enum mirror_scope scope, const char *value, int64_t at, int64_t until)
{
    struct mirror_revocation r = {
        .scope = scope, .value = span_of_text(value), .at = {at}, .until = {until}};
    return mirror_put_revocation(mirror, realm, &r);
}

static void users_and_tenants_are_revoked_up_to_a_moment(void **state)
{
    (void)state;
    struct rights before = {.tenant = "north", .issued = {100}};
    struct rights behind = {.tenant = "north", .issued = {101}};
    struct rights unknown = {.issued = {0}};
    assert_false(is_revoked("alice", before));
    assert_true(revoke(MIRROR_USER, "alice", 100, 0));
    assert_true(is_revoked("alice", before));
    assert_false(is_revoked("alice", behind)); /* issued later: good */
    assert_true(is_revoked("alice", unknown)); /* nobody knows when: not good */
    assert_false(is_revoked("alic", before));
    assert_false(is_revoked("north", before)); /* a user is no tenant */
    assert_false(mirror_is_revoked(mirror, span_of_text("other"), span_of_text("alice"), &before));
    assert_true(revoke(MIRROR_TENANT, "north", 100, 0));
    assert_true(is_revoked("bob", before));
    assert_false(is_revoked("bob", behind));
    assert_false(is_revoked("bob", unknown));
    assert_true(mirror_lift(mirror, realm, MIRROR_TENANT, span_of_text("north")));
    assert_false(mirror_lift(mirror, realm, MIRROR_TENANT, span_of_text("north")));
    assert_false(is_revoked("bob", before));
    assert_true(is_revoked("alice", before));
}

static void credential_is_revoked_for_good(void **state)
{
    (void)state;
    struct rights one = {.id = "abcdefghijklm", .issued = {100}};
    struct rights two = {.id = "abcdefghijkln", .issued = {100}};
    assert_true(revoke(MIRROR_CREDENTIAL, "abcdefghijklm", 50, 0)); /* before it was issued, even */
    assert_true(is_revoked("alice", one));
    assert_false(is_revoked("alice", two));
    assert_false(is_revoked("abcdefghijklm", two));
}

static void credential_is_revoked_in_its_tenant(void **state)
{
    (void)state;
    struct rights north = {.id = "abcdefghijklm", .tenant = "north"};
    struct rights south = {.id = "abcdefghijklm", .tenant = "south"};
    struct mirror_revocation r = {.scope = MIRROR_CREDENTIAL,
                                  .value = span_of_text("abcdefghijklm"),
                                  .tenant = span_of_text("north"),
                                  .at = {100}};
    assert_true(mirror_put_revocation(mirror, realm, &r));
    assert_true(is_revoked("alice", north));
    assert_false(is_revoked("alice", south)); /* nobody takes back what is another's */
}

static void revocation_is_news_once(void **state)
{
    (void)state;
    assert_true(revoke(MIRROR_USER, "alice", 100, 0));
    assert_false(revoke(MIRROR_USER, "alice", 100, 0));
    assert_true(revoke(MIRROR_USER, "alice", 200, 0));
    assert_true(is_revoked("alice", (struct rights){.issued = {200}}));
    assert_int_equal(mirror_counts(mirror).revocations, 1);
}

static void revocations_are_over(void **state)
{
    (void)state;
    struct rights rights = {.issued = {50}};
    revoke(MIRROR_USER, "alice", 100, 1000);
    revoke(MIRROR_USER, "bob", 100, 0);
    for (int i = 0; i < 100; i++) { /* a part at a time */
        mirror_tidy(mirror, (struct wall){999});
    }
    assert_true(is_revoked("alice", rights));
    for (int i = 0; i < 100; i++) {
        mirror_tidy(mirror, (struct wall){1000});
    }
    assert_false(is_revoked("alice", rights));
    assert_true(is_revoked("bob", rights));
}

static void count_one(void *context, const struct mirror_revocation *r)
{
    int *seen = context;
    seen[r->scope]++;
    assert_int_equal(r->at.s, 100);
    assert_int_equal(r->until.s, 1000 + r->scope);
    assert_int_equal(r->value.size, 5);
}

static void each_revocation_is_told(void **state)
{
    (void)state;
    int seen[MIRROR_SCOPES] = {0};
    char value[16];
    for (int i = 0; i < 1000 * MIRROR_SCOPES; i++) {
        snprintf(value, sizeof(value), "%05d", i);
        revoke((enum mirror_scope)(i % MIRROR_SCOPES), value, 100, 1000 + i % MIRROR_SCOPES);
    }
    struct mirror_revocation elsewhere = {
        .scope = MIRROR_USER, .value = span_of_text("x"), .at = {1}, .until = {1}};
    mirror_put_revocation(mirror, span_of_text("other"), &elsewhere);
    mirror_each_revocation(mirror, realm, count_one, seen);
    for (int i = 0; i < MIRROR_SCOPES; i++) {
        assert_int_equal(seen[i], 1000);
    }
}

/* ---- many at once */

enum { READERS = 3, NAMES = 64 };

static atomic_bool is_over;
static atomic_uint found_count, torn_count;

static void *read_on(void *argument)
{
    uint64_t seed = (uintptr_t)argument;
    while (!atomic_load(&is_over)) {
        char name[16];
        struct grant g;
        struct mirror_secret s;
        struct rights rights = {.id = "abcdefghijklm", .issued = {1}};
        snprintf(name, sizeof(name), "user-%u", support_below(&seed, NAMES));
        if (mirror_find(mirror, realm, false, span_of_text(name), start, &g) == MIRROR_KNOWN) {
            atomic_fetch_add(&found_count, 1);
            bool is_torn = strcmp(g.name, name) != 0;
            for (int i = 0; i < DIGEST_MD5_SIZE; i++) {
                is_torn = is_torn || g.md5.bytes[i] != (uint8_t)g.rights.allocations;
            }
            atomic_fetch_add(&torn_count, is_torn);
        }
        if (mirror_each_secret(mirror, realm, support_below(&seed, 3), &s)) {
            atomic_fetch_add(&torn_count, s.size != 4 || memcmp(s.bytes, s.key, 4) != 0);
        }
        (void)mirror_is_revoked(mirror, realm, span_of_text(name), &rights);
    }
    return NULL;
}

static void readers_and_a_writer_do_not_meet(void **state)
{
    (void)state;
    pthread_t thread[READERS];
    uint64_t seed = 1;
    atomic_store(&is_over, false);
    for (uintptr_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, read_on, (void *)(i + 2)), 0);
    }
    for (int i = 0; i < 30000; i++) {
        char name[16];
        snprintf(name, sizeof(name), "user-%u", support_below(&seed, NAMES));
        switch (support_below(&seed, 8)) {
        case 0:
            mirror_forget(mirror, realm, false, span_of_text(name));
            break;
        case 1:
            put_secret("aaaa", "aaaa", 0);
            put_secret("bbbb", "bbbb", 0);
            break;
        case 2:
            mirror_remove_secret(mirror, realm, "aaaa");
            break;
        case 3:
            revoke(MIRROR_USER, name, i, 0);
            break;
        case 4:
            mirror_lift(mirror, realm, MIRROR_USER, span_of_text(name));
            break;
        default:
            put(name, support_below(&seed, 256), start);
            break;
        }
    }
    while (atomic_load(&found_count) == 0) {
        put("user-0", 1, start); /* let them have their turn */
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&torn_count), 0);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_put_is_found, begin, end),
        cmocka_unit_test_setup_teardown(realm_and_name_are_kept_apart, begin, end),
        cmocka_unit_test_setup_teardown(what_is_forgotten_is_asked_for_again, begin, end),
        cmocka_unit_test_setup_teardown(what_is_known_gets_old, begin, end),
        cmocka_unit_test_setup_teardown(none_and_broken_are_believed_for_a_moment, begin, end),
        cmocka_unit_test_setup_teardown(reading_anew_makes_grants_be_fetched_again, begin, end),
        cmocka_unit_test_setup_teardown(least_used_are_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(secrets_are_by_realm_and_key, begin, end),
        cmocka_unit_test_setup_teardown(secrets_of_a_realm_are_bounded, begin, end),
        cmocka_unit_test_setup_teardown(secrets_retire, begin, end),
        cmocka_unit_test_setup_teardown(reading_sweeps_what_is_no_longer_there, begin, end),
        cmocka_unit_test_setup_teardown(it_is_told_when_nothing_was_read_yet, begin, end),
        cmocka_unit_test_setup_teardown(users_and_tenants_are_revoked_up_to_a_moment, begin, end),
        cmocka_unit_test_setup_teardown(credential_is_revoked_for_good, begin, end),
        cmocka_unit_test_setup_teardown(credential_is_revoked_in_its_tenant, begin, end),
        cmocka_unit_test_setup_teardown(credential_is_revoked_in_its_tenant, begin, end),
        cmocka_unit_test_setup_teardown(revocation_is_news_once, begin, end),
        cmocka_unit_test_setup_teardown(revocations_are_over, begin, end),
        cmocka_unit_test_setup_teardown(each_revocation_is_told, begin, end),
        cmocka_unit_test_setup_teardown(readers_and_a_writer_do_not_meet, begin, end),
    };
    return cmocka_run_group_tests_name("mirror", tests, NULL, NULL);
}
