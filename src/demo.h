/* demo — a server with a secret made up on the spot, for a first look: turnpike --demo.
 * Wiring. */
/* SPDX-License-Identifier: MIT */
#ifndef DEMO_H
#define DEMO_H

#include <stddef.h>

/* demo_main — serve on every address, udp port 3478 (or where `set` says), with a random secret
 * that is kept in memory alone; print where, a short-lived credential as iceServers JSON, and the
 * line that checks it. `set` are the texts of --set, read after the demonstration's own. Returns
 * the exit status. */
int demo_main(const char *const *set, size_t set_count);

#endif
