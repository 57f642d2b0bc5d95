/* gate — who may use the server, from every source: users and secrets of the configuration, then
 * tickets and time-limited names, then users and credentials of the store.
 * An immutable value of one configuration; asked by every worker at once. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_GATE_H
#define STORE_GATE_H

#include "engine/settings.h"
#include "store/flight.h"
#include "store/roster.h"

struct gate {
    const struct roster *roster; /* borrowed, sealed */
    const struct mirror *mirror; /* borrowed; NULL: there is no store but the configuration */
    struct flight_deck *deck;    /* borrowed; NULL likewise */
    enum roster_digest digest[SETTINGS_REALMS_MAX]; /* of time-limited names, by realm */
};

/* gate_keyring — the gate as the engine asks it; `gate` borrowed. Never fails. */
struct keyring gate_keyring(const struct gate *gate);

#endif
