/* test_tls — certificates that are taken and that are not, in which words; and what is agreed on
 * with OpenSSL as the client. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/tls.h"
#include "support/certificate.h"
#include "support/secure_client.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum { ROOM = 512, ROUNDS = 20 };

static char folder[] = "/tmp/turnpike-XXXXXX";
static char certificate_file[64];
static char key_file[64];
static char why[ROOM];

static struct certificate own; /* what the sessions are made with */
static struct tls *tls;
static struct secure_client client;
static struct ssl_st *session;
static int fd[2];

static int begin_all(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN); /* as the server does */
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(certificate_file, sizeof(certificate_file), "%s/chain.pem", folder);
    snprintf(key_file, sizeof(key_file), "%s/key.pem", folder);
    certificate_init(&own, &(struct certificate_wish){.also = "DNS:relay.example.org"});
    tls = certificate_serve(&own);
    return 0;
}

static int end_all(void **state)
{
    (void)state;
    tls_free(tls);
    certificate_fini(&own);
    return rmdir(folder);
}

static int end_files(void **state)
{
    (void)state;
    (void)unlink(certificate_file);
    (void)unlink(key_file);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    session = NULL;
    client.ssl = NULL;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd);
}

static int end(void **state)
{
    (void)state;
    tls_end(session);
    secure_client_fini(&client);
    close(fd[0]);
    close(fd[1]);
    return 0;
}

