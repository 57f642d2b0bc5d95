/* dtls — DTLS on the listeners' UDP sockets: whose datagram is it, and what is in it. RFC 6347,
 * RFC 7350. Belongs to one worker.
 *
 *     stranger, first byte 22 -> ClientHello without our cookie -> HelloVerifyRequest, nothing kept
 *                                with our cookie                -> a session, in
 * CONNECTION_HANDSHAKE session known by its 5-tuple -> OpenSSL -> STUN or ChannelData, in the
 * datagram's own buffer anything else                -> dropped without a word */
/* SPDX-License-Identifier: MIT */
#ifndef NET_DTLS_H
#define NET_DTLS_H

#include "base/digest.h"
#include "base/entropy.h"
#include "base/table.h"
#include "net/batch.h"
#include "net/connection.h"
#include "net/listener_rules.h"
#include "net/tls.h"

enum {
    DTLS_COOKIE_KEY_SIZE = 32,
    DTLS_COOKIE_TIME = 60,    /* seconds that a cookie is good for */
    DTLS_STEPS_PER_BATCH = 8, /* handshake steps; what is beyond is dropped and comes again */
    DTLS_MTU = 1232,          /* bytes of a flight's datagrams: what every IPv6 path carries */
    DTLS_OVERHEAD_MAX = 64,   /* bytes that a record adds to what is in it */
};

/* Where a session's datagrams go. */
struct dtls_exit {
    void *context;
    /* send — one datagram to a client; copied. `is_data`: relayed, hence counted. */
    void (*send)(void *context, const struct path *to, const uint8_t *bytes, size_t size,
                 uint8_t tos, bool is_data);
};

struct dtls {
    struct connection_set *set;  /* borrowed */
    const struct digest *digest; /* borrowed */
    struct dtls_exit exit;
    struct table by_client; /* sessions by listener, local address and client */
    struct siphash_key key;
    uint8_t cookie_key[DTLS_COOKIE_KEY_SIZE];
    struct tls_datagrams io; /* of the session at hand */
    struct {                 /* and what its datagrams are */
        const struct path *to;
        uint8_t tos;
        bool is_data;
    } out;
    unsigned steps; /* left for this batch */
};

/* What became of a datagram. */
enum dtls_verdict {
    DTLS_TAKEN,   /* it was the session's own business, or dropped */
    DTLS_MESSAGE, /* the packet now holds what was in it, with the session's path */
    DTLS_NEW,     /* a client with a good cookie: dtls_open it, if it may have a session */
    DTLS_OVER,    /* the session has ended: tell the engine, then dtls_close it */
};

/* dtls_init — no sessions; all borrowed. Returns false when memory is short. */
bool dtls_init(struct dtls *d, struct connection_set *set, const struct memory *memory,
               const struct entropy *entropy, const struct digest *digest,
               const uint8_t cookie_key[DTLS_COOKIE_KEY_SIZE], struct dtls_exit exit,
               uint32_t capacity);

/* dtls_fini — forget the table; the sessions are the connection set's to close. Never fails. */
void dtls_fini(struct dtls *d);

/* dtls_is_record — whether a datagram is DTLS, by its first byte. RFC 7983. Never fails. */
bool dtls_is_record(const struct packet *p);

/* dtls_receive — handle one datagram that is DTLS. *c becomes the session it belongs to, if there
 * is one. Returns the verdict. */
enum dtls_verdict dtls_receive(struct dtls *d, struct packet *p, struct connection **c,
                               struct now now);

/* dtls_next — the next record of the datagram that dtls_receive gave a message of, into `bytes`.
 * Returns false when there is none: until then the session's next datagram would be lost. The end
 * of the session may be what came: c->is_ended. */
bool dtls_next(struct dtls *d, struct connection *c, uint8_t *bytes, size_t room, size_t *size);

/* dtls_open — a session for the client of a packet that was DTLS_NEW. Returns the connection; NULL
 * when memory is short or the hello is none that OpenSSL takes. */
struct connection *dtls_open(struct dtls *d, const struct tls *tls, const struct packet *p,
                             struct now now);

/* dtls_close — end a session, with a word to its client unless `is_silent`. Never fails. */
void dtls_close(struct dtls *d, struct connection *c, bool is_silent);

/* dtls_retry — the session's timer: repeat what its handshake said last, if that is due. Returns
 * false when it was repeated too often. */
bool dtls_retry(struct dtls *d, struct connection *c, struct mono now);

/* dtls_send — have a message leave in a record of its own; lost when the session is not there any
 * more. Never fails. */
void dtls_send(struct dtls *d, struct connection *c, const uint8_t *bytes, size_t size, uint8_t tos,
               bool is_data);

#endif
