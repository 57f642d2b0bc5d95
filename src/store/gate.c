/* gate — who may use the server, from every source. */
/* SPDX-License-Identifier: MIT */
#include "store/gate.h"

#include <string.h>

#include "base/secret.h"
#include "net/clock.h"
#include "store/ticket.h"

static void add_key(struct keyring_found *out, const struct stun_key *key, struct wall expires)
{
    if (out->count < KEYRING_ENTRIES_MAX) {
        out->entry[out->count].key = *key;
        out->entry[out->count].expires = expires;
        out->count++;
    }
}

/* add_password — the key that a password gives the name that was asked for. */
static void add_password(struct keyring_found *out, const struct keyring_query *query,
                         const struct digest *digest, const char *password, struct wall expires)
{
    struct stun_key key = stun_integrity_key(digest, query->algorithm, query->name,
                                             query->realm_name, span_of_text(password));
    add_key(out, &key, expires);
    secret_wipe(&key, sizeof(key));
}

/* is_taken — whether a secret still signs. */
static bool is_taken(const struct mirror_secret *s, struct wall now)
{
    return s->retires.s == 0 || now.s < s->retires.s;
}

/* unknown_secret — what to say of a name whose secret is none that we have. */
static enum keyring_answer unknown_secret(const struct gate *g)
{
    bool may_come = g->mirror && (!mirror_has_read(g->mirror) || !flight_deck_is_up(g->deck));
    return may_come ? KEYRING_DOWN : KEYRING_UNKNOWN;
}

/* is_key_of — whether a secret is the one that a ticket names. */
static bool is_key_of(const struct digest *digest, struct span secret, const struct ticket *ticket)
{
    char key[TICKET_KEY_SIZE + 1];
    ticket_key(digest, secret, key);
    return strcmp(key, ticket->key) == 0;
}

static void add_ticket(struct keyring_found *out, const struct keyring_query *query,
                       const struct digest *digest, struct span secret, struct wall expires)
{
    char password[TICKET_PASSWORD_SIZE];
    ticket_password(digest, secret, query->realm_name, query->name, password);
    add_password(out, query, digest, password, expires);
    secret_wipe(password, sizeof(password));
}

/* set_account — quotas count by the owner; those who name none are not all one. */
static void set_account(struct keyring_found *out, struct span owner)
{
    if (owner.size > 0) {
        out->account_at = out->name_size - owner.size;
        out->account_size = owner.size;
    }
}

static enum keyring_answer find_ticket(const struct gate *g, const struct keyring_query *query,
                                       const struct digest *digest, const struct ticket *ticket,
                                       struct keyring_found *out)
{
    struct wall now = clock_now().wall;
    struct mirror_secret held;
    struct span secret;
    enum roster_digest which;
    for (size_t i = 0; roster_secret(g->roster, query->realm, i, &secret, &which); i++) {
        if (is_key_of(digest, secret, ticket)) {
            add_ticket(out, query, digest, secret, ticket->expires);
        }
    }
    for (size_t i = 0; g->mirror && mirror_each_secret(g->mirror, query->realm_name, i, &held);
         i++) {
        if (strcmp(held.key, ticket->key) == 0 && is_taken(&held, now)) {
            secret = (struct span){held.bytes, held.size};
            add_ticket(out, query, digest, secret, ticket->expires);
        }
        secret_wipe(&held, sizeof(held));
    }
    if (out->count == 0) {
        return unknown_secret(g);
    }
    out->rights = ticket->rights;
    set_account(out, ticket->owner);
    return now.s < ticket->not_before.s ? KEYRING_UNKNOWN : KEYRING_FOUND;
}

/* add_time_limited — the keys that a secret of the store gives a time-limited name. */
static void add_time_limited(struct keyring_found *out, const struct keyring_query *query,
                             const struct digest *digest, enum roster_digest which,
                             struct span secret, struct wall expires)
{
    static const enum roster_digest each[] = {ROSTER_SHA1, ROSTER_SHA256};
    char password[48];
    for (int i = 0; i < 2; i++) {
        if (which == each[i] || which == ROSTER_BOTH) {
            roster_password(digest, each[i], secret, query->name, password);
            add_password(out, query, digest, password, expires);
        }
    }
    secret_wipe(password, sizeof(password));
}

/* find_time_limited — *is_one is false for names that carry no time, and in a realm without
 * secrets, where such a name may be a user's. */
