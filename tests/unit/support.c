/* support — what the unit tests share. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/span.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

static void *reserve(void *context, size_t size)
{
    struct support_memory *m = context;
    if (m->reserve_fails) {
        return NULL;
    }
    void *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(at != MAP_FAILED);
    m->reservations++;
    return at;
}

static bool commit(void *context, void *at, size_t size)
{
    struct support_memory *m = context;
    m->commits++;
    if (m->fail_from != 0 && m->commits >= m->fail_from &&
        m->commits - m->fail_from < m->fail_count) {
        return false;
    }
    assert_int_equal(mprotect(at, size, PROT_READ | PROT_WRITE), 0);
    return true;
}

static void release(void *context, void *at, size_t size)
{
    struct support_memory *m = context;
    assert_int_not_equal(m->reservations, 0);
    m->reservations--;
    assert_int_equal(munmap(at, size), 0);
}

void support_memory_init(struct support_memory *m)
{
    *m = (struct support_memory){
        .memory = {.context = m, .reserve = reserve, .commit = commit, .release = release},
    };
}

void support_memory_fail(struct support_memory *m, unsigned from, unsigned count)
{
    m->fail_from = from == 0 ? 0 : m->commits + from;
    m->fail_count = count;
}

static void hash(const EVP_MD *md, const struct span *pieces, size_t count, uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_non_null(ctx);
    assert_int_equal(EVP_DigestInit_ex(ctx, md, NULL), 1);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(EVP_DigestUpdate(ctx, pieces[i].bytes, pieces[i].size), 1);
    }
    assert_int_equal(EVP_DigestFinal_ex(ctx, out, NULL), 1);
    EVP_MD_CTX_free(ctx);
}

static void hmac(const char *name, struct span key, const struct span *pieces, size_t count,
                 uint8_t *out, size_t room)
{
    char digest[16];
    snprintf(digest, sizeof(digest), "%s", name);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
    assert_non_null(ctx);
    assert_int_equal(EVP_MAC_init(ctx, key.bytes, key.size, params), 1);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(EVP_MAC_update(ctx, pieces[i].bytes, pieces[i].size), 1);
    }
    assert_int_equal(EVP_MAC_final(ctx, out, NULL, room), 1);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
}

static void md5(void *context, const struct span *pieces, size_t count,
                uint8_t out[DIGEST_MD5_SIZE])
{
    (void)context;
    hash(EVP_md5(), pieces, count, out);
}

static void sha256(void *context, const struct span *pieces, size_t count,
                   uint8_t out[DIGEST_SHA256_SIZE])
{
    (void)context;
    hash(EVP_sha256(), pieces, count, out);
}

static void hmac_sha1(void *context, struct span key, const struct span *pieces, size_t count,
                      uint8_t out[DIGEST_SHA1_SIZE])
{
    (void)context;
    hmac("SHA1", key, pieces, count, out, DIGEST_SHA1_SIZE);
}

static void hmac_sha256(void *context, struct span key, const struct span *pieces, size_t count,
                        uint8_t out[DIGEST_SHA256_SIZE])
{
    (void)context;
    hmac("SHA256", key, pieces, count, out, DIGEST_SHA256_SIZE);
}

const struct digest *support_digest(void)
{
    static const struct digest digest = {
        .md5 = md5, .sha256 = sha256, .hmac_sha1 = hmac_sha1, .hmac_sha256 = hmac_sha256};
    return &digest;
}

uint64_t support_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint32_t support_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)((support_random(state) >> 32) * limit >> 32);
}

void support_fill(uint64_t *state, void *out, size_t size)
{
    uint8_t *bytes = out;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)support_random(state);
    }
}

static unsigned digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    assert_non_null(at);
    return (unsigned)(at - digits);
}

size_t support_hex(const char *text, uint8_t *out, size_t room)
{
    size_t used = 0;
    while (*text) {
        if (*text == ' ') {
            text++;
            continue;
        }
        assert_true(used < room);
        unsigned high = digit_of(text[0]);
        out[used++] = (uint8_t)(high << 4 | digit_of(text[1]));
        text += 2;
    }
    return used;
}
