/* test_stun_message — bytes to messages: what is no STUN, what is malformed, what counts. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "wire/crc32.h"
#include "wire/stun_message.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
    ROOM = 1024,
    LARGEST = STUN_HEADER_SIZE + 65532, /* the header's length in full, a multiple of four */
    REQUIRED = 0x7f00,                  /* types that nobody has defined */
    OPTIONAL = 0xff00,
};

static const uint8_t id[STUN_ID_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

/* A message put together without stun_build, so that it may be as wrong as a stranger's. */
struct raw {
    uint8_t bytes[ROOM];
    struct writer w;
};

static void raw_length(struct raw *r)
{
    writer_patch_u16(&r->w, 2, (uint16_t)(r->w.used - STUN_HEADER_SIZE));
    assert_true(writer_is_ok(&r->w));
}

static void raw_begin(struct raw *r, uint16_t type)
{
    memset(r->bytes, 0xee, sizeof(r->bytes));
    r->w = writer_init(r->bytes, sizeof(r->bytes));
    writer_u16(&r->w, type);
    writer_u16(&r->w, 0);
    writer_u32(&r->w, STUN_COOKIE);
    writer_bytes(&r->w, id, sizeof(id));
}

static void raw_attribute(struct raw *r, uint16_t type, const void *value, size_t size)
{
    writer_u16(&r->w, type);
    writer_u16(&r->w, (uint16_t)size);
    writer_bytes(&r->w, value, size);
    writer_zero(&r->w, -size & 3);
    raw_length(r);
}

static void raw_u32(struct raw *r, uint16_t type, uint32_t value)
{
    writer_u16(&r->w, type);
    writer_u16(&r->w, 4);
    writer_u32(&r->w, value);
    raw_length(r);
}

static void raw_fingerprint(struct raw *r)
{
    writer_patch_u16(&r->w, 2, (uint16_t)(r->w.used - STUN_HEADER_SIZE + 8));
    struct span covered = {r->bytes, r->w.used};
    raw_u32(r, STUN_ATTR_FINGERPRINT, crc32_of(&covered, 1) ^ STUN_FINGERPRINT_XOR);
}

static void raw_integrity(struct raw *r)
{
    static const uint8_t any[STUN_SHA1_SIZE] = {1};
    raw_attribute(r, STUN_ATTR_MESSAGE_INTEGRITY, any, sizeof(any));
}

static void raw_integrity_sha256(struct raw *r)
{
    static const uint8_t any[STUN_SHA256_SIZE] = {2};
    raw_attribute(r, STUN_ATTR_MESSAGE_INTEGRITY_SHA256, any, sizeof(any));
}

static struct stun_message parsed(const struct raw *r)
{
    struct stun_message m;
    assert_int_equal(stun_message_parse(r->bytes, r->w.used, &m), STUN_OK);
    return m;
}

/* verdict — of exactly `size` bytes on the heap, where reading one more is noticed. */
static enum stun_verdict verdict(const uint8_t *bytes, size_t size)
{
    struct stun_message m;
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    enum stun_verdict v = stun_message_parse(copy, size, &m);
    free(copy);
    return v;
}

static enum stun_verdict raw_verdict(const struct raw *r)
{
    return verdict(r->bytes, r->w.used);
}

static void assert_value(const struct stun_message *m, enum stun_known which, const char *text)
{
    struct span value = stun_message_value(m, which);
    assert_true(stun_message_has(m, which));
    assert_int_equal(value.size, strlen(text));
    assert_memory_equal(value.bytes, text, value.size);
}

/* whole_request — a request with attributes of every residue of padding. Returns the offsets at
 * which attributes begin, the end included. */
static size_t whole_request(struct raw *r, size_t borders[8])
{
    size_t n = 0;
    raw_begin(r, 0x0003);
    borders[n++] = r->w.used;
    raw_u32(r, STUN_ATTR_REQUESTED_TRANSPORT, (uint32_t)STUN_TRANSPORT_UDP << 24);
    borders[n++] = r->w.used;
    raw_attribute(r, STUN_ATTR_USERNAME, "alice", 5);
    borders[n++] = r->w.used;
    raw_attribute(r, STUN_ATTR_REALM, "example.org", 11);
    borders[n++] = r->w.used;
    raw_attribute(r, STUN_ATTR_NONCE, "nonces", 6);
    borders[n++] = r->w.used;
    raw_attribute(r, STUN_ATTR_SOFTWARE, "", 0);
    borders[n++] = r->w.used;
    raw_integrity(r);
    borders[n++] = r->w.used;
    return n;
}

static void header_alone_is_a_message(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    struct stun_message m = parsed(&r);
    assert_int_equal(m.method, STUN_BINDING);
    assert_int_equal(m.class, STUN_REQUEST);
    assert_false(m.is_classic);
    assert_false(m.has_unknown);
    assert_int_equal(m.present, 0);
    assert_ptr_equal(m.bytes, r.bytes);
    assert_int_equal(m.size, STUN_HEADER_SIZE);
}

static void method_and_class_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        uint16_t type, method;
        enum stun_class class;
    } types[] = {
        {0x0001, STUN_BINDING, STUN_REQUEST},
        {0x0011, STUN_BINDING, STUN_INDICATION},
        {0x0101, STUN_BINDING, STUN_SUCCESS},
        {0x0111, STUN_BINDING, STUN_ERROR},
        {0x0113, STUN_ALLOCATE, STUN_ERROR},
        {0x0016, STUN_SEND, STUN_INDICATION},
        {0x0017, STUN_DATA, STUN_INDICATION},
        {0x0108, STUN_CREATE_PERMISSION, STUN_SUCCESS},
        {0x0009, STUN_CHANNEL_BIND, STUN_REQUEST},
        {0x0020, 0x010, STUN_REQUEST},
        {0x0200, 0x080, STUN_REQUEST},
        {0x3eef, 0xfff, STUN_REQUEST},
        {0x3fff, 0xfff, STUN_ERROR},
    };
    for (size_t i = 0; i < COUNT(types); i++) {
        struct raw r;
        raw_begin(&r, types[i].type);
        struct stun_message m = parsed(&r);
        assert_int_equal(m.method, types[i].method);
        assert_int_equal(m.class, types[i].class);
    }
}

