/* text — building short texts without a C library's print. */
/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <string.h>

struct text text_init(char *bytes, size_t room)
{
    bytes[0] = '\0';
    return (struct text){bytes, room, 0, false};
}

void text_char(struct text *t, char c)
{
    if (t->used + 1 >= t->room) {
        t->cut = true;
        return;
    }
    t->bytes[t->used++] = c;
    t->bytes[t->used] = '\0';
}

void text_put(struct text *t, const char *string)
{
    for (; *string; string++) {
        text_char(t, *string);
    }
}

void text_span(struct text *t, struct span s)
{
    for (size_t i = 0; i < s.size; i++) {
        text_char(t, (char)s.bytes[i]);
    }
}

void text_u64(struct text *t, uint64_t value)
{
    char digits[20];
    int n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (n > 0) {
        text_char(t, digits[--n]);
    }
}

void text_i64(struct text *t, int64_t value)
{
    if (value < 0) {
        text_char(t, '-');
    }
    text_u64(t, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void text_hex(struct text *t, const void *bytes, size_t size)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < size; i++) {
        text_char(t, "0123456789abcdef"[b[i] >> 4]);
        text_char(t, "0123456789abcdef"[b[i] & 15]);
    }
}

static void put_group(struct text *t, unsigned group)
{
    bool begun = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = group >> shift & 15;
        if (digit || begun || shift == 0) {
            text_char(t, "0123456789abcdef"[digit]);
            begun = true;
        }
    }
}

static void put_ipv4(struct text *t, const uint8_t *ip)
{
    for (int i = 0; i < 4; i++) {
        if (i > 0) {
            text_char(t, '.');
        }
        text_u64(t, ip[i]);
    }
}

/* put_ipv6 — RFC 5952: the longest run of two or more zero groups, the first of equals, is "::". */
static void put_ipv6(struct text *t, const uint8_t *ip)
{
    int best = -1;
    int best_size = 1;
    for (int i = 0; i < 8; i++) {
        int size = 0;
        while (i + size < 8 && ip[2 * (i + size)] == 0 && ip[2 * (i + size) + 1] == 0) {
            size++;
        }
        if (size > best_size) {
            best = i;
            best_size = size;
        }
    }
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            text_put(t, "::");
            i += best_size - 1;
            continue;
        }
        if (i > 0 && i != best + best_size) {
            text_char(t, ':');
        }
        put_group(t, (unsigned)(ip[2 * i] << 8 | ip[2 * i + 1]));
    }
}

void text_host(struct text *t, const struct netaddr *a)
{
    if (a->family == NETADDR_IPV4) {
        put_ipv4(t, a->ip);
    } else if (a->family == NETADDR_IPV6) {
        put_ipv6(t, a->ip);
    } else {
        text_char(t, '-');
    }
}

void text_netaddr(struct text *t, const struct netaddr *a)
{
    if (a->family == NETADDR_IPV6) {
        text_char(t, '[');
    }
    text_host(t, a);
    if (a->family == NETADDR_IPV6) {
        text_char(t, ']');
    }
    if (a->family != NETADDR_NONE) {
        text_char(t, ':');
        text_u64(t, a->port);
    }
}
