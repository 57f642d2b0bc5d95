/* fuzz_dtls — datagrams from four addresses, and from OpenSSL's client at some of them: whatever
 * comes, there is no session without a cookie of ours, a stranger gets no more than it sent, and
 * the table knows the sessions there are.
 *
 *     then again: | step: what, address | seconds | length (16 bits) | bytes |                  */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/digest_openssl.h"
#include "net/dtls.h"
#include "support/arena.h"
#include "support/certificate.h"
#include "support/dice.h"
#include "support/secure_client.h"
#include "wire/hello.h"

enum {
    ADDRESSES = 4,
    CAPACITY = 3, /* fewer than there are addresses */
    STEPS_MAX = 24,
    CLIENTS_MAX = 2, /* each costs two signatures */
    ROUNDS = 12,
    DATAGRAM_MAX = 4096,
    COOKIE_SIZE = 20,
};

/* What a step does: two bits of it, beside two of the address. */
enum { RAW, WITH_COOKIE, FROM_CLIENT, TIMERS };

static uint64_t clock_us;

/* OpenSSL repeats flights by this clock. */
int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    (void)tz;
    tv->tv_sec = (time_t)(clock_us / 1000000);
    tv->tv_usec = (suseconds_t)(clock_us % 1000000);
    return 0;
}

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* What the server has sent since it was last looked at. */
struct outgoing {
    size_t count, bytes;
    struct path last_to;
    struct secure_client_datagram last;
    struct secure_client *to; /* the client that hears it; NULL: none does */
};

struct world {
    struct arena arena;
    struct connection_set set;
    struct dtls dtls;
    struct dice dice;
    struct outgoing out;
    const struct tls *tls;
    bool has_shown[ADDRESSES]; /* a cookie of ours */
    bool has_client[ADDRESSES];
    unsigned clients;
    struct secure_client client[ADDRESSES];
    uint8_t buffer[PACKET_HEADROOM + PACKET_MAX + PACKET_TAILROOM];
};

static void on_sent(void *context, const struct path *to, const uint8_t *bytes, size_t size,
                    uint8_t tos, bool is_data)
{
    struct outgoing *o = context;
    uint8_t heard[DATAGRAM_MAX];
    (void)tos;
    (void)is_data;
    o->count++;
    o->bytes += size;
    o->last_to = *to;
    o->last.size = size < sizeof(o->last.bytes) ? size : sizeof(o->last.bytes);
    memcpy(o->last.bytes, bytes, o->last.size);
    if (o->to) {
        (void)secure_client_hear(o->to, bytes, size, heard, sizeof(heard));
    }
}

static struct path place(unsigned address)
{
    return (struct path){.kind = PATH_UDP,
                         .client = {netaddr_ipv4(0xc6336400 + address / 2, 4000)},
                         .local = (uint16_t)(address % 2)};
}

static struct now now_is(void)
{
    return (struct now){{clock_us * 1000}, {(int64_t)(clock_us / 1000000)}};
}

/* check_sessions — the table and the set agree, and each of them has shown a cookie. */
static void check_sessions(const struct world *w)
{
    uint32_t live = 0;
    for (uint32_t i = 0; i < w->set.slab.touched; i++) {
        const struct connection *c = connection_at(&w->set, i);
        if ((c->link.generation & 1) == 0) {
            continue;
        }
        unsigned address = (netaddr_ipv4_value(&c->path.client.a) & 1) * 2 + c->path.local;
        live++;
        insist(c->path.kind == PATH_DTLS && w->has_shown[address] && c->tls != NULL);
        insist(c->state == CONNECTION_HANDSHAKE || c->state == CONNECTION_FRAMES);
        insist(connection_of(&w->set, &c->path) == c);
    }
    insist(live == w->set.slab.live && live == w->dtls.by_client.entries && live <= CAPACITY);
}

static void take_message(struct world *w, struct packet *p, struct connection *c)
{
    static uint8_t more[PACKET_MAX];
    size_t size;
    insist(c->state == CONNECTION_FRAMES && connection_of(&w->set, &p->path) == c);
    insist(p->size <= PACKET_MAX);
    while (dtls_next(&w->dtls, c, more, sizeof(more), &size)) {
        insist(size > 0 && size <= PACKET_MAX);
    }
    dtls_send(&w->dtls, c, p->bytes, p->size, 0, true);
}

