/* log — log records: rings from the threads, one thread that writes. */
/* SPDX-License-Identifier: MIT */
#include "net/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "net/clock.h"
#include "net/log_format.h"

enum { SOURCES_MAX = 260, IDLE_MS = 1000 };

/* One writer, one reader. Records are a 32-bit size and that many bytes, wrapping anywhere. */
struct log_source {
    struct log *log;
    _Atomic uint32_t head; /* written by the source */
    _Atomic uint32_t tail; /* written by the log thread */
    _Atomic uint64_t lost;
    uint8_t bytes[LOG_RING_SIZE];
};

struct log {
    pthread_t thread;
    int fd;
    int wake;
    bool is_running;
    bool is_stuck; /* the log thread's: the sink did not take the last line */
    char *path;    /* NULL: standard error */
    _Atomic bool is_asleep, is_ending, wants_reopen;
    _Atomic int level, format;
    struct log_source *source[SOURCES_MAX];
    _Atomic size_t source_count;
};

static void copy_in(struct log_source *s, uint32_t at, const void *from, uint32_t size)
{
    uint32_t offset = at % LOG_RING_SIZE;
    uint32_t first = size < LOG_RING_SIZE - offset ? size : LOG_RING_SIZE - offset;
    memcpy(s->bytes + offset, from, first);
    memcpy(s->bytes, (const uint8_t *)from + first, size - first);
}

static void copy_out(const struct log_source *s, uint32_t at, void *to, uint32_t size)
{
    uint32_t offset = at % LOG_RING_SIZE;
    uint32_t first = size < LOG_RING_SIZE - offset ? size : LOG_RING_SIZE - offset;
    memcpy(to, s->bytes + offset, first);
    memcpy((uint8_t *)to + first, s->bytes, size - first);
}

static void wake(struct log *log)
{
    uint64_t one = 1;
    if (atomic_exchange(&log->is_asleep, false)) {
        ssize_t done = write(log->wake, &one, sizeof(one));
        (void)done;
    }
}

