/* follower — keeps mirror, keys and workers true to the store. */
/* SPDX-License-Identifier: MIT */
#include "store/follower.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/clock.h"

enum { PAGE = 500 };

struct follower {
    struct follower_parts parts;
    struct store *store;
    char **realm; /* those that are followed; [0] is "" */
    size_t realm_count;
    struct api_key *key;
    size_t key_count;
    bool is_reading, reads_again; /* the second: once more when this one is through */
    bool has_lost;                /* what is read is empty, and was not */
    bool is_due;                  /* to be read again, by the next tick */
    uint32_t reading;             /* counts them */
    size_t read_realm;            /* where the reading is */
    int read_table;
};

/* What is read whole, of each realm. */
static const enum store_table tables[] = {STORE_SECRET, STORE_REVOCATION, STORE_KEY};

enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

static const char *const scopes[MIRROR_SCOPES] = {
    [MIRROR_CREDENTIAL] = "credential/",
    [MIRROR_USER] = "user/",
    [MIRROR_TENANT] = "tenant/",
    [MIRROR_PASSWORD] = "password/",
};

/* Telling the workers. */

struct order {
    struct worker_message message;
    struct turn_revocation revocation;
    char realm[SETTINGS_REALM_NAME_MAX + 1];
    bool is_review;
};

static void carry_out(struct worker_message *message, struct turn *turn, struct now now)
{
    struct order *o = container_of(message, struct order, message);
    int realm =
        turn && !o->is_review ? settings_realm_number(turn->settings, span_of_text(o->realm)) : -1;
    if (turn && o->is_review) {
        turn_review(turn);
    } else if (realm >= 0) {
        o->revocation.realm = (uint8_t)realm;
        turn_revoke(turn, &o->revocation, now);
    }
    free(o);
}

/* give — an order to every worker. Memory being short for it, sessions end when they expire. */
static void give(struct follower *f, const struct order *like)
{
    for (unsigned i = 0; i < f->parts.shared->count; i++) {
        struct order *o = malloc(sizeof(*o));
        if (o) {
            *o = *like;
            o->message.run = carry_out;
            worker_post(f->parts.shared->worker[i], &o->message);
        }
    }
}

static void revoke(struct follower *f, const char *realm, enum turn_revoked what,
                   enum turn_account kind, struct span name, struct wall issued_by)
{
    struct order o = {.is_review = false};
    if (name.size > STUN_NAME_MAX) {
        return;
    }
    snprintf(o.realm, sizeof(o.realm), "%s", realm);
    o.revocation.what = what;
    o.revocation.kind = kind;
    o.revocation.issued_by = issued_by;
    o.revocation.name_size = (uint16_t)name.size;
    memcpy(o.revocation.name, name.bytes, name.size);
    give(f, &o);
}

static void review(struct follower *f)
{
    struct order o = {.is_review = true};
    give(f, &o);
}

/* Items. */

static json_t *load(const struct store_item *item)
{
    return json_loadb((const char *)item->value.bytes, item->value.size, JSON_REJECT_DUPLICATES,
                      NULL);
}

static int64_t number(const json_t *o, const char *member)
{
    return json_integer_value(json_object_get(o, member));
}

static void complain(struct follower *f, const char *realm, const struct store_item *item)
{
    char why[STORE_WHY_MAX];
    snprintf(why, sizeof(why), "the store has something else where a %s is kept: %.*s in realm %s",
             store_table_name(item->table), (int)(item->key.size < 64 ? item->key.size : 64),
             (const char *)item->key.bytes, realm[0] ? realm : "(none)");
    f->parts.say(f->parts.context, true, "store_item_ignored", why);
}

