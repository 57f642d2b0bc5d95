/* test_splice — two connections joined: both ways, as fast as the slower one, each end by itself,
 * with TLS on one side; served the way a worker serves them. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/acceptor.h"
#include "net/sockaddr.h"
#include "net/splice.h"
#include "net/tls.h"
#include "support/certificate.h"
#include "support/secure_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum { CAPACITY = 8, TURNS = 200000, CHUNK = 8192 };

static const struct mono start = {1000 * MONO_SECOND};
static const struct netaddr anywhere;

static struct support_memory memory;
static struct connection_set set;
static struct certificate own;
static struct tls *tls;
static struct secure_client client;
static uint8_t buffer[SPLICE_BUFFER_SIZE];
static struct mono now;

/* The two that are joined, and where whoever is behind them sits. */
static struct connection *a, *b;
static int far_a, far_b;
static bool has_ended;

static int begin_all(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN); /* as the server does */
    certificate_init(&own, &(struct certificate_wish){0});
    tls = certificate_serve(&own);
    return 0;
}

static int end_all(void **state)
{
    (void)state;
    tls_free(tls);
    certificate_fini(&own);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    support_memory_init(&memory);
    client.ssl = NULL;
    a = b = NULL;
    far_a = far_b = -1;
    has_ended = false;
    now = start;
    return connection_set_init(&set, &memory.memory, CAPACITY, start) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    secure_client_fini(&client);
    connection_set_fini(&set);
    close(far_a);
    close(far_b);
    return 0;
}

/* pair — over TCP: ours of the two does not block, nor does the other. */
static int pair(int *far_end)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    *far_end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(*far_end, (struct sockaddr *)&at, size), 0);
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(fd >= 0);
    close(listener);
    acceptor_tune(fd);
    acceptor_tune(*far_end);
    return fd;
}

static void open_two(void)
{
    a = connection_open(&set, pair(&far_a), CONNECTION_FRAMES, now);
    b = connection_open(&set, pair(&far_b), CONNECTION_WAITING, now);
    assert_true(a && b);
    a->path.kind = PATH_TCP;
    b->is_peer = true;
}

static void join_two(void)
{
    open_two();
    splice_join(&set, a, b, now);
}

/* serve — one that is ready, as the worker does. */
static void serve(struct connection *c)
{
    if (c->state == CONNECTION_CONNECTING) {
        if (!splice_is_connected(c)) {
            has_ended = true;
            return;
        }
        connection_go(&set, c, CONNECTION_JOINED, now);
    }
    has_ended = has_ended || c->is_broken || !splice_move(&set, c, buffer, now);
}

/* turn — one turn of the loop. Returns whether there was anything to do. */
static bool turn(int wait_ms)
{
    struct epoll_event ready[4];
    struct connection *again[4];
    int waiting = 0;
    while (waiting < 4 && (again[waiting] = connection_take_again(&set)) != NULL) {
        waiting++;
    }
    int count = epoll_wait(set.epoll, ready, 4, waiting > 0 ? 0 : wait_ms);
    for (int i = 0; i < count && !has_ended; i++) {
        serve(connection_of_event(&set, &ready[i]));
    }
    for (int i = 0; i < waiting && !has_ended; i++) {
        serve(again[i]);
    }
    return count > 0 || waiting > 0;
}

/* settle — until nothing happens any more. */
static void settle(void)
{
    for (int i = 0; i < TURNS && !has_ended && turn(20); i++) {
    }
}

/* byte_at — what a stream of so much is made of. */
static uint8_t byte_at(size_t at, unsigned which)
{
    return (uint8_t)((at * 31 + at / 251 + which * 101) & 0xff);
}

/* A stream from one far end to the other. */
struct flow {
    unsigned which;
    int from, to;
    SSL *tls_from, *tls_to;
    size_t size;
    size_t said, heard;
    bool has_heard_end;
};

static void say_some(struct flow *f)
{
    uint8_t bytes[CHUNK];
    size_t some = f->size - f->said < CHUNK ? f->size - f->said : CHUNK;
    for (size_t i = 0; i < some; i++) {
        bytes[i] = byte_at(f->said + i, f->which);
    }
    ssize_t done = some == 0     ? 0
                   : f->tls_from ? SSL_write(f->tls_from, bytes, (int)some)
                                 : send(f->from, bytes, some, MSG_DONTWAIT | MSG_NOSIGNAL);
    f->said += done > 0 ? (size_t)done : 0;
}

