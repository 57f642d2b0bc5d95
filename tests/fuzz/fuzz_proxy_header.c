/* fuzz_proxy_header — any bytes as a PROXY header: what is read lies within them, one that is whole
 * is the same with anything behind it, and its beginnings ask for more. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "wire/proxy_header.h"

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* look — at `size` bytes, in a block of exactly that size. */
static enum proxy_verdict look(const uint8_t *bytes, size_t size, struct proxy_header *out)
{
    uint8_t *copy = malloc(size ? size : 1);
    insist(copy != NULL);
    memcpy(copy, bytes, size);
    enum proxy_verdict verdict = proxy_header_read(copy, size, out);
    free(copy);
    if (verdict != PROXY_BAD) {
        insist(out->size >= PROXY_HEADER_LEAST && out->size <= PROXY_HEADER_MAX);
        insist((out->size <= size) == (verdict == PROXY_OK));
        insist(out->source.family <= NETADDR_IPV6 && out->source.zero == 0);
    }
    return verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct proxy_header whole;
    struct proxy_header part;
    if (size > 2 * PROXY_HEADER_MAX || look(bytes, size, &whole) != PROXY_OK) {
        return 0;
    }
    insist(!whole.is_local || whole.source.family == NETADDR_NONE);
    insist(look(bytes, whole.size, &part) == PROXY_OK);
    insist(part.size == whole.size && netaddr_is_equal(&part.source, &whole.source));
    for (size_t cut = 0; cut < whole.size; cut += cut < 64 ? 1 : 61) {
        insist(look(bytes, cut, &part) == PROXY_MORE && part.size <= whole.size);
    }
    return 0;
}