static enum keyring_answer find_time_limited(const struct gate *g,
                                             const struct keyring_query *query,
                                             const struct digest *digest, bool *is_one,
                                             struct keyring_found *out)
{
    struct wall expires;
    struct mirror_secret held;
    size_t at;
    size_t size;
    *is_one = !query->is_hash && roster_time_limited(query->name, &expires, &at, &size);
    if (!*is_one) {
        return KEYRING_UNKNOWN;
    }
    roster_find_secrets(g->roster, query, digest, out);
    for (size_t i = 0; g->mirror && mirror_each_secret(g->mirror, query->realm_name, i, &held);
         i++) {
        if (is_taken(&held, clock_now().wall)) {
            add_time_limited(out, query, digest, g->digest[query->realm],
                             (struct span){held.bytes, held.size}, expires);
        }
        secret_wipe(&held, sizeof(held));
    }
    out->account_at = at;
    out->account_size = size;
    *is_one = out->count > 0;
    return out->count > 0 ? KEYRING_FOUND : unknown_secret(g);
}

static enum keyring_answer take_grant(const struct grant *grant, const struct keyring_query *query,
                                      struct keyring_found *out)
{
    struct span id;
    struct span owner;
    struct wall now = clock_now().wall;
    memcpy(out->name, grant->name, grant->name_size + 1);
    out->name_size = grant->name_size;
    out->account_at = 0;
    out->account_size = out->name_size;
    if (ticket_random_parse((struct span){(const uint8_t *)out->name, out->name_size}, &id,
                            &owner)) {
        set_account(out, owner);
    }
    out->rights = grant->rights;
    if (query->algorithm == STUN_ALGORITHM_MD5) {
        add_key(out, &grant->md5, grant->expires);
    } else if (grant->has_sha256) {
        add_key(out, &grant->sha256, grant->expires);
    }
    return out->count == 0 || now.s < grant->not_before.s ? KEYRING_UNKNOWN : KEYRING_FOUND;
}

static enum keyring_answer find_stored(const struct gate *g, const struct keyring_query *query,
                                       struct keyring_found *out)
{
    struct grant grant;
    if (!g->mirror) {
        return KEYRING_UNKNOWN;
    }
    enum keyring_answer answer = KEYRING_LATER;
    switch (mirror_find(g->mirror, query->realm_name, query->is_hash, query->name, clock_now().mono,
                        &grant)) {
    case MIRROR_KNOWN:
        answer = take_grant(&grant, query, out);
        secret_wipe(&grant, grant_size(&grant));
        break;
    case MIRROR_KNOWN_NONE:
        answer = KEYRING_UNKNOWN;
        break;
    case MIRROR_KNOWN_BROKEN:
        answer = KEYRING_DOWN;
        break;
    case MIRROR_UNKNOWN:
        answer = query->may_fetch ? flight_begin(g->deck, query) : KEYRING_LATER;
        break;
    }
    return answer;
}

static enum keyring_answer find_anywhere(const struct gate *g, const struct keyring_query *query,
                                         const struct digest *digest, struct keyring_found *out)
{
    struct ticket ticket;
    bool is_one;
    if (roster_find_user(g->roster, query, out)) {
        return out->count > 0 ? KEYRING_FOUND : KEYRING_UNKNOWN;
    }
    if (!query->is_hash && ticket_parse(query->name, &ticket)) {
        return find_ticket(g, query, digest, &ticket, out);
    }
    enum keyring_answer answer = find_time_limited(g, query, digest, &is_one, out);
    return is_one || answer == KEYRING_DOWN ? answer : find_stored(g, query, out);
}

static enum keyring_answer find(void *context, const struct keyring_query *query,
                                const struct digest *digest, struct keyring_found *out)
{
    const struct gate *g = context;
    out->count = 0;
    out->rights = (struct rights){.peer_count = 0};
    out->name_size = query->is_hash ? 0 : query->name.size;
    memcpy(out->name, query->name.bytes, out->name_size);
    out->account_at = 0;
    out->account_size = out->name_size;
    enum keyring_answer answer = find_anywhere(g, query, digest, out);
    if (answer == KEYRING_FOUND && g->mirror) {
        struct span owner = {(const uint8_t *)out->name + out->account_at, out->account_size};
        if (mirror_is_revoked(g->mirror, query->realm_name, owner, &out->rights)) {
            answer = KEYRING_REVOKED;
        }
    }
    out->count = answer == KEYRING_FOUND ? out->count : 0;
    return answer;
}

struct keyring gate_keyring(const struct gate *gate)
{
    return (struct keyring){(void *)(uintptr_t)gate, find};
}