static void write_text(const char *file, const char *text)
{
    FILE *f = fopen(file, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* assert_refused — with a sentence in which %c and %k are the two files. */
static void assert_refused(const char *sentence)
{
    char expected[ROOM];
    size_t used = 0;
    for (const char *at = sentence; *at; at++) {
        const char *file = at[0] != '%' ? NULL : at[1] == 'c' ? certificate_file : key_file;
        if (file) {
            used += (size_t)snprintf(expected + used, sizeof(expected) - used, "%s", file);
            at++;
        } else {
            expected[used++] = *at;
        }
    }
    expected[used] = '\0';
    assert_null(tls_new(certificate_file, key_file, why, sizeof(why)));
    assert_string_equal(why, expected);
    assert_int_equal(ERR_peek_error(), 0); /* nothing is left for the next caller to wonder at */
}

static struct certificate made(const char *curve)
{
    struct certificate c;
    certificate_init(&c, &(struct certificate_wish){.curve = curve});
    return c;
}

static void certificate_with_its_key_is_taken(void **state)
{
    (void)state;
    static const char *const curves[] = {"P-256", "P-384", "RSA"};
    for (int i = 0; i < 3; i++) {
        struct certificate c = made(curves[i]);
        certificate_write(&c, certificate_file, key_file, NULL);
        struct tls *t = tls_new(certificate_file, key_file, why, sizeof(why));
        assert_non_null(t);
        tls_free(t);
        certificate_fini(&c);
        end_files(NULL);
    }
    tls_free(NULL);
}

/* Each pair of kinds: what is the same kind is found by another check than what is not. */
static void key_of_another_certificate_is_refused(void **state)
{
    (void)state;
    static const char *const curves[] = {"P-256", "P-384", "RSA"};
    for (int i = 0; i < 9; i++) {
        struct certificate c = made(curves[i / 3]);
        struct certificate other = made(curves[i % 3]);
        certificate_write(&c, certificate_file, NULL, NULL);
        certificate_write(&other, NULL, key_file, NULL);
        assert_refused("the key %k is not that of the certificate %c: give the two that were "
                       "made together");
        certificate_fini(&c);
        certificate_fini(&other);
        end_files(NULL);
    }
}

static void file_that_is_not_there_is_named(void **state)
{
    (void)state;
    assert_refused("cannot read the certificate %c: No such file or directory");
    certificate_write(&own, certificate_file, NULL, NULL);
    assert_refused("cannot read the key %k: No such file or directory");
}

static void file_that_is_no_pem_is_named(void **state)
{
    (void)state;
    certificate_write(&own, NULL, key_file, NULL);
    write_text(certificate_file, "no such thing\n");
    assert_refused("%c is no certificate chain in PEM: no start line");
    write_text(certificate_file, "");
    assert_refused("%c is no certificate chain in PEM: no start line");
    write_text(certificate_file, "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n");
    assert_refused("%c is no certificate chain in PEM: bad base64 decode");
    end_files(NULL);
    certificate_write(&own, certificate_file, NULL, NULL);
    write_text(key_file, "no such thing\n");
    assert_null(tls_new(certificate_file, key_file, why, sizeof(why)));
    assert_non_null(strstr(why, "key.pem is no private key in PEM without a passphrase: "));
}

static void files_in_each_others_place_are_named(void **state)
{
    (void)state;
    certificate_write(&own, key_file, certificate_file, NULL);
    assert_refused("%c is no certificate chain in PEM: no start line");
}

/* in_child — run `body` in a child without a terminal, for ten seconds at most. */
static void in_child(int (*body)(void))
{
    enum { TENTHS = 100 };
    int status = -1;
    pid_t ended = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setsid();
        _exit(body());
    }
    for (int i = 0; i < TENTHS && ended == 0; i++) {
        ended = waitpid(child, &status, WNOHANG);
        usleep(ended == 0 ? 100000 : 0);
    }
    if (ended == 0) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* with_passphrase — 0, or the number of what went wrong. Its standard input would give the right
 * answer: that is where OpenSSL asks when there is no terminal. */
static int with_passphrase(void)
{
    int typed[2];
    if (pipe(typed) != 0 || write(typed[1], "sesame\n", 7) != 7 || dup2(typed[0], 0) != 0) {
        return 1;
    }
    if (tls_new(certificate_file, key_file, why, sizeof(why))) {
        return 2;
    }
    return strstr(why, "is no private key in PEM without a passphrase: ") ? 0 : 3;
}

static void key_with_a_passphrase_is_refused_without_asking(void **state)
{
    (void)state;
    certificate_write(&own, certificate_file, key_file, "sesame");
    in_child(with_passphrase);
}

static void sentence_fits_its_room(void **state)
{
    (void)state;
    for (size_t room = 1; room < 80; room++) {
        memset(why, '#', sizeof(why));
        assert_null(tls_new(certificate_file, key_file, why, room));
        assert_true(strlen(why) < room);
        assert_int_equal(why[room], '#');
    }
}

static void expiry_is_told(void **state)
{
    (void)state;
    static const long seconds[] = {60, 86400 * 90, -60};
    for (int i = 0; i < 3; i++) {
        struct certificate c;
        time_t now = time(NULL);
        certificate_init(&c, &(struct certificate_wish){.seconds = seconds[i]});
        struct tls *t = certificate_serve(&c);
        assert_in_range(tls_expires(t) - now - seconds[i] + 100, 99, 160);
        tls_free(t);
        certificate_fini(&c);
    }
}

static void names_and_addresses_are_covered_as_the_certificate_says(void **state)
{
    (void)state;
    static const char *const covered[] = {"a.example.org", "A.Example.ORG", "x.wild.example.org",
                                          "192.0.2.7",     "2001:db8::7",   "2001:db8:0:0::7"};
    static const char *const others[] = {"example.org",
                                         "b.example.org",
                                         "wild.example.org",
                                         "x.y.wild.example.org",
                                         "192.0.2.8",
                                         "2001:db8::8",
                                         "relay.example.org",
                                         "",
                                         "192.0.2.7.example.org"};
    struct certificate c;
    certificate_init(&c, &(struct certificate_wish){.also = "DNS:a.example.org, "
                                                            "DNS:*.wild.example.org, "
                                                            "IP:192.0.2.7, IP:2001:db8::7"});
    struct tls *t = certificate_serve(&c);
    for (size_t i = 0; i < sizeof(covered) / sizeof(covered[0]); i++) {
        assert_true(tls_covers(t, covered[i]));
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(tls_covers(t, others[i]));
    }
    tls_free(t);
    certificate_fini(&c);
}

static void common_name_covers_where_there_is_no_other(void **state)
{
    (void)state;
    struct certificate c = made("P-256");
    struct tls *t = certificate_serve(&c);
    assert_true(tls_covers(t, "relay.example.org"));
    assert_false(tls_covers(t, "other.example.org"));
    assert_false(tls_covers(t, "192.0.2.7"));
    tls_free(t);
    certificate_fini(&c);
}

/* ---- what is agreed on */

/* shake — hands with a client. Returns what the server says; is_done: what the client does. */
static enum tls_result shake(const struct tls *t, const struct secure_client_wish *wish, bool http,
                             bool *is_done)
{
    enum tls_result result = TLS_WANT_READ;
    session = tls_accept(t, fd[0], http);
    assert_non_null(session);
    secure_client_connect(&client, wish, fd[1]);
    *is_done = false;
    for (int i = 0; i < ROUNDS; i++) {
        *is_done = secure_client_step(&client);
        if (result == TLS_WANT_READ || result == TLS_WANT_WRITE) {
            result = tls_handshake(session);
        }
    }
    return result;
}

static void assert_agreed(const struct tls *t, const struct secure_client_wish *wish, bool http)
{
    bool is_done;
    begin(NULL);
    assert_int_equal(shake(t, wish, http, &is_done), TLS_DONE);
    assert_true(is_done);
}

static void assert_not_agreed(const struct tls *t, const struct secure_client_wish *wish, bool http)
{
    bool is_done;
    begin(NULL);
    assert_int_equal(shake(t, wish, http, &is_done), TLS_FAILED);
    assert_false(is_done);
    assert_int_equal(tls_handshake(session), TLS_FAILED);
    end(NULL);
}

static void version_is_at_least_1_2(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
    for (int i = 0; i < 4; i++) {
        struct secure_client_wish wish = {
            .least = versions[i], .most = versions[i], .ciphers = "ALL:@SECLEVEL=0"};
        if (versions[i] < TLS1_2_VERSION) {
            assert_not_agreed(tls, &wish, false);
        } else {
            assert_agreed(tls, &wish, false);
            assert_int_equal(SSL_version(session), versions[i]);
            end(NULL);
        }
    }
}

static void cipher_of_1_2_has_forward_secrecy_and_aead(void **state)
{
    (void)state;
    static const struct {
        const char *ciphers;
        bool is_rsa, is_agreed;
    } cases[] = {
        {"ECDHE-ECDSA-AES128-GCM-SHA256", false, true},
        {"ECDHE-ECDSA-AES256-GCM-SHA384", false, true},
        {"ECDHE-ECDSA-CHACHA20-POLY1305", false, true},
        {"ECDHE-RSA-AES128-GCM-SHA256", true, true},
        {"ECDHE-RSA-CHACHA20-POLY1305", true, true},
        {"ECDHE-ECDSA-AES256-SHA384", false, false},
        {"ECDHE-ECDSA-AES128-SHA", false, false},
        {"ECDHE-ECDSA-AES128-CCM", false, false},
        {"ECDHE-RSA-AES256-SHA", true, false},
        {"AES128-GCM-SHA256", true, false},
        {"DHE-RSA-AES128-GCM-SHA256", true, false},
        {"ECDHE-RSA-AES128-GCM-SHA256", false, false},
    };
    struct certificate c = made("RSA");
    struct tls *rsa = certificate_serve(&c);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct tls *t = cases[i].is_rsa ? rsa : tls;
        struct secure_client_wish wish = {.most = TLS1_2_VERSION, .ciphers = cases[i].ciphers};
        if (cases[i].is_agreed) {
            assert_agreed(t, &wish, false);
            assert_string_equal(SSL_get_cipher_name(session), cases[i].ciphers);
            end(NULL);
        } else {
            assert_not_agreed(t, &wish, false);
        }
    }
    tls_free(rsa);
    certificate_fini(&c);
}

static void assert_protocol(const char *offered, bool http, const char *chosen)
{
    const unsigned char *name;
    unsigned size;
    struct secure_client_wish wish = {.protocols = offered};
    assert_agreed(tls, &wish, http);
    SSL_get0_alpn_selected(client.ssl, &name, &size);
    assert_int_equal(size, strlen(chosen));
    assert_true(size == 0 || memcmp(name, chosen, size) == 0);
    assert_int_equal(tls_speaks_http(session), chosen[0] == 'h');
    end(NULL);
}

static void protocol_is_the_first_in_our_order(void **state)
{
    (void)state;
    assert_protocol("\x09stun.turn", false, "stun.turn");
    assert_protocol("\x12stun.nat-discovery\x09stun.turn", false, "stun.turn");
    assert_protocol("\x08http/1.1\x12stun.nat-discovery", false, "stun.nat-discovery");
    assert_protocol("\x02h2\x09stun.turn", true, "stun.turn");
    assert_protocol("\x02h2\x08http/1.1", true, "http/1.1");
    assert_protocol("\x02h2", true, "h2");
}

static void client_that_offers_no_protocol_gets_none(void **state)
{
    (void)state;
    assert_protocol(NULL, false, "");
    assert_protocol(NULL, true, "");
}

static void no_protocol_in_common_ends_the_handshake(void **state)
{
    (void)state;
    static const char *const offers[] = {"\x02h2", "\x08http/1.1", "\x06webrtc\x08imap/1.1"};
    for (int i = 0; i < 3; i++) {
        assert_not_agreed(tls, &(struct secure_client_wish){.protocols = offers[i]}, false);
    }
    assert_not_agreed(tls, &(struct secure_client_wish){.protocols = offers[2]}, true);
}

/* The alert that RFC 7301 3.2 has for it: 120. */
static void client_is_told_that_no_protocol_is_in_common(void **state)
{
    (void)state;
    struct secure_client_wish wish = {.protocols = "\x02h2"};
    session = tls_accept(tls, fd[0], false);
    secure_client_connect(&client, &wish, fd[1]);
    assert_int_equal(SSL_do_handshake(client.ssl), -1);
    ERR_clear_error();
    assert_int_equal(tls_handshake(session), TLS_FAILED);
    assert_int_equal(SSL_do_handshake(client.ssl), -1);
    assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SSL_AD_REASON_OFFSET + 120);
    ERR_clear_error();
}