/* receive — one datagram, as a worker has it handled. Returns the verdict. */
static enum dtls_verdict receive(struct world *w, unsigned address, const uint8_t *bytes,
                                 size_t size)
{
    struct packet p = {
        .bytes = w->buffer + PACKET_HEADROOM, .size = (uint32_t)size, .path = place(address)};
    struct connection *c;
    memcpy(p.bytes, bytes, size);
    if (!dtls_is_record(&p)) {
        return DTLS_TAKEN;
    }
    w->dtls.steps = DTLS_STEPS_PER_BATCH;
    w->out.count = w->out.bytes = 0;
    enum dtls_verdict verdict = dtls_receive(&w->dtls, &p, &c, now_is());
    if (!c && verdict == DTLS_TAKEN) {
        insist(w->out.count <= 1 && w->out.bytes < size);
    }
    insist(c || verdict == DTLS_TAKEN || verdict == DTLS_NEW);
    switch (verdict) {
    case DTLS_MESSAGE:
        take_message(w, &p, c);
        break;
    case DTLS_NEW:
        if (c) {
            dtls_close(&w->dtls, c, true);
        }
        w->has_shown[address] = true;
        (void)dtls_open(&w->dtls, w->tls, &p, now_is());
        break;
    case DTLS_OVER:
        dtls_close(&w->dtls, c, true);
        break;
    default:
        break;
    }
    return verdict;
}

static void add_to_length(uint8_t *bytes, size_t at, size_t more)
{
    size_t length = (size_t)(bytes[at] << 8 | bytes[at + 1]) + more;
    bytes[at] = (uint8_t)(length >> 8);
    bytes[at + 1] = (uint8_t)length;
}

/* receive_with_cookie — a hello, whatever it is, with the cookie that it is asked for. */
static void receive_with_cookie(struct world *w, unsigned address, const uint8_t *bytes,
                                size_t size)
{
    enum { RECORD_LENGTH_AT = 11, MESSAGE_LENGTH_AT = 15, FRAGMENT_LENGTH_AT = 23 };
    uint8_t again[DATAGRAM_MAX + COOKIE_SIZE];
    struct hello hello;
    enum dtls_verdict verdict = receive(w, address, bytes, size);
    insist(verdict != DTLS_NEW);
    if (hello_read_dtls(bytes, size, &hello) != HELLO_OK || hello.cookie.size != 0 ||
        w->out.count != 1 || w->out.last.size != HELLO_VERIFY_SIZE + COOKIE_SIZE) {
        return;
    }
    size_t at = (size_t)(hello.cookie.bytes - bytes);
    memcpy(again, bytes, at);
    again[at - 1] = COOKIE_SIZE;
    memcpy(again + at, w->out.last.bytes + HELLO_VERIFY_SIZE, COOKIE_SIZE);
    memcpy(again + at + COOKIE_SIZE, bytes + at, size - at);
    add_to_length(again, RECORD_LENGTH_AT, COOKIE_SIZE);
    add_to_length(again, MESSAGE_LENGTH_AT, COOKIE_SIZE);
    add_to_length(again, FRAGMENT_LENGTH_AT, COOKIE_SIZE);
    insist(receive(w, address, again, size + COOKIE_SIZE) == DTLS_NEW);
}

/* say — what a client has said since, the first of it bent by these bytes. */
static void say(struct world *w, unsigned address, const uint8_t *bytes, size_t size)
{
    struct secure_client *client = &w->client[address];
    struct secure_client_datagram said;
    w->out.to = client;
    for (size_t i = 0; i < client->out_count && i < SECURE_CLIENT_QUEUE; i++) {
        said = client->out[i];
        for (size_t at = 0; i == 0 && at < size && at < said.size; at++) {
            said.bytes[at] ^= bytes[at];
        }
        if (said.size > 0) {
            (void)receive(w, address, said.bytes, said.size);
        }
    }
    client->out_count = 0;
    w->out.to = NULL;
}

