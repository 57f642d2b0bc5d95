/* snapshot — a configuration as the rooms below take it. */
/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "net/addresses.h"
#include "net/digest_openssl.h"
#include "net/tls.h"
#include "store/opaque.h"
#include "store/roster.h"

enum { NO_NUMBER = 255 };

enum { CERTIFICATES_MAX = 64 };

struct snapshot {
    struct settings settings;
    struct own own;
    struct endpoint_rules rules;
    struct worker_view view;
    struct listener_rules listener[LISTENER_MAX];
    struct snapshot_certificate certificate[CERTIFICATES_MAX];
    size_t certificate_count;
    struct roster *roster;
    struct policy_rule *rule[SETTINGS_REALMS_MAX];
    uint8_t number[SETTINGS_REALMS_MAX]; /* of the conf's realms, in its order; or NO_NUMBER */
    struct gate gate;
    struct keyring keyring;
};

/* add_socket — one more, or one more use of a socket that is there. Returns false without room. */
static bool add_socket(struct snapshot_socket *out, size_t *count, size_t room,
                       const struct conf_listener *l, const struct netaddr *address)
{
    bool is_stream = l->transport == CONF_TCP || l->transport == CONF_TLS;
    bool is_secure = l->transport == CONF_TLS || l->transport == CONF_DTLS;
    struct snapshot_socket *at = NULL;
    for (size_t i = 0; i < *count && !at; i++) {
        bool is_it = out[i].is_stream == is_stream && netaddr_is_equal(&out[i].address, address);
        at = is_it ? &out[i] : NULL;
    }
    if (!at) {
        if (*count == room) {
            return false;
        }
        at = &out[(*count)++];
        *at = (struct snapshot_socket){
            .address = *address,
            .realm = l->realm ? strdup(l->realm) : NULL,
            .may_lack = l->is_wildcard,
            .is_stream = is_stream,
        };
    }
    *(is_secure ? &at->secure : &at->plain) = l;
    return true;
}

size_t snapshot_sockets(const struct conf *c, struct snapshot_socket *out, size_t room)
{
    static const uint8_t any[16];
    size_t count = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < c->listener_count; i++) {
        const struct conf_listener *l = &c->listeners[i];
        struct netaddr ipv4 = netaddr_ipv4(0, l->address.port);
        struct netaddr ipv6 = netaddr_ipv6(any, l->address.port);
        ok = l->is_wildcard ? add_socket(out, &count, room, l, &ipv4) &&
                                  add_socket(out, &count, room, l, &ipv6)
                            : add_socket(out, &count, room, l, &l->address);
    }
    return ok ? count : room + 1;
}

void snapshot_forget(struct snapshot_socket *sockets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(sockets[i].realm);
        sockets[i].realm = NULL;
    }
}

/* add_host — one more address of ours. Several sources name the same one. */
static bool add_host(struct own *own, const struct netaddr *address)
{
    bool is_known = netaddr_is_any(address);
    for (uint8_t i = 0; i < own->host_count && !is_known; i++) {
        is_known = netaddr_is_same_host(&own->host[i].local, address);
    }
    if (is_known) {
        return true;
    }
    if (own->host_count == OWN_HOSTS_MAX) {
        return false;
    }
    struct own_host *host = &own->host[own->host_count++];
    host->local = *address;
    host->local.port = 0;
    return true;
}

static bool is_public_side(const struct netaddr *a)
{
    return !netaddr_is_loopback(a) && !netaddr_is_link_local(a);
}

/* map_hosts — give hosts their external addresses: by name, or all of the family but loopback. */
static void map_hosts(struct own *own, const struct conf *c)
{
    for (size_t i = 0; i < c->external_count; i++) {
        const struct conf_external *e = &c->externals[i];
        bool is_for_all = e->local.family == NETADDR_NONE;
        for (uint8_t j = 0; j < own->host_count; j++) {
            struct own_host *host = &own->host[j];
            bool is_meant = is_for_all ? host->local.family == e->external.family &&
                                             is_public_side(&host->local) &&
                                             host->external.family == NETADDR_NONE
                                       : netaddr_is_same_host(&host->local, &e->local);
            if (is_meant) {
                host->external = e->external;
                host->external.port = 0;
                own->is_mapped = true;
            }
        }
    }
}

