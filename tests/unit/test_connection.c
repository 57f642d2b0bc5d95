/* test_connection — what each state waits for and how long, who is named by which number, and what
 * moves from one worker to another. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CAPACITY = 64, IN = EPOLLIN, OUT = EPOLLOUT, BOTH = EPOLLIN | EPOLLOUT };

static const struct mono start = {1000 * MONO_SECOND};

static struct support_memory memory;
static struct connection_set set;
static struct connection_set other_set;
static int far_end = -1;

static int begin(void **state)
{
    (void)state;
    support_memory_init(&memory);
    far_end = -1;
    return connection_set_init(&set, &memory.memory, CAPACITY, start) &&
                   connection_set_init(&other_set, &memory.memory, CAPACITY, start)
               ? 0
               : -1;
}

static int end(void **state)
{
    (void)state;
    connection_set_fini(&set);
    connection_set_fini(&other_set);
    close(far_end);
    return memory.reservations == 0 ? 0 : -1;
}

/* opened — a connection whose far end is `far_end`. */
static struct connection *opened(enum connection_state state)
{
    int fd[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
    close(far_end);
    far_end = fd[1];
    struct connection *c = connection_open(&set, fd[0], state, start);
    assert_non_null(c);
    c->path.kind = PATH_TCP;
    connection_name(&set, c);
    return c;
}

/* opened_tcp — the same over TCP, which has a reset. */
static struct connection *opened_tcp(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    far_end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(connect(far_end, (struct sockaddr *)&at, size), 0);
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(fd >= 0);
    close(listener);
    struct connection *c = connection_open(&set, fd, CONNECTION_FRAMES, start);
    assert_non_null(c);
    return c;
}

/* interest — what an epoll set waits for of a socket, as the kernel tells it; 0: it is not in the
 * set. */
static unsigned interest(int epoll, int fd)
{
    char name[64];
    char line[256];
    unsigned found = 0;
    snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", epoll);
    FILE *f = fopen(name, "re");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        char *at = strstr(line, "tfd:");
        char *events = strstr(line, "events:");
        if (at && events && strtol(at + 4, NULL, 10) == fd) {
            found = (unsigned)strtoul(events + 7, NULL, 16);
            assert_int_not_equal(found & BOTH, 0);
        }
    }
    fclose(f);
    return found & BOTH;
}

static void assert_interest(const struct connection *c, unsigned in_set, unsigned in_handshakes)
{
    assert_int_equal(interest(set.epoll, c->fd), in_set);
    assert_int_equal(interest(set.handshakes, c->fd), in_handshakes);
    assert_int_equal(c->watched, in_set | in_handshakes);
}

static void have_unsent(struct connection *c)
{
    assert_true(outbox_put_raw(&c->out, (struct span){(const uint8_t *)"unsent", 6}));
    c->moved = start;
}

static void each_state_waits_for_its_own(void **state)
{
    (void)state;
    static const struct {
        enum connection_state state;
        uint8_t plain, unsent, held;
        bool is_before; /* in the set of those that are not open yet */
    } cases[] = {
        {CONNECTION_OPENING, IN, BOTH, 0, true}, {CONNECTION_HANDSHAKE, IN, BOTH, 0, true},
        {CONNECTION_FRAMES, IN, BOTH, 0, false}, {CONNECTION_CONNECTING, OUT, OUT, OUT, false},
        {CONNECTION_WAITING, 0, OUT, 0, false},  {CONNECTION_ENDING, 0, OUT, 0, false},
        {CONNECTION_JOINED, 0, OUT, 0, false}, /* with nobody yet */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct connection *c = opened(cases[i].state);
        bool is_before = cases[i].is_before;
        assert_interest(c, is_before ? 0 : cases[i].plain, is_before ? cases[i].plain : 0);
        c->is_held = true;
        connection_watch(&set, c);
        assert_interest(c, is_before ? 0 : cases[i].held, is_before ? cases[i].held : 0);
        c->is_held = false;
        c->is_waiting = true; /* for a key: the same */
        connection_watch(&set, c);
        assert_interest(c, is_before ? 0 : cases[i].held, is_before ? cases[i].held : 0);
        c->is_waiting = false;
        have_unsent(c);
        connection_watch(&set, c);
        assert_interest(c, is_before ? 0 : cases[i].unsent, is_before ? cases[i].unsent : 0);
        outbox_fini(&c->out);
        c->wants_write = true; /* TLS, before it can read */
        connection_watch(&set, c);
        unsigned wish = cases[i].plain ? OUT : 0;
        assert_interest(c, is_before ? 0 : wish, is_before ? wish : 0);
        connection_close(&set, c, false);
    }
}

