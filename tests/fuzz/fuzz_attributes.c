/* fuzz_attributes — a message built as the input says, within the room that it says, must be read
 * back with equal values.
 *
 * Input: flags, method (2), room (2), transaction id (12, or 16 of a classic message), then steps:
 * kind, type (2), and what the kind needs. What is missing at the end reads as zeros. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include "wire/stun_build.h"
#include "wire/stun_message.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROOM = 4096,
    STEPS = 64,
    VALUE_MAX = 600,
    CANARY = 0xa5,
    FLAG_CLASS = 3, /* the class itself */
    FLAG_CLASSIC = 4,
    FLAG_FINGERPRINT = 8,
    FLAG_SHORT = 16, /* no more room than said */
};

enum kind { BYTES, NUMBER, ADDRESS, PLAIN_ADDRESS, ERROR, RESERVED, KINDS };

/* One attribute as it should be read back. */
struct step {
    enum kind kind;
    uint16_t type;
    uint8_t value[VALUE_MAX]; /* as it should lie in the message */
    size_t size;
    struct netaddr address;
    uint32_t number;
};

struct script {
    uint8_t flags;
    uint16_t method;
    size_t room;
    uint8_t id[STUN_CLASSIC_ID_SIZE];
    size_t id_size;
    struct step step[STEPS];
    size_t count;
};

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* copy — the next `size` bytes of the input, zeros where it has ended. */
static void copy(struct reader *r, uint8_t *out, size_t size)
{
    const uint8_t *bytes = reader_bytes(r, size);
    memset(out, 0, size);
    if (bytes) {
        memcpy(out, bytes, size);
    }
}

static void read_address(struct reader *r, struct step *s)
{
    uint8_t ip[16];
    bool is_ipv4 = reader_u8(r) & 1;
    uint16_t port = reader_u16(r);
    if (is_ipv4) {
        s->address = netaddr_ipv4(reader_u32(r), port);
    } else {
        copy(r, ip, sizeof(ip));
        s->address = netaddr_ipv6(ip, port);
    }
    s->size = 4 + netaddr_size(&s->address);
}

/* read_step — one step; the type of a checksum is left to the checksum. */
static void read_step(struct reader *r, bool is_classic, struct step *s)
{
    s->kind = (enum kind)(reader_u8(r) % KINDS);
    s->type = reader_u16(r);
    if (s->type == STUN_ATTR_FINGERPRINT && !is_classic) {
        s->type = STUN_ATTR_SOFTWARE;
    }
    switch (s->kind) {
    case NUMBER:
        s->number = reader_u32(r);
        s->size = 4;
        break;
    case ADDRESS:
    case PLAIN_ADDRESS:
        read_address(r, s);
        break;
    case ERROR:
        s->type = STUN_ATTR_ERROR_CODE;
        s->number = 300 + reader_u16(r) % 400u;
        s->size = 4 + reader_u8(r) % 128u;
        memset(s->value, 'r', s->size);
        s->value[0] = s->value[1] = 0;
        s->value[2] = (uint8_t)(s->number / 100);
        s->value[3] = (uint8_t)(s->number % 100);
        break;
    default:
        s->size = reader_u16(r) % (VALUE_MAX + 1u);
        s->size = s->size < r->left ? s->size : r->left;
        copy(r, s->value, s->size);
    }
}

static void read_script(struct reader *r, struct script *s)
{
    s->flags = reader_u8(r);
    s->method = reader_u16(r) & 0xfff;
    s->room = reader_u16(r) % (ROOM + 1u);
    s->room = s->flags & FLAG_SHORT ? s->room : ROOM;
    bool is_classic = s->flags & FLAG_CLASSIC;
    s->id_size = is_classic ? STUN_CLASSIC_ID_SIZE : STUN_ID_SIZE;
    copy(r, s->id, s->id_size);
    if (is_classic && s->id[0] == STUN_COOKIE >> 24) {
        s->id[0] = 0; /* what has the cookie is not classic */
    }
    for (s->count = 0; s->count < STEPS && r->left > 0 && reader_is_ok(r); s->count++) {
        read_step(r, is_classic, &s->step[s->count]);
    }
}

static void build_step(struct stun_build *b, const struct step *s)
{
    char reason[128] = {0};
    uint8_t *place;
    switch (s->kind) {
    case NUMBER:
        stun_build_u32(b, s->type, s->number);
        break;
    case ADDRESS:
        stun_build_address(b, s->type, &s->address);
        break;
    case PLAIN_ADDRESS:
        stun_build_plain_address(b, s->type, &s->address);
        break;
    case ERROR:
        memset(reason, 'r', s->size - 4);
        stun_build_error(b, s->number, reason);
        break;
    case RESERVED:
        place = stun_build_reserve(b, s->type, s->size);
        if (place) {
            memcpy(place, s->value, s->size);
        }
        break;
    default:
        stun_build_bytes(b, s->type, (struct span){s->value, s->size});
    }
}

