/* probe_client — one TURN client. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_client.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "net/clock.h"

enum {
    STALE_MAX = 3, /* times in a row that we take a new nonce for one request */
    COOKIE_SIZE = 9,
};

/* What a request asks for; members left 0 are left out. */
struct request {
    uint16_t method;
    bool wants_udp;
    bool has_lifetime;
    uint32_t lifetime;
    enum netaddr_family family;
    uint16_t channel;
    const struct netaddr *peer;
};

int probe_client_open(struct probe_client *client, const struct probe_client_terms *terms,
                      const struct netaddr *server, char side)
{
    *client = (struct probe_client){.terms = terms, .side = side};
    return probe_socket_open(&client->socket, server, &terms->socket);
}

void probe_client_close(struct probe_client *client)
{
    probe_socket_close(&client->socket);
}

static void put_attributes(struct stun_build *b, const struct request *rq)
{
    if (rq->wants_udp) {
        stun_build_u32(b, STUN_ATTR_REQUESTED_TRANSPORT, (uint32_t)STUN_TRANSPORT_UDP << 24);
    }
    if (rq->family != NETADDR_NONE) {
        stun_build_u32(b, STUN_ATTR_REQUESTED_ADDRESS_FAMILY, (uint32_t)rq->family << 24);
    }
    if (rq->has_lifetime) {
        stun_build_u32(b, STUN_ATTR_LIFETIME, rq->lifetime);
    }
    if (rq->channel != 0) {
        stun_build_u32(b, STUN_ATTR_CHANNEL_NUMBER, (uint32_t)rq->channel << 16);
    }
    if (rq->peer) {
        stun_build_address(b, STUN_ATTR_XOR_PEER_ADDRESS, rq->peer);
    }
}

/* put_signature — who we are and the integrity, RFC 8489 9.2.3. */
static void put_signature(struct stun_build *b, const struct probe_client *client)
{
    stun_build_bytes(b, STUN_ATTR_USERNAME, span_of_text(client->terms->credential->user));
    stun_build_bytes(b, STUN_ATTR_REALM, (struct span){client->realm, client->realm_size});
    stun_build_bytes(b, STUN_ATTR_NONCE, (struct span){client->nonce, client->nonce_size});
    if (client->kind == STUN_INTEGRITY_SHA256) {
        struct span list = {client->algorithms, client->algorithms_size};
        stun_build_u32(b, STUN_ATTR_PASSWORD_ALGORITHM, (uint32_t)STUN_ALGORITHM_SHA256 << 16);
        stun_build_bytes(b, STUN_ATTR_PASSWORD_ALGORITHMS, list);
    }
    stun_integrity_sign(b, client->terms->digest, client->kind, &client->key);
}

static struct stun_build begin(const struct probe_client *client, uint8_t *bytes,
                               enum stun_class class, uint16_t method)
{
    uint8_t id[STUN_ID_SIZE];
    const struct entropy *entropy = client->terms->entropy;
    entropy->fill(entropy->context, id, sizeof(id));
    return stun_build_begin(bytes, STUN_MESSAGE_MAX, class, method, (struct span){id, sizeof(id)});
}

/* ask_once — one transaction. */
static void ask_once(struct probe_client *client, const struct request *rq,
                     struct probe_answer *out)
{
    uint8_t bytes[STUN_MESSAGE_MAX];
    struct probe_answer_terms terms = {
        .timeout_ns = client->terms->timeout_ns,
        .digest = client->terms->digest,
        .kind = client->is_signing ? client->kind : STUN_INTEGRITY_NONE,
        .key = &client->key,
    };
    struct stun_build b = begin(client, bytes, STUN_REQUEST, rq->method);
    put_attributes(&b, rq);
    if (client->is_signing) {
        put_signature(&b, client);
    }
    stun_build_fingerprint(&b);
    probe_answer_await(&client->socket, (struct span){bytes, stun_build_end(&b)}, &terms, out);
}

static bool keep(uint8_t *at, size_t room, uint16_t *size, struct span value)
{
    if (value.size > room) {
        return false;
    }
    if (value.size > 0) {
        memcpy(at, value.bytes, value.size);
    }
    *size = (uint16_t)value.size;
    return true;
}

/* promises_algorithms — whether the nonce says that the answer carries PASSWORD-ALGORITHMS: the
 * cookie, then 24 feature bits in base64, of which the first is meant. RFC 8489 9.2, 18.1. */