static void hear_some(struct flow *f)
{
    uint8_t bytes[CHUNK];
    ssize_t got =
        f->tls_to ? SSL_read(f->tls_to, bytes, CHUNK) : recv(f->to, bytes, CHUNK, MSG_DONTWAIT);
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] != byte_at(f->heard + (size_t)i, f->which)) {
            assert_int_equal(bytes[i], byte_at(f->heard + (size_t)i, f->which));
        }
    }
    f->heard += got > 0 ? (size_t)got : 0;
    f->has_heard_end = f->has_heard_end || got == 0;
    ERR_clear_error();
}

static struct flow flow(unsigned which, int from, int to, size_t size)
{
    return (struct flow){.which = which, .from = from, .to = to, .size = size};
}

/* carry — both streams, to their end. */
static void carry(struct flow *one, struct flow *two)
{
    for (int i = 0; i < TURNS && (one->heard < one->size || two->heard < two->size); i++) {
        say_some(one);
        say_some(two);
        turn(0);
        hear_some(one);
        hear_some(two);
        assert_false(has_ended);
        assert_true(a->out.size <= SPLICE_BUFFER_SIZE && b->out.size <= SPLICE_BUFFER_SIZE);
    }
    assert_int_equal(one->heard, one->size);
    assert_int_equal(two->heard, two->size);
}

static void both_ways_at_once(void **state)
{
    (void)state;
    join_two();
    struct flow up = flow(1, far_a, far_b, 6000000);
    struct flow down = flow(2, far_b, far_a, 3000000);
    carry(&up, &down);
    settle();
    assert_false(has_ended);
    assert_null(a->out.bytes);
    assert_null(b->out.bytes);
}

static void nothing_happens_while_nobody_says_anything(void **state)
{
    (void)state;
    join_two();
    settle();
    for (int i = 0; i < 5; i++) {
        assert_false(turn(0));
    }
    assert_int_equal(connection_deadline(a).ns, UINT64_MAX);
    assert_int_equal(connection_deadline(b).ns, UINT64_MAX);
}

static void keep(struct connection *c, const char *text)
{
    c->kept_size = (uint32_t)strlen(text);
    c->kept = malloc(c->kept_size);
    assert_non_null(c->kept);
    memcpy(c->kept, text, c->kept_size);
}

static void assert_hears(int fd, const char *text)
{
    char bytes[256];
    size_t all = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (all < strlen(text) && poll(&p, 1, 10000) == 1) {
        ssize_t got = recv(fd, bytes + all, sizeof(bytes) - 1 - all, MSG_DONTWAIT);
        assert_true(got > 0);
        all += (size_t)got;
    }
    bytes[all] = '\0';
    assert_string_equal(bytes, text);
}

static void what_was_kept_comes_first(void **state)
{
    (void)state;
    open_two();
    keep(a, "kept of a, ");
    keep(b, "kept of b, ");
    assert_int_equal(send(far_a, "said by a", 9, MSG_NOSIGNAL), 9);
    assert_int_equal(send(far_b, "said by b", 9, MSG_NOSIGNAL), 9);
    splice_join(&set, a, b, now);
    settle();
    assert_hears(far_b, "kept of a, said by a");
    assert_hears(far_a, "kept of b, said by b");
    assert_null(a->kept);
    assert_int_equal(b->kept_size, 0);
}

