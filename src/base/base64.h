/* base64 — the encoding of RFC 4648 section 4, as TURN REST passwords and nonces use it.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* base64_size — characters, padding included, that `size` bytes become. Never fails. */
static inline size_t base64_size(size_t size)
{
    return (size + 2) / 3 * 4;
}

/* base64_put — write the base64_size(size) characters of `size` bytes, no NUL, at `out`. Returns
 * their number. Never fails. */
size_t base64_put(const uint8_t *bytes, size_t size, char *out);

/* base64_digit — the character of a value below 64. Never fails. */
char base64_digit(unsigned value);

/* base64_value — the value of a character. Returns -1 when it is none of the 64. */
int base64_value(char c);

#endif
