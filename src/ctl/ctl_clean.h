/* ctl_clean — texts from a server or a foreign database made fit for a terminal.
 * Pure but for the heap. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_CLEAN_H
#define CTL_CTL_CLEAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ctl_clean_next — read the character at `bytes`, of which `size` (at least 1) are left. Returns
 * its bytes, 1 to 4, with *character filled; 0 when there is none: broken, overlong, a surrogate,
 * or beyond U+10FFFF (RFC 3629). */
size_t ctl_clean_next(const uint8_t *bytes, size_t size, uint32_t *character);

/* ctl_clean_is_shown — whether a character can be shown as it is: no control character (C0, DEL,
 * C1), nothing that ends a line or turns the direction of text. Never fails. */
bool ctl_clean_is_shown(uint32_t character);

/* ctl_clean_new — a text with every byte that cannot be shown written as \xNN. Returns new, freed
 * with free; ends the process when memory is short. */
char *ctl_clean_new(const void *bytes, size_t size);

/* ctl_clean_trim — take off the end of a text what is left of a character that did not fit. Never
 * fails. */
void ctl_clean_trim(char *text);

/* ctl_clean_width — characters of a text that ctl_clean_new made. Never fails. */
size_t ctl_clean_width(const char *text);

#endif
