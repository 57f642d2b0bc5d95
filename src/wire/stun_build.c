/* stun_build — values to a STUN message. */
/* SPDX-License-Identifier: MIT */
#include "wire/stun_build.h"

#include <string.h>

#include "wire/crc32.h"

struct stun_build stun_build_begin(uint8_t *bytes, size_t room, enum stun_class class,
                                   uint16_t method, struct span id)
{
    struct stun_build b = {writer_init(bytes, room)};
    unsigned m = method;
    unsigned c = class;
    writer_u16(&b.w, (uint16_t)((m & 0x000f) | (m & 0x0070) << 1 | (m & 0x0f80) << 2 |
                                (c & 1) << 4 | (c & 2) << 7));
    writer_u16(&b.w, 0);
    if (id.size == STUN_ID_SIZE) {
        writer_u32(&b.w, STUN_COOKIE);
    }
    writer_bytes(&b.w, id.bytes, id.size);
    return b;
}

uint8_t *stun_build_reserve(struct stun_build *b, uint16_t type, size_t size)
{
    writer_u16(&b->w, type);
    writer_u16(&b->w, (uint16_t)size);
    uint8_t *value = writer_take(&b->w, size);
    writer_zero(&b->w, -size & 3); /* no bytes of older messages leak, CVE-2020-4067 */
    if (b->w.used > STUN_HEADER_SIZE + UINT16_MAX) {
        b->w.failed = true; /* more than the header's length can say */
    }
    writer_patch_u16(&b->w, 2, (uint16_t)(b->w.used - STUN_HEADER_SIZE));
    return b->w.failed ? NULL : value;
}

void stun_build_bytes(struct stun_build *b, uint16_t type, struct span value)
{
    uint8_t *at = stun_build_reserve(b, type, value.size);
    if (at && value.size > 0) {
        memcpy(at, value.bytes, value.size);
    }
}

void stun_build_u32(struct stun_build *b, uint16_t type, uint32_t value)
{
    uint8_t *at = stun_build_reserve(b, type, 4);
    if (at) {
        struct writer w = writer_init(at, 4);
        writer_u32(&w, value);
    }
}

/* put_address — family, port and address, xored with `mask_bytes` (cookie and id) or with nothing.
 */
static void put_address(struct stun_build *b, uint16_t type, const struct netaddr *a, bool is_xored)
{
    unsigned size = netaddr_size(a);
    uint8_t *at = stun_build_reserve(b, type, 4 + size);
    if (!at) {
        return;
    }
    uint16_t mask = is_xored ? (uint16_t)(STUN_COOKIE >> 16) : 0;
    struct writer w = writer_init(at, 4 + size);
    writer_u8(&w, 0);
    writer_u8(&w, a->family);
    writer_u16(&w, a->port ^ mask);
    for (unsigned i = 0; i < size; i++) {
        writer_u8(&w, a->ip[i] ^ (is_xored ? b->w.bytes[4 + i] : 0));
    }
}

void stun_build_address(struct stun_build *b, uint16_t type, const struct netaddr *a)
{
    put_address(b, type, a, true);
}

void stun_build_plain_address(struct stun_build *b, uint16_t type, const struct netaddr *a)
{
    put_address(b, type, a, false);
}

void stun_build_error(struct stun_build *b, unsigned code, const char *reason)
{
    struct span text = span_of_text(reason);
    uint8_t *at = stun_build_reserve(b, STUN_ATTR_ERROR_CODE, 4 + text.size);
    if (at) {
        struct writer w = writer_init(at, 4 + text.size);
        writer_u16(&w, 0);
        writer_u8(&w, (uint8_t)(code / 100));
        writer_u8(&w, (uint8_t)(code % 100));
        writer_bytes(&w, text.bytes, text.size);
    }
}

void stun_build_fingerprint(struct stun_build *b)
{
    size_t before = b->w.used;
    uint8_t *at = stun_build_reserve(b, STUN_ATTR_FINGERPRINT, 4);
    if (at) {
        struct span covered = {b->w.bytes, before};
        struct writer w = writer_init(at, 4);
        writer_u32(&w, crc32_of(&covered, 1) ^ STUN_FINGERPRINT_XOR);
    }
}

size_t stun_build_end(const struct stun_build *b)
{
    return writer_is_ok(&b->w) ? b->w.used : 0;
}
