/* test_endpoint — relay endpoints on real loopback sockets: which address, which port, what happens
 * when ports, descriptors or numbers run out, and what peers and ICMP bring. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/acceptor.h"
#include "net/clock.h"
#include "net/endpoint.h"
#include "net/sockaddr.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CAPACITY = 100, FIRST = 21000 };

static struct endpoint_table table;
static struct endpoint_rules rules;
static struct own own;
static struct ports *ports;
static struct now now;

static struct netaddr at(const char *text)
{
    struct netaddr a;
    assert_true(netaddr_parse(text, &a));
    return a;
}

/* new_table — endpoints of one worker, on `count` ports. */
static void new_table(unsigned count)
{
    ports = ports_new(FIRST, (uint16_t)(FIRST + count - 1));
    assert_non_null(ports);
    assert_true(endpoint_table_init(&table, ports, &rules, 3, CAPACITY));
}

static int begin(void **state)
{
    (void)state;
    memset(&own, 0, sizeof(own));
    rules = (struct endpoint_rules){.own = &own};
    now = clock_now();
    ports = NULL;
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (ports) {
        endpoint_table_fini(&table);
        ports_free(ports);
    }
    return 0;
}

static enum turn_open_result open_as(const struct turn_wish *wish, const char *local,
                                     struct turn_endpoint *out)
{
    struct netaddr came_to = at(local);
    return endpoint_open(&table, wish, &came_to, now, out);
}

static const struct turn_wish any = {.family = NETADDR_IPV4, .account = 7};
static const struct turn_wish ipv6 = {.family = NETADDR_IPV6, .account = 7};

#define HERE "127.77.0.1:3478"

/* opened — one that must be opened. */
static struct turn_endpoint opened(const struct turn_wish *wish, const char *local)
{
    struct turn_endpoint e;
    assert_int_equal(open_as(wish, local, &e), TURN_OPENED);
    return e;
}

static void assert_address(const struct turn_endpoint *e, const char *host)
{
    struct netaddr expected = at(host);
    assert_true(netaddr_is_same_host(&e->told, &expected));
}

static struct netaddr bound_to(uint32_t number)
{
    struct sockaddr_storage a = {0};
    socklen_t size = sizeof(a);
    assert_int_equal(getsockname(table.at[number].fd, (struct sockaddr *)&a, &size), 0);
    return sockaddr_to(&a);
}

/* stranger — a plain socket of another program; -1 when the address is not there. */
static int stranger(const struct netaddr *a)
{
    struct sockaddr_storage to;
    socklen_t size = sockaddr_from(a, 0, &to);
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&to, size) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool has_ipv6(void)
{
    struct netaddr a = at("::1");
    int fd = stranger(&a);
    close(fd);
    return fd >= 0;
}

static void endpoint_is_a_socket_on_the_port_that_is_told(void **state)
{
    (void)state;
    new_table(64);
    struct turn_endpoint e = opened(&any, HERE);
    struct netaddr bound = bound_to(e.number);
    assert_true(netaddr_is_equal(&bound, &e.told));
    assert_address(&e, "127.77.0.1");
    assert_in_range(e.told.port, FIRST, FIRST + 63);
    assert_int_equal(table.live, 1);
    assert_int_equal(ports->host[0]->live[e.told.port], 3 + 1);
}

static void closing_gives_everything_back(void **state)
{
    (void)state;
    new_table(1);
    for (int i = 0; i < 10; i++) {
        struct turn_endpoint e = opened(&any, HERE);
        int fd = table.at[e.number].fd;
        assert_int_equal(e.number, 0);
        assert_int_equal(e.told.port, FIRST);
        endpoint_close(&table, e.number);
        assert_int_equal(fcntl(fd, F_GETFD), -1);
        assert_int_equal(table.live, 0);
        assert_int_equal(ports->host[0]->live[FIRST], 0);
    }
}

/* ---- which address */

