/* span — borrowed bytes with their length. */
/* SPDX-License-Identifier: MIT */
#include "base/span.h"

#include <string.h>

bool span_is_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

struct span span_of_text(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}
