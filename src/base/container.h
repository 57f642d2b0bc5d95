/* container — from a member back to the struct that it is in.
 * Macro only. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_CONTAINER_H
#define BASE_CONTAINER_H

#include <stddef.h>

/* container_of — the struct of `type` whose `member` is at `at`. */
#define container_of(at, type, member) ((type *)(void *)((char *)(at)-offsetof(type, member)))

#endif
