/* memory_map — address space from the kernel. */
/* SPDX-License-Identifier: MIT */
#include "net/memory_map.h"

#include <sys/mman.h>

static void *reserve(void *context, size_t size)
{
    (void)context;
    void *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static bool commit(void *context, void *at, size_t size)
{
    (void)context;
    return mprotect(at, size, PROT_READ | PROT_WRITE) == 0;
}

static void release(void *context, void *at, size_t size)
{
    (void)context;
    munmap(at, size);
}

const struct memory *memory_map(void)
{
    static const struct memory map = {NULL, reserve, commit, release};
    return &map;
}