/* gather_hosts — every address that is ours. Were one left out, clients could reach what listens
 * there: too many are refused. */
static bool gather_hosts(struct own *own, const struct snapshot_parts *parts)
{
    const struct conf *c = parts->conf;
    struct netaddr machine[OWN_HOSTS_MAX + 1];
    size_t count = addresses_list(machine, OWN_HOSTS_MAX + 1);
    bool ok = true;
    for (size_t i = 0; i < c->relay_address_count; i++) {
        ok = add_host(own, &c->relay_addresses[i]) && ok;
    }
    for (size_t i = 0; i < c->external_count; i++) {
        if (c->externals[i].local.family != NETADDR_NONE) {
            ok = add_host(own, &c->externals[i].local) && ok;
        }
    }
    for (size_t i = 0; i < parts->socket_count; i++) {
        ok = add_host(own, &parts->sockets[i].address) && ok;
    }
    for (size_t i = 0; i < count; i++) {
        ok = add_host(own, &machine[i]) && ok;
    }
    return ok;
}

/* add_ports — the port maps of the hosts that can be relayed from; those of addresses that have
 * gone are given up. */
static void add_ports(struct own *own, struct ports *ports)
{
    struct netaddr kept[OWN_HOSTS_MAX];
    for (uint8_t i = 0; i < own->host_count; i++) {
        kept[i] = own->host[i].local;
    }
    ports_keep(ports, kept, own->host_count);
    for (uint8_t i = 0; i < own->host_count; i++) {
        bool is_relayed_from = !netaddr_is_link_local(&own->host[i].local);
        int host = is_relayed_from ? ports_host(ports, &own->host[i].local) : -1;
        own->host[i].live = host >= 0 ? ports->host[host]->live : NULL;
    }
}

static bool fill_own(struct snapshot *s, const struct snapshot_parts *parts)
{
    static_assert((int)OWN_DOORS_MAX > (int)LISTENER_MAX + (int)STORE_ADDRESSES_MAX,
                  "every listener, HTTP and the store are doors");
    if (!gather_hosts(&s->own, parts)) {
        return false;
    }
    map_hosts(&s->own, parts->conf);
    add_ports(&s->own, parts->ports);
    for (size_t i = 0; i < parts->socket_count; i++) {
        struct netaddr door = parts->sockets[i].address;
        if (netaddr_is_any(&door)) {
            door.family = NETADDR_NONE; /* on every address of ours */
        }
        s->own.door[s->own.door_count++] = door;
    }
    if (parts->conf->http_listen.family != NETADDR_NONE) {
        struct netaddr door = parts->conf->http_listen;
        door.family = netaddr_is_any(&door) ? NETADDR_NONE : door.family;
        s->own.door[s->own.door_count++] = door;
    }
    for (size_t i = 0; i < parts->guarded_count; i++) {
        if (own_find(&s->own, &parts->guarded[i]) != OWN_NONE) {
            s->own.door[s->own.door_count++] = parts->guarded[i];
        }
    }
    return true;
}

/* guard — services elsewhere that this server uses: nobody reaches them through it. */
static bool guard(struct snapshot *s, const struct snapshot_parts *parts, size_t number)
{
    bool ok = true;
    for (size_t i = 0; i < parts->guarded_count; i++) {
        if (own_find(&s->own, &parts->guarded[i]) == OWN_NONE) {
            ok = policy_guard(&s->settings.realm[number].policy, &parts->guarded[i]) && ok;
        }
    }
    return ok;
}

static void add_rules(struct policy_rule *rules, size_t *count, const struct conf_prefixes *list,
                      bool allow)
{
    for (size_t i = 0; i < list->count; i++) {
        rules[(*count)++] = (struct policy_rule){list->at[i], allow};
    }
}

