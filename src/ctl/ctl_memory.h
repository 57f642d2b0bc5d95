/* ctl_memory — the heap of a program that ends when there is none, and forgets what it frees.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_MEMORY_H
#define CTL_CTL_MEMORY_H

#include <stddef.h>

/* ctl_memory_new — `size` zeroed bytes. Returns new, freed with free; ends the process with status
 * 1 when memory is short. */
void *ctl_memory_new(size_t size);

/* ctl_memory_grow — make room for one element more in an array of `count` elements of `size` bytes
 * and `*room` places; takes it. Returns new, freed with free; ends the process when memory is
 * short. */
void *ctl_memory_grow(void *array, size_t count, size_t *room, size_t size);

/* ctl_memory_copy — a copy of `size` bytes with a NUL behind. Returns new, freed with free; ends
 * the process when memory is short. */
char *ctl_memory_copy(const void *bytes, size_t size);

/* ctl_memory_forget — overwrite a NUL-terminated string and free it; NULL is taken. */
void ctl_memory_forget(char *string);

/* ctl_memory_guard_json — from now on what jansson frees is overwritten first: passwords pass
 * through its objects. To be called before any other use of jansson. */
void ctl_memory_guard_json(void);

#endif
