/* span — borrowed bytes with their length; with it come the reader and the writer through which
 * alone network bytes are touched. Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/writer.h"

/* Borrowed bytes with their length. */
struct span {
    const uint8_t *bytes;
    size_t size;
};

/* span_is_equal — whether two spans hold the same bytes. Not for secrets: see base/secret. Never
 * fails. */
bool span_is_equal(struct span a, struct span b);

/* span_of_text — the bytes of a NUL-terminated string, without the NUL, borrowed. Never fails. */
struct span span_of_text(const char *text);

#endif