static void note_secret(struct follower *f, const char *realm, const struct store_item *item)
{
    struct mirror_secret secret = {.size = 0};
    struct span name = span_of_text(realm);
    if (item->key.size >= sizeof(secret.key)) {
        complain(f, realm, item);
        return;
    }
    memcpy(secret.key, item->key.bytes, item->key.size);
    if (item->value.size == 0) {
        if (mirror_remove_secret(f->parts.mirror, name, secret.key)) {
            review(f);
        }
        return;
    }
    json_t *o = load(item);
    const json_t *text = json_object_get(o, "secret");
    size_t size = json_string_length(text);
    if (!text || size == 0 || size > sizeof(secret.bytes)) {
        complain(f, realm, item);
    } else {
        secret.size = size;
        memcpy(secret.bytes, json_string_value(text), size);
        secret.created.s = number(o, "created");
        secret.retires.s = number(o, "retires");
        if (!mirror_put_secret(f->parts.mirror, name, &secret)) {
            f->parts.say(f->parts.context, true, "secret_ignored",
                         "a realm has more secrets than can be tried; retire some");
        }
    }
    json_decref(o);
    secret_wipe(&secret, sizeof(secret));
}

/* scope_of — which scope a key of STORE_REVOCATION begins with; *value is the rest. */
static int scope_of(struct span key, struct span *value)
{
    for (int i = 0; i < MIRROR_SCOPES; i++) {
        size_t size = strlen(scopes[i]);
        if (key.size >= size && memcmp(key.bytes, scopes[i], size) == 0) {
            *value = (struct span){key.bytes + size, key.size - size};
            return i;
        }
    }
    return -1;
}

/* is_over — a revocation whose time is over. */
static bool is_over(const struct store_item *item)
{
    json_t *o = item->table == STORE_REVOCATION && item->value.size > 0 ? load(item) : NULL;
    int64_t until = number(o, "until");
    json_decref(o);
    return until != 0 && until <= clock_now().wall.s;
}

static void on_forgotten(struct store_request *rq)
{
    (void)rq; /* else the next reading does */
}

/* end_sessions — of what was revoked. */
static void end_sessions(struct follower *f, const char *realm, enum mirror_scope scope,
                         struct span value, struct wall at)
{
    static const enum turn_account kinds[MIRROR_SCOPES] = {
        [MIRROR_CREDENTIAL] = TURN_ACCOUNT_CREDENTIAL,
        [MIRROR_USER] = TURN_ACCOUNT_USER,
        [MIRROR_TENANT] = TURN_ACCOUNT_TENANT,
        [MIRROR_PASSWORD] = TURN_ACCOUNT_USER,
    };
    /* A credential is void whenever it was issued. */
    struct wall by = scope == MIRROR_CREDENTIAL ? (struct wall){INT64_MAX} : at;
    revoke(f, realm, scope == MIRROR_PASSWORD ? TURN_REVOKED_NAME : TURN_REVOKED_ACCOUNT,
           kinds[scope], value, by);
}

static void note_revocation(struct follower *f, const char *realm, const struct store_item *item)
{
    struct span value = {NULL, 0};
    int scope = scope_of(item->key, &value);
    json_t *o = item->value.size > 0 ? load(item) : NULL;
    const char *tenant = json_string_value(json_object_get(o, "tenant"));
    struct mirror_revocation r = {
        .scope = (enum mirror_scope)scope,
        .value = value,
        .tenant = span_of_text(tenant ? tenant : ""),
        .at = {number(o, "at")},
        .until = {number(o, "until")},
    };
    if (scope < 0 || (item->value.size > 0 && r.at.s == 0)) {
        complain(f, realm, item);
    } else if (item->value.size == 0) {
        mirror_lift(f->parts.mirror, span_of_text(realm), r.scope, value);
    } else if (!is_over(item) && mirror_put_revocation(f->parts.mirror, span_of_text(realm), &r)) {
        end_sessions(f, realm, r.scope, value, r.at);
    }
    json_decref(o);
}

/* forget — what is cached of a user. */
static void forget(struct follower *f, const char *realm, struct span name)
{
    uint8_t hash[STUN_USERHASH_SIZE];
    struct span realm_name = span_of_text(realm);
    stun_integrity_userhash(f->parts.digest, name, realm_name, hash);
    mirror_forget(f->parts.mirror, realm_name, false, name);
    mirror_forget(f->parts.mirror, realm_name, true, (struct span){hash, sizeof(hash)});
}