static void every_state_can_follow_every_other(void **state)
{
    (void)state;
    struct connection *c = opened(CONNECTION_OPENING);
    for (int from = CONNECTION_OPENING; from <= CONNECTION_ENDING; from++) {
        for (int to = CONNECTION_OPENING; to <= CONNECTION_ENDING; to++) {
            connection_go(&set, c, (enum connection_state)from, start);
            connection_go(&set, c, (enum connection_state)to, mono_add_s(start, 5));
            bool is_before = to <= CONNECTION_HANDSHAKE;
            unsigned wish = to <= CONNECTION_FRAMES ? IN : to == CONNECTION_CONNECTING ? OUT : 0;
            assert_interest(c, is_before ? 0 : wish, is_before ? wish : 0);
            assert_int_equal(c->since.ns, mono_add_s(start, 5).ns);
            assert_false(c->is_broken);
        }
    }
}

static void who_waits_for_nothing_hears_of_no_hang_up(void **state)
{
    (void)state;
    struct epoll_event event;
    struct connection *c = opened(CONNECTION_WAITING);
    close(far_end);
    far_end = -1;
    assert_int_equal(epoll_wait(set.epoll, &event, 1, 0), 0);
    connection_go(&set, c, CONNECTION_FRAMES, start);
    assert_int_equal(epoll_wait(set.epoll, &event, 1, 0), 1);
    assert_ptr_equal(connection_of_event(&set, &event), c);
    c->is_held = true;
    connection_watch(&set, c);
    assert_int_equal(epoll_wait(set.epoll, &event, 1, 0), 0);
}

static void joined_one_is_read_while_the_other_takes_it(void **state)
{
    (void)state;
    struct connection *a = opened(CONNECTION_JOINED);
    struct connection *b = opened(CONNECTION_CONNECTING);
    a->other = connection_number(&set, b);
    b->other = connection_number(&set, a);
    connection_watch(&set, a);
    assert_interest(a, 0, 0); /* not connected yet */
    connection_go(&set, b, CONNECTION_JOINED, start);
    connection_watch(&set, a);
    assert_interest(a, IN, 0);
    assert_interest(b, IN, 0);
    have_unsent(b);
    connection_watch(&set, a);
    connection_watch(&set, b);
    assert_interest(a, 0, 0);
    assert_interest(b, BOTH, 0);
    outbox_fini(&b->out);
    a->kept_size = 1; /* comes first */
    connection_watch(&set, a);
    assert_interest(a, 0, 0);
    a->kept_size = 0;
    a->is_ended = true;
    connection_watch(&set, a);
    assert_interest(a, 0, 0);
    connection_close(&set, b, false);
    assert_int_equal(a->other, CONNECTION_NONE);
}

static void socket_that_epoll_will_not_have_is_broken(void **state)
{
    (void)state;
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct connection *c = connection_open(&set, fd, CONNECTION_FRAMES, start);
    if (!c->is_broken) {
        skip(); /* a kernel that polls such files */
    }
    assert_ptr_equal(connection_take_again(&set), c);
}

/* ---- how long */

static void assert_time(struct connection *c, enum connection_state state, uint64_t seconds)
{
    connection_go(&set, c, state, start);
    assert_int_equal(connection_deadline(c).ns, mono_add_s(start, seconds).ns);
}

