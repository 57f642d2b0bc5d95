/* plan — who lives where in the simulated network, and what a policy may say of them.
 * Pure. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "base/netaddr.h"

enum plan_kind {
    PLAN_PUBLIC,    /* may be reached */
    PLAN_PRIVATE,   /* only where the operator allows it */
    PLAN_BANNED,    /* unless the operator denies it */
    PLAN_DISGUISED, /* a private address within a public one: as private ones */
    PLAN_MAPPED,    /* within one that is never reached */
    PLAN_OWN,       /* the server's own */
    PLAN_KINDS
};

enum { PLAN_DOOR = 3478, PLAN_PEER_PORT = 40000 };

/* plan_visitor — where visitor `i` comes from in its `life`th life. Never fails. */
struct netaddr plan_visitor(uint32_t i, uint32_t life, enum netaddr_family family);

/* plan_peer — host `i` of a kind (not PLAN_OWN), with a port of its own. Never fails. */
struct netaddr plan_peer(enum plan_kind kind, enum netaddr_family family, uint32_t i);

/* plan_local — an own address as the machine has it; plan_external as the world sees it, where it
 * is mapped. Port 0. Never fail. */
struct netaddr plan_local(enum netaddr_family family);
struct netaddr plan_external(enum netaddr_family family);

/* plan_kind — what an address is. Never fails. */
enum plan_kind plan_kind(const struct netaddr *a);

#endif
