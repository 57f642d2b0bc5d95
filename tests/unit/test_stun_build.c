/* test_stun_build — values to messages: the exact bytes, and nothing when there is no room. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "wire/crc32.h"
#include "wire/stun_build.h"
#include "wire/stun_message.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ROOM = 2048 };

static const uint8_t id[STUN_ID_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const struct span id_span = {id, sizeof(id)};

/* begin — a success of Binding in `room` bytes that held something else before. */
static struct stun_build begin(uint8_t *bytes, size_t room)
{
    memset(bytes, 0xee, room);
    return stun_build_begin(bytes, room, STUN_SUCCESS, STUN_BINDING, id_span);
}

static void assert_bytes(const uint8_t *bytes, size_t size, const char *hex)
{
    uint8_t expected[512];
    assert_int_equal(size, support_hex(hex, expected, sizeof(expected)));
    assert_memory_equal(bytes, expected, size);
}

static struct netaddr address(const char *text)
{
    struct netaddr a;
    assert_true(netaddr_parse(text, &a));
    return a;
}

static void header_is_written(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_build b = begin(bytes, ROOM);
    assert_bytes(bytes, stun_build_end(&b), "0101 0000 2112a442 0102030405060708090a0b0c");
}

static void every_method_and_class_comes_back(void **state)
{
    (void)state;
    for (unsigned method = 0; method <= 0xfff; method++) {
        for (int class = 0; class < 4; class ++) {
            uint8_t bytes[STUN_HEADER_SIZE];
            struct stun_message m;
            struct stun_build b = stun_build_begin(bytes, sizeof(bytes), (enum stun_class) class,
                                                   (uint16_t)method, id_span);
            assert_int_equal(stun_message_parse(bytes, stun_build_end(&b), &m), STUN_OK);
            assert_int_equal(m.method, method);
            assert_int_equal(m.class, class);
        }
    }
}

static void method_and_class_are_interleaved(void **state)
{
    (void)state;
    static const struct {
        enum stun_class class;
        uint16_t method, type;
    } types[] = {
        {STUN_REQUEST, STUN_BINDING, 0x0001},    {STUN_INDICATION, STUN_DATA, 0x0017},
        {STUN_SUCCESS, STUN_ALLOCATE, 0x0103},   {STUN_ERROR, STUN_ALLOCATE, 0x0113},
        {STUN_ERROR, STUN_CHANNEL_BIND, 0x0119}, {STUN_SUCCESS, 0x010, 0x0120},
        {STUN_REQUEST, 0x080, 0x0200},           {STUN_ERROR, 0xfff, 0x3fff},
    };
    for (size_t i = 0; i < COUNT(types); i++) {
        uint8_t bytes[STUN_HEADER_SIZE];
        stun_build_begin(bytes, sizeof(bytes), types[i].class, types[i].method, id_span);
        assert_int_equal(bytes[0] << 8 | bytes[1], types[i].type);
    }
}

static void answer_to_a_classic_message_echoes_sixteen_bytes(void **state)
{
    (void)state;
    static const uint8_t classic[STUN_CLASSIC_ID_SIZE] = "classic message";
    uint8_t bytes[ROOM];
    struct stun_message m;
    struct netaddr a = address("192.0.2.1:32853");
    struct stun_build b = stun_build_begin(bytes, ROOM, STUN_SUCCESS, STUN_BINDING,
                                           (struct span){classic, sizeof(classic)});
    stun_build_plain_address(&b, STUN_ATTR_MAPPED_ADDRESS, &a);
    assert_int_equal(stun_message_parse(bytes, stun_build_end(&b), &m), STUN_OK);
    assert_true(m.is_classic);
    struct span seen = stun_message_id(&m);
    assert_int_equal(seen.size, sizeof(classic));
    assert_memory_equal(seen.bytes, classic, sizeof(classic));
}

