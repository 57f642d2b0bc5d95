/* test_roster — users and secrets: who is found, by which keys, until when, counted as whom. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "store/gate.h"

#include <stdio.h>
#include <string.h>

#define REALM "example.org"
#define LIMITED "1700000000:alice"

static struct roster *roster;
static struct gate gate;
static struct keyring keyring;
static struct keyring_found found;

static int begin(void **state)
{
    (void)state;
    roster = roster_new();
    return roster ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    roster_free(roster);
    return 0;
}

static void add(uint8_t realm, const char *name, const char *password)
{
    assert_true(roster_add_user(roster, realm, realm ? "other.example" : REALM, name, password,
                                NULL, support_digest()));
}

static void add_secret(const char *secret, enum roster_digest which)
{
    assert_true(roster_add_secret(roster, 0, secret, which));
}

/* seal — from now on it can be asked, as the engine does: there is no store. */
static void seal(void)
{
    assert_true(roster_seal(roster));
    gate = (struct gate){.roster = roster};
    keyring = gate_keyring(&gate);
}

static enum keyring_answer ask(uint8_t realm, struct span name, bool is_hash, uint8_t algorithm)
{
    struct keyring_query query = {
        .realm = realm,
        .is_hash = is_hash,
        .algorithm = algorithm,
        .name = name,
        .realm_name = span_of_text(realm ? "other.example" : REALM),
    };
    memset(&found, 0xee, sizeof(found));
    return keyring.find(keyring.context, &query, support_digest(), &found);
}

static enum keyring_answer ask_name(const char *name)
{
    return ask(0, span_of_text(name), false, STUN_ALGORITHM_MD5);
}

static void assert_key(size_t i, const char *hex)
{
    uint8_t expected[DIGEST_SHA256_SIZE];
    size_t size = support_hex(hex, expected, sizeof(expected));
    assert_true(i < found.count);
    assert_int_equal(found.entry[i].key.size, size);
    assert_memory_equal(found.entry[i].key.bytes, expected, size);
}

static void assert_account(const char *expected)
{
    assert_true(found.account_at + found.account_size <= found.name_size);
    assert_int_equal(found.account_size, strlen(expected));
    assert_memory_equal(found.name + found.account_at, expected, strlen(expected));
}

#define ALICE_MD5 "72f86f2053703faa0f521ce71cfe6f59"
#define ALICE_SHA256 "f0c3ae808cef897043f79de49549776f1f58cb7c5364e03ab40abac620459848"
#define ALICE_HASH "435b7933096a304d3c734cfb833ec9075bd47ab1c0160321aed31c06a8c7009e"

static void static_user_is_found_by_name(void **state)
{
    (void)state;
    add(0, "alice", "wonderland");
    seal();
    assert_int_equal(ask_name("alice"), KEYRING_FOUND);
    assert_int_equal(found.count, 1);
    assert_key(0, ALICE_MD5);
    assert_int_equal(found.entry[0].expires.s, 0);
    assert_account("alice");
    assert_int_equal(ask(0, span_of_text("alice"), false, STUN_ALGORITHM_SHA256), KEYRING_FOUND);
    assert_key(0, ALICE_SHA256);
}

static void static_user_is_found_by_userhash(void **state)
{
    (void)state;
    uint8_t hash[STUN_USERHASH_SIZE];
    add(0, "bob", "builder");
    add(0, "alice", "wonderland");
    seal();
    support_hex(ALICE_HASH, hash, sizeof(hash));
    struct span name = {hash, sizeof(hash)};
    assert_int_equal(ask(0, name, true, STUN_ALGORITHM_SHA256), KEYRING_FOUND);
    assert_key(0, ALICE_SHA256);
    assert_int_equal(found.name_size, 5);
    assert_memory_equal(found.name, "alice", 5);
    assert_account("alice");
    assert_int_equal(ask(0, name, true, STUN_ALGORITHM_MD5), KEYRING_FOUND);
    assert_key(0, ALICE_MD5);
    assert_int_equal(ask(1, name, true, STUN_ALGORITHM_MD5), KEYRING_UNKNOWN);
    hash[31] ^= 1;
    assert_int_equal(ask(0, name, true, STUN_ALGORITHM_MD5), KEYRING_UNKNOWN);
    name.size = 31;
    assert_int_equal(ask(0, name, true, STUN_ALGORITHM_MD5), KEYRING_UNKNOWN);
    assert_int_equal(ask(0, span_of_text("alice"), true, STUN_ALGORITHM_MD5), KEYRING_UNKNOWN);
}

