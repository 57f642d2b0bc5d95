/* digest — the digests of base/digest by OpenSSL. */
/* SPDX-License-Identifier: MIT */
#include "support/digest.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 }; /* bytes, of SHA-1 and SHA-256 alike */

static void must(int ok)
{
    if (ok != 1) {
        abort();
    }
}

static void begin(struct digest_kind *k)
{
    must(EVP_DigestInit_ex2(k->context, k->md, NULL));
}

static void add(struct digest_kind *k, const void *bytes, size_t size)
{
    must(EVP_DigestUpdate(k->context, bytes, size));
}

static void add_pieces(struct digest_kind *k, const struct span *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(k, pieces[i].bytes, pieces[i].size);
    }
}

static unsigned end(struct digest_kind *k, uint8_t *out)
{
    unsigned size;
    must(EVP_DigestFinal_ex(k->context, out, &size));
    return size;
}

/* hash — one run of bytes. */
static void hash(struct digest_kind *k, const struct span *pieces, size_t count, uint8_t *out)
{
    begin(k);
    add_pieces(k, pieces, count);
    (void)end(k, out);
}

/* pad — a block of the key xored with one byte, RFC 2104. */
static void pad(struct digest_kind *k, struct span key, uint8_t with)
{
    uint8_t block[BLOCK];
    memset(block, with, sizeof(block));
    for (size_t i = 0; i < key.size; i++) {
        block[i] ^= key.bytes[i];
    }
    add(k, block, sizeof(block));
}

/* hmac — RFC 2104 over two runs of one context: OpenSSL's EVP_MAC re-keyed takes 1.7 times as long
 * for SHA-1. */
static void hmac(struct digest_kind *k, struct span key, const struct span *pieces, size_t count,
                 uint8_t *out)
{
    uint8_t inner[EVP_MAX_MD_SIZE];
    uint8_t short_key[EVP_MAX_MD_SIZE];
    if (key.size > BLOCK) {
        begin(k);
        add(k, key.bytes, key.size);
        key.size = end(k, short_key);
        key.bytes = short_key;
    }
    begin(k);
    pad(k, key, 0x36);
    add_pieces(k, pieces, count);
    unsigned size = end(k, inner);
    begin(k);
    pad(k, key, 0x5c);
    add(k, inner, size);
    (void)end(k, out);
}

static void md5(void *context, const struct span *pieces, size_t count,
                uint8_t out[DIGEST_MD5_SIZE])
{
    struct digest_evp *d = context;
    hash(&d->md5, pieces, count, out);
}

static void sha256(void *context, const struct span *pieces, size_t count,
                   uint8_t out[DIGEST_SHA256_SIZE])
{
    struct digest_evp *d = context;
    hash(&d->sha256, pieces, count, out);
}

static void hmac_sha1(void *context, struct span key, const struct span *pieces, size_t count,
                      uint8_t out[DIGEST_SHA1_SIZE])
{
    struct digest_evp *d = context;
    hmac(&d->sha1, key, pieces, count, out);
}

static void hmac_sha256(void *context, struct span key, const struct span *pieces, size_t count,
                        uint8_t out[DIGEST_SHA256_SIZE])
{
    struct digest_evp *d = context;
    hmac(&d->sha256, key, pieces, count, out);
}

static struct digest_kind open_kind(const char *name)
{
    struct digest_kind k = {EVP_MD_fetch(NULL, name, NULL), EVP_MD_CTX_new()};
    must(k.md != NULL && k.context != NULL);
    return k;
}

void digest_init(struct digest_evp *d)
{
    *d = (struct digest_evp){
        .digest = {d, md5, sha256, hmac_sha1, hmac_sha256},
        .md5 = open_kind("MD5"),
        .sha1 = open_kind("SHA1"),
        .sha256 = open_kind("SHA256"),
    };
}

static void close_kind(struct digest_kind *k)
{
    EVP_MD_CTX_free(k->context);
    EVP_MD_free(k->md);
}

void digest_fini(struct digest_evp *d)
{
    close_kind(&d->md5);
    close_kind(&d->sha1);
    close_kind(&d->sha256);
}
