/* own — the server's own addresses, and which of their ports a relayed datagram may reach. */
/* SPDX-License-Identifier: MIT */
#include "relay/own.h"

/* find_loopback — all of 127.0.0.0/8, and the unspecified address, lead to what listens here: each
 * is the loopback host that we know. */
static uint8_t find_loopback(const struct own *own, const struct netaddr *a)
{
    bool is_here = netaddr_is_loopback(a) || netaddr_is_any(a);
    for (uint8_t i = 0; is_here && i < own->host_count; i++) {
        const struct netaddr *local = &own->host[i].local;
        if (local->family == a->family && netaddr_is_loopback(local)) {
            return i;
        }
    }
    return OWN_NONE;
}

uint8_t own_find(const struct own *own, const struct netaddr *a)
{
    for (uint8_t i = 0; i < own->host_count; i++) {
        if (netaddr_is_same_host(&own->host[i].local, a) ||
            netaddr_is_same_host(&own->host[i].external, a)) {
            return i;
        }
    }
    return find_loopback(own, a);
}

/* resolve — the host that an address stands for: `host`, or of several that share an external
 * address the one with a live endpoint on that port. */
static uint8_t resolve(const struct own *own, uint8_t host, const struct netaddr *a)
{
    if (!own->is_mapped || netaddr_is_same_host(&own->host[host].local, a)) {
        return host;
    }
    for (uint8_t i = 0; i < own->host_count; i++) {
        const struct own_host *h = &own->host[i];
        if (h->live && netaddr_is_same_host(&h->external, a) &&
            atomic_load_explicit(&h->live[a->port], memory_order_relaxed) != 0) {
            return i;
        }
    }
    return host;
}

bool own_is_door(const struct own *own, uint8_t host, const struct netaddr *a)
{
    struct netaddr local = own_to_local(own, host, a);
    for (uint16_t i = 0; i < own->door_count; i++) {
        const struct netaddr *door = &own->door[i];
        bool is_here = door->family == NETADDR_NONE ||
                       (door->family == local.family &&
                        (netaddr_is_any(door) || netaddr_is_same_host(door, &local)));
        if (door->port == a->port && is_here) {
            return true;
        }
    }
    return false;
}

bool own_may_reach(const struct own *own, uint8_t host, enum own_scope scope,
                   const struct netaddr *a)
{
    if (host == OWN_NONE) {
        return true;
    }
    const _Atomic uint8_t *live = own->host[resolve(own, host, a)].live;
    if (live && atomic_load_explicit(&live[a->port], memory_order_relaxed) != 0) {
        return true;
    }
    return scope == OWN_NO_LISTENERS && !own_is_door(own, host, a);
}

struct netaddr own_to_local(const struct own *own, uint8_t host, const struct netaddr *a)
{
    if (host == OWN_NONE) {
        return *a;
    }
    struct netaddr local = own->host[resolve(own, host, a)].local;
    local.port = a->port;
    return local;
}

struct netaddr own_to_external(const struct own *own, const struct netaddr *a)
{
    for (uint8_t i = 0; own->is_mapped && i < own->host_count; i++) {
        const struct own_host *host = &own->host[i];
        if (host->external.family != NETADDR_NONE && netaddr_is_same_host(&host->local, a)) {
            struct netaddr told = host->external;
            told.port = a->port;
            return told;
        }
    }
    return *a;
}