static void first_two_bits_must_be_zero(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        struct raw r;
        raw_begin(&r, 0x0001);
        r.bytes[0] = (uint8_t)first;
        assert_int_equal(raw_verdict(&r), first < 64 ? STUN_OK : STUN_NOT_STUN);
    }
}

static void fewer_than_twenty_bytes_are_no_stun(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    for (size_t size = 0; size < STUN_HEADER_SIZE; size++) {
        assert_int_equal(verdict(r.bytes, size), STUN_NOT_STUN);
    }
}

static void length_no_multiple_of_four_is_no_stun(void **state)
{
    (void)state;
    for (size_t length = 0; length < 64; length++) {
        struct raw r;
        raw_begin(&r, 0x0001);
        writer_zero(&r.w, length);
        raw_length(&r);
        assert_int_equal(raw_verdict(&r), length % 4 == 0 ? STUN_OK : STUN_NOT_STUN);
    }
}

static void length_beyond_the_datagram_is_no_stun(void **state)
{
    (void)state;
    for (unsigned length = 16; length <= 0xfffc; length += 4) {
        struct raw r;
        raw_begin(&r, 0x0001);
        writer_zero(&r.w, 12);
        writer_patch_u16(&r.w, 2, (uint16_t)length);
        assert_int_equal(raw_verdict(&r), STUN_NOT_STUN);
    }
}

static void trailing_bytes_are_no_stun(void **state)
{
    (void)state;
    for (size_t more = 1; more <= 16; more++) {
        struct raw r;
        raw_begin(&r, 0x0001);
        raw_attribute(&r, STUN_ATTR_USERNAME, "alice", 5);
        writer_zero(&r.w, more);
        assert_int_equal(raw_verdict(&r), STUN_NOT_STUN);
    }
}

static void every_truncation_is_no_stun(void **state)
{
    (void)state;
    struct raw r;
    size_t borders[8];
    whole_request(&r, borders);
    assert_int_equal(raw_verdict(&r), STUN_OK);
    for (size_t size = 0; size < r.w.used; size++) {
        assert_int_equal(verdict(r.bytes, size), STUN_NOT_STUN);
    }
}

static void truncation_hidden_by_the_length_is_malformed(void **state)
{
    (void)state;
    struct raw r;
    size_t borders[8];
    size_t n = whole_request(&r, borders);
    size_t border = 0;
    for (size_t size = STUN_HEADER_SIZE; size <= borders[n - 1]; size += 4) {
        writer_patch_u16(&r.w, 2, (uint16_t)(size - STUN_HEADER_SIZE));
        bool is_border = size == borders[border];
        border += is_border;
        assert_int_equal(verdict(r.bytes, size), is_border ? STUN_OK : STUN_MALFORMED);
    }
    assert_int_equal(border, n);
}

