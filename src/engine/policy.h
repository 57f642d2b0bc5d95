/* policy — may this user reach this peer? The one answer for all doors.
 * Pure. An immutable snapshot, shared by all threads. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_POLICY_H
#define ENGINE_POLICY_H

#include "base/prefix.h"
#include "relay/own.h"

struct policy_rule {
    struct prefix prefix;
    bool allow;
};

enum { POLICY_SPECIALS_MAX = 48 };

/* A range of the special-purpose registries. */
struct policy_special {
    struct prefix prefix;
    bool is_named; /* yields only to a rule at least as narrow */
};

/* The rules of one prefix length and family, in the order of their addresses. */
struct policy_group {
    uint8_t family;
    uint8_t length;
    uint32_t first;
    uint32_t count;
};

enum { POLICY_GROUPS_MAX = 33 + 129 };

/* The operator's rules of one realm, its own and the global ones together. */
struct policy {
    const struct own *own;     /* borrowed */
    struct policy_rule *rules; /* borrowed: longest prefix first, by address, deny before allow */
    size_t count;
    struct policy_group group[POLICY_GROUPS_MAX];
    size_t group_count;
    struct policy_special special[POLICY_SPECIALS_MAX];
    size_t special_count;
};

enum policy_verdict {
    POLICY_DENY,
    POLICY_ALLOW,        /* any port: OWN_ANY_PORT */
    POLICY_RELAY_ONLY,   /* ours: live relay endpoints alone */
    POLICY_NO_LISTENERS, /* ours, and named by an allow rule as that very address */
};

/* policy_init — make a policy of the operator's rules, which are sorted in place; `own` and `rules`
 * borrowed for its life. Never fails. */
void policy_init(struct policy *policy, const struct own *own, struct policy_rule *rules,
                 size_t count);

/* policy_guard — deny a host by default, whatever range it lies in: only a rule for it alone opens
 * it. Of a service that this server uses. Returns false when there are too many. */
bool policy_guard(struct policy *policy, const struct netaddr *host);

/* policy_ask — whether `peer` (port not looked at) may be reached, and as which of our own hosts.
 * Operator before default, most specific first, deny before allow; every special-purpose range is
 * denied by default, the unspecified address always; an address that embeds another must pass as
 * both. *own is set to the number of our host, or OWN_NONE. Never fails. */
enum policy_verdict policy_ask(const struct policy *policy, const struct netaddr *peer,
                               uint8_t *own);

#endif
