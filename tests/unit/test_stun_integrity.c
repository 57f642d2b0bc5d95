/* test_stun_integrity — keys, checks and signatures; the vectors of RFC 5769 and RFC 8489. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "wire/stun_integrity.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ROOM = 512 };

/* RFC 5769 2.1 to 2.3: short-term, so the password is the key. */
#define SHORT_TERM_PASSWORD "VOkJxbRl1RmTxUk/WvJxBt"
#define SHORT_TERM_ID "b7e7a701 bc34d686 fa87dfae"

static const char request_vector[] = /* RFC 5769 2.1; pads with blanks */
    "00010058 2112a442 " SHORT_TERM_ID "80220010 5354554e 20746573 7420636c 69656e74 "
    "00240004 6e0001ff 80290008 932ff9b1 51263b36 "
    "00060009 6576746a 3a683676 59202020 "
    "00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2 "
    "80280004 e57a3bcf";

static const char ipv4_vector[] = /* RFC 5769 2.2; pads with a blank */
    "0101003c 2112a442 " SHORT_TERM_ID "8022000b 74657374 20766563 746f7220 "
    "00200008 0001a147 e112a643 "
    "00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 "
    "80280004 c07d4c96";

static const char ipv6_vector[] = /* RFC 5769 2.3; pads with a blank */
    "01010048 2112a442 " SHORT_TERM_ID "8022000b 74657374 20766563 746f7220 "
    "00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9 "
    "00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41 "
    "80280004 c8fb0b4c";

/* RFC 5769 2.4 and RFC 8489 B.1: long-term; the password is what preparation makes of
 * "The<U+00AD>M<U+00AA>tr<U+2168>". */
#define LONG_TERM_USER "\343\203\236\343\203\210\343\203\252\343\203\203\343\202\257\343\202\271"
#define LONG_TERM_PASSWORD "TheMatrIX"
#define LONG_TERM_REALM "example.org"
#define LONG_TERM_ID "78ad3433 c6ad72c0 29da412e"
#define LONG_TERM_USERHASH "4a3cf38f ef6992bd a952c678 0417da0f 24819415 569e60b2 05c46e41 407f1704"

static const char long_term_vector[] = /* RFC 5769 2.4 */
    "00010060 2112a442 " LONG_TERM_ID "00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000 "
    "0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341 "
    "0014000b 6578616d 706c652e 6f726700 "
    "00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666";

#define SHA256_NONCE                                                                               \
    "00150029 6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39 46535476 "   \
    "79363473 41000000 "

static const char sha256_vector[] = /* RFC 8489 B.1 as erratum 6268 corrects it */
    "00010090 2112a442 " LONG_TERM_ID "001e0020 " LONG_TERM_USERHASH SHA256_NONCE
    "0014000b 6578616d 706c652e 6f726700 "
    "001d0004 00020000 "
    "001c0020 b5c7bf00 5b6c52a2 1c51c5e8 92f81924 136296cb 927c4314 9309278c c6518e65";

static const char sha256_printed[] = /* RFC 8489 B.1 as printed, its length 20 bytes too large */
    "0001009c 2112a442 " LONG_TERM_ID "001e0020 " LONG_TERM_USERHASH SHA256_NONCE
    "0014000b 6578616d 706c652e 6f726700 "
    "001c0020 e4686c8f 0edeb590 13e07090 010a93ef ccbccc54 4c0a45d9 f830aa6d 6f735a01";

struct vector {
    uint8_t bytes[ROOM];
    size_t size;
    struct stun_message message;
};

static void read_vector(struct vector *v, const char *hex)
{
    v->size = support_hex(hex, v->bytes, sizeof(v->bytes));
    assert_int_equal(stun_message_parse(v->bytes, v->size, &v->message), STUN_OK);
}

static struct stun_key key_of_text(const char *text)
{
    struct stun_key key = {.size = (uint8_t)strlen(text)};
    assert_true(key.size <= sizeof(key.bytes));
    memcpy(key.bytes, text, key.size);
    return key;
}

