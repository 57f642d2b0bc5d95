/* listener_rules — what may come in by a listener, and what becomes of it: a snapshot.
 * Types only. Shared by all threads, replaced by a reload. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_LISTENER_RULES_H
#define NET_LISTENER_RULES_H

#include <stddef.h>

#include "base/prefix.h"

struct tls;

/* All borrowed, as long as the snapshot. */
struct listener_rules {
    bool takes_plain;      /* STUN as it is */
    bool takes_secure;     /* within TLS or DTLS */
    const struct tls *tls; /* where takes_secure */
    struct {               /* balancers whose PROXY header is believed, and required */
        const struct prefix *at;
        size_t count;
    } proxies;
    struct netaddr fallback; /* web server for what is not STUN; family NONE: there is none */
    struct {                 /* what asks for these names goes there still encrypted */
        char *const *at;
        size_t count;
    } names;
    uint32_t per_address; /* connections of one source address, 0: no limit */
};

#endif
