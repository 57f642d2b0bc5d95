/* conf_check — what only a look at several options together can tell. */
/* SPDX-License-Identifier: MIT */
#include "conf_check.h"

#include <string.h>

#include "conf_field.h"
#include "conf_utf8.h"
#include "conf_value.h"

enum {
    REALM_CHARACTERS = 127, /* "fewer than 128", RFC 8489 14.9 */
    USER_BYTES = 508,       /* "less than 509", 14.3 */
    SLOWEST = 2000,         /* bytes per second: a full packet now and then */
};

static const struct conf_word nowhere;

/* first_word — the place of an option; nowhere when a default is meant. */
static const struct conf_word *first_word(const struct conf_node *node, const char *option)
{
    const struct conf_setting *s = node ? conf_syntax_setting(node, options_find(option)) : NULL;
    return s && s->count > 0 ? s->words : &nowhere;
}

/* word_at — the place of one element of a list. */
static const struct conf_word *word_at(const struct conf_node *node, const char *option, size_t i)
{
    const struct conf_setting *s = node ? conf_syntax_setting(node, options_find(option)) : NULL;
    return s && i < s->count ? &s->words[i] : &nowhere;
}

static bool is_same_endpoint(const struct conf_listener *a, const struct conf_listener *b)
{
    return a->transport == b->transport && a->is_wildcard == b->is_wildcard &&
           netaddr_is_equal(&a->address, &b->address);
}

static bool is_stream(const struct conf_listener *l)
{
    return l->transport == CONF_TCP || l->transport == CONF_TLS;
}

static bool is_secure(const struct conf_listener *l)
{
    return l->transport == CONF_TLS || l->transport == CONF_DTLS;
}

