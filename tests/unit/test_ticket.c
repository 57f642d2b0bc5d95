/* test_ticket — user names that say what they grant: written, read, and refused when they are
 * anything else. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "store/roster.h"
#include "store/ticket.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct prefix range(const char *text)
{
    struct prefix p;
    assert_true(prefix_parse(text, &p));
    return p;
}

static struct ticket plain(void)
{
    return (struct ticket){
        .key = "k3yabc",
        .expires = {1700003600},
        .rights = {.id = "abcdefghijklm", .issued = {1700000000}},
        .owner = span_of_text("alice"),
    };
}

static bool is_same_prefix(const struct prefix *a, const struct prefix *b)
{
    return a->length == b->length && netaddr_is_equal(&a->first, &b->first);
}

static void assert_same(const struct ticket *a, const struct ticket *b)
{
    assert_string_equal(a->key, b->key);
    assert_int_equal(a->expires.s, b->expires.s);
    assert_int_equal(a->not_before.s, b->not_before.s);
    assert_string_equal(a->rights.id, b->rights.id);
    assert_string_equal(a->rights.tenant, b->rights.tenant);
    assert_int_equal(a->rights.issued.s, b->rights.issued.s);
    assert_int_equal(a->rights.allocations, b->rights.allocations);
    assert_int_equal(a->rights.bandwidth, b->rights.bandwidth);
    assert_true(is_same_prefix(&a->rights.client, &b->rights.client));
    assert_int_equal(a->rights.peer_count, b->rights.peer_count);
    for (int i = 0; i < a->rights.peer_count; i++) {
        assert_true(is_same_prefix(&a->rights.peer[i], &b->rights.peer[i]));
    }
    assert_int_equal(a->owner.size, b->owner.size);
    assert_memory_equal(a->owner.bytes, b->owner.bytes, a->owner.size);
}

/* round_trip — write a ticket, which must be `expected` (NULL: whatever), and read it again. */
static void round_trip(const struct ticket *t, const char *expected)
{
    char name[STUN_NAME_MAX + 1];
    struct ticket again;
    size_t size = ticket_write(t, name);
    assert_in_range(size, 1, STUN_NAME_MAX);
    assert_int_equal(name[size], 0);
    if (expected) {
        assert_string_equal(name, expected);
    }
    assert_true(ticket_parse((struct span){(const uint8_t *)name, size}, &again));
    assert_same(t, &again);
}

static void every_option_comes_back(void **state)
{
    (void)state;
    struct ticket t = plain();
    round_trip(&t, "tp1.k3yabc.1700003600-3600.abcdefghijklm..alice");
    t.not_before.s = 1700000100;
    round_trip(&t, "tp1.k3yabc.1700003600-3600.abcdefghijklm.n1700000100.alice");
    t.rights.allocations = UINT32_MAX;
    t.rights.bandwidth = 999999999999999;
    strcpy(t.rights.tenant, "a_B-9");
    t.rights.client = range("192.0.2.0/24");
    t.rights.peer[t.rights.peer_count++] = range("10.1.0.0/16");
    t.rights.peer[t.rights.peer_count++] = range("2001:db8::/32");
    round_trip(&t, "tp1.k3yabc.1700003600-3600.abcdefghijklm.n1700000100,a4294967295,"
                   "b999999999999999,ta_B-9,cc0000200/24,p0a010000/16,"
                   "p20010db8000000000000000000000000/32.alice");
}

static void each_option_alone_comes_back(void **state)
{
    (void)state;
    static const char *const ranges[] = {
        "0.0.0.0/0",   "255.255.255.255", "192.0.2.1/32", "128.0.0.0/1", "::/0",
        "2001:db8::1", "2001:db8::/33",   "fe80::/10",    "::1"};
    for (size_t i = 0; i < COUNT(ranges); i++) {
        struct ticket t = plain();
        t.rights.client = range(ranges[i]);
        round_trip(&t, NULL);
        t = plain();
        for (int k = 0; k < RIGHTS_PEERS_MAX; k++) {
            t.rights.peer[t.rights.peer_count++] = range(ranges[(i + (size_t)k) % COUNT(ranges)]);
        }
        round_trip(&t, NULL);
    }
    struct ticket t = plain();
    t.rights.allocations = 1;
    round_trip(&t, NULL);
    t = plain();
    t.rights.bandwidth = 1;
    round_trip(&t, NULL);
    t = plain();
    memset(t.rights.tenant, 't', RIGHTS_TENANT_MAX);
    round_trip(&t, NULL);
    t = plain();
    t.rights.issued = t.expires; /* good for no time at all */
    round_trip(&t, NULL);
}

