/* stage_keyring — users and secrets of the scene world. */
/* SPDX-License-Identifier: MIT */
#include "base/base64.h"
#include "scene/stage.h"

#include <stdlib.h>

static struct span span_of(const void *bytes, size_t size)
{
    return (struct span){bytes, size};
}

static bool is_asked_for(const struct keyring_query *q, const struct digest *digest,
                         const struct stage_user *u)
{
    uint8_t hash[STUN_USERHASH_SIZE];
    struct span name = span_of(u->name, u->name_size);
    if (!q->is_hash) {
        return span_is_equal(q->name, name);
    }
    stun_integrity_userhash(digest, name, q->realm_name, hash);
    return span_is_equal(q->name, span_of(hash, sizeof(hash)));
}

static void add_key(struct keyring_found *out, const struct keyring_query *q,
                    const struct digest *digest, const char *password, struct wall expires)
{
    if (out->count < KEYRING_ENTRIES_MAX) {
        out->entry[out->count].key =
            stun_integrity_key(digest, q->algorithm, span_of(out->name, out->name_size),
                               q->realm_name, span_of_text(password));
        out->entry[out->count].expires = expires;
        out->count++;
    }
}

static void set_name(struct keyring_found *out, struct span name)
{
    memcpy(out->name, name.bytes, name.size);
    out->name[name.size] = '\0';
    out->name_size = name.size;
    out->account_at = 0;
    out->account_size = name.size;
}

/* read_expiry — the time in a name: "expiry", "expiry:user", "user:expiry"; false without one. */
static bool read_expiry(const struct stage_secret *secret, struct keyring_found *out,
                        struct wall *expires)
{
    const char *colon =
        secret->form == STAGE_USER_FIRST ? strrchr(out->name, ':') : strchr(out->name, ':');
    size_t before = colon ? (size_t)(colon - out->name) : out->name_size;
    const char *digits = colon && secret->form == STAGE_USER_FIRST ? colon + 1 : out->name;
    size_t size = digits == out->name ? before : out->name_size - before - 1;
    if (size == 0 || size > 12 || strspn(digits, "0123456789") != size) {
        return false;
    }
    expires->s = strtoll(digits, NULL, 10);
    if (colon) {
        out->account_at = digits == out->name ? before + 1 : 0;
        out->account_size = digits == out->name ? out->name_size - before - 1 : before;
    }
    return true;
}

enum keyring_answer stage_keyring_find(void *context, const struct keyring_query *query,
                                       const struct digest *digest, struct keyring_found *out)
{
    struct stage *s = context;
    s->look_ups++;
    out->count = 0;
    out->rights = (struct rights){.peer_count = 0};
    for (int i = 0; i < STAGE_USERS_MAX; i++) {
        const struct stage_user *u = &s->user[i];
        if (!u->is_used || u->realm != query->realm || !is_asked_for(query, digest, u)) {
            continue;
        }
        if (s->is_store_down || u->is_late) {
            return s->is_store_down ? KEYRING_DOWN : KEYRING_LATER;
        }
        if (u->is_revoked || s->now.wall.s < u->not_before.s) {
            return KEYRING_UNKNOWN;
        }
        set_name(out, span_of(u->name, u->name_size));
        if (u->owner_size > 0) {
            out->account_at = u->name_size - u->owner_size;
            out->account_size = u->owner_size;
        }
        out->rights = u->rights;
        add_key(out, query, digest, u->password, u->expires);
        return KEYRING_FOUND;
    }
    for (int i = 0; i < STAGE_SECRETS_MAX && !query->is_hash; i++) {
        const struct stage_secret *secret = &s->secret[i];
        struct wall expires;
        char password[64];
        if (secret->is_used && secret->realm == query->realm) {
            set_name(out, query->name);
            if (read_expiry(secret, out, &expires)) {
                stage_keyring_password(digest, secret->text, secret->is_sha256, query->name,
                                       password);
                add_key(out, query, digest, password, expires);
            }
        }
    }
    if (out->count == 0 && s->is_store_down) {
        return KEYRING_DOWN;
    }
    return out->count > 0 ? KEYRING_FOUND : KEYRING_UNKNOWN;
}

void stage_keyring_password(const struct digest *digest, const char *secret, bool is_sha256,
                            struct span name, char *out)
{
    uint8_t mac[DIGEST_SHA256_SIZE];
    struct span key = span_of_text(secret);
    if (is_sha256) {
        digest->hmac_sha256(digest->context, key, &name, 1, mac);
    } else {
        digest->hmac_sha1(digest->context, key, &name, 1, mac);
    }
    out[base64_put(mac, is_sha256 ? DIGEST_SHA256_SIZE : DIGEST_SHA1_SIZE, out)] = '\0';
}
