/* policy — may this user reach this peer? */
/* SPDX-License-Identifier: MIT */
#include "engine/policy.h"

#include <string.h>

/* The IANA special-purpose registries (RFC 6890 and after), multicast and what is not yet given
 * out. `is_named` ones yield only to a rule as narrow as they are: a broad allow must not open this
 * host to itself, nor where clouds keep credentials, nor translators that may lead there. */
static const struct {
    const char *text;
    bool is_named;
} specials[] = {
    {"169.254.169.254", true},  /* cloud metadata */
    {"169.254.170.2", true},    /* container credentials */
    {"100.100.100.200", true},  /* cloud metadata */
    {"192.0.0.192", true},      /* cloud metadata */
    {"fd00:ec2::254", true},    /* cloud metadata */
    {"0.0.0.0/8", true},        /* this host, RFC 1122 */
    {"10.0.0.0/8", false},      /* private, RFC 1918 */
    {"100.64.0.0/10", false},   /* shared, RFC 6598 */
    {"127.0.0.0/8", true},      /* loopback */
    {"169.254.0.0/16", false},  /* link-local */
    {"172.16.0.0/12", false},   /* private */
    {"192.0.0.0/24", false},    /* protocol assignments, RFC 6890 */
    {"192.0.2.0/24", false},    /* documentation, RFC 5737 */
    {"192.31.196.0/24", false}, /* AS112, RFC 7535 */
    {"192.52.193.0/24", false}, /* AMT, RFC 7450 */
    {"192.88.99.0/24", false},  /* 6to4 anycast, RFC 7526 */
    {"192.168.0.0/16", false},  /* private */
    {"192.175.48.0/24", false}, /* AS112, RFC 7534 */
    {"198.18.0.0/15", false},   /* benchmarking, RFC 2544 */
    {"198.51.100.0/24", false}, /* documentation */
    {"203.0.113.0/24", false},  /* documentation */
    {"224.0.0.0/4", false},     /* multicast */
    {"240.0.0.0/4", false},     /* reserved, and limited broadcast */
    {"::/96", true},            /* unspecified, loopback, compatible */
    {"::ffff:0:0/96", false},   /* mapped */
    {"::ffff:0:0:0/96", false}, /* translated, RFC 2765 */
    {"64:ff9b:1::/48", true},   /* local translation, RFC 8215 */
    {"100::/64", false},        /* discard, RFC 6666 */
    {"100:0:0:1::/64", false},  /* dummy prefix, RFC 9780 */
    {"2001::/23", false},       /* protocol assignments, Teredo, benchmarking, ORCHID among them */
    {"2001:db8::/32", false},   /* documentation */
    {"2620:4f:8000::/48", false}, /* AS112 */
    {"3fff::/20", false},         /* documentation, RFC 9637 */
    {"5f00::/16", false},         /* segment routing, RFC 9602 */
    {"fc00::/7", false},          /* unique local */
    {"fe80::/10", false},         /* link-local */
    {"fec0::/10", false},         /* site-local, RFC 3879 */
    {"ff00::/8", false},          /* multicast */
};

/* compare — the order rules are kept in. */
static int compare(const struct policy_rule *a, const struct policy_rule *b)
{
    if (a->prefix.length != b->prefix.length) {
        return a->prefix.length > b->prefix.length ? -1 : 1;
    }
    if (a->prefix.first.family != b->prefix.first.family) {
        return a->prefix.first.family < b->prefix.first.family ? -1 : 1;
    }
    int order = memcmp(a->prefix.first.ip, b->prefix.first.ip, sizeof(a->prefix.first.ip));
    return order != 0 ? order : (int)a->allow - (int)b->allow;
}

/* sink — let the rule at `at` sink to its place in a heap of `count`, the last one on top. */
static void sink(struct policy_rule *rules, size_t at, size_t count)
{
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && compare(&rules[child], &rules[child + 1]) < 0) {
            child++;
        }
        if (compare(&rules[at], &rules[child]) >= 0) {
            return;
        }
        struct policy_rule swap = rules[at];
        rules[at] = rules[child];
        rules[child] = swap;
        at = child;
    }
}

/* sort — by heap: country lists have tens of thousands of rules, and no C library is at hand. */
static void sort(struct policy_rule *rules, size_t count)
{
    for (size_t i = count / 2; i-- > 0;) {
        sink(rules, i, count);
    }
    for (size_t last = count; last-- > 1;) {
        struct policy_rule swap = rules[0];
        rules[0] = rules[last];
        rules[last] = swap;
        sink(rules, 0, last);
    }
}