static void owner_may_be_any_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } owners[] = {
        {"", 0},
        {".", 1},
        {"a.b.c..", 7},
        {"1700000000:alice", 16},
        {"alice:1700000000", 16},
        {"@alice:example.org", 18},
        {"a\0b", 3},
        {"\0", 1},
        {"J\xc3\xbcrgen \xf0\x9f\x98\x80", 12},
        {"\xff\xfe", 2},
        {"tp1.k3yabc.1700003600-3600.abcdefghijklm..alice", 47},
        {"a,b/c-d", 7},
    };
    for (size_t i = 0; i < COUNT(owners); i++) {
        struct ticket t = plain();
        t.owner = (struct span){(const uint8_t *)owners[i].bytes, owners[i].size};
        round_trip(&t, NULL);
        t.rights.allocations = 3;
        round_trip(&t, NULL);
    }
}

static void name_is_no_longer_than_stun_carries(void **state)
{
    (void)state;
    char name[STUN_NAME_MAX + 1];
    uint8_t owner[STUN_NAME_MAX + 8];
    struct ticket t = plain();
    struct ticket again;
    memset(owner, 'o', sizeof(owner));
    t.owner.size = 0;
    size_t rest = ticket_write(&t, name);
    t.owner = (struct span){owner, STUN_NAME_MAX - rest};
    assert_int_equal(ticket_write(&t, name), STUN_NAME_MAX);
    round_trip(&t, NULL);
    t.owner.size++;
    assert_int_equal(ticket_write(&t, name), 0);
    t.owner.size = sizeof(owner); /* more than there is room for at all */
    for (int i = 0; i < RIGHTS_PEERS_MAX; i++) {
        t.rights.peer[t.rights.peer_count++] = range("2001:db8::/32");
    }
    assert_int_equal(ticket_write(&t, name), 0);
    /* And none is read that is longer. */
    char longer[STUN_NAME_MAX + 2];
    int size = snprintf(longer, sizeof(longer), "tp1.k3yabc.1700003600-3600.abcdefghijklm..");
    memset(longer + size, 'o', sizeof(longer) - (size_t)size);
    assert_true(ticket_parse((struct span){(const uint8_t *)longer, STUN_NAME_MAX}, &again));
    assert_false(ticket_parse((struct span){(const uint8_t *)longer, STUN_NAME_MAX + 1}, &again));
}

static void anything_else_is_no_ticket(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",
        "tp1",
        "tp1.",
        "alice",
        "1700000000:alice",
        "tp2.k3yabc.1700003600-3600.abcdefghijklm..alice",
        "TP1.k3yabc.1700003600-3600.abcdefghijklm..alice",
        "xtp1.k3yabc.1700003600-3600.abcdefghijklm..alice",
        "tp1.k3yab.1700003600-3600.abcdefghijklm..alice",      /* key too short */
        "tp1.k3yabcd.1700003600-3600.abcdefghijklm..alice",    /* too long */
        "tp1.k3y bc.1700003600-3600.abcdefghijklm..alice",     /* no letters */
        "tp1..1700003600-3600.abcdefghijklm..alice",           /* none */
        "tp1.k3yabc.1700003600.abcdefghijklm..alice",          /* no ttl */
        "tp1.k3yabc.1700003600-.abcdefghijklm..alice",         /* empty */
        "tp1.k3yabc.-3600.abcdefghijklm..alice",               /* no end */
        "tp1.k3yabc.0-0.abcdefghijklm..alice",                 /* 1970 */
        "tp1.k3yabc.1700003600--1.abcdefghijklm..alice",       /* a sign */
        "tp1.k3yabc.+700003600-3600.abcdefghijklm..alice",     /* another */
        "tp1.k3yabc.1700003600-34560001.abcdefghijklm..alice", /* longer than 400 days */
        "tp1.k3yabc.100-101.abcdefghijklm..alice",             /* issued before 1970 */
        "tp1.k3yabc.1234567890123456-1.abcdefghijklm..alice",  /* 16 digits */
        "tp1.k3yabc.99999999999999999999-1.abcdefghijklm..alice",
        "tp1.k3yabc.17000x3600-3600.abcdefghijklm..alice",
        "tp1.k3yabc. 700003600-3600.abcdefghijklm..alice",
        "tp1.k3yabc.1700003600-3600.abcdefghijkl..alice",   /* id too short */
        "tp1.k3yabc.1700003600-3600.abcdefghijklmn..alice", /* too long */
        "tp1.k3yabc.1700003600-3600.abcdef/hijklm..alice",  /* no letter */
        "tp1.k3yabc.1700003600-3600.abcdefghijklm",         /* cut off */
        "tp1.k3yabc.1700003600-3600.abcdefghijklm.",
        "tp1.k3yabc.1700003600-3600.abcdefghijklm.a1",
    };
    struct ticket t;
    for (size_t i = 0; i < COUNT(names); i++) {
        if (ticket_parse(span_of_text(names[i]), &t)) {
            fail_msg("\"%s\"", names[i]);
        }
    }
    assert_false(ticket_parse((struct span){NULL, 0}, &t));
    static const char with_nul[] = "tp1.k\0yabc.1700003600-3600.abcdefghijklm..alice";
    assert_false(ticket_parse((struct span){(const uint8_t *)with_nul, sizeof(with_nul) - 1}, &t));
}

