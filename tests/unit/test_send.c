/* test_send — datagrams that leave together: one that is refused costs no other, ancillary data is
 * as asked. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/send.h"
#include "net/sockaddr.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct send_list list;
static int from, to;
static struct netaddr target;

static int bound(const char *text, struct netaddr *out)
{
    struct sockaddr_storage a;
    assert_true(netaddr_parse(text, out));
    socklen_t size = sockaddr_from(out, 0, &a);
    int fd = socket(a.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&a, size) != 0) {
        close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
    *out = sockaddr_to(&a);
    return fd;
}

static int begin(void **state)
{
    struct netaddr a;
    (void)state;
    from = bound("127.0.0.1:0", &a);
    to = bound("127.0.0.1:0", &target);
    send_begin(&list);
    return from >= 0 && to >= 0 ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    close(from);
    close(to);
    return 0;
}

/* nobody — an address that answers with "port unreachable". */
static struct netaddr nobody(void)
{
    struct netaddr a;
    close(bound("127.0.0.1:0", &a));
    return a;
}

/* assert_arrives — the next datagram is this one byte. */
static void assert_arrives(uint8_t byte)
{
    uint8_t got[16];
    struct pollfd p = {.fd = to, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(recv(to, got, sizeof(got), 0), 1);
    assert_int_equal(got[0], byte);
}

static void assert_no_more(void)
{
    uint8_t got[16];
    assert_int_equal(recv(to, got, sizeof(got), MSG_DONTWAIT), -1);
}

static uint8_t bytes[BATCH_SIZE];

static void add(uint8_t byte, const struct netaddr *a)
{
    bytes[list.count] = byte;
    send_add(&list, &bytes[list.count], 1, a, 0);
}

static void full_list_leaves_in_order(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < BATCH_SIZE; i++) {
        add(i, &target);
    }
    assert_int_equal(send_flush(&list, from), 0);
    assert_int_equal(list.refused, 0);
    assert_int_equal(list.count, 0);
    for (uint8_t i = 0; i < BATCH_SIZE; i++) {
        assert_arrives(i);
    }
    assert_no_more();
}

static void empty_list_is_nothing(void **state)
{
    (void)state;
    assert_int_equal(send_flush(&list, from), 0);
    assert_int_equal(list.refused, 0);
}

static void empty_datagram_is_sent(void **state)
{
    (void)state;
    uint8_t got[16];
    send_add(&list, bytes, 0, &target, 0);
    assert_int_equal(send_flush(&list, from), 0);
    assert_int_equal(recv(to, got, sizeof(got), 0), 0);
}

static void refused_one_in_the_middle_stops_no_other(void **state)
{
    (void)state;
    struct netaddr nowhere = target;
    nowhere.port = 0;
    for (uint8_t i = 0; i < 10; i++) {
        add(i, i == 4 ? &nowhere : &target);
    }
    assert_int_equal(send_flush(&list, from), 1);
    assert_int_equal(list.refused, 1 << 4);
    for (uint8_t i = 0; i < 10; i++) {
        if (i != 4) {
            assert_arrives(i);
        }
    }
    assert_no_more();
}

static void refused_ones_everywhere_are_told(void **state)
{
    (void)state;
    static const uint32_t which = UINT32_C(0xc0010201);
    struct netaddr nowhere = target;
    nowhere.port = 0;
    for (uint8_t i = 0; i < BATCH_SIZE; i++) {
        add(i, which >> i & 1 ? &nowhere : &target);
    }
    assert_int_equal(send_flush(&list, from), 5);
    assert_int_equal(list.refused, which);
    for (uint8_t i = 0; i < BATCH_SIZE; i++) {
        if (!(which >> i & 1)) {
            assert_arrives(i);
        }
    }
    add(99, &target); /* the next flush begins anew */
    assert_int_equal(send_flush(&list, from), 0);
    assert_int_equal(list.refused, 0);
    assert_arrives(99);
}

