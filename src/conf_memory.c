/* conf_memory — heap for the configuration. */
/* SPDX-License-Identifier: MIT */
#include "conf_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* checked — what an allocation gave, which is not NULL. */
static void *checked(void *bytes)
{
    if (!bytes) {
        fputs("turnpike: out of memory while reading the configuration\n", stderr);
        exit(EXIT_FAILURE);
    }
    return bytes;
}

void *conf_memory_new(size_t size)
{
    return checked(calloc(1, size ? size : 1));
}

char *conf_memory_copy(const char *text)
{
    return text ? checked(strdup(text)) : NULL;
}

void *conf_memory_grow(void *at, size_t count, size_t size)
{
    /* Room doubles whenever the count is a power of two. */
    if ((count & (count - 1)) == 0) {
        at = checked(reallocarray(at, count ? count * 2 : 1, size));
    }
    memset((char *)at + count * size, 0, size);
    return at;
}

void conf_memory_forget(char *text)
{
    if (text) {
        secret_wipe(text, strlen(text));
        free(text);
    }
}
