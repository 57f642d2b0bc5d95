/* test_hello — what OpenSSL's clients say first: whole, cut, changed, in pieces; and whether they
 * take what we answer. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "support/secure_client.h"
#include "wire/hello.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

enum { ROOM = 20000, DTLS_HEADERS = 25, DTLS_COOKIE_AT = DTLS_HEADERS + 2 + HELLO_RANDOM_SIZE + 1 };

typedef enum hello_verdict (*read_function)(const uint8_t *, size_t, struct hello *);

static uint8_t stream[ROOM];
static struct secure_client client;

static const struct secure_client_wish with_name = {.name = "relay.example.org"};
static const struct secure_client_wish without_name;
static const struct secure_client_wish old_with_name = {.name = "old.example.org",
                                                        .most = TLS1_2_VERSION};
static const struct secure_client_wish old_without_name = {.most = TLS1_2_VERSION};
static const struct secure_client_wish datagrams_with_name = {.name = "relay.example.org",
                                                              .least = DTLS1_2_VERSION};
static const struct secure_client_wish datagrams_without_name = {.least = DTLS1_2_VERSION};

static void assert_within(struct span s, const uint8_t *bytes, size_t size)
{
    if (s.size > 0) {
        assert_true(s.bytes >= bytes && s.size <= size && s.bytes <= bytes + size - s.size);
    }
}

/* read_exactly — of `size` bytes on the heap, where reading one more is noticed; every span lies
 * within them. */
static enum hello_verdict read_exactly(read_function read, const uint8_t *bytes, size_t size,
                                       size_t *needed)
{
    struct hello out;
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    enum hello_verdict verdict = read(copy, size, &out);
    if (verdict == HELLO_OK) {
        assert_int_equal(out.random.size, HELLO_RANDOM_SIZE);
        assert_within(out.random, copy, size);
        assert_within(out.session, copy, size);
        assert_within(out.cookie, copy, size);
        assert_within(out.name, copy, size);
        assert_true(out.size <= size);
    }
    *needed = out.size;
    free(copy);
    return verdict;
}

/* say_hello — the client's first datagram into `stream`. Returns its size. */
static size_t say_hello(const struct secure_client_wish *wish)
{
    secure_client_begin(&client, wish);
    assert_false(secure_client_step(&client));
    assert_true(client.out_count > 0);
    memcpy(stream, client.out[0].bytes, client.out[0].size);
    return client.out[0].size;
}

static void assert_name(const struct hello *hello, const char *name)
{
    assert_int_equal(hello->name.size, strlen(name));
    assert_true(hello->name.size == 0 || memcmp(hello->name.bytes, name, strlen(name)) == 0);
}

static void assert_tls(const struct secure_client_wish *wish)
{
    struct hello hello;
    size_t size = secure_client_hello(wish, stream, sizeof(stream));
    assert_int_equal(hello_read_tls(stream, size, &hello), HELLO_OK);
    assert_int_equal(hello.size, size);
    assert_name(&hello, wish->name ? wish->name : "");
    assert_int_equal(hello.cookie.size, 0);
    assert_int_equal(hello.random.size, HELLO_RANDOM_SIZE);
    assert_ptr_equal(hello.random.bytes, stream + 11);
}

static void name_of_a_secure_client_is_found(void **state)
{
    (void)state;
    assert_tls(&with_name);
    assert_tls(&without_name);
    assert_tls(&old_with_name);
    assert_tls(&old_without_name);
}

static void session_of_a_secure_client_is_found(void **state)
{
    (void)state;
    struct hello hello;
    size_t size = secure_client_hello(&with_name, stream, sizeof(stream));
    assert_int_equal(hello_read_tls(stream, size, &hello), HELLO_OK);
    assert_int_equal(hello.session.size, 32); /* RFC 8446 D.4 */
    size = secure_client_hello(&old_with_name, stream, sizeof(stream));
    assert_int_equal(hello_read_tls(stream, size, &hello), HELLO_OK);
    assert_int_equal(hello.session.size, 0);
}

