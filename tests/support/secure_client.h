/* secure_client — OpenSSL as a client of TLS over a socket, or of DTLS with its datagrams in hand.
 * For tests. One thread. It takes any certificate. */
/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_SECURE_CLIENT_H
#define SUPPORT_SECURE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ssl_st;
struct ssl_session_st;

enum { SECURE_CLIENT_QUEUE = 64, SECURE_CLIENT_DATAGRAM = 4096 };

/* How it says hello; a zero is OpenSSL's own choice. */
struct secure_client_wish {
    const char *name; /* server_name; NULL: it says none */
    int least;        /* version */
    int most;
    const char *ciphers;            /* of TLS 1.2 */
    const char *protocols;          /* ALPN, each behind its length */
    unsigned mtu;                   /* DTLS: bytes of UDP payload */
    struct ssl_session_st *session; /* to be resumed; borrowed */
};

struct secure_client_datagram {
    uint8_t bytes[SECURE_CLIENT_DATAGRAM];
    size_t size;
};

struct secure_client {
    struct ssl_st *ssl; /* owned */
    const uint8_t *in;  /* DTLS: the datagram at hand; NULL: none */
    size_t in_size;
    size_t out_count; /* DTLS: what it has said and nobody has taken */
    struct secure_client_datagram out[SECURE_CLIENT_QUEUE];
};

/* secure_client_connect — a client on a connected socket, which stays the caller's. Ends the
 * process when OpenSSL cannot. */
void secure_client_connect(struct secure_client *c, const struct secure_client_wish *wish, int fd);

/* secure_client_begin — a client of DTLS; *c must not move until secure_client_fini. Ends the
 * process when OpenSSL cannot. */
void secure_client_begin(struct secure_client *c, const struct secure_client_wish *wish);

/* secure_client_fini — free it. Never fails. */
void secure_client_fini(struct secure_client *c);

/* secure_client_step — go on with the handshake. Returns true when it is done. */
bool secure_client_step(struct secure_client *c);

/* secure_client_hear — DTLS: one datagram from the server, for the handshake while there is one.
 * Returns how many bytes of what was in it were put at `bytes`; 0: none. */
size_t secure_client_hear(struct secure_client *c, const uint8_t *datagram, size_t size,
                          uint8_t *bytes, size_t room);

/* secure_client_hello — the stream of bytes that a TLS client says first. Returns its size. Ends
 * the process without room. */
size_t secure_client_hello(const struct secure_client_wish *wish, uint8_t *bytes, size_t room);

#endif
