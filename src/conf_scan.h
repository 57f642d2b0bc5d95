/* conf_scan — the first look at a configuration text: what is not closed, and comments blanked.
 * Pure. Any thread.
 *
 * The library that reads the syntax miscounts lines behind comments and takes a file that ends
 * within a section. So comments become spaces and everything must be closed before it looks. */
/* SPDX-License-Identifier: MIT */
#ifndef CONF_SCAN_H
#define CONF_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "conf_why.h"

/* conf_scan — blank the comments in `size` bytes of `text`, which keep their lines; `name` is that
 * of the text. Returns false with a sentence in *why when a byte is no UTF-8 text, a quoted text
 * or ${ is not closed on its line, a brace or comment is not closed, a name is quoted, or
 * parentheses hold anything but one quoted text. */
bool conf_scan(char *text, size_t size, const char *name, struct conf_why *why);

#endif