static void each_state_has_its_time(void **state)
{
    (void)state;
    struct connection *c = opened(CONNECTION_OPENING);
    assert_time(c, CONNECTION_OPENING, CONNECTION_OPENING_TIME);
    assert_time(c, CONNECTION_HANDSHAKE, CONNECTION_OPENING_TIME);
    assert_time(c, CONNECTION_FRAMES, CONNECTION_OPENING_TIME);
    assert_time(c, CONNECTION_CONNECTING, CONNECTION_CONNECT_TIME);
    assert_time(c, CONNECTION_WAITING, CONNECTION_WAITING_TIME);
    assert_time(c, CONNECTION_ENDING, CONNECTION_STALL_TIME);
    connection_go(&set, c, CONNECTION_JOINED, start);
    assert_int_equal(connection_deadline(c).ns, UINT64_MAX);
    c->is_ended = true;
    assert_time(c, CONNECTION_JOINED, CONNECTION_STALL_TIME);
    c->is_ended = false;
    c->has_said_end = true;
    assert_time(c, CONNECTION_JOINED, CONNECTION_STALL_TIME);
    c->heard = mono_add_s(start, 7);
    assert_time(c, CONNECTION_JOINED, 7 + CONNECTION_STALL_TIME);
}

static void client_that_was_heard_has_more_time(void **state)
{
    (void)state;
    struct connection *c = opened(CONNECTION_FRAMES);
    c->heard = mono_add_s(start, 3);
    assert_time(c, CONNECTION_FRAMES, 3 + CONNECTION_UNKNOWN_IDLE);
    c->is_trusted = true;
    assert_time(c, CONNECTION_FRAMES, 3 + CONNECTION_KNOWN_IDLE);
}

static void stalled_write_and_retry_come_before_that(void **state)
{
    (void)state;
    struct connection *c = opened(CONNECTION_FRAMES);
    c->heard = start;
    c->is_trusted = true;
    have_unsent(c);
    c->moved = mono_add_s(start, 2);
    assert_int_equal(connection_deadline(c).ns, mono_add_s(start, 2 + CONNECTION_STALL_TIME).ns);
    c->retry = mono_add_s(start, 1);
    assert_int_equal(connection_deadline(c).ns, mono_add_s(start, 1).ns);
    c->retry.ns = 0;
    outbox_fini(&c->out);
    assert_int_equal(connection_deadline(c).ns, mono_add_s(start, CONNECTION_KNOWN_IDLE).ns);
}

static void deadline_is_met_and_not_before(void **state)
{
    (void)state;
    struct connection *c = opened(CONNECTION_OPENING);
    struct mono deadline = mono_add_s(start, CONNECTION_OPENING_TIME);
    assert_true(set.soonest.ns <= deadline.ns);
    assert_null(connection_due(&set, (struct mono){deadline.ns - 1}));
    assert_true(set.soonest.ns <= deadline.ns + MONO_SECOND / 5);
    assert_ptr_equal(connection_due(&set, mono_add_ns(deadline, MONO_SECOND / 5)), c);
    assert_null(connection_due(&set, mono_add_ns(deadline, MONO_SECOND / 5)));
    assert_int_equal(set.soonest.ns, UINT64_MAX);
}

static void who_was_heard_in_between_is_not_due(void **state)
{
    (void)state;
    struct connection *c = opened(CONNECTION_FRAMES);
    struct mono now = start;
    for (int i = 0; i < 20; i++) {
        now = mono_add_s(now, CONNECTION_OPENING_TIME);
        c->heard = now; /* nobody tells the timer */
        assert_null(connection_due(&set, now));
    }
    assert_null(connection_due(&set, mono_add_s(now, CONNECTION_UNKNOWN_IDLE - 1)));
    assert_ptr_equal(connection_due(&set, mono_add_s(now, CONNECTION_UNKNOWN_IDLE + 1)), c);
}

static void deadline_that_came_nearer_is_met_when_told(void **state)
{
    (void)state;
    struct connection *c = opened(CONNECTION_FRAMES);
    c->heard = start;
    c->is_trusted = true;
    assert_null(connection_due(&set, mono_add_s(start, CONNECTION_OPENING_TIME + 1)));
    have_unsent(c);
    connection_time(&set, c);
    assert_true(set.soonest.ns <= mono_add_s(start, CONNECTION_STALL_TIME + 1).ns);
    assert_null(connection_due(&set, mono_add_s(start, CONNECTION_STALL_TIME - 1)));
    assert_ptr_equal(connection_due(&set, mono_add_s(start, CONNECTION_STALL_TIME + 1)), c);
}

static void closed_one_is_never_due(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        connection_close(&set, opened(CONNECTION_OPENING), false);
    }
    assert_null(connection_due(&set, mono_add_s(start, 1000)));
}

/* ---- again in the next turn */

