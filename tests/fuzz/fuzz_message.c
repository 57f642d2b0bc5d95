/* fuzz_message — any bytes as a message: read everything, then write it again and compare. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include "base/siphash.h"
#include "base/text.h"
#include "wire/stun_integrity.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* toy_digest — as long as the real one and as easily upset by a changed byte, which is all that
 * matters here; the target needs no crypto library. */
static void toy_digest(struct span key, const struct span *pieces, size_t count, uint8_t *out,
                       size_t size)
{
    static const struct siphash_key fixed = {{1, 2}};
    uint64_t state[2] = {siphash(&fixed, key.bytes, key.size), 0};
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < pieces[i].size; at++) {
            state[0] = (state[0] ^ pieces[i].bytes[at]) * UINT64_C(0x100000001b3);
        }
    }
    for (size_t at = 0; at < size; at++) {
        state[1] = at;
        out[at] = (uint8_t)siphash_words(&fixed, state, 2);
    }
}

static void hmac_sha1(void *context, struct span key, const struct span *pieces, size_t count,
                      uint8_t out[DIGEST_SHA1_SIZE])
{
    (void)context;
    toy_digest(key, pieces, count, out, DIGEST_SHA1_SIZE);
}

static void hmac_sha256(void *context, struct span key, const struct span *pieces, size_t count,
                        uint8_t out[DIGEST_SHA256_SIZE])
{
    (void)context;
    toy_digest(key, pieces, count, out, DIGEST_SHA256_SIZE);
}

static const struct digest digest = {.hmac_sha1 = hmac_sha1, .hmac_sha256 = hmac_sha256};
static const struct stun_key fixed_key = {.bytes = "a key of sixteen", .size = 16};

/* is_within — whether a value lies behind the header and before the end. */
static bool is_within(const struct stun_message *m, struct span value)
{
    return value.bytes >= m->bytes + STUN_HEADER_SIZE && value.size <= m->size &&
           value.bytes <= m->bytes + m->size - value.size;
}

static void read_address(const struct stun_message *m, struct span value)
{
    struct netaddr a;
    struct netaddr back;
    char bytes[TEXT_NETADDR_SIZE];
    if (!stun_message_read_address(m, value, &a)) {
        return;
    }
    require(value.size == 4 + netaddr_size(&a));
    struct text t = text_init(bytes, sizeof(bytes));
    text_netaddr(&t, &a);
    require(!t.cut && netaddr_parse(bytes, &back) && netaddr_is_equal(&a, &back));
    if (netaddr_embedded(&a, &back)) {
        require(back.family == NETADDR_IPV4 && back.port == a.port);
    }
}

static void read_known(const struct stun_message *m)
{
    for (int i = 0; i < STUN_KNOWN_COUNT; i++) {
        enum stun_known which = (enum stun_known)i;
        struct span value = stun_message_value(m, which);
        uint32_t number;
        require(stun_message_has(m, which) ? is_within(m, value) : value.size == 0);
        require(stun_message_u32(m, which, &number) ==
                (stun_message_has(m, which) && value.size == 4));
        struct netaddr a;
        struct netaddr b;
        require(stun_message_address(m, which, &a) == stun_message_read_address(m, value, &b));
    }
    struct span id = stun_message_id(m);
    require(id.bytes + id.size == m->bytes + STUN_HEADER_SIZE);
}

/* read_all — every value within the message, and unknown types told exactly when there are any. */
static void read_all(const struct stun_message *m)
{
    struct stun_walk walk = stun_message_walk(m);
    const uint8_t *last = m->bytes;
    bool has_unknown = false;
    while (stun_message_step(&walk)) {
        require(is_within(m, walk.value) && walk.value.bytes > last);
        last = walk.value.bytes;
        read_address(m, walk.value);
        has_unknown = has_unknown ||
                      (walk.type < STUN_ATTR_OPTIONAL_BIT && !stun_message_is_known(walk.type));
    }
    require(has_unknown == m->has_unknown);
}

/* write_one — the walk's attribute again; checksum and signature are computed anew. */
static void write_one(struct stun_build *b, const struct stun_walk *walk, enum stun_integrity kind)
{
    bool is_integrity = walk->type == STUN_ATTR_MESSAGE_INTEGRITY ||
                        walk->type == STUN_ATTR_MESSAGE_INTEGRITY_SHA256;
    if (walk->type == STUN_ATTR_FINGERPRINT && !walk->message->is_classic) {
        stun_build_fingerprint(b);
    } else if (is_integrity && kind != STUN_INTEGRITY_NONE) {
        stun_integrity_sign(b, &digest, kind, &fixed_key);
    } else {
        stun_build_bytes(b, walk->type, walk->value);
    }
}

/* kind_of — what the first integrity attribute is, if it has the full size. */
static enum stun_integrity kind_of(const struct stun_message *m)
{
    if (stun_message_value(m, STUN_KNOWN_MESSAGE_INTEGRITY).size == STUN_SHA1_SIZE) {
        return STUN_INTEGRITY_SHA1;
    }
    bool is_first = !stun_message_has(m, STUN_KNOWN_MESSAGE_INTEGRITY);
    size_t size = stun_message_value(m, STUN_KNOWN_MESSAGE_INTEGRITY_SHA256).size;
    return is_first && size == STUN_SHA256_SIZE ? STUN_INTEGRITY_SHA256 : STUN_INTEGRITY_NONE;
}

static void compare(const struct stun_message *m, const struct stun_message *again)
{
    struct stun_walk walk = stun_message_walk(m);
    struct stun_walk walk_again = stun_message_walk(again);
    require(m->method == again->method && m->class == again->class);
    require(m->is_classic == again->is_classic && m->has_unknown == again->has_unknown);
    require(span_is_equal(stun_message_id(m), stun_message_id(again)));
    while (stun_message_step(&walk)) {
        bool is_computed = walk.type == STUN_ATTR_FINGERPRINT ||
                           walk.type == STUN_ATTR_MESSAGE_INTEGRITY ||
                           walk.type == STUN_ATTR_MESSAGE_INTEGRITY_SHA256;
        require(stun_message_step(&walk_again) && walk.type == walk_again.type);
        require(is_computed ? walk.value.size == walk_again.value.size
                            : span_is_equal(walk.value, walk_again.value));
    }
    require(!stun_message_step(&walk_again));
}

/* write_again — what counts of the message, into as many bytes as it had. */
static void write_again(const struct stun_message *m)
{
    uint8_t *bytes = malloc(m->size);
    require(bytes != NULL);
    enum stun_integrity kind = kind_of(m);
    struct stun_build b =
        stun_build_begin(bytes, m->size, (enum stun_class)m->class, m->method, stun_message_id(m));
    struct stun_walk walk = stun_message_walk(m);
    while (stun_message_step(&walk)) {
        write_one(&b, &walk, kind);
    }
    struct stun_message again;
    require(stun_build_end(&b) != 0);
    require(stun_message_parse(bytes, stun_build_end(&b), &again) == STUN_OK);
    compare(m, &again);
    require(kind == STUN_INTEGRITY_NONE ||
            stun_integrity_is_right(&again, &digest, kind, &fixed_key));
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct stun_message m;
    if (stun_message_parse(bytes, size, &m) != STUN_OK) {
        return 0;
    }
    require(m.bytes == bytes && m.size == size && m.method <= 0xfff && m.class <= STUN_ERROR);
    read_known(&m);
    read_all(&m);
    (void)stun_integrity_is_right(&m, &digest, stun_integrity_kind(&m), &fixed_key);
    write_again(&m);
    return 0;
}