static void note_user(struct follower *f, const char *realm, const struct store_item *item)
{
    struct grant grant;
    char why[STORE_WHY_MAX];
    struct wall by = {INT64_MAX};
    forget(f, realm, item->key);
    if (item->value.size > 0 && grant_parse(item->value, &grant, why, sizeof(why)) &&
        grant.rights.issued.s > 0) {
        by.s = grant.rights.issued.s - 1; /* who logged in with an older password */
    }
    secret_wipe(&grant, sizeof(grant));
    revoke(f, realm, TURN_REVOKED_NAME, TURN_ACCOUNT_USER, item->key, by);
}

static void note_credential(struct follower *f, const char *realm, const struct store_item *item)
{
    struct grant grant;
    char why[STORE_WHY_MAX];
    if (item->value.size > 0 && grant_parse(item->value, &grant, why, sizeof(why))) {
        mirror_forget(f->parts.mirror, span_of_text(realm), false,
                      (struct span){(const uint8_t *)grant.name, grant.name_size});
    }
    secret_wipe(&grant, sizeof(grant));
}

static size_t key_place(const struct follower *f, struct span id)
{
    size_t at = 0;
    while (at < f->key_count && !span_is_equal(span_of_text(f->key[at].id), id)) {
        at++;
    }
    return at;
}

static void note_key(struct follower *f, const char *realm, const struct store_item *item)
{
    struct api_key key;
    size_t at = key_place(f, item->key);
    if (item->value.size == 0) {
        if (at < f->key_count) {
            f->key[at] = f->key[--f->key_count];
        }
        return;
    }
    if (!api_key_parse(item->key, item->value, &key) || at >= FOLLOWER_KEYS_MAX) {
        complain(f, realm, item);
        return;
    }
    if (at == f->key_count) {
        f->key_count++;
    } else { /* its rate goes on */
        key.second = f->key[at].second;
        key.spent = f->key[at].spent;
    }
    key.reading = f->reading;
    f->key[at] = key;
}

static void ignore_kick(void *context, bool was_there)
{
    (void)context;
    (void)was_there;
}

static void note_kick(struct follower *f, const struct store_item *item)
{
    char text[17];
    uint64_t session;
    if (item->key.size == 16) {
        memcpy(text, item->key.bytes, 16);
        text[16] = '\0';
        if (session_parse_id(text, &session)) {
            census_kick(f->parts.census, session, ignore_kick, NULL);
        }
    }
}

static void note(struct follower *f, const char *realm, const struct store_item *item)
{
    switch (item->table) {
    case STORE_USER:
        note_user(f, realm, item);
        break;
    case STORE_CREDENTIAL:
        note_credential(f, realm, item);
        break;
    case STORE_SECRET:
        note_secret(f, realm, item);
        break;
    case STORE_KEY:
        note_key(f, realm, item);
        break;
    case STORE_REVOCATION:
        note_revocation(f, realm, item);
        break;
    case STORE_KICK:
        note_kick(f, item);
        break;
    default:
        break;
    }
}

void follower_noted(struct follower *f, const char *realm, const struct store_item *item)
{
    note(f, realm, item);
}

static void on_notice(void *context, const char *realm, const struct store_item *item)
{
    note(context, realm, item);
}

/* Reading everything. */

static void read_page(struct follower *f, const char *cursor);

/* A secret or revocation that the mirror has and a store that lost everything has not. */
struct seed {
    struct follower *f;
    struct store_request *rq;
};

static void on_seeded(struct store_request *rq)
{
    struct follower *f = rq->context;
    if (rq->result != STORE_OK) {
        f->parts.say(f->parts.context, true, "store_not_seeded", rq->why);
    }
}

static void seed_json(struct store_request *rq, enum store_table table, const char *key, json_t *o)
{
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    if (text) {
        store_request_add(rq, table, span_of_text(key), span_of_text(text), (struct wall){0});
    }
    grant_free_text(text);
    json_decref(o);
}

