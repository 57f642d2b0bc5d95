/* tls_client — a TLS or DTLS connection to a server, its certificate looked at. */
/* SPDX-License-Identifier: MIT */
#include "net/tls_client.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>
#include <sys/time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/text.h"

enum {
    DATAGRAM_MAX = 1200,  /* bytes of one of the handshake */
    FIRST_TIMER = 500000, /* microseconds until a flight is repeated, as STUN has it */
    LAST_TIMER = 60000000,
    SECURITY_BITS = 112, /* of RSA with 2048 bits */
    ALERT_REASON = SSL_AD_REASON_OFFSET,
};

struct tls_client {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO_METHOD *method;
    struct tls_client_way way;
    unsigned alert;
    const char *words;
};

struct tls_client_roots {
    X509_STORE *store;
    bool is_file;
};

/* What browsers' suites have in common: no anonymous, null or export ones. That they are strong is
 * judged by what is agreed on, not by refusing to talk. */
static const char ciphers[] = "HIGH:!aNULL:!eNULL:!PSK:!SRP:!DSS:!CAMELLIA:!ARIA:@SECLEVEL=0";

/* Names as they lie in the ALPN extension, RFC 7443. */
static const uint8_t turn_protocols[] = "\x09stun.turn\x12stun.nat-discovery";
static const uint8_t stun_protocols[] = "\x12stun.nat-discovery\x09stun.turn";

/* ---- roots */

struct tls_client_roots *tls_client_roots_new(const char *file)
{
    struct tls_client_roots *roots = calloc(1, sizeof(*roots));
    if (!roots) {
        return NULL;
    }
    roots->is_file = file != NULL;
    roots->store = X509_STORE_new();
    bool is_read = roots->store && (file ? X509_STORE_load_file(roots->store, file)
                                         : X509_STORE_set_default_paths(roots->store)) == 1;
    ERR_clear_error();
    if (!is_read) {
        tls_client_roots_free(roots);
        return NULL;
    }
    return roots;
}

void tls_client_roots_free(struct tls_client_roots *roots)
{
    if (roots) {
        X509_STORE_free(roots->store);
        free(roots);
    }
}

/* ---- the way, as a BIO */

static int way_read(BIO *bio, char *bytes, int room)
{
    const struct tls_client_way *way = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    int got = way->receive(way->context, (uint8_t *)bytes, (size_t)room);
    if (got == 0) {
        BIO_set_retry_read(bio);
    }
    return got > 0 ? got : -1;
}

static int way_write(BIO *bio, const char *bytes, int size)
{
    const struct tls_client_way *way = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    struct span all = {(const uint8_t *)bytes, (size_t)size};
    return way->send(way->context, all) ? size : -1;
}

static long way_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static bool attach_way(struct tls_client *c)
{
    c->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "way");
    if (!c->method) {
        return false;
    }
    BIO_meth_set_read(c->method, way_read);
    BIO_meth_set_write(c->method, way_write);
    BIO_meth_set_ctrl(c->method, way_control);
    BIO *bio = BIO_new(c->method);
    if (!bio) {
        return false;
    }
    BIO_set_data(bio, &c->way);
    BIO_set_init(bio, 1);
    SSL_set_bio(c->ssl, bio, bio);
    return true;
}

/* ---- the connection */

/* next_timer — DTLS repeats as STUN does, RFC 6347 4.2.4.1 and RFC 8489 6.2.1. */
static unsigned next_timer(SSL *ssl, unsigned last)
{
    (void)ssl;
    return last == 0 ? FIRST_TIMER : last < LAST_TIMER / 2 ? 2 * last : LAST_TIMER;
}

static bool offer(SSL *ssl, const struct tls_client_terms *terms)
{
    const uint8_t *protocols = terms->is_turn ? turn_protocols : stun_protocols;
    if (SSL_set_alpn_protos(ssl, protocols, sizeof(turn_protocols) - 1) != 0) {
        return false;
    }
    return !terms->name || SSL_set_tlsext_host_name(ssl, terms->name) == 1;
}