static bool promises_algorithms(struct span nonce)
{
    return nonce.size >= COOKIE_SIZE + 4 && memcmp(nonce.bytes, "obMatJos2", COOKIE_SIZE) == 0 &&
           base64_value((char)nonce.bytes[COOKIE_SIZE]) >= 32;
}

/* offers_sha256 — whether SHA-256 is in a PASSWORD-ALGORITHMS list, RFC 8489 14.11. */
static bool offers_sha256(struct span list)
{
    struct reader r = reader_init(list.bytes, list.size);
    while (r.left > 0 && reader_is_ok(&r)) {
        uint16_t number = reader_u16(&r);
        size_t parameters = reader_u16(&r);
        reader_bytes(&r, (parameters + 3) & ~(size_t)3);
        if (reader_is_ok(&r) && number == STUN_ALGORITHM_SHA256) {
            return true;
        }
    }
    return false;
}

/* learn — take realm, nonce and algorithms from a 401 or 438. */
static enum probe_fate learn(struct probe_client *client, const struct stun_message *m)
{
    struct span realm = stun_message_value(m, STUN_KNOWN_REALM);
    struct span nonce = stun_message_value(m, STUN_KNOWN_NONCE);
    struct span list = stun_message_value(m, STUN_KNOWN_PASSWORD_ALGORITHMS);
    if (realm.size == 0 || nonce.size == 0 ||
        !keep(client->realm, sizeof(client->realm), &client->realm_size, realm) ||
        !keep(client->nonce, sizeof(client->nonce), &client->nonce_size, nonce) ||
        !keep(client->algorithms, sizeof(client->algorithms), &client->algorithms_size, list)) {
        return PROBE_FATE_INCOMPLETE;
    }
    if (promises_algorithms(nonce) && list.size == 0) {
        return PROBE_FATE_BID_DOWN; /* RFC 8489 9.2.5 */
    }
    bool is_sha256 = client->terms->is_sha256;
    if (is_sha256 && !offers_sha256(list)) {
        return PROBE_FATE_NO_SHA256;
    }
    const struct probe_credential *credential = client->terms->credential;
    client->kind = is_sha256 ? STUN_INTEGRITY_SHA256 : STUN_INTEGRITY_SHA1;
    client->key = stun_integrity_key(
        client->terms->digest, is_sha256 ? STUN_ALGORITHM_SHA256 : STUN_ALGORITHM_MD5,
        span_of_text(credential->user), realm, span_of_text(credential->password));
    client->is_signing = true;
    return PROBE_FATE_OK;
}

/* ask — a request until it is answered with something other than a stale nonce. */
static void ask(struct probe_client *client, const struct request *rq, struct probe_answer *out)
{
    for (int i = 0; i < STALE_MAX; i++) {
        ask_once(client, rq, out);
        bool is_stale = out->fate == PROBE_FATE_REFUSED && out->code == 438 && client->is_signing;
        if (!is_stale || learn(client, &out->message) != PROBE_FATE_OK) {
            return;
        }
    }
}

static void take_allocation(struct probe_client *client, struct probe_answer *out)
{
    const struct stun_message *m = &out->message;
    client->is_allocated = true;
    if (!stun_message_address(m, STUN_KNOWN_XOR_RELAYED_ADDRESS, &client->relayed) ||
        !stun_message_u32(m, STUN_KNOWN_LIFETIME, &client->lifetime) ||
        !stun_message_address(m, STUN_KNOWN_XOR_MAPPED_ADDRESS, &client->mapped) ||
        netaddr_is_any(&client->relayed) || client->relayed.port == 0 || client->lifetime == 0) {
        out->fate = PROBE_FATE_INCOMPLETE;
    }
}

void probe_client_bind(struct probe_client *client, struct probe_answer *out)
{
    ask(client, &(struct request){.method = STUN_BINDING}, out);
    if (out->fate == PROBE_FATE_OK &&
        !stun_message_address(&out->message, STUN_KNOWN_XOR_MAPPED_ADDRESS, &client->mapped)) {
        out->fate = PROBE_FATE_INCOMPLETE;
    }
}

