/* regime — one configuration of the simulated server: settings, policy, users.
 * One thread. Reloads put one after another in force; each is poisoned when it no longer is. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_REGIME_H
#define SIM_REGIME_H

#include "engine/settings.h"
#include "sim/roster.h"

enum { REGIME_RULES_MAX = 8 };

struct regime {
    struct settings settings;
    struct own own;
    struct policy_rule rules[ROSTER_REALMS][REGIME_RULES_MAX];
    struct roster_book book;
    bool allows_private;
    bool denies_banned;
    bool allows_own;
};

/* What does not change in one run. */
struct regime_frame {
    const _Atomic uint8_t *live[2]; /* maps of open relay ports, IPv4 and IPv6 */
    bool is_mapped;                 /* the own addresses have external ones */
    uint32_t users, visitors;
};

enum regime_word { REGIME_DENY, REGIME_ALLOW, REGIME_RELAY_ONLY, REGIME_NO_LISTENERS };

/* regime_new — the first configuration, or one that follows `before` with whatever the dice
 * change. Ends the process without memory. */
struct regime *regime_new(const struct regime_frame *frame, const struct regime *before,
                          struct dice *dice);

/* regime_free — poison it and give it back; NULL accepted. Never fails. */
void regime_free(struct regime *r);

/* regime_ask — what the operator's words mean for an address: written down again here, from the
 * plan of the network, to be compared with what the engine makes of them. Never fails. */
enum regime_word regime_ask(const struct regime *r, const struct netaddr *a);

#endif
