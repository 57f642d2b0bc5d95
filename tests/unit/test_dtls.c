/* test_dtls — whose datagram is it, and what is in it: cookies, handshakes with OpenSSL's client,
 * loss with the clock at hand, and what strangers throw in. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/dtls.h"
#include "support/certificate.h"
#include "support/secure_client.h"
#include "wire/hello.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum {
    CAPACITY = 64,
    SENT_MAX = 256,
    RECORD_HEADER = 13,
    VERIFY_SIZE = HELLO_VERIFY_SIZE + 20,
    APPLICATION_DATA = 23,
    ROUNDS = 50,
};

/* A clock that OpenSSL reads, too: it has no other time to repeat a flight by. */
static uint64_t clock_us = 1750000000000000U;

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    (void)tz;
    tv->tv_sec = (time_t)(clock_us / 1000000);
    tv->tv_usec = (suseconds_t)(clock_us % 1000000);
    return 0;
}

static struct now now_is(void)
{
    return (struct now){{clock_us * 1000}, {(int64_t)(clock_us / 1000000)}};
}

static void pass_seconds(uint64_t seconds)
{
    clock_us += seconds * 1000000;
}

/* What the server has sent and nobody has taken yet. */
struct sent {
    struct path to;
    size_t size;
    uint8_t tos;
    bool is_data;
    uint8_t bytes[SECURE_CLIENT_DATAGRAM];
};

static struct support_memory memory;
static struct connection_set set;
static struct dtls d;
static struct certificate own;
static struct tls *tls;
static uint8_t buffer[PACKET_HEADROOM + PACKET_MAX + PACKET_TAILROOM];
static struct sent sent[SENT_MAX];
static size_t sent_count;
static uint8_t cookie_key[DTLS_COOKIE_KEY_SIZE];

/* What came of the datagram received last. */
static struct {
    enum dtls_verdict verdict;
    struct connection *c;
    char text[512]; /* of all messages in it, a stroke behind each */
    int messages;
} last;

/* A client, and where it is. */
struct peer {
    struct path path;
    struct secure_client client;
    char heard[256];
};

static struct peer alice, bob;

static void fill(void *context, void *out, size_t size)
{
    (void)context;
    memset(out, 7, size);
}

static const struct entropy entropy = {NULL, fill};

static void on_sent(void *context, const struct path *to, const uint8_t *bytes, size_t size,
                    uint8_t tos, bool is_data)
{
    assert_ptr_equal(context, &sent);
    assert_true(sent_count < SENT_MAX && size <= SECURE_CLIENT_DATAGRAM);
    struct sent *s = &sent[sent_count++];
    *s = (struct sent){.to = *to, .size = size, .tos = tos, .is_data = is_data};
    memcpy(s->bytes, bytes, size);
}

static int begin_all(void **state)
{
    (void)state;
    certificate_init(&own, &(struct certificate_wish){0});
    tls = certificate_serve(&own);
    return 0;
}

static int end_all(void **state)
{
    (void)state;
    tls_free(tls);
    certificate_fini(&own);
    return 0;
}

static void init_dtls(struct dtls *which, uint8_t key)
{
    struct dtls_exit out = {&sent, on_sent};
    memset(cookie_key, key, sizeof(cookie_key));
    assert_true(dtls_init(which, &set, &memory.memory, &entropy, support_digest(), cookie_key, out,
                          CAPACITY));
}

static void place_peer(struct peer *p, uint16_t port)
{
    p->path = (struct path){.kind = PATH_UDP, .client = {netaddr_ipv4(0xc6336407, port)}};
    p->client.ssl = NULL;
    p->heard[0] = '\0';
}