static void speak_as_client(struct world *w, unsigned address, const uint8_t *bytes, size_t size)
{
    struct secure_client *client = &w->client[address];
    if (w->has_client[address]) {
        int some = size < 200 ? (int)size : 200;
        if (some > 0 && SSL_is_init_finished(client->ssl)) {
            (void)SSL_write(client->ssl, bytes, some);
        }
        say(w, address, bytes, size);
    } else if (w->clients < CLIENTS_MAX) {
        w->clients++;
        w->has_client[address] = true;
        secure_client_begin(client, &(struct secure_client_wish){0});
        (void)secure_client_step(client);
        for (int i = 0; i < ROUNDS && client->out_count > 0; i++) {
            say(w, address, NULL, 0);
        }
    }
    ERR_clear_error();
}

static void run_timers(struct world *w)
{
    struct connection *c;
    for (int i = 0; i < ROUNDS && (c = connection_due(&w->set, now_is().mono)); i++) {
        bool is_old = !mono_is_before(now_is().mono, mono_add_s(c->since, CONNECTION_OPENING_TIME));
        if (is_old || c->state != CONNECTION_HANDSHAKE || !dtls_retry(&w->dtls, c, now_is().mono)) {
            dtls_close(&w->dtls, c, false);
        } else {
            connection_time(&w->set, c);
        }
    }
}

static void run_step(struct world *w, uint8_t step, const uint8_t *bytes, size_t size)
{
    unsigned address = step % ADDRESSES;
    switch (step / ADDRESSES % 4) {
    case RAW:
        if (size > 0) {
            insist(receive(w, address, bytes, size) != DTLS_NEW);
        }
        break;
    case WITH_COOKIE:
        if (size > 0) {
            receive_with_cookie(w, address, bytes, size);
        }
        break;
    case FROM_CLIENT:
        speak_as_client(w, address, bytes, size);
        break;
    default:
        run_timers(w);
        break;
    }
    check_sessions(w);
}

static const struct tls *certificate_once(void)
{
    static struct tls *tls; /* the same for every input */
    if (!tls) {
        struct certificate c;
        certificate_init(&c, &(struct certificate_wish){0});
        tls = certificate_serve(&c);
        certificate_fini(&c);
    }
    return tls;
}

static void begin(struct world *w, const struct digest *digest)
{
    static const uint8_t key[DTLS_COOKIE_KEY_SIZE] = {1, 2, 3};
    struct entropy entropy = dice_entropy(&w->dice);
    struct dtls_exit out = {&w->out, on_sent};
    clock_us = 1750000000000000U;
    w->tls = certificate_once();
    arena_init(&w->arena);
    insist(connection_set_init(&w->set, &w->arena.memory, CAPACITY, now_is().mono));
    insist(dtls_init(&w->dtls, &w->set, &w->arena.memory, &entropy, digest, key, out, CAPACITY));
}

static void end(struct world *w)
{
    for (unsigned i = 0; i < ADDRESSES; i++) {
        if (w->has_client[i]) {
            secure_client_fini(&w->client[i]);
        }
    }
    connection_set_fini(&w->set);
    dtls_fini(&w->dtls);
    insist(w->arena.runs == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct world *w = calloc(1, sizeof(*w));
    struct digest *digest = digest_openssl_new();
    insist(w && digest);
    begin(w, digest);
    struct reader r = reader_init(bytes, size);
    for (int i = 0; i < STEPS_MAX && r.left > 0; i++) {
        uint8_t step = reader_u8(&r);
        clock_us += reader_u8(&r) * UINT64_C(250000);
        size_t length = reader_u16(&r);
        length = length < r.left ? length : r.left;
        length = length < DATAGRAM_MAX ? length : DATAGRAM_MAX;
        const uint8_t *datagram = reader_bytes(&r, length);
        if (!reader_is_ok(&r)) {
            break;
        }
        run_step(w, step, datagram, length);
    }
    end(w);
    digest_openssl_free(digest);
    free(w);
    return 0;
}