static void attribute_that_leaves_the_message_is_malformed(void **state)
{
    (void)state;
    struct raw r;
    size_t borders[8];
    size_t n = whole_request(&r, borders);
    for (size_t i = 0; i + 1 < n; i++) {
        size_t left = r.w.used - borders[i] - STUN_ATTR_HEADER_SIZE;
        /* near the edge every length, then some */
        for (size_t length = left + 1; length <= UINT16_MAX;
             length += length > left + 70 ? 251 : 1) {
            struct raw wrong = r;
            wrong.w.bytes = wrong.bytes;
            writer_patch_u16(&wrong.w, borders[i] + 2, (uint16_t)length);
            struct stun_message m;
            assert_int_equal(stun_message_parse(wrong.bytes, wrong.w.used, &m), STUN_MALFORMED);
        }
    }
}

static void overrun_behind_the_integrity_is_malformed(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    raw_integrity(&r);
    raw_attribute(&r, OPTIONAL, "1234", 4);
    writer_patch_u16(&r.w, r.w.used - 6, 8);
    assert_int_equal(raw_verdict(&r), STUN_MALFORMED);
}

static void values_are_found(void **state)
{
    (void)state;
    struct raw r;
    size_t borders[8];
    whole_request(&r, borders);
    struct stun_message m = parsed(&r);
    assert_value(&m, STUN_KNOWN_USERNAME, "alice");
    assert_value(&m, STUN_KNOWN_REALM, "example.org");
    assert_value(&m, STUN_KNOWN_NONCE, "nonces");
    assert_ptr_equal(stun_message_value(&m, STUN_KNOWN_USERNAME).bytes, r.bytes + borders[1] + 4);
}

static void absent_value_is_empty(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    struct stun_message m = parsed(&r);
    for (int which = 0; which < STUN_KNOWN_COUNT; which++) {
        assert_false(stun_message_has(&m, (enum stun_known)which));
        assert_int_equal(stun_message_value(&m, (enum stun_known)which).size, 0);
    }
}

static void earlier_message_in_the_same_place_leaves_no_trace(void **state)
{
    (void)state;
    struct raw r;
    size_t borders[8];
    struct stun_message m;
    whole_request(&r, borders);
    raw_attribute(&r, REQUIRED, "", 0);
    assert_int_equal(stun_message_parse(r.bytes, r.w.used, &m), STUN_OK);
    m.has_unknown = true;
    m.is_classic = true;
    raw_begin(&r, 0x0001);
    assert_int_equal(stun_message_parse(r.bytes, r.w.used, &m), STUN_OK);
    assert_int_equal(m.present, 0);
    assert_false(m.has_unknown);
    assert_false(m.is_classic);
}

static void transaction_id_is_behind_the_cookie(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    struct stun_message m = parsed(&r);
    struct span seen = stun_message_id(&m);
    assert_int_equal(seen.size, STUN_ID_SIZE);
    assert_memory_equal(seen.bytes, id, sizeof(id));
}