/* shares_port — whether two listeners are told apart by the first byte of what comes. */
static bool shares_port(const struct conf_listener *a, const struct conf_listener *b)
{
    return is_stream(a) == is_stream(b) && a->is_wildcard == b->is_wildcard &&
           netaddr_is_equal(&a->address, &b->address);
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool has_realm(const struct conf *c, const char *name)
{
    for (size_t i = 0; i < c->realm_count; i++) {
        if (strcmp(c->realms[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* check_certificate — TLS needs both files, and nothing else has a use for them. */
static bool check_certificate(const struct conf *c, const struct conf_listener *l, const char *name,
                              struct conf_why *why)
{
    bool has_own = l->certificate || l->key;
    if (has_own && (!l->certificate || !l->key)) {
        return conf_why_say(why, l->file, l->line, "listener %s has a %s without a %s", name,
                            l->key ? "key" : "certificate", l->key ? "certificate" : "key");
    }
    if (has_own && !is_secure(l)) {
        return conf_why_say(why, l->file, l->line,
                            "listener %s has a certificate, which only tls and dtls use", name);
    }
    if (is_secure(l) && !has_own && (!c->certificate || !c->key)) {
        return conf_why_say(why, l->file, l->line,
                            "%s needs a certificate and its key: set tls { certificate = \"...\" "
                            "key = \"...\" }",
                            name);
    }
    return true;
}

/* check_options — options that only some kinds of listeners have. */
static bool check_options(const struct conf_listener *l, const char *name, struct conf_why *why)
{
    if (l->takes_plain && l->transport != CONF_TLS) {
        return conf_why_say(why, l->file, l->line, "listener %s: plain is for tls listeners", name);
    }
    if (l->proxy_from.count > 0 && !is_stream(l)) {
        return conf_why_say(why, l->file, l->line,
                            "listener %s: proxy-from is for tcp and tls listeners", name);
    }
    if (l->fallback.family != NETADDR_NONE && l->transport != CONF_TLS) {
        return conf_why_say(why, l->file, l->line, "listener %s: fallback is for tls listeners",
                            name);
    }
    if (l->fallback_names.count > 0 && l->fallback.family == NETADDR_NONE) {
        return conf_why_say(why, l->file, l->line,
                            "listener %s has fallback-names, but no fallback they would go to",
                            name);
    }
    return true;
}

/* check_neighbours — two listeners on one port. */
static bool check_neighbours(const struct conf_listener *l, const struct conf_listener *before,
                             const char *name, struct conf_why *why)
{
    if (is_same_endpoint(l, before)) {
        return conf_why_say(why, l->file, l->line, "%s is listened on already (%s:%d)", name,
                            before->file, before->line);
    }
    if (shares_port(l, before) && !is_same_text(l->realm, before->realm)) {
        return conf_why_say(why, l->file, l->line,
                            "%s shares its port with the listener of %s:%d, and must have the same "
                            "realm",
                            name, before->file, before->line);
    }
    return true;
}

static bool check_tls(const struct conf *c, const struct conf_node *tls, struct conf_why *why)
{
    const struct conf_word *w = first_word(tls, c->key ? "tls.key" : "tls.certificate");
    if (!c->certificate == !c->key) {
        return true;
    }
    return conf_why_say(why, w->file, w->line, "tls has a %s without a %s",
                        c->key ? "key" : "certificate", c->key ? "certificate" : "key");
}

static bool check_listeners(const struct conf *c, const struct conf_node *top, struct conf_why *why)
{
    const struct conf_setting *listen = conf_syntax_setting(top, options_find("listen"));
    if (c->listener_count == 0) {
        return conf_why_say(why, listen ? listen->file : NULL, 0,
                            "listen is empty, so nobody could reach the server");
    }
    for (size_t i = 0; i < c->listener_count; i++) {
        const struct conf_listener *l = &c->listeners[i];
        if (l->realm && !has_realm(c, l->realm)) {
            return conf_why_say(why, l->file, l->line,
                                "the listener's realm \"%s\" is not among the realms", l->realm);
        }
        char name[CONF_VALUE_SIZE];
        struct text t = text_init(name, sizeof(name));
        conf_value_put_endpoint(&t, l);
        if (!check_certificate(c, l, name, why) || !check_options(l, name, why)) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (!check_neighbours(l, &c->listeners[j], name, why)) {
                return false;
            }
        }
    }
    return true;
}

static bool check_relay(const struct conf *c, const struct conf_node *relay, struct conf_why *why)
{
    char name[CONF_VALUE_SIZE];
    struct text t = text_init(name, sizeof(name));
    for (size_t i = 0; i < c->relay_address_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (netaddr_is_equal(&c->relay_addresses[i], &c->relay_addresses[j])) {
                const struct conf_word *w = word_at(relay, "relay.addresses", i);
                text_host(&t, &c->relay_addresses[i]);
                return conf_why_say(why, w->file, w->line, "relay.addresses has %s twice", name);
            }
        }
    }
    for (size_t i = 0; i < c->external_count; i++) {
        const struct conf_external *e = &c->externals[i];
        for (size_t j = 0; j < i; j++) {
            const struct conf_external *f = &c->externals[j];
            if (e->external.family != f->external.family ||
                !netaddr_is_equal(&e->local, &f->local)) {
                continue;
            }
            const struct conf_word *w = word_at(relay, "relay.external", i);
            if (e->local.family == NETADDR_NONE) {
                return conf_why_say(why, w->file, w->line,
                                    "relay.external has a second address of one family; with "
                                    "several write local=external for each");
            }
            text_host(&t, &e->local);
            return conf_why_say(why, w->file, w->line, "relay.external maps %s twice", name);
        }
    }
    return true;
}

/* check_limits — limits that belong together, those of the server or of a realm. */
static bool check_limits(const struct conf_limits *l, const struct conf_node *node, bool is_realm,
                         struct conf_why *why)
{
    const struct conf_word *longest =
        first_word(node, is_realm ? "realm.limits.max-lifetime" : "limits.max-lifetime");
    const struct conf_word *usual =
        first_word(node, is_realm ? "realm.limits.lifetime" : "limits.lifetime");
    const struct conf_word *bandwidth =
        first_word(node, is_realm ? "realm.limits.bandwidth-per-allocation"
                                  : "limits.bandwidth-per-allocation");
    if (l->max_lifetime < l->lifetime) {
        const struct conf_word *w = longest->file ? longest : usual;
        char texts[2][CONF_VALUE_SIZE];
        struct text longest_text = text_init(texts[0], CONF_VALUE_SIZE);
        struct text usual_text = text_init(texts[1], CONF_VALUE_SIZE);
        conf_value_put(&longest_text, options_find("limits.max-lifetime"), l->max_lifetime);
        conf_value_put(&usual_text, options_find("limits.lifetime"), l->lifetime);
        return conf_why_say(why, w->file, w->line,
                            "%slimits.max-lifetime (%s) is below lifetime "
                            "(%s)",
                            is_realm ? "realm." : "", texts[0], texts[1]);
    }
    if (l->bandwidth_per_allocation > 0 && l->bandwidth_per_allocation < SLOWEST) {
        return conf_why_say(why, bandwidth->file, bandwidth->line,
                            "bandwidth-per-allocation = \"%s\" is less than two full packets a "
                            "second; 2kB/s is the least, 0 means no limit",
                            bandwidth->text);
    }
    return true;
}

/* check_narrow — a realm's limits may not go beyond those of the server, where 0 is no limit. */
static bool check_narrow(const struct conf *c, const struct conf_realm *realm,
                         const struct conf_node *node, struct conf_why *why)
{
    for (const struct options_row *r = NULL; (r = options_next(OPTIONS_REALM_LIMITS, r));) {
        const struct options_row *server = options_find(r->name + strlen("realm."));
        uint64_t most = conf_field_number(c, server);
        uint64_t wish = conf_field_number(realm, r);
        bool is_counted = server->min == 0;
        if (is_counted ? most > 0 && (wish == 0 || wish > most) : wish > most) {
            const struct conf_word *w = first_word(node, r->name);
            return conf_why_say(why, w->file, w->line,
                                "%s = \"%s\" goes beyond %s; a realm can only narrow it", r->name,
                                w->text, server->name);
        }
    }
    return true;
}

static bool check_user(const struct conf_user *user, const struct conf_node *node,
                       struct conf_why *why)
{
    const struct conf_word *w = &node->title;
    size_t bytes = strlen(user->name);
    if (bytes == 0) {
        return conf_why_say(why, w->file, w->line, "a user has an empty name");
    }
    if (conf_utf8_count(user->name) == SIZE_MAX) {
        return conf_why_say(why, w->file, w->line,
                            "a user's name has control characters or is not UTF-8 text");
    }
    if (bytes > USER_BYTES) {
        return conf_why_say(why, w->file, w->line,
                            "a user's name has %zu bytes; 508 is the most that STUN can carry",
                            bytes);
    }
    if (user->password && user->has_key) {
        return conf_why_say(why, w->file, w->line,
                            "user \"%s\" has both a password and a key; keep one", user->name);
    }
    if (!user->password && !user->has_key) {
        return conf_why_say(why, w->file, w->line, "user \"%s\" has neither password nor key",
                            user->name);
    }
    return true;
}

static bool check_realm_name(const char *name, const struct conf_word *w, struct conf_why *why)
{
    size_t characters = conf_utf8_count(name);
    if (characters == 0) {
        return conf_why_say(why, w->file, w->line, "a realm has an empty name");
    }
    if (characters == SIZE_MAX) {
        return conf_why_say(why, w->file, w->line,
                            "a realm's name has control characters or is not UTF-8 text");
    }
    if (characters > REALM_CHARACTERS) {
        return conf_why_say(why, w->file, w->line,
                            "a realm's name has %zu characters; 127 is the most that STUN can "
                            "carry",
                            characters);
    }
    return true;
}

/* has_more_users — whether there may be users and credentials that the file does not name. */
static bool has_more_users(const struct conf *c)
{
    return strcmp(c->store, "memory") != 0 || c->control || c->http_listen.family != NETADDR_NONE;
}

static bool check_realm(const struct conf *c, const struct conf_realm *realm,
                        const struct conf_node *node, struct conf_why *why)
{
    const struct conf_node *limits = conf_syntax_child(node, OPTIONS_REALM_LIMITS);
    const struct conf_word *w = &node->title;
    if (!check_realm_name(realm->name, w, why) || !check_narrow(c, realm, limits, why) ||
        !check_limits(&realm->limits, limits, true, why)) {
        return false;
    }
    if (realm->user_count == 0 && realm->secrets.count == 0 && !has_more_users(c)) {
        return conf_why_say(why, w->file, w->line,
                            "realm \"%s\" has neither a user nor a secret, so nobody could relay; "
                            "set a store, control or http, and they can be made later",
                            realm->name);
    }
    if (realm->credential_max_ttl < realm->credential_ttl) {
        const struct conf_word *ttl = first_word(node, "realm.credential-ttl");
        const struct conf_word *most = first_word(node, "realm.credential-max-ttl");
        ttl = ttl->file ? ttl : most;
        return conf_why_say(why, ttl->file, ttl->line,
                            "realm \"%s\" has a credential-ttl above its credential-max-ttl",
                            realm->name);
    }
    size_t user = 0;
    for (size_t i = 0; i < node->child_count; i++) {
        const struct conf_node *child = node->children[i];
        if (child->section == OPTIONS_USER && !check_user(&realm->users[user++], child, why)) {
            return false;
        }
    }
    return true;
}

static bool check_realms(const struct conf *c, const struct conf_node *top, struct conf_why *why)
{
    size_t realm = 0;
    for (size_t i = 0; i < top->child_count; i++) {
        const struct conf_node *child = top->children[i];
        if (child->section == OPTIONS_REALM && !check_realm(c, &c->realms[realm++], child, why)) {
            return false;
        }
    }
    return true;
}

/* check_http — it leaves the machine over TLS alone. */
static bool check_http(const struct conf *c, const struct conf_node *http, struct conf_why *why)
{
    const struct conf_word *listen = first_word(http, "http.listen");
    const struct conf_word *file = first_word(http, c->http_key ? "http.key" : "http.certificate");
    if (!c->http_certificate != !c->http_key) {
        return conf_why_say(why, file->file, file->line, "http has a %s without a %s",
                            c->http_key ? "key" : "certificate",
                            c->http_key ? "certificate" : "key");
    }
    if (c->http_listen.family != NETADDR_NONE && !c->http_certificate &&
        !netaddr_is_loopback(&c->http_listen)) {
        return conf_why_say(why, listen->file, listen->line,
                            "http.listen = \"%s\" can be reached from other machines, and would "
                            "show them keys and credentials in clear: set http.certificate and "
                            "http.key, or listen on 127.0.0.1",
                            listen->text);
    }
    return true;
}

/* check_store — what of it can be told before it is opened. */
static bool check_store(const struct conf *c, const struct conf_node *top, struct conf_why *why)
{
    enum { LEAST = 10 }; /* seconds */
    const struct conf_word *interval = first_word(top, "usage-interval");
    const struct conf_word *password = first_word(top, "store-password");
    if (c->usage_interval > 0 && c->usage_interval < LEAST) {
        return conf_why_say(why, interval->file, interval->line,
                            "usage-interval = \"%s\" is less than 10s; 0 tells no usage",
                            interval->text);
    }
    if (c->store_password && strncmp(c->store, "redis", 5) != 0 &&
        strncmp(c->store, "coturn+redis", 12) != 0) {
        return conf_why_say(why, password->file, password->line,
                            "store-password is for Redis, and the store is none");
    }
    return true;
}

bool conf_check(const struct conf *c, const struct conf_node *top, struct conf_why *why)
{
    return check_http(c, conf_syntax_child(top, OPTIONS_HTTP), why) && check_store(c, top, why) &&
           check_tls(c, conf_syntax_child(top, OPTIONS_TLS), why) && check_listeners(c, top, why) &&
           check_relay(c, conf_syntax_child(top, OPTIONS_RELAY), why) &&
           check_limits(&c->limits, conf_syntax_child(top, OPTIONS_LIMITS), false, why) &&
           check_realms(c, top, why);
}
