/* test_forward — headers byte for byte, room in front and behind, and counters that add up. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "relay/channel.h"
#include "relay/forward.h"
#include "relay/permit.h"
#include "wire/stun_build.h"

#include <stdlib.h>

enum { ROOM = 70000, ENDPOINT4 = 3, ENDPOINT6 = 5, NUMBER = 0x4001 };

static struct support_memory memory;
static struct flow_table table;
static struct own own;
static struct path path;
static struct peer_addr peer4, peer6, other;
static uint32_t flow, permit4, permit6;
static const struct mono now = {1000};

static void fill(void *context, void *out, size_t size)
{
    support_fill(context, out, size);
}

/* begin — a flow of both families with permissions for peer4 and peer6 and no channel. */
static int begin(void **state)
{
    static uint64_t chance = 7;
    struct entropy entropy = {&chance, fill};
    struct permit like = {.own = OWN_NONE};
    uint8_t ip[16] = {0x20, 1, 0xd, 0xb8, [15] = 9};
    (void)state;
    support_memory_init(&memory);
    if (!flow_table_init(&table, &memory.memory, &entropy, 16)) {
        return -1;
    }
    own = (struct own){.host_count = 0};
    table.own = &own;
    path = (struct path){.kind = PATH_UDP, .client = {netaddr_ipv4(0xcb007105, 4000)}};
    peer4.a = netaddr_ipv4(0xc0000209, 7000);
    peer6.a = netaddr_ipv6(ip, 7000);
    other.a = netaddr_ipv4(0xc000020a, 7000);
    flow = flow_open(&table, &path, 0);
    flow_attach(&table, flow, NETADDR_IPV4, ENDPOINT4, (struct mono){5000});
    flow_attach(&table, flow, NETADDR_IPV6, ENDPOINT6, (struct mono){5000});
    like.host = peer4.a;
    permit4 = permit_add(&table, flow, &like, (struct mono){3000});
    like.host = peer6.a;
    permit6 = permit_add(&table, flow, &like, (struct mono){3000});
    return 0;
}

static int adds_up(const struct flow_counts *c)
{
    uint64_t sum = c->forwarded + c->control;
    for (int i = 0; i < FLOW_DROP_COUNT; i++) {
        sum += c->dropped[i];
    }
    return sum == c->received;
}

static int end(void **state)
{
    (void)state;
    int ok = adds_up(&table.up) && adds_up(&table.down);
    flow_table_fini(&table);
    return ok ? 0 : -1;
}

/* A datagram in a buffer with exactly the room that net promises. */
static struct packet packet_of(const void *bytes, size_t size, uint8_t **buffer)
{
    *buffer = malloc(PACKET_HEADROOM + size + PACKET_TAILROOM);
    assert_non_null(*buffer);
    memset(*buffer, 0xaa, PACKET_HEADROOM + size + PACKET_TAILROOM);
    struct packet p = {.bytes = *buffer + PACKET_HEADROOM, .size = (uint32_t)size, .path = path};
    if (size > 0) {
        memcpy(p.bytes, bytes, size);
    }
    return p;
}

static struct verdict from_peer(struct packet *p, uint32_t endpoint, struct peer_addr from)
{
    p->endpoint = endpoint;
    p->peer = from;
    forward_prepare_peer(&table, p, 1);
    return forward_from_peer(&table, p, now);
}

static struct verdict from_client(struct packet *p)
{
    forward_prepare_client(&table, p, 1);
    return forward_from_client(&table, p, now);
}

static void data_indication_byte_for_byte(void **state)
{
    (void)state;
    uint8_t *buffer;
    struct packet p = packet_of("hello", 5, &buffer);
    table.id_seed = UINT64_C(0x0807060504030201);
    table.id_counter = UINT32_C(0x0c0b0a09);
    struct verdict v = from_peer(&p, ENDPOINT4, peer4);
    uint8_t expected[64];
    size_t size = support_hex("00170018 2112a442 010203040506070809 0a0b0c"
                              "00120008 00013a4a e112a64b"
                              "00130005 68656c6c 6f000000",
                              expected, sizeof(expected));
    assert_int_equal(v.kind, FORWARD_TO_CLIENT);
    assert_int_equal(v.length, size);
    assert_memory_equal(v.bytes, expected, size);
    assert_ptr_equal(v.bytes, p.bytes - 36);
    assert_true(path_is_equal(v.path, &path));
    free(buffer);
}

static void data_indication_of_any_size(void **state)
{
    (void)state;
    static uint8_t payload[ROOM];
    uint64_t chance = 4;
    support_fill(&chance, payload, sizeof(payload));
    for (size_t size = 0; size < 65444; size += size < 300 ? 1 : 997) {
        for (int six = 0; six < 2; six++) {
            uint8_t *buffer;
            struct packet p = packet_of(payload, size, &buffer);
            struct verdict v = from_peer(&p, six ? ENDPOINT6 : ENDPOINT4, six ? peer6 : peer4);
            uint32_t head = six ? 48 : 36;
            assert_int_equal(v.kind, FORWARD_TO_CLIENT);
            assert_int_equal(v.length, head + (size + 3) / 4 * 4);
            assert_int_equal(v.bytes[2] << 8 | v.bytes[3], v.length - STUN_HEADER_SIZE);
            assert_memory_equal(v.bytes + head, payload, size);
            for (size_t i = size; i % 4; i++) {
                assert_int_equal(v.bytes[head + i], 0);
            }
            for (uint8_t *b = buffer; b < v.bytes; b++) {
                assert_int_equal(*b, 0xaa);
            }
            free(buffer);
        }
    }
}

