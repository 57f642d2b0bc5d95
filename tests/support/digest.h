/* digest — the digests of base/digest by OpenSSL, for tests and benches that need real ones.
 * Not the server's: net/digest_openssl is. One per thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_DIGEST_H
#define SUPPORT_DIGEST_H

#include "base/digest.h"

#include <openssl/evp.h>

/* One algorithm: fetched once, its context used again for every run of bytes. */
struct digest_kind {
    EVP_MD *md;
    EVP_MD_CTX *context;
};

struct digest_evp {
    struct digest digest; /* what the core is handed; refers to this record */
    struct digest_kind md5, sha1, sha256;
};

/* digest_init — fetch the algorithms; *d must not move until digest_fini. Ends the process when
 * OpenSSL cannot. */
void digest_init(struct digest_evp *d);

/* digest_fini — give everything back. Never fails. */
void digest_fini(struct digest_evp *d);

#endif