static struct stun_key long_term_key(unsigned algorithm)
{
    return stun_integrity_key(support_digest(), algorithm, span_of_text(LONG_TERM_USER),
                              span_of_text(LONG_TERM_REALM), span_of_text(LONG_TERM_PASSWORD));
}

static bool is_right(const struct stun_message *m, enum stun_integrity kind,
                     const struct stun_key *key)
{
    return stun_integrity_is_right(m, support_digest(), kind, key);
}

static void sign(struct stun_build *b, enum stun_integrity kind, const struct stun_key *key)
{
    stun_integrity_sign(b, support_digest(), kind, key);
}

/* rebuild_begin — a header with the method, class and id of `v`. */
static struct stun_build rebuild_begin(const struct vector *v, uint8_t *bytes)
{
    memset(bytes, 0xee, ROOM);
    return stun_build_begin(bytes, ROOM, (enum stun_class)v->message.class, v->message.method,
                            stun_message_id(&v->message));
}

/* pad_with_blanks — RFC 5769 pads with 0x20, to show that padding may be anything. */
static void pad_with_blanks(struct stun_build *b, size_t size)
{
    memset(b->w.bytes + b->w.used - size, ' ', size);
}

static void assert_rebuilt(const struct stun_build *b, const struct vector *v)
{
    assert_int_equal(stun_build_end(b), v->size);
    assert_memory_equal(b->w.bytes, v->bytes, v->size);
}

static void assert_value(const struct stun_message *m, enum stun_known which, const char *text)
{
    struct span value = stun_message_value(m, which);
    assert_int_equal(value.size, strlen(text));
    assert_memory_equal(value.bytes, text, value.size);
}

static void assert_mapped(const struct stun_message *m, const char *text)
{
    struct netaddr a;
    struct netaddr expected;
    assert_true(stun_message_address(m, STUN_KNOWN_XOR_MAPPED_ADDRESS, &a));
    assert_true(netaddr_parse(text, &expected));
    assert_memory_equal(&a, &expected, sizeof(a));
}

static void sample_request_is_read(void **state)
{
    (void)state;
    struct vector v;
    struct stun_key key = key_of_text(SHORT_TERM_PASSWORD);
    read_vector(&v, request_vector);
    assert_int_equal(v.message.class, STUN_REQUEST);
    assert_int_equal(v.message.method, STUN_BINDING);
    assert_value(&v.message, STUN_KNOWN_SOFTWARE, "STUN test client");
    assert_value(&v.message, STUN_KNOWN_USERNAME, "evtj:h6vY");
    assert_true(v.message.has_unknown); /* PRIORITY is ICE's and not ours */
    assert_true(stun_message_has(&v.message, STUN_KNOWN_FINGERPRINT));
    assert_true(is_right(&v.message, STUN_INTEGRITY_SHA1, &key));
}

static void sample_request_is_rebuilt(void **state)
{
    (void)state;
    struct vector v;
    uint8_t bytes[ROOM];
    struct stun_key key = key_of_text(SHORT_TERM_PASSWORD);
    read_vector(&v, request_vector);
    struct stun_build b = rebuild_begin(&v, bytes);
    stun_build_bytes(&b, STUN_ATTR_SOFTWARE, span_of_text("STUN test client"));
    stun_build_u32(&b, 0x0024, UINT32_C(0x6e0001ff));
    stun_build_bytes(&b, 0x8029, span_of_text("\x93\x2f\xf9\xb1\x51\x26\x3b\x36"));
    stun_build_bytes(&b, STUN_ATTR_USERNAME, span_of_text("evtj:h6vY"));
    pad_with_blanks(&b, 3);
    sign(&b, STUN_INTEGRITY_SHA1, &key);
    stun_build_fingerprint(&b);
    assert_rebuilt(&b, &v);
}

