/* secure_client — OpenSSL as a client of TLS and DTLS. */
/* SPDX-License-Identifier: MIT */
#include "support/secure_client.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

static SSL *new_session(const SSL_METHOD *method, const struct secure_client_wish *wish)
{
    SSL_CTX *context = SSL_CTX_new(method);
    insist(context != NULL);
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context);
    insist(ssl != NULL && SSL_set_min_proto_version(ssl, wish->least) == 1 &&
           SSL_set_max_proto_version(ssl, wish->most) == 1);
    insist(!wish->name || SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                   (void *)(uintptr_t)wish->name) == 1);
    insist(!wish->ciphers || SSL_set_cipher_list(ssl, wish->ciphers) == 1);
    insist(!wish->session || SSL_set_session(ssl, wish->session) == 1);
    if (wish->protocols) {
        insist(SSL_set_alpn_protos(ssl, (const unsigned char *)wish->protocols,
                                   (unsigned)strlen(wish->protocols)) == 0);
    }
    SSL_set_connect_state(ssl);
    return ssl;
}

void secure_client_connect(struct secure_client *c, const struct secure_client_wish *wish, int fd)
{
    memset(c, 0, sizeof(*c));
    c->ssl = new_session(TLS_client_method(), wish);
    SSL_set_mode(c->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    insist(SSL_set_fd(c->ssl, fd) == 1);
}

/* A BIO that keeps datagrams apart. */

static int take_in(BIO *bio, char *bytes, int room)
{
    struct secure_client *c = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!c->in) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t size = c->in_size < (size_t)room ? c->in_size : (size_t)room;
    memcpy(bytes, c->in, size);
    c->in = NULL;
    return (int)size;
}

static int put_out(BIO *bio, const char *bytes, int size)
{
    struct secure_client *c = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    insist(size >= 0 && size <= SECURE_CLIENT_DATAGRAM);
    if (c->out_count < SECURE_CLIENT_QUEUE) { /* what nobody takes is lost, as on a network */
        struct secure_client_datagram *out = &c->out[c->out_count++];
        memcpy(out->bytes, bytes, (size_t)size);
        out->size = (size_t)size;
    }
    return size;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO *new_bio(struct secure_client *c)
{
    static BIO_METHOD *method; /* for all of them, as long as the process */
    if (!method) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "client's datagrams");
        insist(method != NULL);
        BIO_meth_set_read(method, take_in);
        BIO_meth_set_write(method, put_out);
        BIO_meth_set_ctrl(method, control);
    }
    BIO *bio = BIO_new(method);
    insist(bio != NULL);
    BIO_set_data(bio, c);
    BIO_set_init(bio, 1);
    return bio;
}

void secure_client_begin(struct secure_client *c, const struct secure_client_wish *wish)
{
    enum { MTU = 1400 };
    c->in = NULL;
    c->out_count = 0;
    c->ssl = new_session(DTLS_client_method(), wish);
    SSL_set_options(c->ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(c->ssl, wish->mtu ? wish->mtu : MTU);
    BIO *bio = new_bio(c);
    SSL_set_bio(c->ssl, bio, bio);
}

void secure_client_fini(struct secure_client *c)
{
    SSL_free(c->ssl);
    c->ssl = NULL;
}

bool secure_client_step(struct secure_client *c)
{
    bool is_done = SSL_do_handshake(c->ssl) == 1;
    ERR_clear_error();
    return is_done;
}

size_t secure_client_hear(struct secure_client *c, const uint8_t *datagram, size_t size,
                          uint8_t *bytes, size_t room)
{
    size_t got = 0;
    c->in = datagram;
    c->in_size = size;
    if (SSL_is_init_finished(c->ssl) || secure_client_step(c)) {
        if (SSL_read_ex(c->ssl, bytes, room, &got) != 1) {
            got = 0;
        }
    }
    c->in = NULL;
    ERR_clear_error();
    return got;
}

size_t secure_client_hello(const struct secure_client_wish *wish, uint8_t *bytes, size_t room)
{
    SSL *ssl = new_session(TLS_client_method(), wish);
    BIO *in = BIO_new(BIO_s_mem());
    BIO *out = BIO_new(BIO_s_mem());
    size_t size = 0;
    insist(in != NULL && out != NULL);
    SSL_set_bio(ssl, in, out);
    insist(SSL_do_handshake(ssl) < 0);
    ERR_clear_error();
    insist(BIO_pending(out) <= (long)room && BIO_read_ex(out, bytes, room, &size) == 1);
    SSL_free(ssl);
    return size;
}
