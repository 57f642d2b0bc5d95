/* snapshot — a configuration as the rooms below take it. */
/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include "net/addresses.h"
#include "net/digest_openssl.h"
#include "store/opaque.h"
#include "store/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct snapshot {
    struct settings settings;
    struct own own;
    struct endpoint_rules rules;
    struct worker_view view;
    struct roster *roster;
    struct policy_rule *rule[SETTINGS_REALMS_MAX];
};

size_t snapshot_sockets(const struct conf *c, struct snapshot_socket *out, size_t room)
{
    static const uint8_t any[16];
    size_t count = 0;
    for (size_t i = 0; i < c->listener_count; i++) {
        const struct conf_listener *l = &c->listeners[i];
        struct snapshot_socket s = {
            .address = l->address,
            .may_lack = l->is_wildcard,
            .listener = l,
        };
        size_t need = l->is_wildcard ? 2 : 1;
        if (count + need > room) {
            return room + 1;
        }
        if (l->is_wildcard) {
            s.address = netaddr_ipv4(0, l->address.port);
            s.realm = l->realm ? strdup(l->realm) : NULL;
            out[count++] = s;
            s.address = netaddr_ipv6(any, l->address.port);
        }
        s.realm = l->realm ? strdup(l->realm) : NULL;
        out[count++] = s;
    }
    return count;
}

void snapshot_forget(struct snapshot_socket *sockets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(sockets[i].realm);
        sockets[i].realm = NULL;
    }
}

