/* conf_utf8 — characters of a text, for judging names and files.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CONF_UTF8_H
#define CONF_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* conf_utf8_next — read the character at `text`, of which `size` bytes are left. Returns its bytes
 * (1 to 4) with *character filled, or 0 when there is none: broken, overlong, a surrogate, or
 * beyond U+10FFFF (RFC 3629). */
size_t conf_utf8_next(const char *text, size_t size, uint32_t *character);

/* conf_utf8_is_control — whether a character is one of C0, DEL or C1. Never fails. */
bool conf_utf8_is_control(uint32_t character);

/* conf_utf8_count — characters of a NUL-terminated text. Returns SIZE_MAX when it is no UTF-8 or
 * has a control character. */
size_t conf_utf8_count(const char *text);

#endif