static void seed_revocation(void *context, const struct mirror_revocation *r)
{
    struct seed *seed = context;
    char key[STUN_NAME_MAX + 32];
    struct text t = text_init(key, sizeof(key));
    text_put(&t, scopes[r->scope]);
    text_span(&t, r->value);
    json_t *o = json_pack("{s:I, s:I}", "at", (json_int_t)r->at.s, "until", (json_int_t)r->until.s);
    if (o && r->tenant.size > 0) {
        json_object_set_new(o, "tenant",
                            json_stringn((const char *)r->tenant.bytes, r->tenant.size));
    }
    seed_json(seed->rq, STORE_REVOCATION, key, o);
}

/* seed — write into an emptied store what this node still knows of a realm: its secrets and
 * revocations, and the keys. Users are only where they were. */
static void seed(struct follower *f, const char *realm)
{
    struct mirror_secret held;
    struct seed seed = {f, store_request_new(STORE_WRITE, realm, on_seeded, f)};
    if (!seed.rq) {
        return;
    }
    for (size_t i = 0; mirror_each_secret(f->parts.mirror, span_of_text(realm), i, &held); i++) {
        seed_json(seed.rq, STORE_SECRET, held.key,
                  json_pack("{s:s%, s:I, s:I}", "secret", (const char *)held.bytes, held.size,
                            "created", (json_int_t)held.created.s, "retires",
                            (json_int_t)held.retires.s));
        secret_wipe(&held, sizeof(held));
    }
    mirror_each_revocation(f->parts.mirror, span_of_text(realm), seed_revocation, &seed);
    for (size_t i = 0; !realm[0] && i < f->key_count; i++) {
        seed_json(seed.rq, STORE_KEY, f->key[i].id, api_key_print(&f->key[i], true));
    }
    if (seed.rq->item_count > 0) {
        store_submit(f->store, seed.rq);
    } else {
        store_request_free(seed.rq);
    }
}

static void begin_reading(struct follower *f)
{
    f->is_reading = true;
    f->is_due = false;
    f->reads_again = false;
    f->reading++;
    f->read_realm = 0;
    f->read_table = 0;
    mirror_begin(f->parts.mirror);
    read_page(f, "");
}

/* drop_keys — those that are no longer there. */
static void drop_keys(struct follower *f)
{
    for (size_t i = f->key_count; i-- > 0;) {
        if (f->key[i].reading != f->reading) {
            f->key[i] = f->key[--f->key_count];
        }
    }
}

/* read_failed — whatever this node knows stays in force until all can be read. */
static void read_failed(struct follower *f, const char *why)
{
    f->is_reading = false;
    f->is_due = true;
    f->parts.say(f->parts.context, true, "store_not_read", why);
}

/* seed_all — after the store has lost everything. */
static void seed_all(struct follower *f)
{
    for (size_t i = 0; i < f->realm_count; i++) {
        seed(f, f->realm[i]);
    }
    f->parts.say(f->parts.context, true, "store_was_emptied",
                 "secrets, keys and revocations that this node knew were written again; users "
                 "are gone unless you restore them");
}

static void end_reading(struct follower *f)
{
    f->is_reading = false;
    if (f->reads_again) {
        begin_reading(f);
        return;
    }
    if (mirror_end(f->parts.mirror, f->has_lost)) {
        review(f); /* a secret went while the store was away */
    }
    if (f->has_lost) {
        seed_all(f);
    } else {
        drop_keys(f);
    }
    f->has_lost = false;
    f->parts.came(f->parts.context);
}

/* forget_over — remove from the store what is over: nobody else would. */
static void forget_over(struct follower *f, const struct store_request *page)
{
    struct store_request *rq = NULL;
    for (size_t i = 0; i < page->found_count; i++) {
        if (!is_over(&page->found[i])) {
            continue;
        }
        rq = rq ? rq : store_request_new(STORE_WRITE, page->realm, on_forgotten, f);
        if (rq) {
            store_request_add(rq, STORE_REVOCATION, page->found[i].key, span_of_text(""),
                              (struct wall){0});
        }
    }
    if (rq) {
        store_submit(f->store, rq);
    }
}