/* size_needed — what the script's message takes, by the law of padding alone. */
static size_t size_needed(const struct script *s)
{
    size_t size = STUN_HEADER_SIZE;
    for (size_t i = 0; i < s->count; i++) {
        size += STUN_ATTR_HEADER_SIZE + (s->step[i].size + 3) / 4 * 4;
    }
    return size + (s->flags & FLAG_FINGERPRINT ? 8 : 0);
}

static void compare_value(const struct stun_message *m, const struct step *s, struct span value)
{
    struct reader r = reader_init(value.bytes, value.size);
    require(value.size == s->size);
    if (s->kind == NUMBER) {
        require(reader_u32(&r) == s->number);
    } else if (s->kind == PLAIN_ADDRESS) {
        require(reader_u16(&r) == s->address.family && reader_u16(&r) == s->address.port);
        require(memcmp(r.at, s->address.ip, netaddr_size(&s->address)) == 0);
    } else if (s->kind == ADDRESS) {
        reader_u16(&r);
        require((reader_u16(&r) ^ STUN_COOKIE >> 16) == s->address.port);
        for (size_t i = 0; i < r.left; i++) {
            require((r.at[i] ^ m->bytes[4 + i]) == s->address.ip[i]);
        }
    } else {
        require(s->size == 0 || memcmp(value.bytes, s->value, s->size) == 0);
    }
}

/* compare_first — the first attribute of a known type as its getters give it. */
static void compare_first(const struct stun_message *m, const struct step *s, struct span value)
{
#define COMPARE_ROW(name, number)                                                                  \
    if (s->type == (number)) {                                                                     \
        struct netaddr a;                                                                          \
        struct span first = stun_message_value(m, STUN_KNOWN_##name);                              \
        require(stun_message_has(m, STUN_KNOWN_##name));                                           \
        if (first.bytes == value.bytes && s->kind == ADDRESS) {                                    \
            require(stun_message_address(m, STUN_KNOWN_##name, &a));                               \
            require(netaddr_is_equal(&a, &s->address));                                            \
        }                                                                                          \
        require(first.bytes <= value.bytes);                                                       \
    }
    STUN_ATTRIBUTES(COMPARE_ROW)
#undef COMPARE_ROW
}

static void compare(const struct stun_message *m, const struct script *s)
{
    struct stun_walk walk = stun_message_walk(m);
    struct span id = {s->id, s->id_size};
    require(m->method == s->method && m->class == (s->flags & FLAG_CLASS));
    require(m->is_classic == (s->id_size == STUN_CLASSIC_ID_SIZE));
    require(span_is_equal(stun_message_id(m), id));
    for (size_t i = 0; i < s->count; i++) {
        require(stun_message_step(&walk) && walk.type == s->step[i].type);
        compare_value(m, &s->step[i], walk.value);
        compare_first(m, &s->step[i], walk.value);
        if (walk.type == STUN_ATTR_MESSAGE_INTEGRITY ||
            walk.type == STUN_ATTR_MESSAGE_INTEGRITY_SHA256) {
            require(!stun_message_step(&walk)); /* what is behind does not count */
            return;
        }
    }
    require(stun_message_step(&walk) == ((s->flags & FLAG_FINGERPRINT) != 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct script s;
    static uint8_t message[ROOM + 64];
    struct reader r = reader_init(bytes, size);
    memset(&s, 0, sizeof(s));
    read_script(&r, &s);
    memset(message, CANARY, sizeof(message));
    struct stun_build b = stun_build_begin(message, s.room, (enum stun_class)(s.flags & FLAG_CLASS),
                                           s.method, (struct span){s.id, s.id_size});
    for (size_t i = 0; i < s.count; i++) {
        build_step(&b, &s.step[i]);
    }
    if (s.flags & FLAG_FINGERPRINT) {
        stun_build_fingerprint(&b);
    }
    for (size_t i = s.room; i < sizeof(message); i++) {
        require(message[i] == CANARY);
    }
    size_t needed = size_needed(&s);
    require(stun_build_end(&b) == (needed <= s.room ? needed : 0));
    struct stun_message m;
    if (needed <= s.room) {
        require(stun_message_parse(message, needed, &m) == STUN_OK);
        compare(&m, &s);
    }
    return 0;
}
