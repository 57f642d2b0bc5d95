/* tls — a certificate with its key, ready to serve TLS and DTLS; and sessions of both. */
/* SPDX-License-Identifier: MIT */
#include "net/tls.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <sys/time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct tls {
    SSL_CTX *stream;
    SSL_CTX *datagram;
};

/* With TLS 1.2 whatever gives forward secrecy and AEAD; 1.3 has nothing else. BCP 195. */
static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

/* Protocol names as they lie in the ALPN extension, RFC 7443. */
static const uint8_t relay_protocols[] = "\x09stun.turn\x12stun.nat-discovery";
static const uint8_t web_protocols[] = "\x09stun.turn\x12stun.nat-discovery\x08http/1.1\x02h2";

/* choose_protocol — of the client's protocols the first in our order; none in common ends the
 * handshake, RFC 7301 3.2. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                           const unsigned char *in, unsigned in_size, void *argument)
{
    bool takes_http = SSL_get_app_data(ssl) != NULL;
    const uint8_t *ours = takes_http ? web_protocols : relay_protocols;
    unsigned size = takes_http ? sizeof(web_protocols) - 1 : sizeof(relay_protocols) - 1;
    (void)argument;
    int found =
        SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_size, ours, size, in, in_size);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* take_cookie — dtls has checked it before there was a session. */
static int take_cookie(SSL *ssl, const unsigned char *cookie, unsigned size)
{
    (void)ssl;
    (void)cookie;
    (void)size;
    return 1;
}

static int make_no_cookie(SSL *ssl, unsigned char *cookie, unsigned *size)
{
    (void)ssl;
    (void)cookie;
    *size = 0;
    return 0; /* OpenSSL never has to ask for one */
}

/* no_passphrase — OpenSSL would ask the terminal for it, and the server would wait. */
static int no_passphrase(char *out, int room, int is_writing, void *argument)
{
    (void)out;
    (void)room;
    (void)is_writing;
    (void)argument;
    return -1;
}

static SSL_CTX *new_context(const SSL_METHOD *method, int least)
{
    SSL_CTX *ctx = SSL_CTX_new(method);
    if (!ctx) {
        return NULL;
    }
    SSL_CTX_set_min_proto_version(ctx, least);
    SSL_CTX_set_cipher_list(ctx, ciphers);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
#ifdef SSL_OP_ENABLE_KTLS
    SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS);
#endif
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets: nothing is kept here */
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    return ctx;
}

/* words_of_error — the first reason in OpenSSL's queue, which is emptied: those behind it only say
 * which library passed it on. */
static const char *words_of_error(void)
{
    unsigned long error = ERR_peek_error();
    const char *reason = error ? ERR_reason_error_string(error) : NULL;
    ERR_clear_error();
    return reason ? reason : "it is no PEM file";
}

static bool can_read(const char *file, const char *what, char *why, size_t why_room)
{
    FILE *f = fopen(file, "re");
    if (!f) {
        snprintf(why, why_room, "cannot read the %s %s: %s", what, file, strerror(errno));
        return false;
    }
    fclose(f);
    return true;
}

/* load — chain and key into one context. */
static bool load(SSL_CTX *ctx, const char *certificate, const char *key, char *why, size_t why_room)
{
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1) {
        snprintf(why, why_room, "%s is no certificate chain in PEM: %s", certificate,
                 words_of_error());
        return false;
    }
    bool is_read = SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1;
    if (is_read && SSL_CTX_check_private_key(ctx) == 1) {
        return true;
    }
    /* A key of another kind than the certificate's is read and kept apart from it. */
    bool is_other = is_read ||
                    ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
                    ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH;
    if (is_other) {
        ERR_clear_error();
        snprintf(why, why_room,
                 "the key %s is not that of the certificate %s: give the two that were made "
                 "together",
                 key, certificate);
    } else {
        snprintf(why, why_room, "%s is no private key in PEM without a passphrase: %s", key,
                 words_of_error());
    }
    return false;
}