static void ipv4_response_is_read(void **state)
{
    (void)state;
    struct vector v;
    struct stun_key key = key_of_text(SHORT_TERM_PASSWORD);
    read_vector(&v, ipv4_vector);
    assert_int_equal(v.message.class, STUN_SUCCESS);
    assert_value(&v.message, STUN_KNOWN_SOFTWARE, "test vector");
    assert_mapped(&v.message, "192.0.2.1:32853");
    assert_true(stun_message_has(&v.message, STUN_KNOWN_FINGERPRINT));
    assert_true(is_right(&v.message, STUN_INTEGRITY_SHA1, &key));
}

static void ipv6_response_is_read(void **state)
{
    (void)state;
    struct vector v;
    struct stun_key key = key_of_text(SHORT_TERM_PASSWORD);
    read_vector(&v, ipv6_vector);
    assert_int_equal(v.message.class, STUN_SUCCESS);
    assert_value(&v.message, STUN_KNOWN_SOFTWARE, "test vector");
    assert_mapped(&v.message, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
    assert_true(stun_message_has(&v.message, STUN_KNOWN_FINGERPRINT));
    assert_true(is_right(&v.message, STUN_INTEGRITY_SHA1, &key));
}

static void assert_response_rebuilt(const char *vector, const char *mapped)
{
    struct vector v;
    uint8_t bytes[ROOM];
    struct netaddr a;
    struct stun_key key = key_of_text(SHORT_TERM_PASSWORD);
    assert_true(netaddr_parse(mapped, &a));
    read_vector(&v, vector);
    struct stun_build b = rebuild_begin(&v, bytes);
    stun_build_bytes(&b, STUN_ATTR_SOFTWARE, span_of_text("test vector"));
    pad_with_blanks(&b, 1);
    stun_build_address(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, &a);
    sign(&b, STUN_INTEGRITY_SHA1, &key);
    stun_build_fingerprint(&b);
    assert_rebuilt(&b, &v);
}

static void responses_are_rebuilt(void **state)
{
    (void)state;
    assert_response_rebuilt(ipv4_vector, "192.0.2.1:32853");
    assert_response_rebuilt(ipv6_vector, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
}

static void long_term_request_is_read(void **state)
{
    (void)state;
    struct vector v;
    struct stun_key key = long_term_key(STUN_ALGORITHM_MD5);
    read_vector(&v, long_term_vector);
    assert_value(&v.message, STUN_KNOWN_USERNAME, LONG_TERM_USER);
    assert_value(&v.message, STUN_KNOWN_NONCE, "f//499k954d6OL34oL9FSTvy64sA");
    assert_value(&v.message, STUN_KNOWN_REALM, LONG_TERM_REALM);
    assert_int_equal(stun_integrity_kind(&v.message), STUN_INTEGRITY_SHA1);
    assert_true(is_right(&v.message, STUN_INTEGRITY_SHA1, &key));
}

static void long_term_request_is_rebuilt(void **state)
{
    (void)state;
    struct vector v;
    uint8_t bytes[ROOM];
    struct stun_key key = long_term_key(STUN_ALGORITHM_MD5);
    read_vector(&v, long_term_vector);
    struct stun_build b = rebuild_begin(&v, bytes);
    stun_build_bytes(&b, STUN_ATTR_USERNAME, span_of_text(LONG_TERM_USER));
    stun_build_bytes(&b, STUN_ATTR_NONCE, span_of_text("f//499k954d6OL34oL9FSTvy64sA"));
    stun_build_bytes(&b, STUN_ATTR_REALM, span_of_text(LONG_TERM_REALM));
    sign(&b, STUN_INTEGRITY_SHA1, &key);
    assert_rebuilt(&b, &v);
}

static void sha256_request_is_read(void **state)
{
    (void)state;
    struct vector v;
    struct stun_key key = long_term_key(STUN_ALGORITHM_SHA256);
    uint32_t algorithm;
    read_vector(&v, sha256_vector);
    assert_value(&v.message, STUN_KNOWN_NONCE, "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA");
    assert_value(&v.message, STUN_KNOWN_REALM, LONG_TERM_REALM);
    assert_true(stun_message_u32(&v.message, STUN_KNOWN_PASSWORD_ALGORITHM, &algorithm));
    assert_int_equal(algorithm >> 16, STUN_ALGORITHM_SHA256);
    assert_int_equal(stun_integrity_kind(&v.message), STUN_INTEGRITY_SHA256);
    assert_true(is_right(&v.message, STUN_INTEGRITY_SHA256, &key));
}

static void sha256_request_is_rebuilt(void **state)
{
    (void)state;
    struct vector v;
    uint8_t bytes[ROOM];
    uint8_t userhash[STUN_USERHASH_SIZE];
    struct stun_key key = long_term_key(STUN_ALGORITHM_SHA256);
    read_vector(&v, sha256_vector);
    stun_integrity_userhash(support_digest(), span_of_text(LONG_TERM_USER),
                            span_of_text(LONG_TERM_REALM), userhash);
    struct stun_build b = rebuild_begin(&v, bytes);
    stun_build_bytes(&b, STUN_ATTR_USERHASH, (struct span){userhash, sizeof(userhash)});
    stun_build_bytes(&b, STUN_ATTR_NONCE,
                     span_of_text("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"));
    stun_build_bytes(&b, STUN_ATTR_REALM, span_of_text(LONG_TERM_REALM));
    stun_build_u32(&b, STUN_ATTR_PASSWORD_ALGORITHM, (uint32_t)STUN_ALGORITHM_SHA256 << 16);
    sign(&b, STUN_INTEGRITY_SHA256, &key);
    assert_rebuilt(&b, &v);
}

static void userhash_of_the_vector_comes_out(void **state)
{
    (void)state;
    uint8_t expected[STUN_USERHASH_SIZE];
    uint8_t userhash[STUN_USERHASH_SIZE];
    support_hex(LONG_TERM_USERHASH, expected, sizeof(expected));
    stun_integrity_userhash(support_digest(), span_of_text(LONG_TERM_USER),
                            span_of_text(LONG_TERM_REALM), userhash);
    assert_memory_equal(userhash, expected, sizeof(userhash));
}

static void printed_sha256_vector_is_no_message(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_message m;
    size_t size = support_hex(sha256_printed, bytes, sizeof(bytes));
    assert_int_equal(stun_message_parse(bytes, size, &m), STUN_NOT_STUN);
}

static void printed_sha256_vector_is_signed_over_its_wrong_length(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    uint8_t hmac[STUN_SHA256_SIZE];
    struct stun_key key = long_term_key(STUN_ALGORITHM_SHA256);
    size_t size = support_hex(sha256_printed, bytes, sizeof(bytes));
    const struct digest *digest = support_digest();
    struct span covered = {bytes, size - STUN_ATTR_HEADER_SIZE - STUN_SHA256_SIZE};
    digest->hmac_sha256(digest->context, (struct span){key.bytes, key.size}, &covered, 1, hmac);
    assert_memory_equal(hmac, bytes + size - STUN_SHA256_SIZE, STUN_SHA256_SIZE);
}

static void key_is_the_digest_of_user_realm_and_password(void **state)
{
    (void)state;
    uint8_t expected[DIGEST_SHA256_SIZE];
    struct span parts[3] = {span_of_text("user"), span_of_text("realm"), span_of_text("pass")};
    struct stun_key key =
        stun_integrity_key(support_digest(), STUN_ALGORITHM_MD5, parts[0], parts[1], parts[2]);
    assert_int_equal(key.size, 16);
    support_hex("8493fbc53ba582fb4c044c456bdc40eb", expected, sizeof(expected)); /* RFC 5389 15.4 */
    assert_memory_equal(key.bytes, expected, 16);
    key = stun_integrity_key(support_digest(), STUN_ALGORITHM_SHA256, parts[0], parts[1], parts[2]);
    assert_int_equal(key.size, 32);
    struct span whole = span_of_text("user:realm:pass");
    support_digest()->sha256(support_digest()->context, &whole, 1, expected);
    assert_memory_equal(key.bytes, expected, 32);
}

static const struct stun_key some_key = {.bytes = "sixteen bytes of", .size = 16};
static const uint8_t some_id[STUN_ID_SIZE] = "some id";

/* build_signed — a request signed by `kinds` in that order, then with FINGERPRINT if asked for. */
static struct stun_message build_signed(uint8_t *bytes, const enum stun_integrity *kinds,
                                        size_t count, bool has_fingerprint)
{
    struct stun_message m;
    struct stun_build b = stun_build_begin(bytes, ROOM, STUN_REQUEST, STUN_REFRESH,
                                           (struct span){some_id, sizeof(some_id)});
    stun_build_bytes(&b, STUN_ATTR_USERNAME, span_of_text("alice"));
    for (size_t i = 0; i < count; i++) {
        sign(&b, kinds[i], &some_key);
    }
    if (has_fingerprint) {
        stun_build_fingerprint(&b);
    }
    assert_int_equal(stun_message_parse(bytes, stun_build_end(&b), &m), STUN_OK);
    return m;
}

static const enum stun_integrity both_kinds[] = {STUN_INTEGRITY_SHA1, STUN_INTEGRITY_SHA256};

static void signature_is_right_whatever_stands_behind_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(both_kinds); i++) {
        for (int has_fingerprint = 0; has_fingerprint < 2; has_fingerprint++) {
            uint8_t bytes[ROOM];
            struct stun_message m = build_signed(bytes, &both_kinds[i], 1, has_fingerprint);
            assert_int_equal(stun_integrity_kind(&m), both_kinds[i]);
            assert_true(is_right(&m, both_kinds[i], &some_key));
        }
    }
}

