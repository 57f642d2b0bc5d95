/* test_log — the log thread: lines whole and in order, losses counted and told, files that move
 * away. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4, EACH = 5000 };

static char folder[] = "/tmp/turnpike-test-log-XXXXXX";
static struct log *journal;
static char why[256];

static const char *path_of(const char *name)
{
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
    return path[turn];
}

static int begin_all(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int end_all(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int begin(void **state)
{
    (void)state;
    journal = NULL;
    return 0;
}

static int end(void **state)
{
    (void)state;
    log_close(journal);
    unlink(path_of("log"));
    unlink(path_of("old"));
    return 0;
}

/* open_log — the log of a test, with one source. */
static struct log_source *open_log(enum log_level level)
{
    journal = log_open(path_of("log"), LOG_FORMAT_LOGFMT, level, why, sizeof(why));
    if (!journal) {
        fail_msg("%s", why);
    }
    struct log_source *source = log_source_new(journal);
    assert_true(log_start(journal));
    return source;
}

static void put(struct log_source *source, enum log_level level, uint64_t number)
{
    struct log_line line;
    log_line_begin(&line, level, "line");
    log_line_u64(&line, "number", number);
    log_put(source, &line);
}

/* content — a whole file, freed by the caller. */
static char *content(const char *name)
{
    FILE *file = fopen(path_of(name), "r");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    char *text = calloc(1, (size_t)size + 1);
    rewind(file);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    fclose(file);
    return text;
}

/* wait_for — until a file holds a text. */
static void wait_for(const char *name, const char *needle)
{
    struct timespec pause = {0, 2000000};
    bool is_there = false;
    for (int i = 0; i < 5000 && !is_there; i++) {
        char *text = access(path_of(name), R_OK) == 0 ? content(name) : NULL;
        is_there = text && strstr(text, needle);
        free(text);
        nanosleep(&pause, NULL);
    }
    assert_true(is_there);
}

static void close_log(void)
{
    log_close(journal);
    journal = NULL;
}

static void closing_writes_what_waits(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 200; round++) {
        char needle[40];
        struct log_source *s = open_log(LOG_LEVEL_INFO);
        put(s, LOG_LEVEL_INFO, round);
        close_log();
        char *text = content("log");
        snprintf(needle, sizeof(needle), "number=%d\n", (int)round);
        assert_non_null(strstr(text, needle));
        free(text);
    }
}

static void what_is_put_before_the_thread_starts_is_kept(void **state)
{
    (void)state;
    journal = log_open(path_of("log"), LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, why, sizeof(why));
    assert_non_null(journal);
    struct log_source *s = log_source_new(journal);
    put(s, LOG_LEVEL_INFO, 1);
    assert_true(log_start(journal));
    wait_for("log", "number=1\n");
    close_log();
    journal = log_open(path_of("log"), LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, why, sizeof(why));
    s = log_source_new(journal);
    put(s, LOG_LEVEL_INFO, 2); /* and where none ever starts */
    close_log();
    wait_for("log", "number=2\n");
}

static void lines_are_written_in_order_without_waiting_for_the_end(void **state)
{
    (void)state;
    struct log_source *s = open_log(LOG_LEVEL_INFO);
    put(s, LOG_LEVEL_INFO, 1);
    wait_for("log", "number=1\n");
    put(s, LOG_LEVEL_INFO, 2);
    wait_for("log", "number=2\n");
    for (uint64_t i = 3; i < 2000; i++) {
        put(s, LOG_LEVEL_INFO, i);
    }
    close_log();
    char *text = content("log");
    uint64_t expected = 1;
    for (const char *at = text; (at = strstr(at, "number=")) != NULL; at++, expected++) {
        assert_int_equal(strtoull(at + 7, NULL, 10), expected);
    }
    assert_int_equal(expected, 2000);
    free(text);
}

