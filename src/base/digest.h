/* digest — the digests the core computes with, handed in by whoever owns a crypto library.
 * Interface only; net/digest_openssl implements it, one per worker. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/span.h"

enum {
    DIGEST_MD5_SIZE = 16,
    DIGEST_SHA1_SIZE = 20,
    DIGEST_SHA256_SIZE = 32,
};

/* Functions that hash `count` pieces as if they were one run of bytes, into `out`.
 * `context` belongs to one thread. None of them fails: a library that cannot is fatal at start. */
struct digest {
    void *context;
    void (*md5)(void *context, const struct span *pieces, size_t count,
                uint8_t out[DIGEST_MD5_SIZE]);
    void (*sha256)(void *context, const struct span *pieces, size_t count,
                   uint8_t out[DIGEST_SHA256_SIZE]);
    void (*hmac_sha1)(void *context, struct span key, const struct span *pieces, size_t count,
                      uint8_t out[DIGEST_SHA1_SIZE]);
    void (*hmac_sha256)(void *context, struct span key, const struct span *pieces, size_t count,
                        uint8_t out[DIGEST_SHA256_SIZE]);
};

#endif
