/* roster — the users of the simulated server and the passes that visitors come with. */
/* SPDX-License-Identifier: MIT */
#include "sim/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSWORD_MAX = STUN_NAME_MAX + 32 };

const char *roster_realm(uint8_t realm)
{
    static const char *const names[ROSTER_REALMS] = {"example.org", "guests.example.org"};
    return names[realm];
}

static void *must_have(size_t size)
{
    void *at = calloc(1, size);
    if (!at) {
        abort();
    }
    return at;
}

struct roster_book roster_book_new(uint32_t users)
{
    struct roster_book book = {.version = must_have(users), .users = users, .secret = 1};
    memset(book.version, 1, users);
    return book;
}

struct roster_book roster_book_change(const struct roster_book *book, struct dice *dice)
{
    struct roster_book fresh = roster_book_new(book->users);
    fresh.secret = book->secret + (dice_chance(dice, 500) ? 1 : 0);
    for (uint32_t i = 0; i < book->users; i++) {
        fresh.version[i] = book->version[i] ? book->version[i] : 1;
        if (dice_chance(dice, 80)) {
            fresh.version[i] = 0;
        } else if (dice_chance(dice, 50)) {
            fresh.version[i]++;
        }
    }
    return fresh;
}

void roster_book_fini(struct roster_book *book)
{
    free(book->version);
    book->version = NULL;
}

/* name_of — names of every length, so that short and long ones are kept. */
static size_t name_of(uint32_t user, char out[STUN_NAME_MAX + 1])
{
    static const size_t longer[] = {0, 0, 48, 49, 100, 0, 0, STUN_NAME_MAX};
    size_t size = (size_t)sprintf(out, "user%u", (unsigned)user);
    size_t want = longer[user % (sizeof(longer) / sizeof(longer[0]))];
    for (; size < want; size++) {
        out[size] = (char)('a' + size % 26);
    }
    out[size] = '\0';
    return size;
}

static struct span span_of(const char *text, size_t size)
{
    return (struct span){(const uint8_t *)text, size};
}

static struct stun_key key_of(const struct roster *r, unsigned algorithm, uint8_t realm,
                              struct span name, const char *password)
{
    return stun_integrity_key(r->digest, algorithm, name, span_of_text(roster_realm(realm)),
                              span_of_text(password));
}

/* password_of — what a name's password is: a stand-in for what was agreed, or for the HMAC. */
static void password_of(uint8_t realm, const char *name, unsigned version, char *out)
{
    snprintf(out, PASSWORD_MAX, "%u of %u for %s", version, realm, name);
}

/* add — keep a pass, its keys computed. */
static const struct roster_pass *add(struct roster *r, const struct roster_pass *like)
{
    struct roster_pass *pass = must_have(sizeof(*pass));
    char password[PASSWORD_MAX];
    *pass = *like;
    password_of(pass->realm, pass->name, pass->is_wrong ? 9999 : pass->version, password);
    struct span name = span_of(pass->name, pass->name_size);
    pass->md5 = key_of(r, STUN_ALGORITHM_MD5, pass->realm, name, password);
    pass->sha256 = key_of(r, STUN_ALGORITHM_SHA256, pass->realm, name, password);
    pass->next = r->passes;
    r->passes = pass;
    return pass;
}

const struct roster_pass *roster_static(struct roster *r, const struct roster_book *book,
                                        uint32_t user, bool is_wrong)
{
    struct roster_pass like = {.realm = ROSTER_STATIC, .user = user, .is_wrong = is_wrong};
    like.version = book->version[user];
    like.name_size = name_of(user, like.name);
    like.account_size = like.name_size;
    return add(r, &like);
}

const struct roster_pass *roster_timed(struct roster *r, const struct roster_book *book,
                                       uint32_t guest, struct wall expires, bool is_wrong)
{
    struct roster_pass like = {.realm = ROSTER_TIMED, .user = UINT32_MAX, .is_wrong = is_wrong};
    like.version = book->secret + guest % 2;
    like.expires = expires;
    like.name_size =
        (size_t)sprintf(like.name, "%lld:guest%u", (long long)expires.s, (unsigned)guest);
    like.account_at = strcspn(like.name, ":") + 1;
    like.account_size = like.name_size - like.account_at;
    return add(r, &like);
}