static void renegotiation_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[16];
    size_t got = 0;
    struct secure_client_wish wish = {.most = TLS1_2_VERSION};
    assert_agreed(tls, &wish, false);
    assert_int_equal(SSL_renegotiate(client.ssl), 1);
    for (int i = 0; i < ROUNDS; i++) {
        (void)SSL_do_handshake(client.ssl);
        assert_int_not_equal(tls_read(session, bytes, sizeof(bytes), &got), TLS_DONE);
    }
    assert_int_equal(SSL_renegotiate_pending(client.ssl) ||
                         SSL_get_state(client.ssl) != TLS_ST_OK || ERR_peek_error() != 0,
                     1);
    assert_int_equal(SSL_total_renegotiations(session), 0);
    ERR_clear_error();
}

static void bytes_go_both_ways_and_the_end_is_told(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t size;
    assert_agreed(tls, &(struct secure_client_wish){.name = "relay.example.org"}, false);
    assert_int_equal(tls_read(session, bytes, sizeof(bytes), &size), TLS_WANT_READ);
    assert_int_equal(SSL_write(client.ssl, "hello", 5), 5);
    assert_int_equal(tls_read(session, bytes, sizeof(bytes), &size), TLS_DONE);
    assert_int_equal(size, 5);
    assert_memory_equal(bytes, "hello", 5);
    assert_int_equal(tls_write(session, (const uint8_t *)"world!", 6, &size), TLS_DONE);
    assert_int_equal(size, 6);
    assert_int_equal(SSL_read(client.ssl, bytes, sizeof(bytes)), 6);
    tls_say_end(session);
    assert_int_equal(SSL_read(client.ssl, bytes, sizeof(bytes)), 0);
    assert_int_equal(SSL_get_error(client.ssl, 0), SSL_ERROR_ZERO_RETURN);
    assert_int_equal(SSL_write(client.ssl, "more", 4), 4); /* half of it is still open */
    assert_int_equal(tls_read(session, bytes, sizeof(bytes), &size), TLS_DONE);
    (void)SSL_shutdown(client.ssl);
    assert_int_equal(tls_read(session, bytes, sizeof(bytes), &size), TLS_CLOSED);
}