static void put_twice_is_taken_once(void **state)
{
    (void)state;
    struct connection *a = opened(CONNECTION_FRAMES);
    struct connection *b = opened(CONNECTION_FRAMES);
    connection_put_again(&set, a);
    connection_put_again(&set, a);
    connection_put_again(&set, b);
    connection_put_again(&set, a);
    assert_non_null(connection_take_again(&set));
    assert_non_null(connection_take_again(&set));
    assert_null(connection_take_again(&set));
    connection_put_again(&set, a);
    assert_ptr_equal(connection_take_again(&set), a);
    assert_null(connection_take_again(&set));
}

static void random_puts_takes_and_closes_agree_with_a_list(void **state)
{
    (void)state;
    enum { COUNT = 12, STEPS = 3000 };
    struct connection *c[COUNT] = {NULL};
    bool is_put[COUNT] = {false};
    uint64_t chance = 11;
    for (int step = 0; step < STEPS; step++) {
        uint32_t i = support_below(&chance, COUNT);
        struct connection *taken;
        switch (support_below(&chance, 4)) {
        case 0:
            if (c[i]) {
                connection_close(&set, c[i], false);
                is_put[i] = false;
            }
            c[i] = opened(CONNECTION_FRAMES);
            break;
        case 1:
        case 2:
            if (c[i]) {
                connection_put_again(&set, c[i]);
                is_put[i] = true;
            }
            break;
        default:
            taken = connection_take_again(&set);
            for (i = 0; i < COUNT && (!taken || c[i] != taken); i++) {
                assert_true(taken || !is_put[i]);
            }
            assert_true(!taken || (i < COUNT && is_put[i]));
            if (taken) {
                is_put[i] = false;
            }
        }
    }
}

static void broken_one_forgets_what_was_unsent(void **state)
{
    (void)state;
    struct connection *c = opened(CONNECTION_FRAMES);
    have_unsent(c);
    connection_break(&set, c);
    assert_true(c->is_broken);
    assert_int_equal(c->out.size, 0);
    assert_ptr_equal(connection_take_again(&set), c);
}

/* ---- who is who */

static void path_finds_its_connection_while_it_lives(void **state)
{
    (void)state;
    struct connection *c = opened(CONNECTION_FRAMES);
    struct path path = c->path;
    assert_ptr_equal(connection_of(&set, &path), c);
    path.kind = PATH_UDP;
    assert_null(connection_of(&set, &path));
    path.kind = PATH_NONE;
    assert_null(connection_of(&set, &path));
    for (size_t i = 0; i < sizeof(path); i++) {
        path = c->path;
        ((uint8_t *)&path)[i] ^= 1;
        assert_null(connection_of(&set, &path));
    }
    path = c->path;
    path.generation++;
    assert_null(connection_of(&set, &path));
    path = c->path;
    path.connection = CAPACITY;
    assert_null(connection_of(&set, &path));
    path.connection = UINT32_MAX;
    assert_null(connection_of(&set, &path));
    path = c->path;
    connection_close(&set, c, false);
    assert_null(connection_of(&set, &path));
}

static void path_of_a_closed_one_does_not_find_who_follows(void **state)
{
    (void)state;
    struct path paths[200];
    uint32_t number = 0;
    for (int i = 0; i < 200; i++) {
        struct connection *c = opened(CONNECTION_FRAMES);
        paths[i] = c->path;
        assert_int_equal(connection_number(&set, c), number);
        for (int before = 0; before < i; before++) {
            assert_null(connection_of(&set, &paths[before]));
        }
        assert_ptr_equal(connection_of(&set, &paths[i]), c);
        connection_close(&set, c, false);
    }
}

static void event_of_a_closed_one_is_nobodys(void **state)
{
    (void)state;
    struct epoll_event event;
    struct connection *c = opened(CONNECTION_FRAMES);
    assert_int_equal(write(far_end, "x", 1), 1);
    assert_int_equal(epoll_wait(set.epoll, &event, 1, 0), 1);
    assert_ptr_equal(connection_of_event(&set, &event), c);
    connection_close(&set, c, false);
    assert_null(connection_of_event(&set, &event));
    struct connection *next = opened(CONNECTION_FRAMES);
    assert_ptr_equal(next, c); /* the same place */
    assert_null(connection_of_event(&set, &event));
}