static void user_of_a_key_alone_has_no_sha256(void **state)
{
    (void)state;
    uint8_t key[DIGEST_MD5_SIZE];
    support_hex(ALICE_MD5, key, sizeof(key));
    assert_true(roster_add_user(roster, 0, REALM, "alice", NULL, key, support_digest()));
    seal();
    assert_int_equal(ask_name("alice"), KEYRING_FOUND);
    assert_key(0, ALICE_MD5);
    assert_int_equal(ask(0, span_of_text("alice"), false, STUN_ALGORITHM_SHA256), KEYRING_UNKNOWN);
    assert_int_equal(found.count, 0);
}

static void names_are_told_apart_byte_by_byte(void **state)
{
    (void)state;
    static const char *const unknown[] = {"", "alic", "alice ", "Alice", "alicf", "zoe", "bob"};
    add(0, "alice", "a");
    add(0, "mallory", "b");
    add(1, "bob", "c");
    seal();
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_int_equal(ask_name(unknown[i]), KEYRING_UNKNOWN);
        assert_int_equal(found.count, 0);
    }
    static const uint8_t with_nul[] = {'a', 'l', 'i', 'c', 'e', 0};
    assert_int_equal(ask(0, (struct span){with_nul, 6}, false, STUN_ALGORITHM_MD5),
                     KEYRING_UNKNOWN);
    assert_int_equal(ask(1, span_of_text("bob"), false, STUN_ALGORITHM_MD5), KEYRING_FOUND);
}

static void same_name_in_two_realms_is_two_users(void **state)
{
    (void)state;
    add(0, "alice", "wonderland");
    add(1, "alice", "wonderland");
    seal();
    assert_int_equal(ask_name("alice"), KEYRING_FOUND);
    struct stun_key key = found.entry[0].key;
    assert_int_equal(ask(1, span_of_text("alice"), false, STUN_ALGORITHM_MD5), KEYRING_FOUND);
    assert_memory_not_equal(key.bytes, found.entry[0].key.bytes, DIGEST_MD5_SIZE);
}

static void thousands_of_users_are_all_found(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    char name[32];
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "user-%d", i * 7919 % COUNT);
        add((uint8_t)(i * 7919 % COUNT % 2), name, name);
    }
    seal();
    for (int i = 0; i < COUNT; i++) {
        uint8_t hash[STUN_USERHASH_SIZE];
        uint8_t realm = (uint8_t)(i % 2);
        snprintf(name, sizeof(name), "user-%d", i);
        struct span text = span_of_text(name);
        assert_int_equal(ask(realm, text, false, STUN_ALGORITHM_MD5), KEYRING_FOUND);
        assert_int_equal(ask(!realm, text, false, STUN_ALGORITHM_MD5), KEYRING_UNKNOWN);
        stun_integrity_userhash(support_digest(), text,
                                span_of_text(realm ? "other.example" : REALM), hash);
        assert_int_equal(ask(realm, (struct span){hash, sizeof(hash)}, true, STUN_ALGORITHM_MD5),
                         KEYRING_FOUND);
        assert_account(name);
    }
}

static void empty_roster_knows_nobody(void **state)
{
    (void)state;
    uint8_t hash[STUN_USERHASH_SIZE] = {0};
    seal();
    assert_int_equal(ask_name("alice"), KEYRING_UNKNOWN);
    assert_int_equal(ask_name(LIMITED), KEYRING_UNKNOWN);
    assert_int_equal(ask_name(""), KEYRING_UNKNOWN);
    assert_int_equal(ask(0, (struct span){hash, 32}, true, STUN_ALGORITHM_MD5), KEYRING_UNKNOWN);
    roster_free(NULL);
}

/* ---- time-limited names */

static void names_carry_their_expiry_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t expires; /* 0: no such name */
        const char *account;
    } rows[] = {
        {"1700000000:alice", 1700000000, "alice"},
        {"alice:1700000000", 1700000000, "alice"},
        {"1700000000", 1700000000, "1700000000"},
        {"1700000000:", 1700000000, "1700000000:"},
        {":1700000000", 1700000000, ":1700000000"},
        {"1700000000:@alice:example.org", 1700000000, "@alice:example.org"},
        {"@alice:example.org:1700000000", 1700000000, "@alice:example.org"},
        {"1700000000:a:b:c", 1700000000, "a:b:c"},
        {"1700000000:42", 1700000000, "42"},
        {"42:1700000000", 1700000000, "42"},
        {"1700000000:J\xc3\xbcrgen", 1700000000, "J\xc3\xbcrgen"},
        {"1700000000::", 1700000000, ":"},
        {"alice", 0, NULL},
        {"", 0, NULL},
        {":", 0, NULL},
        {"alice:bob", 0, NULL},
        {"0:alice", 0, NULL},
        {"-1:alice", 0, NULL},
        {"+1700000000:alice", 0, NULL},
        {"0x6553f100:alice", 0, NULL},
        {" 1700000000:alice", 0, NULL},
        {"1700000000 :alice", 0, NULL},
        {"1700000000.5:alice", 0, NULL},
        {"9999999999999999999999:alice", 0, NULL},
        {"18446744073709551617:alice", 0, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wall expires;
        size_t at;
        size_t size;
        struct span name = span_of_text(rows[i].name);
        bool is_limited = roster_time_limited(name, &expires, &at, &size);
        if (is_limited != (rows[i].expires != 0)) {
            fail_msg("\"%s\"", rows[i].name);
        }
        if (is_limited) {
            assert_int_equal(expires.s, rows[i].expires);
            assert_true(at + size <= name.size);
            if (size != strlen(rows[i].account) ||
                memcmp(rows[i].name + at, rows[i].account, size) != 0) {
                fail_msg("\"%s\" is counted as \"%.*s\"", rows[i].name, (int)size,
                         rows[i].name + at);
            }
        }
    }
}

