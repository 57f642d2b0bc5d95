/* import_sqlite — reads coturn's SQLite database.
 * One thread. The file is opened read-only. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_IMPORT_SQLITE_H
#define CTL_IMPORT_SQLITE_H

#include "base/text.h"
#include "ctl/import_sink.h"

/* import_sqlite_file — take over what a database holds. Returns DONE or STOPPED; FAILED with a
 * sentence in `why` when it is none of coturn's, or cannot be read. */
enum import_result import_sqlite_file(const char *name, const struct import_sink *sink,
                                      struct text *why);

#endif
