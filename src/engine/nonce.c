/* nonce — stateless nonces of 24 characters. */
/* SPDX-License-Identifier: MIT */
#include "engine/nonce.h"

#include "base/base64.h"
#include "base/secret.h"

#include <assert.h>
#include <string.h>

/* Cookie and 24 feature bits, RFC 8489 18.1: user name anonymity, with or without password
 * algorithms. */
static const char with_bits[] = "obMatJos2wAAA";
static const char without_bits[] = "obMatJos2QAAA";

enum {
    PREFIX_SIZE = sizeof(with_bits) - 1,
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
    uint8_t with_algorithms; /* the feature bits cannot be changed on the way, 9.2.1 */
    uint16_t port;
    uint32_t pad;
};

/* mac_of — 40 bits that only the holder of the master key can tell. */
static uint64_t mac_of(const struct siphash_key *master, const struct netaddr *client,
                       uint64_t unit, uint16_t port, bool with_algorithms)
{
    uint64_t epoch[2] = {unit / EPOCH, 0};
    struct siphash_key key;
    key.word[0] = siphash(master, epoch, sizeof(epoch));
    epoch[1] = 1;
    key.word[1] = siphash(master, epoch, sizeof(epoch));
    struct mac m = {.unit = unit,
                    .family = client->family,
                    .with_algorithms = with_algorithms,
                    .port = port};
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
                bool with_algorithms, char out[NONCE_SIZE])
{
    uint64_t unit = (uint64_t)now.s / UNIT;
    uint32_t head = (uint32_t)(unit % UNITS) << 16 | client->port;
    memcpy(out, with_algorithms ? with_bits : without_bits, PREFIX_SIZE);
    put_bits(head, mac_of(master, client, unit, client->port, with_algorithms), out + PREFIX_SIZE);
}

/* read_bits — which of our two beginnings a nonce has; false when neither. */
static bool read_bits(struct span nonce, bool *with_algorithms)
{
    *with_algorithms = memcmp(nonce.bytes, with_bits, PREFIX_SIZE) == 0;
    return *with_algorithms || memcmp(nonce.bytes, without_bits, PREFIX_SIZE) == 0;
}

bool nonce_is_valid(const struct siphash_key *master, struct span nonce,
                    const struct netaddr *client, struct wall now, uint32_t lifetime)
{
    uint32_t head;
    uint64_t mac;
    bool with_algorithms;
    if (nonce.size != NONCE_SIZE || !read_bits(nonce, &with_algorithms) ||
        !get_bits(nonce.bytes + PREFIX_SIZE, &head, &mac)) {
        return false;
    }
    uint64_t next = (uint64_t)now.s / UNIT + 1; /* another node's clock may be ahead of ours */
    uint64_t age = (next - (head >> 16)) % UNITS; /* in units, from the next one back */
    uint64_t expected = mac_of(master, client, next - age, (uint16_t)head, with_algorithms);
    return secret_is_equal(&expected, &mac, sizeof(mac)) && age <= (lifetime + UNIT - 1) / UNIT + 1;
}