static void client_gets_the_address_it_came_to(void **state)
{
    (void)state;
    new_table(64);
    struct turn_endpoint e = opened(&any, "127.77.0.2:3478");
    assert_address(&e, "127.77.0.2");
}

static void configured_address_comes_before_that_of_the_client(void **state)
{
    (void)state;
    new_table(64);
    rules.relay[0] = at("::1");
    rules.relay[1] = at("127.77.0.3");
    rules.relay_count = 2;
    struct turn_endpoint e = opened(&any, HERE);
    assert_address(&e, "127.77.0.3");
}

static void of_several_configured_ones_the_client_chooses(void **state)
{
    (void)state;
    new_table(64);
    rules.relay[0] = at("127.77.0.3");
    rules.relay[1] = at("127.77.0.1");
    rules.relay[2] = at("127.77.0.4");
    rules.relay_count = 3;
    struct turn_endpoint chosen = opened(&any, HERE);
    assert_address(&chosen, "127.77.0.1");
    struct turn_endpoint first = opened(&any, "127.77.0.9:3478");
    assert_address(&first, "127.77.0.3");
}

static void family_without_a_configured_address_is_refused(void **state)
{
    (void)state;
    struct turn_endpoint e;
    new_table(64);
    own.host[own.host_count++].local = at("::1");
    rules.relay[0] = at("127.77.0.3");
    rules.relay_count = 1;
    assert_int_equal(open_as(&ipv6, "[::1]:3478", &e), TURN_NO_FAMILY);
    assert_int_equal(table.live, 0);
}

static void other_family_is_served_from_another_of_our_addresses(void **state)
{
    (void)state;
    new_table(64);
    own.host[own.host_count++].local = at("fe80::1"); /* needs its interface named */
    own.host[own.host_count++].local = at("192.0.2.77");
    own.host[own.host_count++].local = at("127.77.0.5");
    own.host[own.host_count++].local = at("127.77.0.6");
    struct turn_endpoint e = opened(&any, "[::1]:3478");
    assert_address(&e, "127.77.0.5"); /* a loopback client stays on loopback */
}

static void family_that_no_address_of_ours_has_is_refused(void **state)
{
    (void)state;
    struct turn_endpoint e;
    new_table(64);
    own.host[own.host_count++].local = at("fe80::1");
    own.host[own.host_count++].local = at("2001:db8::1");
    own.host[own.host_count++].local = at("127.77.0.5");
    assert_int_equal(open_as(&ipv6, HERE, &e), TURN_NO_FAMILY);
    assert_int_equal(open_as(&any, "192.0.2.1:3478", &e), TURN_NO_PORT);       /* not here */
    assert_int_equal(open_as(&any, "[2001:db8::1]:3478", &e), TURN_NO_FAMILY); /* loopback only */
}

static void ipv6_endpoint_is_a_socket_too(void **state)
{
    (void)state;
    if (!has_ipv6()) {
        skip();
    }
    new_table(64);
    struct turn_endpoint e = opened(&ipv6, "[::1]:3478");
    struct netaddr bound = bound_to(e.number);
    assert_true(netaddr_is_equal(&bound, &e.told));
    assert_int_equal(e.told.family, NETADDR_IPV6);
}

static void client_is_told_the_external_address(void **state)
{
    (void)state;
    new_table(64);
    own.host[own.host_count++] =
        (struct own_host){.local = at("127.77.0.1"), .external = at("198.51.100.7")};
    own.is_mapped = true;
    struct turn_endpoint e = opened(&any, HERE);
    assert_address(&e, "198.51.100.7");
    struct netaddr bound = bound_to(e.number);
    assert_int_equal(bound.port, e.told.port);
    assert_int_equal(bound.ip[0], 127);
}

/* ---- which port */

