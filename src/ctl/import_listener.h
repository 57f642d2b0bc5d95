/* import_listener — where a coturn listens and which ports it relays from, collected line by line
 * and said as turnpike says it.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_IMPORT_LISTENER_H
#define CTL_IMPORT_LISTENER_H

#include "ctl/import_directive.h"

struct import_listener {
    struct netaddr *addresses; /* to listen at; with a port: an auxiliary server */
    size_t count, room;
    uint16_t port, tls_port, min_port, max_port;
    bool has_ports; /* to relay from */
    bool no_udp, no_tcp, no_tls, no_dtls;
    bool has_certificate;
};

/* import_listener_init — as coturn is without a configuration. Never fails. */
void import_listener_init(struct import_listener *l);

/* import_listener_fini — forget it. Never fails. */
void import_listener_fini(struct import_listener *l);

/* import_listener_take — an option about listeners and ports. Returns false when it is about
 * something else; true with *complaint, static, when its value is wrong. */
bool import_listener_take(struct import_listener *l, enum import_directive_kind kind,
                          const char *value, const char **complaint);

/* import_listener_finish — say in the snippet what was collected. Returns false when the ports to
 * relay from are no range, and were left out. */
bool import_listener_finish(const struct import_listener *l, struct import_snippet *snippet);

#endif
