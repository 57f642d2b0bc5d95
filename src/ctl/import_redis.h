/* import_redis — reads coturn's Redis, by SCAN and without a change.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_IMPORT_REDIS_H
#define CTL_IMPORT_REDIS_H

#include "ctl/import_dsn.h"
#include "ctl/import_sink.h"

/* import_redis_read — take over what a database holds. Returns DONE or STOPPED; FAILED with a
 * sentence in `why` when it cannot be reached or read to the end. */
enum import_result import_redis_read(const struct import_dsn *dsn, const struct import_sink *sink,
                                     struct text *why);

#endif