static bool begin(struct tls_client *c, const struct tls_client_terms *terms)
{
    c->ctx = SSL_CTX_new(terms->is_datagram ? DTLS_client_method() : TLS_client_method());
    if (!c->ctx || SSL_CTX_set_cipher_list(c->ctx, ciphers) != 1) {
        return false;
    }
    SSL_CTX_set_min_proto_version(c->ctx, terms->is_datagram ? DTLS1_2_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_verify(c->ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_read_ahead(c->ctx, 1);
    c->ssl = SSL_new(c->ctx);
    if (!c->ssl || !attach_way(c) || !offer(c->ssl, terms)) {
        return false;
    }
    if (terms->is_datagram) {
        SSL_set_options(c->ssl, SSL_OP_NO_QUERY_MTU);
        SSL_set_mtu(c->ssl, DATAGRAM_MAX);
        DTLS_set_timer_cb(c->ssl, next_timer);
    }
    SSL_set_connect_state(c->ssl);
    return true;
}

struct tls_client *tls_client_new(const struct tls_client_terms *terms)
{
    struct tls_client *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    c->way = terms->way;
    c->words = "";
    bool is_begun = begin(c, terms);
    ERR_clear_error();
    if (!is_begun) {
        tls_client_free(c);
        return NULL;
    }
    return c;
}

void tls_client_free(struct tls_client *c)
{
    if (c) {
        SSL_free(c->ssl);
        SSL_CTX_free(c->ctx);
        BIO_meth_free(c->method);
        free(c);
    }
}

/* keep_error — the oldest reason in OpenSSL's queue: later ones follow from it. */
static enum tls_client_result keep_error(struct tls_client *c)
{
    unsigned long error = ERR_peek_error();
    int reason = ERR_GET_REASON(error);
    if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason > ALERT_REASON && reason < ALERT_REASON + 256) {
        c->alert = (unsigned)(reason - ALERT_REASON);
        c->words = SSL_alert_desc_string_long((int)c->alert);
        return TLS_CLIENT_ALERT;
    }
    const char *words = error ? ERR_reason_error_string(error) : NULL;
    c->words = words ? words : "";
    return TLS_CLIENT_FAILED;
}

/* result_of — what a call that returned `value` means. */
static enum tls_client_result result_of(struct tls_client *c, int value)
{
    enum tls_client_result result = TLS_CLIENT_DONE;
    if (value > 0) {
        return result;
    }
    switch (SSL_get_error(c->ssl, value)) {
    case SSL_ERROR_WANT_READ:
        result = TLS_CLIENT_WAIT;
        break;
    case SSL_ERROR_ZERO_RETURN:
        result = TLS_CLIENT_CLOSED;
        break;
    default:
        result = keep_error(c);
        break;
    }
    ERR_clear_error();
    return result;
}

enum tls_client_result tls_client_handshake(struct tls_client *c)
{
    ERR_clear_error();
    return result_of(c, SSL_do_handshake(c->ssl));
}

bool tls_client_timer(struct tls_client *c, uint64_t *ns)
{
    struct timeval left;
    if (!SSL_is_dtls(c->ssl) || DTLSv1_get_timeout(c->ssl, &left) != 1) {
        return false;
    }
    *ns = (uint64_t)left.tv_sec * MONO_SECOND + (uint64_t)left.tv_usec * 1000;
    return true;
}

enum tls_client_result tls_client_on_timer(struct tls_client *c)
{
    ERR_clear_error();
    return DTLSv1_handle_timeout(c->ssl) < 0 ? keep_error(c) : TLS_CLIENT_WAIT;
}

enum tls_client_result tls_client_read(struct tls_client *c, uint8_t *bytes, size_t room,
                                       size_t *got)
{
    ERR_clear_error();
    return result_of(c, SSL_read_ex(c->ssl, bytes, room, got));
}

bool tls_client_write(struct tls_client *c, struct span bytes)
{
    size_t sent = 0;
    ERR_clear_error();
    return result_of(c, SSL_write_ex(c->ssl, bytes.bytes, bytes.size, &sent)) == TLS_CLIENT_DONE;
}

void tls_client_say_end(struct tls_client *c)
{
    if (SSL_is_init_finished(c->ssl)) {
        (void)SSL_shutdown(c->ssl);
        ERR_clear_error();
    }
}

unsigned tls_client_alert(const struct tls_client *c)
{
    return c->alert;
}

const char *tls_client_words(const struct tls_client *c)
{
    return c->words;
}

void tls_client_session(const struct tls_client *c, struct tls_client_session *out)
{
    const unsigned char *name;
    unsigned size;
    SSL_get0_alpn_selected(c->ssl, &name, &size);
    struct text protocol = text_init(out->protocol, sizeof(out->protocol));
    text_span(&protocol, (struct span){name, size});
    out->version = SSL_get_version(c->ssl);
    out->cipher = SSL_get_cipher_name(c->ssl);
}

/* ---- the certificate */

/* put_clean — append what somebody wrote into a certificate; a NUL would end the text early. */
static void put_clean(struct text *t, struct span s)
{
    struct reader r = reader_init(s.bytes, s.size);
    while (r.left > 0) {
        char c = (char)reader_u8(&r);
        text_char(t, (unsigned char)c < ' ' ? '?' : c);
    }
}

static void put_name(const X509_NAME *name, char *bytes)
{
    struct text t = text_init(bytes, TLS_CLIENT_TEXT_SIZE);
    BIO *memory = BIO_new(BIO_s_mem());
    char *words;
    if (memory &&
        X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        long size = BIO_get_mem_data(memory, &words);
        put_clean(&t, (struct span){(const uint8_t *)words, size > 0 ? (size_t)size : 0});
    }
    BIO_free(memory);
}

static struct span span_of_string(const ASN1_STRING *s)
{
    return (struct span){ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
}

static void put_address(struct text *t, struct span ip)
{
    char bytes[INET6_ADDRSTRLEN] = "?";
    inet_ntop(ip.size == 16 ? AF_INET6 : AF_INET, ip.bytes, bytes, sizeof(bytes));
    text_put(t, bytes);
}

/* put_names — the dNSName and iPAddress entries of subjectAltName. */
static void put_names(const X509 *leaf, char *bytes)
{
    struct text t = text_init(bytes, TLS_CLIENT_TEXT_SIZE);
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        if (type != GEN_DNS && type != GEN_IPADD) {
            continue;
        }
        struct span s = span_of_string(value);
        text_put(&t, t.used > 0 ? " " : "");
        if (type == GEN_DNS) {
            put_clean(&t, s);
        } else if (s.size == 4 || s.size == 16) {
            put_address(&t, s);
        }
    }
    GENERAL_NAMES_free(names);
}

static bool covers(X509 *leaf, const char *host, bool is_address, unsigned flags)
{
    return (is_address ? X509_check_ip_asc(leaf, host, 0)
                       : X509_check_host(leaf, host, 0, flags, NULL)) == 1;
}

/* name_faults — browsers look at subjectAltName alone, RFC 9525 2; older programs at the subject,
 * too, where there is no such entry. */
static unsigned name_faults(X509 *leaf, const char *host)
{
    uint8_t ip[16];
    bool is_address = inet_pton(AF_INET, host, ip) == 1 || inet_pton(AF_INET6, host, ip) == 1;
    if (covers(leaf, host, is_address, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)) {
        return 0;
    }
    bool is_in_subject = !covers(leaf, host, false, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT) &&
                         covers(leaf, host, false, X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT);
    return TLS_CLIENT_OTHER_NAME | (is_in_subject ? TLS_CLIENT_NAME_IN_SUBJECT : 0);
}

static struct wall wall_of(const ASN1_TIME *time)
{
    struct tm tm;
    return (struct wall){ASN1_TIME_to_tm(time, &tm) == 1 ? timegm(&tm) : 0};
}

/* fault_of — which fault an error of OpenSSL's is, in the certificate that is `depth` away from the
 * server's. */
static unsigned fault_of(int error, int depth)
{
    switch (error) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return TLS_CLIENT_SELF_SIGNED;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return TLS_CLIENT_UNKNOWN_ROOT;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return TLS_CLIENT_INCOMPLETE;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return depth == 0 ? TLS_CLIENT_EXPIRED : TLS_CLIENT_ISSUER_DATES;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return depth == 0 ? TLS_CLIENT_NOT_YET_VALID : TLS_CLIENT_ISSUER_DATES;
    case X509_V_ERR_INVALID_PURPOSE:
        return depth == 0 ? TLS_CLIENT_OTHER_PURPOSE : TLS_CLIENT_BAD_CHAIN;
    default:
        return TLS_CLIENT_BAD_CHAIN;
    }
}

