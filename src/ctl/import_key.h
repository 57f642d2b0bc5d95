/* import_key — the names of coturn's keys in Redis.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_IMPORT_KEY_H
#define CTL_IMPORT_KEY_H

#include "base/span.h"

enum import_key_kind {
    IMPORT_KEY_OTHER,     /* coturn's, of no interest: statistics */
    IMPORT_KEY_USER,      /* turn/realm/R/user/U/key, a string */
    IMPORT_KEY_SECRET,    /* turn/realm/R/secret, a set */
    IMPORT_KEY_ALLOWED,   /* turn/realm/R/allowed-peer-ip, a set */
    IMPORT_KEY_DENIED,    /* turn/realm/R/denied-peer-ip, a set */
    IMPORT_KEY_OPTION,    /* turn/realm/R/max-bps, total-quota, user-quota, a string */
    IMPORT_KEY_ORIGIN,    /* turn/origin/O, a string: the realm */
    IMPORT_KEY_OAUTH,     /* turn/oauth/kid/K, a hash */
    IMPORT_KEY_ADMIN,     /* turn/admin_user/N, a hash */
    IMPORT_KEY_AMBIGUOUS, /* realm and user cannot be told apart */
};

struct import_key {
    enum import_key_kind kind;
    struct span realm;  /* within the key's name */
    struct span user;   /* USER */
    struct span option; /* OPTION */
};

/* import_key_parse — what a key is, by its name. Never fails. */
struct import_key import_key_parse(struct span name);

#endif
