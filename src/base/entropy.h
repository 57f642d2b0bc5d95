/* entropy — unpredictable bytes, handed in by whoever may ask the kernel for them.
 * Interface only; net/entropy_os implements it. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_ENTROPY_H
#define BASE_ENTROPY_H

#include <stddef.h>

/* fill — put `size` unpredictable bytes at `out`. Never fails (no entropy at start is fatal). */
struct entropy {
    void *context;
    void (*fill)(void *context, void *out, size_t size);
};

#endif
