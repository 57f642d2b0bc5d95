/* digest_openssl — the digests of base/digest by OpenSSL, one re-keyed context per worker.
 * Belongs to one thread. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_DIGEST_OPENSSL_H
#define NET_DIGEST_OPENSSL_H

#include "base/digest.h"

/* digest_openssl_new — returns new digests, freed with digest_openssl_free; NULL when the library
 * lacks one of them (MD5 under a FIPS provider, say) or memory is short. */
struct digest *digest_openssl_new(void);

/* digest_openssl_free — free digests; NULL is taken. Never fails. */
void digest_openssl_free(struct digest *digest);

/* digest_openssl_version — the library's name and version, static. Never fails. */
const char *digest_openssl_version(void);

#endif