static void level_filters(void **state)
{
    (void)state;
    struct log_source *s = open_log(LOG_LEVEL_WARN);
    assert_true(log_wants(s, LOG_LEVEL_ERROR));
    assert_true(log_wants(s, LOG_LEVEL_WARN));
    assert_false(log_wants(s, LOG_LEVEL_INFO));
    put(s, LOG_LEVEL_ERROR, 1);
    put(s, LOG_LEVEL_INFO, 2);
    wait_for("log", "number=1\n");
    log_set(journal, LOG_FORMAT_JSON, LOG_LEVEL_DEBUG);
    assert_true(log_wants(s, LOG_LEVEL_DEBUG));
    put(s, LOG_LEVEL_DEBUG, 3);
    close_log();
    char *text = content("log");
    assert_non_null(strstr(text, "level=error"));
    assert_null(strstr(text, "number=2"));
    assert_non_null(strstr(text, "\"number\":3}\n"));
    free(text);
}

static void file_is_appended_to_and_not_for_all_to_read(void **state)
{
    (void)state;
    struct stat st;
    for (uint64_t i = 0; i < 2; i++) {
        put(open_log(LOG_LEVEL_INFO), LOG_LEVEL_INFO, i);
        close_log();
    }
    char *text = content("log");
    assert_non_null(strstr(text, "number=0\n"));
    assert_non_null(strstr(text, "number=1\n"));
    free(text);
    assert_int_equal(stat(path_of("log"), &st), 0);
    assert_int_equal(st.st_mode & 07, 0);
}

static void file_that_cannot_be_opened_gives_a_sentence(void **state)
{
    (void)state;
    char expected[400];
    int before = dup(0);
    close(before);
    for (int i = 0; i < 3; i++) {
        journal =
            log_open(path_of("none/such/log"), LOG_FORMAT_JSON, LOG_LEVEL_INFO, why, sizeof(why));
        assert_null(journal);
    }
    snprintf(expected, sizeof(expected), "cannot open the log file %s: No such file or directory",
             path_of("none/such/log"));
    assert_string_equal(why, expected);
    assert_null(log_open(folder, LOG_FORMAT_JSON, LOG_LEVEL_INFO, why, sizeof(why)));
    assert_non_null(strstr(why, "Is a directory"));
    int after = dup(0);
    close(after);
    assert_int_equal(after, before); /* and leaves no descriptor behind */
}

static void moved_file_is_opened_anew_at_the_next_record(void **state)
{
    (void)state;
    struct log_source *s = open_log(LOG_LEVEL_INFO);
    for (uint64_t i = 0; i < 100; i++) {
        put(s, LOG_LEVEL_INFO, 2 * i);
        char needle[40];
        snprintf(needle, sizeof(needle), "number=%d\n", (int)(2 * i));
        wait_for("log", needle);
        assert_int_equal(rename(path_of("log"), path_of("old")), 0);
        log_reopen(journal);
        put(s, LOG_LEVEL_INFO, 2 * i + 1);
        snprintf(needle, sizeof(needle), "number=%d\n", (int)(2 * i + 1));
        wait_for("log", needle);
        char *old = content("old");
        assert_null(strstr(old, needle));
        free(old);
    }
}

static void file_that_cannot_be_opened_anew_is_kept(void **state)
{
    (void)state;
    struct log_source *s = open_log(LOG_LEVEL_INFO);
    assert_int_equal(rename(path_of("log"), path_of("old")), 0);
    assert_int_equal(mkdir(path_of("log"), 0700), 0);
    log_reopen(journal);
    put(s, LOG_LEVEL_INFO, 7);
    wait_for("old", "number=7\n");
    assert_int_equal(rmdir(path_of("log")), 0);
}