static void both_signatures_of_one_message_are_right(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_message m = build_signed(bytes, both_kinds, 2, true);
    assert_int_equal(stun_integrity_kind(&m), STUN_INTEGRITY_SHA256);
    assert_true(is_right(&m, STUN_INTEGRITY_SHA1, &some_key));
    assert_true(is_right(&m, STUN_INTEGRITY_SHA256, &some_key));
}

static void absent_integrity_is_never_right(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_message m = build_signed(bytes, NULL, 0, true);
    assert_int_equal(stun_integrity_kind(&m), STUN_INTEGRITY_NONE);
    assert_false(is_right(&m, STUN_INTEGRITY_NONE, &some_key));
    assert_false(is_right(&m, STUN_INTEGRITY_SHA1, &some_key));
    assert_false(is_right(&m, STUN_INTEGRITY_SHA256, &some_key));
}

static void one_kind_does_not_stand_for_the_other(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_message m = build_signed(bytes, &both_kinds[0], 1, false);
    assert_false(is_right(&m, STUN_INTEGRITY_SHA256, &some_key));
    assert_false(is_right(&m, STUN_INTEGRITY_NONE, &some_key));
    m = build_signed(bytes, &both_kinds[1], 1, false);
    assert_false(is_right(&m, STUN_INTEGRITY_SHA1, &some_key));
    assert_false(is_right(&m, STUN_INTEGRITY_NONE, &some_key));
}