static void find_groups(struct policy *policy)
{
    struct policy_group *group = NULL;
    for (size_t i = 0; i < policy->count; i++) {
        const struct prefix *p = &policy->rules[i].prefix;
        if (!group || group->length != p->length || group->family != p->first.family) {
            group = &policy->group[policy->group_count++];
            *group = (struct policy_group){p->first.family, p->length, (uint32_t)i, 0};
        }
        group->count++;
    }
}

void policy_init(struct policy *policy, const struct own *own, struct policy_rule *rules,
                 size_t count)
{
    static_assert(sizeof(specials) / sizeof(specials[0]) <= POLICY_SPECIALS_MAX, "room for all");
    *policy = (struct policy){.own = own, .rules = rules, .count = count};
    sort(rules, count);
    find_groups(policy);
    for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
        struct policy_special *s = &policy->special[policy->special_count];
        s->is_named = specials[i].is_named;
        policy->special_count += prefix_parse(specials[i].text, &s->prefix) ? 1 : 0;
    }
}

bool policy_guard(struct policy *policy, const struct netaddr *host)
{
    if (policy->special_count == POLICY_SPECIALS_MAX) {
        return false;
    }
    memmove(policy->special + 1, policy->special,
            policy->special_count * sizeof(policy->special[0])); /* the first that fits counts */
    policy->special[0] = (struct policy_special){prefix_of(host, netaddr_size(host) * 8), true};
    policy->special_count++;
    return true;
}

/* rule_in — the first rule of a group that is for exactly this prefix; NULL when there is none. */
static const struct policy_rule *
rule_in(const struct policy *policy, const struct policy_group *group, const struct netaddr *first)
{
    const struct policy_rule *rules = policy->rules + group->first;
    size_t low = 0;
    size_t high = group->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(rules[middle].prefix.first.ip, first->ip, sizeof(first->ip)) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool is_found = low < group->count && netaddr_is_same_host(&rules[low].prefix.first, first);
    return is_found ? &rules[low] : NULL;
}

/* rule_for — the most specific rule that holds an address: one search per prefix length in use. */
static const struct policy_rule *rule_for(const struct policy *policy, const struct netaddr *peer)
{
    const struct policy_rule *rule = NULL;
    for (size_t i = 0; i < policy->group_count && !rule; i++) {
        const struct policy_group *group = &policy->group[i];
        if (group->family == peer->family) {
            struct prefix own = prefix_of(peer, group->length);
            rule = rule_in(policy, group, &own.first);
        }
    }
    return rule;
}

static const struct policy_special *special_for(const struct policy *policy,
                                                const struct netaddr *peer)
{
    for (size_t i = 0; i < policy->special_count; i++) {
        if (prefix_has(&policy->special[i].prefix, peer)) {
            return &policy->special[i];
        }
    }
    return NULL;
}

/* ask_plain — the answer for an address as it is written, not for one it embeds. */
static enum policy_verdict ask_plain(const struct policy *policy, const struct netaddr *peer,
                                     uint8_t *own)
{
    const struct policy_rule *rule = rule_for(policy, peer);
    const struct policy_special *special = special_for(policy, peer);
    *own = own_find(policy->own, peer);
    if (rule && rule->allow && special && special->is_named) {
        rule = rule->prefix.length >= special->prefix.length ? rule : NULL;
    }
    if (rule && rule->allow && *own != OWN_NONE) {
        /* A range that happens to hold one of our own addresses does not open what listens there.
         */
        rule = rule->prefix.length == netaddr_size(peer) * 8 ? rule : NULL;
    }
    if (rule && !rule->allow) {
        return POLICY_DENY;
    }
    if (*own != OWN_NONE) {
        return rule ? POLICY_NO_LISTENERS : POLICY_RELAY_ONLY;
    }
    return rule || !special ? POLICY_ALLOW : POLICY_DENY;
}

enum policy_verdict policy_ask(const struct policy *policy, const struct netaddr *peer,
                               uint8_t *own)
{
    enum policy_verdict verdict = ask_plain(policy, peer, own);
    struct netaddr inner;
    uint8_t inner_own;
    if (netaddr_is_any(peer)) {
        return POLICY_DENY; /* it names nobody, and arrives here */
    }
    if (verdict == POLICY_DENY || !netaddr_embedded(peer, &inner)) {
        return verdict;
    }
    /* A disguise of one of our own addresses cannot be held to its live ports. */
    return ask_plain(policy, &inner, &inner_own) == POLICY_ALLOW ? verdict : POLICY_DENY;
}
