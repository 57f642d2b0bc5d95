/* test_batch — what is received together: bytes, sizes, DSCP and ECN, room before and behind. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/batch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct batch *batch;
static int in, out;

static bool set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

static int begin(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(a);
    (void)state;
    batch = batch_new();
    in = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ok = batch && bind(in, (struct sockaddr *)&a, size) == 0 &&
              getsockname(in, (struct sockaddr *)&a, &size) == 0 &&
              connect(out, (struct sockaddr *)&a, size) == 0 &&
              set(in, IPPROTO_IP, IP_RECVTOS, 1) && set(in, SOL_SOCKET, SO_RCVBUF, 1 << 20);
    return ok ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    batch_free(batch);
    close(in);
    close(out);
    return 0;
}

static void say(const void *bytes, size_t size)
{
    assert_int_equal(send(out, bytes, size, 0), size);
}

static void nothing_waiting_is_nothing_received(void **state)
{
    (void)state;
    assert_int_equal(batch_receive(batch, in, BATCH_SIZE), 0);
    assert_int_equal(batch_receive(batch, -1, BATCH_SIZE), 0);
    assert_int_equal(batch->count, 0);
}

static void datagrams_are_received_together_and_in_order(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 40; i++) {
        say(&i, 1);
    }
    assert_int_equal(batch_receive(batch, in, 5), 5);                       /* no more than asked */
    assert_int_equal(batch_receive(batch, in, BATCH_SIZE), BATCH_SIZE - 5); /* nor than fit */
    assert_int_equal(batch_receive(batch, in, BATCH_SIZE), 0);
    assert_int_equal(batch->count, BATCH_SIZE);
    for (uint8_t i = 0; i < BATCH_SIZE; i++) {
        assert_int_equal(batch->packet[i].size, 1);
        assert_int_equal(batch->packet[i].bytes[0], i);
    }
    batch_begin(batch);
    assert_int_equal(batch_receive(batch, in, BATCH_SIZE), 8);
    assert_int_equal(batch->packet[7].bytes[0], 39);
}

static void sizes_are_kept_from_none_to_the_most(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 3, 548, 1472, 9000, 65507};
    static uint8_t bytes[65507];
    uint64_t chance = 9;
    support_fill(&chance, bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        say(bytes, sizes[i]);
    }
    assert_int_equal(batch_receive(batch, in, BATCH_SIZE), sizeof(sizes) / sizeof(sizes[0]));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(batch->packet[i].size, sizes[i]);
        assert_memory_equal(batch->packet[i].bytes, bytes, sizes[i]);
    }
}

static void headers_fit_before_and_behind_every_packet(void **state)
{
    (void)state;
    for (int i = 0; i < BATCH_SIZE; i++) {
        memset(batch->packet[i].bytes, i + 1, PACKET_MAX);
    }
    for (int i = 0; i < BATCH_SIZE; i++) {
        memset(batch->packet[i].bytes - PACKET_HEADROOM, 0xee, PACKET_HEADROOM);
        memset(batch->packet[i].bytes + PACKET_MAX, 0xee, PACKET_TAILROOM);
    }
    for (int i = 0; i < BATCH_SIZE; i++) {
        for (int at = 0; at < PACKET_MAX; at++) {
            if (batch->packet[i].bytes[at] != i + 1) {
                fail_msg("packet %d is overwritten at %d", i, at);
            }
        }
    }
}

static void packets_may_be_swapped(void **state)
{
    (void)state;
    struct packet first = batch->packet[0];
    batch->packet[0] = batch->packet[1];
    batch->packet[1] = first;
    say("a", 1);
    say("b", 1);
    assert_int_equal(batch_receive(batch, in, BATCH_SIZE), 2);
    assert_int_equal(batch->packet[0].bytes[0], 'a');
    assert_int_equal(batch->packet[1].bytes[0], 'b');
}

static void dscp_and_ecn_are_told_of_each(void **state)
{
    (void)state;
    static const int tos[] = {0xb8, 0, 0x02, 0x03};
    for (int i = 0; i < 4; i++) {
        assert_true(set(out, IPPROTO_IP, IP_TOS, tos[i]));
        say("x", 1);
    }
    assert_int_equal(batch_receive(batch, in, BATCH_SIZE), 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(batch->packet[i].tos, tos[i]);
    }
}

static void traffic_class_is_told_over_ipv6(void **state)
{
    (void)state;
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t size = sizeof(a);
    int in6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int out6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(in6, (struct sockaddr *)&a, size) != 0) {
        skip();
    }
    assert_int_equal(getsockname(in6, (struct sockaddr *)&a, &size), 0);
    assert_int_equal(connect(out6, (struct sockaddr *)&a, size), 0);
    assert_true(set(in6, IPPROTO_IPV6, IPV6_RECVTCLASS, 1));
    assert_true(set(out6, IPPROTO_IPV6, IPV6_TCLASS, 0xba));
    assert_int_equal(send(out6, "x", 1, 0), 1);
    assert_int_equal(batch_receive(batch, in6, BATCH_SIZE), 1);
    assert_int_equal(batch->packet[0].tos, 0xba);
    close(in6);
    close(out6);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"nothing waiting is nothing received", nothing_waiting_is_nothing_received, begin, end,
         NULL},
        {"datagrams are received together and in order",
         datagrams_are_received_together_and_in_order, begin, end, NULL},
        {"T44 sizes are kept from none to the most", sizes_are_kept_from_none_to_the_most, begin,
         end, NULL},
        {"headers fit before and behind every packet", headers_fit_before_and_behind_every_packet,
         begin, end, NULL},
        {"packets may be swapped", packets_may_be_swapped, begin, end, NULL},
        {"T48 DSCP and ECN are told of each", dscp_and_ecn_are_told_of_each, begin, end, NULL},
        {"T48 the traffic class is told over IPv6", traffic_class_is_told_over_ipv6, begin, end,
         NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