bool roster_is_good(const struct roster_book *book, const struct roster_pass *pass)
{
    if (pass->is_wrong) {
        return false;
    }
    if (pass->realm == ROSTER_STATIC) {
        return pass->version != 0 && book->version[pass->user] == pass->version;
    }
    return pass->version == book->secret || pass->version == book->secret + 1;
}

bool roster_is_stored(const struct roster_pass *pass)
{
    return pass->realm == ROSTER_STATIC && pass->user % 9 == 4;
}

void roster_init(struct roster *r, const struct digest *digest, uint32_t users)
{
    *r = (struct roster){.digest = digest};
    r->hash = must_have(users * sizeof(*r->hash));
    for (uint32_t i = 0; i < users; i++) {
        char name[STUN_NAME_MAX + 1];
        size_t size = name_of(i, name);
        stun_integrity_userhash(digest, span_of(name, size),
                                span_of_text(roster_realm(ROSTER_STATIC)), r->hash[i]);
    }
}

static bool is_hash_of(const struct roster *r, const struct keyring_query *query, uint32_t user)
{
    return query->name.size == STUN_USERHASH_SIZE &&
           memcmp(r->hash[user], query->name.bytes, STUN_USERHASH_SIZE) == 0;
}

uint32_t roster_user_of(const struct roster *r, const struct roster_book *book,
                        const struct keyring_query *query)
{
    char name[STUN_NAME_MAX + 1];
    unsigned user;
    if (query->realm != ROSTER_STATIC) {
        return UINT32_MAX;
    }
    for (uint32_t i = 0; query->is_hash && i < book->users; i++) {
        if (is_hash_of(r, query, i)) {
            return i;
        }
    }
    if (query->is_hash) {
        return UINT32_MAX;
    }
    memcpy(name, query->name.bytes, query->name.size);
    name[query->name.size] = '\0';
    if (sscanf(name, "user%u", &user) != 1 || user >= book->users) {
        return UINT32_MAX;
    }
    char own[STUN_NAME_MAX + 1];
    size_t size = name_of(user, own);
    return span_is_equal(span_of(own, size), query->name) ? user : UINT32_MAX;
}

static void add_entry(const struct roster *r, const struct keyring_query *query, unsigned version,
                      struct wall expires, struct keyring_found *out)
{
    char password[PASSWORD_MAX];
    password_of(query->realm, out->name, version, password);
    out->entry[out->count].key =
        key_of(r, query->algorithm, query->realm, span_of(out->name, out->name_size), password);
    out->entry[out->count++].expires = expires;
}

static enum keyring_answer find_timed(const struct roster *r, const struct roster_book *book,
                                      const struct keyring_query *query, struct keyring_found *out)
{
    long long expires;
    int at = 0;
    out->name_size = query->name.size;
    memcpy(out->name, query->name.bytes, query->name.size);
    out->name[out->name_size] = '\0';
    if (query->is_hash || sscanf(out->name, "%lld:%n", &expires, &at) != 1 || at == 0) {
        return KEYRING_UNKNOWN;
    }
    out->account_at = (size_t)at;
    out->account_size = out->name_size - out->account_at;
    add_entry(r, query, book->secret, (struct wall){expires}, out);
    add_entry(r, query, book->secret + 1, (struct wall){expires}, out);
    return KEYRING_FOUND;
}

enum keyring_answer roster_find(const struct roster *r, const struct roster_book *book,
                                const struct keyring_query *query, struct keyring_found *out)
{
    out->count = 0;
    if (query->realm == ROSTER_TIMED) {
        return find_timed(r, book, query, out);
    }
    uint32_t user = roster_user_of(r, book, query);
    if (user == UINT32_MAX || book->version[user] == 0) {
        return KEYRING_UNKNOWN;
    }
    out->name_size = name_of(user, out->name);
    out->account_at = 0;
    out->account_size = out->name_size;
    add_entry(r, query, book->version[user], (struct wall){0}, out);
    return KEYRING_FOUND;
}

void roster_fini(struct roster *r)
{
    free(r->hash);
    r->hash = NULL;
    while (r->passes) {
        struct roster_pass *pass = r->passes;
        r->passes = pass->next;
        free(pass);
    }
}
