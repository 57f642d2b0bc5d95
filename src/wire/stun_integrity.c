/* stun_integrity — MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256.
 *
 * What the HMAC covers, RFC 8489 14.5:
 *
 *   | type | length* | cookie | id | attributes ... | MESSAGE-INTEGRITY | FINGERPRINT |
 *   |<------------- covered ---------------------->|
 *
 * with length* as if the integrity attribute were the last one. */
/* SPDX-License-Identifier: MIT */
#include "wire/stun_integrity.h"

#include <string.h>

#include "base/secret.h"

struct stun_key stun_integrity_key(const struct digest *digest, unsigned algorithm,
                                   struct span user, struct span realm, struct span password)
{
    struct span colon = span_of_text(":");
    struct span pieces[] = {user, colon, realm, colon, password};
    struct stun_key key = {.size = DIGEST_MD5_SIZE};
    if (algorithm == STUN_ALGORITHM_SHA256) {
        key.size = DIGEST_SHA256_SIZE;
        digest->sha256(digest->context, pieces, 5, key.bytes);
    } else {
        digest->md5(digest->context, pieces, 5, key.bytes);
    }
    return key;
}

void stun_integrity_userhash(const struct digest *digest, struct span user, struct span realm,
                             uint8_t out[STUN_USERHASH_SIZE])
{
    struct span pieces[] = {user, span_of_text(":"), realm};
    digest->sha256(digest->context, pieces, 3, out);
}

enum stun_integrity stun_integrity_kind(const struct stun_message *m)
{
    if (stun_message_has(m, STUN_KNOWN_MESSAGE_INTEGRITY_SHA256)) {
        return STUN_INTEGRITY_SHA256;
    }
    return stun_message_has(m, STUN_KNOWN_MESSAGE_INTEGRITY) ? STUN_INTEGRITY_SHA1
                                                             : STUN_INTEGRITY_NONE;
}

/* compute — the HMAC over `covered` bytes of a message, its header's length replaced by that of a
 * message which ends with an integrity value of `size` bytes. */
static void compute(const struct digest *digest, enum stun_integrity kind,
                    const struct stun_key *key, struct span covered, size_t size, uint8_t *out)
{
    uint8_t head[4] = {covered.bytes[0], covered.bytes[1], 0, 0};
    struct writer w = writer_init(head + 2, 2);
    writer_u16(&w, (uint16_t)(covered.size - STUN_HEADER_SIZE + STUN_ATTR_HEADER_SIZE + size));
    struct span pieces[] = {{head, 4}, {covered.bytes + 4, covered.size - 4}};
    struct span secret = {key->bytes, key->size};
    if (kind == STUN_INTEGRITY_SHA256) {
        digest->hmac_sha256(digest->context, secret, pieces, 2, out);
    } else {
        digest->hmac_sha1(digest->context, secret, pieces, 2, out);
    }
}

static size_t size_of(enum stun_integrity kind)
{
    return kind == STUN_INTEGRITY_SHA256 ? STUN_SHA256_SIZE : STUN_SHA1_SIZE;
}

bool stun_integrity_is_right(const struct stun_message *m, const struct digest *digest,
                             enum stun_integrity kind, const struct stun_key *key)
{
    enum stun_known which = kind == STUN_INTEGRITY_SHA256 ? STUN_KNOWN_MESSAGE_INTEGRITY_SHA256
                                                          : STUN_KNOWN_MESSAGE_INTEGRITY;
    struct span value = stun_message_value(m, which);
    /* The SHA-256 one may be truncated only where the usage says so; TURN does not, 14.6. */
    if (kind == STUN_INTEGRITY_NONE || value.size != size_of(kind)) {
        return false;
    }
    uint8_t expected[DIGEST_SHA256_SIZE];
    struct span covered = {m->bytes, (size_t)(value.bytes - m->bytes) - STUN_ATTR_HEADER_SIZE};
    compute(digest, kind, key, covered, value.size, expected);
    return secret_is_equal(expected, value.bytes, value.size);
}

void stun_integrity_sign(struct stun_build *b, const struct digest *digest,
                         enum stun_integrity kind, const struct stun_key *key)
{
    if (kind == STUN_INTEGRITY_NONE) {
        return;
    }
    size_t before = b->w.used;
    uint16_t type = kind == STUN_INTEGRITY_SHA256 ? STUN_ATTR_MESSAGE_INTEGRITY_SHA256
                                                  : STUN_ATTR_MESSAGE_INTEGRITY;
    uint8_t *value = stun_build_reserve(b, type, size_of(kind));
    if (value) {
        struct span covered = {b->w.bytes, before};
        compute(digest, kind, key, covered, size_of(kind), value);
    }
}
