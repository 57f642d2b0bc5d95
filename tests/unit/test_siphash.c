/* test_siphash — the keyed hash, held against its authors' vectors and against OpenSSL. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/siphash.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The key 00 01 ... 0f of the authors' vectors. */
static const struct siphash_key counting = {
    {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};

static void put_little_endian(uint8_t *out, uint64_t word)
{
    for (int i = 0; i < 8; i++) {
        out[i] = (uint8_t)(word >> 8 * i);
    }
}

/* openssl_siphash — SipHash with `c` rounds a word and `d` at the end. */
static uint64_t openssl_siphash(const struct siphash_key *key, const uint8_t *bytes, size_t size,
                                unsigned c, unsigned d)
{
    uint8_t raw[16];
    uint8_t out[8];
    unsigned width = sizeof(out);
    put_little_endian(raw, key->word[0]);
    put_little_endian(raw + 8, key->word[1]);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &width),
        OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &c),
        OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &d),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
    assert_non_null(ctx);
    assert_int_equal(EVP_MAC_init(ctx, raw, sizeof(raw), params), 1);
    assert_int_equal(EVP_MAC_update(ctx, bytes, size), 1);
    assert_int_equal(EVP_MAC_final(ctx, out, NULL, sizeof(out)), 1);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
    uint64_t hash = 0;
    for (int i = 7; i >= 0; i--) {
        hash = hash << 8 | out[i];
    }
    return hash;
}

static void authors_vectors_come_out(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        uint64_t hash;
    } vectors[] = {
        {0, UINT64_C(0x726fdb47dd0e0e31)},  {1, UINT64_C(0x74f839c593dc67fd)},
        {7, UINT64_C(0xab0200f58b01d137)},  {8, UINT64_C(0x93f5f5799a932462)},
        {15, UINT64_C(0xa129ca6149be45e5)}, {63, UINT64_C(0x958a324ceb064572)},
    };
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < COUNT(vectors); i++) {
        assert_true(siphash(&counting, bytes, vectors[i].size) == vectors[i].hash);
    }
}

static void any_length_is_hashed_as_openssl_does(void **state)
{
    (void)state;
    uint64_t chance = 7;
    for (size_t size = 0; size <= 300; size++) {
        uint8_t bytes[300];
        struct siphash_key key;
        support_fill(&chance, bytes, sizeof(bytes));
        support_fill(&chance, &key, sizeof(key));
        assert_true(siphash(&key, bytes, size) == openssl_siphash(&key, bytes, size, 2, 4));
    }
}

static void words_are_hashed_as_siphash_1_3_does(void **state)
{
    (void)state;
    uint64_t chance = 8;
    for (size_t count = 0; count <= 8; count++) {
        uint64_t words[9];
        uint8_t bytes[64] = {0};
        struct siphash_key key;
        support_fill(&chance, &key, sizeof(key));
        for (size_t i = 0; i < count; i++) {
            words[i] = support_random(&chance);
            put_little_endian(bytes + 8 * i, words[i]);
        }
        words[count] = (uint64_t)(8 * count) << 56; /* the word that SipHash ends with by itself */
        assert_true(siphash_words(&key, words, count + 1) ==
                    openssl_siphash(&key, bytes, 8 * count, 1, 3));
    }
}

static void place_in_memory_does_not_matter(void **state)
{
    (void)state;
    uint8_t bytes[40];
    uint8_t copy[48];
    uint64_t chance = 9;
    support_fill(&chance, bytes, sizeof(bytes));
    for (size_t shift = 0; shift < 8; shift++) {
        memcpy(copy + shift, bytes, sizeof(bytes));
        assert_true(siphash(&counting, copy + shift, sizeof(bytes)) ==
                    siphash(&counting, bytes, sizeof(bytes)));
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "the authors' vectors of SipHash-2-4 come out",
         .test_func = authors_vectors_come_out},
        {.name = "bytes of any length are hashed as OpenSSL does",
         .test_func = any_length_is_hashed_as_openssl_does},
        {.name = "words are hashed as SipHash-1-3 does",
         .test_func = words_are_hashed_as_siphash_1_3_does},
        {.name = "the place in memory does not matter",
         .test_func = place_in_memory_does_not_matter},
    };
    return cmocka_run_group_tests_name("siphash", tests, NULL, NULL);
}
