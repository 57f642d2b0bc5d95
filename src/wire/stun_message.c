/* stun_message — bytes to a STUN message. */
/* SPDX-License-Identifier: MIT */
#include "wire/stun_message.h"

#include <assert.h>
#include <string.h>

#include "wire/crc32.h"

static_assert(STUN_KNOWN_COUNT <= 32, "stun_message.present has a bit for each");

static int known_of(uint16_t type)
{
    switch (type) {
#define STUN_KNOWN_CASE(name, number)                                                              \
    case number:                                                                                   \
        return STUN_KNOWN_##name;
        STUN_ATTRIBUTES(STUN_KNOWN_CASE)
#undef STUN_KNOWN_CASE
    default:
        return -1;
    }
}

bool stun_message_is_known(uint16_t type)
{
    return known_of(type) >= 0;
}

/* next_attribute — type and value of the attribute at the reader, its padding skipped. Padding is
 * never missing: the header's length is a multiple of four. */
static bool next_attribute(struct reader *r, uint16_t *type, struct span *value)
{
    *type = reader_u16(r);
    uint16_t size = reader_u16(r);
    const uint8_t *bytes = reader_bytes(r, size);
    reader_bytes(r, (size_t)(-size & 3)); /* any padding is taken, 14 */
    *value = (struct span){bytes, size};
    return reader_is_ok(r);
}

/* counts_behind — whether an attribute still counts behind an integrity attribute, RFC 8489 14.5,
 * 14.6: everything else there is unprotected. */
static bool counts_behind(const struct stun_message *m, uint16_t type)
{
    if (stun_message_has(m, STUN_KNOWN_MESSAGE_INTEGRITY_SHA256)) {
        return type == STUN_ATTR_FINGERPRINT;
    }
    if (stun_message_has(m, STUN_KNOWN_MESSAGE_INTEGRITY)) {
        return type == STUN_ATTR_FINGERPRINT || type == STUN_ATTR_MESSAGE_INTEGRITY_SHA256;
    }
    return true;
}

static void note_attribute(struct stun_message *m, uint16_t type, struct span value)
{
    int which = known_of(type);
    if (which < 0) {
        m->has_unknown = m->has_unknown || type < STUN_ATTR_OPTIONAL_BIT;
        return;
    }
    if (!stun_message_has(m, (enum stun_known)which)) {
        m->present |= UINT32_C(1) << which;
        m->place[which].at = (uint16_t)(value.bytes - m->bytes - STUN_HEADER_SIZE);
        m->place[which].size = (uint16_t)value.size;
    }
}

/* fingerprint_is_right — 14.7: over everything before it, the header's length as if it were the
 * last attribute, which it is: parsing stops there. */
static bool fingerprint_is_right(const struct stun_message *m, size_t end)
{
    struct span value = stun_message_value(m, STUN_KNOWN_FINGERPRINT);
    if (value.size != 4 || end != m->size) {
        return false;
    }
    struct span covered = {m->bytes, end - 8};
    struct reader r = reader_init(value.bytes, value.size);
    return (crc32_of(&covered, 1) ^ STUN_FINGERPRINT_XOR) == reader_u32(&r);
}

enum stun_verdict stun_message_parse(const uint8_t *bytes, size_t size, struct stun_message *out)
{
    struct reader r = reader_init(bytes, size);
    uint16_t type = reader_u16(&r);
    uint16_t length = reader_u16(&r);
    uint32_t cookie = reader_u32(&r);
    reader_bytes(&r, STUN_ID_SIZE);
    if (!reader_is_ok(&r) || type >> 14 != 0 || (length & 3) != 0 || length != r.left) {
        return STUN_NOT_STUN; /* RFC 8489 6.3: no bytes behind the message either */
    }
    out->bytes = bytes;
    out->size = size;
    out->method = (uint16_t)((type & 0x000f) | (type >> 1 & 0x0070) | (type >> 2 & 0x0f80));
    out->class = (uint8_t)((type >> 4 & 1) | (type >> 7 & 2));
    out->is_classic = cookie != STUN_COOKIE;
    out->has_unknown = false;
    out->present = 0;
    while (r.left > 0) {
        struct span value;
        uint16_t attr;
        if (!next_attribute(&r, &attr, &value)) {
            return STUN_MALFORMED;
        }
        if (!counts_behind(out, attr)) {
            continue;
        }
        note_attribute(out, attr, value);
        if (attr == STUN_ATTR_FINGERPRINT && !out->is_classic) {
            return fingerprint_is_right(out, size - r.left) ? STUN_OK : STUN_MALFORMED;
        }
    }
    return STUN_OK;
}

struct span stun_message_id(const struct stun_message *m)
{
    return m->is_classic ? (struct span){m->bytes + 4, STUN_CLASSIC_ID_SIZE}
                         : (struct span){m->bytes + 8, STUN_ID_SIZE};
}

bool stun_message_u32(const struct stun_message *m, enum stun_known which, uint32_t *out)
{
    struct span value = stun_message_value(m, which);
    struct reader r = reader_init(value.bytes, value.size);
    *out = reader_u32(&r);
    return reader_is_ok(&r) && r.left == 0;
}

bool stun_message_address(const struct stun_message *m, enum stun_known which, struct netaddr *out)
{
    return stun_message_read_address(m, stun_message_value(m, which), out);
}

bool stun_message_read_address(const struct stun_message *m, struct span value, struct netaddr *out)
{
    struct reader r = reader_init(value.bytes, value.size);
    reader_u8(&r);
    struct netaddr a = {.family = reader_u8(&r)};
    a.port = (uint16_t)(reader_u16(&r) ^ STUN_COOKIE >> 16);
    unsigned size = netaddr_size(&a);
    const uint8_t *ip = reader_bytes(&r, size);
    if (!reader_is_ok(&r) || size == 0 || r.left != 0) {
        return false;
    }
    for (unsigned i = 0; i < size; i++) {
        a.ip[i] = ip[i] ^ m->bytes[4 + i]; /* cookie, then transaction id */
    }
    *out = a;
    return true;
}

struct stun_walk stun_message_walk(const struct stun_message *m)
{
    return (struct stun_walk){
        .message = m,
        .rest = reader_init(m->bytes + STUN_HEADER_SIZE, m->size - STUN_HEADER_SIZE),
    };
}

bool stun_message_step(struct stun_walk *walk)
{
    if (walk->type == STUN_ATTR_MESSAGE_INTEGRITY ||
        walk->type == STUN_ATTR_MESSAGE_INTEGRITY_SHA256) {
        return false;
    }
    return walk->rest.left > 0 && next_attribute(&walk->rest, &walk->type, &walk->value);
}
