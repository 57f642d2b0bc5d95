/* arena — memory as the core is handed it, by mmap: counts what is committed, and can be short.
 * For tests and benches. One per thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_ARENA_H
#define SUPPORT_ARENA_H

#include "base/memory.h"

#include <stdint.h>

enum { ARENA_RESERVATIONS_MAX = 512 };

/* A reservation: from `at`, two megabytes aligned. */
struct arena_run {
    uint8_t *at; /* NULL: free place */
    size_t size;
    size_t usable; /* bytes that can be touched; may run ahead of what was committed */
};

struct arena {
    struct memory memory; /* what the core is handed; refers to this record */
    struct arena_run run[ARENA_RESERVATIONS_MAX];
    size_t huge_from; /* a run is backed by huge pages from this offset on; SIZE_MAX: never */
    size_t committed; /* bytes, of all live reservations */
    uint64_t commits; /* calls */
    uint64_t refused; /* of them */
    unsigned runs;    /* live reservations */
    bool is_short;    /* refuse every commit */
};

/* arena_init — nothing reserved yet; *a must not move while anything is. Never fails. */
void arena_init(struct arena *a);

#endif
