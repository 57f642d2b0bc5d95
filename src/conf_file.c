/* conf_file — whole small files. */
/* SPDX-License-Identifier: MIT */
#include "conf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "conf_memory.h"

/* read_all — fill `room` bytes at `text` until the end. Returns what was read, or -1. */
static ssize_t read_all(int fd, char *text, size_t room)
{
    size_t used = 0;
    while (used < room) {
        ssize_t got = read(fd, text + used, room - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        used += (size_t)got;
    }
    return (ssize_t)used;
}

/* reason_against — why an open file cannot be taken; NULL when it can. */
static const char *reason_against(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return strerror(errno);
    }
    if (S_ISDIR(status.st_mode)) {
        return strerror(EISDIR);
    }
    return S_ISREG(status.st_mode) ? NULL : "Not a regular file";
}

char *conf_file_read(const char *name, size_t most, size_t *size, const char **reason)
{
    /* Not blocking: a pipe without a writer must not hold up a reload. */
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        *reason = strerror(errno);
        return NULL;
    }
    char *text = NULL;
    *reason = reason_against(fd);
    if (*reason) {
        goto out;
    }
    text = conf_memory_new(most + 2);
    ssize_t used = read_all(fd, text, most + 1);
    if (used < 0 || (size_t)used > most) {
        *reason = used < 0 ? strerror(errno) : strerror(EFBIG);
        secret_wipe(text, most + 2);
        free(text);
        text = NULL;
        goto out;
    }
    *size = (size_t)used;
out:
    close(fd);
    return text;
}

char *conf_file_beside(const char *from, const char *name)
{
    const char *slash = from ? strrchr(from, '/') : NULL;
    if (!slash || name[0] == '/') {
        return conf_memory_copy(name);
    }
    size_t folder = (size_t)(slash - from) + 1;
    size_t size = strlen(name) + 1;
    char *path = conf_memory_new(folder + size);
    memcpy(path, from, folder);
    memcpy(path + folder, name, size);
    return path;
}