static void on_page(struct store_request *rq)
{
    struct follower *f = rq->context;
    if (rq->result != STORE_OK) {
        read_failed(f, rq->why);
        return;
    }
    for (size_t i = 0; i < rq->found_count; i++) {
        note(f, rq->realm, &rq->found[i]);
    }
    if (!store_is_readable_only(f->store)) {
        forget_over(f, rq);
    }
    if (rq->cursor[0]) {
        read_page(f, rq->cursor);
        return;
    }
    f->read_table = (f->read_table + 1) % TABLES;
    f->read_realm += f->read_table == 0 ? 1 : 0;
    if (f->read_realm < f->realm_count && !f->reads_again) {
        read_page(f, "");
    } else {
        end_reading(f);
    }
}

static void read_page(struct follower *f, const char *cursor)
{
    struct store_request *rq = store_request_new(STORE_LIST, f->realm[f->read_realm], on_page, f);
    if (!rq) {
        read_failed(f, "out of memory");
        return;
    }
    store_request_add(rq, tables[f->read_table], span_of_text(""), span_of_text(""),
                      (struct wall){0});
    rq->limit = PAGE;
    snprintf(rq->cursor, sizeof(rq->cursor), "%s", cursor);
    store_submit(f->store, rq);
}

static void on_state(void *context, bool is_up, bool has_lost, const char *why)
{
    struct follower *f = context;
    mirror_set_up(f->parts.mirror, is_up);
    f->has_lost = f->has_lost || has_lost;
    if (!is_up) {
        f->parts.say(f->parts.context, true, "store_lost", why);
    } else if (f->is_reading) {
        f->reads_again = true;
    } else if (f->realm_count > 0) {
        begin_reading(f);
    }
}

struct store_events follower_events(struct follower *f)
{
    return (struct store_events){f, on_state, on_notice};
}

static void free_realms(char **realm, size_t count)
{
    for (size_t i = 0; realm && i < count; i++) {
        free(realm[i]);
    }
    free(realm);
}

bool follower_follow(struct follower *f, struct store *store, const char *const *realms,
                     size_t count)
{
    char **copy = calloc(count + 1, sizeof(*copy));
    bool ok = copy && (copy[0] = strdup("")) != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        ok = (copy[i + 1] = strdup(realms[i])) != NULL;
    }
    if (!ok) {
        free_realms(copy, count + 1);
        return false;
    }
    free_realms(f->realm, f->realm_count);
    f->realm = copy;
    f->realm_count = count + 1;
    f->store = store;
    f->reads_again = f->is_reading;
    f->read_realm = 0; /* a reading goes on in the new list */
    return store_follow(store, realms, count);
}

void follower_tick(struct follower *f)
{
    if (mirror_tidy(f->parts.mirror, clock_now().wall)) {
        review(f);
    }
    if (f->is_due && !f->is_reading && store_is_up(f->store)) {
        begin_reading(f);
    }
}

struct api_key *follower_key(struct follower *f, const char *id)
{
    size_t at = key_place(f, span_of_text(id));
    return at < f->key_count ? &f->key[at] : NULL;
}

const struct api_key *follower_keys(const struct follower *f, size_t *count)
{
    *count = f->key_count;
    return f->key;
}

struct follower *follower_new(const struct follower_parts *parts)
{
    struct follower *f = calloc(1, sizeof(*f));
    if (f) {
        f->parts = *parts;
        f->key = calloc(FOLLOWER_KEYS_MAX, sizeof(*f->key));
    }
    if (f && !f->key) {
        free(f);
        f = NULL;
    }
    return f;
}

void follower_free(struct follower *f)
{
    if (f) {
        free_realms(f->realm, f->realm_count);
        free(f->key);
        free(f);
    }
}