void probe_client_challenge(struct probe_client *client, struct probe_answer *out)
{
    ask(client, &(struct request){.method = STUN_ALLOCATE, .wants_udp = true}, out);
    if (out->fate == PROBE_FATE_OK) {
        take_allocation(client, out);
    } else if (out->fate == PROBE_FATE_REFUSED && out->code == 401) {
        out->fate = learn(client, &out->message);
    }
}

void probe_client_allocate(struct probe_client *client, enum netaddr_family family,
                           struct probe_answer *out)
{
    struct request rq = {.method = STUN_ALLOCATE, .wants_udp = true, .family = family};
    ask(client, &rq, out);
    if (out->fate == PROBE_FATE_OK) {
        take_allocation(client, out);
    }
}

void probe_client_permit(struct probe_client *client, const struct netaddr *peer,
                         struct probe_answer *out)
{
    ask(client, &(struct request){.method = STUN_CREATE_PERMISSION, .peer = peer}, out);
}

void probe_client_bind_channel(struct probe_client *client, uint16_t channel,
                               const struct netaddr *peer, struct probe_answer *out)
{
    struct request rq = {.method = STUN_CHANNEL_BIND, .channel = channel, .peer = peer};
    ask(client, &rq, out);
}

void probe_client_release(struct probe_client *client, struct probe_answer *out)
{
    ask(client, &(struct request){.method = STUN_REFRESH, .has_lifetime = true}, out);
    client->is_allocated = client->is_allocated && out->fate != PROBE_FATE_OK;
}

enum probe_fate probe_client_send(struct probe_client *client, const struct netaddr *peer,
                                  struct span payload)
{
    uint8_t bytes[STUN_MESSAGE_MAX];
    struct stun_build b = begin(client, bytes, STUN_INDICATION, STUN_SEND);
    stun_build_address(&b, STUN_ATTR_XOR_PEER_ADDRESS, peer);
    stun_build_bytes(&b, STUN_ATTR_DATA, payload);
    return probe_socket_send(&client->socket, (struct span){bytes, stun_build_end(&b)});
}

enum probe_fate probe_client_send_channel(struct probe_client *client, uint16_t channel,
                                          struct span payload)
{
    uint8_t bytes[STUN_MESSAGE_MAX];
    struct writer w = writer_init(bytes, sizeof(bytes));
    writer_u16(&w, channel);
    writer_u16(&w, (uint16_t)payload.size);
    writer_bytes(&w, payload.bytes, payload.size);
    if (!writer_is_ok(&w)) {
        errno = EMSGSIZE;
        return PROBE_FATE_NOT_SENT;
    }
    return probe_socket_send(&client->socket, (struct span){bytes, w.used});
}

/* read_channel_data — RFC 8656 12.4; over UDP padding may follow. */
static bool read_channel_data(const struct probe_input *in, struct probe_client_data *out)
{
    struct reader r = reader_init(in->bytes, in->size);
    out->channel = reader_u16(&r);
    size_t size = reader_u16(&r);
    out->payload = (struct span){reader_bytes(&r, size), size};
    return reader_is_ok(&r) && out->channel >= CHANNEL_MIN && out->channel <= CHANNEL_MAX_CLASSIC;
}

static bool read_indication(const struct probe_input *in, struct probe_client_data *out)
{
    struct stun_message m;
    if (stun_message_parse(in->bytes, in->size, &m) != STUN_OK || m.class != STUN_INDICATION ||
        m.method != STUN_DATA || !stun_message_has(&m, STUN_KNOWN_DATA) ||
        !stun_message_address(&m, STUN_KNOWN_XOR_PEER_ADDRESS, &out->peer)) {
        return false;
    }
    out->payload = stun_message_value(&m, STUN_KNOWN_DATA);
    return true;
}

bool probe_client_receive(struct probe_client *client, struct mono deadline, struct probe_input *in,
                          struct probe_client_data *out)
{
    *out = (struct probe_client_data){.channel = 0};
    while (mono_is_before(clock_now().mono, deadline)) {
        probe_socket_receive(&client->socket, deadline, in);
        *out = (struct probe_client_data){.channel = 0};
        if (in->event == PROBE_INPUT_END) {
            return false;
        }
        if (in->event == PROBE_INPUT_MESSAGE &&
            netaddr_is_equal(&in->from, &client->socket.server) &&
            (read_channel_data(in, out) || read_indication(in, out))) {
            return true;
        }
        out->channel = 0;
    }
    return false;
}
