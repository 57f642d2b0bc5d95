/* nonce — stateless nonces of 24 characters. */
/* SPDX-License-Identifier: MIT */
#include "engine/nonce.h"

#include <assert.h>
#include <string.h>

#include "base/base64.h"
#include "base/secret.h"

/* Cookie and 24 feature bits, RFC 8489 9.2, 18.1. Ours are among the first six. */
static const char cookie[] = "obMatJos2";
static const char no_bits[] = "AAA";

enum {
    COOKIE_SIZE = sizeof(cookie) - 1,
    PREFIX_SIZE = COOKIE_SIZE + 4,
    TAIL_SIZE = NONCE_SIZE - PREFIX_SIZE, /* characters of six bits */
    UNIT = 8,                             /* seconds */
    UNITS = 1024,
    EPOCH = 512, /* units that share a key: a bit over an hour */
};

static_assert(PREFIX_SIZE + 11 == NONCE_SIZE, "11 characters hold 66 bits");
static_assert(NONCE_LIFETIME_MAX < UNIT * (UNITS - EPOCH), "no unit comes again in a lifetime");

struct mac {
    uint64_t unit;
    uint8_t ip[16];
    uint8_t family;
    uint8_t features; /* the feature bits cannot be changed on the way, 9.2.1 */
    uint16_t port;
    uint32_t pad;
};

/* mac_of — 40 bits that only the holder of the master key can tell. */
static uint64_t mac_of(const struct siphash_key *master, const struct netaddr *client,
                       uint64_t unit, uint16_t port, unsigned features)
{
    uint64_t epoch[2] = {unit / EPOCH, 0};
    struct siphash_key key;
    key.word[0] = siphash(master, epoch, sizeof(epoch));
    epoch[1] = 1;
    key.word[1] = siphash(master, epoch, sizeof(epoch));
    struct mac m = {
        .unit = unit, .family = client->family, .features = (uint8_t)features, .port = port};
    memcpy(m.ip, client->ip, sizeof(m.ip));
    return siphash(&key, &m, sizeof(m)) >> 24;
}

/* put_bits — 26 bits and 40 bits as eleven characters. */
static void put_bits(uint32_t head, uint64_t mac, char *out)
{
    uint64_t rest = (uint64_t)(head & 0xfffff) << 40 | mac;
    out[0] = base64_digit(head >> 20);
    for (int i = 1; i < TAIL_SIZE; i++) {
        out[i] = base64_digit((unsigned)(rest >> (60 - 6 * i)));
    }
}

static bool get_bits(const uint8_t *in, uint32_t *head, uint64_t *mac)
{
    uint64_t rest = 0;
    int first = base64_value((char)in[0]);
    bool ok = first >= 0;
    for (int i = 1; i < TAIL_SIZE; i++) {
        int value = base64_value((char)in[i]);
        ok = ok && value >= 0;
        rest = rest << 6 | (unsigned)(value & 63);
    }
    *head = (uint32_t)(first & 63) << 20 | (uint32_t)(rest >> 40);
    *mac = rest & UINT64_C(0xffffffffff);
    return ok;
}

void nonce_make(const struct siphash_key *master, const struct netaddr *client, struct wall now,
                unsigned features, char out[NONCE_SIZE])
{
    uint64_t unit = (uint64_t)now.s / UNIT;
    uint32_t head = (uint32_t)(unit % UNITS) << 16 | client->port;
    memcpy(out, cookie, COOKIE_SIZE);
    out[COOKIE_SIZE] = base64_digit(features);
    for (int i = COOKIE_SIZE + 1; i < PREFIX_SIZE; i++) {
        out[i] = base64_digit(0);
    }
    put_bits(head, mac_of(master, client, unit, client->port, features), out + PREFIX_SIZE);
}

/* read_features — the feature bits of a nonce that begins as ours do; -1 of any other. */
static int read_features(struct span nonce)
{
    const uint8_t *bits = nonce.bytes + COOKIE_SIZE;
    bool is_ours =
        memcmp(nonce.bytes, cookie, COOKIE_SIZE) == 0 && memcmp(bits + 1, no_bits, 3) == 0;
    return is_ours ? base64_value((char)bits[0]) : -1;
}

bool nonce_is_valid(const struct siphash_key *master, struct span nonce,
                    const struct netaddr *client, struct wall now, uint32_t lifetime)
{
    uint32_t head;
    uint64_t mac;
    int features = nonce.size == NONCE_SIZE ? read_features(nonce) : -1;
    if (features < 0 || !get_bits(nonce.bytes + PREFIX_SIZE, &head, &mac)) {
        return false;
    }
    uint64_t next = (uint64_t)now.s / UNIT + 1;   /* another node's clock may be ahead of ours */
    uint64_t age = (next - (head >> 16)) % UNITS; /* in units, from the next one back */
    uint64_t expected = mac_of(master, client, next - age, (uint16_t)head, (unsigned)features);
    return secret_is_equal(&expected, &mac, sizeof(mac)) && age <= (lifetime + UNIT - 1) / UNIT + 1;
}
