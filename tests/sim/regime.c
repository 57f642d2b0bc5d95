/* regime — one configuration of the simulated server. */
/* SPDX-License-Identifier: MIT */
#include "sim/regime.h"

#include "sim/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_rule(struct regime *r, size_t *count, const char *text, bool allow)
{
    for (int realm = 0; realm < ROSTER_REALMS; realm++) {
        struct policy_rule *rule = &r->rules[realm][*count];
        rule->allow = allow;
        if (!prefix_parse(text, &rule->prefix)) {
            abort();
        }
    }
    ++*count;
}

static void set_own(struct regime *r, const struct regime_frame *frame)
{
    for (int i = 0; i < 2; i++) {
        enum netaddr_family family = (enum netaddr_family)(i + 1);
        struct own_host *host = &r->own.host[r->own.host_count++];
        host->local = plan_local(family);
        if (frame->is_mapped) {
            host->external = plan_external(family);
        }
        host->live = frame->live[i];
    }
    r->own.is_mapped = frame->is_mapped;
    r->own.door[r->own.door_count++] = (struct netaddr){.port = PLAN_DOOR};
}

static void set_policy(struct regime *r)
{
    size_t count = 0;
    if (r->allows_private) {
        add_rule(r, &count, "10.1.0.0/16", true);
        add_rule(r, &count, "fd00:1::/32", true);
    }
    if (r->denies_banned) {
        add_rule(r, &count, "22.0.0.0/8", false);
        add_rule(r, &count, "2a01:22::/32", false);
    }
    if (r->allows_own) {
        add_rule(r, &count, "5.5.5.5", true);
        add_rule(r, &count, "6.6.6.6", true);
    }
    for (int realm = 0; realm < ROSTER_REALMS; realm++) {
        policy_init(&r->settings.realm[realm].policy, &r->own, r->rules[realm], count);
    }
}

static uint32_t pick(struct dice *dice, uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t choice[] = {a, b, c};
    return choice[dice_below(dice, 3)];
}

static void set_realms(struct regime *r, const struct regime_frame *frame, struct dice *dice)
{
    struct settings *s = &r->settings;
    s->realm_count = ROSTER_REALMS;
    for (int i = 0; i < ROSTER_REALMS; i++) {
        struct settings_realm *realm = &s->realm[i];
        realm->name_size =
            (size_t)snprintf(realm->name, sizeof(realm->name), "%s", roster_realm((uint8_t)i));
        realm->is_strict = dice_chance(dice, 400);
        realm->grace = pick(dice, 60, 300, 3600);
        realm->lifetime = pick(dice, 600, 600, 120);
        realm->max_lifetime = pick(dice, 3600, 1200, 600);
        realm->permission_lifetime = pick(dice, 300, 300, 100);
        realm->channel_lifetime = pick(dice, 600, 600, 60);
        realm->permissions_max = (uint16_t)pick(dice, 256, 8, 3);
        realm->channels_max = (uint16_t)pick(dice, 256, 8, 2);
        realm->per_user = pick(dice, 0, 1, 3);
        realm->allocations = pick(dice, 0, 0, frame->visitors / 3);
        realm->bandwidth = i == ROSTER_TIMED ? pick(dice, 0, 20000, 1000) : 0;
    }
    s->realm[ROSTER_TIMED].has_secrets = true;
    s->realm[ROSTER_TIMED].is_gone = dice_chance(dice, 100);
    s->realm_of_listener[1] = s->realm[ROSTER_TIMED].is_gone ? ROSTER_STATIC : ROSTER_TIMED;
}

struct regime *regime_new(const struct regime_frame *frame, const struct regime *before,
                          struct dice *dice)
{
    struct regime *r = calloc(1, sizeof(*r));
    if (!r) {
        abort();
    }
    r->allows_private = dice_chance(dice, 500);
    r->denies_banned = dice_chance(dice, 500);
    r->allows_own = dice_chance(dice, 300);
    r->book = before ? roster_book_change(&before->book, dice) : roster_book_new(frame->users);
    r->settings = (struct settings){
        .generation = before ? before->settings.generation + 1 : 1,
        .own = &r->own,
        .nonce_lifetime = pick(dice, 600, 3600, 100),
        .allocations = pick(dice, 0, 0, frame->visitors / 2),
        .channel_last = dice_chance(dice, 500) ? CHANNEL_MAX : CHANNEL_MAX_CLASSIC,
        .challenges_per_prefix = pick(dice, 0, 200, 2),
        .bindings_per_prefix = pick(dice, 0, 2000, 1),
        .family = (enum settings_family)dice_below(dice, 3),
        .icmp = dice_chance(dice, 500),
        .relays_tcp = dice_chance(dice, 800),
    };
    if (dice_chance(dice, 500)) {
        memcpy(r->settings.software, "turnpike", sizeof("turnpike"));
    }
    set_own(r, frame);
    set_realms(r, frame, dice);
    set_policy(r);
    return r;
}

void regime_free(struct regime *r)
{
    if (r) {
        roster_book_fini(&r->book);
        memset(r, 0xee, sizeof(*r));
        free(r);
    }
}

enum regime_word regime_ask(const struct regime *r, const struct netaddr *a)
{
    switch (plan_kind(a)) {
    case PLAN_PUBLIC:
        return REGIME_ALLOW;
    case PLAN_PRIVATE:
    case PLAN_DISGUISED:
        return r->allows_private ? REGIME_ALLOW : REGIME_DENY;
    case PLAN_BANNED:
        return r->denies_banned ? REGIME_DENY : REGIME_ALLOW;
    case PLAN_OWN:
        return r->allows_own && a->family == NETADDR_IPV4 ? REGIME_NO_LISTENERS : REGIME_RELAY_ONLY;
    default:
        return REGIME_DENY;
    }
}
