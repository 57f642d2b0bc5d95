/* test_listener — the sockets clients send to: paths, answers from the address asked, several
 * listeners in one batch. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/listener.h"
#include "net/sockaddr.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static struct listener_set set;
static struct batch *batch;

static int begin(void **state)
{
    (void)state;
    memset(&set, 0, sizeof(set));
    batch = batch_new();
    return batch ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    listener_close(&set);
    batch_free(batch);
    return 0;
}

static struct netaddr at(const char *text)
{
    struct netaddr a;
    assert_true(netaddr_parse(text, &a));
    return a;
}

static struct netaddr name_of(int fd)
{
    struct sockaddr_storage a;
    socklen_t size = sizeof(a);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
    return sockaddr_to(&a);
}

/* listen_on — add a listener on a free port of an address. Returns what it is bound to; no family
 * where the machine has not got that one. */
static struct netaddr listen_on(const char *text)
{
    struct netaddr a = at(text);
    int fd = listener_bind(&a, false);
    if (fd < 0) {
        return (struct netaddr){.family = NETADDR_NONE};
    }
    a.port = name_of(fd).port;
    assert_true(listener_add(&set, fd, &a));
    return a;
}

static int client(const char *text)
{
    struct netaddr a = at(text);
    struct sockaddr_storage to;
    socklen_t size = sockaddr_from(&a, 0, &to);
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&to, size), 0);
    return fd;
}

static void say(int fd, const struct netaddr *to, const char *text)
{
    struct sockaddr_storage a;
    socklen_t size = sockaddr_from(to, 0, &a);
    assert_int_equal(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&a, size), strlen(text));
}

/* hear — the next datagram, NUL-terminated, and where it came from. */
static struct netaddr hear(int fd, char text[64])
{
    struct sockaddr_storage a;
    socklen_t size = sizeof(a);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    ssize_t got = recvfrom(fd, text, 63, 0, (struct sockaddr *)&a, &size);
    assert_true(got >= 0);
    text[got] = '\0';
    return sockaddr_to(&a);
}