/* count_lines — check that every line is whole; lines in *lines, those told as lost in *lost. */
static void count_lines(char *text, uint64_t *lines, uint64_t *lost)
{
    *lines = 0;
    *lost = 0;
    for (char *at = text, *newline; *at; at = newline + 1) {
        newline = strchr(at, '\n');
        assert_non_null(newline);
        *newline = '\0';
        assert_memory_equal(at, "time=", 5);
        const char *told = strstr(at, " level=warn msg=log_lines_lost count=");
        if (told) {
            *lost += strtoull(strrchr(told, '=') + 1, NULL, 10);
        } else {
            assert_non_null(strstr(at, " level=info msg=line number="));
            ++*lines;
        }
    }
}

static void overflow_is_counted_and_told(void **state)
{
    (void)state;
    enum { COUNT = 20000 }; /* of some 40 bytes: more than the ring and the pipe hold */
    static char text[8 << 20];
    uint64_t lines;
    uint64_t lost;
    size_t used = 0;
    assert_int_equal(mkfifo(path_of("log"), 0600), 0);
    int fd = open(path_of("log"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    struct log_source *s = open_log(LOG_LEVEL_INFO);
    for (uint64_t i = 0; i < COUNT; i++) {
        put(s, LOG_LEVEL_INFO, i); /* nobody reads: the log thread waits, nobody else does */
    }
    char last[40];
    bool is_done = false;
    struct timespec pause = {0, 1000000};
    put(s, LOG_LEVEL_INFO, COUNT);
    for (int tries = 0; tries < 10000 && !is_done; tries++) {
        ssize_t got = read(fd, text + used, sizeof(text) - 1 - used);
        used += got > 0 ? (size_t)got : 0;
        text[used] = '\0';
        if (got <= 0) {
            nanosleep(&pause, NULL);
            snprintf(last, sizeof(last), "number=%d\n", COUNT + 1);
            is_done = used > 0 && strstr(text + (used > 200 ? used - 200 : 0), last);
            if (!is_done && tries % 50 == 49) {
                put(s, LOG_LEVEL_INFO, COUNT + 1); /* there is room again */
            }
        }
    }
    assert_true(is_done);
    uint64_t extra = 0;
    for (const char *at = text; (at = strstr(at, last)) != NULL; at++) {
        extra++;
    }
    count_lines(text, &lines, &lost);
    assert_true(lost > 0);
    assert_int_equal(lines - extra + lost, COUNT + 1);
    close(fd);
}

static void full_disk_costs_lines_that_are_told_when_there_is_room(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    uint64_t lines;
    uint64_t lost;
    struct timespec pause = {0, 50000000};
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    assert_int_equal(symlink("/dev/full", path_of("log")), 0);
    struct log_source *s = open_log(LOG_LEVEL_INFO);
    for (uint64_t i = 0; i < COUNT; i++) {
        put(s, LOG_LEVEL_INFO, i);
    }
    nanosleep(&pause, NULL); /* for the thread to try; what it has not tried yet, it will write */
    assert_int_equal(unlink(path_of("log")), 0);
    log_reopen(journal);
    put(s, LOG_LEVEL_INFO, COUNT);
    close_log();
    char *text = content("log");
    count_lines(text, &lines, &lost);
    assert_int_equal(lines + lost, COUNT + 1);
    assert_true(lost > 0);
    free(text);
}

/* A thread that writes lines of many sizes through its own ring. */
static void *write_many(void *context)
{
    struct log_source *source = context;
    uint8_t bytes[400];
    memset(bytes, 'x', sizeof(bytes));
    for (uint64_t i = 0; i < EACH; i++) {
        struct log_line line;
        log_line_begin(&line, LOG_LEVEL_INFO, "line");
        log_line_text(&line, "filler", (struct span){bytes, 1 + i * 7 % 400});
        log_line_u64(&line, "number", i);
        log_line_hex(&line, "source", (uint64_t)(uintptr_t)source);
        log_put(source, &line);
    }
    return NULL;
}

static void lines_of_racing_threads_come_out_whole(void **state)
{
    (void)state;
    pthread_t thread[THREADS];
    struct log_source *source[THREADS];
    uint64_t next[THREADS] = {0};
    uint64_t lines = 0;
    uint64_t lost = 0;
    source[0] = open_log(LOG_LEVEL_INFO);
    for (int i = 0; i < THREADS; i++) {
        source[i] = i == 0 ? source[0] : log_source_new(journal);
        assert_non_null(source[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, write_many, source[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        put(source[i], LOG_LEVEL_INFO, EACH); /* behind which losses are told, if it is taken */
    }
    close_log();
    char *text = content("log");
    for (char *at = text, *newline; *at; at = newline + 1) {
        unsigned long long number;
        unsigned long long from;
        newline = strchr(at, '\n');
        assert_non_null(newline);
        *newline = '\0';
        const char *filler = strstr(at, " msg=line filler=");
        const char *told = strstr(at, " msg=log_lines_lost count=");
        assert_memory_equal(at, "time=", 5);
        if (told) {
            lost += strtoull(strrchr(told, '=') + 1, NULL, 10);
            continue;
        }
        lines++;
        if (!filler) {
            continue;
        }
        filler += strlen(" msg=line filler=");
        size_t size = strspn(filler, "x");
        assert_int_equal(sscanf(filler + size, " number=%llu source=%llx", &number, &from), 2);
        assert_int_equal(size, 1 + number * 7 % 400);
        int which = 0;
        while (which < THREADS && (uint64_t)(uintptr_t)source[which] != from) {
            which++;
        }
        assert_in_range(which, 0, THREADS - 1);
        assert_true(number >= next[which]);
        next[which] = number + 1;
    }
    assert_int_equal(lines + lost, THREADS * (EACH + 1));
    free(text);
}

static void sources_are_bounded(void **state)
{
    (void)state;
    int count = 1;
    open_log(LOG_LEVEL_INFO);
    while (count < 1000 && log_source_new(journal)) {
        count++;
    }
    assert_in_range(count, 256, 999); /* one for each worker there can be, and the main thread */
}

static void nothing_is_closed_for_nothing(void **state)
{
    (void)state;
    log_close(NULL);
    journal = log_open("stderr", LOG_FORMAT_JSON, LOG_LEVEL_ERROR, why, sizeof(why));
    assert_non_null(journal);
    assert_true(log_start(journal));
    log_reopen(journal); /* which does nothing to standard error */
    close_log();
    assert_true(fcntl(STDERR_FILENO, F_GETFD) >= 0);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"closing writes what waits", closing_writes_what_waits, begin, end, NULL},
        {"what is put before the thread starts is kept",
         what_is_put_before_the_thread_starts_is_kept, begin, end, NULL},
        {"lines are written in order, without waiting for the end",
         lines_are_written_in_order_without_waiting_for_the_end, begin, end, NULL},
        {"the level filters", level_filters, begin, end, NULL},
        {"the file is appended to and not for all to read",
         file_is_appended_to_and_not_for_all_to_read, begin, end, NULL},
        {"a file that cannot be opened gives a sentence",
         file_that_cannot_be_opened_gives_a_sentence, begin, end, NULL},
        {"a moved file is opened anew at the next record",
         moved_file_is_opened_anew_at_the_next_record, begin, end, NULL},
        {"a file that cannot be opened anew is kept", file_that_cannot_be_opened_anew_is_kept,
         begin, end, NULL},
        {"an overflow is counted and told", overflow_is_counted_and_told, begin, end, NULL},
        {"a full disk costs lines that are told when there is room",
         full_disk_costs_lines_that_are_told_when_there_is_room, begin, end, NULL},
        {"lines of racing threads come out whole", lines_of_racing_threads_come_out_whole, begin,
         end, NULL},
        {"sources are bounded", sources_are_bounded, begin, end, NULL},
        {"nothing is closed for nothing", nothing_is_closed_for_nothing, begin, end, NULL},
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
