/* sqlite_file — the database file of one machine: opened, checked, brought up to date, or refused.
 * Any thread, one at a time. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_SQLITE_FILE_H
#define STORE_SQLITE_FILE_H

#include <stddef.h>

struct sqlite3;

/* sqlite_file_open — open the database at `path` (NULL: in memory), made with mode 0600 if it is
 * not there, in WAL mode, its schema migrated. A file that is damaged, another program's, of a
 * newer version, or in use by another turnpike is left as it is. *lock gets a descriptor to close
 * after the database, or -1. Returns the database, closed with sqlite3_close; NULL with one
 * sentence. */
struct sqlite3 *sqlite_file_open(const char *path, int *lock, char *why, size_t why_room);

#endif