struct tls *tls_new(const char *certificate, const char *key, char *why, size_t why_room)
{
    static const unsigned char name[] = "turnpike";
    struct tls *t = calloc(1, sizeof(*t));
    snprintf(why, why_room, "out of memory");
    ERR_clear_error();
    if (t) {
        t->stream = new_context(TLS_server_method(), TLS1_2_VERSION);
        t->datagram = new_context(DTLS_server_method(), DTLS1_2_VERSION);
    }
    if (t && t->stream && t->datagram && can_read(certificate, "certificate", why, why_room) &&
        can_read(key, "key", why, why_room) && load(t->stream, certificate, key, why, why_room) &&
        load(t->datagram, certificate, key, why, why_room)) {
        SSL_CTX_set_session_id_context(t->stream, name, sizeof(name) - 1);
        SSL_CTX_set_session_id_context(t->datagram, name, sizeof(name) - 1);
        SSL_CTX_set_read_ahead(t->stream, 1); /* a record's header and body in one reading */
        SSL_CTX_set_read_ahead(t->datagram, 1);
        SSL_CTX_set_options(t->datagram, SSL_OP_NO_QUERY_MTU | SSL_OP_COOKIE_EXCHANGE);
        SSL_CTX_set_cookie_verify_cb(t->datagram, take_cookie);
        SSL_CTX_set_cookie_generate_cb(t->datagram, make_no_cookie);
        return t;
    }
    tls_free(t);
    return NULL;
}

struct tls *tls_share(const struct tls *t)
{
    struct tls *other = malloc(sizeof(*other));
    if (other) {
        *other = *t;
        SSL_CTX_up_ref(other->stream);
        SSL_CTX_up_ref(other->datagram);
    }
    return other;
}

void tls_free(struct tls *t)
{
    if (t) {
        SSL_CTX_free(t->stream);
        SSL_CTX_free(t->datagram);
        free(t);
    }
}

time_t tls_expires(const struct tls *t)
{
    struct tm when;
    const X509 *leaf = SSL_CTX_get0_certificate(t->stream);
    return leaf && ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &when) == 1 ? timegm(&when) : 0;
}

bool tls_covers(const struct tls *t, const char *name)
{
    uint8_t address[16];
    X509 *leaf = SSL_CTX_get0_certificate(t->stream);
    bool is_address =
        inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
    return leaf && (is_address ? X509_check_ip_asc(leaf, name, 0)
                               : X509_check_host(leaf, name, 0, 0, NULL)) == 1;
}

/* What one call of tls_read may cost. OpenSSL goes on for as long as messages come that are no
 * data, and KeyUpdates can come for ever. */
struct budget {
    unsigned readings;    /* of the socket, that are left */
    unsigned key_updates; /* that have come */
};

enum { READINGS = 1, KEY_UPDATES_MAX = 8 };

/* on_bio — before and after each use of a socket: a reading beyond the budget finds nothing, and
 * epoll tells of what is left. */
static long on_bio(BIO *bio, int what, const char *bytes, size_t size, int number, long value,
                   int result, size_t *done)
{
    struct budget *budget = (struct budget *)(void *)BIO_get_callback_arg(bio);
    (void)bytes;
    (void)size;
    (void)number;
    (void)value;
    (void)done;
    if (what != BIO_CB_READ || !budget) {
        return result;
    }
    if (budget->readings == 0) {
        BIO_clear_retry_flags(bio);
        BIO_set_retry_read(bio);
        return -1;
    }
    budget->readings--;
    return result;
}

/* on_message — each message of the protocol itself. */
static void on_message(int is_ours, int version, int type, const void *bytes, size_t size, SSL *ssl,
                       void *argument)
{
    struct budget *budget = argument;
    (void)version;
    (void)ssl;
    if (budget && !is_ours && type == SSL3_RT_HANDSHAKE && size > 0 &&
        *(const uint8_t *)bytes == SSL3_MT_KEY_UPDATE) {
        budget->key_updates++;
    }
}

static void set_budget(SSL *ssl, struct budget *budget)
{
    BIO_set_callback_arg(SSL_get_rbio(ssl), (char *)budget);
    SSL_set_msg_callback_arg(ssl, budget);
}

struct ssl_st *tls_accept(const struct tls *t, int fd, bool takes_http)
{
    SSL *ssl = SSL_new(t->stream);
    if (ssl && SSL_set_fd(ssl, fd) == 1) {
        BIO_set_callback_ex(SSL_get_rbio(ssl), on_bio);
        SSL_set_msg_callback(ssl, on_message);
        SSL_set_app_data(ssl, takes_http ? ssl : NULL);
        SSL_set_accept_state(ssl);
        return ssl;
    }
    SSL_free(ssl);
    ERR_clear_error();
    return NULL;
}

struct ssl_st *tls_session(const struct tls *t)
{
    SSL *ssl = SSL_new(t->stream);
    if (ssl) {
        SSL_set_app_data(ssl, ssl); /* takes HTTP */
        SSL_set_read_ahead(ssl, 0); /* libevent waits for the socket, whatever is in here */
        SSL_set_accept_state(ssl);
        /* libevent looks for bytes in the socket and in the record at hand, not behind it. */
        SSL_set_read_ahead(ssl, 0);
    }
    return ssl;
}

