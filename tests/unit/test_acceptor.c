/* test_acceptor — the TCP sockets that listen: where they are bound, whom they give, and what
 * happens when descriptors run out. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/acceptor.h"
#include "net/sockaddr.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* listen_at — a free port of an address. Returns the socket, with *where it is; -1 where the
 * machine has not got that family. */
static int listen_at(const char *text, bool is_shared, struct netaddr *where)
{
    *where = at(text);
    int fd = acceptor_bind(where, is_shared);
    if (fd < 0) {
        return -1;
    }
    where->port = name_of(fd).port;
    return fd;
}

static int call(const struct netaddr *where)
{
    struct sockaddr_storage a;
    socklen_t size = sockaddr_from(where, 0, &a);
    int fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, size) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool is_ready(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 10000) == 1;
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof(value);
    assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
    return value;
}

static void assert_taken(const char *bound, const char *called)
{
    struct acceptor_taken taken;
    struct netaddr where;
    int fd = listen_at(bound, false, &where);
    if (fd < 0) {
        return; /* no such family here */
    }
    struct netaddr target = at(called);
    target.port = where.port;
    int client = call(&target);
    assert_true(client >= 0);
    struct netaddr from = name_of(client);
    assert_true(is_ready(fd));
    assert_int_equal(acceptor_take(fd, &taken), 0);
    assert_true(netaddr_is_equal(&taken.from, &from));
    assert_true(netaddr_is_equal(&taken.local, &target));
    assert_int_equal(taken.scope, 0);
    assert_true(fcntl(taken.fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(taken.fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(acceptor_take(fd, &taken), -EAGAIN);
    close(taken.fd);
    close(client);
    close(fd);
}

static void who_calls_is_given_with_both_addresses(void **state)
{
    (void)state;
    assert_taken("127.0.0.1:0", "127.0.0.1");
    assert_taken("0.0.0.0:0", "127.0.0.1");
    assert_taken("0.0.0.0:0", "127.9.8.7");
    assert_taken("[::1]:0", "::1");
    assert_taken("[::]:0", "::1");
}

static void several_are_given_in_their_order(void **state)
{
    (void)state;
    struct netaddr where;
    int clients[20];
    int fd = listen_at("127.0.0.1:0", false, &where);
    for (int i = 0; i < 20; i++) {
        clients[i] = call(&where);
        assert_true(clients[i] >= 0);
    }
    for (int i = 0; i < 20; i++) {
        struct acceptor_taken taken;
        struct netaddr from = name_of(clients[i]);
        assert_true(is_ready(fd));
        assert_int_equal(acceptor_take(fd, &taken), 0);
        assert_true(netaddr_is_equal(&taken.from, &from));
        close(taken.fd);
        close(clients[i]);
    }
    close(fd);
}

static void taken_socket_is_tuned(void **state)
{
    (void)state;
    struct acceptor_taken taken;
    struct netaddr where;
    int fd = listen_at("127.0.0.1:0", false, &where);
    int client = call(&where);
    assert_true(is_ready(fd));
    assert_int_equal(acceptor_take(fd, &taken), 0);
    assert_int_not_equal(option(taken.fd, IPPROTO_TCP, TCP_NODELAY), 0);
    assert_int_not_equal(option(taken.fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(option(taken.fd, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    close(taken.fd);
    close(client);
    close(fd);
}

static void port_that_is_taken_is_refused(void **state)
{
    (void)state;
    struct netaddr where;
    int fd = listen_at("127.0.0.1:0", false, &where);
    assert_int_equal(acceptor_bind(&where, false), -EADDRINUSE);
    assert_int_equal(acceptor_bind(&where, true), -EADDRINUSE);
    close(fd);
}

static void port_is_shared_when_both_say_so(void **state)
{
    (void)state;
    struct netaddr where;
    int one = listen_at("127.0.0.1:0", true, &where);
    int two = acceptor_bind(&where, true);
    assert_true(one >= 0 && two >= 0);
    assert_int_equal(acceptor_bind(&where, false), -EADDRINUSE);
    close(one);
    close(two);
}

static void port_can_be_had_again_at_once(void **state)
{
    (void)state;
    struct acceptor_taken taken;
    struct netaddr where;
    int fd = listen_at("127.0.0.1:0", false, &where);
    int client = call(&where);
    assert_true(is_ready(fd));
    assert_int_equal(acceptor_take(fd, &taken), 0);
    close(taken.fd); /* we end it first: our side lingers */
    close(client);
    close(fd);
    fd = acceptor_bind(&where, false);
    assert_true(fd >= 0);
    close(fd);
}

static void families_do_not_share_a_port_by_accident(void **state)
{
    (void)state;
    struct netaddr where;
    int six = listen_at("[::]:0", false, &where);
    if (six < 0) {
        skip();
    }
    struct netaddr four = netaddr_ipv4(0, where.port);
    int fd = acceptor_bind(&four, false);
    assert_true(fd >= 0);
    close(fd);
    close(six);
}

static void address_of_another_machine_is_refused(void **state)
{
    (void)state;
    struct netaddr where = at("192.0.2.1:0");
    assert_int_equal(acceptor_bind(&where, false), -EADDRNOTAVAIL);
}

static void who_has_gone_again_does_no_harm(void **state)
{
    (void)state;
    struct acceptor_taken taken;
    struct netaddr where;
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int fd = listen_at("127.0.0.1:0", false, &where);
    for (int i = 0; i < 5; i++) {
        int client = call(&where);
        assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
        close(client);
    }
    int last = call(&where);
    struct netaddr from = name_of(last);
    taken.from.port = 0;
    for (int i = 0; i < 10 && !netaddr_is_equal(&taken.from, &from); i++) {
        assert_true(is_ready(fd));
        if (acceptor_take(fd, &taken) == 0) {
            close(taken.fd);
        }
    }
    assert_true(netaddr_is_equal(&taken.from, &from));
    close(last);
    close(fd);
}

/* in_child — run `body` in a child of its own, whose limits are its own. */
static void in_child(int (*body)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        _exit(body());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* use_up — every descriptor there may still be. */
static void use_up(void)
{
    while (dup(0) >= 0) {
    }
}

static bool limit_descriptors(int most)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
           (limit.rlim_cur = (rlim_t)most, setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* hears_end — whether a client has been sent away. */
static bool hears_end(int client)
{
    char byte;
    return is_ready(client) && recv(client, &byte, 1, 0) <= 0;
}

/* without_descriptors — 0, or the number of the step that went wrong. */
static int without_descriptors(void)
{
    struct acceptor_taken taken;
    struct netaddr where = netaddr_ipv4(0x7f000001, 0);
    int clients[4];
    int fd = acceptor_bind(&where, false);
    int spare = acceptor_spare();
    where.port = name_of(fd).port;
    for (int i = 0; i < 4; i++) {
        clients[i] = call(&where);
    }
    int next = dup(0);
    if (fd < 0 || spare < 0 || next < 0 || !limit_descriptors(next + 1)) {
        return 1;
    }
    use_up();
    for (int i = 0; i < 3; i++) { /* again and again, without harm */
        if (!is_ready(fd) || acceptor_take(fd, &taken) != -EMFILE) {
            return 2;
        }
    }
    for (int i = 0; i < 3; i++) {
        acceptor_shed(fd, &spare);
        if (spare < 0 || !hears_end(clients[i])) {
            return 3;
        }
    }
    close(next); /* one is free again: the last of them is served */
    if (acceptor_take(fd, &taken) != 0 || taken.fd < 0) {
        return 4;
    }
    if (acceptor_spare() >= 0 || acceptor_bind(&where, true) != -EMFILE) {
        return 5;
    }
    return 0;
}

static void without_descriptors_who_calls_waits_or_is_sent_away(void **state)
{
    (void)state;
    in_child(without_descriptors);
}

/* without_a_spare — 0, or the number of the step that went wrong. */
static int without_a_spare(void)
{
    struct netaddr where = netaddr_ipv4(0x7f000001, 0);
    int fd = acceptor_bind(&where, false);
    int spare = -1;
    where.port = name_of(fd).port;
    int client = call(&where);
    acceptor_shed(fd, &spare); /* there are descriptors: it is sent away all the same */
    if (spare < 0 || !hears_end(client)) {
        return 1;
    }
    acceptor_shed(fd, &spare); /* nobody waits */
    return spare >= 0 && fcntl(spare, F_GETFD) >= 0 ? 0 : 2;
}

static void spare_that_was_not_to_be_had_is_had_later(void **state)
{
    (void)state;
    in_child(without_a_spare);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"who calls is given with both addresses", who_calls_is_given_with_both_addresses, NULL,
         NULL, NULL},
        {"several are given in their order", several_are_given_in_their_order, NULL, NULL, NULL},
        {"a taken socket is tuned", taken_socket_is_tuned, NULL, NULL, NULL},
        {"a port that is taken is refused", port_that_is_taken_is_refused, NULL, NULL, NULL},
        {"a port is shared when both say so", port_is_shared_when_both_say_so, NULL, NULL, NULL},
        {"a port can be had again at once", port_can_be_had_again_at_once, NULL, NULL, NULL},
        {"families do not share a port by accident", families_do_not_share_a_port_by_accident, NULL,
         NULL, NULL},
        {"an address of another machine is refused", address_of_another_machine_is_refused, NULL,
         NULL, NULL},
        {"who has gone again does no harm", who_has_gone_again_does_no_harm, NULL, NULL, NULL},
        {"without descriptors who calls waits or is sent away",
         without_descriptors_who_calls_waits_or_is_sent_away, NULL, NULL, NULL},
        {"a spare that was not to be had is had later", spare_that_was_not_to_be_had_is_had_later,
         NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