static void even_port_is_even(void **state)
{
    (void)state;
    struct turn_wish even = any;
    struct turn_endpoint e;
    even.even = true;
    new_table(20);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(opened(&even, HERE).told.port % 2, 0);
    }
    assert_int_equal(open_as(&even, HERE, &e), TURN_NO_PORT);
    assert_int_equal(opened(&any, HERE).told.port % 2, 1);
}

static const struct turn_wish pair = {
    .family = NETADDR_IPV4, .account = 7, .even = true, .reserve_next = true};

static struct turn_wish wish_for(const struct turn_endpoint *e, uint64_t account)
{
    struct turn_wish wish = {.family = NETADDR_IPV4, .account = account, .has_token = true};
    memcpy(wish.token, e->token, sizeof(wish.token));
    return wish;
}

static void token_brings_the_port_above_once(void **state)
{
    (void)state;
    struct turn_endpoint e;
    new_table(2);
    struct turn_endpoint even = opened(&pair, HERE);
    assert_int_equal(even.told.port, FIRST);
    assert_int_equal(open_as(&any, HERE, &e), TURN_NO_PORT); /* it is kept */
    struct turn_wish stranger_s = wish_for(&even, 8);
    struct turn_wish wrong = wish_for(&even, 7);
    struct turn_wish right = wrong;
    wrong.token[7] ^= 1;
    assert_int_equal(open_as(&stranger_s, HERE, &e), TURN_NO_PORT);
    assert_int_equal(open_as(&wrong, HERE, &e), TURN_NO_PORT);
    struct turn_endpoint odd = opened(&right, "127.77.0.9:3478"); /* whatever it came to */
    struct netaddr bound = bound_to(odd.number);
    assert_int_equal(odd.told.port, FIRST + 1);
    assert_address(&odd, "127.77.0.1");
    assert_true(netaddr_is_equal(&bound, &odd.told));
    assert_int_equal(open_as(&right, HERE, &e), TURN_NO_PORT);
    endpoint_close(&table, odd.number);
    assert_int_equal(opened(&any, HERE).told.port, FIRST + 1);
}

static void token_is_good_at_another_worker(void **state)
{
    (void)state;
    struct endpoint_table other;
    struct turn_endpoint odd;
    struct netaddr local = at(HERE);
    new_table(2);
    assert_true(endpoint_table_init(&other, ports, &rules, 5, CAPACITY));
    struct turn_endpoint even = opened(&pair, HERE);
    struct turn_wish wish = wish_for(&even, 7);
    assert_int_equal(endpoint_open(&other, &wish, &local, now, &odd), TURN_OPENED);
    assert_int_equal(odd.told.port, FIRST + 1);
    assert_int_equal(ports->host[0]->live[FIRST + 1], 5 + 1);
    endpoint_table_fini(&other);
    assert_int_equal(ports->host[0]->live[FIRST + 1], 0);
}

static void token_is_refused_after_thirty_seconds(void **state)
{
    (void)state;
    struct turn_endpoint e;
    new_table(2);
    struct turn_endpoint even = opened(&pair, HERE);
    struct turn_wish wish = wish_for(&even, 7);
    now.mono = mono_add_s(now.mono, PORTS_RESERVED_FOR);
    assert_int_equal(open_as(&wish, HERE, &e), TURN_NO_PORT);
    ports_expire(ports, now.mono);
    assert_int_equal(opened(&any, HERE).told.port, FIRST + 1);
}

/* doors — two of `count` ports are listeners of ours, one of them on every address; both are open
 * and shared, as workers share them, so that binding alone would not refuse. */
static void doors(unsigned count, int fd[2])
{
    new_table(count);
    own.host[own.host_count++].local = at("127.77.0.1");
    own.door[0] = at("127.77.0.1:21001");
    own.door[1] = at("0.0.0.0:21003");
    own.door_count = 2;
    for (int i = 0; i < 2; i++) {
        fd[i] = acceptor_bind(&own.door[i], true);
        assert_true(fd[i] >= 0);
    }
}