static void there_is_room_for_so_many(void **state)
{
    (void)state;
    struct connection *last = NULL;
    for (int i = 0; i < CAPACITY; i++) {
        last = opened(CONNECTION_FRAMES);
    }
    int fd = dup(far_end);
    assert_null(connection_open(&set, fd, CONNECTION_FRAMES, start));
    assert_int_not_equal(fcntl(fd, F_GETFD), -1); /* still ours */
    connection_close(&set, last, false);
    assert_non_null(connection_open(&set, fd, CONNECTION_FRAMES, start));
}

static void memory_that_is_short_is_told(void **state)
{
    (void)state;
    int fd = dup(0);
    support_memory_fail(&memory, 1, 1000);
    assert_null(connection_open(&set, fd, CONNECTION_FRAMES, start));
    support_memory_fail(&memory, 0, 0);
    assert_int_equal(close(fd), 0);
    opened(CONNECTION_FRAMES);
}

/* ---- the end */

static int hear_end(void)
{
    char byte;
    struct pollfd p = {.fd = far_end, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    ssize_t got = recv(far_end, &byte, 1, 0);
    return got < 0 ? errno : (int)got;
}

static void close_is_heard_as_an_end_or_as_a_reset(void **state)
{
    (void)state;
    struct connection *c = opened_tcp();
    connection_close(&set, c, false);
    assert_int_equal(hear_end(), 0);
    close(far_end);
    c = opened_tcp();
    connection_close(&set, c, true);
    assert_int_equal(hear_end(), ECONNRESET);
}

static void set_that_ends_closes_them_all(void **state)
{
    (void)state;
    int fd[10];
    for (int i = 0; i < 10; i++) {
        struct connection *c = opened((enum connection_state)(i % 7));
        fd[i] = c->fd;
        have_unsent(c);
        c->kept = malloc(10);
        connection_put_again(&set, c);
    }
    struct connection *datagrams = connection_open(&set, -1, CONNECTION_HANDSHAKE, start);
    assert_non_null(datagrams);
    connection_set_fini(&set);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(fcntl(fd[i], F_GETFD), -1);
    }
    assert_true(connection_set_init(&set, &memory.memory, CAPACITY, start));
}

/* ---- reading and writing */

static void what_the_socket_will_not_take_goes_later(void **state)
{
    (void)state;
    static uint8_t bytes[65536];
    struct connection *c = opened(CONNECTION_FRAMES);
    size_t sent;
    size_t all = 0;
    size_t heard = 0;
    enum connection_io io;
    while ((io = connection_write(c, bytes, sizeof(bytes), &sent)) == CONNECTION_DONE) {
        all += sent;
    }
    assert_int_equal(io, CONNECTION_WAIT);
    assert_int_equal(sent, 0);
    for (int i = 0; i < 4; i++) {
        assert_true(outbox_put_raw(&c->out, (struct span){bytes, sizeof(bytes)}));
        all += sizeof(bytes);
    }
    c->is_raw = true;
    c->is_held = true;
    assert_int_equal(connection_flush(c, mono_add_s(start, 1)), CONNECTION_WAIT);
    assert_int_equal(c->moved.ns, 0);
    for (int i = 0; i < 1000 && heard < all; i++) {
        ssize_t got = read(far_end, bytes, sizeof(bytes));
        heard += got > 0 ? (size_t)got : 0;
        io = connection_flush(c, mono_add_s(start, 2));
    }
    assert_int_equal(heard, all);
    assert_int_equal(io, CONNECTION_DONE);
    assert_int_equal(c->moved.ns, mono_add_s(start, 2).ns);
    assert_false(c->is_held);
}

static void who_was_held_is_read_again_at_the_low_mark(void **state)
{
    (void)state;
    static uint8_t reply[OUTBOX_REPLY_LOW] = {0x01, 0x01, 0x3f, 0xec};
    static uint8_t bytes[65536];
    size_t sent;
    struct connection *c = opened(CONNECTION_FRAMES);
    while (connection_write(c, bytes, sizeof(bytes), &sent) == CONNECTION_DONE) {
    }
    for (int i = 0; i < 5; i++) {
        assert_true(outbox_put(&c->out, (struct span){reply, sizeof(reply)}, 0));
    }
    c->is_held = true;
    for (int i = 0; i < 1000 && c->out.size > 0; i++) {
        (void)!read(far_end, bytes, sizeof(bytes));
        assert_int_equal(c->is_held, c->out.replies > OUTBOX_REPLY_LOW);
        (void)connection_flush(c, start);
    }
    assert_false(c->is_held);
    assert_int_equal(c->out.size, 0);
}

