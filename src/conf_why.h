/* conf_why — the one sentence that says why a configuration is refused.
 * Wiring. Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CONF_WHY_H
#define CONF_WHY_H

#include <stdbool.h>
#include <stddef.h>

/* Caller's room for the sentence; the first one said stays. */
struct conf_why {
    char *text;
    size_t room;
};

/* conf_why_init — an empty sentence in `room` (at least 1) bytes, borrowed. Never fails. */
struct conf_why conf_why_init(char *text, size_t room);

/* conf_why_say — say "file:line: ..." ("file: ..." for line 0, no place for file NULL) unless
 * something was said already; what could harm a terminal becomes "?", what does not fit is cut.
 * Returns false, for `return conf_why_say(...)`. */
__attribute__((format(printf, 4, 5))) bool conf_why_say(struct conf_why *why, const char *file,
                                                        int line, const char *format, ...);

#endif
