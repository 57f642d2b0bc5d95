/* stage_config — what a scene may configure, and snapshots of it for the engine. */
/* SPDX-License-Identifier: MIT */
#include "scene/stage.h"
#include "scene/script.h"

#include <stdio.h>

static void add_rule(struct stage_config *c, const char *text)
{
    struct policy_rule *r = &c->rule[0][c->rule_count[0]++];
    r->allow = true;
    (void)prefix_parse(text, &r->prefix);
}

static void add_host(struct own *own, const char *text)
{
    (void)netaddr_parse(text, &own->host[own->host_count++].local);
}

void stage_config_init(struct stage_config *c)
{
    struct settings *s = &c->settings;
    *c = (struct stage_config){
        .capacity = 64, .ports = 16, .workers = 8, .has_family = {true, true}};
    s->realm_count = 1;
    s->nonce_lifetime = 600;
    s->channel_last = CHANNEL_MAX;
    strcpy(s->realm[0].name, "example.org");
    for (int i = 0; i < SETTINGS_REALMS_MAX; i++) {
        s->realm[i].lifetime = 600;
        s->realm[i].max_lifetime = 3600;
        s->realm[i].permission_lifetime = 300;
        s->realm[i].channel_lifetime = 600;
        s->realm[i].permissions_max = 256;
        s->realm[i].channels_max = 256;
        s->realm[i].grace = 86400;
    }
    add_host(&c->own, "198.51.100.1");
    add_host(&c->own, "2001:db8:1::1");
    c->own.door[c->own.door_count++] = (struct netaddr){.port = 3478};
    add_rule(c, "192.0.2.0/24");
    add_rule(c, "2001:db8:2::/48");
}

static bool set_words(struct stage_config *c, const char *name, const char *value)
{
    struct settings *s = &c->settings;
    struct settings_realm *r = &s->realm[c->focus];
    if (strcmp(name, "family") == 0) {
        s->family = strcmp(value, "ipv6") == 0   ? SETTINGS_IPV6
                    : strcmp(value, "same") == 0 ? SETTINGS_SAME
                                                 : SETTINGS_IPV4;
    } else if (strcmp(name, "relays") == 0) {
        c->has_family[0] = strcmp(value, "ipv6") != 0 && strcmp(value, "none") != 0;
        c->has_family[1] = strcmp(value, "ipv4") != 0 && strcmp(value, "none") != 0;
    } else if (strcmp(name, "software") == 0) {
        snprintf(s->software, sizeof(s->software), "%s", value);
    } else if (strcmp(name, "icmp") == 0) {
        s->icmp = strcmp(value, "yes") == 0;
    } else if (strcmp(name, "relays-tcp") == 0) {
        s->relays_tcp = strcmp(value, "yes") == 0;
    } else if (strcmp(name, "strict") == 0) {
        r->is_strict = strcmp(value, "yes") == 0;
    } else {
        return false;
    }
    return true;
}

static bool set_number(struct stage_config *c, const char *name, uint32_t n)
{
    struct settings *s = &c->settings;
    struct settings_realm *r = &s->realm[c->focus];
    const struct {
        const char *name;
        uint32_t *at;
    } numbers[] = {
        {"grace", &r->grace},
        {"lifetime", &r->lifetime},
        {"max-lifetime", &r->max_lifetime},
        {"realm-allocations", &r->allocations},
        {"per-user", &r->per_user},
        {"per-tenant", &r->per_tenant},
        {"permission-lifetime", &r->permission_lifetime},
        {"channel-lifetime", &r->channel_lifetime},
        {"nonce-lifetime", &s->nonce_lifetime},
        {"allocations", &s->allocations},
        {"challenges-per-prefix", &s->challenges_per_prefix},
        {"bindings-per-prefix", &s->bindings_per_prefix},
        {"capacity", &c->capacity},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            *numbers[i].at = n;
            return true;
        }
    }
    const struct {
        const char *name;
        uint16_t *at;
    } small[] = {
        {"permissions", &r->permissions_max},
        {"channels", &r->channels_max},
        {"channel-last", &s->channel_last},
        {"ports", &c->ports},
        {"workers", &c->workers},
    };
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        if (strcmp(name, small[i].name) == 0) {
            *small[i].at = (uint16_t)n;
            return true;
        }
    }
    if (strcmp(name, "bandwidth") == 0) {
        r->bandwidth = n;
        return true;
    }
    return false;
}

bool stage_config_set(struct stage_config *c, const char *name, const char *value)
{
    unsigned long long n;
    struct script_word word = {value, strlen(value), false};
    return set_words(c, name, value) ||
           (script_number(word, &n) && set_number(c, name, (uint32_t)n));
}

void stage_config_snapshot(struct stage *s, struct stage_snapshot *out)
{
    struct stage_config *c = &s->config;
    out->own = c->own;
    out->own.is_mapped = false;
    for (int i = 0; i < c->own.host_count; i++) {
        out->own.host[i].live = stage_live_map(s, i);
        out->own.is_mapped = out->own.is_mapped || c->own.host[i].external.family != NETADDR_NONE;
    }
    memcpy(out->rule, c->rule, sizeof(out->rule));
    out->settings = c->settings;
    out->settings.generation = ++s->generation;
    out->settings.own = &out->own;
    for (int i = 0; i < c->settings.realm_count; i++) {
        struct settings_realm *r = &out->settings.realm[i];
        r->name_size = strlen(r->name);
        policy_init(&r->policy, &out->own, out->rule[i], c->rule_count[i]);
    }
}