static void assert_dtls(const struct secure_client_wish *wish)
{
    struct hello hello;
    size_t size = say_hello(wish);
    assert_int_equal(hello_read_dtls(stream, size, &hello), HELLO_OK);
    assert_int_equal(hello.size, size);
    assert_name(&hello, wish->name ? wish->name : "");
    assert_int_equal(hello.cookie.size, 0);
    assert_ptr_equal(hello.random.bytes, stream + DTLS_HEADERS + 2);
    assert_memory_equal(hello.sequence, stream + 5, 6);
    secure_client_fini(&client);
}

static void name_of_a_dsecure_client_is_found(void **state)
{
    (void)state;
    assert_dtls(&datagrams_with_name);
    assert_dtls(&datagrams_without_name);
}

static void every_beginning_of_a_tls_hello_asks_for_more(void **state)
{
    (void)state;
    static const struct secure_client_wish *const wishes[] = {&with_name, &without_name,
                                                              &old_with_name, &old_without_name};
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        size_t needed;
        size_t whole = secure_client_hello(wishes[i], stream, sizeof(stream));
        for (size_t size = 0; size < whole; size++) {
            assert_int_equal(read_exactly(hello_read_tls, stream, size, &needed), HELLO_MORE);
            assert_int_equal(needed, size < HELLO_TLS_HEADER ? HELLO_TLS_HEADER : whole);
        }
        memset(stream + whole, 0xee, 16);
        assert_int_equal(read_exactly(hello_read_tls, stream, whole + 16, &needed), HELLO_OK);
        assert_int_equal(needed, whole);
    }
}

static void every_beginning_of_a_dtls_hello_is_none(void **state)
{
    (void)state;
    size_t needed;
    size_t whole = say_hello(&datagrams_with_name);
    for (size_t size = 0; size < whole; size++) {
        assert_int_equal(read_exactly(hello_read_dtls, stream, size, &needed), HELLO_OTHER);
    }
    assert_int_equal(read_exactly(hello_read_dtls, stream, whole, &needed), HELLO_OK);
    secure_client_fini(&client);
}

/* A record that ends early, the lengths of record and message told accordingly. */
static void tls_hello_cut_within_its_record_is_none(void **state)
{
    (void)state;
    size_t whole = secure_client_hello(&with_name, stream, sizeof(stream));
    for (size_t size = HELLO_TLS_HEADER; size < whole; size++) {
        size_t needed;
        size_t record = size - HELLO_TLS_HEADER;
        struct writer w = {stream, sizeof(stream), whole, false};
        writer_patch_u16(&w, 3, (uint16_t)record);
        writer_patch_u16(&w, 7, (uint16_t)(whole - HELLO_TLS_HEADER - 4));
        enum hello_verdict verdict = read_exactly(hello_read_tls, stream, size, &needed);
        assert_int_equal(verdict, record < 4 ? HELLO_OTHER : HELLO_FRAGMENT);
        if (record >= 4) { /* the message's own length says no more than that either */
            writer_patch_u16(&w, 7, (uint16_t)(record - 4));
            verdict = read_exactly(hello_read_tls, stream, size, &needed);
            assert_true(verdict == HELLO_OTHER || verdict == HELLO_OK);
        }
    }
}

/* change_every_byte — to all it could be; the reader stays in bounds, which read_exactly sees. */
static void change_every_byte(read_function read, size_t size)
{
    for (size_t at = 0; at < size; at++) {
        uint8_t was = stream[at];
        size_t needed;
        for (unsigned value = 0; value < 256; value++) {
            stream[at] = (uint8_t)value;
            (void)read_exactly(read, stream, size, &needed);
        }
        stream[at] = was;
    }
}

static void one_byte_changed_stays_in_bounds(void **state)
{
    (void)state;
    change_every_byte(hello_read_tls, secure_client_hello(&with_name, stream, sizeof(stream)));
    change_every_byte(hello_read_tls, secure_client_hello(&old_with_name, stream, sizeof(stream)));
    change_every_byte(hello_read_dtls, say_hello(&datagrams_with_name));
    secure_client_fini(&client);
}

