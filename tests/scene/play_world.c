/* play_world — statements about the world: what is configured, who may come, what time it is. */
/* SPDX-License-Identifier: MIT */
#include "scene/play.h"

#include <stdio.h>
#include <stdlib.h>

static void say_set(struct play *p, struct script_words *w)
{
    const char *name = script_take(w).text;
    if (!stage_config_set(&p->stage->config, name, script_take(w).text)) {
        judge_break(&p->judge, "cannot set %s", name);
    }
}

static int realm_of(struct play *p, const char *name)
{
    struct settings *s = &p->stage->config.settings;
    for (int i = 0; i < s->realm_count; i++) {
        if (strcmp(s->realm[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static void say_realm(struct play *p, struct script_words *w)
{
    struct stage_config *c = &p->stage->config;
    struct script_word name = script_take(w);
    int at = realm_of(p, name.text);
    if (at < 0) {
        at = c->settings.realm_count++;
        snprintf(c->settings.realm[at].name, sizeof(c->settings.realm[at].name), "%s", name.text);
        memcpy(c->rule[at], c->rule[0], sizeof(c->rule[0]));
        c->rule_count[at] = c->rule_count[0];
    }
    c->focus = (uint8_t)at;
}

static void say_rename_realm(struct play *p, struct script_words *w)
{
    struct settings_realm *r = &p->stage->config.settings.realm[p->stage->config.focus];
    snprintf(r->name, sizeof(r->name), "%s", script_take(w).text);
}

static void say_no_realms(struct play *p, struct script_words *w)
{
    (void)w;
    p->stage->config.settings.realm_count = 0;
}

static void say_forget_realm(struct play *p, struct script_words *w)
{
    int at = realm_of(p, script_take(w).text);
    if (at >= 0) {
        p->stage->config.settings.realm[at].is_gone = true;
    }
}

static void say_listener(struct play *p, struct script_words *w)
{
    unsigned long long n = 0;
    script_number(script_take(w), &n);
    int realm = realm_of(p, script_take(w).text);
    p->stage->config.settings.realm_of_listener[n % SETTINGS_LISTENERS_MAX] =
        (uint8_t)(realm < 0 ? 0 : realm);
}

/* moment_in — so many seconds from now, or before it. */
static struct wall moment_in(const struct play *p, struct script_word word)
{
    return (struct wall){p->stage->now.wall.s + strtoll(word.text, NULL, 10)};
}

static void read_range(struct play *p, struct script_word word, struct prefix *out)
{
    if (!prefix_parse(word.text, out)) {
        judge_break(&p->judge, "no range: %s", word.text);
    }
}

static unsigned long long take_number(struct play *p, struct script_words *w)
{
    unsigned long long n = 0;
    if (!script_number(script_take(w), &n)) {
        judge_break(&p->judge, "a number is expected");
    }
    return n;
}

/* read_right — one of the words behind a user's password; false for none. */
static bool read_right(struct play *p, struct script_words *w, struct stage_user *u)
{
    struct rights *r = &u->rights;
    if (script_accept(w, "expires")) {
        u->expires = moment_in(p, script_take(w));
    } else if (script_accept(w, "not-before")) {
        u->not_before = moment_in(p, script_take(w));
    } else if (script_accept(w, "issued")) {
        r->issued = moment_in(p, script_take(w));
    } else if (script_accept(w, "id")) {
        snprintf(r->id, sizeof(r->id), "%s", script_take(w).text);
    } else if (script_accept(w, "tenant")) {
        snprintf(r->tenant, sizeof(r->tenant), "%s", script_take(w).text);
    } else if (script_accept(w, "owner")) {
        u->owner_size = script_take(w).size;
    } else if (script_accept(w, "allocations")) {
        r->allocations = (uint32_t)take_number(p, w);
    } else if (script_accept(w, "bandwidth")) {
        r->bandwidth = take_number(p, w);
    } else if (script_accept(w, "from")) {
        read_range(p, script_take(w), &r->client);
    } else if (script_accept(w, "peer")) {
        read_range(p, script_take(w), &r->peer[r->peer_count++ % RIGHTS_PEERS_MAX]);
    } else {
        return false;
    }
    return true;
}

static void say_user(struct play *p, struct script_words *w)
{
    struct script_word name = script_take(w);
    for (int i = 0; i < STAGE_USERS_MAX; i++) {
        struct stage_user *u = &p->stage->user[i];
        if (u->is_used) {
            continue;
        }
        *u = (struct stage_user){.is_used = true, .realm = p->stage->config.focus};
        u->name_size = name.size < sizeof(u->name) ? name.size : sizeof(u->name) - 1;
        memcpy(u->name, name.text, u->name_size);
        script_accept(w, "password");
        snprintf(u->password, sizeof(u->password), "%s", script_take(w).text);
        while (read_right(p, w, u)) {
        }
        return;
    }
    judge_break(&p->judge, "too many users");
}

static struct stage_user *user_named(struct play *p, const char *name)
{
    for (int i = 0; i < STAGE_USERS_MAX; i++) {
        struct stage_user *u = &p->stage->user[i];
        if (u->is_used && strcmp(u->name, name) == 0) {
            return u;
        }
    }
    judge_break(&p->judge, "no user %s", name);
    return NULL;
}

static void say_forget_user(struct play *p, struct script_words *w)
{
    struct stage_user *u = user_named(p, script_take(w).text);
    if (u) {
        u->is_used = false;
    }
}

static void say_late(struct play *p, struct script_words *w)
{
    struct stage_user *u = user_named(p, script_take(w).text);
    if (u) {
        u->is_late = true;
    }
}

static void say_key(struct play *p, struct script_words *w)
{
    const char *text = script_take(w).text;
    bool is_hash = strncmp(text, "userhash:", 9) == 0;
    struct stage_user *u = user_named(p, text + (is_hash ? 9 : 0));
    if (!u || !stage_start(p->stage)) {
        return;
    }
    const struct settings_realm *r = &p->stage->snapshot[p->stage->which]->settings.realm[u->realm];
    uint8_t hash[STUN_USERHASH_SIZE];
    struct span name = {(const uint8_t *)u->name, u->name_size};
    stun_integrity_userhash(&p->stage->digest, name, span_of_text(r->name), hash);
    u->is_late = false;
    turn_key_arrived(p->stage->turn, u->realm, is_hash ? (struct span){hash, sizeof(hash)} : name,
                     p->stage->now);
}

static void say_secret(struct play *p, struct script_words *w)
{
    for (int i = 0; i < STAGE_SECRETS_MAX; i++) {
        struct stage_secret *s = &p->stage->secret[i];
        if (!s->is_used) {
            *s = (struct stage_secret){.is_used = true, .realm = p->stage->config.focus};
            snprintf(s->text, sizeof(s->text), "%s", script_take(w).text);
            s->is_sha256 = script_accept(w, "sha256");
            s->form = script_accept(w, "user-first") ? STAGE_USER_FIRST : STAGE_EXPIRY_FIRST;
            return;
        }
    }
}

static void say_forget_secret(struct play *p, struct script_words *w)
{
    struct script_word text = script_take(w);
    for (int i = 0; i < STAGE_SECRETS_MAX; i++) {
        struct stage_secret *s = &p->stage->secret[i];
        s->is_used = s->is_used && strcmp(s->text, text.text) != 0;
    }
}

static void add_rules(struct play *p, struct script_words *w, bool allow)
{
    struct stage_config *c = &p->stage->config;
    while (script_left(w) > 0) {
        struct policy_rule *r = &c->rule[c->focus][c->rule_count[c->focus]];
        const char *text = script_take(w).text;
        r->allow = allow;
        if (!prefix_parse(text, &r->prefix)) {
            judge_break(&p->judge, "no range: %s", text);
            return;
        }
        c->rule_count[c->focus]++;
    }
}

static void say_allow(struct play *p, struct script_words *w)
{
    add_rules(p, w, true);
}

static void say_deny(struct play *p, struct script_words *w)
{
    add_rules(p, w, false);
}

static void say_no_rules(struct play *p, struct script_words *w)
{
    (void)w;
    p->stage->config.rule_count[p->stage->config.focus] = 0;
}

static void say_own(struct play *p, struct script_words *w)
{
    struct own *own = &p->stage->config.own;
    struct netaddr a;
    if (!play_address(p, script_take(w), &a)) {
        return;
    }
    a.port = 0;
    uint8_t at = own_find(own, &a);
    at = at == OWN_NONE ? own->host_count++ : at;
    own->host[at].local = a;
    if (script_accept(w, "external") && play_address(p, script_take(w), &a)) {
        a.port = 0;
        own->host[at].external = a;
    }
}

static void say_no_own(struct play *p, struct script_words *w)
{
    (void)w;
    p->stage->config.own.host_count = 0;
}

static void say_door(struct play *p, struct script_words *w)
{
    struct own *own = &p->stage->config.own;
    play_address(p, script_take(w), &own->door[own->door_count++]);
}

static void say_no_doors(struct play *p, struct script_words *w)
{
    (void)w;
    p->stage->config.own.door_count = 0;
}

static void say_live(struct play *p, struct script_words *w)
{
    struct netaddr a;
    if (play_address(p, script_take(w), &a)) {
        uint8_t at = own_find(&p->stage->config.own, &a);
        if (at != OWN_NONE) {
            stage_live_map(p->stage, at)[a.port] = 1;
        }
    }
}

static void say_alternate(struct play *p, struct script_words *w)
{
    struct settings *s = &p->stage->config.settings;
    play_address(p, script_take(w), &s->alternate[s->alternate_count++]);
}

static void say_no_alternates(struct play *p, struct script_words *w)
{
    (void)w;
    p->stage->config.settings.alternate_count = 0;
}

static void say_reload(struct play *p, struct script_words *w)
{
    (void)w;
    stage_reload(p->stage);
}

static void say_drain(struct play *p, struct script_words *w)
{
    (void)w;
    if (stage_start(p->stage)) {
        turn_drain(p->stage->turn);
    }
}

static void say_shutdown(struct play *p, struct script_words *w)
{
    (void)w;
    if (stage_start(p->stage)) {
        turn_end_all(p->stage->turn, TURN_REASON_SHUTDOWN, p->stage->now);
    }
}

/* is_meant — whether a revocation takes a user in. */
static bool is_meant(const struct stage_user *u, const struct turn_revocation *r)
{
    struct span value = {(const uint8_t *)r->name, r->name_size};
    size_t owner = u->owner_size ? u->owner_size : u->name_size;
    struct span text = {(const uint8_t *)u->name + u->name_size - owner, owner};
    if (r->what == TURN_REVOKED_NAME) {
        text = (struct span){(const uint8_t *)u->name, u->name_size};
    } else if (r->kind != TURN_ACCOUNT_USER) {
        text = span_of_text(r->kind == TURN_ACCOUNT_TENANT ? u->rights.tenant : u->rights.id);
    }
    return u->is_used && u->realm == r->realm && u->rights.issued.s <= r->issued_by.s &&
           span_is_equal(text, value);
}

/* say_revoke — credential, user, tenant or name: the keyring refuses it, and its allocations end.
 */
static void say_revoke(struct play *p, struct script_words *w)
{
    struct stage *s = p->stage;
    struct turn_revocation r = {
        .realm = s->config.focus, .issued_by = s->now.wall, .kind = TURN_ACCOUNT_USER};
    if (script_accept(w, "name")) {
        r.what = TURN_REVOKED_NAME;
    } else if (script_accept(w, "credential")) {
        r.kind = TURN_ACCOUNT_CREDENTIAL;
    } else if (script_accept(w, "tenant")) {
        r.kind = TURN_ACCOUNT_TENANT;
    } else {
        script_accept(w, "user");
    }
    struct script_word value = script_take(w);
    r.name_size = (uint16_t)(value.size < sizeof(r.name) ? value.size : sizeof(r.name) - 1);
    memcpy(r.name, value.text, r.name_size);
    if (script_accept(w, "issued-by")) {
        r.issued_by = moment_in(p, script_take(w));
    }
    for (int i = 0; i < STAGE_USERS_MAX; i++) {
        s->user[i].is_revoked = s->user[i].is_revoked || is_meant(&s->user[i], &r);
    }
    if (stage_start(s)) {
        turn_revoke(s->turn, &r, s->now);
        stage_wait(s, 0);
    }
}

/* say_shares — late: those of quotas beyond this node are fetched; come: the one awaited is there.
 */
static void say_shares(struct play *p, struct script_words *w)
{
    p->stage->are_shares_late = script_is(script_take(w), "late");
    if (!p->stage->are_shares_late && stage_start(p->stage)) {
        turn_share_arrived(p->stage->turn, p->stage->awaited, p->stage->now);
    }
}

static void say_store(struct play *p, struct script_words *w)
{
    p->stage->is_store_down = script_is(script_take(w), "down");
}

/* say_network — down: no connection to a peer can be begun. */
static void say_network(struct play *p, struct script_words *w)
{
    p->stage->is_cut_off = script_is(script_take(w), "down");
}

static void say_wait(struct play *p, struct script_words *w)
{
    unsigned long long n = 0;
    if (!script_number(script_take(w), &n)) {
        judge_break(&p->judge, "wait how long?");
    } else if (stage_start(p->stage)) {
        stage_wait(p->stage, n);
    }
}

static void say_sleep(struct play *p, struct script_words *w)
{
    struct script_word word = script_take(w);
    unsigned long long n = 0;
    char *end;
    unsigned long long ms = strtoull(word.text, &end, 10);
    if (strcmp(end, "ms") == 0) {
        stage_sleep(p->stage, ms * (MONO_SECOND / 1000));
    } else if (script_number(word, &n)) {
        stage_sleep(p->stage, n * MONO_SECOND);
    } else {
        judge_break(&p->judge, "sleep how long?");
    }
}

static void say_clock(struct play *p, struct script_words *w)
{
    p->stage->now.wall.s += strtoll(script_take(w).text, NULL, 10);
}

static const struct {
    const char *word;
    void (*say)(struct play *p, struct script_words *w);
} verbs[] = {
    {"set", say_set},
    {"realm", say_realm},
    {"rename-realm", say_rename_realm},
    {"forget-realm", say_forget_realm},
    {"no-realms", say_no_realms},
    {"listener", say_listener},
    {"user", say_user},
    {"forget-user", say_forget_user},
    {"secret", say_secret},
    {"forget-secret", say_forget_secret},
    {"allow", say_allow},
    {"deny", say_deny},
    {"no-rules", say_no_rules},
    {"own", say_own},
    {"no-own", say_no_own},
    {"door", say_door},
    {"no-doors", say_no_doors},
    {"live", say_live},
    {"alternate", say_alternate},
    {"no-alternates", say_no_alternates},
    {"reload", say_reload},
    {"drain", say_drain},
    {"shutdown", say_shutdown},
    {"revoke", say_revoke},
    {"shares", say_shares},
    {"store", say_store},
    {"network", say_network},
    {"late", say_late},
    {"key", say_key},
    {"wait", say_wait},
    {"sleep", say_sleep},
    {"clock", say_clock},
};

bool play_world(struct play *p, struct script_words *w)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (script_accept(w, verbs[i].word)) {
            verbs[i].say(p, w);
            return true;
        }
    }
    return false;
}
