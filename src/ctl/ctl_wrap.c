/* ctl_wrap — running words wrapped to the width of a terminal. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_wrap.h"

#include <string.h>

void ctl_wrap_put(FILE *out, const char *words, int indent)
{
    int at = indent;
    for (size_t size; *words; words += size + strspn(words + size, " ")) {
        size = strcspn(words, " ");
        if (at > indent && at + 1 + (int)size > CTL_WRAP_WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        fwrite(words, 1, size, out);
        at += (int)size;
    }
    fputc('\n', out);
}