static void of_two_times_the_earlier_counts(void **state)
{
    (void)state;
    static const char *const names[] = {"1700000000:1800000000", "1800000000:1700000000"};
    for (int i = 0; i < 2; i++) {
        struct wall expires;
        size_t at;
        size_t size;
        assert_true(roster_time_limited(span_of_text(names[i]), &expires, &at, &size));
        assert_int_equal(expires.s, 1700000000); /* a mistake expires too soon, never too late */
    }
}

static void password_is_that_of_the_convention(void **state)
{
    (void)state;
    static const struct {
        enum roster_digest which;
        const char *secret, *name, *password;
    } rows[] = {
        {ROSTER_SHA1, "verysecret", LIMITED, "UR1/0kBgAdNn+nNmJn+uTUl2Jmc="},
        {ROSTER_SHA1, "north", LIMITED, "Cd/49soE35ICqcJF/bCTn8Z4OyE="},
        {ROSTER_SHA1, "verysecret", "1700000000", "IvuMJ9H37x4YCwZDfTyfq6579vI="},
        {ROSTER_SHA256, "verysecret", LIMITED, "VGBJ+PBv+ySaYFuJN1KVfJvIJi1SCvWgaVXI+UTEGiA="},
        {ROSTER_SHA256, "north", "1700000000", "bPm3umkFB1D/6To/diuRJFJIGuru3Y0PaHdhRgDLads="},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[48];
        roster_password(support_digest(), rows[i].which, span_of_text(rows[i].secret),
                        span_of_text(rows[i].name), out);
        assert_string_equal(out, rows[i].password);
    }
}

/* The MD5 and SHA-256 keys of LIMITED with the passwords "verysecret" makes for it. */
#define LIMITED_MD5 "16e192421482030fb857ae8d664605ce"
#define LIMITED_SHA256 "b6dcfd2b075bf82e81684cb434e6c0992f545efcab9b76ab9dc55b5615dac8ec"
#define LIMITED_MD5_BY_SHA256 "dea3b1569580f5c9dc22ff101c37ab32"

static void secret_makes_the_key_of_a_time_limited_name(void **state)
{
    (void)state;
    add_secret("verysecret", ROSTER_SHA1);
    seal();
    assert_int_equal(ask_name(LIMITED), KEYRING_FOUND);
    assert_int_equal(found.count, 1);
    assert_key(0, LIMITED_MD5);
    assert_int_equal(found.entry[0].expires.s, 1700000000);
    assert_account("alice");
    assert_int_equal(found.name_size, strlen(LIMITED));
    assert_int_equal(ask(0, span_of_text(LIMITED), false, STUN_ALGORITHM_SHA256), KEYRING_FOUND);
    assert_key(0, LIMITED_SHA256);
    assert_int_equal(ask_name("alice"), KEYRING_UNKNOWN);
    assert_int_equal(ask(1, span_of_text(LIMITED), false, STUN_ALGORITHM_MD5), KEYRING_UNKNOWN);
}

static void secret_of_both_digests_makes_two_keys(void **state)
{
    (void)state;
    add_secret("verysecret", ROSTER_BOTH);
    seal();
    assert_int_equal(ask_name(LIMITED), KEYRING_FOUND);
    assert_int_equal(found.count, 2);
    assert_key(0, LIMITED_MD5);
    assert_key(1, LIMITED_MD5_BY_SHA256);
}

static void secret_of_sha256_makes_one_key(void **state)
{
    (void)state;
    add_secret("verysecret", ROSTER_SHA256);
    seal();
    assert_int_equal(ask_name(LIMITED), KEYRING_FOUND);
    assert_int_equal(found.count, 1);
    assert_key(0, LIMITED_MD5_BY_SHA256);
}