static void end_and_failure_are_told_apart(void **state)
{
    (void)state;
    uint8_t bytes[16];
    size_t got;
    struct connection *c = opened(CONNECTION_FRAMES);
    assert_int_equal(connection_read(c, bytes, sizeof(bytes), &got), CONNECTION_WAIT);
    assert_int_equal(write(far_end, "abc", 3), 3);
    assert_int_equal(connection_read(c, bytes, sizeof(bytes), &got), CONNECTION_DONE);
    assert_int_equal(got, 3);
    assert_int_equal(shutdown(far_end, SHUT_WR), 0);
    assert_int_equal(connection_read(c, bytes, sizeof(bytes), &got), CONNECTION_END);
    assert_int_equal(got, 0);
    close(far_end);
    far_end = -1;
    assert_int_equal(connection_write(c, bytes, 1, &got), CONNECTION_FAILED);
    have_unsent(c);
    assert_int_equal(connection_flush(c, start), CONNECTION_FAILED);
    c = opened_tcp();
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(far_end, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    close(far_end);
    far_end = -1;
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(connection_read(c, bytes, sizeof(bytes), &got), CONNECTION_FAILED);
}

/* ---- from one worker to another */

static struct connection *moved(struct connection *c)
{
    struct connection released;
    connection_release(&set, c, &released);
    struct connection *there =
        connection_open(&other_set, released.fd, CONNECTION_FRAMES, mono_add_s(start, 1));
    assert_non_null(there);
    connection_adopt(&other_set, there, &released);
    return there;
}

static void moved_one_is_what_it_was_under_other_numbers(void **state)
{
    (void)state;
    connection_open(&other_set, -1, CONNECTION_JOINED, start); /* has number 0 there, and no time */
    struct connection *c = opened(CONNECTION_FRAMES);
    int fd = c->fd;
    c->path.client.a = netaddr_ipv4(0x7f000001, 4000);
    c->path.local = 3;
    c->heard = mono_add_s(start, 4);
    c->is_trusted = true;
    c->source = 77;
    c->mover = 2;
    c->kept = malloc(3);
    c->kept_size = 3;
    memcpy(c->kept, "abc", 3);
    have_unsent(c);
    connection_put_again(&set, c);
    struct path before = c->path;
    struct connection *there = moved(c);
    assert_null(connection_of(&set, &before));
    assert_null(connection_take_again(&set));
    assert_null(connection_due(&set, mono_add_s(start, 100000)));
    assert_int_equal(interest(set.epoll, fd), 0);
    assert_int_equal(interest(other_set.epoll, fd), BOTH);
    assert_int_equal(there->fd, fd);
    assert_int_equal(there->mover, 0);
    assert_int_equal(there->source, 77);
    assert_true(there->is_trusted);
    assert_memory_equal(there->kept, "abc", 3);
    assert_int_equal(there->out.size, 6);
    assert_int_equal(there->path.connection, 1);
    assert_int_equal(there->path.local, 3);
    assert_true(netaddr_is_equal(&there->path.client.a, &before.client.a));
    assert_ptr_equal(connection_of(&other_set, &there->path), there);
    assert_false(there->is_again);
    outbox_fini(&there->out);
    assert_null(connection_due(&other_set, mono_add_s(start, CONNECTION_KNOWN_IDLE + 3)));
    assert_ptr_equal(connection_due(&other_set, mono_add_s(start, CONNECTION_KNOWN_IDLE + 5)),
                     there);
}

static void place_of_a_moved_one_serves_another(void **state)
{
    (void)state;
    struct connection *c = opened(CONNECTION_FRAMES);
    struct path before = c->path;
    moved(c);
    struct connection *next = opened(CONNECTION_FRAMES);
    assert_ptr_equal(next, c);
    assert_null(connection_of(&set, &before));
    assert_ptr_equal(connection_of(&set, &next->path), next);
}

static void scrapped_one_is_closed(void **state)
{
    (void)state;
    struct connection released;
    struct connection *c = opened(CONNECTION_FRAMES);
    int fd = c->fd;
    c->kept = malloc(3);
    have_unsent(c);
    connection_release(&set, c, &released);
    assert_int_not_equal(fcntl(fd, F_GETFD), -1);
    connection_scrap(&released);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* The new place was broken from the start: the list it is on must stay whole. */
static void moved_one_that_epoll_will_not_have_is_broken_there(void **state)
{
    (void)state;
    struct connection released;
    struct connection *c = opened(CONNECTION_FRAMES);
    c->next_again = 12345; /* of a list it was on once */
    connection_release(&set, c, &released);
    close(released.fd);
    released.fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    struct connection *waiting = connection_open(&other_set, -1, CONNECTION_HANDSHAKE, start);
    connection_put_again(&other_set, waiting);
    struct connection *there = connection_open(&other_set, released.fd, CONNECTION_FRAMES, start);
    bool is_broken = there->is_broken;
    connection_adopt(&other_set, there, &released);
    if (!is_broken) {
        skip(); /* a kernel that polls such files */
    }
    assert_true(there->is_broken);
    assert_ptr_equal(connection_take_again(&other_set), there);
    assert_ptr_equal(connection_take_again(&other_set), waiting);
    assert_null(connection_take_again(&other_set));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"each state waits for its own", each_state_waits_for_its_own, begin, end, NULL},
        {"every state can follow every other", every_state_can_follow_every_other, begin, end,
         NULL},
        {"who waits for nothing hears of no hang-up", who_waits_for_nothing_hears_of_no_hang_up,
         begin, end, NULL},
        {"a joined one is read while the other takes it",
         joined_one_is_read_while_the_other_takes_it, begin, end, NULL},
        {"a socket that epoll will not have is broken", socket_that_epoll_will_not_have_is_broken,
         begin, end, NULL},
        {"each state has its time", each_state_has_its_time, begin, end, NULL},
        {"a client that was heard has more time", client_that_was_heard_has_more_time, begin, end,
         NULL},
        {"a stalled write and a retry come before that", stalled_write_and_retry_come_before_that,
         begin, end, NULL},
        {"a deadline is met and not before", deadline_is_met_and_not_before, begin, end, NULL},
        {"who was heard in between is not due", who_was_heard_in_between_is_not_due, begin, end,
         NULL},
        {"a deadline that came nearer is met when told", deadline_that_came_nearer_is_met_when_told,
         begin, end, NULL},
        {"a closed one is never due", closed_one_is_never_due, begin, end, NULL},
        {"put twice is taken once", put_twice_is_taken_once, begin, end, NULL},
        {"3,000 random puts, takes and closes agree with a list",
         random_puts_takes_and_closes_agree_with_a_list, begin, end, NULL},
        {"a broken one forgets what was unsent", broken_one_forgets_what_was_unsent, begin, end,
         NULL},
        {"a path finds its connection while it lives", path_finds_its_connection_while_it_lives,
         begin, end, NULL},
        {"a path of a closed one does not find who follows",
         path_of_a_closed_one_does_not_find_who_follows, begin, end, NULL},
        {"an event of a closed one is nobody's", event_of_a_closed_one_is_nobodys, begin, end,
         NULL},
        {"there is room for so many", there_is_room_for_so_many, begin, end, NULL},
        {"memory that is short is told", memory_that_is_short_is_told, begin, end, NULL},
        {"a close is heard as an end or as a reset", close_is_heard_as_an_end_or_as_a_reset, begin,
         end, NULL},
        {"a set that ends closes them all", set_that_ends_closes_them_all, begin, end, NULL},
        {"what the socket will not take goes later", what_the_socket_will_not_take_goes_later,
         begin, end, NULL},
        {"who was held is read again at the low mark", who_was_held_is_read_again_at_the_low_mark,
         begin, end, NULL},
        {"an end and a failure are told apart", end_and_failure_are_told_apart, begin, end, NULL},
        {"a moved one is what it was under other numbers",
         moved_one_is_what_it_was_under_other_numbers, begin, end, NULL},
        {"the place of a moved one serves another", place_of_a_moved_one_serves_another, begin, end,
         NULL},
        {"a scrapped one is closed", scrapped_one_is_closed, begin, end, NULL},
        {"a moved one that epoll will not have is broken there",
         moved_one_that_epoll_will_not_have_is_broken_there, begin, end, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