static void option_that_is_not_known_or_well_formed_is_refused(void **state)
{
    (void)state;
    static const char *const options[] = {
        "x1",
        "A1",
        "z",
        "1",
        ",",
        ",a1",
        "a1,",
        "a1,,b1",
        "a",
        "a0",
        "a00",
        "a-1",
        "a1x",
        "a 1",
        "a4294967296",
        "a99999999999999999999",
        "b",
        "b0",
        "b1x",
        "b9999999999999999",
        "n",
        "n0",
        "nx",
        "t",
        "t/",
        "t\xc3\xa4",
        "tabcdefghijklmnopqrstuvwxyz0123456",
        "c",
        "c/",
        "c/24",
        "cc0000200",
        "cc0000200/",
        "cc0000200/33",
        "cc0000201/24",
        "cc00002/24",
        "cC0000200/24",
        "cg0000200/24",
        "cc000020000/24",
        "c192.0.2.0/24",
        "p",
        "p0a010001/16",
        "p0a01000/16",
        "p20010db8000000000000000000000000/129",
        "p20010db8000000000000000000000001/32",
        "p20010db80000000000000000000000/32",
        "a1,x1",
        "a1,a2",
        "b1,b1",
        "n1,n2",
        "tx,ty",
        "tx,tx",
        "tabc,tx",
        "cc0000200/24,cc0000200/24",
        "p0a010000/16,p0a020000/16,p0a030000/16,p0a040000/16,p0a050000/16,p0a060000/16,"
        "p0a070000/16,p0a080000/16,p0a090000/16",
    };
    struct ticket t;
    char name[STUN_NAME_MAX + 1];
    for (size_t i = 0; i < COUNT(options); i++) {
        snprintf(name, sizeof(name), "tp1.k3yabc.1700003600-3600.abcdefghijklm.%s.alice",
                 options[i]);
        if (ticket_parse(span_of_text(name), &t)) {
            fail_msg("\"%s\"", name);
        }
    }
    for (unsigned c = 0; c < 256; c++) { /* letters that mean something are few */
        if (!strchr("nabtcp.", (int)c) || c == 0) {
            int size =
                snprintf(name, sizeof(name), "tp1.k3yabc.1700003600-3600.abcdefghijklm.?1.o");
            *strchr(name, '?') = (char)c;
            assert_false(ticket_parse((struct span){(const uint8_t *)name, (size_t)size}, &t));
        }
    }
}

static void options_come_in_any_order(void **state)
{
    (void)state;
    struct ticket t;
    assert_true(ticket_parse(
        span_of_text("tp1.k3yabc.1700003600-3600.abcdefghijklm.p0a010000/16,tx,b7,cc0000200/24,a2,"
                     "p0a020000/16,n9.o"),
        &t));
    assert_int_equal(t.rights.allocations, 2);
    assert_int_equal(t.rights.bandwidth, 7);
    assert_int_equal(t.not_before.s, 9);
    assert_string_equal(t.rights.tenant, "x");
    assert_int_equal(t.rights.peer_count, 2);
    assert_int_equal(t.rights.client.length, 24);
}

static void random_names_hold_id_and_owner(void **state)
{
    (void)state;
    char name[STUN_NAME_MAX + 1];
    struct span id;
    struct span owner;
    struct ticket t;
    size_t size = ticket_random_write("abcdefghijklm", span_of_text("a.b:c"), name);
    assert_string_equal(name, "tpr.abcdefghijklm.a.b:c");
    assert_int_equal(size, strlen(name));
    assert_true(ticket_random_parse(span_of_text(name), &id, &owner));
    assert_int_equal(id.size, TICKET_ID_SIZE);
    assert_memory_equal(id.bytes, "abcdefghijklm", TICKET_ID_SIZE);
    assert_int_equal(owner.size, 5);
    assert_memory_equal(owner.bytes, "a.b:c", 5);
    assert_false(ticket_parse(span_of_text(name), &t)); /* one is not the other */
    assert_false(ticket_random_parse(
        span_of_text("tp1.k3yabc.1700003600-3600.abcdefghijklm..alice"), &id, &owner));
    uint8_t longest[STUN_NAME_MAX];
    memset(longest, 'o', sizeof(longest));
    assert_int_equal(
        ticket_random_write("abcdefghijklm", (struct span){longest, STUN_NAME_MAX - 18}, name),
        STUN_NAME_MAX);
    assert_int_equal(
        ticket_random_write("abcdefghijklm", (struct span){longest, STUN_NAME_MAX - 17}, name), 0);
    static const char *const others[] = {"",
                                         "tpr",
                                         "tpr.",
                                         "tpr.abcdefghijklm",
                                         "tpr.a.o",
                                         "tpr.abcdefghijklmn.o",
                                         "tpr..o",
                                         "tpr.abcdef ghijkl.o",
                                         "tps.abcdefghijklm.o"};
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_false(ticket_random_parse(span_of_text(others[i]), &id, &owner));
    }
}

