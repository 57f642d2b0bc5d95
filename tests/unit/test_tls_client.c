/* test_tls_client — a client of TLS and DTLS against a server in memory, and what it sees of the
 * server's certificate. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/tls_client.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static const struct wall noon = {1800000000};

/* A server, its certificate, and the client that talks to it. */
struct pair {
    EVP_PKEY *key;
    X509 *certificate;
    SSL_CTX *ctx;
    SSL *server;
    BIO *in, *out; /* of the server */
    bool is_deaf, has_ended;
    unsigned sent; /* by the client */
    struct tls_client *client;
    char file[64]; /* the certificate in PEM */
};

/* ---- the way between them */

static bool to_server(void *context, struct span bytes)
{
    struct pair *p = context;
    p->sent++;
    return !p->has_ended && BIO_write(p->in, bytes.bytes, (int)bytes.size) == (int)bytes.size;
}

/* run_server — let it read and answer; what it gets it sends back. */
static void run_server(struct pair *p)
{
    uint8_t echo[2048];
    if (!SSL_is_init_finished(p->server)) {
        SSL_do_handshake(p->server);
    }
    int got = SSL_is_init_finished(p->server) ? SSL_read(p->server, echo, sizeof(echo)) : 0;
    if (got > 0) {
        assert_int_equal(SSL_write(p->server, echo, got), got);
    }
    ERR_clear_error(); /* the thread's, and so the client's, too */
}

static int to_client(void *context, uint8_t *bytes, size_t room)
{
    struct pair *p = context;
    if (p->has_ended) {
        return -1;
    }
    if (p->is_deaf) {
        return 0;
    }
    run_server(p);
    int got = BIO_read(p->out, bytes, (int)room);
    return got > 0 ? got : 0;
}

/* ---- the server */

static X509 *make_certificate(EVP_PKEY *key, const char *names, int64_t from, int64_t until,
                              const char *basic)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    const struct {
        int nid;
        const char *value;
    } extensions[] = {{NID_subject_alt_name, names}, {NID_basic_constraints, basic}};
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"one.test", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, key);
    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(noon.s + from));
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(noon.s + until));
    for (size_t i = 0; i < 2; i++) {
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, extensions[i].nid, extensions[i].value);
        assert_non_null(e);
        X509_add_ext(x, e, -1);
        X509_EXTENSION_free(e);
    }
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    return x;
}

static void write_certificate(struct pair *p)
{
    BIO *file = BIO_new(BIO_s_mem());
    char *text;
    PEM_write_bio_X509(file, p->certificate);
    long size = BIO_get_mem_data(file, &text);
    strcpy(p->file, "/tmp/test_tls_client.XXXXXX");
    int fd = mkstemp(p->file);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, (size_t)size), size);
    close(fd);
    BIO_free(file);
}

static int choose_first(SSL *ssl, const unsigned char **out, unsigned char *size,
                        const unsigned char *in, unsigned in_size, void *argument)
{
    (void)ssl;
    (void)argument;
    assert_true(in_size > 1);
    *size = in[0];
    *out = in + 1;
    return SSL_TLSEXT_ERR_OK;
}

