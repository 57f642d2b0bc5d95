/* memory — address space handed in: reserved once, committed page by page, released as a whole.
 * Interface only; net/memory_map implements it, tests hand in one that fails at the n-th commit. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* What is committed reads as zero. `context` belongs to one thread unless said otherwise. */
struct memory {
    void *context;
    /* reserve — `size` bytes of address space, not yet usable; NULL when there is none. */
    void *(*reserve)(void *context, size_t size);
    /* commit — make `size` reserved bytes at `at` usable, zeroed; false when memory is short. */
    bool (*commit)(void *context, void *at, size_t size);
    /* release — give back a whole reservation, committed or not. Never fails. */
    void (*release)(void *context, void *at, size_t size);
};

#endif