/* The success that a client is told may not have gone out yet when its peer's bytes come. */
static void unsent_reply_comes_before_the_peers_bytes(void **state)
{
    (void)state;
    static const uint8_t reply[20] = {0x01, 0x0b, 0x00, 0x00, 's', 'u', 'c', 'c', 'e', 's', 's'};
    char bytes[64];
    open_two();
    assert_true(outbox_put(&a->out, (struct span){reply, sizeof(reply)}, 0));
    a->is_held = true;
    keep(b, "kept of b");
    assert_int_equal(send(far_b, "said by b", 9, MSG_NOSIGNAL), 9);
    splice_join(&set, a, b, now);
    assert_false(a->is_held);
    settle();
    struct pollfd p = {.fd = far_a, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(recv(far_a, bytes, 20, MSG_WAITALL), 20);
    assert_memory_equal(bytes, reply, 20);
    assert_hears(far_a, "kept of bsaid by b");
    assert_int_equal(a->out.size, 0);
}

/* One of them does not hear: of what the other says no more than a buffer lies here. */
static void slow_one_holds_the_other_up(void **state)
{
    (void)state;
    join_two();
    struct flow up = flow(3, far_a, far_b, SIZE_MAX);
    struct flow none = flow(0, far_b, far_a, 0);
    size_t before = 1;
    for (int quiet = 0; quiet < 50; quiet += up.said == before ? 1 : -quiet) {
        before = up.said;
        say_some(&up);
        turn(1);
        assert_true(b->out.size <= SPLICE_BUFFER_SIZE);
        assert_true(up.said < (size_t)64 << 20); /* what kernels keep is far less */
    }
    assert_true(b->out.size > 0);
    assert_int_equal(a->watched, 0); /* not read */
    assert_int_equal(b->watched, EPOLLIN | EPOLLOUT);
    assert_int_equal(connection_deadline(b).ns, mono_add_s(start, CONNECTION_STALL_TIME).ns);
    struct flow down = flow(4, far_b, far_a, 100000); /* the way back is open */
    for (int i = 0; i < TURNS && down.heard < down.size; i++) {
        say_some(&down);
        turn(0);
        hear_some(&down);
    }
    assert_int_equal(down.heard, down.size);
    up.size = up.said;
    carry(&up, &none);
    assert_int_equal(b->out.size, 0);
}

static void each_end_is_passed_on_by_itself(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        begin(NULL);
        join_two();
        struct flow up = way ? flow(5, far_b, far_a, 300000) : flow(5, far_a, far_b, 300000);
        struct flow none = flow(0, up.to, up.from, 0);
        carry(&up, &none);
        assert_int_equal(shutdown(up.from, SHUT_WR), 0);
        settle();
        hear_some(&up);
        assert_true(up.has_heard_end);
        assert_false(has_ended);
        for (int i = 0; i < 5; i++) { /* nobody is told of that end again */
            assert_false(turn(0));
        }
        struct flow down = flow(6, up.to, up.from, 300000); /* the other half goes on */
        struct flow nothing = flow(0, up.from, up.to, 0);
        carry(&nothing, &down);
        assert_int_equal(shutdown(down.from, SHUT_WR), 0);
        settle();
        hear_some(&down);
        assert_true(down.has_heard_end);
        assert_true(has_ended);
        end(NULL);
    }
    begin(NULL);
}

/* What was said before an end is passed on before it, however slowly. */
static void end_comes_behind_what_was_said(void **state)
{
    (void)state;
    join_two();
    struct flow up = flow(7, far_a, far_b, 8000000);
    for (int i = 0; i < TURNS && up.said < up.size; i++) {
        say_some(&up);
        turn(0);
        if (i % 4 == 0) {
            hear_some(&up);
        }
    }
    assert_int_equal(shutdown(far_a, SHUT_WR), 0);
    for (int i = 0; i < TURNS && !up.has_heard_end; i++) {
        turn(0);
        hear_some(&up);
    }
    assert_int_equal(up.heard, up.size);
    assert_true(up.has_heard_end);
    assert_false(has_ended);
}

/* Half of it has ended and the other half goes on for minutes: neither is over. */
static void half_that_moves_keeps_both_alive(void **state)
{
    (void)state;
    join_two();
    settle();
    assert_int_equal(shutdown(far_a, SHUT_WR), 0);
    settle();
    struct flow down = flow(8, far_b, far_a, SIZE_MAX);
    for (int i = 0; i < 20; i++) {
        now = mono_add_s(now, 20);
        assert_null(connection_due(&set, now));
        down.size = down.said + 1000;
        struct flow none = flow(0, far_a, far_b, 0);
        carry(&none, &down);
    }
    now = mono_add_s(now, CONNECTION_STALL_TIME + 1);
    assert_non_null(connection_due(&set, now));
}

