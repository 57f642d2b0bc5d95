/* probe_wrap — running words wrapped to the width of a terminal.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_WRAP_H
#define PROBE_PROBE_WRAP_H

#include <stdio.h>

enum {
    PROBE_WRAP_WIDTH = 80,   /* columns */
    PROBE_WRAP_FIRM = '\x1f' /* printed as a blank that no line is broken at */
};

/* probe_wrap_put — print words, with a line end behind the last, from `column` on, which the cursor
 * has reached; further lines are indented to `indent`. Never fails. */
void probe_wrap_put(FILE *out, const char *words, int column, int indent);

#endif
