/* hello — the first message of a TLS or DTLS client, as far as it must be read before there is a
 * session: whom it wants, and whether it has shown that its address is real.
 * Pure. Any thread. RFC 8446 4.1.2, RFC 6066 3, RFC 6347 4.2. */
/* SPDX-License-Identifier: MIT */
#ifndef WIRE_HELLO_H
#define WIRE_HELLO_H

#include "base/span.h"

enum {
    HELLO_RECORD_TLS = 22, /* first byte of either kind of handshake record */
    HELLO_TLS_HEADER = 5,  /* bytes of a TLS record's header */
    HELLO_RANDOM_SIZE = 32,
    HELLO_COOKIE_MAX = 64,  /* bytes of the cookies we make */
    HELLO_VERIFY_SIZE = 28, /* bytes of HelloVerifyRequest without its cookie */
    HELLO_SIZE_MAX = 16384 + HELLO_TLS_HEADER,
};

enum hello_verdict {
    HELLO_OK,
    HELLO_MORE,     /* TLS: hello.size bytes of the stream are needed */
    HELLO_FRAGMENT, /* a ClientHello in pieces */
    HELLO_OTHER,    /* anything else, malformed or not */
};

/* Spans are borrowed from the bytes it was read from. */
struct hello {
    size_t size; /* bytes of the first record, with its header */
    struct span random;
    struct span session;
    struct span cookie;  /* DTLS */
    struct span name;    /* server_name; empty when there is none */
    uint8_t sequence[6]; /* DTLS: of the record */
};

/* hello_read_tls — read the beginning of a stream of which `size` bytes are there. A ClientHello
 * must lie in one record. Returns the verdict, with *out filled for HELLO_OK, and out->size for
 * HELLO_MORE. */
enum hello_verdict hello_read_tls(const uint8_t *bytes, size_t size, struct hello *out);

/* hello_read_dtls — read one datagram whose first record may be a ClientHello. Returns HELLO_OK
 * with *out filled, HELLO_FRAGMENT or HELLO_OTHER. */
enum hello_verdict hello_read_dtls(const uint8_t *bytes, size_t size, struct hello *out);

/* hello_write_verify — write a HelloVerifyRequest that asks for `cookie` (at most
 * HELLO_COOKIE_MAX bytes) in answer to a hello; fails the writer without room. RFC 6347 4.2.1. */
void hello_write_verify(struct writer *w, const struct hello *hello, struct span cookie);

#endif