static void reset_ends_both(void **state)
{
    (void)state;
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    for (int way = 0; way < 2; way++) {
        begin(NULL);
        join_two();
        settle();
        int *far_end = way ? &far_b : &far_a;
        assert_int_equal(setsockopt(*far_end, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
        close(*far_end);
        *far_end = -1;
        settle();
        assert_true(has_ended);
        end(NULL);
    }
    begin(NULL);
}

static void one_without_another_is_at_its_end(void **state)
{
    (void)state;
    join_two();
    settle();
    connection_close(&set, b, false);
    assert_int_equal(a->other, CONNECTION_NONE);
    assert_false(splice_move(&set, a, buffer, now));
}

/* ---- one that is still connecting */

/* listener — a socket that listens, with *at it is. */
static int listener(struct netaddr *at, bool is_shared)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof(name);
    *at = netaddr_ipv4(0x7f000001, 0);
    int fd = acceptor_bind(at, is_shared);
    assert_true(fd >= 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    *at = sockaddr_to(&name);
    return fd;
}

static int accepted(int fd, struct acceptor_taken *taken)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(acceptor_take(fd, taken), 0);
    return taken->fd;
}

static void client_waits_for_a_server_that_is_called(void **state)
{
    (void)state;
    struct netaddr at;
    struct acceptor_taken taken;
    int fd = listener(&at, false);
    a = connection_open(&set, pair(&far_a), CONNECTION_FRAMES, now);
    keep(a, "GET / ");
    assert_int_equal(send(far_a, "HTTP/1.0", 8, MSG_NOSIGNAL), 8);
    b = splice_connect(&set, &anywhere, &at, now);
    assert_non_null(b);
    assert_int_equal(b->state, CONNECTION_CONNECTING);
    assert_true(b->is_peer);
    splice_join(&set, a, b, now);
    assert_true(splice_move(&set, a, buffer, now)); /* too early: nothing is lost of it */
    settle();
    assert_false(has_ended);
    assert_int_equal(b->state, CONNECTION_JOINED);
    far_b = accepted(fd, &taken);
    assert_hears(far_b, "GET / HTTP/1.0");
    assert_int_equal(send(far_b, "200 OK", 6, MSG_NOSIGNAL), 6);
    settle();
    assert_hears(far_a, "200 OK");
    close(fd);
}

static void server_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct netaddr at;
    close(listener(&at, false));
    a = connection_open(&set, pair(&far_a), CONNECTION_FRAMES, now);
    b = splice_connect(&set, &anywhere, &at, now);
    if (!b) {
        return; /* told at once */
    }
    splice_join(&set, a, b, now);
    settle();
    assert_true(has_ended);
}

static void call_comes_from_the_port_that_others_listen_on(void **state)
{
    (void)state;
    struct netaddr own_port;
    struct netaddr at;
    struct acceptor_taken taken;
    int relayed = listener(&own_port, true);
    int fd = listener(&at, false);
    b = splice_connect(&set, &own_port, &at, now);
    assert_non_null(b);
    far_b = accepted(fd, &taken);
    assert_true(netaddr_is_equal(&taken.from, &own_port));
    assert_true(splice_is_connected(b));
    close(relayed);
    close(fd);
}

static void call_that_is_impossible_is_refused_at_once(void **state)
{
    (void)state;
    struct netaddr at;
    struct netaddr not_ours = netaddr_ipv4(0xc0000201, 0);
    int fd = listener(&at, false);
    int before = dup(0);
    close(before);
    assert_null(splice_connect(&set, &not_ours, &at, now));
    int after = dup(0);
    assert_int_equal(before, after); /* no descriptor is left behind */
    close(after);
    close(fd);
}

/* ---- TLS on the client's side */

static void join_tls(void)
{
    enum tls_result result = TLS_WANT_READ;
    bool is_done = false;
    open_two();
    a->path.kind = PATH_TLS;
    a->tls = tls_accept(tls, a->fd, true);
    int flags = 1;
    assert_int_equal(ioctl(far_a, FIONBIO, &flags), 0);
    secure_client_connect(&client, &(struct secure_client_wish){0}, far_a);
    for (int i = 0; i < 2000 && (!is_done || result != TLS_DONE); i++) {
        is_done = secure_client_step(&client);
        result = result == TLS_DONE ? result : tls_handshake(a->tls);
        usleep(is_done ? 0 : 100);
    }
    assert_int_equal(result, TLS_DONE);
    splice_join(&set, a, b, now);
}

static void both_ways_with_tls_on_one_side(void **state)
{
    (void)state;
    join_tls();
    struct flow up = flow(9, far_a, far_b, 3000000);
    struct flow down = flow(10, far_b, far_a, 3000000);
    up.tls_from = client.ssl;
    down.tls_to = client.ssl;
    carry(&up, &down);
}

static void slow_tls_client_holds_its_server_up(void **state)
{
    (void)state;
    join_tls();
    struct flow down = flow(11, far_b, far_a, SIZE_MAX);
    struct flow none = flow(0, far_a, far_b, 0);
    size_t before = 1;
    down.tls_to = client.ssl;
    for (int quiet = 0; quiet < 50; quiet += down.said == before ? 1 : -quiet) {
        before = down.said;
        say_some(&down);
        turn(1);
        assert_true(a->out.size <= SPLICE_BUFFER_SIZE);
    }
    assert_true(a->out.size > 0);
    down.size = down.said;
    carry(&none, &down);
}

