/* tls — a certificate with its key, ready to serve TLS and DTLS; and sessions of both.
 * A `struct tls` may be used by all threads; a session belongs to one at a time. OpenSSL. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct tls;    /* one certificate and key */
struct ssl_st; /* OpenSSL's SSL: a session */

/* tls_new — read a chain and its key from PEM files and see that they belong together.
 * Returns new, freed with tls_free; NULL with one sentence in `why` that names the file. */
struct tls *tls_new(const char *certificate, const char *key, char *why, size_t why_room);

/* tls_share — the same certificate and key, for another owner. Returns new, freed with tls_free;
 * NULL when memory is short. */
struct tls *tls_share(const struct tls *t);

/* tls_free — give it up; sessions made of it live on. NULL is taken. Never fails. */
void tls_free(struct tls *t);

/* tls_expires — when the certificate runs out. Never fails. */
time_t tls_expires(const struct tls *t);

/* tls_covers — whether the certificate is for a host name or an IP address given as text, RFC 6125.
 * Never fails. */
bool tls_covers(const struct tls *t, const char *name);

/* What became of a step. */
enum tls_result {
    TLS_DONE,
    TLS_WANT_READ,
    TLS_WANT_WRITE,
    TLS_CLOSED, /* the other side has said that it sends no more */
    TLS_FAILED, /* the session is over */
};

/* tls_accept — a session for a connected socket, which stays the caller's. `takes_http`: browsers'
 * protocols are agreed on too. Returns new, freed with tls_end; NULL when memory is short. */
struct ssl_st *tls_accept(const struct tls *t, int fd, bool takes_http);

/* tls_session — a session that speaks HTTP and has no socket yet: whoever has one gives it one.
 * Returns new, freed with tls_end or by its new owner; NULL when memory is short. */
struct ssl_st *tls_session(const struct tls *t);

/* Datagrams in and out of a DTLS session: one is read at a time, each record leaves by itself. */
struct tls_datagrams {
    const uint8_t *in; /* the datagram at hand, borrowed; NULL: there is none */
    size_t in_size;
    void *context;
    void (*out)(void *context, const uint8_t *bytes, size_t size);
};

/* tls_accept_datagrams — a DTLS session whose client has returned its cookie; `datagrams` borrowed
 * for the session's life, and holds that hello. `mtu` in bytes of UDP payload. Returns new; NULL
 * when memory is short or OpenSSL will not have the hello. */
struct ssl_st *tls_accept_datagrams(const struct tls *t, struct tls_datagrams *datagrams,
                                    unsigned mtu);

/* tls_end — free a session without a word to the client; NULL is taken. Never fails. */
void tls_end(struct ssl_st *s);

/* tls_handshake — go on with the handshake. */
enum tls_result tls_handshake(struct ssl_st *s);

/* tls_speaks_http — whether the client and we agreed to speak HTTP. Never fails. */
bool tls_speaks_http(const struct ssl_st *s);

/* tls_read — read up to `room` bytes. TLS_DONE with *got above 0, or why not. */
enum tls_result tls_read(struct ssl_st *s, uint8_t *bytes, size_t room, size_t *got);

/* tls_write — write up to `size` bytes. TLS_DONE with *sent above 0, or why not; after
 * TLS_WANT_WRITE the same bytes must come again, and may be followed by more. */
enum tls_result tls_write(struct ssl_st *s, const uint8_t *bytes, size_t size, size_t *sent);

/* tls_say_end — tell the client that we send no more. Never fails. */
void tls_say_end(struct ssl_st *s);

/* tls_timer — nanoseconds until a DTLS handshake has to repeat something; false: nothing waits. */
bool tls_timer(struct ssl_st *s, uint64_t *ns);

/* tls_on_timer — its time has come: repeat. Returns TLS_FAILED when it was repeated too often. */
enum tls_result tls_on_timer(struct ssl_st *s);

#endif
