/* ctl_password — where passwords come from: a file, standard input, a terminal without echo, or
 * chance. Never the command line, which other users can see.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_PASSWORD_H
#define CTL_CTL_PASSWORD_H

#include "base/text.h"

enum { CTL_PASSWORD_MAX = 4096 }; /* bytes read; the server takes fewer */

/* ctl_password_read — the content of a file ("-": standard input) without its last line end.
 * Returns new text, freed with ctl_memory_forget; NULL with one sentence in `why`. */
char *ctl_password_read(const char *file, struct text *why);

/* ctl_password_ask — asked for twice on the terminal; standard input is read where it is none.
 * Returns new text, freed with ctl_memory_forget; NULL with one sentence in `why`. */
char *ctl_password_ask(const char *prompt, struct text *why);

/* ctl_password_random — 24 letters and digits, 142 bits. Returns new text, freed with
 * ctl_memory_forget; NULL with one sentence in `why`. */
char *ctl_password_random(struct text *why);

#endif
