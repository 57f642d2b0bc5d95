/* server — the process: start, signals, reload, drain, stop.
 * Wiring. The control thread's. */
/* SPDX-License-Identifier: MIT */
#ifndef SERVER_H
#define SERVER_H

#include <stddef.h>

#include "base/netaddr.h"

struct server_arguments {
    const char *file;       /* configuration file; NULL: none */
    const char *const *set; /* texts of --set */
    size_t set_count;
    /* called once it serves, with the first address it listens on and whether that serves TCP, too;
     * may be NULL */
    void (*when_ready)(void *context, const struct netaddr *listening, bool has_tcp);
    void *context;
};

/* server_main — run a server until it is told to stop. May be called in a freshly forked child, as
 * the first thing that makes threads. Returns the exit status: 0 after an orderly end; 1 with one
 * sentence on standard error when it could not start. */
int server_main(const struct server_arguments *arguments);

#endif