static void client_that_goes_without_a_word_has_ended(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t size;
    assert_agreed(tls, &(struct secure_client_wish){.name = "relay.example.org"}, false);
    assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
    assert_int_equal(tls_read(session, bytes, sizeof(bytes), &size), TLS_CLOSED);
}

static void rubbish_ends_the_session(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0x16, 0x03, 0x03, 0xff, 0xff, 0x01};
    size_t size;
    bool is_done;
    session = tls_accept(tls, fd[0], false);
    assert_int_equal(write(fd[1], bytes, sizeof(bytes)), sizeof(bytes));
    assert_int_equal(tls_handshake(session), TLS_FAILED);
    end(NULL);
    begin(NULL);
    assert_int_equal(shake(tls, &(struct secure_client_wish){0}, false, &is_done), TLS_DONE);
    assert_int_equal(write(fd[1], bytes, sizeof(bytes)), sizeof(bytes));
    assert_int_equal(tls_read(session, bytes, sizeof(bytes), &size), TLS_FAILED);
}

/* update_keys — the client says that it takes a new key. */
static void update_keys(int kind)
{
    assert_int_equal(SSL_key_update(client.ssl, kind), 1);
    assert_int_equal(SSL_do_handshake(client.ssl), 1);
}

/* It may go on for ever, and each costs a key schedule: one call reads the socket once, and the
 * session is over. */
