/* conf_file — whole small files: the configuration, what it includes, and secrets.
 * Wiring. Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include <stddef.h>

/* conf_file_read — the content of the regular file `name`, of at most `most` bytes, NUL-terminated;
 * *size gets its length. Returns new text, freed with free; NULL with *reason, static text, when
 * it cannot be read. */
char *conf_file_read(const char *name, size_t most, size_t *size, const char **reason);

/* conf_file_beside — the name that `name`, said in the file `from`, stands for: itself when it is
 * absolute or `from` is NULL, else beside `from`. Returns new text, freed with free. */
char *conf_file_beside(const char *from, const char *name);

#endif