static void ids_of_data_indications_differ(void **state)
{
    (void)state;
    uint8_t before[STUN_ID_SIZE] = {0};
    for (int i = 0; i < 100; i++) {
        uint8_t *buffer;
        struct packet p = packet_of("x", 1, &buffer);
        struct verdict v = from_peer(&p, ENDPOINT4, peer4);
        assert_memory_not_equal(v.bytes + 8, before, STUN_ID_SIZE);
        memcpy(before, v.bytes + 8, STUN_ID_SIZE);
        free(buffer);
    }
}

static void bind_channel(void)
{
    assert_int_not_equal(
        channel_add(&table, permit4, &peer4, (struct channel_no){NUMBER}, (struct mono){4000}),
        CHANNEL_NONE);
}

static void channel_data_byte_for_byte(void **state)
{
    (void)state;
    uint8_t *buffer;
    bind_channel();
    struct packet p = packet_of("hello", 5, &buffer);
    struct verdict v = from_peer(&p, ENDPOINT4, peer4);
    assert_int_equal(v.kind, FORWARD_TO_CLIENT);
    assert_int_equal(v.length, 9);
    assert_memory_equal(v.bytes, "\x40\x01\x00\x05hello", 9);
    assert_memory_equal(p.bytes + 5, "\xaa\xaa\xaa\xaa", 4); /* nothing behind, no padding */
    free(buffer);

    p = packet_of("\x40\x01\x00\x05hello\xff\xff\xff", 12, &buffer);
    v = from_client(&p);
    assert_int_equal(v.kind, FORWARD_TO_PEER);
    assert_int_equal(v.length, 5);
    assert_ptr_equal(v.bytes, p.bytes + 4);
    assert_int_equal(v.endpoint, ENDPOINT4);
    assert_true(netaddr_is_equal(&v.peer.a, &peer4.a));
    assert_false(v.df);
    free(buffer);
}

/* send_of — a Send indication for `to` with `size` bytes of payload into `out`. */
static size_t send_of(const struct netaddr *to, const uint8_t *payload, size_t size, uint8_t *out)
{
    static const uint8_t id[STUN_ID_SIZE] = {1, 2, 3};
    struct stun_build b =
        stun_build_begin(out, ROOM, STUN_INDICATION, STUN_SEND, (struct span){id, sizeof(id)});
    stun_build_address(&b, STUN_ATTR_XOR_PEER_ADDRESS, to);
    stun_build_bytes(&b, STUN_ATTR_DATA, (struct span){payload, size});
    return stun_build_end(&b);
}

static void send_is_not_copied(void **state)
{
    (void)state;
    static uint8_t message[ROOM];
    static uint8_t payload[ROOM];
    for (size_t size = 0; size < 65000; size += size < 40 ? 1 : 3001) {
        uint8_t *buffer;
        struct packet p = packet_of(message, send_of(&peer6.a, payload, size, message), &buffer);
        p.tos = 0xb9;
        struct verdict v = from_client(&p);
        assert_int_equal(v.kind, FORWARD_TO_PEER);
        assert_int_equal(v.length, size);
        assert_ptr_equal(v.bytes, p.bytes + 20 + 24 + 4);
        assert_int_equal(v.endpoint, ENDPOINT6);
        assert_int_equal(v.tos, 0xb9);
        free(buffer);
    }
}

/* expect_drop — a datagram from the client that is dropped for this reason. */
static void expect_drop(const char *bytes, size_t size, enum flow_drop why)
{
    uint8_t *buffer;
    uint64_t before = table.up.dropped[why];
    struct packet p = packet_of(bytes, size, &buffer);
    assert_int_equal(from_client(&p).kind, FORWARD_DROP);
    assert_int_equal(table.up.dropped[why], before + 1);
    free(buffer);
}

