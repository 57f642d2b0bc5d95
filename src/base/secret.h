/* secret — comparing and forgetting bytes that an attacker must not learn.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* secret_is_equal — whether `size` bytes are the same, in a time that depends on `size` alone.
 * Never fails. */
bool secret_is_equal(const void *a, const void *b, size_t size);

/* secret_wipe — overwrite `size` bytes in a way no compiler leaves out. Never fails. */
void secret_wipe(void *bytes, size_t size);

#endif