static struct pair *pair_new(bool is_datagram, const char *names, int64_t from, int64_t until,
                             const char *basic)
{
    struct pair *p = calloc(1, sizeof(*p));
    assert_non_null(p);
    p->key = EVP_EC_gen("P-256");
    p->certificate = make_certificate(p->key, names, from, until, basic);
    write_certificate(p);
    p->ctx = SSL_CTX_new(is_datagram ? DTLS_server_method() : TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(p->ctx, p->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(p->ctx, p->key), 1);
    SSL_CTX_set_alpn_select_cb(p->ctx, choose_first, NULL);
    p->server = SSL_new(p->ctx);
    p->in = BIO_new(BIO_s_mem());
    p->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(p->in, -1);
    BIO_set_mem_eof_return(p->out, -1);
    SSL_set_bio(p->server, p->in, p->out);
    SSL_set_options(p->server, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(p->server, 1400);
    SSL_set_accept_state(p->server);
    struct tls_client_terms terms = {
        .is_datagram = is_datagram,
        .is_turn = true,
        .name = "one.test",
        .way = {p, to_server, to_client},
    };
    p->client = tls_client_new(&terms);
    assert_non_null(p->client);
    return p;
}

static void pair_free(struct pair *p)
{
    tls_client_free(p->client);
    SSL_free(p->server);
    SSL_CTX_free(p->ctx);
    X509_free(p->certificate);
    EVP_PKEY_free(p->key);
    unlink(p->file);
    free(p);
}

/* shake_hands — until it is over, one way or the other. */
static enum tls_client_result shake_hands(struct pair *p)
{
    enum tls_client_result result = TLS_CLIENT_WAIT;
    for (int i = 0; i < 10 && result == TLS_CLIENT_WAIT; i++) {
        result = tls_client_handshake(p->client);
    }
    return result;
}

static struct tls_client_certificate look(struct pair *p, const char *file, const char *host)
{
    struct tls_client_certificate seen;
    struct tls_client_roots *roots = tls_client_roots_new(file);
    assert_non_null(roots);
    tls_client_look(p->client, roots, host, noon, &seen);
    tls_client_roots_free(roots);
    return seen;
}

/* ---- the tests */

static void talks(bool is_datagram, const char *version)
{
    struct pair *p = pair_new(is_datagram, "DNS:one.test", -60, 60, "CA:FALSE");
    uint8_t bytes[64];
    size_t got = 0;
    struct tls_client_session session;
    assert_int_equal(shake_hands(p), TLS_CLIENT_DONE);
    tls_client_session(p->client, &session);
    assert_string_equal(session.version, version);
    assert_string_equal(session.protocol, "stun.turn");
    assert_true(strlen(session.cipher) > 0);
    assert_string_equal(SSL_get_servername(p->server, TLSEXT_NAMETYPE_host_name), "one.test");

    assert_int_equal(tls_client_read(p->client, bytes, sizeof(bytes), &got), TLS_CLIENT_WAIT);
    assert_true(tls_client_write(p->client, span_of_text("good morning")));
    assert_int_equal(tls_client_read(p->client, bytes, sizeof(bytes), &got), TLS_CLIENT_DONE);
    assert_true(span_is_equal((struct span){bytes, got}, span_of_text("good morning")));

    SSL_shutdown(p->server);
    assert_int_equal(tls_client_read(p->client, bytes, sizeof(bytes), &got), TLS_CLIENT_CLOSED);
    tls_client_say_end(p->client);
    assert_int_equal(SSL_shutdown(p->server), 1);
    pair_free(p);
}

static void tls_and_dtls_talk(void **state)
{
    (void)state;
    talks(false, "TLSv1.3");
    talks(true, "DTLSv1.2");
}

static void certificates_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *names, *basic, *host;
        int64_t from, until;
        bool is_known;
        unsigned faults;
    } cases[] = {
        {"DNS:one.test", "CA:FALSE", "one.test", -60, 60, true, 0},
        {"DNS:one.test", "CA:FALSE", "ONE.test", -60, 60, true, 0},
        {"DNS:*.one.test", "CA:FALSE", "a.one.test", -60, 60, true, 0},
        {"IP:192.0.2.1", "CA:FALSE", "192.0.2.1", -60, 60, true, 0},
        {"IP:2001:db8::1", "CA:FALSE", "2001:db8::1", -60, 60, true, 0},
        {"DNS:one.test", "CA:FALSE", "one.test", -60, 60, false, TLS_CLIENT_SELF_SIGNED},
        {"DNS:one.test", "CA:TRUE", "one.test", -60, 60, true, TLS_CLIENT_IS_AUTHORITY},
        {"DNS:one.test", "CA:FALSE", "one.test", -60, -1, true, TLS_CLIENT_EXPIRED},
        {"DNS:one.test", "CA:FALSE", "one.test", 1, 60, true, TLS_CLIENT_NOT_YET_VALID},
        {"DNS:one.test", "CA:FALSE", "two.test", -60, 60, true, TLS_CLIENT_OTHER_NAME},
        {"DNS:one.test", "CA:FALSE", "a.one.test", -60, 60, true, TLS_CLIENT_OTHER_NAME},
        {"DNS:two.test", "CA:FALSE", "one.test", -60, 60, true,
         TLS_CLIENT_OTHER_NAME | TLS_CLIENT_NAME_IN_SUBJECT},
        {"DNS:192.0.2.1", "CA:FALSE", "192.0.2.1", -60, 60, true, TLS_CLIENT_OTHER_NAME},
        {"DNS:two.test", "CA:TRUE", "three.test", -60, -1, false,
         TLS_CLIENT_SELF_SIGNED | TLS_CLIENT_OTHER_NAME | TLS_CLIENT_EXPIRED |
             TLS_CLIENT_IS_AUTHORITY},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pair *p =
            pair_new(false, cases[i].names, cases[i].from, cases[i].until, cases[i].basic);
        assert_int_equal(shake_hands(p), TLS_CLIENT_DONE);
        struct pair *other = pair_new(false, "DNS:other.test", -60, 60, "CA:TRUE");
        const char *file = cases[i].is_known ? p->file : other->file;
        struct tls_client_certificate seen = look(p, file, cases[i].host);
        if (seen.faults != cases[i].faults) {
            fail_msg("case %zu: 0x%x, not 0x%x", i, seen.faults, cases[i].faults);
        }
        pair_free(other);
        pair_free(p);
    }
}