static void values_are_padded_with_zeros(void **state)
{
    (void)state;
    static const char *const whole[] = {
        "0101 0004 2112a442 0102030405060708090a0b0c 8022 0000",
        "0101 0008 2112a442 0102030405060708090a0b0c 8022 0001 61000000",
        "0101 0008 2112a442 0102030405060708090a0b0c 8022 0002 61620000",
        "0101 0008 2112a442 0102030405060708090a0b0c 8022 0003 61626300",
        "0101 0008 2112a442 0102030405060708090a0b0c 8022 0004 61626364",
        "0101 000c 2112a442 0102030405060708090a0b0c 8022 0005 61626364 65000000",
    };
    for (size_t size = 0; size < COUNT(whole); size++) {
        uint8_t bytes[ROOM];
        struct stun_build b = begin(bytes, ROOM);
        stun_build_bytes(&b, STUN_ATTR_SOFTWARE, (struct span){(const uint8_t *)"abcde", size});
        assert_bytes(bytes, stun_build_end(&b), whole[size]);
    }
}

static void length_is_right_after_every_step(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_build b = begin(bytes, ROOM);
    for (size_t size = 0; size < 20; size++) {
        struct stun_message m;
        assert_int_equal(stun_message_parse(bytes, stun_build_end(&b), &m), STUN_OK);
        stun_build_bytes(&b, STUN_ATTR_SOFTWARE, (struct span){bytes, size});
    }
}

static void numbers_are_in_network_order(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_build b = begin(bytes, ROOM);
    stun_build_u32(&b, STUN_ATTR_LIFETIME, UINT32_C(0xfedcba98));
    assert_bytes(bytes, stun_build_end(&b),
                 "0101 0008 2112a442 0102030405060708090a0b0c 000d 0004 fedcba98");
}

static void xored_addresses_are_written(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct netaddr v4 = address("192.0.2.1:32853");
    struct netaddr v6 = address("[2001:db8:1234:5678:11:2233:4455:6677]:32853");
    struct stun_build b = begin(bytes, ROOM);
    stun_build_address(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, &v4);
    stun_build_address(&b, STUN_ATTR_XOR_PEER_ADDRESS, &v6);
    assert_bytes(bytes, stun_build_end(&b),
                 "0101 0024 2112a442 0102030405060708090a0b0c 0020 0008 0001 a147 e112a643"
                 "0012 0014 0002 a147 0113a9fa 1336557c 0517253b 4d5f6d7b");
}

static void plain_addresses_are_written(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct netaddr v4 = address("192.0.2.1:32853");
    struct netaddr v6 = address("[2001:db8:1234:5678:11:2233:4455:6677]:32853");
    struct stun_build b = begin(bytes, ROOM);
    stun_build_plain_address(&b, STUN_ATTR_MAPPED_ADDRESS, &v4);
    stun_build_plain_address(&b, STUN_ATTR_MAPPED_ADDRESS, &v6);
    assert_bytes(bytes, stun_build_end(&b),
                 "0101 0024 2112a442 0102030405060708090a0b0c 0001 0008 0001 8055 c0000201"
                 "0001 0014 0002 8055 20010db8 12345678 00112233 44556677");
}

static void random_addresses_come_back(void **state)
{
    (void)state;
    uint64_t chance = 50;
    for (int i = 0; i < 10000; i++) {
        uint8_t bytes[64];
        uint8_t ip[16];
        uint8_t any_id[STUN_ID_SIZE];
        support_fill(&chance, ip, sizeof(ip));
        support_fill(&chance, any_id, sizeof(any_id));
        uint16_t port = (uint16_t)support_random(&chance);
        struct netaddr a =
            i % 2 ? netaddr_ipv6(ip, port) : netaddr_ipv4((uint32_t)support_random(&chance), port);
        struct netaddr back;
        struct stun_message m;
        struct stun_build b = stun_build_begin(bytes, sizeof(bytes), STUN_SUCCESS, STUN_ALLOCATE,
                                               (struct span){any_id, sizeof(any_id)});
        stun_build_address(&b, STUN_ATTR_XOR_RELAYED_ADDRESS, &a);
        assert_int_equal(stun_message_parse(bytes, stun_build_end(&b), &m), STUN_OK);
        assert_true(stun_message_address(&m, STUN_KNOWN_XOR_RELAYED_ADDRESS, &back));
        assert_memory_equal(&back, &a, sizeof(a));
    }
}

