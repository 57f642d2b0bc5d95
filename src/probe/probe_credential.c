/* probe_credential — who the probe is. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_credential.h"

#include <string.h>

#include "base/base64.h"
#include "base/text.h"

bool probe_credential_fixed(const char *user, const char *password, struct probe_credential *out)
{
    struct text u = text_init(out->user, sizeof(out->user));
    struct text p = text_init(out->password, sizeof(out->password));
    text_put(&u, user);
    text_put(&p, password);
    out->expires.s = 0;
    return !u.cut && !p.cut;
}

void probe_credential_timed(const struct digest *digest, struct wall now, const char *secret,
                            bool is_sha256, struct probe_credential *out)
{
    uint8_t mac[DIGEST_SHA256_SIZE];
    size_t size = is_sha256 ? DIGEST_SHA256_SIZE : DIGEST_SHA1_SIZE;
    out->expires.s = now.s + PROBE_CREDENTIAL_LIFETIME;
    struct text user = text_init(out->user, sizeof(out->user));
    text_i64(&user, out->expires.s);
    text_put(&user, ":probe");
    struct span piece = span_of_text(out->user);
    if (is_sha256) {
        digest->hmac_sha256(digest->context, span_of_text(secret), &piece, 1, mac);
    } else {
        digest->hmac_sha1(digest->context, span_of_text(secret), &piece, 1, mac);
    }
    out->password[base64_put(mac, size, out->password)] = '\0';
}
