/* ctl_memory — the heap of a program that ends when there is none, and forgets what it frees. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/secret.h"

/* must — what was got, if it was. */
static void *must(void *memory)
{
    if (!memory) {
        fputs("turnpikectl: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return memory;
}

void *ctl_memory_new(size_t size)
{
    return must(calloc(1, size ? size : 1));
}

void *ctl_memory_grow(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return array;
    }
    size_t more = *room ? *room * 2 : 16;
    array = must(more <= SIZE_MAX / size ? realloc(array, more * size) : NULL);
    *room = more;
    return array;
}

char *ctl_memory_copy(const void *bytes, size_t size)
{
    char *copy = ctl_memory_new(size + 1);
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

void ctl_memory_forget(char *string)
{
    if (string) {
        secret_wipe(string, strlen(string));
        free(string);
    }
}

/* Room before a block of jansson's for its size, aligned for whatever comes behind. */
enum { HEAD = _Alignof(max_align_t) > sizeof(size_t) ? _Alignof(max_align_t) : sizeof(size_t) };

static void *guarded_new(size_t size)
{
    unsigned char *block = must(size <= SIZE_MAX - HEAD ? malloc(HEAD + size) : NULL);
    memcpy(block, &size, sizeof(size));
    return block + HEAD;
}

static void guarded_free(void *memory)
{
    if (memory) {
        unsigned char *block = (unsigned char *)memory - HEAD;
        size_t size;
        memcpy(&size, block, sizeof(size));
        secret_wipe(block, HEAD + size);
        free(block);
    }
}

void ctl_memory_guard_json(void)
{
    json_set_alloc_funcs(guarded_new, guarded_free);
}
