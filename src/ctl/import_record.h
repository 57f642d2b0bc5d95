/* import_record — what coturn's databases hold, whichever they are: users, secrets, peers, options.
 * Every value is judged here.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_IMPORT_RECORD_H
#define CTL_IMPORT_RECORD_H

#include "ctl/import_sink.h"

/* import_record_user — a user with its MD5 key in hex. Returns false when the sink stops. */
bool import_record_user(const struct import_sink *sink, const char *where, struct span realm,
                        struct span name, struct span key);

/* import_record_secret — a secret of a realm. Returns false when the sink stops. */
bool import_record_secret(const struct import_sink *sink, const char *where, struct span realm,
                          struct span secret);

/* import_record_peers — a range of peers that a realm allows or denies. Never fails. */
void import_record_peers(const struct import_sink *sink, const char *where, struct span realm,
                         bool is_allowed, struct span range);

/* import_record_option — an option of a realm: max-bps, user-quota, total-quota. Never fails. */
void import_record_option(const struct import_sink *sink, const char *where, struct span realm,
                          struct span option, struct span value);

/* import_record_limit — the same with the option known, and for the server as a whole when `realm`
 * is "". Returns false when coturn has no such limit. */
bool import_record_limit(const struct import_sink *sink, const char *where, const char *realm,
                         const char *option, struct span value);

/* import_record_origin, import_record_oauth, import_record_admin — what has no place in turnpike.
 * Never fail. */
void import_record_origin(const struct import_sink *sink, const char *where, struct span realm);
void import_record_oauth(const struct import_sink *sink, const char *where);
void import_record_admin(const struct import_sink *sink, const char *where);

/* import_record_fault — report "NAME FAULT" of what stands at `where`. Never fails. */
void import_record_fault(const struct import_sink *sink, const char *where, const char *name,
                         const char *fault);

#endif
