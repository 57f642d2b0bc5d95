/* auth — the long-term credential mechanism: who sent this request? */
/* SPDX-License-Identifier: MIT */
#include "engine/auth.h"

#include "base/secret.h"
#include "engine/allocation.h"
#include "engine/nonce.h"
#include "engine/reply.h"

struct wall auth_until(const struct settings_realm *realm, struct wall expires)
{
    if (expires.s == 0) {
        return expires;
    }
    return (struct wall){expires.s + (realm->is_strict ? 0 : (int64_t)realm->grace)};
}

uint64_t auth_account(const struct turn_host *host, uint8_t realm, enum turn_account kind,
                      struct span name)
{
    struct siphash_key key = host->account_key;
    key.word[1] ^= realm | (uint64_t)kind << 8;
    return siphash(&key, name.bytes, name.size);
}

/* is_complete — everything a signed request must have, RFC 8489 9.2.4. */
static bool is_complete(const struct stun_message *m)
{
    bool has_user =
        stun_message_has(m, STUN_KNOWN_USERNAME) || stun_message_has(m, STUN_KNOWN_USERHASH);
    return has_user && stun_message_has(m, STUN_KNOWN_REALM) &&
           stun_message_has(m, STUN_KNOWN_NONCE);
}

/* choose_algorithm — the client's choice, if it was offered and nobody took the better one away on
 * the way. Neither attribute: MD5, as RFC 5389 has it. */
static bool choose_algorithm(struct request *rq)
{
    const struct stun_message *m = &rq->message;
    bool has_list = stun_message_has(m, STUN_KNOWN_PASSWORD_ALGORITHMS);
    bool has_choice = stun_message_has(m, STUN_KNOWN_PASSWORD_ALGORITHM);
    rq->algorithm = STUN_ALGORITHM_MD5;
    rq->kind = STUN_INTEGRITY_SHA1;
    if (!has_list && !has_choice) {
        return true;
    }
    struct span offered = {reply_algorithms, REPLY_ALGORITHMS_SIZE};
    uint32_t choice; /* number and length of its parameters, which none of ours has */
    if (!has_list || !stun_message_u32(m, STUN_KNOWN_PASSWORD_ALGORITHM, &choice) ||
        !span_is_equal(stun_message_value(m, STUN_KNOWN_PASSWORD_ALGORITHMS), offered)) {
        return false;
    }
    rq->algorithm = (uint8_t)(choice >> 16);
    rq->kind = STUN_INTEGRITY_SHA256;
    return choice == (uint32_t)STUN_ALGORITHM_MD5 << 16 || choice == (uint32_t)STUN_ALGORITHM_SHA256
                                                                         << 16;
}

/* is_signed_by — whether the request's integrity is right under a key. SHA-256 keys come with
 * MESSAGE-INTEGRITY-SHA256 only, RFC 8489 9.2.4. */
static bool is_signed_by(const struct turn *t, const struct request *rq, const struct stun_key *key)
{
    enum stun_integrity kind = stun_integrity_kind(&rq->message);
    bool is_right = stun_integrity_is_right(&rq->message, t->host->digest, kind, key);
    return is_right && (rq->algorithm == STUN_ALGORITHM_MD5 || kind == STUN_INTEGRITY_SHA256);
}

static bool find_realm(const struct turn *t, struct request *rq)
{
    int number =
        settings_realm_number(t->settings, stun_message_value(&rq->message, STUN_KNOWN_REALM));
    rq->realm = number < 0 ? rq->realm : (uint8_t)number;
    return number >= 0;
}

/* names_user — whether the request's USERNAME or USERHASH is that of a kept user. */
static bool names_user(const struct turn *t, const struct request *rq, uint32_t user)
{
    if (stun_message_has(&rq->message, STUN_KNOWN_USERNAME)) {
        struct span name = stun_message_value(&rq->message, STUN_KNOWN_USERNAME);
        return user_is_named(&t->users, user, rq->realm, name);
    }
    const struct settings_realm *realm = &t->settings->realm[rq->realm];
    struct span hash = stun_message_value(&rq->message, STUN_KNOWN_USERHASH);
    char name[STUN_NAME_MAX + 1];
    uint8_t own[STUN_USERHASH_SIZE];
    struct span text = {(const uint8_t *)name, user_name(&t->users, user, name)};
    struct span realm_name = {(const uint8_t *)realm->name, realm->name_size};
    stun_integrity_userhash(t->host->digest, text, realm_name, own);
    return hash.size == sizeof(own) && memcmp(own, hash.bytes, sizeof(own)) == 0;
}

/* check_kept — judge the request by the user of the allocation on its path, if it names that one
 * and is signed by its key: no look-up, and good beyond the credential's expiry. */
static bool check_kept(struct turn *t, struct request *rq)
{
    if (rq->flow == FLOW_NONE) {
        return false;
    }
    uint32_t user = allocation_at(t, rq->flow)->user;
    const struct user *u = user_at(&t->users, user);
    const struct user_rights *rights = user_rights(&t->users, user);
    if (u->realm != rq->realm || u->algorithm != rq->algorithm || !names_user(t, rq, user) ||
        !is_signed_by(t, rq, &u->key)) {
        return false;
    }
    rq->key = u->key;
    rq->expires = u->expires;
    rq->until = u->until;
    rq->account = u->account;
    rq->rights.client = rights ? rights->rights.client : rq->rights.client;
    rq->name_size = (uint16_t)user_name(&t->users, user, rq->name);
    return true;
}

