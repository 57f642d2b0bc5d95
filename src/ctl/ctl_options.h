/* ctl_options — the command line of turnpikectl: one table of commands and one of options give
 * parser and --help.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_OPTIONS_H
#define CTL_CTL_OPTIONS_H

#include <stdio.h>

#include "base/text.h"

enum {
    CTL_OPTIONS_COMPLAINT_SIZE = 512,
    CTL_OPTIONS_PEERS_MAX = 8,
};

enum ctl_options_command {
    CTL_OPTIONS_ISSUE,
    CTL_OPTIONS_REVOKE,
    CTL_OPTIONS_RESTORE,
    CTL_OPTIONS_REVOCATIONS,
    CTL_OPTIONS_USER_ADD,
    CTL_OPTIONS_USER_LIST,
    CTL_OPTIONS_USER_SHOW,
    CTL_OPTIONS_USER_REMOVE,
    CTL_OPTIONS_USER_PASSWD,
    CTL_OPTIONS_SECRET_ADD,
    CTL_OPTIONS_SECRET_LIST,
    CTL_OPTIONS_SECRET_RETIRE,
    CTL_OPTIONS_KEY_ADD,
    CTL_OPTIONS_KEY_LIST,
    CTL_OPTIONS_KEY_REMOVE,
    CTL_OPTIONS_SESSIONS,
    CTL_OPTIONS_KICK,
    CTL_OPTIONS_STATUS,
    CTL_OPTIONS_USAGE,
    CTL_OPTIONS_IMPORT_REDIS,
    CTL_OPTIONS_IMPORT_SQLITE,
    CTL_OPTIONS_IMPORT_CONF,
    CTL_OPTIONS_COMMAND_COUNT,
    CTL_OPTIONS_NONE = CTL_OPTIONS_COMMAND_COUNT,
};

struct ctl_options_number {
    bool is_set;
    uint64_t value;
};

/* Every text is borrowed from the arguments; NULL: not given. */
struct ctl_options {
    enum ctl_options_command command; /* NONE only with help or version */
    bool help, version;
    bool json;
    const char *socket; /* never NULL */
    const char *word;   /* what the command is about: a name, an id, a file */
    const char *user, *realm, *tenant, *client, *file, *md5, *role, *label, *cursor;
    const char *peers[CTL_OPTIONS_PEERS_MAX];
    size_t peer_count;
    struct ctl_options_number ttl;       /* s */
    struct ctl_options_number later;     /* s, of --after of secret retire */
    struct ctl_options_number bandwidth; /* bytes per second */
    struct ctl_options_number not_before, allocations, rate, limit;
    bool random, random_password, dry_run, replace;
};

/* ctl_options_parse — read the arguments; `socket` is where the server is when nothing else is
 * said. Returns true with *out filled; false with one sentence in `complaint` (of
 * CTL_OPTIONS_COMPLAINT_SIZE). */
bool ctl_options_parse(int argc, char **argv, const char *socket, struct ctl_options *out,
                       struct text *complaint);

/* ctl_options_help — print what --help says, of one command or, with NONE, of all. Never fails. */
void ctl_options_help(FILE *out, enum ctl_options_command command);

#endif