static void every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(both_kinds); i++) {
        uint8_t bytes[ROOM];
        struct stun_message m = build_signed(bytes, &both_kinds[i], 1, false);
        size_t size = m.size;
        for (size_t bit = 0; bit < 8 * size; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            struct stun_message wrong;
            if (stun_message_parse(bytes, size, &wrong) == STUN_OK) {
                assert_false(is_right(&wrong, both_kinds[i], &some_key));
            }
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void every_flipped_bit_of_the_key_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(both_kinds); i++) {
        uint8_t bytes[ROOM];
        struct stun_message m = build_signed(bytes, &both_kinds[i], 1, false);
        for (unsigned bit = 0; bit < 8u * some_key.size; bit++) {
            struct stun_key wrong = some_key;
            wrong.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(is_right(&m, both_kinds[i], &wrong));
        }
        struct stun_key longer = some_key;
        longer.bytes[longer.size++] = 1;
        assert_false(is_right(&m, both_kinds[i], &longer));
    }
}

/* build_cut — a request whose integrity attribute holds the first `size` bytes of the HMAC that a
 * sender who means to cut it would compute. */
static struct stun_message build_cut(uint8_t *bytes, enum stun_integrity kind, size_t size)
{
    const struct digest *digest = support_digest();
    struct stun_message m;
    struct span key = {some_key.bytes, some_key.size};
    uint8_t hmac[2 * STUN_SHA256_SIZE] = {0};
    struct stun_build b = stun_build_begin(bytes, ROOM, STUN_REQUEST, STUN_REFRESH,
                                           (struct span){some_id, sizeof(some_id)});
    struct span covered = {bytes, b.w.used};
    uint8_t *value =
        stun_build_reserve(&b,
                           kind == STUN_INTEGRITY_SHA256 ? STUN_ATTR_MESSAGE_INTEGRITY_SHA256
                                                         : STUN_ATTR_MESSAGE_INTEGRITY,
                           size);
    if (kind == STUN_INTEGRITY_SHA256) {
        digest->hmac_sha256(digest->context, key, &covered, 1, hmac);
    } else {
        digest->hmac_sha1(digest->context, key, &covered, 1, hmac);
    }
    memcpy(value, hmac, size);
    assert_int_equal(stun_message_parse(bytes, stun_build_end(&b), &m), STUN_OK);
    return m;
}

