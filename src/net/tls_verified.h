/* tls_verified — a TLS connection for a library that speaks TLS itself, set so that no other server
 * than the one meant is spoken to.
 * Any thread. OpenSSL. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_TLS_VERIFIED_H
#define NET_TLS_VERIFIED_H

struct ssl_st; /* OpenSSL's SSL */

/* tls_verified_new — a client's end: the handshake fails unless the certificate is one for `host`,
 * a name or an address in text, by an authority of the system. TLS 1.2 at least. Returns new, freed
 * with tls_verified_free; NULL when memory is short. */
struct ssl_st *tls_verified_new(const char *host);

/* tls_verified_free — free it; NULL is taken. Never fails. */
void tls_verified_free(struct ssl_st *ssl);

#endif
