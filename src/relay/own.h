/* own — the server's own addresses, and which of their ports a relayed datagram may reach.
 * Pure. An immutable snapshot shared by all threads; only the port maps in it change, atomically.
 */
/* SPDX-License-Identifier: MIT */
#ifndef RELAY_OWN_H
#define RELAY_OWN_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/netaddr.h"

#define OWN_NONE UINT8_MAX

enum {
    OWN_HOSTS_MAX = 250, /* below OWN_NONE */
    OWN_DOORS_MAX = 264, /* listeners, and a few more */
};

/* What may be sent to a permitted host. */
enum own_scope {
    OWN_ANY_PORT,     /* not an address of this server */
    OWN_RELAY_ONLY,   /* one of ours: live relay endpoints alone */
    OWN_NO_LISTENERS, /* one of ours that the operator allowed: anything but our listeners */
};

/* An address of this machine. `live[port]` is not 0 where a relay endpoint is open. */
struct own_host {
    struct netaddr local;        /* port 0 */
    struct netaddr external;     /* what clients are told instead; family NONE: the same */
    const _Atomic uint8_t *live; /* 65536 bytes, borrowed; NULL: no endpoint here */
};

struct own {
    struct own_host host[OWN_HOSTS_MAX];
    struct netaddr
        door[OWN_DOORS_MAX]; /* listeners, Redis and the like; any address: each of ours */
    uint8_t host_count;
    uint16_t door_count;
    bool is_mapped; /* some host has an external address */
};

/* own_find — which of our hosts an address (its port not looked at) is, by local or external
 * address; other loopback addresses and the unspecified one are the loopback host. Returns its
 * number, or OWN_NONE. Never fails. */
uint8_t own_find(const struct own *own, const struct netaddr *a);

/* own_is_door — whether an address and port is that of a listener or another service that no relay
 * may reach; `host` is the number own_find gave. Never fails. */
bool own_is_door(const struct own *own, uint8_t host, const struct netaddr *a);

/* own_may_reach — whether a datagram may go to that port of our own host number `host` under
 * `scope`. Reads the live map; any thread. Never fails. DESIGN: relay-only rule. */
bool own_may_reach(const struct own *own, uint8_t host, enum own_scope scope,
                   const struct netaddr *a);

/* own_to_local — the address to send to for a peer address that may be an external one of ours.
 * Never fails. */
struct netaddr own_to_local(const struct own *own, uint8_t host, const struct netaddr *a);

/* own_to_external — the address to tell clients for a source that may be a local one of ours.
 * Never fails. */
struct netaddr own_to_external(const struct own *own, const struct netaddr *a);

#endif