/* note_error — called for every error on the way up the chain; what is wrong is kept, and the way
 * goes on. */
static int note_error(int ok, X509_STORE_CTX *context)
{
    struct tls_client_certificate *out = X509_STORE_CTX_get_app_data(context);
    if (ok) {
        return 1;
    }
    int error = X509_STORE_CTX_get_error(context);
    unsigned fault = fault_of(error, X509_STORE_CTX_get_error_depth(context));
    out->faults |= fault;
    if (fault == TLS_CLIENT_BAD_CHAIN && !out->words) {
        out->words = X509_verify_cert_error_string(error);
    }
    const X509 *current = X509_STORE_CTX_get_current_cert(context);
    if (fault == TLS_CLIENT_INCOMPLETE && current && out->missing[0] == '\0') {
        put_name(X509_get_issuer_name(current), out->missing);
    }
    return 1;
}

/* strength_faults — of one certificate; what a root says of itself is not signed by anybody. */
static unsigned strength_faults(X509 *x)
{
    int digest, key, bits;
    uint32_t flags;
    EVP_PKEY *public = X509_get0_pubkey(x);
    unsigned faults =
        public && EVP_PKEY_get_security_bits(public) < SECURITY_BITS ? TLS_CLIENT_WEAK_KEY : 0;
    bool is_own_issuer = X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
    if (!is_own_issuer && X509_get_signature_info(x, &digest, &key, &bits, &flags) == 1 &&
        (digest == NID_sha1 || digest == NID_md5 || digest == NID_md5_sha1)) {
        faults |= TLS_CLIENT_WEAK_DIGEST;
    }
    return faults;
}