static void passwords_are_those_of_one_name_and_one_secret(void **state)
{
    (void)state;
    const struct digest *d = support_digest();
    struct span secret = span_of_text("swordfish");
    struct span name = span_of_text("tp1.k3yabc.1700003600-3600.abcdefghijklm..alice");
    struct span realm = span_of_text("example.org");
    char one[TICKET_PASSWORD_SIZE];
    char other[TICKET_PASSWORD_SIZE];
    char limited[48];
    ticket_password(d, secret, realm, name, one);
    /* HMAC-SHA-256 of "turnpike: ticket\n", realm, newline and name, base64url without padding. */
    assert_string_equal(one, "rnlV29q4qrLQbw0Av6J22la3KN--QY22k-Z00v1dGB0");
    assert_int_equal(strlen(one), TICKET_PASSWORD_SIZE - 1);
    assert_int_equal(
        strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        TICKET_PASSWORD_SIZE - 1);
    ticket_password(d, secret, realm, name, other);
    assert_string_equal(one, other);
    ticket_password(d, span_of_text("swordfisi"), realm, name, other);
    assert_string_not_equal(one, other);
    ticket_password(d, secret, span_of_text("example.net"), name, other);
    assert_string_not_equal(one, other);
    ticket_password(d, secret, realm,
                    span_of_text("tp1.k3yabc.1700003600-3600.abcdefghijklm..alicf"), other);
    assert_string_not_equal(one, other);
    /* The same secret makes time-limited credentials; neither password opens the other. */
    roster_password(d, ROSTER_SHA256, secret, name, limited);
    assert_int_not_equal(strncmp(one, limited, 40), 0);
}

static void key_names_a_secret_and_tells_nothing_else(void **state)
{
    (void)state;
    char one[TICKET_KEY_SIZE + 1];
    char other[TICKET_KEY_SIZE + 1];
    ticket_key(support_digest(), span_of_text("swordfish"), one);
    assert_string_equal(one, "a5mlsh");
    ticket_key(support_digest(), span_of_text("swordfisi"), other);
    assert_string_not_equal(one, other);
    struct ticket t = plain();
    strcpy(t.key, one);
    round_trip(&t, NULL);
}

static void letters_are_five_bits_each(void **state)
{
    (void)state;
    uint8_t bytes[256];
    char out[257];
    for (unsigned i = 0; i < 256; i++) {
        bytes[i] = (uint8_t)i;
    }
    ticket_letters(bytes, 256, out);
    assert_int_equal(strlen(out), 256);
    for (unsigned i = 0; i < 256; i++) {
        assert_int_equal(out[i], "abcdefghijklmnopqrstuvwxyz234567"[i % 32]);
    }
    assert_true(ticket_is_label(span_of_text("A-z_09")));
    assert_false(ticket_is_label(span_of_text("")));
    assert_false(ticket_is_label(span_of_text("a.b")));
    assert_false(ticket_is_label(span_of_text("abcdefghijklmnopqrstuvwxyz0123456")));
    assert_true(ticket_is_label(span_of_text("abcdefghijklmnopqrstuvwxyz012345")));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_comes_back),
        cmocka_unit_test(each_option_alone_comes_back),
        cmocka_unit_test(owner_may_be_any_bytes),
        cmocka_unit_test(name_is_no_longer_than_stun_carries),
        cmocka_unit_test(anything_else_is_no_ticket),
        cmocka_unit_test(option_that_is_not_known_or_well_formed_is_refused),
        cmocka_unit_test(options_come_in_any_order),
        cmocka_unit_test(random_names_hold_id_and_owner),
        cmocka_unit_test(passwords_are_those_of_one_name_and_one_secret),
        cmocka_unit_test(key_names_a_secret_and_tells_nothing_else),
        cmocka_unit_test(letters_are_five_bits_each),
    };
    return cmocka_run_group_tests_name("ticket", tests, NULL, NULL);
}