static bool fill_policy(struct snapshot *s, const struct conf *c, const struct conf_peers *own,
                        size_t number)
{
    size_t room = c->peers.allow.count + c->peers.deny.count + own->allow.count + own->deny.count;
    size_t count = 0;
    struct policy_rule *rules = calloc(room + 1, sizeof(*rules));
    s->rule[number] = rules;
    if (!rules) {
        return false;
    }
    add_rules(rules, &count, &c->peers.allow, true);
    add_rules(rules, &count, &c->peers.deny, false);
    add_rules(rules, &count, &own->allow, true);
    add_rules(rules, &count, &own->deny, false);
    policy_init(&s->settings.realm[number].policy, &s->own, rules, count);
    return true;
}

static bool fill_users(struct snapshot *s, const struct conf_realm *realm, uint8_t number,
                       const char *name, const struct digest *digest, char *why, size_t why_room)
{
    for (size_t i = 0; i < realm->user_count; i++) {
        const struct conf_user *u = &realm->users[i];
        char *password = u->password ? opaque_string(u->password) : NULL;
        if (u->password && !password) {
            snprintf(why, why_room,
                     "the password of user \"%s\" is empty, no UTF-8, or holds control characters",
                     u->name);
            return false;
        }
        bool ok = roster_add_user(s->roster, number, name, u->name, password, u->key, digest);
        if (password) {
            secret_wipe(password, strlen(password));
        }
        free(password);
        if (!ok) {
            snprintf(why, why_room, "out of memory");
            return false;
        }
    }
    size_t keys = realm->secrets.count * (realm->secret_digest == CONF_DIGEST_BOTH ? 2 : 1);
    if (keys > KEYRING_ENTRIES_MAX) {
        snprintf(why, why_room,
                 "realm \"%s\" has too many secrets: %d keys can be tried for a name, and both "
                 "digests make two of a secret",
                 realm->name, KEYRING_ENTRIES_MAX);
        return false;
    }
    for (size_t i = 0; i < realm->secrets.count; i++) {
        if (!roster_add_secret(s->roster, number, realm->secrets.at[i],
                               (enum roster_digest)realm->secret_digest)) {
            snprintf(why, why_room, "out of memory");
            return false;
        }
    }
    return true;
}

/* keep_numbers — begin with the realms of the snapshot in force, each of them gone until the conf
 * names it again. */
static void keep_numbers(struct settings *to, const struct snapshot *before)
{
    to->realm_count = before ? before->settings.realm_count : 0;
    for (int i = 0; i < to->realm_count; i++) {
        memcpy(to->realm[i].name, before->settings.realm[i].name, sizeof(to->realm[i].name));
        to->realm[i].name_size = before->settings.realm[i].name_size;
        to->realm[i].is_gone = true;
    }
}

