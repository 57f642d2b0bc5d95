/* probe_credential — who the probe is: a user with a password, or one made from a shared secret.
 * Pure; digest and time are handed in. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_CREDENTIAL_H
#define PROBE_PROBE_CREDENTIAL_H

#include "base/digest.h"
#include "base/mono.h"
#include "wire/stun.h"

enum {
    PROBE_CREDENTIAL_PASSWORD_MAX = 512, /* bytes */
    PROBE_CREDENTIAL_LIFETIME = 600,     /* seconds that a credential made here is good for */
};

struct probe_credential {
    char user[STUN_NAME_MAX + 1];
    char password[PROBE_CREDENTIAL_PASSWORD_MAX + 1];
    struct wall expires; /* 0: it does not, as far as we know */
};

/* probe_credential_fixed — copy user and password, of at most STUN_NAME_MAX and
 * PROBE_CREDENTIAL_PASSWORD_MAX bytes. Returns false, *out undefined, when one is longer. */
bool probe_credential_fixed(const char *user, const char *password, struct probe_credential *out);

/* probe_credential_timed — a time-limited credential as the TURN REST convention has it: the user
 * "expiry:probe", the password the base64 of its HMAC under `secret`, by SHA-256 or by SHA-1.
 * Never fails. */
void probe_credential_timed(const struct digest *digest, struct wall now, const char *secret,
                            bool is_sha256, struct probe_credential *out);

#endif
