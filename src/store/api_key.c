/* api_key — a key of the HTTP interface: only its hash is kept. */
/* SPDX-License-Identifier: MIT */
#include "store/api_key.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "net/clock.h"
#include "net/entropy_os.h"
#include "store/grant.h"
#include "store/ticket.h"

static const char prefix[] = "tpk_";

enum { PREFIX_SIZE = sizeof(prefix) - 1, RANDOM_SIZE = 52 };

static void hash_token(const struct digest *digest, const char *token,
                       uint8_t out[DIGEST_SHA256_SIZE])
{
    struct span bytes = span_of_text(token);
    digest->sha256(digest->context, &bytes, 1, out);
}

void api_key_make(struct api_key *key, const struct digest *digest,
                  char token[API_KEY_TOKEN_SIZE + 1])
{
    uint8_t bytes[API_KEY_ID_SIZE + RANDOM_SIZE];
    char letters[RANDOM_SIZE + 1];
    const struct entropy *entropy = entropy_os();
    entropy->fill(entropy->context, bytes, sizeof(bytes));
    ticket_letters(bytes, API_KEY_ID_SIZE, key->id);
    ticket_letters(bytes + API_KEY_ID_SIZE, RANDOM_SIZE, letters);
    snprintf(token, API_KEY_TOKEN_SIZE + 1, "%s%s_%s", prefix, key->id, letters);
    hash_token(digest, token, key->hash);
    key->created = clock_now().wall;
    secret_wipe(bytes, sizeof(bytes));
    secret_wipe(letters, sizeof(letters));
}

const char *api_key_role_name(enum api_key_role role)
{
    static const char *const names[API_KEY_ROLES] = {"issue", "read", "admin"};
    return names[role];
}

int api_key_role_of(const char *name)
{
    for (int i = 0; name && i < API_KEY_ROLES; i++) {
        if (strcmp(name, api_key_role_name((enum api_key_role)i)) == 0) {
            return i;
        }
    }
    return -1;
}

json_t *api_key_print(const struct api_key *key, bool with_hash)
{
    json_t *o = json_object();
    json_object_set_new(o, "id", json_string(key->id));
    json_object_set_new(o, "role", json_string(api_key_role_name(key->role)));
    json_object_set_new(o, "label", json_string(key->label));
    json_object_set_new(o, "tenant", json_string(key->tenant));
    json_object_set_new(o, "realm", json_string(key->realm));
    json_object_set_new(o, "rate", json_integer(key->rate));
    json_object_set_new(o, "created", json_integer(key->created.s));
    if (with_hash) {
        char hex[2 * DIGEST_SHA256_SIZE + 1];
        struct text t = text_init(hex, sizeof(hex));
        text_hex(&t, key->hash, sizeof(key->hash));
        json_object_set_new(o, "hash", json_string(hex));
    }
    return o;
}

/* read_text — a text member into `room` bytes; false when it is longer or no text: what narrows a
 * key must not be lost. "" when it is not there. */
static bool read_text(const json_t *o, const char *member, char *out, size_t room)
{
    const json_t *value = json_object_get(o, member);
    const char *text = value ? json_string_value(value) : "";
    return text && (size_t)snprintf(out, room, "%s", text) < room;
}

/* read_rate — likewise; 0 when it is not there. */
static bool read_rate(const json_t *o, uint32_t *out)
{
    const json_t *value = json_object_get(o, "rate");
    json_int_t number = json_integer_value(value);
    *out = (uint32_t)number;
    return !value || (json_is_integer(value) && number >= 0 && number <= UINT32_MAX);
}

bool api_key_parse(struct span id, struct span json, struct api_key *out)
{
    struct stun_key hash = {.size = 0};
    json_t *o = json_loadb((const char *)json.bytes, json.size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *hex = json_object_get(o, "hash");
    int role = api_key_role_of(json_string_value(json_object_get(o, "role")));
    *out = (struct api_key){.role = API_KEY_ISSUE};
    bool ok =
        role >= 0 && id.size == API_KEY_ID_SIZE && ticket_is_label(id) && json_is_string(hex) &&
        grant_read_key(json_string_value(hex), json_string_length(hex), &hash) &&
        hash.size == DIGEST_SHA256_SIZE && read_text(o, "label", out->label, sizeof(out->label)) &&
        read_text(o, "tenant", out->tenant, sizeof(out->tenant)) &&
        read_text(o, "realm", out->realm, sizeof(out->realm)) && read_rate(o, &out->rate);
    if (ok) {
        memcpy(out->id, id.bytes, id.size);
        memcpy(out->hash, hash.bytes, sizeof(out->hash));
        out->role = (enum api_key_role)role;
        out->created.s = json_integer_value(json_object_get(o, "created"));
    }
    json_decref(o);
    return ok;
}

bool api_key_of_token(const char *token, char id[API_KEY_ID_SIZE + 1])
{
    struct span middle = {(const uint8_t *)token + PREFIX_SIZE, API_KEY_ID_SIZE};
    if (strlen(token) != API_KEY_TOKEN_SIZE || memcmp(token, prefix, PREFIX_SIZE) != 0 ||
        token[PREFIX_SIZE + API_KEY_ID_SIZE] != '_' || !ticket_is_label(middle)) {
        return false;
    }
    memcpy(id, token + PREFIX_SIZE, API_KEY_ID_SIZE);
    id[API_KEY_ID_SIZE] = '\0';
    return true;
}

bool api_key_opens(const struct api_key *key, const struct digest *digest, const char *token)
{
    uint8_t hash[DIGEST_SHA256_SIZE];
    hash_token(digest, token, hash);
    return secret_is_equal(hash, key->hash, sizeof(hash));
}