/* receive — what waits on one listener, at least one. */
static size_t receive(uint16_t number)
{
    struct pollfd p = {.fd = set.at[number].fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    return listener_receive(&set, number, batch);
}

/* echo — file every packet of the batch as an answer to where it came from. */
static void echo(void)
{
    for (size_t i = 0; i < batch->count; i++) {
        batch->to_client[batch->to_client_count++] = (struct batch_to_client){
            .bytes = batch->packet[i].bytes,
            .length = batch->packet[i].size,
            .path = batch->packet[i].path,
        };
    }
}

static void packet_gets_its_path(void **state)
{
    (void)state;
    struct netaddr here = listen_on("127.0.0.1:0");
    int fd = client("127.0.0.7:0");
    struct netaddr from = name_of(fd);
    say(fd, &here, "hello");
    assert_int_equal(receive(0), 1);
    const struct packet *p = &batch->packet[0];
    assert_int_equal(p->path.kind, PATH_UDP);
    assert_int_equal(p->path.listener, 0);
    assert_true(netaddr_is_equal(&p->path.client.a, &from));
    assert_true(netaddr_is_equal(&set.local[p->path.local].address, &here));
    assert_int_equal(p->size, 5);
    assert_memory_equal(p->bytes, "hello", 5);
    close(fd);
}

/* answers_from — whether an answer to what was sent to `asked` comes from there. */
static void assert_answered_from(const char *bound, const char *asked_at, const char *from)
{
    struct flow_counts counts = {0};
    char text[64];
    struct netaddr here = listen_on(bound);
    if (here.family == NETADDR_NONE) {
        skip();
    }
    struct netaddr asked = at(asked_at);
    int fd = client(from);
    asked.port = here.port;
    say(fd, &asked, "where");
    batch_begin(batch);
    uint16_t number = (uint16_t)(set.count - 1);
    assert_int_equal(receive(number), 1);
    assert_true(netaddr_is_equal(&set.local[batch->packet[0].path.local].address, &asked));
    echo();
    listener_send(&set, batch, &counts);
    struct netaddr answered = hear(fd, text);
    assert_true(netaddr_is_equal(&answered, &asked));
    assert_string_equal(text, "where");
    close(fd);
}

static void answer_leaves_from_the_address_asked_on_a_wildcard(void **state)
{
    (void)state;
    assert_answered_from("0.0.0.0:0", "127.0.0.1", "127.0.0.1:0");
    assert_answered_from("0.0.0.0:0", "127.0.0.2", "127.0.0.1:0");
    assert_answered_from("0.0.0.0:0", "127.99.98.97", "127.0.0.5:0");
}

static void answer_leaves_from_the_address_bound(void **state)
{
    (void)state;
    assert_answered_from("127.0.0.2:0", "127.0.0.2", "127.0.0.1:0");
}

static void answer_leaves_from_the_address_asked_over_ipv6(void **state)
{
    (void)state;
    assert_answered_from("[::]:0", "::1", "[::1]:0");
    assert_answered_from("[::1]:0", "::1", "[::1]:0");
}

static void one_client_at_two_addresses_is_two_paths(void **state)
{
    (void)state;
    struct flow_counts counts = {0};
    char text[64];
    struct netaddr here = listen_on("0.0.0.0:0");
    struct netaddr one = netaddr_ipv4(0x7f000001, here.port);
    struct netaddr two = netaddr_ipv4(0x7f000002, here.port);
    int fd = client("127.0.0.1:0");
    for (int i = 0; i < 3; i++) {
        say(fd, &one, "one");
        say(fd, &two, "two");
    }
    while (batch->count < 6) {
        receive(0);
    }
    assert_false(path_is_equal(&batch->packet[0].path, &batch->packet[1].path));
    assert_true(path_is_equal(&batch->packet[0].path, &batch->packet[2].path));
    assert_int_equal(set.local_count, 2);
    echo();
    listener_send(&set, batch, &counts);
    for (int i = 0; i < 3; i++) {
        struct netaddr from = hear(fd, text);
        assert_true(netaddr_is_equal(&from, &one));
        assert_string_equal(text, "one");
        from = hear(fd, text);
        assert_true(netaddr_is_equal(&from, &two));
        assert_string_equal(text, "two");
    }
    close(fd);
}

static void listeners_of_one_batch_answer_each_for_itself(void **state)
{
    (void)state;
    struct flow_counts counts = {0};
    struct netaddr here[3];
    char text[64];
    int fd = client("127.0.0.1:0");
    for (uint16_t i = 0; i < 3; i++) {
        here[i] = listen_on("127.0.0.1:0");
    }
    for (uint16_t round = 0; round < 2; round++) {
        for (uint16_t i = 0; i < 3; i++) {
            say(fd, &here[i], i == 0 ? "a" : i == 1 ? "b" : "c");
            assert_int_equal(receive(i), 1);
        }
    }
    echo();
    listener_send(&set, batch, &counts);
    assert_int_equal(batch->to_client_count, 0);
    for (int i = 0; i < 6; i++) { /* in runs of each listener */
        struct netaddr from = hear(fd, text);
        assert_true(netaddr_is_equal(&from, &here[i / 2]));
        assert_int_equal(text[0], 'a' + i / 2);
    }
    close(fd);
}

static void refused_data_is_counted_and_the_rest_sent(void **state)
{
    (void)state;
    struct flow_counts counts = {.forwarded = 2};
    char text[64];
    struct netaddr here = listen_on("127.0.0.1:0");
    int fd = client("127.0.0.1:0");
    for (int i = 0; i < 4; i++) {
        say(fd, &here, "x");
    }
    while (batch->count < 4) {
        receive(0);
    }
    echo();
    batch->to_client[0].path.client.a.port = 0; /* neither can be sent */
    batch->to_client[2].path.client.a.port = 0;
    batch->to_client[2].is_data = true;
    batch->to_client[3].is_data = true;
    listener_send(&set, batch, &counts);
    assert_int_equal(counts.forwarded, 1);
    assert_int_equal(counts.dropped[FLOW_DROP_SEND_FAILED], 1);
    hear(fd, text);
    hear(fd, text);
    assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), -1);
    close(fd);
}