void log_put(struct log_source *s, const struct log_line *line)
{
    if (!log_wants(s, line->level)) {
        return;
    }
    uint32_t size = (uint32_t)line->w.used;
    uint32_t head = atomic_load_explicit(&s->head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(&s->tail, memory_order_acquire);
    if (LOG_RING_SIZE - (head - tail) < size + sizeof(size)) {
        atomic_fetch_add(&s->lost, 1);
        return;
    }
    copy_in(s, head, &size, sizeof(size));
    copy_in(s, head + (uint32_t)sizeof(size), line->bytes, size);
    atomic_store(&s->head, head + (uint32_t)sizeof(size) + size);
    wake(s->log);
}

bool log_wants(const struct log_source *s, enum log_level level)
{
    return (int)level <= atomic_load_explicit(&s->log->level, memory_order_relaxed);
}

/* is_ready — whether the sink takes something now, or within a second where it took the last line.
 */
static bool is_ready(struct log *log)
{
    struct pollfd p = {.fd = log->fd, .events = POLLOUT};
    bool ready = poll(&p, 1, log->is_stuck ? 0 : IDLE_MS) > 0;
    log->is_stuck = !ready;
    return ready;
}

/* write_all — as much as the sink takes; a full disk, a gone or sleeping reader costs lines, not
 * service. A pipe that is ready takes PIPE_BUF bytes without blocking. */
static bool write_all(struct log *log, const char *bytes, size_t size)
{
    while (size > 0) {
        if (!is_ready(log)) {
            return false;
        }
        ssize_t done = write(log->fd, bytes, size < PIPE_BUF ? size : PIPE_BUF);
        if (done < 0 && errno != EINTR && errno != EAGAIN) {
            return false;
        }
        bytes += done > 0 ? done : 0;
        size -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

static bool write_record(struct log *log, const uint8_t *bytes, size_t size)
{
    char out[LOG_FORMAT_MAX];
    size_t used = log_format_record(bytes, size, (enum log_format)log->format, out, sizeof(out));
    return write_all(log, out, used);
}

/* tell_lost — one line for the lines there was no room for. */
static void tell_lost(struct log *log, struct log_source *s)
{
    uint64_t lost = atomic_exchange(&s->lost, 0);
    if (lost > 0) {
        struct log_line line;
        log_line_begin(&line, LOG_LEVEL_WARN, "log_lines_lost");
        log_line_u64(&line, "count", lost);
        if (!write_record(log, line.bytes, line.w.used)) {
            atomic_fetch_add(&s->lost, lost);
        }
    }
}

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

static void reopen_if_asked(struct log *log)
{
    if (!atomic_exchange(&log->wants_reopen, false) || !log->path) {
        return;
    }
    int fd = open_file(log->path);
    if (fd >= 0) {
        close(log->fd);
        log->fd = fd;
        return;
    }
    struct log_line line;
    log_line_begin(&line, LOG_LEVEL_WARN, "log_not_reopened");
    log_line_string(&line, "file", log->path);
    log_line_string(&line, "why", strerror(errno));
    write_record(log, line.bytes, line.w.used);
}

static bool drain(struct log *log)
{
    bool any = false;
    size_t count = atomic_load(&log->source_count);
    for (size_t i = 0; i < count; i++) {
        struct log_source *s = log->source[i];
        uint8_t bytes[LOG_LINE_MAX];
        uint32_t size;
        uint32_t tail = atomic_load_explicit(&s->tail, memory_order_relaxed);
        if (tail == atomic_load(&s->head)) {
            continue;
        }
        any = true;
        copy_out(s, tail, &size, sizeof(size));
        copy_out(s, tail + (uint32_t)sizeof(size), bytes, size);
        atomic_store_explicit(&s->tail, tail + (uint32_t)sizeof(size) + size, memory_order_release);
        reopen_if_asked(log); /* asked for before this record was put */
        tell_lost(log, s);
        if (!write_record(log, bytes, size)) {
            atomic_fetch_add(&s->lost, 1);
        }
    }
    return any;
}

void log_give(struct log *log, const char *user)
{
    struct passwd *pw = log->path ? getpwnam(user) : NULL;
    if (pw && geteuid() == 0) {
        int done = fchown(log->fd, pw->pw_uid, pw->pw_gid);
        (void)done;
    }
}

static void *run(void *argument)
{
    struct log *log = argument;
    uint64_t count;
    for (;;) {
        reopen_if_asked(log);
        if (drain(log)) {
            continue;
        }
        if (atomic_load(&log->is_ending)) {
            return NULL;
        }
        atomic_store(&log->is_asleep, true);
        if (!drain(log) && !atomic_load(&log->is_ending)) {
            struct pollfd p = {.fd = log->wake, .events = POLLIN};
            poll(&p, 1, -1);
        }
        atomic_store(&log->is_asleep, false);
        ssize_t done = read(log->wake, &count, sizeof(count));
        (void)done;
    }
}

struct log *log_open(const char *to, enum log_format format, enum log_level level, char *why,
                     size_t why_room)
{
    struct log *log = calloc(1, sizeof(*log));
    if (!log) {
        snprintf(why, why_room, "out of memory");
        return NULL;
    }
    bool is_file = strcmp(to, "stderr") != 0;
    log->path = is_file ? strdup(to) : NULL;
    log->fd = is_file ? open_file(to) : STDERR_FILENO;
    log->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    log_set(log, format, level);
    if (log->fd < 0) {
        snprintf(why, why_room, "cannot open the log file %s: %s", to, strerror(errno));
    } else if (log->wake < 0) {
        snprintf(why, why_room, "cannot make a log: %s", strerror(errno));
    } else {
        return log;
    }
    if (is_file && log->fd >= 0) {
        close(log->fd);
    }
    if (log->wake >= 0) {
        close(log->wake);
    }
    free(log->path);
    free(log);
    return NULL;
}

bool log_start(struct log *log)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all); /* signals are the control thread's */
    pthread_sigmask(SIG_BLOCK, &all, &old);
    log->is_running = pthread_create(&log->thread, NULL, run, log) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return log->is_running;
}

void log_close(struct log *log)
{
    if (!log) {
        return;
    }
    atomic_store(&log->is_ending, true);
    atomic_store(&log->is_asleep, true);
    wake(log);
    if (log->is_running) {
        pthread_join(log->thread, NULL);
    }
    while (drain(log)) {
    }
    for (size_t i = 0; i < log->source_count; i++) {
        free(log->source[i]);
    }
    if (log->path) {
        close(log->fd);
    }
    close(log->wake);
    free(log->path);
    free(log);
}

void log_reopen(struct log *log)
{
    atomic_store(&log->wants_reopen, true);
    wake(log);
}

void log_set(struct log *log, enum log_format format, enum log_level level)
{
    atomic_store(&log->format, (int)format);
    atomic_store(&log->level, (int)level);
}

struct log_source *log_source_new(struct log *log)
{
    size_t count = atomic_load(&log->source_count);
    struct log_source *s = count < SOURCES_MAX ? calloc(1, sizeof(*s)) : NULL;
    if (s) {
        s->log = log;
        log->source[count] = s;
        atomic_store(&log->source_count, count + 1);
    }
    return s;
}
