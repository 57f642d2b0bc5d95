/* hello — the first message of a TLS or DTLS client. */
/* SPDX-License-Identifier: MIT */
#include "wire/hello.h"

#include <string.h>

enum {
    CLIENT_HELLO = 1,
    HELLO_VERIFY_REQUEST = 3,
    TLS_MAJOR = 3,
    DTLS_MAJOR = 0xfe,
    DTLS_1_0 = 0xfeff, /* what a HelloVerifyRequest calls itself, RFC 6347 4.2.1 */
    SERVER_NAME = 0,
    HOST_NAME = 0,
    RECORD_MAX = 16384,
};

static uint32_t read_u24(struct reader *r)
{
    uint32_t high = reader_u8(r);
    return high << 16 | reader_u16(r);
}

/* read_vector — bytes behind a length of one or two bytes. */
static struct span read_vector(struct reader *r, unsigned length_size)
{
    size_t size = length_size == 1 ? reader_u8(r) : reader_u16(r);
    const uint8_t *at = reader_bytes(r, size);
    return (struct span){at, at ? size : 0};
}

/* read_name — the host name of a server_name extension; empty when it has none. */
static struct span read_name(struct span extension)
{
    struct reader r = reader_init(extension.bytes, extension.size);
    struct span list = read_vector(&r, 2);
    r = reader_init(list.bytes, list.size);
    while (reader_is_ok(&r) && r.left > 0) {
        uint8_t kind = reader_u8(&r);
        struct span name = read_vector(&r, 2);
        if (kind == HOST_NAME && reader_is_ok(&r)) {
            return name;
        }
    }
    return (struct span){0};
}

/* read_body — a ClientHello behind the header of its handshake message. */
static bool read_body(struct reader *r, bool has_cookie, struct hello *out)
{
    (void)reader_u16(r); /* version */
    out->random = (struct span){reader_bytes(r, HELLO_RANDOM_SIZE), HELLO_RANDOM_SIZE};
    out->session = read_vector(r, 1);
    out->cookie = has_cookie ? read_vector(r, 1) : (struct span){0};
    (void)read_vector(r, 2); /* cipher suites */
    (void)read_vector(r, 1); /* compression methods */
    if (!reader_is_ok(r) || r->left == 0) {
        return reader_is_ok(r); /* extensions may be missing as a whole */
    }
    struct span extensions = read_vector(r, 2);
    struct reader e = reader_init(extensions.bytes, extensions.size);
    while (reader_is_ok(&e) && e.left > 0) {
        uint16_t type = reader_u16(&e);
        struct span value = read_vector(&e, 2);
        if (type == SERVER_NAME && reader_is_ok(&e)) {
            out->name = read_name(value);
        }
    }
    return reader_is_ok(r) && reader_is_ok(&e);
}

enum hello_verdict hello_read_tls(const uint8_t *bytes, size_t size, struct hello *out)
{
    struct reader r = reader_init(bytes, size);
    *out = (struct hello){.size = HELLO_TLS_HEADER};
    uint8_t type = reader_u8(&r);
    uint8_t major = reader_u8(&r);
    (void)reader_u8(&r);
    size_t length = reader_u16(&r);
    if ((size > 0 && type != HELLO_RECORD_TLS) || (size > 1 && major != TLS_MAJOR)) {
        return HELLO_OTHER;
    }
    if (!reader_is_ok(&r)) {
        return HELLO_MORE;
    }
    if (length > RECORD_MAX) {
        return HELLO_OTHER;
    }
    out->size = HELLO_TLS_HEADER + length;
    if (out->size > size) {
        return HELLO_MORE;
    }
    struct reader record = reader_sub(&r, length);
    uint8_t message = reader_u8(&record);
    uint32_t body = read_u24(&record);
    if (!reader_is_ok(&record) || message != CLIENT_HELLO) {
        return HELLO_OTHER;
    }
    if (body > record.left) {
        return HELLO_FRAGMENT;
    }
    struct reader hello = reader_sub(&record, body);
    return read_body(&hello, false, out) ? HELLO_OK : HELLO_OTHER;
}

enum hello_verdict hello_read_dtls(const uint8_t *bytes, size_t size, struct hello *out)
{
    struct reader r = reader_init(bytes, size);
    *out = (struct hello){.size = size};
    uint8_t type = reader_u8(&r);
    uint8_t major = reader_u8(&r);
    (void)reader_u8(&r);
    uint16_t epoch = reader_u16(&r);
    const uint8_t *sequence = reader_bytes(&r, sizeof(out->sequence));
    struct reader record = reader_sub(&r, reader_u16(&r));
    uint8_t message = reader_u8(&record);
    uint32_t length = read_u24(&record);
    (void)reader_u16(&record); /* number of the message */
    uint32_t offset = read_u24(&record);
    uint32_t here = read_u24(&record);
    if (!reader_is_ok(&r) || !reader_is_ok(&record) || type != HELLO_RECORD_TLS ||
        major != DTLS_MAJOR || epoch != 0 || message != CLIENT_HELLO || here > record.left) {
        return HELLO_OTHER;
    }
    if (offset != 0 || here != length) {
        return HELLO_FRAGMENT;
    }
    memcpy(out->sequence, sequence, sizeof(out->sequence));
    struct reader hello = reader_sub(&record, here);
    return read_body(&hello, true, out) ? HELLO_OK : HELLO_OTHER;
}

static void write_u24(struct writer *w, uint32_t value)
{
    writer_u8(w, (uint8_t)(value >> 16));
    writer_u16(w, (uint16_t)value);
}

void hello_write_verify(struct writer *w, const struct hello *hello, struct span cookie)
{
    enum { MESSAGE_HEADER = 12, BODY = 3 };
    uint32_t body = BODY + (uint32_t)cookie.size;
    writer_u8(w, HELLO_RECORD_TLS);
    writer_u16(w, DTLS_1_0);
    writer_u16(w, 0); /* epoch */
    writer_bytes(w, hello->sequence, sizeof(hello->sequence));
    writer_u16(w, (uint16_t)(MESSAGE_HEADER + body));
    writer_u8(w, HELLO_VERIFY_REQUEST);
    write_u24(w, body);
    writer_u16(w, 0); /* number of the message */
    write_u24(w, 0);
    write_u24(w, body);
    writer_u16(w, DTLS_1_0);
    writer_u8(w, (uint8_t)cookie.size);
    writer_bytes(w, cookie.bytes, cookie.size);
}