static void port_that_is_taken_is_told_by_a_probe(void **state)
{
    (void)state;
    struct netaddr here = listen_on("127.0.0.1:0");
    int fd = listener_bind(&here, false);
    assert_true(fd >= 0); /* the next worker shares it */
    close(fd);
    assert_int_equal(listener_bind(&here, true), -EADDRINUSE);
    struct netaddr away = at("192.0.2.1:0");
    assert_int_equal(listener_bind(&away, true), -EADDRNOTAVAIL);
}

static void families_share_a_port(void **state)
{
    (void)state;
    struct netaddr four = listen_on("0.0.0.0:0");
    struct netaddr six = at("[::]:0");
    six.port = four.port;
    int fd = listener_bind(&six, false);
    if (fd == -EAFNOSUPPORT) {
        skip();
    }
    assert_true(fd >= 0);
    close(fd);
}

static void listeners_are_bounded(void **state)
{
    (void)state;
    struct netaddr any = at("0.0.0.0:3478");
    for (int i = 0; i < LISTENER_MAX; i++) {
        assert_true(listener_add(&set, -1, &any));
    }
    assert_false(listener_add(&set, -1, &any));
}

static void local_addresses_are_numbered_once_and_bounded(void **state)
{
    (void)state;
    uint16_t number;
    for (uint32_t i = 0; i < LISTENER_LOCALS_MAX; i++) {
        struct listener_local local = {netaddr_ipv4(0x7f000000 + i / 2, 3478), i % 2};
        assert_true(listener_local_number(&set, &local, &number));
        assert_int_equal(number, i);
        assert_true(listener_local_number(&set, &local, &number));
        assert_int_equal(number, i);
    }
    struct listener_local known = {netaddr_ipv4(0x7f000000, 3478), 1};
    struct listener_local more = {netaddr_ipv4(0x01020304, 3478), 0};
    assert_false(listener_local_number(&set, &more, &number));
    assert_true(listener_local_number(&set, &known, &number));
    assert_int_equal(number, 1);
}

static void address_beyond_the_bound_is_dropped_not_mistaken(void **state)
{
    (void)state;
    uint16_t number;
    struct netaddr here = listen_on("0.0.0.0:0");
    for (uint32_t i = 0; i < LISTENER_LOCALS_MAX; i++) {
        struct listener_local local = {netaddr_ipv4(0x0a000000 + i, 3478), 0};
        assert_true(listener_local_number(&set, &local, &number));
    }
    struct netaddr asked = netaddr_ipv4(0x7f000001, here.port);
    int fd = client("127.0.0.1:0");
    say(fd, &asked, "hello");
    assert_int_equal(receive(0), 1);
    assert_int_equal(batch->packet[0].size, 0);
    close(fd);
}

static void closing_closes_all(void **state)
{
    (void)state;
    listen_on("127.0.0.1:0");
    listen_on("127.0.0.1:0");
    int fd = set.at[1].fd;
    listener_close(&set);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(set.count, 0);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"a packet gets its path", packet_gets_its_path, begin, end, NULL},
        {"S09 an answer leaves from the address asked on a wildcard",
         answer_leaves_from_the_address_asked_on_a_wildcard, begin, end, NULL},
        {"S09 an answer leaves from the address bound", answer_leaves_from_the_address_bound, begin,
         end, NULL},
        {"S09 an answer leaves from the address asked over IPv6",
         answer_leaves_from_the_address_asked_over_ipv6, begin, end, NULL},
        {"T17 one client at two addresses is two paths", one_client_at_two_addresses_is_two_paths,
         begin, end, NULL},
        {"S09 listeners of one batch answer each for itself",
         listeners_of_one_batch_answer_each_for_itself, begin, end, NULL},
        {"refused data is counted and the rest sent", refused_data_is_counted_and_the_rest_sent,
         begin, end, NULL},
        {"a port that is taken is told by a probe", port_that_is_taken_is_told_by_a_probe, begin,
         end, NULL},
        {"families share a port", families_share_a_port, begin, end, NULL},
        {"listeners are bounded", listeners_are_bounded, begin, end, NULL},
        {"local addresses are numbered once and bounded",
         local_addresses_are_numbered_once_and_bounded, begin, end, NULL},
        {"an address beyond the bound is dropped, not mistaken",
         address_beyond_the_bound_is_dropped_not_mistaken, begin, end, NULL},
        {"closing closes all", closing_closes_all, begin, end, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