static void datagram_too_large_is_refused_alone(void **state)
{
    (void)state;
    static uint8_t large[65535];
    add(1, &target);
    send_add(&list, large, sizeof(large), &target, 0);
    add(3, &target);
    assert_int_equal(send_flush(&list, from), 1);
    assert_int_equal(list.refused, 1 << 1);
    assert_arrives(1);
    assert_arrives(3);
    assert_no_more();
}

static void other_family_is_refused_alone(void **state)
{
    (void)state;
    struct netaddr six;
    assert_true(netaddr_parse("[::1]:9", &six));
    add(1, &six);
    add(2, &target);
    assert_int_equal(send_flush(&list, from), 1);
    assert_int_equal(list.refused, 1 << 0);
    assert_arrives(2);
}

static void want_errors(void)
{
    int on = 1;
    assert_int_equal(setsockopt(from, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)), 0);
}

static int pending_error(void)
{
    int error = 0;
    socklen_t size = sizeof(error);
    assert_int_equal(getsockopt(from, SOL_SOCKET, SO_ERROR, &error, &size), 0);
    return error;
}

static void pending_icmp_error_does_not_cost_the_next_datagram(void **state)
{
    (void)state;
    struct netaddr dead = nobody();
    want_errors();
    add(0, &dead);
    assert_int_equal(send_flush(&list, from), 0);
    add(1, &target);
    assert_int_equal(send_flush(&list, from), 0);
    assert_int_equal(list.refused, 0);
    assert_arrives(1);
}

static void icmp_errors_within_a_batch_cost_nothing(void **state)
{
    (void)state;
    struct netaddr dead = nobody();
    want_errors();
    for (uint8_t i = 0; i < BATCH_SIZE; i++) {
        add(i, i % 3 == 1 ? &target : &dead);
    }
    assert_int_equal(send_flush(&list, from), 0);
    assert_int_equal(list.refused, 0);
    for (uint8_t i = 0; i < BATCH_SIZE; i++) {
        if (i % 3 == 1) {
            assert_arrives(i);
        }
    }
    assert_no_more();
}

static void pending_error_before_a_refused_one_costs_only_that(void **state)
{
    (void)state;
    struct netaddr dead = nobody();
    struct netaddr nowhere = target;
    nowhere.port = 0;
    want_errors();
    add(0, &dead);
    assert_int_equal(send_flush(&list, from), 0);
    add(1, &nowhere);
    add(2, &target);
    assert_int_equal(send_flush(&list, from), 1);
    assert_int_equal(list.refused, 1);
    assert_arrives(2);
    (void)pending_error();
}

static void full_socket_refuses_and_does_not_wait(void **state)
{
    (void)state;
    int fd[2];
    uint8_t byte = 7;
    size_t refused = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd), 0);
    while (send(fd[0], &byte, 1, MSG_DONTWAIT) == 1) {
    }
    send_begin(&list);
    for (int i = 0; i < 3; i++) {
        add((uint8_t)i, &target);
        list.message[i].msg_hdr.msg_name = NULL; /* it is connected */
        list.message[i].msg_hdr.msg_namelen = 0;
    }
    refused = send_flush(&list, fd[0]);
    assert_int_equal(refused, 3);
    assert_int_equal(list.refused, 7);
    close(fd[0]);
    close(fd[1]);
}

/* tos_received — DSCP and ECN of the next datagram at `fd`; its one byte in *byte. */
static int tos_received(int fd, int level, int type, uint8_t *byte)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[256];
    } control;
    struct iovec iov = {byte, 1};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof(control.bytes)};
    assert_int_equal(recvmsg(fd, &m, 0), 1);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level == level && c->cmsg_type == type) {
            return *CMSG_DATA(c);
        }
    }
    return -1;
}