static void every_reason_to_drop_is_counted(void **state)
{
    (void)state;
    static uint8_t message[ROOM];
    bind_channel();
    expect_drop("", 0, FLOW_DROP_NOT_STUN);
    expect_drop("\x40", 1, FLOW_DROP_NOT_STUN);
    expect_drop("\x80\x00\x00\x00", 4, FLOW_DROP_NOT_STUN);
    expect_drop("\x00\x01\x00\x00\x21\x12\xa4\x42", 8, FLOW_DROP_NOT_STUN);
    expect_drop("\x40\x01", 2, FLOW_DROP_MALFORMED);
    expect_drop("\x40\x01\x00\x05hell", 8, FLOW_DROP_MALFORMED);
    expect_drop("\x40\x02\x00\x01x", 5, FLOW_DROP_NO_CHANNEL);
    size_t size = send_of(&other.a, message, 1, message);
    expect_drop((const char *)message, size, FLOW_DROP_NO_PERMISSION);
    size = send_of(&peer4.a, message + 100, 1, message);
    path.client.a.port++;
    expect_drop((const char *)message, size, FLOW_DROP_NO_ALLOCATION);
    path.client.a.port--;
    flow_extend(&table, flow, NETADDR_IPV4, now);
    expect_drop("\x40\x01\x00\x01x", 5, FLOW_DROP_FAMILY);
    flow_extend(&table, flow, NETADDR_IPV4, (struct mono){5000});
    flow_at(&table, flow)->meter = meter_init(1);
    flow_at(&table, flow)->meter.full_at.ns = 10 * MONO_SECOND;
    expect_drop("\x40\x01\x00\x01x", 5, FLOW_DROP_BANDWIDTH);
    assert_int_equal(table.up.received, 11);
    assert_int_equal(table.up.forwarded, 0);
}

static void deadlines_are_checked_to_the_nanosecond(void **state)
{
    (void)state;
    uint8_t *buffer;
    bind_channel(); /* until 4000, and the permission with it */
    const struct {
        uint64_t at;
        enum forward_kind kind;
    } rows[] = {{3999, FORWARD_TO_CLIENT}, {4000, FORWARD_DROP}};
    for (size_t i = 0; i < 2; i++) {
        struct packet p = packet_of("x", 1, &buffer);
        p.endpoint = ENDPOINT4;
        p.peer = peer4;
        forward_prepare_peer(&table, &p, 1);
        struct verdict v = forward_from_peer(&table, &p, (struct mono){rows[i].at});
        assert_int_equal(v.kind, rows[i].kind);
        free(buffer);
    }
    struct packet p = packet_of("x", 1, &buffer);
    p.endpoint = ENDPOINT6;
    p.peer = peer6;
    forward_prepare_peer(&table, &p, 1);
    assert_int_equal(forward_from_peer(&table, &p, (struct mono){2999}).kind, FORWARD_TO_CLIENT);
    free(buffer);
}

static void recheck_is_counted_once(void **state)
{
    (void)state;
    uint8_t *buffer;
    bind_channel();
    table.policy = 1;
    struct packet p = packet_of("\x40\x01\x00\x01x", 5, &buffer);
    struct verdict v = from_client(&p);
    assert_int_equal(v.kind, FORWARD_RECHECK);
    assert_int_equal(v.permit, permit4);
    assert_int_equal(table.up.received, 0);
    table.policy = 0;
    assert_int_equal(from_client(&p).kind, FORWARD_TO_PEER);
    assert_int_equal(table.up.received, 1);
    free(buffer);
}

static void failed_sends_move_between_counters(void **state)
{
    (void)state;
    uint8_t *buffer;
    struct packet p = packet_of("x", 1, &buffer);
    (void)from_peer(&p, ENDPOINT4, peer4);
    forward_count_failed(&table.down);
    assert_int_equal(table.down.forwarded, 0);
    assert_int_equal(table.down.dropped[FLOW_DROP_SEND_FAILED], 1);
    free(buffer);
}

static void any_bytes_are_safe(void **state)
{
    (void)state;
    uint64_t chance = 9;
    bind_channel();
    for (int i = 0; i < 200000; i++) {
        uint8_t bytes[64];
        uint8_t *buffer;
        size_t size = support_below(&chance, sizeof(bytes) + 1);
        support_fill(&chance, bytes, sizeof(bytes));
        if (i % 4 == 0) { /* like a Send indication, or like ChannelData */
            support_hex("00160000 2112a442", bytes, 8);
            bytes[3] = (uint8_t)(size - STUN_HEADER_SIZE);
        } else if (i % 4 == 1) {
            support_hex("400100", bytes, 3);
            bytes[3] &= 63;
        }
        struct packet p = packet_of(bytes, size, &buffer);
        (void)from_client(&p);
        (void)from_peer(&p, support_below(&chance, 8), i % 2 ? peer4 : peer6);
        free(buffer);
    }
}

static void every_reason_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < FLOW_DROP_COUNT; i++) {
        assert_non_null(forward_drop_name((enum flow_drop)i));
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(data_indication_byte_for_byte, begin, end),
        cmocka_unit_test_setup_teardown(data_indication_of_any_size, begin, end),
        cmocka_unit_test_setup_teardown(ids_of_data_indications_differ, begin, end),
        cmocka_unit_test_setup_teardown(channel_data_byte_for_byte, begin, end),
        cmocka_unit_test_setup_teardown(send_is_not_copied, begin, end),
        cmocka_unit_test_setup_teardown(every_reason_to_drop_is_counted, begin, end),
        cmocka_unit_test_setup_teardown(deadlines_are_checked_to_the_nanosecond, begin, end),
        cmocka_unit_test_setup_teardown(recheck_is_counted_once, begin, end),
        cmocka_unit_test_setup_teardown(failed_sends_move_between_counters, begin, end),
        cmocka_unit_test_setup_teardown(any_bytes_are_safe, begin, end),
        cmocka_unit_test_setup_teardown(every_reason_has_a_name, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