static void error_is_class_number_and_reason(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_build b = begin(bytes, ROOM);
    stun_build_error(&b, 438, "Stale");
    assert_bytes(bytes, stun_build_end(&b),
                 "0101 0010 2112a442 0102030405060708090a0b0c 0009 0009 0000 0426"
                 "5374616c 65000000");
}

static void every_error_code_is_in_bounds(void **state)
{
    (void)state;
    for (unsigned code = 300; code <= 699; code++) {
        uint8_t bytes[ROOM];
        struct stun_build b = begin(bytes, ROOM);
        stun_build_error(&b, code, "");
        assert_int_equal(stun_build_end(&b), STUN_HEADER_SIZE + 8);
        const uint8_t *value = bytes + STUN_HEADER_SIZE + STUN_ATTR_HEADER_SIZE;
        assert_int_equal(value[0], 0);
        assert_int_equal(value[1], 0);
        assert_in_range(value[2], 3, 6);
        assert_in_range(value[3], 0, 99);
        assert_int_equal(value[2] * 100 + value[3], code);
    }
}

static void fingerprint_covers_all_before_it(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_build b = begin(bytes, ROOM);
    stun_build_bytes(&b, STUN_ATTR_SOFTWARE, span_of_text("turnpike"));
    stun_build_fingerprint(&b);
    size_t size = stun_build_end(&b);
    struct span covered = {bytes, size - 8};
    struct reader last = reader_init(bytes + size - 8, 8);
    assert_int_equal(bytes[2] << 8 | bytes[3], size - STUN_HEADER_SIZE);
    assert_int_equal(reader_u32(&last), 0x80280004);
    assert_true(reader_u32(&last) == (crc32_of(&covered, 1) ^ UINT32_C(0x5354554e)));
}

static void reserved_place_is_the_callers_to_fill(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_build b = begin(bytes, ROOM);
    uint8_t *place = stun_build_reserve(&b, STUN_ATTR_DATA, 5);
    assert_ptr_equal(place, bytes + STUN_HEADER_SIZE + STUN_ATTR_HEADER_SIZE);
    memset(place, 'x', 5);
    assert_bytes(bytes, stun_build_end(&b),
                 "0101 000c 2112a442 0102030405060708090a0b0c 0013 0005 78787878 78000000");
}

static void reserved_place_of_nothing_is_a_place(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct stun_build b = begin(bytes, ROOM);
    assert_non_null(stun_build_reserve(&b, STUN_ATTR_DONT_FRAGMENT, 0));
    assert_int_equal(stun_build_end(&b), STUN_HEADER_SIZE + STUN_ATTR_HEADER_SIZE);
}

/* build_all — one attribute by every function; returns the size. */
static size_t build_all(uint8_t *bytes, size_t room)
{
    struct netaddr v4 = address("192.0.2.1:32853");
    struct netaddr v6 = address("[2001:db8::1]:32853");
    struct stun_build b = begin(bytes, room);
    stun_build_error(&b, 401, "");
    stun_build_bytes(&b, STUN_ATTR_REALM, span_of_text("realm"));
    stun_build_u32(&b, STUN_ATTR_LIFETIME, 600);
    stun_build_address(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, &v4);
    stun_build_plain_address(&b, STUN_ATTR_MAPPED_ADDRESS, &v6);
    uint8_t *place = stun_build_reserve(&b, STUN_ATTR_DATA, 3);
    if (place) {
        memset(place, 1, 3);
    }
    stun_build_fingerprint(&b);
    return stun_build_end(&b);
}

