/* test_steer — which worker a client belongs to: evenly, steadily, and the same in the kernel. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/listener.h"
#include "net/sockaddr.h"
#include "net/steer.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS_MAX = 254 };

/* assert_even — 10,000 clients fall evenly on four workers. */
static void assert_even(struct netaddr (*client)(uint32_t number))
{
    uint32_t count[4] = {0};
    for (uint32_t i = 0; i < 10000; i++) {
        struct netaddr a = client(i);
        unsigned worker = steer_owner(&a, 4);
        assert_in_range(worker, 0, 3);
        count[worker]++;
    }
    for (int i = 0; i < 4; i++) {
        assert_in_range(count[i], 2000, 3000);
    }
}

static struct netaddr by_port(uint32_t n)
{
    return netaddr_ipv4(0xc0000201, (uint16_t)(1024 + n));
}

static struct netaddr by_even_port(uint32_t n)
{
    return netaddr_ipv4(0xc0000201, (uint16_t)(32768 + n * 2));
}

static struct netaddr by_address(uint32_t n)
{
    return netaddr_ipv4(0x0a000000 + n, 50000);
}

static struct netaddr by_network(uint32_t n)
{
    return netaddr_ipv4(0x0a000001 + (n << 8), 50000);
}

static struct netaddr by_chance(uint32_t n)
{
    uint64_t chance = n;
    uint64_t r = support_random(&chance);
    return netaddr_ipv4((uint32_t)r, (uint16_t)(r >> 32));
}

static struct netaddr by_ipv6_host(uint32_t n)
{
    uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8};
    ip[13] = (uint8_t)(n >> 16);
    ip[14] = (uint8_t)(n >> 8);
    ip[15] = (uint8_t)n;
    return netaddr_ipv6(ip, 50000);
}

static struct netaddr by_ipv6_network(uint32_t n)
{
    uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [6] = (uint8_t)(n >> 8), [7] = (uint8_t)n, [15] = 1};
    return netaddr_ipv6(ip, 50000);
}

static void clients_are_spread_evenly(void **state)
{
    (void)state;
    assert_even(by_port);
    assert_even(by_even_port);
    assert_even(by_address);
    assert_even(by_network);
    assert_even(by_chance);
    assert_even(by_ipv6_host);
    assert_even(by_ipv6_network);
}

static void any_number_of_workers_gets_its_share(void **state)
{
    (void)state;
    static const unsigned many[] = {1, 2, 3, 5, 8, 16, 64, WORKERS_MAX};
    for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
        uint32_t count[WORKERS_MAX] = {0};
        for (uint32_t n = 0; n < 1000 * many[i]; n++) {
            struct netaddr a = by_chance(n);
            unsigned worker = steer_owner(&a, many[i]);
            assert_in_range(worker, 0, many[i] - 1);
            count[worker]++;
        }
        for (unsigned worker = 0; worker < many[i]; worker++) {
            assert_in_range(count[worker], 800, 1200);
        }
    }
}

/* open_group — sockets of `workers` workers that share one port of `local`, steered. Returns false
 * where the machine has not got the family. */
static bool open_group(struct netaddr *local, int *fd, unsigned workers)
{
    for (unsigned i = 0; i < workers; i++) {
        fd[i] = listener_bind(local, false);
        if (fd[i] < 0) {
            return false;
        }
        struct sockaddr_storage at;
        socklen_t size = sizeof(at);
        assert_int_equal(getsockname(fd[i], (struct sockaddr *)&at, &size), 0);
        local->port = sockaddr_to(&at).port;
    }
    return true;
}

/* send_from — send one datagram from a fresh port. Returns that port. */
static uint16_t send_from(const struct netaddr *from, const struct netaddr *to)
{
    struct sockaddr_storage at;
    socklen_t size = sockaddr_from(from, 0, &at);
    int fd = socket(at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    uint16_t port = sockaddr_to(&at).port;
    size = sockaddr_from(to, 0, &at);
    assert_int_equal(sendto(fd, &port, sizeof(port), 0, (struct sockaddr *)&at, size),
                     sizeof(port));
    close(fd);
    return port;
}

/* assert_steered — 200 clients all arrive where steer_owner says. */
static void assert_steered(const char *address, const char *client, unsigned workers)
{
    enum { CLIENTS = 200 };
    struct netaddr to;
    struct netaddr from;
    int fd[8];
    struct pollfd p[8];
    bool is_used[8] = {false};
    assert_true(netaddr_parse(address, &to) && netaddr_parse(client, &from));
    if (!open_group(&to, fd, workers)) {
        skip();
    }
    if (!steer_attach(fd[0], to.family, workers)) {
        skip();
    }
    for (unsigned i = 0; i < workers; i++) {
        p[i] = (struct pollfd){.fd = fd[i], .events = POLLIN};
    }
    for (int n = 0; n < CLIENTS; n++) {
        uint16_t port;
        struct netaddr sender = from;
        sender.port = send_from(&from, &to);
        unsigned owner = steer_owner(&sender, workers);
        assert_int_equal(poll(p, workers, 10000), 1);
        for (unsigned i = 0; i < workers; i++) {
            assert_int_equal(p[i].revents != 0, i == owner);
        }
        assert_int_equal(recv(fd[owner], &port, sizeof(port), 0), sizeof(port));
        assert_int_equal(port, sender.port);
        is_used[owner] = true;
    }
    for (unsigned i = 0; i < workers; i++) {
        assert_true(is_used[i]);
        close(fd[i]);
    }
}

static void kernel_agrees_for_ipv4(void **state)
{
    (void)state;
    assert_steered("127.0.0.1", "127.0.0.1", 4);
    assert_steered("127.0.0.1", "127.200.3.4", 3);
}

static void kernel_agrees_for_ipv6(void **state)
{
    (void)state;
    assert_steered("::1", "::1", 4);
}

static void kernel_agrees_on_a_wildcard(void **state)
{
    (void)state;
    int fd[4];
    struct netaddr to = netaddr_ipv4(0, 0);
    struct netaddr from = netaddr_ipv4(0x7f000001, 0);
    assert_true(open_group(&to, fd, 4));
    if (!steer_attach(fd[0], NETADDR_IPV4, 4)) {
        skip();
    }
    for (uint32_t n = 0; n < 40; n++) {
        struct netaddr asked = netaddr_ipv4(0x7f000001 + n, to.port);
        struct netaddr sender = from;
        uint16_t port = 0;
        sender.port = send_from(&from, &asked);
        assert_int_equal(recv(fd[steer_owner(&sender, 4)], &port, sizeof(port), 0), sizeof(port));
        assert_int_equal(port, sender.port);
    }
    for (int i = 0; i < 4; i++) {
        close(fd[i]);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"clients are spread evenly", clients_are_spread_evenly, NULL, NULL, NULL},
        {"any number of workers gets its share", any_number_of_workers_gets_its_share, NULL, NULL,
         NULL},
        {"the kernel agrees for IPv4", kernel_agrees_for_ipv4, NULL, NULL, NULL},
        {"the kernel agrees for IPv6", kernel_agrees_for_ipv6, NULL, NULL, NULL},
        {"the kernel agrees on a wildcard", kernel_agrees_on_a_wildcard, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
