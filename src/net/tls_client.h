/* tls_client — a TLS or DTLS connection to a server, its certificate looked at.
 * Opens no socket: bytes leave and come by the caller's functions. One thread. OpenSSL.
 *
 * The handshake itself believes every certificate, so that all that is wrong with one can be said;
 * whoever has something to lose asks tls_client_look first. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_TLS_CLIENT_H
#define NET_TLS_CLIENT_H

#include "base/mono.h"
#include "base/span.h"

struct tls_client;       /* one connection */
struct tls_client_roots; /* the authorities that are believed */

/* The way to the server; it never waits for something to receive. */
struct tls_client_way {
    void *context;
    /* send — let bytes out, all of them; of DTLS they are one datagram. Returns false when the way
     * has ended. */
    bool (*send)(void *context, struct span bytes);
    /* receive — read what is there, at most `room` bytes; of DTLS one datagram. Returns how many, 0
     * when there is nothing now, -1 when the way has ended. */
    int (*receive)(void *context, uint8_t *bytes, size_t room);
};

struct tls_client_terms {
    bool is_datagram;          /* DTLS 1.2, not TLS 1.2 or 1.3 */
    bool is_turn;              /* of the protocols offered (RFC 7443) stun.turn comes first */
    const char *name;          /* the host that is asked for (SNI); NULL, of an address: none */
    struct tls_client_way way; /* borrowed for the life of the connection */
};

enum tls_client_result {
    TLS_CLIENT_DONE,
    TLS_CLIENT_WAIT,   /* for something to receive, or for the timer */
    TLS_CLIENT_CLOSED, /* the server has said that it sends no more */
    TLS_CLIENT_ALERT,  /* the server has given up: tls_client_alert and tls_client_words say why */
    TLS_CLIENT_FAILED, /* the way has ended, or what came is not right: tls_client_words */
};

enum { TLS_CLIENT_TEXT_SIZE = 256 };

/* What client and server agreed on. */
struct tls_client_session {
    const char *version, *cipher; /* static */
    char protocol[32];            /* by ALPN; empty: none */
};

/* What is wrong with a certificate; a set of these. */
enum tls_client_fault {
    TLS_CLIENT_SELF_SIGNED = 1 << 0,     /* it vouches for itself, and we do not know it */
    TLS_CLIENT_UNKNOWN_ROOT = 1 << 1,    /* the chain ends in a root that we do not know */
    TLS_CLIENT_INCOMPLETE = 1 << 2,      /* the chain ends before any root */
    TLS_CLIENT_ISSUER_DATES = 1 << 3,    /* an issuer's certificate is out of its time */
    TLS_CLIENT_OTHER_PURPOSE = 1 << 4,   /* it is not for servers */
    TLS_CLIENT_BAD_CHAIN = 1 << 5,       /* anything else, see certificate.words */
    TLS_CLIENT_OTHER_NAME = 1 << 6,      /* no subjectAltName covers the host */
    TLS_CLIENT_NAME_IN_SUBJECT = 1 << 7, /* and the host is in the subject, where nobody looks */
    TLS_CLIENT_EXPIRED = 1 << 8,
    TLS_CLIENT_NOT_YET_VALID = 1 << 9,
    TLS_CLIENT_WEAK_KEY = 1 << 10,    /* RSA below 2048 bits, or as weak as that */
    TLS_CLIENT_WEAK_DIGEST = 1 << 11, /* signed by SHA-1 or MD5 */
    TLS_CLIENT_IS_AUTHORITY = 1 << 12 /* basicConstraints says CA:TRUE */
};

/* The certificate of a server; texts are as the server sent them, but for control characters. */
struct tls_client_certificate {
    unsigned faults;         /* enum tls_client_fault */
    unsigned count;          /* certificates that the server sent */
    struct wall from, until; /* when it is valid */
    char subject[TLS_CLIENT_TEXT_SIZE];
    char issuer[TLS_CLIENT_TEXT_SIZE];
    char names[TLS_CLIENT_TEXT_SIZE];   /* the names it covers, with blanks between them */
    char missing[TLS_CLIENT_TEXT_SIZE]; /* of INCOMPLETE: whose certificate is missing */
    char key[32];                       /* "RSA 2048" */
    char digest[32];                    /* that it is signed by: "SHA256" */
    const char *words;                  /* of BAD_CHAIN, static, else NULL */
};

/* tls_client_roots_new — read the roots in a PEM file, or with NULL those of the system. Returns
 * new, freed with tls_client_roots_free; NULL when the file holds none or cannot be read. */
struct tls_client_roots *tls_client_roots_new(const char *file);

/* tls_client_roots_free — free roots; NULL is taken. Never fails. */
void tls_client_roots_free(struct tls_client_roots *roots);

/* tls_client_new — a connection of which nothing is sent yet. `terms` borrowed for the call, but
 * for the way. Returns new, freed with tls_client_free; NULL when memory is short. */
struct tls_client *tls_client_new(const struct tls_client_terms *terms);

/* tls_client_free — free a connection without a word to the server; NULL is taken. Never fails. */
void tls_client_free(struct tls_client *c);

/* tls_client_handshake — go on with the handshake. TLS_CLIENT_DONE: it is over. */
enum tls_client_result tls_client_handshake(struct tls_client *c);

/* tls_client_timer — when DTLS has to repeat something: *ns from now. Returns false when nothing
 * waits for that. */
bool tls_client_timer(struct tls_client *c, uint64_t *ns);

/* tls_client_on_timer — repeat what was due by then. Returns TLS_CLIENT_WAIT, or TLS_CLIENT_FAILED
 * when the way has ended or it was repeated too often. */
enum tls_client_result tls_client_on_timer(struct tls_client *c);

/* tls_client_read — read up to `room` bytes, of DTLS one message. Returns TLS_CLIENT_DONE with *got
 * above 0, or why not. */
enum tls_client_result tls_client_read(struct tls_client *c, uint8_t *bytes, size_t room,
                                       size_t *got);

/* tls_client_write — send bytes, all of them, as one record. Returns false when the way or the
 * connection has ended. */
bool tls_client_write(struct tls_client *c, struct span bytes);

/* tls_client_say_end — tell the server that we send no more, if there was a handshake. Never
 * fails. */
void tls_client_say_end(struct tls_client *c);

/* tls_client_alert — the number of the alert by which the server gave up, RFC 8446 6. Never fails:
 * 0 for none. */
unsigned tls_client_alert(const struct tls_client *c);

/* tls_client_words — why the connection failed, in OpenSSL's words, static. Never fails: "" when it
 * has none. */
const char *tls_client_words(const struct tls_client *c);

/* tls_client_session — what was agreed on, behind the handshake. Never fails. */
void tls_client_session(const struct tls_client *c, struct tls_client_session *out);

/* tls_client_look — judge the server's certificate, behind the handshake, as one for `host`, a name
 * or an address in text, at `now`. Never fails: see out->faults. RFC 5280 6, RFC 9525. */
void tls_client_look(const struct tls_client *c, struct tls_client_roots *roots, const char *host,
                     struct wall now, struct tls_client_certificate *out);

#endif
