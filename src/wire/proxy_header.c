/* proxy_header — the PROXY protocol, version 2. */
/* SPDX-License-Identifier: MIT */
#include "wire/proxy_header.h"

#include <string.h>

#include "base/reader.h"

enum {
    SIGNATURE_SIZE = 12,
    COMMAND_LOCAL = 0x20, /* version 2 in the upper half */
    COMMAND_PROXY = 0x21,
    STREAM_IPV4 = 0x11,
    STREAM_IPV6 = 0x21,
};

static const uint8_t signature[SIGNATURE_SIZE] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                                  0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* read_source — the client's address and port; those of the destination lie between them. False
 * when there is no room for them. */
static bool read_source(struct reader *r, unsigned family, struct netaddr *source)
{
    unsigned size = family == STREAM_IPV4 ? 4 : 16;
    const uint8_t *ip = reader_bytes(r, size);
    (void)reader_bytes(r, size);
    uint16_t port = reader_u16(r);
    (void)reader_u16(r);
    if (!reader_is_ok(r)) {
        return false;
    }
    if (family == STREAM_IPV4) {
        *source = (struct netaddr){.family = NETADDR_IPV4, .port = port};
        memcpy(source->ip, ip, size);
    } else {
        struct netaddr wide = netaddr_ipv6(ip, port);
        *source = netaddr_unmapped(&wide);
    }
    return true;
}

enum proxy_verdict proxy_header_read(const uint8_t *bytes, size_t size, struct proxy_header *out)
{
    struct reader r = reader_init(bytes, size);
    size_t known = size < SIGNATURE_SIZE ? size : SIGNATURE_SIZE;
    *out = (struct proxy_header){.size = PROXY_HEADER_LEAST};
    if (known > 0 && memcmp(bytes, signature, known) != 0) {
        return PROXY_BAD;
    }
    (void)reader_bytes(&r, SIGNATURE_SIZE);
    unsigned command = reader_u8(&r);
    unsigned family = reader_u8(&r);
    size_t length = reader_u16(&r);
    if (!reader_is_ok(&r)) {
        return PROXY_MORE;
    }
    out->size = PROXY_HEADER_LEAST + length;
    out->is_local = command == COMMAND_LOCAL;
    if ((command != COMMAND_LOCAL && command != COMMAND_PROXY) || out->size > PROXY_HEADER_MAX) {
        return PROXY_BAD;
    }
    if (out->size > size) {
        return PROXY_MORE;
    }
    struct reader rest = reader_sub(&r, length);
    bool has_source = !out->is_local && (family == STREAM_IPV4 || family == STREAM_IPV6);
    return !has_source || read_source(&rest, family, &out->source) ? PROXY_OK : PROXY_BAD;
}
