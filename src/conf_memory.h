/* conf_memory — heap for the configuration; a process that cannot even hold that ends.
 * Wiring. Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CONF_MEMORY_H
#define CONF_MEMORY_H

#include <stddef.h>

/* conf_memory_new — `size` zeroed bytes, freed with free. Ends the process when there are none. */
void *conf_memory_new(size_t size);

/* conf_memory_copy — a copy of a text (NULL stays NULL), freed with free. Ends the process when
 * memory is short. */
char *conf_memory_copy(const char *text);

/* conf_memory_grow — room for one more element of `size` bytes behind `count` of them at `at`
 * (NULL when count is 0), which it takes; the new one is zeroed. Returns where they are now, freed
 * with free. Ends the process when memory is short. */
void *conf_memory_grow(void *at, size_t count, size_t size);

/* conf_memory_forget — wipe and free a text; NULL is taken. Never fails. */
void conf_memory_forget(char *text);

#endif
