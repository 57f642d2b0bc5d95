/* settings — what the engine is told by the configuration: an immutable snapshot with a generation.
 * Pure. Shared by all threads; a reload makes a new one and hands it to turn_reload. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_SETTINGS_H
#define ENGINE_SETTINGS_H

#include "base/span.h"
#include "engine/policy.h"

enum {
    SETTINGS_REALMS_MAX = 32,
    SETTINGS_LISTENERS_MAX = 256,
    SETTINGS_ALTERNATES_MAX = 4,
    SETTINGS_REALM_NAME_MAX = 508,
};

enum settings_family { SETTINGS_IPV4, SETTINGS_IPV6, SETTINGS_SAME };

struct settings_realm {
    char name[SETTINGS_REALM_NAME_MAX + 1];
    size_t name_size;
    bool is_gone;          /* no longer configured; its number stays until it is needed */
    bool has_secrets;      /* time-limited names are taken, which no USERHASH can stand for */
    uint32_t per_tenant;   /* allocations of one tenant, 0: no limit */
    bool is_strict;        /* an allocation never outlives its credential */
    uint32_t grace;        /* seconds it may, when not strict */
    uint32_t lifetime;     /* seconds: default and least */
    uint32_t max_lifetime; /* seconds */
    uint32_t permission_lifetime, channel_lifetime; /* seconds */
    uint16_t permissions_max, channels_max;         /* per allocation */
    uint32_t allocations;                           /* in the realm, 0: no limit */
    uint32_t per_user;                              /* allocations, 0: no limit */
    uint64_t bandwidth; /* bytes per second and allocation, 0: no limit */
    struct policy policy;
};

struct settings {
    uint32_t generation;   /* never twice the same in one process */
    const struct own *own; /* borrowed, as long as the settings */
    struct settings_realm realm[SETTINGS_REALMS_MAX];
    uint8_t realm_count; /* numbers in use, a realm keeps its own over reloads; 0: STUN only */
    uint8_t realm_of_listener[SETTINGS_LISTENERS_MAX]; /* challenged with, by path.listener */
    uint32_t nonce_lifetime;                           /* seconds */
    uint32_t interim;      /* seconds between two events that an allocation lives; 0: none */
    uint32_t allocations;  /* on this node, 0: no limit */
    uint16_t channel_last; /* highest number that may be bound: CHANNEL_MAX or _CLASSIC */
    uint32_t challenges_per_prefix, bindings_per_prefix; /* per second, 0: no limit */
    enum settings_family family;                         /* of an allocation that names none */
    bool icmp;                                           /* report ICMP errors to clients */
    bool relays_tcp;                                     /* RFC 6062 */
    char software[128];                                  /* "" none */
    struct netaddr alternate[SETTINGS_ALTERNATES_MAX];   /* for 300 while draining */
    uint8_t alternate_count;
};

/* settings_realm_number — the number of a realm by its name. Returns -1 when there is none. */
int settings_realm_number(const struct settings *settings, struct span name);

#endif
