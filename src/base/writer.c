/* writer — the parts of the bounded writer that are not worth inlining. */
/* SPDX-License-Identifier: MIT */
#include "base/writer.h"

#include <string.h>

void writer_bytes(struct writer *w, const void *bytes, size_t size)
{
    uint8_t *b = writer_take(w, size);
    if (b && size > 0) {
        memcpy(b, bytes, size);
    }
}

void writer_zero(struct writer *w, size_t size)
{
    uint8_t *b = writer_take(w, size);
    if (b) {
        memset(b, 0, size);
    }
}

void writer_patch_u16(struct writer *w, size_t at, uint16_t value)
{
    if (w->failed || w->used < 2 || at > w->used - 2) {
        w->failed = true;
        return;
    }
    w->bytes[at] = (uint8_t)(value >> 8);
    w->bytes[at + 1] = (uint8_t)value;
}
