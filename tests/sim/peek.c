/* peek — STUN and ChannelData read as little as a test needs. */
/* SPDX-License-Identifier: MIT */
#include "sim/peek.h"

#include <string.h>

enum { HEADER = 20, ERROR_CODE = 0x0009 };

unsigned peek_u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* step — the attribute at *at; moves on to the next. Returns the size of its value, or -1 when it
 * does not lie within the message. */
static int step(const uint8_t *bytes, size_t size, size_t *at, unsigned *type,
                const uint8_t **value)
{
    if (size - *at < 4) {
        return -1;
    }
    *type = peek_u16(bytes + *at);
    size_t length = peek_u16(bytes + *at + 2);
    size_t whole = 4 + (length + 3) / 4 * 4;
    if (size - *at < whole) {
        return -1;
    }
    *value = bytes + *at + 4;
    *at += whole;
    return (int)length;
}

bool peek_stun(const uint8_t *bytes, size_t size, struct peek *out)
{
    if (size < HEADER || (bytes[0] & 0xc0) != 0 || peek_u16(bytes + 2) != size - HEADER ||
        memcmp(bytes + 4, "\x21\x12\xa4\x42", 4) != 0) {
        return false;
    }
    unsigned type = peek_u16(bytes);
    *out = (struct peek){
        .bytes = bytes,
        .size = size,
        .class = (type >> 4 & 1) | (type >> 7 & 2),
        .method = (type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80),
    };
    for (size_t at = HEADER; at < size;) {
        const uint8_t *value;
        if (step(bytes, size, &at, &type, &value) < 0) {
            return false;
        }
    }
    return true;
}

static int find(const struct peek *p, unsigned type, int skip, const uint8_t **value)
{
    for (size_t at = HEADER; at < p->size;) {
        unsigned found;
        int size = step(p->bytes, p->size, &at, &found, value);
        if (size < 0 || (found == type && skip-- == 0)) {
            return size;
        }
    }
    return -1;
}

int peek_find(const struct peek *p, unsigned type, const uint8_t **value)
{
    return find(p, type, 0, value);
}

bool peek_address(const struct peek *p, unsigned type, int skip, struct netaddr *out)
{
    const uint8_t *value;
    int size = find(p, type, skip, &value);
    unsigned width = size == 8 ? 4 : size == 20 ? 16 : 0;
    if (width == 0 || value[1] != (width == 4 ? NETADDR_IPV4 : NETADDR_IPV6)) {
        return false;
    }
    *out = (struct netaddr){.family = value[1]};
    out->port = (uint16_t)(peek_u16(value + 2) ^ 0x2112);
    for (unsigned i = 0; i < width; i++) {
        out->ip[i] = value[4 + i] ^ p->bytes[4 + i];
    }
    return true;
}

uint32_t peek_u32(const struct peek *p, unsigned type, uint32_t otherwise)
{
    const uint8_t *value;
    if (peek_find(p, type, &value) != 4) {
        return otherwise;
    }
    return (uint32_t)peek_u16(value) << 16 | peek_u16(value + 2);
}

unsigned peek_code(const struct peek *p)
{
    const uint8_t *value;
    return peek_find(p, ERROR_CODE, &value) >= 4 ? (value[2] & 7u) * 100 + value[3] : 0;
}
