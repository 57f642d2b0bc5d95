/* roster — users and secrets of the configuration. */
/* SPDX-License-Identifier: MIT */
#include "store/roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/secret.h"

struct entry {
    uint8_t realm;
    bool has_sha256; /* false for a user known by MD5 key alone */
    char *name;
    size_t name_size;
    struct stun_key md5, sha256;
    uint8_t userhash[STUN_USERHASH_SIZE];
};

struct shared_secret {
    uint8_t realm;
    enum roster_digest which;
    char *text;
    size_t size;
};

struct roster {
    struct entry *entry; /* sorted by realm and name once sealed */
    size_t entry_count;
    struct entry **by_hash; /* the same, sorted by realm and user hash */
    struct shared_secret *secret;
    size_t secret_count;
};

struct roster *roster_new(void)
{
    return calloc(1, sizeof(struct roster));
}

void roster_free(struct roster *r)
{
    if (!r) {
        return;
    }
    for (size_t i = 0; i < r->entry_count; i++) {
        free(r->entry[i].name);
        secret_wipe(&r->entry[i], sizeof(r->entry[i]));
    }
    for (size_t i = 0; i < r->secret_count; i++) {
        secret_wipe(r->secret[i].text, r->secret[i].size);
        free(r->secret[i].text);
    }
    free(r->entry);
    free(r->by_hash);
    free(r->secret);
    free(r);
}

bool roster_add_user(struct roster *r, uint8_t realm, const char *realm_name, const char *name,
                     const char *password, const uint8_t md5_key[DIGEST_MD5_SIZE],
                     const struct digest *digest)
{
    struct entry *grown = realloc(r->entry, (r->entry_count + 1) * sizeof(*grown));
    char *copy = strdup(name);
    if (grown) {
        r->entry = grown;
    }
    if (!grown || !copy) {
        free(copy);
        return false;
    }
    struct entry *e = &r->entry[r->entry_count++];
    struct span user = span_of_text(copy);
    struct span own = span_of_text(realm_name);
    *e = (struct entry){.realm = realm, .name = copy, .name_size = user.size};
    stun_integrity_userhash(digest, user, own, e->userhash);
    if (password) {
        struct span word = span_of_text(password);
        e->md5 = stun_integrity_key(digest, STUN_ALGORITHM_MD5, user, own, word);
        e->sha256 = stun_integrity_key(digest, STUN_ALGORITHM_SHA256, user, own, word);
        e->has_sha256 = true;
    } else {
        e->md5.size = DIGEST_MD5_SIZE;
        memcpy(e->md5.bytes, md5_key, DIGEST_MD5_SIZE);
    }
    return true;
}

bool roster_add_secret(struct roster *r, uint8_t realm, const char *secret,
                       enum roster_digest which)
{
    struct shared_secret *grown = realloc(r->secret, (r->secret_count + 1) * sizeof(*grown));
    char *copy = strdup(secret);
    if (grown) {
        r->secret = grown;
    }
    if (!grown || !copy) {
        free(copy);
        return false;
    }
    struct shared_secret *s = &r->secret[r->secret_count++];
    s->realm = realm;
    s->which = which;
    s->text = copy;
    s->size = strlen(copy);
    return true;
}

static int compare_name(const struct entry *e, uint8_t realm, struct span name)
{
    if (e->realm != realm) {
        return e->realm < realm ? -1 : 1;
    }
    if (e->name_size != name.size) {
        return e->name_size < name.size ? -1 : 1;
    }
    return memcmp(e->name, name.bytes, name.size);
}

static int order_by_name(const void *a, const void *b)
{
    const struct entry *y = b;
    return compare_name(a, y->realm, (struct span){(const uint8_t *)y->name, y->name_size});
}

static int compare_hash(const struct entry *e, uint8_t realm, const uint8_t *hash)
{
    if (e->realm != realm) {
        return e->realm < realm ? -1 : 1;
    }
    return memcmp(e->userhash, hash, sizeof(e->userhash));
}

static int order_by_hash(const void *a, const void *b)
{
    const struct entry *const *x = a;
    const struct entry *const *y = b;
    return compare_hash(*x, (*y)->realm, (*y)->userhash);
}

