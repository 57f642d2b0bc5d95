/* test_digest_openssl — the server's digests against the vectors of RFC 1321, FIPS 180, RFC 2202
 * and RFC 4231, and against OpenSSL's own HMAC. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/digest_openssl.h"

#include <string.h>

static struct digest *digest;

static int begin(void **state)
{
    (void)state;
    digest = digest_openssl_new();
    return digest ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    digest_openssl_free(digest);
    return 0;
}

static void assert_hex(const uint8_t *got, const char *hex, size_t size)
{
    uint8_t expected[64];
    assert_int_equal(support_hex(hex, expected, sizeof(expected)), size);
    assert_memory_equal(got, expected, size);
}

static void md5_is_that_of_rfc_1321(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"a", "0cc175b9c0f1b6a831c399e269772661"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "57edf4a22be3c955ac49da2e2107b67a"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t out[DIGEST_MD5_SIZE];
        struct span text = span_of_text(rows[i][0]);
        digest->md5(digest->context, &text, 1, out);
        assert_hex(out, rows[i][1], sizeof(out));
    }
}

static void sha256_is_that_of_fips_180(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t out[DIGEST_SHA256_SIZE];
        struct span text = span_of_text(rows[i][0]);
        digest->sha256(digest->context, &text, 1, out);
        assert_hex(out, rows[i][1], sizeof(out));
    }
}

/* One case of RFC 2202 or 4231: key and data are text, or one byte repeated. */
struct vector {
    const char *key;
    uint8_t key_byte;
    size_t key_size;
    const char *data;
    uint8_t data_byte;
    size_t data_size;
    const char *mac;
};

static struct span bytes_of(const char *text, uint8_t byte, size_t size, uint8_t room[200])
{
    if (text) {
        return span_of_text(text);
    }
    memset(room, byte, size);
    return (struct span){room, size};
}

static const char counting[] = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
                               "\x11\x12\x13\x14\x15\x16\x17\x18\x19";

