/* probe_options — the command line of turnpike-probe: one table gives parser and --help.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_OPTIONS_H
#define PROBE_PROBE_OPTIONS_H

#include <stdio.h>

#include "base/text.h"

enum { PROBE_OPTIONS_COMPLAINT_SIZE = 512 };

enum probe_options_command {
    PROBE_OPTIONS_CHECK,
    PROBE_OPTIONS_HELP,
    PROBE_OPTIONS_VERSION,
};

enum probe_options_transport {
    PROBE_OPTIONS_AS_SAID, /* in the URI, or its default */
    PROBE_OPTIONS_UDP,
    PROBE_OPTIONS_TCP,
};

struct probe_options {
    enum probe_options_command command;
    const char *uri;                /* borrowed from the arguments */
    char *user, *password, *secret; /* NULL: not given */
    char *roots;                    /* name of a file; NULL: not given */
    enum probe_options_transport transport;
    uint32_t timeout; /* seconds, of one request */
    bool sha256, secret_sha256, ipv4_only, ipv6_only, insecure, json, verbose;
};

/* probe_options_parse — read the arguments. Passwords and secrets are read from their files, and
 * overwritten in `argv`, so that other users of the machine do not see them for long.
 * Returns true with *out filled, freed with probe_options_fini; false, *out freed, with one
 * sentence in `complaint` (of PROBE_OPTIONS_COMPLAINT_SIZE). */
bool probe_options_parse(int argc, char **argv, struct probe_options *out, struct text *complaint);

/* probe_options_fini — forget what was read. Never fails. */
void probe_options_fini(struct probe_options *options);

/* probe_options_help — print what --help says. Never fails. */
void probe_options_help(FILE *out);

#endif