/* verify — go up the chain to a root; what is known of its strength comes with it. */
static void verify(X509 *leaf, STACK_OF(X509) * sent, struct tls_client_roots *roots,
                   struct wall now, struct tls_client_certificate *out)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (!context || X509_STORE_CTX_init(context, roots->store, leaf, sent) != 1) {
        out->faults |= TLS_CLIENT_BAD_CHAIN;
        out->words = "out of memory";
        X509_STORE_CTX_free(context);
        return;
    }
    X509_STORE_CTX_set_app_data(context, out);
    X509_STORE_CTX_set_verify_cb(context, note_error);
    X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_time(context, 0, (time_t)now.s);
    if (roots->is_file) { /* whom the user names is believed, root or not */
        X509_STORE_CTX_set_flags(context, X509_V_FLAG_PARTIAL_CHAIN);
    }
    if (X509_verify_cert(context) != 1 && out->faults == 0) {
        out->faults |= TLS_CLIENT_BAD_CHAIN;
        out->words = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    }
    const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
    for (int i = 0; i < sk_X509_num(chain); i++) {
        out->faults |= strength_faults(sk_X509_value(chain, i));
    }
    X509_STORE_CTX_free(context);
}

static void put_strength(X509 *leaf, struct tls_client_certificate *out)
{
    int digest, key, bits;
    uint32_t flags;
    struct text k = text_init(out->key, sizeof(out->key));
    struct text d = text_init(out->digest, sizeof(out->digest));
    EVP_PKEY *public = X509_get0_pubkey(leaf);
    const char *type = public ? EVP_PKEY_get0_type_name(public) : NULL;
    if (type) {
        text_put(&k, type);
        text_char(&k, ' ');
        text_i64(&k, EVP_PKEY_get_bits(public));
    }
    X509_get_signature_info(leaf, &digest, &key, &bits, &flags);
    const char *name = OBJ_nid2sn(digest == NID_undef ? key : digest);
    text_put(&d, name ? name : "");
}

void tls_client_look(const struct tls_client *c, struct tls_client_roots *roots, const char *host,
                     struct wall now, struct tls_client_certificate *out)
{
    *out = (struct tls_client_certificate){.faults = 0};
    X509 *leaf = SSL_get0_peer_certificate(c->ssl);
    STACK_OF(X509) *sent = SSL_get_peer_cert_chain(c->ssl);
    ERR_clear_error();
    if (!leaf) {
        out->faults = TLS_CLIENT_BAD_CHAIN;
        out->words = "the server sent no certificate";
        return;
    }
    out->count = sent ? (unsigned)sk_X509_num(sent) : 1;
    out->from = wall_of(X509_get0_notBefore(leaf));
    out->until = wall_of(X509_get0_notAfter(leaf));
    put_name(X509_get_subject_name(leaf), out->subject);
    put_name(X509_get_issuer_name(leaf), out->issuer);
    put_names(leaf, out->names);
    put_strength(leaf, out);
    verify(leaf, sent, roots, now, out);
    out->faults |= name_faults(leaf, host);
    if (X509_get_extension_flags(leaf) & EXFLAG_CA) {
        out->faults |= TLS_CLIENT_IS_AUTHORITY;
    }
    ERR_clear_error();
}