static void each_datagram_has_its_own_dscp_and_ecn(void **state)
{
    (void)state;
    int on = 1;
    uint8_t byte;
    assert_int_equal(setsockopt(to, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)), 0);
    add(0, &target);
    send_tos(&list, NETADDR_IPV4, 0xb8);
    add(1, &target);
    send_tos(&list, NETADDR_IPV4, 0);
    add(2, &target);
    add(3, &target);
    send_tos(&list, NETADDR_IPV4, 0x01);
    assert_int_equal(send_flush(&list, from), 0);
    static const int expected[] = {0xb8, 0, 0, 0x01};
    for (uint8_t i = 0; i < 4; i++) {
        assert_int_equal(tos_received(to, IPPROTO_IP, IP_TOS, &byte), expected[i]);
        assert_int_equal(byte, i);
    }
}

static void ipv6_datagram_has_its_traffic_class_and_source(void **state)
{
    (void)state;
    int on = 1;
    uint8_t byte;
    struct netaddr source;
    struct netaddr six;
    int out = bound("[::]:0", &source);
    int in = bound("[::1]:0", &six);
    if (in < 0 || out < 0) {
        skip();
    }
    struct netaddr local = six;
    assert_int_equal(setsockopt(in, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on)), 0);
    add(5, &six);
    send_tos(&list, NETADDR_IPV6, 0x2e);
    send_source(&list, &local, 0);
    assert_int_equal(send_flush(&list, out), 0);
    assert_int_equal(tos_received(in, IPPROTO_IPV6, IPV6_TCLASS, &byte), 0x2e);
    assert_int_equal(byte, 5);
    close(in);
    close(out);
}

static void datagrams_leave_from_the_address_asked(void **state)
{
    (void)state;
    struct netaddr any;
    struct sockaddr_storage a;
    socklen_t size;
    uint8_t byte;
    int fd = bound("0.0.0.0:0", &any);
    for (uint8_t i = 1; i <= 3; i++) {
        struct netaddr source = netaddr_ipv4(0x7f000000 + i, 9);
        add(i, &target);
        send_tos(&list, NETADDR_IPV4, 0x20); /* both fit */
        send_source(&list, &source, 0);
    }
    assert_int_equal(send_flush(&list, fd), 0);
    for (uint8_t i = 1; i <= 3; i++) {
        size = sizeof(a);
        assert_int_equal(recvfrom(to, &byte, 1, 0, (struct sockaddr *)&a, &size), 1);
        struct netaddr source = sockaddr_to(&a);
        struct netaddr expected = netaddr_ipv4(0x7f000000 + i, any.port);
        assert_int_equal(byte, i);
        assert_true(netaddr_is_equal(&source, &expected));
    }
    close(fd);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"a full list leaves in order", full_list_leaves_in_order, begin, end, NULL},
        {"an empty list is nothing", empty_list_is_nothing, begin, end, NULL},
        {"T40 an empty datagram is sent", empty_datagram_is_sent, begin, end, NULL},
        {"a refused one in the middle stops no other", refused_one_in_the_middle_stops_no_other,
         begin, end, NULL},
        {"refused ones everywhere are told", refused_ones_everywhere_are_told, begin, end, NULL},
        {"a datagram too large is refused alone", datagram_too_large_is_refused_alone, begin, end,
         NULL},
        {"one of the other family is refused alone", other_family_is_refused_alone, begin, end,
         NULL},
        {"a pending ICMP error does not cost the next datagram",
         pending_icmp_error_does_not_cost_the_next_datagram, begin, end, NULL},
        {"ICMP errors within a batch cost nothing", icmp_errors_within_a_batch_cost_nothing, begin,
         end, NULL},
        {"a pending error before a refused one costs only that",
         pending_error_before_a_refused_one_costs_only_that, begin, end, NULL},
        {"a full socket refuses and does not wait", full_socket_refuses_and_does_not_wait, begin,
         end, NULL},
        {"T48 each datagram has its own DSCP and ECN", each_datagram_has_its_own_dscp_and_ecn,
         begin, end, NULL},
        {"T48 an IPv6 datagram has its traffic class and source",
         ipv6_datagram_has_its_traffic_class_and_source, begin, end, NULL},
        {"datagrams leave from the address asked", datagrams_leave_from_the_address_asked, begin,
         end, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