static void key_updates_in_a_row_end_the_session(void **state)
{
    (void)state;
    enum { COUNT = 1500 };
    static const int kinds[] = {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED};
    for (int i = 0; i < 2; i++) {
        uint8_t bytes[16];
        char *said;
        size_t got;
        int left;
        assert_agreed(tls, &(struct secure_client_wish){.least = TLS1_3_VERSION}, false);
        BIO *all = BIO_new(BIO_s_mem());
        SSL_set0_wbio(client.ssl, all);
        for (int n = 0; n < COUNT; n++) {
            update_keys(kinds[i]);
        }
        long size = BIO_get_mem_data(all, &said);
        assert_true(size > 2 * SSL3_RT_MAX_PACKET_SIZE);
        assert_int_equal(write(fd[1], said, (size_t)size), size);
        assert_int_equal(tls_read(session, bytes, sizeof(bytes), &got), TLS_FAILED);
        assert_int_equal(ioctl(fd[0], FIONREAD, &left), 0);
        assert_true(left >= size - SSL3_RT_MAX_PACKET_SIZE);
        end(NULL);
    }
}

static void key_updates_between_data_do_no_harm(void **state)
{
    (void)state;
    static const int kinds[] = {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED};
    uint8_t bytes[16];
    size_t size;
    assert_agreed(tls, &(struct secure_client_wish){.least = TLS1_3_VERSION}, false);
    for (int i = 0; i < 100; i++) {
        update_keys(kinds[i % 2]);
        update_keys(kinds[0]);
        assert_int_equal(SSL_write(client.ssl, "hello", 5), 5);
        assert_int_equal(tls_read(session, bytes, sizeof(bytes), &size), TLS_DONE);
        assert_int_equal(size, 5);
        assert_int_equal(tls_write(session, (const uint8_t *)"world!", 6, &size), TLS_DONE);
        assert_int_equal(SSL_read(client.ssl, bytes, sizeof(bytes)), 6);
    }
}

/* A client without a second hand: what the server says does not fit, and comes again. */
static void write_that_has_no_room_waits(void **state)
{
    (void)state;
    static uint8_t bytes[16384];
    size_t size;
    size_t all = 0;
    size_t heard = 0;
    enum tls_result result;
    assert_agreed(tls, &(struct secure_client_wish){0}, false);
    memset(bytes, 'x', sizeof(bytes));
    while ((result = tls_write(session, bytes, sizeof(bytes), &size)) == TLS_DONE) {
        all += size;
    }
    assert_int_equal(result, TLS_WANT_WRITE);
    for (int i = 0; i < 100000 && heard < all + sizeof(bytes); i++) {
        static uint8_t into[16384];
        int got = SSL_read(client.ssl, into, sizeof(into));
        heard += got > 0 ? (size_t)got : 0;
        if (result == TLS_WANT_WRITE) {
            result = tls_write(session, bytes, sizeof(bytes), &size);
        }
    }
    assert_int_equal(result, TLS_DONE);
    assert_int_equal(heard, all + sizeof(bytes));
}