static void hmac_sha1_is_that_of_rfc_2202(void **state)
{
    (void)state;
    static const struct vector rows[] = {
        {NULL, 0x0b, 20, "Hi There", 0, 0, "b617318655057264e28bc0b6fb378c8ef146be00"},
        {"Jefe", 0, 0, "what do ya want for nothing?", 0, 0,
         "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
        {NULL, 0xaa, 20, NULL, 0xdd, 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
        {counting, 0, 0, NULL, 0xcd, 50, "4c9007f4026250c6bc8414f9bf50c86c2d7235da"},
        {NULL, 0x0c, 20, "Test With Truncation", 0, 0, "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"},
        {NULL, 0xaa, 80, "Test Using Larger Than Block-Size Key - Hash Key First", 0, 0,
         "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
        {NULL, 0xaa, 80,
         "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data", 0, 0,
         "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t key_room[200], data_room[200], out[DIGEST_SHA1_SIZE];
        const struct vector *v = &rows[i];
        struct span key = bytes_of(v->key, v->key_byte, v->key_size, key_room);
        struct span data = bytes_of(v->data, v->data_byte, v->data_size, data_room);
        digest->hmac_sha1(digest->context, key, &data, 1, out);
        assert_hex(out, v->mac, sizeof(out));
    }
}

static void hmac_sha256_is_that_of_rfc_4231(void **state)
{
    (void)state;
    static const struct vector rows[] = {
        {NULL, 0x0b, 20, "Hi There", 0, 0,
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", 0, 0, "what do ya want for nothing?", 0, 0,
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {NULL, 0xaa, 20, NULL, 0xdd, 50,
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {counting, 0, 0, NULL, 0xcd, 50,
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {NULL, 0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 0, 0,
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {NULL, 0xaa, 131,
         "This is a test using a larger than block-size key and a larger than block-size data. "
         "The key needs to be hashed before being used by the HMAC algorithm.",
         0, 0, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t key_room[200], data_room[200], out[DIGEST_SHA256_SIZE];
        const struct vector *v = &rows[i];
        struct span key = bytes_of(v->key, v->key_byte, v->key_size, key_room);
        struct span data = bytes_of(v->data, v->data_byte, v->data_size, data_room);
        digest->hmac_sha256(digest->context, key, &data, 1, out);
        assert_hex(out, v->mac, sizeof(out));
    }
}

static void keys_of_every_size_agree_with_openssl(void **state)
{
    (void)state;
    uint8_t bytes[300];
    uint64_t chance = 17;
    const struct digest *other = support_digest();
    support_fill(&chance, bytes, sizeof(bytes));
    for (size_t size = 1; size <= 200; size++) {
        uint8_t got[DIGEST_SHA256_SIZE], expected[DIGEST_SHA256_SIZE];
        struct span key = {bytes, size};
        struct span text = {bytes + 50, size};
        digest->hmac_sha1(digest->context, key, &text, 1, got);
        other->hmac_sha1(other->context, key, &text, 1, expected);
        assert_memory_equal(got, expected, DIGEST_SHA1_SIZE);
        digest->hmac_sha256(digest->context, key, &text, 1, got);
        other->hmac_sha256(other->context, key, &text, 1, expected);
        assert_memory_equal(got, expected, DIGEST_SHA256_SIZE);
    }
}

static void pieces_are_hashed_as_one_run(void **state)
{
    (void)state;
    const struct span whole = span_of_text("user:realm:password");
    const struct span pieces[] = {
        span_of_text("user"),  span_of_text(":"), {NULL, 0},
        span_of_text("realm"), span_of_text(""),  span_of_text(":password")};
    uint8_t one[DIGEST_SHA256_SIZE], many[DIGEST_SHA256_SIZE];
    digest->md5(digest->context, &whole, 1, one);
    digest->md5(digest->context, pieces, 6, many);
    assert_memory_equal(one, many, DIGEST_MD5_SIZE);
    digest->sha256(digest->context, &whole, 1, one);
    digest->sha256(digest->context, pieces, 6, many);
    assert_memory_equal(one, many, DIGEST_SHA256_SIZE);
    digest->hmac_sha1(digest->context, whole, &whole, 1, one);
    digest->hmac_sha1(digest->context, whole, pieces, 6, many);
    assert_memory_equal(one, many, DIGEST_SHA1_SIZE);
    digest->hmac_sha256(digest->context, whole, &whole, 1, one);
    digest->hmac_sha256(digest->context, whole, pieces, 6, many);
    assert_memory_equal(one, many, DIGEST_SHA256_SIZE);
}

static void empty_key_and_text_are_taken(void **state)
{
    (void)state;
    uint8_t out[DIGEST_SHA256_SIZE];
    digest->hmac_sha256(digest->context, (struct span){NULL, 0}, NULL, 0, out);
    assert_hex(out, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
               sizeof(out));
    digest->hmac_sha1(digest->context, (struct span){NULL, 0}, NULL, 0, out);
    assert_hex(out, "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d", DIGEST_SHA1_SIZE);
}

static void library_says_its_name(void **state)
{
    (void)state;
    assert_true(strlen(digest_openssl_version()) > 0);
    digest_openssl_free(NULL);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"MD5 is that of RFC 1321", md5_is_that_of_rfc_1321, begin, end, NULL},
        {"SHA-256 is that of FIPS 180", sha256_is_that_of_fips_180, begin, end, NULL},
        {"HMAC-SHA1 is that of RFC 2202", hmac_sha1_is_that_of_rfc_2202, begin, end, NULL},
        {"HMAC-SHA256 is that of RFC 4231", hmac_sha256_is_that_of_rfc_4231, begin, end, NULL},
        {"keys of every size agree with OpenSSL", keys_of_every_size_agree_with_openssl, begin, end,
         NULL},
        {"pieces are hashed as one run", pieces_are_hashed_as_one_run, begin, end, NULL},
        {"an empty key and text are taken", empty_key_and_text_are_taken, begin, end, NULL},
        {"the library says its name", library_says_its_name, begin, end, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