static void slow_server_holds_its_tls_client_up(void **state)
{
    (void)state;
    join_tls();
    struct flow up = flow(12, far_a, far_b, SIZE_MAX);
    struct flow none = flow(0, far_b, far_a, 0);
    size_t before = 1;
    up.tls_from = client.ssl;
    none.tls_to = client.ssl;
    for (int quiet = 0; quiet < 50; quiet += up.said == before ? 1 : -quiet) {
        before = up.said;
        say_some(&up);
        turn(1);
        assert_true(b->out.size <= SPLICE_BUFFER_SIZE);
    }
    up.size = up.said + CHUNK; /* what OpenSSL has seen of it must come again */
    carry(&up, &none);
}

static void each_end_is_passed_on_with_tls_on_one_side(void **state)
{
    (void)state;
    join_tls();
    struct flow up = flow(13, far_a, far_b, 50000);
    struct flow none = flow(0, far_b, far_a, 0);
    up.tls_from = client.ssl;
    none.tls_to = client.ssl;
    carry(&up, &none);
    (void)SSL_shutdown(client.ssl); /* says its end, and hears on */
    settle();
    hear_some(&up);
    assert_true(up.has_heard_end);
    assert_false(has_ended);
    struct flow down = flow(14, far_b, far_a, 50000);
    struct flow nothing = flow(0, far_a, far_b, 0);
    down.tls_to = client.ssl;
    carry(&nothing, &down);
    assert_int_equal(shutdown(far_b, SHUT_WR), 0);
    settle();
    assert_true(has_ended);
    hear_some(&down);
    assert_true(down.has_heard_end);
    assert_int_not_equal(SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN, 0);
}

static void servers_end_reaches_its_tls_client(void **state)
{
    (void)state;
    join_tls();
    struct flow down = flow(15, far_b, far_a, 50000);
    struct flow none = flow(0, far_a, far_b, 0);
    down.tls_to = client.ssl;
    carry(&none, &down);
    assert_int_equal(shutdown(far_b, SHUT_WR), 0);
    settle();
    assert_false(has_ended);
    hear_some(&down);
    assert_true(down.has_heard_end);
    struct flow up = flow(16, far_a, far_b, 50000); /* the client's half goes on */
    struct flow nothing = flow(0, far_b, far_a, 0);
    up.tls_from = client.ssl;
    nothing.tls_to = client.ssl;
    carry(&up, &nothing);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"both ways at once", both_ways_at_once, begin, end, NULL},
        {"nothing happens while nobody says anything", nothing_happens_while_nobody_says_anything,
         begin, end, NULL},
        {"what was kept comes first", what_was_kept_comes_first, begin, end, NULL},
        {"an unsent reply comes before the peer's bytes", unsent_reply_comes_before_the_peers_bytes,
         begin, end, NULL},
        {"a slow one holds the other up", slow_one_holds_the_other_up, begin, end, NULL},
        {"each end is passed on by itself", each_end_is_passed_on_by_itself, NULL, end, NULL},
        {"an end comes behind what was said", end_comes_behind_what_was_said, begin, end, NULL},
        {"a half that moves keeps both alive", half_that_moves_keeps_both_alive, begin, end, NULL},
        {"a reset ends both", reset_ends_both, NULL, end, NULL},
        {"one without another is at its end", one_without_another_is_at_its_end, begin, end, NULL},
        {"a client waits for a server that is called", client_waits_for_a_server_that_is_called,
         begin, end, NULL},
        {"a server that is not there is told", server_that_is_not_there_is_told, begin, end, NULL},
        {"a call comes from the port that others listen on",
         call_comes_from_the_port_that_others_listen_on, begin, end, NULL},
        {"a call that is impossible is refused at once", call_that_is_impossible_is_refused_at_once,
         begin, end, NULL},
        {"both ways with TLS on one side", both_ways_with_tls_on_one_side, begin, end, NULL},
        {"a slow TLS client holds its server up", slow_tls_client_holds_its_server_up, begin, end,
         NULL},
        {"a slow server holds its TLS client up", slow_server_holds_its_tls_client_up, begin, end,
         NULL},
        {"each end is passed on with TLS on one side", each_end_is_passed_on_with_tls_on_one_side,
         begin, end, NULL},
        {"the server's end reaches its TLS client", servers_end_reaches_its_tls_client, begin, end,
         NULL},
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