static void a_certificate_is_described(void **state)
{
    (void)state;
    struct pair *p = pair_new(true, "DNS:one.test,IP:192.0.2.1,IP:2001:db8::1,email:a@one.test",
                              -60, 60, "CA:FALSE");
    assert_int_equal(shake_hands(p), TLS_CLIENT_DONE);
    struct tls_client_certificate seen = look(p, p->file, "one.test");
    assert_int_equal(seen.faults, 0);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.from.s, noon.s - 60);
    assert_int_equal(seen.until.s, noon.s + 60);
    assert_string_equal(seen.subject, "CN=one.test");
    assert_string_equal(seen.issuer, "CN=one.test");
    assert_string_equal(seen.names, "one.test 192.0.2.1 2001:db8::1");
    assert_string_equal(seen.key, "EC 256");
    assert_string_equal(seen.digest, "SHA256");
    assert_null(seen.words);
    pair_free(p);
}

static void alerts_are_told(void **state)
{
    (void)state;
    struct pair *p = pair_new(false, "DNS:one.test", -60, 60, "CA:FALSE");
    SSL_set_max_proto_version(p->server, TLS1_1_VERSION);
    SSL_set_min_proto_version(p->server, TLS1_VERSION);
    SSL_set_security_level(p->server, 0);
    assert_int_equal(shake_hands(p), TLS_CLIENT_ALERT);
    assert_int_equal(tls_client_alert(p->client), 70);
    assert_string_equal(tls_client_words(p->client), "protocol version");
    pair_free(p);
}

static void ways_end(void **state)
{
    (void)state;
    for (int is_datagram = 0; is_datagram < 2; is_datagram++) {
        struct pair *p = pair_new(is_datagram, "DNS:one.test", -60, 60, "CA:FALSE");
        uint8_t bytes[16];
        size_t got = 0;
        p->has_ended = true;
        assert_int_equal(shake_hands(p), TLS_CLIENT_FAILED);
        assert_int_equal(tls_client_alert(p->client), 0);
        pair_free(p);
        p = pair_new(is_datagram, "DNS:one.test", -60, 60, "CA:FALSE");
        assert_int_equal(shake_hands(p), TLS_CLIENT_DONE);
        p->has_ended = true;
        assert_false(tls_client_write(p->client, span_of_text("good night")));
        assert_int_equal(tls_client_read(p->client, bytes, sizeof(bytes), &got), TLS_CLIENT_FAILED);
        pair_free(p);
    }
}

static void dtls_repeats(void **state)
{
    (void)state;
    uint64_t ns = 0;
    struct pair *p = pair_new(true, "DNS:one.test", -60, 60, "CA:FALSE");
    p->is_deaf = true;
    assert_false(tls_client_timer(p->client, &ns));
    assert_int_equal(tls_client_handshake(p->client), TLS_CLIENT_WAIT);
    assert_int_equal(p->sent, 1);
    assert_true(tls_client_timer(p->client, &ns));
    assert_true(ns <= MONO_SECOND / 2);
    nanosleep(&(struct timespec){0, (long)ns + 1000000}, NULL);
    assert_int_equal(tls_client_on_timer(p->client), TLS_CLIENT_WAIT);
    assert_int_equal(p->sent, 2);
    assert_true(tls_client_timer(p->client, &ns));
    assert_true(ns > MONO_SECOND / 2);
    p->is_deaf = false;
    assert_int_equal(shake_hands(p), TLS_CLIENT_DONE);
    assert_false(tls_client_timer(p->client, &ns));
    pair_free(p);
}

static void roots_need_a_file_with_some(void **state)
{
    (void)state;
    assert_null(tls_client_roots_new("/nonexistent"));
    assert_null(tls_client_roots_new("/dev/null"));
    struct tls_client_roots *roots = tls_client_roots_new(NULL);
    assert_non_null(roots);
    tls_client_roots_free(roots);
    tls_client_roots_free(NULL);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "TLS and DTLS talk", .test_func = tls_and_dtls_talk},
        {.name = "certificates are judged", .test_func = certificates_are_judged},
        {.name = "a certificate is described", .test_func = a_certificate_is_described},
        {.name = "alerts are told", .test_func = alerts_are_told},
        {.name = "ways end", .test_func = ways_end},
        {.name = "DTLS repeats", .test_func = dtls_repeats},
        {.name = "roots need a file with some", .test_func = roots_need_a_file_with_some},
    };
    return cmocka_run_group_tests_name("tls_client", tests, NULL, NULL);
}
