/* import_sink — where an importer puts what it finds: a few functions, and the part of a
 * configuration.
 * One thread. Borrowed for the call, all of it. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_IMPORT_SINK_H
#define CTL_IMPORT_SINK_H

#include <stdbool.h>

#include "ctl/import_snippet.h"

enum { IMPORT_SINK_WHY_SIZE = 512 };

struct import_user {
    const char *name;
    const char *realm;    /* "": the server's first */
    const char *password; /* NULL: there is a key */
    const char *md5;      /* 32 hex digits; NULL: there is a password */
};

struct import_sink {
    void *context;
    struct import_snippet *snippet;
    const char *realm; /* the only one that is wanted; NULL: all */
    /* user, secret — one was found at `where`. They return false when it makes no sense to go on,
     * and have said why. */
    bool (*user)(void *context, const char *where, const struct import_user *user);
    bool (*secret)(void *context, const char *where, const char *realm, const char *secret);
    /* skip — what is at `where` cannot be carried over; `reason` is the rest of a sentence. */
    void (*skip)(void *context, const char *where, const char *reason);
};

/* How an import ended. */
enum import_result {
    IMPORT_DONE,
    IMPORT_STOPPED, /* by the sink, which has said why */
    IMPORT_FAILED,  /* the source cannot be read; a sentence tells why */
};

#endif