/* A BIO that keeps datagrams apart. */

static int bio_read(BIO *bio, char *bytes, int room)
{
    struct tls_datagrams *d = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!d->in) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t size = d->in_size < (size_t)room ? d->in_size : (size_t)room;
    memcpy(bytes, d->in, size);
    d->in = NULL; /* what did not fit is lost, as with a socket */
    return (int)size;
}

static int bio_write(BIO *bio, const char *bytes, int size)
{
    struct tls_datagrams *d = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    d->out(d->context, (const uint8_t *)bytes, (size_t)size);
    return size;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP:
        return 1;
    default:
        return 0;
    }
}

static BIO_METHOD *datagram_method;

static void make_datagram_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
    if (method) {
        BIO_meth_set_read(method, bio_read);
        BIO_meth_set_write(method, bio_write);
        BIO_meth_set_ctrl(method, bio_control);
        datagram_method = method;
    }
}

/* new_bio — sessions outlive the certificate they were made with, so the method is never freed. */
static BIO *new_bio(struct tls_datagrams *datagrams)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_datagram_method);
    BIO *bio = datagram_method ? BIO_new(datagram_method) : NULL;
    if (bio) {
        BIO_set_data(bio, datagrams);
        BIO_set_init(bio, 1);
    }
    return bio;
}

struct ssl_st *tls_accept_datagrams(const struct tls *t, struct tls_datagrams *datagrams,
                                    unsigned mtu)
{
    BIO *bio = new_bio(datagrams);
    SSL *ssl = bio ? SSL_new(t->datagram) : NULL;
    BIO_ADDR *nobody = ssl ? BIO_ADDR_new() : NULL;
    if (!nobody) {
        BIO_free(bio);
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    SSL_set_mtu(ssl, mtu);
    /* The one way to have OpenSSL begin with the second hello. */
    int is_taken = DTLSv1_listen(ssl, nobody);
    BIO_ADDR_free(nobody);
    ERR_clear_error();
    if (is_taken <= 0) {
        SSL_free(ssl);
        return NULL;
    }
    return ssl;
}

void tls_end(struct ssl_st *s)
{
    SSL_free(s);
}

/* result_of — what a call that returned `value` means. */
static enum tls_result result_of(SSL *ssl, int value)
{
    enum tls_result result = TLS_FAILED;
    if (value > 0) {
        return TLS_DONE;
    }
    switch (SSL_get_error(ssl, value)) {
    case SSL_ERROR_WANT_READ:
        result = TLS_WANT_READ;
        break;
    case SSL_ERROR_WANT_WRITE:
        result = TLS_WANT_WRITE;
        break;
    case SSL_ERROR_ZERO_RETURN:
        result = TLS_CLOSED;
        break;
    default:
        break;
    }
    ERR_clear_error();
    return result;
}

enum tls_result tls_handshake(struct ssl_st *s)
{
    return result_of(s, SSL_do_handshake(s));
}

bool tls_speaks_http(const struct ssl_st *s)
{
    const unsigned char *name;
    unsigned size;
    SSL_get0_alpn_selected(s, &name, &size);
    return size > 0 && name[0] == 'h';
}

enum tls_result tls_read(struct ssl_st *s, uint8_t *bytes, size_t room, size_t *got)
{
    struct budget budget = {.readings = READINGS};
    if (SSL_is_dtls(s)) {
        return result_of(s, SSL_read_ex(s, bytes, room, got));
    }
    set_budget(s, &budget);
    enum tls_result result = result_of(s, SSL_read_ex(s, bytes, room, got));
    set_budget(s, NULL);
    return budget.key_updates > KEY_UPDATES_MAX ? TLS_FAILED : result;
}

enum tls_result tls_write(struct ssl_st *s, const uint8_t *bytes, size_t size, size_t *sent)
{
    return result_of(s, SSL_write_ex(s, bytes, size, sent));
}

void tls_say_end(struct ssl_st *s)
{
    if (SSL_is_init_finished(s)) {
        (void)SSL_shutdown(s);
        ERR_clear_error();
    }
}

bool tls_timer(struct ssl_st *s, uint64_t *ns)
{
    struct timeval left;
    if (DTLSv1_get_timeout(s, &left) != 1) {
        return false;
    }
    *ns = (uint64_t)left.tv_sec * 1000000000U + (uint64_t)left.tv_usec * 1000U;
    return true;
}

enum tls_result tls_on_timer(struct ssl_st *s)
{
    int value = DTLSv1_handle_timeout(s);
    ERR_clear_error();
    return value < 0 ? TLS_FAILED : TLS_DONE;
}
