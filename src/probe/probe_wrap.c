/* probe_wrap — running words wrapped to the width of a terminal. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_wrap.h"

#include <string.h>

/* put_word — print bytes of a word. Returns the columns they take: UTF-8 continues in none. */
static int put_word(FILE *out, const char *word, size_t size)
{
    int columns = 0;
    for (size_t i = 0; i < size; i++) {
        fputc(word[i] == PROBE_WRAP_FIRM ? ' ' : word[i], out);
        columns += ((unsigned char)word[i] & 0xc0) != 0x80;
    }
    return columns;
}

void probe_wrap_put(FILE *out, const char *words, int column, int indent)
{
    int at = column;
    words += strspn(words, " ");
    while (*words) {
        size_t size = strcspn(words, " ");
        if (at > indent && at + 1 + (int)size > PROBE_WRAP_WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        at += put_word(out, words, size);
        words += size;
        words += strspn(words, " ");
    }
    fputc('\n', out);
}