static void what_is_no_hello_is_told_at_its_first_byte(void **state)
{
    (void)state;
    size_t needed;
    size_t whole = secure_client_hello(&with_name, stream, sizeof(stream));
    for (unsigned first = 0; first < 256; first++) {
        stream[0] = (uint8_t)first;
        bool is_record = first == HELLO_RECORD_TLS;
        assert_int_equal(read_exactly(hello_read_tls, stream, 1, &needed),
                         is_record ? HELLO_MORE : HELLO_OTHER);
        assert_int_equal(read_exactly(hello_read_tls, stream, whole, &needed),
                         is_record ? HELLO_OK : HELLO_OTHER);
    }
}

static void another_handshake_message_is_no_hello(void **state)
{
    (void)state;
    size_t needed;
    size_t whole = secure_client_hello(&with_name, stream, sizeof(stream));
    for (unsigned kind = 0; kind < 256; kind++) {
        stream[5] = (uint8_t)kind;
        assert_int_equal(read_exactly(hello_read_tls, stream, whole, &needed),
                         kind == 1 ? HELLO_OK : HELLO_OTHER);
    }
    whole = say_hello(&datagrams_with_name);
    for (unsigned kind = 0; kind < 256; kind++) {
        stream[13] = (uint8_t)kind;
        assert_int_equal(read_exactly(hello_read_dtls, stream, whole, &needed),
                         kind == 1 ? HELLO_OK : HELLO_OTHER);
    }
    secure_client_fini(&client);
}

static void record_larger_than_there_are_is_refused_before_it_comes(void **state)
{
    (void)state;
    static const uint8_t largest[] = {22, 3, 1, 0x40, 0x00};
    static const uint8_t larger[] = {22, 3, 1, 0x40, 0x01};
    size_t needed;
    assert_int_equal(read_exactly(hello_read_tls, largest, 5, &needed), HELLO_MORE);
    assert_int_equal(needed, HELLO_SIZE_MAX);
    assert_int_equal(read_exactly(hello_read_tls, larger, 5, &needed), HELLO_OTHER);
}

/* The extensions cut off, and the lengths saying so. */
static void hello_without_extensions_has_no_name(void **state)
{
    (void)state;
    struct hello hello;
    size_t size = secure_client_hello(&old_with_name, stream, sizeof(stream));
    struct writer w = {stream, sizeof(stream), size, false};
    assert_int_equal(hello_read_tls(stream, size, &hello), HELLO_OK);
    size_t ciphers_at = HELLO_TLS_HEADER + 4 + 2 + HELLO_RANDOM_SIZE + 1;
    size_t ciphers = (size_t)(stream[ciphers_at] << 8 | stream[ciphers_at + 1]);
    size = ciphers_at + 2 + ciphers + 2; /* compression: one method */
    writer_patch_u16(&w, 3, (uint16_t)(size - HELLO_TLS_HEADER));
    writer_patch_u16(&w, 7, (uint16_t)(size - HELLO_TLS_HEADER - 4));
    assert_int_equal(hello_read_tls(stream, size, &hello), HELLO_OK);
    assert_name(&hello, "");
}

static void datagram_of_another_epoch_is_no_hello(void **state)
{
    (void)state;
    size_t needed;
    size_t size = say_hello(&datagrams_with_name);
    stream[4] = 1;
    assert_int_equal(read_exactly(hello_read_dtls, stream, size, &needed), HELLO_OTHER);
    secure_client_fini(&client);
}

static void fragmented_dtls_hello_is_told_apart(void **state)
{
    (void)state;
    char protocols[601];
    size_t needed;
    for (size_t i = 0; i < 600; i += 3) {
        memcpy(protocols + i, "\x02xx", 3); /* makes the hello larger than its datagrams */
    }
    protocols[600] = '\0';
    struct secure_client_wish wish = {
        .name = "relay.example.org", .least = DTLS1_2_VERSION, .protocols = protocols, .mtu = 300};
    secure_client_begin(&client, &wish);
    assert_false(secure_client_step(&client));
    assert_true(client.out_count > 1);
    for (size_t i = 0; i < client.out_count; i++) {
        const struct secure_client_datagram *d = &client.out[i];
        assert_int_equal(read_exactly(hello_read_dtls, d->bytes, d->size, &needed), HELLO_FRAGMENT);
    }
    secure_client_fini(&client);
}

/* assert_answered — let the client hear a HelloVerifyRequest with this cookie, and see its second
 * hello. */
