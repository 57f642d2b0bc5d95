/* import_conf — reads a turnserver.conf of coturn's, line by line as coturn does.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_IMPORT_CONF_H
#define CTL_IMPORT_CONF_H

#include "base/text.h"
#include "ctl/import_sink.h"

enum { IMPORT_CONF_SIZE_MAX = 16 << 20 }; /* bytes of a file */

/* import_conf_read — take over what the `size` bytes of a file say; `name` of it is for messages.
 * Returns DONE or STOPPED; FAILED with a sentence in `why` when the file's realm is another than
 * the one that is wanted. */
enum import_result import_conf_read(const char *name, const char *bytes, size_t size,
                                    const struct import_sink *sink, struct text *why);

/* import_conf_file — the same with a file that is opened. FAILED also when it cannot be read. */
enum import_result import_conf_file(const char *name, const struct import_sink *sink,
                                    struct text *why);

#endif
