/* roster — users and secrets of the configuration, immutable in memory.
 * Built by the control thread; looked up by every worker at once. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_ROSTER_H
#define STORE_ROSTER_H

#include "engine/keyring.h"

enum roster_digest { ROSTER_SHA1, ROSTER_SHA256, ROSTER_BOTH };

struct roster;

/* roster_new — an empty roster. Returns new, freed with roster_free; NULL when memory is short. */
struct roster *roster_new(void);

/* roster_free — free it, wiping its keys; NULL is taken. Never fails. */
void roster_free(struct roster *r);

/* roster_add_user — a static user of realm number `realm`, whose wire name is `realm_name`, by
 * password (OpaqueString form) or, where that is NULL, by MD5 key alone. Texts are copied into
 * keys, not kept. Returns false when memory is short. Before roster_seal. */
bool roster_add_user(struct roster *r, uint8_t realm, const char *realm_name, const char *name,
                     const char *password, const uint8_t md5_key[DIGEST_MD5_SIZE],
                     const struct digest *digest);

/* roster_add_secret — a secret of the realm for time-limited credentials (the TURN REST
 * convention), copied. Returns false when memory is short. Before roster_seal. */
bool roster_add_secret(struct roster *r, uint8_t realm, const char *secret,
                       enum roster_digest which);

/* roster_seal — make it ready to be asked; nothing may be added afterwards. Returns false when
 * memory is short. */
bool roster_seal(struct roster *r);

/* roster_find_user — the static user that a query names. Returns whether there is one, with *out
 * filled: no key when she has none for the algorithm. Sealed. */
bool roster_find_user(const struct roster *r, const struct keyring_query *query,
                      struct keyring_found *out);

/* roster_find_secrets — append the keys that the realm's secrets give a time-limited name to
 * *out, with its account. Nothing for other names. Never fails. */
void roster_find_secrets(const struct roster *r, const struct keyring_query *query,
                         const struct digest *digest, struct keyring_found *out);

/* roster_secret — the secrets of a realm, with `index` from 0 up, borrowed. Returns false behind
 * the last. */
bool roster_secret(const struct roster *r, uint8_t realm, size_t index, struct span *secret,
                   enum roster_digest *which);

/* roster_time_limited — split a time-limited user name: "expiry:user", "user:expiry" or "expiry",
 * decimal seconds since 1970. Returns false when it is none; else *expires and where in the name
 * the user part lies, which is the whole when there is none. Never fails. */
bool roster_time_limited(struct span name, struct wall *expires, size_t *user_at,
                         size_t *user_size);

/* roster_password — the password that goes with a time-limited name under a secret: base64 of an
 * HMAC over the name, NUL-terminated, at most 45 bytes with the NUL, into `out`. Never fails. */
void roster_password(const struct digest *digest, enum roster_digest which, struct span secret,
                     struct span name, char out[48]);

#endif