static void several_secrets_make_a_key_each(void **state)
{
    (void)state;
    add_secret("north", ROSTER_SHA1);
    add_secret("verysecret", ROSTER_SHA1);
    assert_true(roster_add_secret(roster, 1, "of another realm", ROSTER_SHA1));
    seal();
    assert_int_equal(ask_name(LIMITED), KEYRING_FOUND);
    assert_int_equal(found.count, 2);
    assert_key(1, LIMITED_MD5);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(found.entry[i].expires.s, 1700000000);
    }
}

static void more_secrets_than_can_be_tried_do_no_harm(void **state)
{
    (void)state;
    for (int i = 0; i < KEYRING_ENTRIES_MAX + 4; i++) {
        add_secret("verysecret", ROSTER_BOTH);
    }
    seal();
    assert_int_equal(ask_name(LIMITED), KEYRING_FOUND);
    assert_int_equal(found.count, KEYRING_ENTRIES_MAX);
}

static void expired_name_is_found_with_its_time(void **state)
{
    (void)state;
    add_secret("verysecret", ROSTER_SHA1);
    seal();
    assert_int_equal(ask_name("1:alice"), KEYRING_FOUND); /* the engine judges it */
    assert_int_equal(found.entry[0].expires.s, 1);
}

static void static_user_comes_before_a_time_limited_name(void **state)
{
    (void)state;
    add(0, LIMITED, "wonderland");
    add_secret("verysecret", ROSTER_SHA1);
    seal();
    assert_int_equal(ask_name(LIMITED), KEYRING_FOUND);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.entry[0].expires.s, 0);
    assert_account(LIMITED);
}

static void time_limited_name_cannot_be_found_by_hash(void **state)
{
    (void)state;
    uint8_t hash[STUN_USERHASH_SIZE];
    add_secret("verysecret", ROSTER_SHA1);
    seal();
    stun_integrity_userhash(support_digest(), span_of_text(LIMITED), span_of_text(REALM), hash);
    assert_int_equal(ask(0, (struct span){hash, 32}, true, STUN_ALGORITHM_MD5), KEYRING_UNKNOWN);
    memcpy(hash, "1700000000:0123456789012345678901", 32);
    assert_int_equal(ask(0, (struct span){hash, 32}, true, STUN_ALGORITHM_MD5), KEYRING_UNKNOWN);
}

static void longest_name_fits(void **state)
{
    (void)state;
    char name[STUN_NAME_MAX + 1];
    memset(name, 'x', sizeof(name));
    memcpy(name, "1700000000:", 11);
    add_secret("verysecret", ROSTER_SHA1);
    seal();
    struct span longest = {(const uint8_t *)name, STUN_NAME_MAX};
    assert_int_equal(ask(0, longest, false, STUN_ALGORITHM_MD5), KEYRING_FOUND);
    assert_int_equal(found.name_size, STUN_NAME_MAX);
    assert_int_equal(found.account_size, STUN_NAME_MAX - 11);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"a static user is found by name", static_user_is_found_by_name, begin, end, NULL},
        {"S48 a static user is found by USERHASH", static_user_is_found_by_userhash, begin, end,
         NULL},
        {"S42 a user of a key alone has no SHA-256", user_of_a_key_alone_has_no_sha256, begin, end,
         NULL},
        {"names are told apart byte by byte", names_are_told_apart_byte_by_byte, begin, end, NULL},
        {"the same name in two realms is two users", same_name_in_two_realms_is_two_users, begin,
         end, NULL},
        {"thousands of users are all found", thousands_of_users_are_all_found, begin, end, NULL},
        {"an empty roster knows nobody", empty_roster_knows_nobody, begin, end, NULL},
        {"R01 names carry their expiry in every form", names_carry_their_expiry_in_every_form,
         begin, end, NULL},
        {"R02 of two times the earlier counts", of_two_times_the_earlier_counts, begin, end, NULL},
        {"R01 the password is that of the convention", password_is_that_of_the_convention, begin,
         end, NULL},
        {"R01 a secret makes the key of a time-limited name",
         secret_makes_the_key_of_a_time_limited_name, begin, end, NULL},
        {"a secret of both digests makes two keys", secret_of_both_digests_makes_two_keys, begin,
         end, NULL},
        {"a secret of SHA-256 makes one key", secret_of_sha256_makes_one_key, begin, end, NULL},
        {"R03 several secrets make a key each", several_secrets_make_a_key_each, begin, end, NULL},
        {"more secrets than can be tried do no harm", more_secrets_than_can_be_tried_do_no_harm,
         begin, end, NULL},
        {"R04 an expired name is found with its time", expired_name_is_found_with_its_time, begin,
         end, NULL},
        {"a static user comes before a time-limited name",
         static_user_comes_before_a_time_limited_name, begin, end, NULL},
        {"a time-limited name cannot be found by hash", time_limited_name_cannot_be_found_by_hash,
         begin, end, NULL},
        {"S52 the longest name fits", longest_name_fits, begin, end, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
