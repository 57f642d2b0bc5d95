/* stun_integrity — MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256: keys, checking, signing.
 * Pure; the digests are handed in. Any thread that owns the digest. */
/* SPDX-License-Identifier: MIT */
#ifndef WIRE_STUN_INTEGRITY_H
#define WIRE_STUN_INTEGRITY_H

#include "base/digest.h"
#include "wire/stun_build.h"
#include "wire/stun_message.h"

/* The key of a long-term credential: 16 bytes (MD5) or 32 (SHA-256), RFC 8489 18.5.1. */
struct stun_key {
    uint8_t bytes[DIGEST_SHA256_SIZE];
    uint8_t size;
};

enum stun_integrity {
    STUN_INTEGRITY_NONE,
    STUN_INTEGRITY_SHA1,   /* MESSAGE-INTEGRITY, 14.5 */
    STUN_INTEGRITY_SHA256, /* MESSAGE-INTEGRITY-SHA256, 14.6 */
};

/* stun_integrity_key — the key of user, realm and password under STUN_ALGORITHM_MD5 or _SHA256,
 * RFC 8489 18.5.1. Never fails. */
struct stun_key stun_integrity_key(const struct digest *digest, unsigned algorithm,
                                   struct span user, struct span realm, struct span password);

/* stun_integrity_userhash — SHA-256 of "user:realm", 14.4, into `out`. Never fails. */
void stun_integrity_userhash(const struct digest *digest, struct span user, struct span realm,
                             uint8_t out[STUN_USERHASH_SIZE]);

/* stun_integrity_kind — which integrity attribute a request is to be judged by: SHA-256 where both
 * are there, 9.2.4. Never fails. */
enum stun_integrity stun_integrity_kind(const struct stun_message *m);

/* stun_integrity_is_right — whether the integrity attribute of that kind has the full size and
 * matches under `key`, compared in constant time. False when it is absent. Never fails. */
bool stun_integrity_is_right(const struct stun_message *m, const struct digest *digest,
                             enum stun_integrity kind, const struct stun_key *key);

/* stun_integrity_sign — append the integrity attribute of that kind (none for
 * STUN_INTEGRITY_NONE); fails the build without room. */
void stun_integrity_sign(struct stun_build *b, const struct digest *digest,
                         enum stun_integrity kind, const struct stun_key *key);

#endif