static int begin(void **state)
{
    (void)state;
    support_memory_init(&memory);
    sent_count = 0;
    place_peer(&alice, 4001);
    place_peer(&bob, 4002);
    if (!connection_set_init(&set, &memory.memory, CAPACITY, now_is().mono)) {
        return -1;
    }
    init_dtls(&d, 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    secure_client_fini(&alice.client);
    secure_client_fini(&bob.client);
    connection_set_fini(&set);
    dtls_fini(&d);
    return memory.reservations == 0 ? 0 : -1;
}

static void start_client(struct peer *p, const struct secure_client_wish *wish)
{
    secure_client_fini(&p->client);
    secure_client_begin(&p->client, wish);
    assert_false(secure_client_step(&p->client));
}

static void note_message(const uint8_t *bytes, size_t size)
{
    size_t used = strlen(last.text);
    assert_true(used + size + 2 < sizeof(last.text));
    memcpy(last.text + used, bytes, size);
    memcpy(last.text + used + size, "|", 2);
    last.messages++;
}

/* receive_with — one datagram, as the worker has it handled, with this many steps left. */
static void receive_with(const struct path *from, const uint8_t *bytes, size_t size, unsigned steps)
{
    uint8_t more[1024];
    size_t got;
    struct packet p = {.bytes = buffer + PACKET_HEADROOM, .size = (uint32_t)size, .path = *from};
    memcpy(p.bytes, bytes, size);
    last.text[0] = '\0';
    last.messages = 0;
    d.steps = steps;
    last.verdict = dtls_receive(&d, &p, &last.c, now_is());
    switch (last.verdict) {
    case DTLS_MESSAGE:
        assert_int_equal(p.path.kind, PATH_DTLS);
        assert_ptr_equal(connection_of(&set, &p.path), last.c);
        assert_ptr_equal(p.bytes, buffer + PACKET_HEADROOM);
        note_message(p.bytes, p.size);
        while (dtls_next(&d, last.c, more, sizeof(more), &got)) {
            note_message(more, got);
        }
        break;
    case DTLS_NEW:
        if (last.c) {
            dtls_close(&d, last.c, true);
        }
        last.c = dtls_open(&d, tls, &p, now_is());
        break;
    case DTLS_OVER:
        dtls_close(&d, last.c, true);
        break;
    default:
        break;
    }
}

static void receive(const struct path *from, const uint8_t *bytes, size_t size)
{
    receive_with(from, bytes, size, DTLS_STEPS_PER_BATCH);
}

/* hear — give a client what the server has sent it. */
static void hear(struct peer *p)
{
    uint8_t bytes[256];
    size_t kept = 0;
    for (size_t i = 0; i < sent_count; i++) {
        if (!netaddr_is_equal(&sent[i].to.client.a, &p->path.client.a)) {
            sent[kept++] = sent[i];
            continue;
        }
        size_t got = secure_client_hear(&p->client, sent[i].bytes, sent[i].size, bytes, 200);
        if (got > 0) {
            memcpy(p->heard, bytes, got);
            p->heard[got] = '\0';
        }
    }
    sent_count = kept;
}

/* say — give the server what a client has sent. */
static void say(struct peer *p)
{
    for (size_t i = 0; i < p->client.out_count; i++) {
        receive(&p->path, p->client.out[i].bytes, p->client.out[i].size);
    }
    p->client.out_count = 0;
}

static void shake(struct peer *p)
{
    for (int i = 0; i < ROUNDS && (p->client.out_count > 0 || sent_count > 0); i++) {
        say(p);
        hear(p);
    }
    assert_true(SSL_is_init_finished(p->client.ssl));
}

static void connect_peer(struct peer *p)
{
    start_client(p, &(struct secure_client_wish){0});
    shake(p);
}

static struct connection *session_of(const struct peer *p)
{
    struct connection *found = NULL;
    for (uint32_t i = 0; i < set.slab.touched; i++) {
        struct connection *c = connection_at(&set, i);
        if ((c->link.generation & 1) != 0 &&
            netaddr_is_equal(&c->path.client.a, &p->path.client.a)) {
            assert_null(found);
            found = c;
        }
    }
    return found;
}

/* assert_talks — that messages go both ways. */
static void assert_talks(struct peer *p)
{
    struct connection *c = session_of(p);
    assert_non_null(c);
    p->client.out_count = 0;
    assert_int_equal(SSL_write(p->client.ssl, "ping", 4), 4);
    say(p);
    assert_int_equal(last.verdict, DTLS_MESSAGE);
    assert_string_equal(last.text, "ping|");
    dtls_send(&d, c, (const uint8_t *)"pong", 4, 0, false);
    p->heard[0] = '\0';
    hear(p);
    assert_string_equal(p->heard, "pong");
}

static void assert_nothing_is_kept(void)
{
    assert_int_equal(set.slab.live, 0);
    assert_int_equal(d.by_client.entries, 0);
}

static void records_are_told_by_their_first_byte(void **state)
{
    (void)state;
    struct packet p = {.bytes = buffer, .size = 1};
    for (unsigned first = 0; first < 256; first++) {
        buffer[0] = (uint8_t)first;
        assert_int_equal(dtls_is_record(&p), first >= 20 && first <= 63);
    }
    buffer[0] = 22;
    p.size = 0;
    assert_false(dtls_is_record(&p));
}

/* ---- the cookie */

static void hello_without_cookie_leaves_nothing_and_gets_less(void **state)
{
    (void)state;
    start_client(&alice, &(struct secure_client_wish){0});
    for (size_t i = 0; i < 100; i++) {
        receive(&alice.path, alice.client.out[0].bytes, alice.client.out[0].size);
        assert_int_equal(last.verdict, DTLS_TAKEN);
        assert_null(last.c);
    }
    assert_nothing_is_kept();
    assert_int_equal(sent_count, 100);
    assert_int_equal(sent[0].size, VERIFY_SIZE);
    assert_true(sent[0].size < alice.client.out[0].size);
    assert_true(path_is_equal(&sent[0].to, &alice.path));
    assert_int_equal(sent[0].tos, 0);
    assert_false(sent[0].is_data);
}

/* The least there can be: a hello without extensions, one cipher, no session. */
static void least_hello_gets_less_too(void **state)
{
    (void)state;
    uint8_t bytes[128];
    struct writer w = writer_init(bytes, sizeof(bytes));
    enum { BODY = 2 + 32 + 1 + 1 + 2 + 2 + 2 };
    uint8_t head[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1,    0,    12 + BODY, 1,
                      0,  0,    BODY, 0, 0, 0, 0, 0, 0, 0, BODY, 0xfe, 0xfd};
    writer_bytes(&w, head, sizeof(head));
    writer_zero(&w, 32 + 1 + 1);
    writer_bytes(&w, "\0\2\xc0\x2b\1\0", 6);
    receive(&alice.path, bytes, w.used);
    assert_int_equal(sent_count, 1);
    assert_true(sent[0].size < w.used);
}

/* second_hello — what a client says when it was asked for a cookie. */
static struct secure_client_datagram second_hello(struct peer *p)
{
    start_client(p, &(struct secure_client_wish){.name = "relay.example.org"});
    say(p);
    hear(p);
    assert_int_equal(p->client.out_count, 1);
    return p->client.out[0];
}

/* assert_asked_again — the cookie of a hello is not taken: nothing is kept. */
static void assert_asked_again(const struct path *from, const uint8_t *bytes, size_t size)
{
    sent_count = 0;
    receive(from, bytes, size);
    assert_int_equal(last.verdict, DTLS_TAKEN);
    assert_nothing_is_kept();
    assert_int_equal(sent_count, 1);
    assert_int_equal(sent[0].size, VERIFY_SIZE);
    sent_count = 0;
}

static void cookie_with_any_bit_changed_is_not_taken(void **state)
{
    (void)state;
    struct hello hello;
    struct secure_client_datagram again = second_hello(&alice);
    assert_int_equal(hello_read_dtls(again.bytes, again.size, &hello), HELLO_OK);
    assert_int_equal(hello.cookie.size, 20);
    size_t at = (size_t)(hello.cookie.bytes - again.bytes);
    for (size_t bit = 0; bit < 20 * 8; bit++) {
        again.bytes[at + bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_asked_again(&alice.path, again.bytes, again.size);
        again.bytes[at + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    receive(&alice.path, again.bytes, again.size);
    assert_int_equal(last.verdict, DTLS_NEW);
    assert_int_equal(set.slab.live, 1);
}

static void cookie_is_good_for_a_minute(void **state)
{
    (void)state;
    struct secure_client_datagram again = second_hello(&alice);
    pass_seconds(DTLS_COOKIE_TIME + 1);
    assert_asked_again(&alice.path, again.bytes, again.size);
    clock_us -= 1000000;
    receive(&alice.path, again.bytes, again.size);
    assert_int_equal(last.verdict, DTLS_NEW);
}

static void cookie_from_the_future_is_not_taken(void **state)
{
    (void)state;
    struct secure_client_datagram again = second_hello(&alice);
    clock_us -= 2000000;
    assert_asked_again(&alice.path, again.bytes, again.size);
    clock_us += 2000000;
}

static void cookie_of_another_server_is_not_taken(void **state)
{
    (void)state;
    struct secure_client_datagram again = second_hello(&alice);
    dtls_fini(&d);
    init_dtls(&d, 2);
    assert_asked_again(&alice.path, again.bytes, again.size);
}

static void cookie_of_another_worker_is_taken(void **state)
{
    (void)state;
    struct secure_client_datagram again = second_hello(&alice);
    dtls_fini(&d);
    init_dtls(&d, 1);
    receive(&alice.path, again.bytes, again.size);
    assert_int_equal(last.verdict, DTLS_NEW);
    assert_non_null(last.c);
}

static void cookie_is_good_from_its_own_address_only(void **state)
{
    (void)state;
    struct secure_client_datagram again = second_hello(&alice);
    struct path other = alice.path;
    other.client.a.port++;
    assert_asked_again(&other, again.bytes, again.size);
    other = alice.path;
    other.client.a.ip[3]++;
    assert_asked_again(&other, again.bytes, again.size);
    receive(&alice.path, again.bytes, again.size);
    assert_int_equal(last.verdict, DTLS_NEW);
}

static void cookie_is_good_for_its_own_hello_only(void **state)
{
    (void)state;
    struct hello hello;
    struct secure_client_datagram again = second_hello(&alice);
    assert_int_equal(hello_read_dtls(again.bytes, again.size, &hello), HELLO_OK);
    again.bytes[hello.random.bytes - again.bytes] ^= 1;
    assert_asked_again(&alice.path, again.bytes, again.size);
}

/* ---- handshake and messages */

static void openssl_shakes_hands_and_messages_go_both_ways(void **state)
{
    (void)state;
    connect_peer(&alice);
    struct connection *c = session_of(&alice);
    assert_int_equal(c->state, CONNECTION_FRAMES);
    assert_int_equal(c->fd, -1);
    assert_int_equal(c->path.kind, PATH_DTLS);
    assert_int_equal(c->retry.ns, 0);
    assert_int_equal(SSL_version(alice.client.ssl), DTLS1_2_VERSION);
    assert_talks(&alice);
    assert_talks(&alice);
}

static void message_leaves_with_its_marks(void **state)
{
    (void)state;
    connect_peer(&alice);
    struct connection *c = session_of(&alice);
    dtls_send(&d, c, (const uint8_t *)"data", 4, 0xb8, true);
    dtls_send(&d, c, (const uint8_t *)"reply", 5, 0, false);
    assert_int_equal(sent_count, 2);
    assert_int_equal(sent[0].tos, 0xb8);
    assert_true(sent[0].is_data);
    assert_true(path_is_equal(&sent[0].to, &c->path));
    assert_true(sent[0].size <= 4 + DTLS_OVERHEAD_MAX);
    assert_int_equal(sent[1].tos, 0);
    assert_false(sent[1].is_data);
    hear(&alice);
    assert_string_equal(alice.heard, "reply");
}

static void nothing_is_sent_before_the_handshake_is_done(void **state)
{
    (void)state;
    struct secure_client_datagram again = second_hello(&alice);
    receive(&alice.path, again.bytes, again.size);
    sent_count = 0;
    dtls_send(&d, last.c, (const uint8_t *)"early", 5, 0, true);
    assert_int_equal(sent_count, 0);
}

static void version_below_1_2_is_not_agreed_on(void **state)
{
    (void)state;
    start_client(&alice, &(struct secure_client_wish){.least = DTLS1_VERSION,
                                                      .most = DTLS1_VERSION,
                                                      .ciphers = "ALL:@SECLEVEL=0"});
    for (int i = 0; i < ROUNDS; i++) {
        say(&alice);
        hear(&alice);
    }
    assert_false(SSL_is_init_finished(alice.client.ssl));
    assert_nothing_is_kept();
}

static void one_client_at_two_places_has_two_sessions(void **state)
{
    (void)state;
    connect_peer(&alice);
    struct connection *first = session_of(&alice);
    place_peer(&bob, 4001); /* the same address and port, to another address of ours */
    bob.path.local = 1;
    start_client(&bob, &(struct secure_client_wish){0});
    for (int i = 0; i < ROUNDS && (bob.client.out_count > 0 || sent_count > 0); i++) {
        say(&bob);
        hear(&bob);
    }
    assert_true(SSL_is_init_finished(bob.client.ssl));
    assert_int_equal(set.slab.live, 2);
    assert_int_equal(SSL_write(alice.client.ssl, "a", 1), 1);
    assert_int_equal(SSL_write(bob.client.ssl, "b", 1), 1);
    say(&alice);
    assert_string_equal(last.text, "a|");
    assert_ptr_equal(last.c, first);
    say(&bob);
    assert_string_equal(last.text, "b|");
    assert_ptr_not_equal(last.c, first);
}

static void several_records_in_a_datagram_are_all_given(void **state)
{
    (void)state;
    uint8_t all[2048];
    connect_peer(&alice);
    for (int count = 1; count < 12; count++) {
        char expected[256] = "";
        size_t used = 0;
        for (int i = 0; i < count; i++) {
            char text[2] = {(char)('a' + i), '\0'};
            alice.client.out_count = 0;
            assert_int_equal(SSL_write(alice.client.ssl, text, 1), 1);
            memcpy(all + used, alice.client.out[0].bytes, alice.client.out[0].size);
            used += alice.client.out[0].size;
            snprintf(expected + strlen(expected), 3, "%s|", text);
        }
        receive(&alice.path, all, used);
        assert_int_equal(last.verdict, DTLS_MESSAGE);
        assert_string_equal(last.text, expected);
        assert_int_equal(last.messages, count);
    }
    alice.client.out_count = 0;
    assert_talks(&alice);
}

/* resume — a client with the session it had before. */
static void resume(struct peer *p)
{
    connect_peer(p);
    assert_talks(p);
    SSL_SESSION *session = SSL_get1_session(p->client.ssl);
    (void)SSL_shutdown(p->client.ssl);
    say(p);
    sent_count = 0;
    assert_nothing_is_kept();
    start_client(p, &(struct secure_client_wish){.session = session});
    SSL_SESSION_free(session);
    say(p);
    hear(p); /* HelloVerifyRequest */
    say(p);
    hear(p); /* ServerHello and Finished: the rest is the client's */
    assert_true(SSL_is_init_finished(p->client.ssl));
    assert_int_equal(SSL_session_reused(p->client.ssl), 1);
    assert_true(p->client.out_count > 0);
}

static void session_is_resumed(void **state)
{
    (void)state;
    resume(&alice);
    shake(&alice);
    assert_talks(&alice);
}

/* Its Finished and its first message in one datagram: the message counts. */
static void message_behind_the_last_of_the_handshake_is_given(void **state)
{
    (void)state;
    uint8_t all[4096];
    size_t used = 0;
    resume(&alice);
    assert_int_equal(SSL_write(alice.client.ssl, "first", 5), 5);
    assert_int_equal(SSL_write(alice.client.ssl, "second", 6), 6);
    for (size_t i = 0; i < alice.client.out_count; i++) {
        memcpy(all + used, alice.client.out[i].bytes, alice.client.out[i].size);
        used += alice.client.out[i].size;
    }
    receive(&alice.path, all, used);
    assert_int_equal(last.verdict, DTLS_MESSAGE);
    assert_string_equal(last.text, "first|second|");
    assert_int_equal(last.c->state, CONNECTION_FRAMES);
    assert_talks(&alice);
}

/* ---- what strangers throw in */

static size_t write_record(uint8_t *out, uint8_t type, uint16_t epoch, const void *body,
                           size_t size)
{
    struct writer w = writer_init(out, 1024);
    writer_u8(&w, type);
    writer_u16(&w, 0xfefd);
    writer_u16(&w, epoch);
    writer_bytes(&w, "\0\0\0\0\0\x63", 6);
    writer_u16(&w, (uint16_t)size);
    writer_bytes(&w, body, size);
    assert_true(writer_is_ok(&w));
    return w.used;
}

/* throw_in — all that can be made up without keys, from one place. */
static void throw_in(const struct path *from, void (*check)(struct peer *), struct peer *p)
{
    uint8_t bytes[1024];
    uint64_t chance = 9;
    for (unsigned type = 20; type <= 63; type++) {
        for (uint16_t epoch = 0; epoch < 3; epoch++) {
            static const uint8_t fatal[2] = {2, 40};
            static const uint8_t closed[2] = {1, 0};
            receive(from, bytes, write_record(bytes, (uint8_t)type, epoch, fatal, 2));
            check(p);
            receive(from, bytes, write_record(bytes, (uint8_t)type, epoch, closed, 2));
            check(p);
            receive(from, bytes, write_record(bytes, (uint8_t)type, epoch, bytes + 100, 60));
            check(p);
        }
    }
    for (int i = 0; i < 500; i++) {
        size_t size = 1 + support_below(&chance, 200);
        support_fill(&chance, bytes, size);
        bytes[0] = (uint8_t)(20 + support_below(&chance, 44));
        receive(from, bytes, size);
        check(p);
    }
}

static void assert_no_word(struct peer *p)
{
    (void)p;
    assert_int_equal(last.verdict, DTLS_TAKEN);
    assert_int_equal(sent_count, 0);
    assert_nothing_is_kept();
}

static void records_of_strangers_are_dropped_without_a_word(void **state)
{
    (void)state;
    throw_in(&alice.path, assert_no_word, NULL);
}

static void assert_unmoved(struct peer *p)
{
    assert_int_equal(last.verdict, DTLS_TAKEN);
    assert_int_equal(sent_count, 0);
    assert_non_null(session_of(p));
}

static void session_is_unmoved_by_what_others_send_in_its_name(void **state)
{
    (void)state;
    connect_peer(&alice);
    throw_in(&alice.path, assert_unmoved, &alice);
    assert_talks(&alice);
}

static void message_that_comes_again_is_not_given_again(void **state)
{
    (void)state;
    connect_peer(&alice);
    assert_int_equal(SSL_write(alice.client.ssl, "once", 4), 4);
    struct secure_client_datagram once = alice.client.out[0];
    say(&alice);
    assert_string_equal(last.text, "once|");
    receive(&alice.path, once.bytes, once.size);
    assert_int_equal(last.verdict, DTLS_TAKEN);
    assert_talks(&alice);
}

static void record_with_any_bit_changed_is_dropped(void **state)
{
    (void)state;
    connect_peer(&alice);
    assert_int_equal(SSL_write(alice.client.ssl, "whole", 5), 5);
    struct secure_client_datagram whole = alice.client.out[0];
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        uint8_t *byte = &whole.bytes[bit / 8];
        *byte ^= (uint8_t)(1 << bit % 8);
        if (bit / 8 > 0) { /* the first byte says what it is */
            receive(&alice.path, whole.bytes, whole.size);
            assert_int_equal(last.verdict, DTLS_TAKEN);
        }
        *byte ^= (uint8_t)(1 << bit % 8);
    }
    receive(&alice.path, whole.bytes, whole.size);
    assert_string_equal(last.text, "whole|");
}

/* ---- a client that begins anew */

static void client_that_begins_anew_keeps_its_session_until_its_cookie_is_shown(void **state)
{
    (void)state;
    connect_peer(&alice);
    struct connection *old = session_of(&alice);
    struct path path = old->path;
    bob.path = alice.path; /* the same place: it has forgotten what it had */
    start_client(&bob, &(struct secure_client_wish){0});
    receive(&bob.path, bob.client.out[0].bytes, bob.client.out[0].size);
    assert_int_equal(last.verdict, DTLS_TAKEN);
    assert_int_equal(sent_count, 1);
    struct sent verify = sent[0];
    sent_count = 0;
    assert_ptr_equal(connection_of(&set, &path), old);
    assert_talks(&alice); /* had it been a lie, nothing would have been lost */
    sent[sent_count++] = verify;
    bob.client.out_count = 0;
    hear(&bob);
    say(&bob);
    assert_int_equal(last.verdict, DTLS_NEW);
    assert_null(connection_of(&set, &path));
    hear(&bob);
    shake(&bob);
    assert_int_equal(set.slab.live, 1);
    assert_talks(&bob);
}

static void hello_that_comes_again_makes_no_second_session(void **state)
{
    (void)state;
    struct secure_client_datagram again = second_hello(&alice);
    receive(&alice.path, again.bytes, again.size);
    assert_int_equal(last.verdict, DTLS_NEW);
    struct connection *c = last.c;
    struct path path = c->path;
    for (int i = 0; i < 5; i++) {
        receive(&alice.path, again.bytes, again.size);
        assert_int_equal(last.verdict, DTLS_TAKEN);
        assert_ptr_equal(connection_of(&set, &path), c);
    }
    alice.client.out_count = 0;
    hear(&alice);
    shake(&alice);
    for (int i = 0; i < 5; i++) {
        receive(&alice.path, again.bytes, again.size);
        assert_int_equal(last.verdict, DTLS_TAKEN);
    }
    sent_count = 0;
    assert_ptr_equal(connection_of(&set, &path), c);
    assert_talks(&alice);
}

/* ---- the end */

static void end_that_the_client_says_is_the_end(void **state)
{
    (void)state;
    connect_peer(&alice);
    (void)SSL_shutdown(alice.client.ssl);
    say(&alice);
    assert_int_equal(last.verdict, DTLS_OVER);
    assert_nothing_is_kept();
}

/* Its last message and its end in one datagram: the message first. */
static void end_behind_a_message_is_told(void **state)
{
    (void)state;
    uint8_t all[2048];
    size_t used = 0;
    connect_peer(&alice);
    assert_int_equal(SSL_write(alice.client.ssl, "last", 4), 4);
    (void)SSL_shutdown(alice.client.ssl);
    assert_int_equal(alice.client.out_count, 2);
    for (int i = 0; i < 2; i++) {
        memcpy(all + used, alice.client.out[i].bytes, alice.client.out[i].size);
        used += alice.client.out[i].size;
    }
    receive(&alice.path, all, used);
    assert_int_equal(last.verdict, DTLS_MESSAGE);
    assert_string_equal(last.text, "last|");
    assert_true(last.c->is_ended);
}

static void client_is_told_of_the_end_unless_it_is_silent(void **state)
{
    (void)state;
    for (int silent = 0; silent < 2; silent++) {
        connect_peer(&alice);
        dtls_close(&d, session_of(&alice), silent == 1);
        assert_nothing_is_kept();
        assert_int_equal(sent_count, silent ? 0 : 1);
        hear(&alice);
        bool is_told = (SSL_get_shutdown(alice.client.ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
        assert_int_equal(is_told, !silent);
    }
}

static void set_that_ends_takes_the_sessions_along(void **state)
{
    (void)state;
    connect_peer(&alice);
    struct secure_client_datagram again = second_hello(&bob);
    receive(&bob.path, again.bytes, again.size);
    sent_count = 0;
    connection_set_fini(&set);
    assert_int_equal(sent_count, 0); /* the sockets are gone by then */
    assert_true(connection_set_init(&set, &memory.memory, CAPACITY, now_is().mono));
}

/* ---- loss */

/* What is lost of a handshake: one datagram, or one side's turn, by its number. */
struct loss {
    int datagram, turn;
    int datagrams, turns; /* so far */
};

static bool is_lost(struct loss *l)
{
    return l->datagrams++ == l->datagram || l->turns == l->turn;
}

static void say_with_loss(struct peer *p, struct loss *l)
{
    for (size_t i = 0; i < p->client.out_count; i++) {
        if (!is_lost(l)) {
            receive(&p->path, p->client.out[i].bytes, p->client.out[i].size);
        }
    }
    l->turns += p->client.out_count > 0;
    p->client.out_count = 0;
}

static void hear_with_loss(struct peer *p, struct loss *l)
{
    size_t count = sent_count;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_lost(l)) {
            sent[kept++] = sent[i];
        }
    }
    l->turns += count > 0;
    sent_count = kept;
    hear(p);
}

/* repeat — a tenth of a second passes, and whose time has come says again what it said. */
static void repeat(struct peer *p)
{
    struct connection *c;
    clock_us += 100000;
    while ((c = connection_due(&set, now_is().mono))) {
        assert_true(dtls_retry(&d, c, now_is().mono));
        connection_time(&set, c);
    }
    (void)DTLSv1_handle_timeout(p->client.ssl);
}

/* shake_with_loss — Returns whether anything was lost. */
static bool shake_with_loss(struct loss *l, const struct secure_client_wish *wish)
{
    uint64_t began = clock_us;
    begin(NULL);
    start_client(&alice, wish);
    while (!SSL_is_init_finished(alice.client.ssl) ||
           session_of(&alice)->state != CONNECTION_FRAMES || alice.client.out_count > 0 ||
           sent_count > 0) {
        say_with_loss(&alice, l);
        hear_with_loss(&alice, l);
        if (alice.client.out_count == 0 && sent_count == 0) {
            repeat(&alice);
        }
        assert_true(clock_us - began < CONNECTION_OPENING_TIME * UINT64_C(1000000));
        assert_true(session_of(&alice) || !SSL_is_init_finished(alice.client.ssl));
    }
    assert_talks(&alice);
    bool any = l->datagrams > l->datagram && (l->datagram >= 0 || l->turns > l->turn);
    end(NULL);
    return any;
}

static void each_datagram_may_be_lost(void **state)
{
    (void)state;
    struct secure_client_wish wish = {.mtu = 400};
    int count = 0;
    for (bool any = true; any; count++) {
        struct loss l = {.datagram = count, .turn = -1};
        any = shake_with_loss(&l, &wish);
    }
    assert_true(count > 6); /* hello, verify, hello, flight, flight, flight */
    begin(NULL);
}

static void each_flight_may_be_lost(void **state)
{
    (void)state;
    struct secure_client_wish wish = {0};
    int count = 0;
    for (bool any = true; any; count++) {
        struct loss l = {.datagram = -1, .turn = count};
        any = shake_with_loss(&l, &wish);
    }
    assert_true(count > 6);
    begin(NULL);
}

/* A client that is heard no more: repeated now and then, until the time for openings is over. */
static void who_falls_silent_is_not_told_forever(void **state)
{
    (void)state;
    struct secure_client_datagram again = second_hello(&alice);
    receive(&alice.path, again.bytes, again.size);
    struct connection *c = last.c;
    uint64_t began = clock_us;
    size_t repeats = 0;
    sent_count = 0;
    assert_int_not_equal(c->retry.ns, 0);
    assert_true(dtls_retry(&d, c, now_is().mono)); /* too early: no word */
    assert_int_equal(sent_count, 0);
    while (clock_us - began < CONNECTION_OPENING_TIME * UINT64_C(1000000)) {
        clock_us += 100000;
        if (connection_due(&set, now_is().mono)) {
            assert_true(dtls_retry(&d, c, now_is().mono));
            connection_time(&set, c);
            repeats += sent_count > 0;
            sent_count = 0;
        }
    }
    assert_in_range(repeats, 2, 5); /* after 1, 3 and 7 seconds */
}

static void flights_are_no_larger_than_any_path_carries(void **state)
{
    (void)state;
    struct certificate large;
    char names[4096] = "DNS:relay.example.org";
    for (int i = 0; i < 120; i++) {
        snprintf(names + strlen(names), 48, ", DNS:relay%03d.example.org", i);
    }
    certificate_init(&large, &(struct certificate_wish){.also = names});
    struct tls *small = tls;
    tls = certificate_serve(&large);
    struct secure_client_datagram again = second_hello(&alice);
    receive(&alice.path, again.bytes, again.size);
    assert_true(sent_count > 2);
    for (size_t i = 0; i < sent_count; i++) {
        assert_true(sent[i].size <= DTLS_MTU);
    }
    alice.client.out_count = 0;
    hear(&alice);
    shake(&alice);
    assert_talks(&alice);
    tls_free(tls);
    tls = small;
    certificate_fini(&large);
}

/* ---- what runs out */

static void without_steps_nothing_is_begun_and_nothing_lost(void **state)
{
    (void)state;
    struct secure_client_datagram again = second_hello(&alice);
    receive_with(&alice.path, again.bytes, again.size, 0);
    assert_int_equal(last.verdict, DTLS_TAKEN);
    assert_nothing_is_kept();
    receive(&alice.path, again.bytes, again.size);
    assert_int_equal(last.verdict, DTLS_NEW);
    alice.client.out_count = 0;
    hear(&alice);
    for (size_t i = 0; i < alice.client.out_count; i++) { /* the key exchange costs one, too */
        receive_with(&alice.path, alice.client.out[i].bytes, alice.client.out[i].size, 0);
        assert_int_equal(last.verdict, DTLS_TAKEN);
        assert_int_equal(sent_count, 0);
    }
    shake(&alice);
    assert_talks(&alice);
}

static void each_step_is_counted(void **state)
{
    (void)state;
    struct secure_client_datagram again = second_hello(&alice);
    receive_with(&alice.path, again.bytes, again.size, 3);
    assert_int_equal(d.steps, 2);
    receive_with(&alice.path, again.bytes, again.size, 3);
    assert_int_equal(d.steps, 2);
    assert_int_equal(last.verdict, DTLS_TAKEN);
}

static void memory_that_is_short_leaves_nothing_behind(void **state)
{
    (void)state;
    struct secure_client_datagram again = second_hello(&alice);
    for (unsigned from = 1; from < 3; from++) {
        support_memory_fail(&memory, from, 1000);
        receive(&alice.path, again.bytes, again.size);
        support_memory_fail(&memory, 0, 0);
        assert_int_equal(last.verdict, DTLS_NEW);
        if (last.c) {
            dtls_close(&d, last.c, true);
        }
        assert_nothing_is_kept();
        sent_count = 0;
    }
    receive(&alice.path, again.bytes, again.size);
    alice.client.out_count = 0;
    hear(&alice);
    shake(&alice);
    assert_talks(&alice);
}

static void there_is_room_for_so_many(void **state)
{
    (void)state;
    static struct secure_client_datagram hellos[CAPACITY + 1];
    for (int i = 0; i <= CAPACITY; i++) {
        alice.path.client.a.port = (uint16_t)(5000 + i);
        hellos[i] = second_hello(&alice);
        receive(&alice.path, hellos[i].bytes, hellos[i].size);
        assert_int_equal(last.verdict, DTLS_NEW);
        assert_int_equal(last.c != NULL, i < CAPACITY);
        sent_count = 0;
    }
    assert_int_equal(set.slab.live, CAPACITY);
    assert_int_equal(d.by_client.entries, CAPACITY);
}

/* Many sessions whose datagrams come in any order: each gets its own. */
static void many_sessions_are_told_apart(void **state)
{
    (void)state;
    enum { COUNT = 24, STEPS = 600 };
    uint64_t chance = 12;
    struct peer *peers = calloc(COUNT, sizeof(*peers));
    assert_non_null(peers);
    for (int i = 0; i < COUNT; i++) {
        place_peer(&peers[i], (uint16_t)(6000 + i));
        connect_peer(&peers[i]);
    }
    for (int step = 0; step < STEPS; step++) {
        struct peer *p = &peers[support_below(&chance, COUNT)];
        char text[24];
        char expected[26];
        snprintf(text, sizeof(text), "%u.%d", p->path.client.a.port, step);
        snprintf(expected, sizeof(expected), "%s|", text);
        assert_int_equal(SSL_write(p->client.ssl, text, (int)strlen(text)), strlen(text));
        say(p);
        assert_string_equal(last.text, expected);
        assert_ptr_equal(last.c, session_of(p));
        if (support_below(&chance, 20) == 0) {
            dtls_close(&d, last.c, false);
            hear(p);
            connect_peer(p);
        }
    }
    for (int i = 0; i < COUNT; i++) {
        secure_client_fini(&peers[i].client);
    }
    free(peers);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"records are told by their first byte", records_are_told_by_their_first_byte, NULL, NULL,
         NULL},
        {"a hello without cookie leaves nothing and gets less",
         hello_without_cookie_leaves_nothing_and_gets_less, begin, end, NULL},
        {"the least hello gets less, too", least_hello_gets_less_too, begin, end, NULL},
        {"a cookie with any bit changed is not taken", cookie_with_any_bit_changed_is_not_taken,
         begin, end, NULL},
        {"a cookie is good for a minute", cookie_is_good_for_a_minute, begin, end, NULL},
        {"a cookie from the future is not taken", cookie_from_the_future_is_not_taken, begin, end,
         NULL},
        {"a cookie of another server is not taken", cookie_of_another_server_is_not_taken, begin,
         end, NULL},
        {"a cookie of another worker is taken", cookie_of_another_worker_is_taken, begin, end,
         NULL},
        {"a cookie is good from its own address only", cookie_is_good_from_its_own_address_only,
         begin, end, NULL},
        {"a cookie is good for its own hello only", cookie_is_good_for_its_own_hello_only, begin,
         end, NULL},
        {"OpenSSL shakes hands and messages go both ways",
         openssl_shakes_hands_and_messages_go_both_ways, begin, end, NULL},
        {"a message leaves with its marks", message_leaves_with_its_marks, begin, end, NULL},
        {"nothing is sent before the handshake is done",
         nothing_is_sent_before_the_handshake_is_done, begin, end, NULL},
        {"a version below 1.2 is not agreed on", version_below_1_2_is_not_agreed_on, begin, end,
         NULL},
        {"one client at two places has two sessions", one_client_at_two_places_has_two_sessions,
         begin, end, NULL},
        {"several records in a datagram are all given", several_records_in_a_datagram_are_all_given,
         begin, end, NULL},
        {"a session is resumed", session_is_resumed, begin, end, NULL},
        {"a message behind the last of the handshake is given",
         message_behind_the_last_of_the_handshake_is_given, begin, end, NULL},
        {"records of strangers are dropped without a word",
         records_of_strangers_are_dropped_without_a_word, begin, end, NULL},
        {"a session is unmoved by what others send in its name",
         session_is_unmoved_by_what_others_send_in_its_name, begin, end, NULL},
        {"a message that comes again is not given again",
         message_that_comes_again_is_not_given_again, begin, end, NULL},
        {"a record with any bit changed is dropped", record_with_any_bit_changed_is_dropped, begin,
         end, NULL},
        {"a client that begins anew keeps its session until its cookie is shown",
         client_that_begins_anew_keeps_its_session_until_its_cookie_is_shown, begin, end, NULL},
        {"a hello that comes again makes no second session",
         hello_that_comes_again_makes_no_second_session, begin, end, NULL},
        {"an end that the client says is the end", end_that_the_client_says_is_the_end, begin, end,
         NULL},
        {"an end behind a message is told", end_behind_a_message_is_told, begin, end, NULL},
        {"a client is told of the end unless it is silent",
         client_is_told_of_the_end_unless_it_is_silent, begin, end, NULL},
        {"a set that ends takes the sessions along", set_that_ends_takes_the_sessions_along, begin,
         end, NULL},
        {"each datagram may be lost", each_datagram_may_be_lost, NULL, end, NULL},
        {"each flight may be lost", each_flight_may_be_lost, NULL, end, NULL},
        {"who falls silent is not told forever", who_falls_silent_is_not_told_forever, begin, end,
         NULL},
        {"flights are no larger than any path carries", flights_are_no_larger_than_any_path_carries,
         begin, end, NULL},
        {"without steps nothing is begun and nothing lost",
         without_steps_nothing_is_begun_and_nothing_lost, begin, end, NULL},
        {"each step is counted", each_step_is_counted, begin, end, NULL},
        {"memory that is short leaves nothing behind", memory_that_is_short_leaves_nothing_behind,
         begin, end, NULL},
        {"there is room for so many", there_is_room_for_so_many, begin, end, NULL},
        {"many sessions are told apart", many_sessions_are_told_apart, begin, end, NULL},
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
