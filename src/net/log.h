/* log — log records: composed without formatting, handed over by ring, written by a thread of its
 * own. Any thread writes through a source of its own; only the log thread formats and touches the
 * file. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_LOG_H
#define NET_LOG_H

#include <stdatomic.h>

#include "net/log_line.h"

enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

enum {
    LOG_RING_SIZE = 256 * 1024, /* bytes of records per source; a power of two */
};

struct log;        /* the log thread and its file */
struct log_source; /* one thread's ring */

/* log_open — open a log that will write to `to` ("stderr" or a file, appended to). Returns new,
 * ended with log_close; NULL with one sentence in `why`. */
struct log *log_open(const char *to, enum log_format format, enum log_level level, char *why,
                     size_t why_room);

/* log_give — make the log file that user's, who will open it anew after the process has become her.
 * Before log_start. Never fails: a reopening that does not work is told of in the log. */
void log_give(struct log *log, const char *user);

/* log_start — start the thread that writes; after privileges were dropped, which threads do each
 * for themselves. Returns false when there is none. */
bool log_start(struct log *log);

/* log_close — write what waits, end the thread, free every source; NULL is taken. Never fails. */
void log_close(struct log *log);

/* log_reopen — open the file anew at the next record (after it was moved away). Any thread. */
void log_reopen(struct log *log);

/* log_set — change level and format from the next record on. Any thread. */
void log_set(struct log *log, enum log_format format, enum log_level level);

/* log_source_new — a ring for one more thread; belongs to the log and is freed with it. Returns
 * NULL when memory is short. Before that thread starts. */
struct log_source *log_source_new(struct log *log);

/* log_wants — whether records of a level are written at present: ask before composing. */
bool log_wants(const struct log_source *source, enum log_level level);

/* log_put — hand the record over; counted and told of later when the ring is full. Never blocks. */
void log_put(struct log_source *source, const struct log_line *line);

#endif
