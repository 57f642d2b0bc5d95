/* test_base64 — the encoding of RFC 4648, held against its vectors and against OpenSSL. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/base64.h"

#include <string.h>

#include <openssl/evp.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void rfc_4648_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *encoded;
    } vectors[] = {{"", ""},
                   {"f", "Zg=="},
                   {"fo", "Zm8="},
                   {"foo", "Zm9v"},
                   {"foob", "Zm9vYg=="},
                   {"fooba", "Zm9vYmE="},
                   {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < COUNT(vectors); i++) {
        size_t size = strlen(vectors[i].plain);
        char out[16];
        size_t used = base64_put((const uint8_t *)vectors[i].plain, size, out);
        assert_int_equal(used, strlen(vectors[i].encoded));
        assert_int_equal(used, base64_size(size));
        assert_memory_equal(out, vectors[i].encoded, used);
    }
}

static void any_bytes_are_encoded_as_openssl_does(void **state)
{
    (void)state;
    uint64_t chance = 5;
    for (int size = 1; size <= 96; size++) {
        uint8_t bytes[96];
        char out[128];
        uint8_t expected[130];
        support_fill(&chance, bytes, sizeof(bytes));
        size_t used = base64_put(bytes, (size_t)size, out);
        assert_int_equal(used, EVP_EncodeBlock(expected, bytes, size));
        assert_int_equal(used, base64_size((size_t)size));
        assert_memory_equal(out, expected, used);
    }
}

static void nothing_is_written_behind_the_text(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 6; size++) {
        char out[16];
        memset(out, '#', sizeof(out));
        size_t used = base64_put((const uint8_t *)"\xff\xff\xff\xff\xff\xff", size, out);
        for (size_t i = used; i < sizeof(out); i++) {
            assert_int_equal(out[i], '#');
        }
    }
}

static void digit_and_value_are_inverse(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 64; value++) {
        assert_int_equal(base64_value(base64_digit(value)), value);
    }
    assert_int_equal(base64_digit(0), 'A');
    assert_int_equal(base64_digit(26), 'a');
    assert_int_equal(base64_digit(52), '0');
    assert_int_equal(base64_digit(62), '+');
    assert_int_equal(base64_digit(63), '/');
}

static void other_characters_have_no_value(void **state)
{
    (void)state;
    int digits = 0;
    for (int c = -128; c <= 127; c++) {
        digits += base64_value((char)c) >= 0;
    }
    assert_int_equal(digits, 64);
    static const char others[] = {'\0', '=', '-', '_', ' ', '\n', '@', '[', '`', '{', ':', '.'};
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_int_equal(base64_value(others[i]), -1);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "the vectors of RFC 4648 come out", .test_func = rfc_4648_vectors},
        {.name = "any bytes are encoded as OpenSSL does",
         .test_func = any_bytes_are_encoded_as_openssl_does},
        {.name = "nothing is written behind the text",
         .test_func = nothing_is_written_behind_the_text},
        {.name = "digit and value are inverse", .test_func = digit_and_value_are_inverse},
        {.name = "other characters have no value", .test_func = other_characters_have_no_value},
    };
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