/* take_found — the entry that the request is signed with; without one, false. */
static bool take_found(struct turn *t, struct request *rq, const struct keyring_found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        if (!is_signed_by(t, rq, &found->entry[i].key)) {
            continue;
        }
        rq->key = found->entry[i].key;
        rq->expires = found->entry[i].expires;
        rq->until = auth_until(&t->settings->realm[rq->realm], rq->expires);
        rq->name_size = (uint16_t)found->name_size;
        memcpy(rq->name, found->name, found->name_size);
        rq->name[found->name_size] = '\0';
        struct span account = {(const uint8_t *)found->name + found->account_at,
                               found->account_size};
        rq->account = auth_account(t->host, rq->realm, TURN_ACCOUNT_USER, account);
        rq->account_at = (uint16_t)found->account_at;
        rq->account_size = (uint16_t)found->account_size;
        rq->rights = found->rights;
        return true;
    }
    return false;
}

/* ask_keyring — who the user is by the keyring. */
static enum auth_verdict ask_keyring(struct turn *t, struct request *rq, enum refusal_kind *why)
{
    const struct settings_realm *realm = &t->settings->realm[rq->realm];
    bool is_hash = !stun_message_has(&rq->message, STUN_KNOWN_USERNAME);
    struct keyring_query query = {
        .realm = rq->realm,
        .is_hash = is_hash,
        .algorithm = rq->algorithm,
        .name =
            stun_message_value(&rq->message, is_hash ? STUN_KNOWN_USERHASH : STUN_KNOWN_USERNAME),
        .realm_name = {(const uint8_t *)realm->name, realm->name_size},
        .may_fetch = true,
        .worker = t->host->worker,
    };
    struct keyring_found found = {.count = 0};
    enum keyring_answer answer = KEYRING_UNKNOWN;
    if (query.name.size <= STUN_NAME_MAX) {
        const struct keyring *k = t->host->keyring;
        answer = k->find(k->context, &query, t->host->digest, &found);
    }
    *why = REFUSAL_UNAUTHORIZED;
    if (answer == KEYRING_LATER) {
        return AUTH_LATER;
    }
    if (answer == KEYRING_DOWN) {
        *why = REFUSAL_NO_STORE;
        return AUTH_REFUSED;
    }
    if (answer == KEYRING_UNKNOWN || answer == KEYRING_REVOKED) {
        struct stun_key nobody = {.size = DIGEST_MD5_SIZE};
        (void)is_signed_by(t, rq, &nobody); /* an unknown user takes as long as a wrong password */
        return AUTH_REFUSED;
    }
    bool is_found = take_found(t, rq, &found);
    secret_wipe(&found, sizeof(found));
    return is_found ? AUTH_OK : AUTH_REFUSED;
}

/* is_in_time — whether the credential is good at this moment: until it expires, and for an
 * allocation its own user has, as long as the realm lets it be outlived. */
static bool is_in_time(const struct turn *t, const struct request *rq)
{
    if (rq->expires.s == 0 || rq->now.wall.s < rq->expires.s) {
        return rq->until.s == 0 || rq->now.wall.s < rq->until.s;
    }
    return rq->now.wall.s < rq->until.s && rq->flow != FLOW_NONE && auth_is_owner(t, rq);
}

enum auth_verdict auth_check(struct turn *t, struct request *rq, enum refusal_kind *why)
{
    const struct stun_message *m = &rq->message;
    *why = REFUSAL_NO_INTEGRITY;
    if (stun_integrity_kind(m) == STUN_INTEGRITY_NONE) {
        return AUTH_REFUSED;
    }
    *why = REFUSAL_INCOMPLETE;
    if (!is_complete(m)) {
        return AUTH_REFUSED;
    }
    rq->nonce_is_valid =
        nonce_is_valid(&t->host->nonce_key, stun_message_value(m, STUN_KNOWN_NONCE),
                       &rq->path->client.a, rq->now.wall, t->settings->nonce_lifetime);
    *why = REFUSAL_ALGORITHM;
    if (!choose_algorithm(rq)) {
        return AUTH_REFUSED;
    }
    *why = REFUSAL_UNAUTHORIZED;
    if (!find_realm(t, rq)) {
        return AUTH_REFUSED; /* never 437: clients take that as a used 5-tuple */
    }
    /* Before any key is tried: who has no valid nonce may be nobody at all. RFC 8489 has the nonce
     * last and RFC 5389 first; clients live with either. */
    *why = REFUSAL_STALE_NONCE;
    if (!rq->nonce_is_valid) {
        return AUTH_REFUSED;
    }
    rq->rights = (struct rights){.peer_count = 0};
    rq->account_at = 0;
    rq->account_size = 0;
    enum auth_verdict verdict = check_kept(t, rq) ? AUTH_OK : ask_keyring(t, rq, why);
    if (verdict != AUTH_OK) {
        return verdict;
    }
    *why = REFUSAL_UNAUTHORIZED;
    if (!is_in_time(t, rq)) {
        return AUTH_REFUSED;
    }
    rq->is_authentic = true;
    *why = REFUSAL_FORBIDDEN; /* RFC 8656 7.2: by policy, and no other credential would help */
    return rights_admit(&rq->rights, &rq->path->client.a) ? AUTH_OK : AUTH_REFUSED;
}

bool auth_is_owner(const struct turn *t, const struct request *rq)
{
    uint32_t user = allocation_at(t, rq->flow)->user;
    struct span name = {(const uint8_t *)rq->name, rq->name_size};
    return user_is_named(&t->users, user, rq->realm, name);
}
