/* ctl_wrap — running words wrapped to the width of a terminal.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_WRAP_H
#define CTL_CTL_WRAP_H

#include <stdio.h>

enum { CTL_WRAP_WIDTH = 80 }; /* columns */

/* ctl_wrap_put — print words, with a line end behind the last, from column `indent` on, which the
 * cursor has reached and further lines are indented to. Never fails. */
void ctl_wrap_put(FILE *out, const char *words, int indent);

#endif