static void sha256_integrity_of_other_than_32_bytes_is_wrong(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 40; size++) {
        uint8_t bytes[ROOM];
        struct stun_message m = build_cut(bytes, STUN_INTEGRITY_SHA256, size);
        assert_int_equal(stun_integrity_kind(&m), STUN_INTEGRITY_SHA256);
        assert_int_equal(is_right(&m, STUN_INTEGRITY_SHA256, &some_key), size == 32);
    }
}

static void sha1_integrity_of_other_than_20_bytes_is_wrong(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 40; size++) {
        uint8_t bytes[ROOM];
        struct stun_message m = build_cut(bytes, STUN_INTEGRITY_SHA1, size);
        assert_int_equal(is_right(&m, STUN_INTEGRITY_SHA1, &some_key), size == 20);
    }
}

static void added_attribute_behind_is_not_signed_and_not_seen(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_message m;
    struct stun_build b = stun_build_begin(bytes, ROOM, STUN_REQUEST, STUN_REFRESH,
                                           (struct span){some_id, sizeof(some_id)});
    sign(&b, STUN_INTEGRITY_SHA1, &some_key);
    stun_build_u32(&b, STUN_ATTR_LIFETIME, 0);
    assert_int_equal(stun_message_parse(bytes, stun_build_end(&b), &m), STUN_OK);
    assert_true(is_right(&m, STUN_INTEGRITY_SHA1, &some_key));
    assert_false(stun_message_has(&m, STUN_KNOWN_LIFETIME));
}

static void no_signature_is_written_for_no_kind(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_build b = stun_build_begin(bytes, ROOM, STUN_ERROR, STUN_REFRESH,
                                           (struct span){some_id, sizeof(some_id)});
    sign(&b, STUN_INTEGRITY_NONE, &some_key);
    assert_int_equal(stun_build_end(&b), STUN_HEADER_SIZE);
}