static void assert_answered(size_t cookie_size)
{
    uint8_t bytes[HELLO_VERIFY_SIZE + HELLO_COOKIE_MAX];
    uint8_t cookie[HELLO_COOKIE_MAX];
    uint8_t none[1];
    uint8_t random[HELLO_RANDOM_SIZE];
    struct hello hello;
    struct writer w = writer_init(bytes, sizeof(bytes));
    uint64_t chance = cookie_size;
    support_fill(&chance, cookie, sizeof(cookie));
    size_t size = say_hello(&datagrams_with_name);
    assert_int_equal(hello_read_dtls(stream, size, &hello), HELLO_OK);
    memcpy(random, hello.random.bytes, sizeof(random));
    hello_write_verify(&w, &hello, (struct span){cookie, cookie_size});
    assert_true(writer_is_ok(&w));
    assert_int_equal(w.used, HELLO_VERIFY_SIZE + cookie_size);
    client.out_count = 0;
    assert_int_equal(secure_client_hear(&client, bytes, w.used, none, sizeof(none)), 0);
    assert_int_equal(client.out_count, 1);
    assert_int_equal(hello_read_dtls(client.out[0].bytes, client.out[0].size, &hello), HELLO_OK);
    assert_int_equal(hello.cookie.size, cookie_size);
    assert_memory_equal(hello.cookie.bytes, cookie, cookie_size);
    assert_memory_equal(hello.random.bytes, random, sizeof(random));
    assert_name(&hello, "relay.example.org");
    assert_ptr_equal(hello.cookie.bytes, client.out[0].bytes + DTLS_COOKIE_AT + 1);
    secure_client_fini(&client);
}

static void openssl_comes_again_with_the_cookie_it_was_asked_for(void **state)
{
    (void)state;
    assert_answered(1);
    assert_answered(20);
    assert_answered(HELLO_COOKIE_MAX);
}

static void verify_request_without_room_fails_the_writer(void **state)
{
    (void)state;
    uint8_t bytes[HELLO_VERIFY_SIZE + 8];
    struct hello hello = {.size = 100};
    for (size_t room = 0; room <= sizeof(bytes); room++) {
        struct writer w = writer_init(bytes, room);
        hello_write_verify(&w, &hello, (struct span){(const uint8_t *)"biscuits", 8});
        assert_int_equal(writer_is_ok(&w), room == sizeof(bytes));
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"the name of a TLS client is found", name_of_a_secure_client_is_found, NULL, NULL, NULL},
        {"the session of a TLS client is found", session_of_a_secure_client_is_found, NULL, NULL,
         NULL},
        {"the name of a DTLS client is found", name_of_a_dsecure_client_is_found, NULL, NULL, NULL},
        {"every beginning of a TLS hello asks for more",
         every_beginning_of_a_tls_hello_asks_for_more, NULL, NULL, NULL},
        {"every beginning of a DTLS hello is none", every_beginning_of_a_dtls_hello_is_none, NULL,
         NULL, NULL},
        {"a TLS hello cut within its record is none", tls_hello_cut_within_its_record_is_none, NULL,
         NULL, NULL},
        {"one byte changed stays in bounds", one_byte_changed_stays_in_bounds, NULL, NULL, NULL},
        {"what is no hello is told at its first byte", what_is_no_hello_is_told_at_its_first_byte,
         NULL, NULL, NULL},
        {"another handshake message is no hello", another_handshake_message_is_no_hello, NULL, NULL,
         NULL},
        {"a record larger than there are is refused before it comes",
         record_larger_than_there_are_is_refused_before_it_comes, NULL, NULL, NULL},
        {"a hello without extensions has no name", hello_without_extensions_has_no_name, NULL, NULL,
         NULL},
        {"a datagram of another epoch is no hello", datagram_of_another_epoch_is_no_hello, NULL,
         NULL, NULL},
        {"a fragmented DTLS hello is told apart", fragmented_dtls_hello_is_told_apart, NULL, NULL,
         NULL},
        {"OpenSSL comes again with the cookie it was asked for",
         openssl_comes_again_with_the_cookie_it_was_asked_for, NULL, NULL, NULL},
        {"a HelloVerifyRequest without room fails the writer",
         verify_request_without_room_fails_the_writer, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