static void without_room_there_is_no_message(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    size_t size = build_all(bytes, ROOM);
    assert_in_range(size, 100, 200);
    for (size_t room = 0; room < size; room++) {
        memset(bytes, 0xdd, sizeof(bytes));
        assert_int_equal(build_all(bytes, room), 0);
        for (size_t i = room; i < room + 64; i++) {
            assert_int_equal(bytes[i], 0xdd);
        }
    }
    assert_int_equal(build_all(bytes, size), size);
}

static void failed_build_stays_failed(void **state)
{
    (void)state;
    uint8_t bytes[STUN_HEADER_SIZE + 8];
    struct stun_build b = begin(bytes, sizeof(bytes));
    stun_build_bytes(&b, STUN_ATTR_REALM, span_of_text("too long"));
    stun_build_u32(&b, STUN_ATTR_LIFETIME, 600); /* would have had room */
    assert_null(stun_build_reserve(&b, STUN_ATTR_DONT_FRAGMENT, 0));
    assert_int_equal(stun_build_end(&b), 0);
}

static void value_above_sixteen_bits_is_refused(void **state)
{
    (void)state;
    static uint8_t bytes[200000];
    struct stun_build b = begin(bytes, sizeof(bytes));
    assert_null(stun_build_reserve(&b, STUN_ATTR_DATA, UINT16_MAX + 1));
    assert_int_equal(stun_build_end(&b), 0);
}

static void message_above_sixteen_bits_is_refused(void **state)
{
    (void)state;
    static uint8_t bytes[200000];
    struct stun_build b = begin(bytes, sizeof(bytes));
    assert_non_null(stun_build_reserve(&b, STUN_ATTR_DATA, 65532 - STUN_ATTR_HEADER_SIZE));
    assert_int_equal(stun_build_end(&b), STUN_HEADER_SIZE + 65532);
    assert_int_equal(bytes[2] << 8 | bytes[3], 65532);
    assert_null(stun_build_reserve(&b, STUN_ATTR_DONT_FRAGMENT, 0));
    assert_int_equal(stun_build_end(&b), 0);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "S03 the header has cookie and transaction id", .test_func = header_is_written},
        {.name = "S03 every method and class comes back",
         .test_func = every_method_and_class_comes_back},
        {.name = "method and class are interleaved", .test_func = method_and_class_are_interleaved},
        {.name = "the answer to a classic message echoes sixteen bytes",
         .test_func = answer_to_a_classic_message_echoes_sixteen_bytes},
        {.name = "values are padded with zeros", .test_func = values_are_padded_with_zeros},
        {.name = "the length is right after every step",
         .test_func = length_is_right_after_every_step},
        {.name = "numbers are in network order", .test_func = numbers_are_in_network_order},
        {.name = "xored addresses are written", .test_func = xored_addresses_are_written},
        {.name = "plain addresses are written", .test_func = plain_addresses_are_written},
        {.name = "random addresses come back", .test_func = random_addresses_come_back},
        {.name = "an error is class, number and reason",
         .test_func = error_is_class_number_and_reason},
        {.name = "S53 every error code has class 3 to 6 and number 0 to 99",
         .test_func = every_error_code_is_in_bounds},
        {.name = "S16 FINGERPRINT covers all before it",
         .test_func = fingerprint_covers_all_before_it},
        {.name = "a reserved place is the caller's to fill",
         .test_func = reserved_place_is_the_callers_to_fill},
        {.name = "a reserved place of no bytes is a place",
         .test_func = reserved_place_of_nothing_is_a_place},
        {.name = "without room there is no message and nothing is written behind",
         .test_func = without_room_there_is_no_message},
        {.name = "a failed build stays failed", .test_func = failed_build_stays_failed},
        {.name = "a value longer than its length can say is refused",
         .test_func = value_above_sixteen_bits_is_refused},
        {.name = "a message longer than its length can say is refused",
         .test_func = message_above_sixteen_bits_is_refused},
    };
    return cmocka_run_group_tests_name("stun_build", tests, NULL, NULL);
}