static void relayed_address_of_tcp_is_no_door_of_ours(void **state)
{
    (void)state;
    enum { COUNT = 6, FREE = COUNT - 2 };
    int fd[2];
    struct turn_wish stream = any;
    struct turn_endpoint e;
    stream.is_stream = true;
    doors(COUNT, fd);
    for (int round = 0; round < 3; round++) {
        uint32_t number[FREE];
        for (int i = 0; i < FREE; i++) {
            e = opened(&stream, HERE);
            number[i] = e.number;
            assert_int_not_equal(e.told.port, FIRST + 1);
            assert_int_not_equal(e.told.port, FIRST + 3);
        }
        assert_int_equal(open_as(&stream, HERE, &e), TURN_NO_PORT);
        for (int i = 0; i < FREE; i++) {
            endpoint_close(&table, number[i]);
        }
    }
    close(fd[0]);
    close(fd[1]);
}

static void tokens_are_not_to_be_guessed(void **state)
{
    (void)state;
    new_table(8);
    struct turn_endpoint a = opened(&pair, HERE);
    struct turn_endpoint b = opened(&pair, HERE);
    assert_memory_not_equal(a.token, b.token, sizeof(a.token));
}

/* ---- what runs out */

static void range_is_used_up_and_comes_back_whole(void **state)
{
    (void)state;
    enum { COUNT = 70 };
    struct turn_endpoint e;
    new_table(COUNT);
    for (int round = 0; round < 3; round++) {
        bool seen[COUNT] = {false};
        for (int i = 0; i < COUNT; i++) {
            e = opened(&any, HERE);
            assert_in_range(e.number, 0, COUNT - 1);
            assert_false(seen[e.told.port - FIRST]);
            seen[e.told.port - FIRST] = true;
        }
        assert_int_equal(open_as(&any, HERE, &e), TURN_NO_PORT);
        assert_int_equal(open_as(&any, HERE, &e), TURN_NO_PORT);
        assert_int_equal(table.live, COUNT);
        for (uint32_t i = 0; i < COUNT; i++) {
            endpoint_close(&table, (i * 37 + (uint32_t)round) % COUNT);
        }
        assert_int_equal(table.live, 0);
    }
}

static void numbers_run_out_without_a_port_lost(void **state)
{
    (void)state;
    struct turn_endpoint e;
    new_table(CAPACITY + 2);
    for (int i = 0; i < CAPACITY; i++) {
        opened(&any, HERE);
    }
    for (int i = 0; i < 5; i++) {
        assert_int_equal(open_as(&any, HERE, &e), TURN_NO_PORT);
    }
    int left = 0;
    while (ports_take(ports, 0, 0, PORTS_ANY) != 0) {
        left++;
    }
    assert_int_equal(left, 2);
}

static void pair_that_finds_no_number_leaves_no_reservation(void **state)
{
    (void)state;
    struct turn_endpoint e;
    new_table(2);
    table.capacity = 0;
    assert_int_equal(open_as(&pair, HERE, &e), TURN_NO_PORT);
    table.capacity = CAPACITY;
    assert_int_equal(opened(&pair, HERE).told.port, FIRST);
}

static void pair_that_cannot_be_bound_gives_both_ports_back(void **state)
{
    (void)state;
    struct turn_endpoint e;
    struct netaddr odd = at("127.77.0.1:21001");
    int fd = stranger(&odd);
    assert_true(fd >= 0);
    new_table(2);
    assert_int_equal(open_as(&pair, HERE, &e), TURN_NO_PORT);
    close(fd);
    assert_int_equal(opened(&pair, HERE).told.port, FIRST);
}

