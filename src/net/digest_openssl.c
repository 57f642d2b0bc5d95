/* digest_openssl — the digests of base/digest by OpenSSL.
 *
 * HMAC is made of the bare digests here, RFC 2104: inner = H(key ^ 0x36.. || text), outer =
 * H(key ^ 0x5c.. || inner). Re-keying OpenSSL's EVP_MAC costs more than the two digests do. */
/* SPDX-License-Identifier: MIT */
#include "net/digest_openssl.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/secret.h"

enum { BLOCK_SIZE = 64 }; /* of MD5, SHA-1 and SHA-256 alike */

struct context {
    EVP_MD *md5, *sha1, *sha256;
    EVP_MD_CTX *run;
};

/* hash — the digest `md` of `head` and then `count` pieces. OpenSSL's default provider cannot fail
 * here; what cannot be computed must not be taken for a match. */
static void hash(struct context *c, const EVP_MD *md, struct span head, const struct span *pieces,
                 size_t count, uint8_t *out)
{
    bool ok = EVP_DigestInit_ex2(c->run, md, NULL) == 1 &&
              EVP_DigestUpdate(c->run, head.bytes, head.size) == 1;
    for (size_t i = 0; i < count; i++) {
        ok = ok && EVP_DigestUpdate(c->run, pieces[i].bytes, pieces[i].size) == 1;
    }
    if (!ok || EVP_DigestFinal_ex(c->run, out, NULL) != 1) {
        abort();
    }
}

static void hmac(struct context *c, const EVP_MD *md, size_t size, struct span key,
                 const struct span *pieces, size_t count, uint8_t *out)
{
    uint8_t pad[BLOCK_SIZE] = {0};
    uint8_t inner[DIGEST_SHA256_SIZE];
    if (key.size > BLOCK_SIZE) {
        hash(c, md, key, NULL, 0, pad);
    } else if (key.size > 0) {
        memcpy(pad, key.bytes, key.size);
    }
    for (int i = 0; i < BLOCK_SIZE; i++) {
        pad[i] ^= 0x36;
    }
    hash(c, md, (struct span){pad, BLOCK_SIZE}, pieces, count, inner);
    for (int i = 0; i < BLOCK_SIZE; i++) {
        pad[i] ^= 0x36 ^ 0x5c;
    }
    struct span second = {inner, size};
    hash(c, md, (struct span){pad, BLOCK_SIZE}, &second, 1, out);
    secret_wipe(pad, sizeof(pad));
}

static void md5(void *context, const struct span *pieces, size_t count,
                uint8_t out[DIGEST_MD5_SIZE])
{
    struct context *c = context;
    hash(c, c->md5, (struct span){0}, pieces, count, out);
}

static void sha256(void *context, const struct span *pieces, size_t count,
                   uint8_t out[DIGEST_SHA256_SIZE])
{
    struct context *c = context;
    hash(c, c->sha256, (struct span){0}, pieces, count, out);
}

static void hmac_sha1(void *context, struct span key, const struct span *pieces, size_t count,
                      uint8_t out[DIGEST_SHA1_SIZE])
{
    struct context *c = context;
    hmac(c, c->sha1, DIGEST_SHA1_SIZE, key, pieces, count, out);
}

static void hmac_sha256(void *context, struct span key, const struct span *pieces, size_t count,
                        uint8_t out[DIGEST_SHA256_SIZE])
{
    struct context *c = context;
    hmac(c, c->sha256, DIGEST_SHA256_SIZE, key, pieces, count, out);
}

struct digest *digest_openssl_new(void)
{
    struct digest *digest = calloc(1, sizeof(*digest));
    struct context *c = calloc(1, sizeof(*c));
    if (!digest || !c) {
        free(digest);
        free(c);
        return NULL;
    }
    *digest = (struct digest){NULL, md5, sha256, hmac_sha1, hmac_sha256};
    digest->context = c;
    c->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
    c->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    c->run = EVP_MD_CTX_new();
    if (!c->md5 || !c->sha1 || !c->sha256 || !c->run) {
        digest_openssl_free(digest);
        return NULL;
    }
    return digest;
}

void digest_openssl_free(struct digest *digest)
{
    if (!digest) {
        return;
    }
    struct context *c = digest->context;
    EVP_MD_CTX_free(c->run);
    EVP_MD_free(c->md5);
    EVP_MD_free(c->sha1);
    EVP_MD_free(c->sha256);
    free(c);
    free(digest);
}

const char *digest_openssl_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
