/* dtls — DTLS on the listeners' UDP sockets. */
/* SPDX-License-Identifier: MIT */
#include "net/dtls.h"

#include <string.h>

#include "base/secret.h"
#include "wire/hello.h"

enum {
    FIRST_BYTE = 20, /* RFC 7983: 20 to 63 are DTLS */
    LAST_BYTE = 63,
    COOKIE_MAC = 16,
    COOKIE_SIZE = 4 + COOKIE_MAC, /* seconds, and the MAC over them, client and hello */
};

static void on_out(void *context, const uint8_t *bytes, size_t size)
{
    const struct dtls *d = context;
    d->exit.send(d->exit.context, d->out.to, bytes, size, d->out.tos, d->out.is_data);
}

bool dtls_init(struct dtls *d, struct connection_set *set, const struct memory *memory,
               const struct entropy *entropy, const struct digest *digest,
               const uint8_t cookie_key[DTLS_COOKIE_KEY_SIZE], struct dtls_exit exit,
               uint32_t capacity)
{
    *d = (struct dtls){.set = set, .digest = digest, .exit = exit};
    d->io.context = d;
    d->io.out = on_out;
    entropy->fill(entropy->context, &d->key, sizeof(d->key));
    memcpy(d->cookie_key, cookie_key, sizeof(d->cookie_key));
    return table_init(&d->by_client, memory, capacity);
}

void dtls_fini(struct dtls *d)
{
    table_fini(&d->by_client);
    secret_wipe(d->cookie_key, sizeof(d->cookie_key));
}

bool dtls_is_record(const struct packet *p)
{
    return p->size > 0 && p->bytes[0] >= FIRST_BYTE && p->bytes[0] <= LAST_BYTE;
}

/* place_of — a session's path without what only a session has: that of its plain datagrams. */
static struct path place_of(const struct path *path)
{
    return (struct path){
        .kind = PATH_UDP,
        .listener = path->listener,
        .local = path->local,
        .client = path->client,
    };
}

static uint32_t hash_of(const struct dtls *d, const struct path *place)
{
    uint64_t words[4];
    memcpy(words, place, sizeof(words));
    return (uint32_t)siphash_words(&d->key, words, 4);
}

static struct connection *find(const struct dtls *d, const struct path *place)
{
    struct table_probe probe;
    uint32_t number = table_first(&d->by_client, hash_of(d, place), &probe);
    for (; number != TABLE_NONE; number = table_next(&d->by_client, &probe)) {
        struct connection *c = connection_at(d->set, number);
        struct path own = place_of(&c->path);
        if (path_is_equal(&own, place)) {
            return c;
        }
    }
    return NULL;
}

/* make_mac — over the moment, the client and what its hello is known by. */
static void make_mac(const struct dtls *d, const struct path *path, const struct hello *hello,
                     const uint8_t seconds[4], uint8_t mac[DIGEST_SHA256_SIZE])
{
    const struct span pieces[] = {
        {seconds, 4},
        {(const uint8_t *)&path->client.a, sizeof(path->client.a)},
        hello->random,
        hello->session,
    };
    d->digest->hmac_sha256(d->digest->context, (struct span){d->cookie_key, DTLS_COOKIE_KEY_SIZE},
                           pieces, sizeof(pieces) / sizeof(pieces[0]), mac);
}

static void make_cookie(const struct dtls *d, const struct path *path, const struct hello *hello,
                        uint32_t seconds, uint8_t cookie[COOKIE_SIZE])
{
    uint8_t mac[DIGEST_SHA256_SIZE];
    struct writer w = writer_init(cookie, COOKIE_SIZE);
    writer_u32(&w, seconds);
    make_mac(d, path, hello, cookie, mac);
    writer_bytes(&w, mac, COOKIE_MAC);
}

static bool has_cookie(const struct dtls *d, const struct path *path, const struct hello *hello,
                       struct mono now)
{
    uint8_t cookie[COOKIE_SIZE];
    if (hello->cookie.size != COOKIE_SIZE) {
        return false;
    }
    struct reader r = reader_init(hello->cookie.bytes, hello->cookie.size);
    uint32_t seconds = reader_u32(&r);
    uint32_t age = (uint32_t)(now.ns / MONO_SECOND) - seconds;
    make_cookie(d, path, hello, seconds, cookie);
    return age <= DTLS_COOKIE_TIME && secret_is_equal(cookie, hello->cookie.bytes, COOKIE_SIZE);
}

/* verify — ask who says hello to come again with a cookie: nothing is kept, and what is sent is
 * smaller than what came. */
static void verify(const struct dtls *d, const struct path *path, const struct hello *hello,
                   struct mono now)
{
    uint8_t cookie[COOKIE_SIZE];
    uint8_t bytes[HELLO_VERIFY_SIZE + COOKIE_SIZE];
    struct writer w = writer_init(bytes, sizeof(bytes));
    make_cookie(d, path, hello, (uint32_t)(now.ns / MONO_SECOND), cookie);
    hello_write_verify(&w, hello, (struct span){cookie, sizeof(cookie)});
    if (writer_is_ok(&w) && w.used < hello->size) {
        d->exit.send(d->exit.context, path, bytes, w.used, 0, false);
    }
}

static uint64_t hello_hash(const struct dtls *d, const struct hello *hello)
{
    return siphash(&d->key, hello->random.bytes, hello->random.size);
}