static void signing_without_room_fails_the_build(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(both_kinds); i++) {
        size_t value = both_kinds[i] == STUN_INTEGRITY_SHA1 ? STUN_SHA1_SIZE : STUN_SHA256_SIZE;
        size_t whole = STUN_HEADER_SIZE + STUN_ATTR_HEADER_SIZE + value;
        for (size_t room = 0; room <= whole; room++) {
            uint8_t bytes[ROOM];
            memset(bytes, 0xdd, sizeof(bytes));
            struct stun_build b = stun_build_begin(bytes, room, STUN_SUCCESS, STUN_REFRESH,
                                                   (struct span){some_id, sizeof(some_id)});
            sign(&b, both_kinds[i], &some_key);
            assert_int_equal(stun_build_end(&b), room == whole ? whole : 0);
            assert_int_equal(bytes[room], 0xdd);
        }
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "V01 RFC 5769 2.1, a sample request, is read",
         .test_func = sample_request_is_read},
        {.name = "V01 RFC 5769 2.1, a sample request, is rebuilt byte for byte",
         .test_func = sample_request_is_rebuilt},
        {.name = "V01 RFC 5769 2.2, an IPv4 response, is read", .test_func = ipv4_response_is_read},
        {.name = "V01 RFC 5769 2.3, an IPv6 response, is read", .test_func = ipv6_response_is_read},
        {.name = "V01 RFC 5769 2.2 and 2.3 are rebuilt byte for byte",
         .test_func = responses_are_rebuilt},
        {.name = "V01 RFC 5769 2.4, a long-term request, is read",
         .test_func = long_term_request_is_read},
        {.name = "V01 RFC 5769 2.4, a long-term request, is rebuilt byte for byte",
         .test_func = long_term_request_is_rebuilt},
        {.name = "V01 RFC 8489 B.1, a SHA-256 request, is read",
         .test_func = sha256_request_is_read},
        {.name = "V01 RFC 8489 B.1, a SHA-256 request, is rebuilt byte for byte",
         .test_func = sha256_request_is_rebuilt},
        {.name = "V01 RFC 8489 B.1, the USERHASH comes out",
         .test_func = userhash_of_the_vector_comes_out},
        {.name = "V01 RFC 8489 B.1 as printed, with its wrong length, is no message",
         .test_func = printed_sha256_vector_is_no_message},
        {.name = "V01 RFC 8489 B.1 as printed is signed over that wrong length",
         .test_func = printed_sha256_vector_is_signed_over_its_wrong_length},
        {.name = "a key is the digest of user, realm and password",
         .test_func = key_is_the_digest_of_user_realm_and_password},
        {.name = "a signature is right whatever stands behind it",
         .test_func = signature_is_right_whatever_stands_behind_it},
        {.name = "both signatures of one message are right, and SHA-256 is judged by",
         .test_func = both_signatures_of_one_message_are_right},
        {.name = "an absent integrity is never right",
         .test_func = absent_integrity_is_never_right},
        {.name = "one kind does not stand for the other",
         .test_func = one_kind_does_not_stand_for_the_other},
        {.name = "every flipped bit is noticed", .test_func = every_flipped_bit_is_noticed},
        {.name = "every flipped bit of the key is noticed",
         .test_func = every_flipped_bit_of_the_key_is_noticed},
        {.name = "S50 a SHA-256 integrity of other than 32 bytes is wrong",
         .test_func = sha256_integrity_of_other_than_32_bytes_is_wrong},
        {.name = "a SHA-1 integrity of other than 20 bytes is wrong",
         .test_func = sha1_integrity_of_other_than_20_bytes_is_wrong},
        {.name = "S26 an attribute added behind is neither signed nor seen",
         .test_func = added_attribute_behind_is_not_signed_and_not_seen},
        {.name = "no signature is written for no kind",
         .test_func = no_signature_is_written_for_no_kind},
        {.name = "signing without room fails the build",
         .test_func = signing_without_room_fails_the_build},
    };
    return cmocka_run_group_tests_name("stun_integrity", tests, NULL, NULL);
}
