/* replay — main() of a fuzz target without libFuzzer: every file of its corpus as it is, cut
 * short, and with one byte changed. The same inputs in the same order on every run; TAP.
 *
 *     fuzz_NAME             replays tests/fuzz/corpus/NAME below $top_srcdir
 *     fuzz_NAME FILE...     replays these files and folders
 *
 * An input that ends the program is left behind in replay-crash-NAME for a debugger. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_LIMIT = 1 << 20, /* bytes read of one file */
    CUT_LIMIT = 512,      /* truncations of one file */
    CHANGE_LIMIT = 4096,  /* changed bytes of one file */
    PATH_LIMIT = 4096,
};

/* What a byte becomes: bits flipped, neighbours, the ends of its range. */
static const struct change {
    uint8_t and, xor, add;
} changes[] = {
    {0xff, 0x01, 0},    {0xff, 0x80, 0}, {0xff, 0xff, 0}, {0xff, 0x00, 1},
    {0xff, 0x00, 0xff}, {0x00, 0x00, 0}, {0x00, 0xff, 0}, {0xff, 0x20, 0},
};

enum { CHANGES = sizeof(changes) / sizeof(changes[0]) };

/* The input at hand, for the report of a crash. */
static const uint8_t *current;
static size_t current_size;
static char crash_file[PATH_LIMIT];

struct paths {
    char **at;
    size_t count;
};

static void die(const char *what, const char *about)
{
    printf("Bail out! %s: %s\n", about, what);
    exit(1);
}

static void *grown(void *old, size_t size)
{
    void *block = realloc(old, size ? size : 1);
    if (!block) {
        die("out of memory", "replay");
    }
    return block;
}

/* Async-signal-safe: the input into a file, and a word that TAP understands. */
static void leave_behind(void)
{
    static const char word[] = "\nBail out! an input ended the program; see replay-crash-*\n";
    const uint8_t *from = current;
    size_t left = current_size;
    int file;

    if (!from) {
        return;
    }
    current = NULL;
    file = open(crash_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    while (file >= 0 && left > 0) {
        ssize_t n = write(file, from, left);
        if (n <= 0) {
            break;
        }
        from += n;
        left -= (size_t)n;
    }
    if (file >= 0) {
        close(file);
    }
    if (write(STDOUT_FILENO, word, sizeof(word) - 1) < 0) {
        _exit(2);
    }
}

static void on_signal(int number)
{
    leave_behind();
    signal(number, SIG_DFL);
    raise(number);
}

/* Sanitizers end the program by themselves, but tell whoever asks. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void watch_for_death(void)
{
    static const int deadly[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};

    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(leave_behind);
        signal(SIGABRT, on_signal);
        return;
    }
    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
        signal(deadly[i], on_signal);
    }
}

/* Each input lies in a block of exactly its size, so that reading behind it is seen. */
static void feed(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) {
        die("out of memory", "replay");
    }
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    current = copy;
    current_size = size;
    LLVMFuzzerTestOneInput(copy, size);
    current = NULL;
    free(copy);
}

/* The whole is no truncation; with more lengths than the limit, evenly spread ones. */
static size_t feed_truncations(const uint8_t *bytes, size_t size)
{
    size_t count = size < CUT_LIMIT ? size : CUT_LIMIT;

    for (size_t i = 0; i < count; i++) {
        feed(bytes, i * size / count);
    }
    return count;
}

/* Every position with every change while the limit allows, else evenly spread positions. */
static size_t feed_changes(uint8_t *bytes, size_t size)
{
    size_t places = size < CHANGE_LIMIT / CHANGES ? size : CHANGE_LIMIT / CHANGES;

    for (size_t i = 0; i < places; i++) {
        size_t at = i * size / places;
        uint8_t was = bytes[at];
        for (size_t c = 0; c < CHANGES; c++) {
            const struct change *to = &changes[c];
            bytes[at] = (uint8_t)(((was & to->and) ^ to->xor) + to->add);
            feed(bytes, size);
        }
        bytes[at] = was;
    }
    return places * CHANGES;
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = grown(NULL, FILE_LIMIT);

    if (!file) {
        die(strerror(errno), path);
    }
    *size = fread(bytes, 1, FILE_LIMIT, file);
    fclose(file);
    return bytes;
}

static void replay_file(const char *path, size_t number)
{
    const char *slash = strrchr(path, '/');
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    size_t cuts, changed;

    feed(bytes, size);
    cuts = feed_truncations(bytes, size);
    changed = feed_changes(bytes, size);
    free(bytes);
    printf("ok %zu - %s: as it is, %zu times cut, %zu times changed\n", number,
           slash ? slash + 1 : path, cuts, changed);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_path(struct paths *list, const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = grown(NULL, size);

    snprintf(path, size, "%s%s%s", folder, *folder ? "/" : "", name);
    list->at = grown(list->at, (list->count + 1) * sizeof(*list->at));
    list->at[list->count++] = path;
}

/* The files of a folder in the order of their names; those that begin with a dot are not ours. */
static void add_folder(struct paths *list, const char *folder)
{
    DIR *dir = opendir(folder);
    size_t first = list->count;
    struct dirent *entry;

    if (!dir) {
        die(strerror(errno), folder);
    }
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] != '.') {
            add_path(list, folder, entry->d_name);
        }
    }
    closedir(dir);
    if (list->count > first) {
        qsort(list->at + first, list->count - first, sizeof(*list->at), by_name);
    }
}

static void add_argument(struct paths *list, const char *path)
{
    struct stat about;

    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        add_folder(list, path);
    } else {
        add_path(list, "", path);
    }
}

/* NAME of ".../fuzz_NAME". */
static const char *target_name(const char *program)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash ? slash + 1 : program;
    return strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name;
}

static void add_corpus(struct paths *list, const char *name)
{
    const char *top = getenv("top_srcdir");
    char folder[PATH_LIMIT];

    snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top ? top : ".", name);
    add_folder(list, folder);
    if (list->count == 0) {
        die("no file in the corpus", folder);
    }
}

int main(int argc, char **argv)
{
    const char *name = target_name(argv[0]);
    struct paths files = {0};

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        add_argument(&files, argv[i]);
    }
    if (argc <= 1) {
        add_corpus(&files, name);
    }
    snprintf(crash_file, sizeof(crash_file), "replay-crash-%s", name);
    watch_for_death();

    printf("1..%zu\n", files.count);
    for (size_t i = 0; i < files.count; i++) {
        replay_file(files.at[i], i + 1);
        free(files.at[i]);
    }
    free(files.at);
    return 0;
}