static void shared_certificate_lives_as_long_as_one_has_it(void **state)
{
    (void)state;
    struct certificate c = made("P-256");
    struct tls *one = certificate_serve(&c);
    struct tls *two = tls_share(one);
    assert_non_null(two);
    tls_free(one);
    certificate_fini(&c);
    assert_true(tls_covers(two, "relay.example.org"));
    assert_agreed(two, &(struct secure_client_wish){0}, false);
    tls_free(two);
}

static void session_outlives_the_certificate(void **state)
{
    (void)state;
    uint8_t bytes[8];
    size_t size;
    struct certificate c = made("P-256");
    struct tls *t = certificate_serve(&c);
    bool is_done;
    assert_int_equal(shake(t, &(struct secure_client_wish){0}, false, &is_done), TLS_DONE);
    tls_free(t);
    certificate_fini(&c);
    assert_int_equal(SSL_write(client.ssl, "still", 5), 5);
    assert_int_equal(tls_read(session, bytes, sizeof(bytes), &size), TLS_DONE);
    assert_int_equal(size, 5);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"a certificate with its key is taken", certificate_with_its_key_is_taken, NULL, end_files,
         NULL},
        {"a key of another certificate is refused", key_of_another_certificate_is_refused, NULL,
         end_files, NULL},
        {"a file that is not there is named", file_that_is_not_there_is_named, NULL, end_files,
         NULL},
        {"a file that is no PEM is named", file_that_is_no_pem_is_named, NULL, end_files, NULL},
        {"files in each other's place are named", files_in_each_others_place_are_named, NULL,
         end_files, NULL},
        {"a key with a passphrase is refused without asking",
         key_with_a_passphrase_is_refused_without_asking, NULL, end_files, NULL},
        {"a sentence fits its room", sentence_fits_its_room, NULL, end_files, NULL},
        {"the expiry is told", expiry_is_told, NULL, NULL, NULL},
        {"names and addresses are covered as the certificate says",
         names_and_addresses_are_covered_as_the_certificate_says, NULL, NULL, NULL},
        {"the common name covers where there is no other",
         common_name_covers_where_there_is_no_other, NULL, NULL, NULL},
        {"the version is at least 1.2", version_is_at_least_1_2, NULL, NULL, NULL},
        {"a cipher of 1.2 has forward secrecy and AEAD", cipher_of_1_2_has_forward_secrecy_and_aead,
         NULL, NULL, NULL},
        {"the protocol is the first in our order", protocol_is_the_first_in_our_order, NULL, NULL,
         NULL},
        {"a client that offers no protocol gets none", client_that_offers_no_protocol_gets_none,
         NULL, NULL, NULL},
        {"no protocol in common ends the handshake", no_protocol_in_common_ends_the_handshake, NULL,
         NULL, NULL},
        {"a client is told that no protocol is in common",
         client_is_told_that_no_protocol_is_in_common, begin, end, NULL},
        {"renegotiation is refused", renegotiation_is_refused, NULL, end, NULL},
        {"bytes go both ways and the end is told", bytes_go_both_ways_and_the_end_is_told, NULL,
         end, NULL},
        {"a client that goes without a word has ended", client_that_goes_without_a_word_has_ended,
         NULL, end, NULL},
        {"rubbish ends the session", rubbish_ends_the_session, begin, end, NULL},
        {"KeyUpdates in a row end the session", key_updates_in_a_row_end_the_session, NULL, NULL,
         NULL},
        {"KeyUpdates between data do no harm", key_updates_between_data_do_no_harm, NULL, end,
         NULL},
        {"a write that has no room waits", write_that_has_no_room_waits, NULL, end, NULL},
        {"a shared certificate lives as long as one has it",
         shared_certificate_lives_as_long_as_one_has_it, NULL, end, NULL},
        {"a session outlives the certificate", session_outlives_the_certificate, begin, end, NULL},
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