/* known_number — the number a realm of that name has had; -1 when there was none. */
static int known_number(const struct settings *settings, const char *name)
{
    for (int i = 0; i < settings->realm_count; i++) {
        if (strcmp(settings->realm[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* fresh_number — one that was never used, else one whose realm is gone; -1 when there is none. */
static int fresh_number(struct settings *settings)
{
    if (settings->realm_count < SETTINGS_REALMS_MAX) {
        return settings->realm_count++;
    }
    for (int i = 0; i < settings->realm_count; i++) {
        if (settings->realm[i].is_gone) {
            return i;
        }
    }
    return -1;
}

/* name_realm — give the conf's realm `i` its number, if it is to have a known one (`is_known`) or
 * one that is not. Known ones go first, so that none is taken from them. */
static bool name_realm(struct snapshot *s, const struct conf_realm *from, size_t i, bool is_known,
                       char *why, size_t why_room)
{
    char *name = opaque_string(from->name);
    bool ok = name && strlen(name) <= SETTINGS_REALM_NAME_MAX;
    int number = ok ? known_number(&s->settings, name) : -1;
    bool is_turn = ok && is_known == (number >= 0);
    if (!ok) {
        snprintf(why, why_room, "the realm name \"%s\" is no text a realm can have", from->name);
    } else if (is_turn) {
        number = number >= 0 ? number : fresh_number(&s->settings);
        ok = number >= 0 && (!is_known || s->settings.realm[number].is_gone);
        snprintf(why, why_room, "realm \"%s\": %s", from->name,
                 number < 0 ? "there are too many realms; 32 is the most"
                            : "another realm is the same once it is normalised");
    }
    if (ok && is_turn) {
        struct settings_realm *to = &s->settings.realm[number];
        to->name_size = strlen(name);
        memcpy(to->name, name, to->name_size + 1);
        to->is_gone = false;
        s->number[i] = (uint8_t)number;
    }
    free(name);
    return ok;
}

static bool name_realms(struct snapshot *s, const struct conf *c, char *why, size_t why_room)
{
    bool ok = c->realm_count <= SETTINGS_REALMS_MAX;
    snprintf(why, why_room, "there are too many realms; %d is the most", SETTINGS_REALMS_MAX);
    for (size_t i = 0; ok && i < c->realm_count; i++) {
        ok = name_realm(s, &c->realms[i], i, true, why, why_room);
    }
    /* Those named just now are no longer gone, which is how a second one of the same name is seen.
     */
    for (size_t i = 0; ok && i < c->realm_count; i++) {
        if (s->number[i] == NO_NUMBER) {
            ok = name_realm(s, &c->realms[i], i, false, why, why_room);
        }
        if (ok && s->number[i] == NO_NUMBER) {
            snprintf(why, why_room, "realm \"%s\": another realm is the same once it is normalised",
                     c->realms[i].name);
            ok = false;
        }
    }
    return ok;
}

static bool fill_realm(struct snapshot *s, const struct conf *c, size_t i,
                       const struct digest *digest, char *why, size_t why_room)
{
    const struct conf_realm *from = &c->realms[i];
    uint8_t number = s->number[i];
    struct settings_realm *to = &s->settings.realm[number];
    bool may_issue = from->issues && (c->control || c->http_listen.family != NETADDR_NONE ||
                                      strcmp(c->store, "memory") != 0);
    to->has_secrets = from->secrets.count > 0 || may_issue;
    to->is_strict = from->expiry_is_strict;
    to->grace = from->expiry_grace;
    to->lifetime = from->limits.lifetime;
    to->max_lifetime = from->limits.max_lifetime;
    to->permission_lifetime = from->limits.permission_lifetime;
    to->channel_lifetime = from->limits.channel_lifetime;
    to->permissions_max = (uint16_t)from->limits.permissions_per_allocation;
    to->channels_max = (uint16_t)from->limits.channels_per_allocation;
    to->allocations =
        from->limits.allocations == c->limits.allocations ? 0 : from->limits.allocations;
    to->per_user = from->limits.allocations_per_user;
    to->per_tenant = from->limits.allocations_per_tenant;
    s->gate.digest[number] = (enum roster_digest)from->secret_digest;
    to->bandwidth = from->limits.bandwidth_per_allocation;
    if (!fill_policy(s, c, &from->peers, (size_t)number)) {
        snprintf(why, why_room, "out of memory");
        return false;
    }
    return fill_users(s, from, (uint8_t)number, to->name, digest, why, why_room);
}

static void fill_rules(struct snapshot *s, const struct conf *c)
{
    s->rules = (struct endpoint_rules){.own = &s->own, .wants_icmp = c->icmp};
    for (size_t i = 0; i < c->relay_address_count && i < ENDPOINT_RELAY_MAX; i++) {
        s->rules.relay[s->rules.relay_count++] = c->relay_addresses[i];
    }
}

/* challenge_with — the realm each listener's clients are asked for. */
static void challenge_with(struct snapshot *s, const struct snapshot_parts *parts)
{
    const struct conf *c = parts->conf;
    for (size_t i = 0; c->realm_count > 0 && i < parts->socket_count; i++) {
        size_t at = 0;
        for (size_t j = 0; parts->sockets[i].realm && j < c->realm_count; j++) {
            at = strcmp(c->realms[j].name, parts->sockets[i].realm) == 0 ? j : at;
        }
        s->settings.realm_of_listener[i] = s->number[at];
    }
}

static struct tls *tls_of(const struct snapshot *s, const char *certificate, const char *key)
{
    for (size_t i = 0; s && i < s->certificate_count; i++) {
        const struct snapshot_certificate *have = &s->certificate[i];
        if (strcmp(have->certificate, certificate) == 0 && strcmp(have->key, key) == 0) {
            return have->tls;
        }
    }
    return NULL;
}

/* read_tls — a certificate and its key; what is in force already goes on where the user that the
 * server runs as may not read the key, or where that is asked. NULL with a sentence. */
static struct tls *read_tls(const struct snapshot_parts *parts, const char *certificate,
                            const char *key, char *why, size_t why_room)
{
    struct tls *tls = tls_new(certificate, key, why, why_room);
    const struct tls *before = tls ? NULL : tls_of(parts->before, certificate, key);
    bool may_keep = parts->keeps_certificates || (access(key, R_OK) != 0 && errno == EACCES);
    return before && may_keep ? tls_share(before) : tls;
}

/* find_tls — the certificate of a listener, read once for all that use it; NULL with a sentence
 * when it cannot be. */
static struct tls *find_tls(struct snapshot *s, const struct snapshot_parts *parts,
                            const struct conf_listener *l, char *why, size_t why_room)
{
    const struct conf *c = parts->conf;
    const char *certificate = l->certificate ? l->certificate : c->certificate;
    const char *key = l->certificate ? l->key : c->key;
    struct tls *tls = tls_of(s, certificate, key);
    if (tls) {
        return tls;
    }
    if (s->certificate_count == CERTIFICATES_MAX) {
        snprintf(why, why_room, "there are too many certificates; %d is the most",
                 CERTIFICATES_MAX);
        return NULL;
    }
    tls = read_tls(parts, certificate, key, why, why_room);
    if (tls) {
        s->certificate[s->certificate_count++] =
            (struct snapshot_certificate){certificate, key, tls};
    }
    return tls;
}

static bool is_same_place(const struct conf_listener *a, const struct conf_listener *b)
{
    return a->transport == b->transport && a->is_wildcard == b->is_wildcard &&
           netaddr_is_equal(&a->address, &b->address);
}

/* now_of — what the conf says of a listener that is open; what was said when it was opened, where
 * it is not there any more. */
static const struct conf_listener *now_of(const struct conf *c, const struct conf_listener *open)
{
    for (size_t i = 0; i < c->listener_count; i++) {
        if (is_same_place(&c->listeners[i], open)) {
            return &c->listeners[i];
        }
    }
    return open;
}

static bool fill_secure(struct snapshot *s, const struct snapshot_parts *parts,
                        const struct conf_listener *l, struct listener_rules *to, char *why,
                        size_t why_room)
{
    /* A conf without a certificate that reload brought cannot serve what is still open. */
    bool has_files = l->certificate || parts->conf->certificate;
    to->takes_secure = has_files;
    to->takes_plain = to->takes_plain || l->takes_plain;
    to->fallback = l->fallback;
    to->names.at = l->fallback_names.at;
    to->names.count = l->fallback_names.count;
    to->tls = has_files ? find_tls(s, parts, l, why, why_room) : NULL;
    return !has_files || to->tls;
}

/* fill_listeners — what each socket takes. Text is borrowed from the conf, which lives as long. */
static bool fill_listeners(struct snapshot *s, const struct snapshot_parts *parts, char *why,
                           size_t why_room)
{
    for (size_t i = 0; i < parts->socket_count; i++) {
        const struct snapshot_socket *socket = &parts->sockets[i];
        struct listener_rules *to = &s->listener[i];
        const struct conf_listener *each[] = {socket->plain, socket->secure};
        *to = (struct listener_rules){
            .takes_plain = socket->plain != NULL,
            .per_address = parts->conf->limits.connections_per_address,
        };
        for (int j = 0; j < 2; j++) {
            const struct conf_listener *l = each[j] ? now_of(parts->conf, each[j]) : NULL;
            if (l && l->proxy_from.count > 0) {
                to->proxies.at = l->proxy_from.at;
                to->proxies.count = l->proxy_from.count;
            }
            if (l && j == 1 && !fill_secure(s, parts, l, to, why, why_room)) {
                return false;
            }
        }
    }
    return true;
}

static void fill_settings(struct settings *to, const struct conf *c)
{
    static const enum settings_family families[] = {
        [CONF_FAMILY_IPV4] = SETTINGS_IPV4,
        [CONF_FAMILY_IPV6] = SETTINGS_IPV6,
        [CONF_FAMILY_SAME] = SETTINGS_SAME,
    };
    enum { REGISTRY_INTERVAL = 60 }; /* seconds; how old the registry's counters may be */
    bool is_shared = strncmp(c->store, "redis", 5) == 0;
    to->interim = c->usage_interval ? c->usage_interval : is_shared ? REGISTRY_INTERVAL : 0;
    to->nonce_lifetime = c->limits.nonce_lifetime;
    to->allocations = c->limits.allocations;
    to->channel_last = c->channels_are_classic ? CHANNEL_MAX_CLASSIC : CHANNEL_MAX;
    to->challenges_per_prefix = c->limits.challenges_per_prefix;
    to->bindings_per_prefix = c->limits.bindings_per_prefix;
    to->family = families[c->relay_family];
    to->icmp = c->icmp;
    to->relays_tcp = c->relay_tcp;
    for (size_t i = 0; i < c->alternate_count && i < SETTINGS_ALTERNATES_MAX; i++) {
        to->alternate[to->alternate_count++] = c->alternates[i];
    }
    snprintf(to->software, sizeof(to->software), "%s", c->software);
}

struct snapshot *snapshot_new(const struct snapshot_parts *parts, char *why, size_t why_room)
{
    const struct conf *c = parts->conf;
    struct digest *digest = digest_openssl_new();
    struct snapshot *s = calloc(1, sizeof(*s));
    bool ok = digest && s && (s->roster = roster_new()) != NULL;
    snprintf(why, why_room, "out of memory, or OpenSSL lacks MD5");
    if (ok && !fill_own(s, parts)) {
        snprintf(why, why_room, "this machine has too many addresses: %d is the most",
                 OWN_HOSTS_MAX);
        ok = false;
    }
    if (ok) {
        fill_rules(s, c);
        fill_settings(&s->settings, c);
        keep_numbers(&s->settings, parts->before);
        s->settings.generation = parts->generation;
        s->settings.own = &s->own;
        memset(s->number, NO_NUMBER, sizeof(s->number));
        ok = name_realms(s, c, why, why_room);
    }
    for (size_t i = 0; ok && i < c->realm_count; i++) {
        ok = fill_realm(s, c, i, digest, why, why_room) && guard(s, parts, s->number[i]);
    }
    ok = ok && fill_listeners(s, parts, why, why_room);
    digest_openssl_free(digest);
    if (!ok) {
        snapshot_free(s);
        return NULL;
    }
    challenge_with(s, parts);
    s->gate.roster = s->roster;
    s->gate.mirror = parts->mirror;
    s->gate.deck = parts->deck;
    s->keyring = gate_keyring(&s->gate);
    s->view = (struct worker_view){&s->settings, &s->rules, &s->keyring, s->listener};
    if (!roster_seal(s->roster)) {
        snprintf(why, why_room, "out of memory");
        snapshot_free(s);
        return NULL;
    }
    return s;
}

void snapshot_free(struct snapshot *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < SETTINGS_REALMS_MAX; i++) {
        free(s->rule[i]);
    }
    for (size_t i = 0; i < s->certificate_count; i++) {
        tls_free(s->certificate[i].tls);
    }
    roster_free(s->roster);
    free(s);
}

const struct snapshot_certificate *snapshot_certificates(const struct snapshot *s, size_t *count)
{
    *count = s->certificate_count;
    return s->certificate;
}

const struct roster *snapshot_roster(const struct snapshot *s)
{
    return s->roster;
}

const struct settings *snapshot_settings(const struct snapshot *s)
{
    return &s->settings;
}

const struct own *snapshot_own(const struct snapshot *s)
{
    return &s->own;
}

uint8_t snapshot_number(const struct snapshot *s, size_t i)
{
    return s->number[i];
}

const struct worker_view *snapshot_view(const struct snapshot *s)
{
    return &s->view;
}