static void ports_held_by_another_program_are_skipped(void **state)
{
    (void)state;
    enum { COUNT = 16 };
    int held[COUNT];
    struct turn_endpoint e;
    struct netaddr a = at("127.77.0.1");
    for (int i = 0; i < COUNT; i++) {
        a.port = (uint16_t)(FIRST + i);
        held[i] = i % 4 == 2 ? -1 : stranger(&a);
        assert_true(i % 4 == 2 || held[i] >= 0);
    }
    new_table(COUNT);
    for (int i = 0; i < COUNT / 4; i++) {
        e = opened(&any, HERE);
        assert_int_equal((e.told.port - FIRST) % 4, 2);
    }
    assert_int_equal(open_as(&any, HERE, &e), TURN_NO_PORT);
    for (int i = 0; i < COUNT; i++) {
        close(held[i]);
    }
    for (int i = 0; i < COUNT - COUNT / 4; i++) {
        opened(&any, HERE);
    }
    assert_int_equal(open_as(&any, HERE, &e), TURN_NO_PORT);
}

/* in_child — run `body` in a child of its own; what it returns is told by its exit. */
static void in_child(int (*body)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(body());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* with_few_descriptors — 0, or the number of the line that went wrong. */
static int with_few_descriptors(void)
{
    struct rlimit limit;
    struct netaddr local = netaddr_ipv4(0x7f4d0001, 3478);
    struct turn_endpoint e;
    uint32_t count;
    uint32_t most = 0;
    int next = dup(0);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)next + 10;
    close(next);
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1;
    }
    for (int round = 0; round < 3; round++) {
        count = 0;
        while (endpoint_open(&table, &any, &local, now, &e) == TURN_OPENED) {
            count++;
        }
        most = round == 0 ? count : most;
        if (count < 3 || count != most || table.live != most) {
            return 2;
        }
        if (endpoint_open(&table, &any, &local, now, &e) != TURN_NO_PORT ||
            endpoint_open(&table, &pair, &local, now, &e) != TURN_NO_PORT) {
            return 3;
        }
        endpoint_close(&table, count - 1);
        if (endpoint_open(&table, &pair, &local, now, &e) != TURN_NO_PORT) {
            return 4; /* one descriptor is not enough for two */
        }
        while (count-- > 1) {
            endpoint_close(&table, count - 1);
        }
    }
    count = 0;
    while (ports_take(ports, 0, 0, PORTS_ANY) != 0) {
        count++;
    }
    return count == 64 ? 0 : 5;
}

static void descriptors_run_out_and_come_back(void **state)
{
    (void)state;
    new_table(64);
    in_child(with_few_descriptors);
}

static void closing_the_table_closes_every_endpoint(void **state)
{
    (void)state;
    int fd[5];
    new_table(8);
    for (int i = 0; i < 5; i++) {
        fd[i] = table.at[opened(&any, HERE).number].fd;
    }
    endpoint_close(&table, 2);
    endpoint_table_fini(&table);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(fcntl(fd[i], F_GETFD), -1);
    }
    assert_true(endpoint_table_init(&table, ports, &rules, 3, CAPACITY));
    for (int i = 0; i < 8; i++) {
        opened(&any, HERE);
    }
}

/* ---- what comes in */

static void send_to(int fd, const struct netaddr *to, const char *text)
{
    struct sockaddr_storage a;
    socklen_t size = sockaddr_from(to, 0, &a);
    assert_int_equal(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&a, size), strlen(text));
}