static const struct entry *find_name(const struct roster *r, uint8_t realm, struct span name)
{
    size_t low = 0;
    size_t high = r->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_name(&r->entry[middle], realm, name);
        if (order == 0) {
            return &r->entry[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

static const struct entry *find_hash(const struct roster *r, uint8_t realm, struct span hash)
{
    size_t low = 0;
    size_t high = hash.size == STUN_USERHASH_SIZE && r->by_hash ? r->entry_count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_hash(r->by_hash[middle], realm, hash.bytes);
        if (order == 0) {
            return r->by_hash[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

/* number_in — the whole of `s` as decimal seconds; -1 when it is anything else. */
static int64_t number_in(struct span s)
{
    enum { DIGITS_MAX = 15 };
    int64_t value = 0;
    if (s.size == 0 || s.size > DIGITS_MAX) {
        return -1;
    }
    for (size_t i = 0; i < s.size; i++) {
        if (s.bytes[i] < '0' || s.bytes[i] > '9') {
            return -1;
        }
        value = value * 10 + (s.bytes[i] - '0');
    }
    return value;
}

/* is_first_the_time — which of two numbers is the expiry: the one that can be a date; of two that
 * can, the earlier, so that a mistake expires too soon and never lives for ever. */
static bool is_first_the_time(int64_t before, int64_t behind)
{
    enum { DATE = 1000000000 }; /* September 2001 */
    if (before <= 0 || behind <= 0) {
        return before > 0;
    }
    if ((before >= DATE) != (behind >= DATE)) {
        return before >= DATE;
    }
    return before <= behind;
}

bool roster_time_limited(struct span name, struct wall *expires, size_t *user_at, size_t *user_size)
{
    const uint8_t *first = name.size ? memchr(name.bytes, ':', name.size) : NULL;
    const uint8_t *last = name.size ? memrchr(name.bytes, ':', name.size) : NULL;
    *user_at = 0;
    *user_size = name.size;
    if (!first) {
        expires->s = number_in(name);
        return expires->s > 0;
    }
    size_t head = (size_t)(first - name.bytes);
    size_t tail = (size_t)(last - name.bytes);
    int64_t before = number_in((struct span){name.bytes, head});
    int64_t behind = number_in((struct span){last + 1, name.size - tail - 1});
    bool is_first = is_first_the_time(before, behind);
    size_t size = is_first ? name.size - head - 1 : tail;
    if (size > 0) { /* those who name no user are not all one */
        *user_at = is_first ? head + 1 : 0;
        *user_size = size;
    }
    expires->s = is_first ? before : behind;
    return expires->s > 0;
}

void roster_password(const struct digest *digest, enum roster_digest which, struct span secret,
                     struct span name, char out[48])
{
    uint8_t mac[DIGEST_SHA256_SIZE];
    size_t size = DIGEST_SHA1_SIZE;
    if (which == ROSTER_SHA256) {
        size = DIGEST_SHA256_SIZE;
        digest->hmac_sha256(digest->context, secret, &name, 1, mac);
    } else {
        digest->hmac_sha1(digest->context, secret, &name, 1, mac);
    }
    out[base64_put(mac, size, out)] = '\0';
}

static void add_found(struct keyring_found *out, const struct stun_key *key, struct wall expires)
{
    if (out->count < KEYRING_ENTRIES_MAX) {
        out->entry[out->count].key = *key;
        out->entry[out->count].expires = expires;
        out->count++;
    }
}

/* add_derived — the key that a secret gives a time-limited name. */
static void add_derived(const struct shared_secret *s, enum roster_digest which,
                        const struct keyring_query *query, const struct digest *digest,
                        struct wall expires, struct keyring_found *out)
{
    char password[48];
    struct span secret = {(const uint8_t *)s->text, s->size};
    roster_password(digest, which, secret, query->name, password);
    struct stun_key key = stun_integrity_key(digest, query->algorithm, query->name,
                                             query->realm_name, span_of_text(password));
    add_found(out, &key, expires);
    secret_wipe(password, sizeof(password));
    secret_wipe(&key, sizeof(key));
}

void roster_find_secrets(const struct roster *r, const struct keyring_query *query,
                         const struct digest *digest, struct keyring_found *out)
{
    struct wall expires;
    size_t at;
    size_t size;
    if (query->is_hash || !roster_time_limited(query->name, &expires, &at, &size)) {
        return; /* names that anyone may invent cannot be found by their hash */
    }
    for (size_t i = 0; i < r->secret_count; i++) {
        const struct shared_secret *s = &r->secret[i];
        if (s->realm == query->realm && s->which != ROSTER_SHA256) {
            add_derived(s, ROSTER_SHA1, query, digest, expires, out);
        }
        if (s->realm == query->realm && s->which != ROSTER_SHA1) {
            add_derived(s, ROSTER_SHA256, query, digest, expires, out);
        }
    }
    if (out->count > 0) {
        out->account_at = at;
        out->account_size = size;
    }
}

bool roster_secret(const struct roster *r, uint8_t realm, size_t index, struct span *secret,
                   enum roster_digest *which)
{
    for (size_t i = 0; i < r->secret_count; i++) {
        const struct shared_secret *s = &r->secret[i];
        if (s->realm == realm && index-- == 0) {
            *secret = (struct span){(const uint8_t *)s->text, s->size};
            *which = s->which;
            return true;
        }
    }
    return false;
}

bool roster_find_user(const struct roster *r, const struct keyring_query *query,
                      struct keyring_found *out)
{
    const struct entry *e = query->is_hash ? find_hash(r, query->realm, query->name)
                                           : find_name(r, query->realm, query->name);
    if (!e) {
        return false;
    }
    memcpy(out->name, e->name, e->name_size);
    out->name_size = e->name_size;
    out->account_at = 0;
    out->account_size = e->name_size;
    if (query->algorithm == STUN_ALGORITHM_MD5) {
        add_found(out, &e->md5, (struct wall){0});
    } else if (e->has_sha256) {
        add_found(out, &e->sha256, (struct wall){0});
    }
    return true;
}

bool roster_seal(struct roster *r)
{
    if (r->entry_count > 0) {
        qsort(r->entry, r->entry_count, sizeof(*r->entry), order_by_name);
        r->by_hash = calloc(r->entry_count, sizeof(*r->by_hash));
        if (!r->by_hash) {
            return false;
        }
    }
    for (size_t i = 0; r->by_hash && i < r->entry_count; i++) {
        r->by_hash[i] = &r->entry[i];
    }
    if (r->by_hash) {
        qsort(r->by_hash, r->entry_count, sizeof(*r->by_hash), order_by_hash);
    }
    return true;
}
