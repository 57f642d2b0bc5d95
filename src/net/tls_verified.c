/* tls_verified — a TLS connection that speaks to no other server than the one meant. */
/* SPDX-License-Identifier: MIT */
#include "net/tls_verified.h"

#include <stdbool.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/netaddr.h"

/* expect — whose certificate it has to be; a name is also asked for, RFC 6066 3. */
static bool expect(SSL *ssl, const char *host)
{
    struct netaddr address;
    if (netaddr_parse(host, &address)) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct ssl_st *tls_verified_new(const char *host)
{
    SSL_CTX *shared = SSL_CTX_new(TLS_client_method());
    SSL *ssl = NULL;
    if (shared && SSL_CTX_set_default_verify_paths(shared) == 1 &&
        SSL_CTX_set_min_proto_version(shared, TLS1_2_VERSION) == 1) {
        SSL_CTX_set_verify(shared, SSL_VERIFY_PEER, NULL);
        ssl = SSL_new(shared);
    }
    SSL_CTX_free(shared);
    if (ssl && !expect(ssl, host)) {
        SSL_free(ssl);
        return NULL;
    }
    return ssl;
}

void tls_verified_free(struct ssl_st *ssl)
{
    SSL_free(ssl);
}
