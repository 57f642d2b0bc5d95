/* import_dsn — how to reach coturn's Redis: its own connection string, or a URL.
 * Pure but for the heap. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_IMPORT_DSN_H
#define CTL_IMPORT_DSN_H

#include "base/text.h"

enum { IMPORT_DSN_MAX = 4096 }; /* bytes of a connection string */

struct import_dsn {
    char *host; /* owned, like the rest; never NULL */
    char *user; /* NULL: the default user */
    char *password;
    uint16_t port;
    uint32_t database;
    uint32_t timeout; /* s to connect */
};

/* import_dsn_parse — read "ip=127.0.0.1 dbname=2 password=x port=6379 connect_timeout=30" or
 * "redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]". Returns true with *out filled, freed with
 * import_dsn_fini; false, *out freed, with one sentence in `why` that tells nothing secret. */
bool import_dsn_parse(const char *text, struct import_dsn *out, struct text *why);

/* import_dsn_fini — forget it, wiping the password. Never fails. */
void import_dsn_fini(struct import_dsn *dsn);

#endif