/* begin — have OpenSSL's datagrams belong to this session, and be replies, for one call. */
static void begin(struct dtls *d, const struct connection *c, const struct packet *p)
{
    d->io.in = p ? p->bytes : NULL;
    d->io.in_size = p ? p->size : 0;
    d->out.to = &c->path;
    d->out.tos = 0;
    d->out.is_data = false;
}

static void set_timer(struct connection_set *set, struct connection *c, struct mono now)
{
    uint64_t ns;
    bool waits = c->state == CONNECTION_HANDSHAKE && tls_timer(c->tls, &ns);
    c->retry = waits ? mono_add_ns(now, ns) : (struct mono){0};
    connection_time(set, c);
}

/* go_on — with the handshake, as far as the datagram at hand takes it. */
static enum dtls_verdict go_on(struct dtls *d, struct connection *c, struct mono now)
{
    if (d->steps == 0) {
        return DTLS_TAKEN;
    }
    d->steps--;
    enum tls_result result = tls_handshake(c->tls);
    if (result == TLS_DONE) {
        connection_go(d->set, c, CONNECTION_FRAMES, now);
    }
    set_timer(d->set, c, now);
    return result == TLS_FAILED || result == TLS_CLOSED ? DTLS_OVER : DTLS_TAKEN;
}

/* read_message — the next record's content, as the packet's. */
static enum dtls_verdict read_message(const struct connection *c, struct packet *p)
{
    size_t got;
    switch (tls_read(c->tls, p->bytes, PACKET_MAX, &got)) {
    case TLS_DONE:
        p->size = (uint32_t)got;
        p->path = c->path;
        return DTLS_MESSAGE;
    case TLS_CLOSED:
    case TLS_FAILED:
        return DTLS_OVER;
    default:
        return DTLS_TAKEN;
    }
}

enum dtls_verdict dtls_receive(struct dtls *d, struct packet *p, struct connection **c,
                               struct now now)
{
    struct hello hello;
    *c = find(d, &p->path);
    if (hello_read_dtls(p->bytes, p->size, &hello) == HELLO_OK &&
        (!*c || (*c)->hello != hello_hash(d, &hello))) {
        /* A stranger, or a client that begins anew: what it had stays until it has shown its
         * cookie, RFC 6347 4.2.8. */
        if (has_cookie(d, &p->path, &hello, now.mono)) {
            return d->steps > 0 ? DTLS_NEW : DTLS_TAKEN;
        }
        verify(d, &p->path, &hello, now.mono);
        return DTLS_TAKEN;
    }
    if (!*c) {
        return DTLS_TAKEN;
    }
    begin(d, *c, p);
    if ((*c)->state == CONNECTION_HANDSHAKE) {
        enum dtls_verdict verdict = go_on(d, *c, now.mono);
        if (verdict == DTLS_OVER || (*c)->state == CONNECTION_HANDSHAKE) {
            return verdict;
        }
        /* Done: messages may lie behind the last of it, and would hide what comes next. */
    }
    return read_message(*c, p);
}

bool dtls_next(struct dtls *d, struct connection *c, uint8_t *bytes, size_t room, size_t *size)
{
    d->io.in = NULL;
    enum tls_result result = tls_read(c->tls, bytes, room, size);
    c->is_ended = result == TLS_CLOSED || result == TLS_FAILED;
    return result == TLS_DONE;
}

struct connection *dtls_open(struct dtls *d, const struct tls *tls, const struct packet *p,
                             struct now now)
{
    struct hello hello;
    if (d->steps == 0 || hello_read_dtls(p->bytes, p->size, &hello) != HELLO_OK) {
        return NULL;
    }
    struct connection *c = connection_open(d->set, -1, CONNECTION_HANDSHAKE, now.mono);
    if (!c) {
        return NULL;
    }
    c->path = p->path;
    c->path.kind = PATH_DTLS;
    connection_name(d->set, c);
    c->hello = hello_hash(d, &hello);
    if (!table_add(&d->by_client, hash_of(d, &p->path), connection_number(d->set, c))) {
        connection_close(d->set, c, true);
        return NULL;
    }
    begin(d, c, p);
    c->tls = tls_accept_datagrams(tls, &d->io, DTLS_MTU);
    if (!c->tls || go_on(d, c, now.mono) == DTLS_OVER) {
        dtls_close(d, c, true);
        return NULL;
    }
    return c;
}

void dtls_close(struct dtls *d, struct connection *c, bool is_silent)
{
    struct path place = place_of(&c->path);
    begin(d, c, NULL);
    (void)table_remove(&d->by_client, hash_of(d, &place), connection_number(d->set, c));
    connection_close(d->set, c, is_silent);
}

bool dtls_retry(struct dtls *d, struct connection *c, struct mono now)
{
    if (c->retry.ns == 0 || mono_is_before(now, c->retry)) {
        return true;
    }
    begin(d, c, NULL);
    if (tls_on_timer(c->tls) == TLS_FAILED) {
        return false;
    }
    set_timer(d->set, c, now);
    return true;
}

void dtls_send(struct dtls *d, struct connection *c, const uint8_t *bytes, size_t size, uint8_t tos,
               bool is_data)
{
    size_t sent;
    begin(d, c, NULL);
    d->out.tos = tos;
    d->out.is_data = is_data;
    if (c->state == CONNECTION_FRAMES) {
        (void)tls_write(c->tls, bytes, size, &sent);
    }
}