static void wait_for_peers(void)
{
    struct pollfd p = {.fd = table.epoll, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
}

static void datagrams_of_peers_name_endpoint_and_peer(void **state)
{
    (void)state;
    struct netaddr peer = at("127.77.0.8:21999");
    int fd = stranger(&peer);
    assert_true(fd >= 0);
    new_table(8);
    opened(&any, HERE);
    struct turn_endpoint e = opened(&any, HERE);
    struct batch *b = batch_new();
    send_to(fd, &e.told, "first");
    send_to(fd, &e.told, "second");
    wait_for_peers();
    batch_begin(b);
    assert_false(table.backend->receive(&table, b));
    assert_int_equal(b->count, 2);
    assert_int_equal(b->packet[1].endpoint, e.number);
    assert_true(netaddr_is_equal(&b->packet[1].peer.a, &peer));
    assert_int_equal(b->packet[1].size, 6);
    assert_memory_equal(b->packet[1].bytes, "second", 6);
    batch_free(b);
    close(fd);
}

static void closed_endpoint_is_not_read_although_it_was_ready(void **state)
{
    (void)state;
    enum { COUNT = 8, EACH = 8 }; /* more than one batch holds */
    struct netaddr peer = at("127.77.0.8:21999");
    struct turn_endpoint e[COUNT];
    int fd = stranger(&peer);
    new_table(COUNT);
    for (int i = 0; i < COUNT; i++) {
        e[i] = opened(&any, HERE);
        for (int j = 0; j < EACH; j++) {
            send_to(fd, &e[i].told, "x");
        }
    }
    struct batch *b = batch_new();
    bool is_read[COUNT] = {false};
    batch_begin(b);
    assert_true(table.backend->receive(&table, b));
    for (size_t i = 0; i < b->count; i++) {
        is_read[b->packet[i].endpoint] = true;
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        if (!is_read[i]) { /* closed, and its number given to another */
            endpoint_close(&table, i);
            assert_int_equal(opened(&any, HERE).number, i);
        }
    }
    batch_begin(b);
    while (table.backend->receive(&table, b)) {
    }
    assert_int_equal(b->count, 0);
    batch_free(b);
    close(fd);
}

static struct endpoint_icmp told;
static int told_count;

static void tell(void *context, const struct endpoint_icmp *icmp)
{
    assert_ptr_equal(context, &told);
    told = *icmp;
    told_count++;
}

/* send_one — one datagram to a peer through the backend. */
static void send_one(uint32_t endpoint, const struct netaddr *peer, bool df)
{
    static uint8_t bytes[] = "to a peer";
    struct flow_counts counts = {.forwarded = 1};
    struct batch *b = batch_new();
    b->to_peer[b->to_peer_count++] = (struct batch_to_peer){
        .bytes = bytes, .length = sizeof(bytes), .endpoint = endpoint, .peer = {*peer}, .df = df};
    table.backend->send(&table, b, &counts);
    assert_int_equal(counts.forwarded, 1);
    assert_int_equal(b->to_peer_count, 0);
    batch_free(b);
}

static void icmp_error_is_told_with_endpoint_and_peer(void **state)
{
    (void)state;
    struct netaddr nobody = at("127.77.0.8:21998");
    rules.wants_icmp = true;
    new_table(8);
    table.tell.context = &told;
    table.tell.icmp = tell;
    told_count = 0;
    opened(&any, HERE);
    struct turn_endpoint e = opened(&any, HERE);
    send_one(e.number, &nobody, false);
    wait_for_peers();
    struct batch *b = batch_new();
    table.backend->receive(&table, b);
    assert_int_equal(told_count, 1);
    assert_int_equal(told.endpoint, e.number);
    assert_true(netaddr_is_equal(&told.peer.a, &nobody));
    assert_int_equal(told.type, 3);
    assert_int_equal(told.code, 3);
    assert_int_equal(told.mtu, 0);
    table.backend->receive(&table, b);
    assert_int_equal(told_count, 1);
    batch_free(b);
}

static void icmp_error_is_not_told_unasked(void **state)
{
    (void)state;
    struct netaddr nobody = at("127.77.0.8:21998");
    new_table(8);
    table.tell.context = &told;
    table.tell.icmp = tell;
    told_count = 0;
    struct turn_endpoint e = opened(&any, HERE);
    send_one(e.number, &nobody, false);
    struct batch *b = batch_new();
    table.backend->receive(&table, b);
    assert_int_equal(told_count, 0);
    batch_free(b);
}

static int discovery_of(uint32_t number)
{
    int value = -1;
    socklen_t size = sizeof(value);
    getsockopt(table.at[number].fd, IPPROTO_IP, IP_MTU_DISCOVER, &value, &size);
    return value;
}

static void dont_fragment_is_set_when_asked_and_only_then(void **state)
{
    (void)state;
    struct netaddr peer = at("127.77.0.8:21999");
    int fd = stranger(&peer);
    new_table(8);
    struct turn_endpoint e = opened(&any, HERE);
    assert_int_equal(discovery_of(e.number), IP_PMTUDISC_DONT);
    send_one(e.number, &peer, true);
    assert_int_equal(discovery_of(e.number), IP_PMTUDISC_PROBE);
    send_one(e.number, &peer, false);
    assert_int_equal(discovery_of(e.number), IP_PMTUDISC_DONT);
    close(fd);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"an endpoint is a socket on the port that is told",
         endpoint_is_a_socket_on_the_port_that_is_told, begin, end, NULL},
        {"closing gives everything back", closing_gives_everything_back, begin, end, NULL},
        {"a client gets the address it came to", client_gets_the_address_it_came_to, begin, end,
         NULL},
        {"a configured address comes before that of the client",
         configured_address_comes_before_that_of_the_client, begin, end, NULL},
        {"of several configured ones the client chooses",
         of_several_configured_ones_the_client_chooses, begin, end, NULL},
        {"T07 a family without a configured address is refused",
         family_without_a_configured_address_is_refused, begin, end, NULL},
        {"T60 the other family is served from another of our addresses",
         other_family_is_served_from_another_of_our_addresses, begin, end, NULL},
        {"T07 a family that no address of ours has is refused",
         family_that_no_address_of_ours_has_is_refused, begin, end, NULL},
        {"an IPv6 endpoint is a socket too", ipv6_endpoint_is_a_socket_too, begin, end, NULL},
        {"a client is told the external address", client_is_told_the_external_address, begin, end,
         NULL},
        {"T11 an even port is even", even_port_is_even, begin, end, NULL},
        {"T12 a token brings the port above once", token_brings_the_port_above_once, begin, end,
         NULL},
        {"T12 a token is good at another worker", token_is_good_at_another_worker, begin, end,
         NULL},
        {"T12 a token is refused after thirty seconds", token_is_refused_after_thirty_seconds,
         begin, end, NULL},
        {"a relayed address of TCP is no door of ours", relayed_address_of_tcp_is_no_door_of_ours,
         begin, end, NULL},
        {"tokens are not to be guessed", tokens_are_not_to_be_guessed, begin, end, NULL},
        {"T67 a range is used up and comes back whole", range_is_used_up_and_comes_back_whole,
         begin, end, NULL},
        {"numbers run out without a port lost", numbers_run_out_without_a_port_lost, begin, end,
         NULL},
        {"a pair that finds no number leaves no reservation",
         pair_that_finds_no_number_leaves_no_reservation, begin, end, NULL},
        {"a pair that cannot be bound gives both ports back",
         pair_that_cannot_be_bound_gives_both_ports_back, begin, end, NULL},
        {"ports held by another program are skipped", ports_held_by_another_program_are_skipped,
         begin, end, NULL},
        {"T67 descriptors run out and come back", descriptors_run_out_and_come_back, begin, end,
         NULL},
        {"closing the table closes every endpoint", closing_the_table_closes_every_endpoint, begin,
         end, NULL},
        {"datagrams of peers name endpoint and peer", datagrams_of_peers_name_endpoint_and_peer,
         begin, end, NULL},
        {"a closed endpoint is not read although it was ready",
         closed_endpoint_is_not_read_although_it_was_ready, begin, end, NULL},
        {"T46 an ICMP error is told with endpoint and peer",
         icmp_error_is_told_with_endpoint_and_peer, begin, end, NULL},
        {"T46 an ICMP error is not told unasked", icmp_error_is_not_told_unasked, begin, end, NULL},
        {"T47 don't fragment is set when asked and only then",
         dont_fragment_is_set_when_asked_and_only_then, begin, end, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