static void without_cookie_a_message_is_classic(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    raw_u32(&r, STUN_ATTR_CHANGE_REQUEST, STUN_CHANGE_PORT_FLAG);
    for (size_t bit = 0; bit < 32; bit++) {
        r.bytes[4 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct stun_message m = parsed(&r);
        assert_true(m.is_classic);
        assert_true(stun_message_has(&m, STUN_KNOWN_CHANGE_REQUEST));
        struct span seen = stun_message_id(&m);
        assert_int_equal(seen.size, STUN_CLASSIC_ID_SIZE);
        assert_ptr_equal(seen.bytes, r.bytes + 4);
        r.bytes[4 + bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void classic_message_knows_no_fingerprint(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    r.bytes[4] = 0;
    raw_u32(&r, STUN_ATTR_FINGERPRINT, 0);
    raw_attribute(&r, STUN_ATTR_USERNAME, "alice", 5);
    struct stun_message m = parsed(&r);
    assert_value(&m, STUN_KNOWN_USERNAME, "alice");
}

static void first_of_several_counts(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    raw_attribute(&r, STUN_ATTR_USERNAME, "", 0);
    raw_attribute(&r, STUN_ATTR_REALM, "first", 5);
    raw_attribute(&r, STUN_ATTR_REALM, "second one", 10);
    raw_attribute(&r, STUN_ATTR_USERNAME, "late", 4);
    struct stun_message m = parsed(&r);
    assert_value(&m, STUN_KNOWN_REALM, "first");
    assert_value(&m, STUN_KNOWN_USERNAME, "");
}

static void padding_may_hold_anything(void **state)
{
    (void)state;
    for (size_t size = 0; size < 4; size++) {
        for (unsigned fill = 0; fill < 256; fill++) {
            struct raw r;
            raw_begin(&r, 0x0001);
            raw_attribute(&r, STUN_ATTR_USERNAME, "abc", size);
            memset(r.bytes + r.w.used - (-size & 3), (int)fill, -size & 3);
            raw_attribute(&r, STUN_ATTR_REALM, "realm", 5);
            memset(r.bytes + r.w.used - 3, (int)fill, 3);
            struct stun_message m = parsed(&r);
            assert_int_equal(stun_message_value(&m, STUN_KNOWN_USERNAME).size, size);
            assert_value(&m, STUN_KNOWN_REALM, "realm");
        }
    }
}

static void unknown_required_type_is_told(void **state)
{
    (void)state;
    static const uint16_t required[] = {0x0000, 0x0002, REQUIRED, 0x7fff};
    for (size_t i = 0; i < COUNT(required); i++) {
        struct raw r;
        raw_begin(&r, 0x0001);
        raw_attribute(&r, required[i], "x", 1);
        assert_true(parsed(&r).has_unknown);
    }
}

static void unknown_optional_type_is_ignored(void **state)
{
    (void)state;
    static const uint16_t optional[] = {OPTIONAL, 0x8003, 0x8029, 0xffff};
    for (size_t i = 0; i < COUNT(optional); i++) {
        struct raw r;
        raw_begin(&r, 0x0001);
        raw_attribute(&r, optional[i], "x", 1);
        struct stun_message m = parsed(&r);
        assert_false(m.has_unknown);
        assert_int_equal(m.present, 0);
    }
}

static void behind_integrity_nothing_counts(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    raw_attribute(&r, STUN_ATTR_REALM, "signed", 6);
    raw_integrity(&r);
    raw_attribute(&r, STUN_ATTR_USERNAME, "unsigned", 8);
    raw_attribute(&r, STUN_ATTR_REALM, "unsigned", 8);
    raw_attribute(&r, REQUIRED, "unsigned", 8);
    raw_integrity(&r);
    struct stun_message m = parsed(&r);
    assert_false(stun_message_has(&m, STUN_KNOWN_USERNAME));
    assert_false(m.has_unknown);
    assert_value(&m, STUN_KNOWN_REALM, "signed");
    assert_ptr_equal(stun_message_value(&m, STUN_KNOWN_MESSAGE_INTEGRITY).bytes, r.bytes + 36);
}

static void behind_integrity_sha256_and_fingerprint_count(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    raw_integrity(&r);
    raw_attribute(&r, STUN_ATTR_USERNAME, "unsigned", 8);
    raw_integrity_sha256(&r);
    raw_attribute(&r, STUN_ATTR_REALM, "unsigned", 8);
    raw_fingerprint(&r);
    struct stun_message m = parsed(&r);
    assert_true(stun_message_has(&m, STUN_KNOWN_MESSAGE_INTEGRITY));
    assert_true(stun_message_has(&m, STUN_KNOWN_MESSAGE_INTEGRITY_SHA256));
    assert_true(stun_message_has(&m, STUN_KNOWN_FINGERPRINT));
    assert_false(stun_message_has(&m, STUN_KNOWN_USERNAME));
    assert_false(stun_message_has(&m, STUN_KNOWN_REALM));
}

static void behind_sha256_only_fingerprint_counts(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    raw_integrity_sha256(&r);
    raw_integrity(&r);
    raw_attribute(&r, STUN_ATTR_USERNAME, "unsigned", 8);
    raw_attribute(&r, REQUIRED, "unsigned", 8);
    raw_fingerprint(&r);
    struct stun_message m = parsed(&r);
    assert_false(stun_message_has(&m, STUN_KNOWN_MESSAGE_INTEGRITY));
    assert_false(stun_message_has(&m, STUN_KNOWN_USERNAME));
    assert_false(m.has_unknown);
    assert_true(stun_message_has(&m, STUN_KNOWN_FINGERPRINT));
}

static void empty_texts_are_there_and_empty(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    raw_attribute(&r, STUN_ATTR_USERNAME, "", 0);
    raw_attribute(&r, STUN_ATTR_REALM, "", 0);
    raw_attribute(&r, STUN_ATTR_SOFTWARE, "", 0);
    raw_attribute(&r, STUN_ATTR_NONCE, "", 0); /* the last bytes of the message */
    assert_int_equal(raw_verdict(&r), STUN_OK);
    struct stun_message m = parsed(&r);
    assert_value(&m, STUN_KNOWN_USERNAME, "");
    assert_value(&m, STUN_KNOWN_REALM, "");
    assert_value(&m, STUN_KNOWN_SOFTWARE, "");
    assert_value(&m, STUN_KNOWN_NONCE, "");
}

static void long_names_are_read_whole(void **state)
{
    (void)state;
    char name[764];
    memset(name, 'n', sizeof(name));
    static const size_t sizes[] = {STUN_NAME_MAX, STUN_NAME_MAX + 1, STUN_TEXT_MAX, 764};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct raw r;
        raw_begin(&r, 0x0003);
        raw_attribute(&r, STUN_ATTR_USERNAME, name, sizes[i]);
        struct stun_message m = parsed(&r);
        assert_int_equal(stun_message_value(&m, STUN_KNOWN_USERNAME).size, sizes[i]);
    }
}

static void right_fingerprint_is_taken(void **state)
{
    (void)state;
    struct raw r;
    size_t borders[8];
    whole_request(&r, borders);
    raw_fingerprint(&r);
    struct stun_message m = parsed(&r);
    assert_true(stun_message_has(&m, STUN_KNOWN_FINGERPRINT));
}

static void fingerprint_notices_every_flipped_bit(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    raw_attribute(&r, STUN_ATTR_USERNAME, "alice", 5);
    raw_fingerprint(&r);
    for (size_t bit = 0; bit < 8 * r.w.used; bit++) {
        size_t at = bit / 8;
        bool is_cookie = at >= 4 && at < 8; /* a classic message, which knows no checksum */
        bool is_size = at >= 22 && at < 24; /* a value that may swallow the checksum */
        bool is_type = at >= r.w.used - 8 && at < r.w.used - 4; /* no checksum at all */
        if (is_cookie || is_size || is_type) {
            continue;
        }
        r.bytes[at] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(raw_verdict(&r), STUN_OK);
        r.bytes[at] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(raw_verdict(&r), STUN_OK);
}

static void fingerprint_of_another_size_is_malformed(void **state)
{
    (void)state;
    struct raw empty;
    raw_begin(&empty, 0x0001);
    raw_attribute(&empty, STUN_ATTR_FINGERPRINT, "", 0);
    assert_int_equal(raw_verdict(&empty), STUN_MALFORMED);
    for (size_t size = 1; size <= 8; size++) {
        struct raw r;
        raw_begin(&r, 0x0001);
        raw_attribute(&r, STUN_ATTR_FINGERPRINT, "\0\0\0\0\0\0\0", size);
        /* right for a reader who looks at the last eight bytes, whatever the size says */
        size_t at = r.w.used - 8;
        struct span covered = {r.bytes, at};
        struct writer w = writer_init(r.bytes + (size > 4 ? at : at + 4), 4);
        writer_u32(&w, crc32_of(&covered, 1) ^ STUN_FINGERPRINT_XOR);
        assert_int_equal(raw_verdict(&r), size == 4 ? STUN_OK : STUN_MALFORMED);
    }
}

static void fingerprint_before_others_is_malformed(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    writer_patch_u16(&r.w, 2, 12); /* right for the whole message */
    struct span covered = {r.bytes, r.w.used};
    raw_u32(&r, STUN_ATTR_FINGERPRINT, crc32_of(&covered, 1) ^ STUN_FINGERPRINT_XOR);
    raw_attribute(&r, STUN_ATTR_SOFTWARE, "", 0);
    assert_int_equal(r.bytes[3], 12);
    assert_int_equal(raw_verdict(&r), STUN_MALFORMED);
}

static void number_needs_exactly_four_bytes(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 8; size++) {
        struct raw r;
        uint32_t number = 0;
        raw_begin(&r, 0x0003);
        raw_attribute(&r, STUN_ATTR_LIFETIME, "\xfe\xdc\xba\x98\x76\x54\x32\x10", size);
        struct stun_message m = parsed(&r);
        assert_int_equal(stun_message_u32(&m, STUN_KNOWN_LIFETIME, &number), size == 4);
        assert_true(size != 4 || number == UINT32_C(0xfedcba98));
    }
}

static void absent_number_is_none(void **state)
{
    (void)state;
    struct raw r;
    uint32_t number;
    raw_begin(&r, 0x0003);
    struct stun_message m = parsed(&r);
    assert_false(stun_message_u32(&m, STUN_KNOWN_LIFETIME, &number));
}

static struct stun_message with_address(struct raw *r, const uint8_t *value, size_t size)
{
    raw_begin(r, 0x0008);
    raw_attribute(r, STUN_ATTR_XOR_PEER_ADDRESS, value, size);
    return parsed(r);
}

static void xored_addresses_are_read(void **state)
{
    (void)state;
    /* 192.0.2.1 and 2001:db8:1234:5678:11:2233:4455:6677, both port 32853, under this id */
    static const uint8_t v4[] = {0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43};
    static const uint8_t v6[] = {0,    2,    0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0x13, 0x36,
                                 0x55, 0x7c, 0x05, 0x17, 0x25, 0x3b, 0x4d, 0x5f, 0x6d, 0x7b};
    struct raw r;
    struct netaddr a;
    struct netaddr expected;
    struct stun_message m = with_address(&r, v4, sizeof(v4));
    assert_true(stun_message_address(&m, STUN_KNOWN_XOR_PEER_ADDRESS, &a));
    assert_true(netaddr_parse("192.0.2.1:32853", &expected));
    assert_memory_equal(&a, &expected, sizeof(a));
    m = with_address(&r, v6, sizeof(v6));
    assert_true(stun_message_address(&m, STUN_KNOWN_XOR_PEER_ADDRESS, &a));
    assert_true(netaddr_parse("[2001:db8:1234:5678:11:2233:4455:6677]:32853", &expected));
    assert_memory_equal(&a, &expected, sizeof(a));
}

static void each_address_of_a_walk_is_read(void **state)
{
    (void)state;
    static const uint8_t peers[2][8] = {{0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43},
                                        {0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x40}};
    static const char *const texts[2] = {"192.0.2.1:32853", "192.0.2.2:32853"};
    struct raw r;
    raw_begin(&r, 0x0008);
    raw_attribute(&r, STUN_ATTR_XOR_PEER_ADDRESS, peers[0], 8);
    raw_attribute(&r, STUN_ATTR_XOR_PEER_ADDRESS, peers[1], 8);
    struct stun_message m = parsed(&r);
    struct stun_walk walk = stun_message_walk(&m);
    for (int i = 0; i < 2; i++) {
        struct netaddr a;
        struct netaddr expected;
        assert_true(stun_message_step(&walk));
        assert_true(stun_message_read_address(&m, walk.value, &a));
        assert_true(netaddr_parse(texts[i], &expected));
        assert_memory_equal(&a, &expected, sizeof(a));
    }
}

static void first_byte_of_an_address_does_not_matter(void **state)
{
    (void)state;
    struct raw r;
    struct netaddr a;
    struct stun_message m = with_address(&r, (const uint8_t *)"\xff\1\0\0\0\0\0\0", 8);
    assert_true(stun_message_address(&m, STUN_KNOWN_XOR_PEER_ADDRESS, &a));
}

static void address_of_wrong_size_or_family_is_none(void **state)
{
    (void)state;
    for (unsigned family = 0; family < 256; family++) {
        for (size_t size = 0; size <= 24; size++) {
            uint8_t value[24] = {0, (uint8_t)family};
            struct raw r;
            struct netaddr a;
            struct stun_message m = with_address(&r, value, size);
            bool is_right = (family == 1 && size == 8) || (family == 2 && size == 20);
            assert_int_equal(stun_message_address(&m, STUN_KNOWN_XOR_PEER_ADDRESS, &a), is_right);
        }
    }
}

static void absent_address_is_none(void **state)
{
    (void)state;
    struct raw r;
    struct netaddr a;
    raw_begin(&r, 0x0008);
    struct stun_message m = parsed(&r);
    assert_false(stun_message_address(&m, STUN_KNOWN_XOR_PEER_ADDRESS, &a));
}

static void walk_meets_all_in_order(void **state)
{
    (void)state;
    struct raw r;
    static const uint16_t types[] = {REQUIRED, STUN_ATTR_REALM, OPTIONAL, STUN_ATTR_REALM, 0};
    raw_begin(&r, 0x0001);
    for (size_t i = 0; i < COUNT(types); i++) {
        raw_attribute(&r, types[i], "abcde", i);
    }
    struct stun_message m = parsed(&r);
    struct stun_walk walk = stun_message_walk(&m);
    for (size_t i = 0; i < COUNT(types); i++) {
        assert_true(stun_message_step(&walk));
        assert_int_equal(walk.type, types[i]);
        assert_int_equal(walk.value.size, i);
        assert_memory_equal(walk.value.bytes, "abcde", i);
    }
    assert_false(stun_message_step(&walk));
    assert_false(stun_message_step(&walk));
}

static void walk_over_nothing_ends_at_once(void **state)
{
    (void)state;
    struct raw r;
    raw_begin(&r, 0x0001);
    struct stun_message m = parsed(&r);
    struct stun_walk walk = stun_message_walk(&m);
    assert_false(stun_message_step(&walk));
}

static void walk_ends_with_the_integrity(void **state)
{
    (void)state;
    for (int is_sha256 = 0; is_sha256 < 2; is_sha256++) {
        struct raw r;
        raw_begin(&r, 0x0001);
        raw_attribute(&r, REQUIRED, "x", 1);
        if (is_sha256) {
            raw_integrity_sha256(&r);
        } else {
            raw_integrity(&r);
        }
        raw_attribute(&r, REQUIRED, "unsigned", 8);
        struct stun_message m = parsed(&r);
        struct stun_walk walk = stun_message_walk(&m);
        assert_true(stun_message_step(&walk));
        assert_true(stun_message_step(&walk));
        assert_false(stun_message_step(&walk));
        assert_false(stun_message_step(&walk));
    }
}

static void exactly_the_types_of_the_table_are_known(void **state)
{
    (void)state;
    int known = 0;
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        known += stun_message_is_known((uint16_t)type);
    }
    assert_int_equal(known, STUN_KNOWN_COUNT);
#define IS_KNOWN(name, type) assert_true(stun_message_is_known(type));
    STUN_ATTRIBUTES(IS_KNOWN)
#undef IS_KNOWN
}

static void every_known_type_has_its_place(void **state)
{
    (void)state;
    struct raw r;
    struct stun_message m;
#define HAS_PLACE(name, type)                                                                      \
    if (type != STUN_ATTR_FINGERPRINT) {                                                           \
        raw_begin(&r, 0x0001);                                                                     \
        raw_attribute(&r, type, "value", 5);                                                       \
        m = parsed(&r);                                                                            \
        assert_int_equal(m.present, UINT32_C(1) << STUN_KNOWN_##name);                             \
        assert_value(&m, STUN_KNOWN_##name, "value");                                              \
    }
    STUN_ATTRIBUTES(HAS_PLACE)
#undef HAS_PLACE
}

static void largest_message_is_read_to_its_end(void **state)
{
    (void)state;
    static uint8_t bytes[LARGEST];
    struct writer w = writer_init(bytes, sizeof(bytes));
    writer_u16(&w, 0x0016);
    writer_u16(&w, 65532);
    writer_u32(&w, STUN_COOKIE);
    writer_bytes(&w, id, sizeof(id));
    writer_u16(&w, STUN_ATTR_DATA);
    writer_u16(&w, 65532 - 4 - 4 - 8);
    writer_zero(&w, 65532 - 4 - 4 - 8);
    writer_u16(&w, STUN_ATTR_DONT_FRAGMENT);
    writer_u16(&w, 0);
    struct span covered = {bytes, w.used};
    writer_u16(&w, STUN_ATTR_FINGERPRINT);
    writer_u16(&w, 4);
    writer_u32(&w, crc32_of(&covered, 1) ^ STUN_FINGERPRINT_XOR);
    assert_int_equal(w.used, LARGEST);
    struct stun_message m;
    assert_int_equal(stun_message_parse(bytes, LARGEST, &m), STUN_OK);
    assert_ptr_equal(stun_message_value(&m, STUN_KNOWN_FINGERPRINT).bytes, bytes + LARGEST - 4);
    assert_ptr_equal(stun_message_value(&m, STUN_KNOWN_DONT_FRAGMENT).bytes, bytes + LARGEST - 8);
}

static void random_bytes_are_read_within_their_bounds(void **state)
{
    (void)state;
    uint64_t chance = 40;
    int taken = 0;
    for (int i = 0; i < 200000; i++) {
        struct raw r;
        raw_begin(&r, (uint16_t)(support_random(&chance) & 0x3fff));
        while (support_below(&chance, 4) > 0 && r.w.used < ROOM - 64) {
            raw_attribute(&r, (uint16_t)support_random(&chance), "0123456789abcdef",
                          support_below(&chance, 17));
        }
        for (uint32_t n = support_below(&chance, 3); n > 0; n--) {
            r.bytes[support_below(&chance, (uint32_t)r.w.used)] = (uint8_t)support_random(&chance);
        }
        taken += raw_verdict(&r) == STUN_OK;
    }
    assert_in_range(taken, 50000, 199000); /* both kinds were met */
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "a header alone is a message", .test_func = header_alone_is_a_message},
        {.name = "method and class are taken apart", .test_func = method_and_class_are_taken_apart},
        {.name = "S01 a datagram whose first two bits are not zero is no STUN",
         .test_func = first_two_bits_must_be_zero},
        {.name = "S02 fewer than twenty bytes are no STUN",
         .test_func = fewer_than_twenty_bytes_are_no_stun},
        {.name = "S02 a length that is no multiple of four is no STUN",
         .test_func = length_no_multiple_of_four_is_no_stun},
        {.name = "S02 a length beyond the datagram is no STUN",
         .test_func = length_beyond_the_datagram_is_no_stun},
        {.name = "S02 bytes behind the message are no STUN",
         .test_func = trailing_bytes_are_no_stun},
        {.name = "S02 every truncation is no STUN", .test_func = every_truncation_is_no_stun},
        {.name = "S28 a truncation that the length hides is malformed",
         .test_func = truncation_hidden_by_the_length_is_malformed},
        {.name = "S28 an attribute that leaves the message is malformed",
         .test_func = attribute_that_leaves_the_message_is_malformed},
        {.name = "S28 an overrun behind the integrity is malformed too",
         .test_func = overrun_behind_the_integrity_is_malformed},
        {.name = "values are found", .test_func = values_are_found},
        {.name = "an absent value is empty", .test_func = absent_value_is_empty},
        {.name = "an earlier message in the same place leaves no trace",
         .test_func = earlier_message_in_the_same_place_leaves_no_trace},
        {.name = "S03 the transaction id is what stands behind the cookie",
         .test_func = transaction_id_is_behind_the_cookie},
        {.name = "without the cookie a message is classic and its id longer",
         .test_func = without_cookie_a_message_is_classic},
        {.name = "a classic message knows no FINGERPRINT",
         .test_func = classic_message_knows_no_fingerprint},
        {.name = "S24 of several attributes of one type the first counts",
         .test_func = first_of_several_counts},
        {.name = "S25 padding may hold anything", .test_func = padding_may_hold_anything},
        {.name = "S04 an unknown type that must be understood is told",
         .test_func = unknown_required_type_is_told},
        {.name = "S05 an unknown type that may be ignored is ignored",
         .test_func = unknown_optional_type_is_ignored},
        {.name = "S26 behind MESSAGE-INTEGRITY nothing else counts",
         .test_func = behind_integrity_nothing_counts},
        {.name = "S26 behind MESSAGE-INTEGRITY the SHA-256 one and FINGERPRINT count",
         .test_func = behind_integrity_sha256_and_fingerprint_count},
        {.name = "S26 behind MESSAGE-INTEGRITY-SHA256 only FINGERPRINT counts",
         .test_func = behind_sha256_only_fingerprint_counts},
        {.name = "S27 texts of length zero are there and empty",
         .test_func = empty_texts_are_there_and_empty},
        {.name = "S52 a name that is too long is read whole, for its judge to refuse",
         .test_func = long_names_are_read_whole},
        {.name = "S16 a right FINGERPRINT is taken", .test_func = right_fingerprint_is_taken},
        {.name = "S17 FINGERPRINT notices every flipped bit",
         .test_func = fingerprint_notices_every_flipped_bit},
        {.name = "S17 a FINGERPRINT of another size is malformed",
         .test_func = fingerprint_of_another_size_is_malformed},
        {.name = "S18 a FINGERPRINT that is not the last is malformed",
         .test_func = fingerprint_before_others_is_malformed},
        {.name = "a number needs exactly four bytes", .test_func = number_needs_exactly_four_bytes},
        {.name = "an absent number is none", .test_func = absent_number_is_none},
        {.name = "xored addresses of both families are read",
         .test_func = xored_addresses_are_read},
        {.name = "each address of a walk is read by itself",
         .test_func = each_address_of_a_walk_is_read},
        {.name = "the first byte of an address does not matter",
         .test_func = first_byte_of_an_address_does_not_matter},
        {.name = "an address of a wrong size or family is none",
         .test_func = address_of_wrong_size_or_family_is_none},
        {.name = "an absent address is none", .test_func = absent_address_is_none},
        {.name = "S04 a walk meets all attributes in order, known or not",
         .test_func = walk_meets_all_in_order},
        {.name = "a walk over nothing ends at once", .test_func = walk_over_nothing_ends_at_once},
        {.name = "S26 a walk ends with the integrity", .test_func = walk_ends_with_the_integrity},
        {.name = "exactly the types of the table are known",
         .test_func = exactly_the_types_of_the_table_are_known},
        {.name = "every known type has its place", .test_func = every_known_type_has_its_place},
        {.name = "the largest message is read to its end",
         .test_func = largest_message_is_read_to_its_end},
        {.name = "random bytes are read within their bounds",
         .test_func = random_bytes_are_read_within_their_bounds},
    };
    return cmocka_run_group_tests_name("stun_message", tests, NULL, NULL);
}