/* add_host — one more address of ours. Several sources name the same one. */
static void add_host(struct own *own, const struct netaddr *address)
{
    if (own->host_count < OWN_HOSTS_MAX && own_find(own, address) == OWN_NONE &&
        !netaddr_is_any(address)) {
        struct own_host *host = &own->host[own->host_count++];
        host->local = *address;
        host->local.port = 0;
    }
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

static void fill_own(struct snapshot *s, const struct conf *c, struct ports *ports,
                     const struct snapshot_socket *sockets, size_t socket_count)
{
    struct netaddr machine[OWN_HOSTS_MAX];
    size_t count = addresses_list(machine, OWN_HOSTS_MAX);
    for (size_t i = 0; i < c->relay_address_count; i++) {
        add_host(&s->own, &c->relay_addresses[i]);
    }
    for (size_t i = 0; i < c->external_count; i++) {
        if (c->externals[i].local.family != NETADDR_NONE) {
            add_host(&s->own, &c->externals[i].local);
        }
    }
    for (size_t i = 0; i < socket_count; i++) {
        add_host(&s->own, &sockets[i].address);
    }
    for (size_t i = 0; i < count; i++) {
        add_host(&s->own, &machine[i]);
    }
    map_hosts(&s->own, c);
    for (uint8_t i = 0; i < s->own.host_count; i++) {
        int host = ports_host(ports, &s->own.host[i].local);
        s->own.host[i].live = host >= 0 ? ports->host[host]->live : NULL;
    }
    for (size_t i = 0; i < socket_count && s->own.door_count < OWN_DOORS_MAX; i++) {
        struct netaddr door = sockets[i].address;
        if (netaddr_is_any(&door)) {
            door.family = NETADDR_NONE; /* on every address of ours */
        }
        s->own.door[s->own.door_count++] = door;
    }
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
        free(password);
        if (!ok) {
            snprintf(why, why_room, "out of memory");
            return false;
        }
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

/* place_realm — the number of a realm: the one it had, else one that was never used, else one whose
 * realm is gone. Returns -1 when there is none. */
static int place_realm(const struct settings *settings, const char *name)
{
    int gone = -1;
    for (int i = 0; i < settings->realm_count; i++) {
        if (strcmp(settings->realm[i].name, name) == 0) {
            return i;
        }
        gone = settings->realm[i].is_gone ? i : gone;
    }
    return settings->realm_count < SETTINGS_REALMS_MAX ? settings->realm_count : gone;
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

static int name_realm(struct snapshot *s, const struct conf_realm *from, char *why,
                      size_t why_room)
{
    char *name = opaque_string(from->name);
    int number = -1;
    if (!name || strlen(name) > SETTINGS_REALM_NAME_MAX) {
        snprintf(why, why_room, "the realm name \"%s\" is no text a realm can have", from->name);
    } else if ((number = place_realm(&s->settings, name)) < 0) {
        snprintf(why, why_room, "there are more than %d realms", SETTINGS_REALMS_MAX);
    } else {
        struct settings_realm *to = &s->settings.realm[number];
        to->name_size = strlen(name);
        memcpy(to->name, name, to->name_size + 1);
        to->is_gone = false;
        if (number == s->settings.realm_count) {
            s->settings.realm_count++;
        }
    }
    free(name);
    return number;
}

static bool fill_realm(struct snapshot *s, const struct conf *c, const struct conf_realm *from,
                       const struct digest *digest, char *why, size_t why_room)
{
    int number = name_realm(s, from, why, why_room);
    if (number < 0) {
        return false;
    }
    struct settings_realm *to = &s->settings.realm[number];
    to->is_strict = from->expiry_is_strict;
    to->grace = from->expiry_grace;
    to->lifetime = from->limits.lifetime;
    to->max_lifetime = from->limits.max_lifetime;
    to->permission_lifetime = from->limits.permission_lifetime;
    to->channel_lifetime = from->limits.channel_lifetime;
    to->permissions_max = (uint16_t)from->limits.permissions_per_allocation;
    to->channels_max = (uint16_t)from->limits.channels_per_allocation;
    to->allocations = from->limits.allocations == c->limits.allocations ? 0
                                                                        : from->limits.allocations;
    to->per_user = from->limits.allocations_per_user;
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
static void challenge_with(struct settings *to, const struct conf *c,
                           const struct snapshot_socket *sockets, size_t socket_count)
{
    for (size_t i = 0; c->realm_count > 0 && i < socket_count && i < SETTINGS_LISTENERS_MAX; i++) {
        const char *name = sockets[i].realm ? sockets[i].realm : c->realms[0].name;
        int number = place_realm(to, name);
        bool is_known = number < to->realm_count && !to->realm[number].is_gone;
        number = is_known ? number : place_realm(to, c->realms[0].name);
        to->realm_of_listener[i] = (uint8_t)number;
    }
}

static void fill_settings(struct settings *to, const struct conf *c)
{
    static const enum settings_family families[] = {
        [CONF_FAMILY_IPV4] = SETTINGS_IPV4,
        [CONF_FAMILY_IPV6] = SETTINGS_IPV6,
        [CONF_FAMILY_SAME] = SETTINGS_SAME,
    };
    to->nonce_lifetime = c->limits.nonce_lifetime;
    to->allocations = c->limits.allocations;
    to->channel_last = c->channels_are_classic ? CHANNEL_MAX_CLASSIC : CHANNEL_MAX;
    to->challenges_per_prefix = c->limits.challenges_per_prefix;
    to->bindings_per_prefix = c->limits.bindings_per_prefix;
    to->family = families[c->relay_family];
    to->icmp = c->icmp;
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
    if (ok) {
        fill_own(s, c, parts->ports, parts->sockets, parts->socket_count);
        fill_rules(s, c);
        fill_settings(&s->settings, c);
        keep_numbers(&s->settings, parts->before);
        s->settings.generation = parts->generation;
        s->settings.own = &s->own;
    }
    for (size_t i = 0; ok && i < c->realm_count; i++) {
        ok = fill_realm(s, c, &c->realms[i], digest, why, why_room);
    }
    digest_openssl_free(digest);
    if (!ok) {
        snapshot_free(s);
        return NULL;
    }
    challenge_with(&s->settings, c, parts->sockets, parts->socket_count);
    s->view = (struct worker_view){&s->settings, &s->rules, roster_seal(s->roster)};
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
    roster_free(s->roster);
    free(s);
}

const struct worker_view *snapshot_view(const struct snapshot *s)
{
    return &s->view;
}
