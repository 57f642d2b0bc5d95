/* api_key — a key of the HTTP interface: only its hash is kept.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_API_KEY_H
#define STORE_API_KEY_H

#include <jansson.h>

#include "base/digest.h"
#include "base/mono.h"
#include "engine/rights.h"
#include "engine/settings.h"

enum api_key_role { API_KEY_ISSUE, API_KEY_READ, API_KEY_ADMIN, API_KEY_ROLES };

enum {
    API_KEY_ID_SIZE = 13,
    API_KEY_LABEL_MAX = 64,
    API_KEY_TOKEN_SIZE = 4 + API_KEY_ID_SIZE + 1 + 52, /* "tpk_", id, "_", 260 random bits */
};

struct api_key {
    char id[API_KEY_ID_SIZE + 1];
    enum api_key_role role;
    uint8_t hash[DIGEST_SHA256_SIZE]; /* of the whole token */
    char label[API_KEY_LABEL_MAX + 1];
    char tenant[RIGHTS_TENANT_MAX + 1];      /* of all it issues; "": as asked */
    char realm[SETTINGS_REALM_NAME_MAX + 1]; /* the only one it is for; "": all */
    uint32_t rate;                           /* requests per second, 0: no limit */
    struct wall created;
    /* What is left of the second at hand, kept by whoever limits. */
    int64_t second;
    uint32_t spent;
    uint32_t reading; /* the follower's: when it was read last */
};

/* api_key_make — a new id and token for a key, whose other members are set; the token is
 * NUL-terminated and kept nowhere. Never fails. */
void api_key_make(struct api_key *key, const struct digest *digest,
                  char token[API_KEY_TOKEN_SIZE + 1]);

/* api_key_print — the JSON that is kept (`with_hash`) or shown. Returns new; NULL when memory is
 * short. */
json_t *api_key_print(const struct api_key *key, bool with_hash);

/* api_key_parse — read what is kept. Returns false for anything else. */
bool api_key_parse(struct span id, struct span json, struct api_key *out);

/* api_key_role_name, api_key_role_of — roles and their names; -1 for no role. Never fail. */
const char *api_key_role_name(enum api_key_role role);
int api_key_role_of(const char *name);

/* api_key_of_token — the id within a token, NUL-terminated. Returns false for what is no token. */
bool api_key_of_token(const char *token, char id[API_KEY_ID_SIZE + 1]);

/* api_key_opens — whether a token is this key's, in constant time. */
bool api_key_opens(const struct api_key *key, const struct digest *digest, const char *token);

#endif
