/* test_ports — relay ports: each taken once and given back, by one worker and by four at once;
 * leases, even ports, pairs, reservations, chance. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/ports.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, BLOCK = 64, SPREAD_BLOCKS = 128 };

static struct ports *ports;
static int host;
static uint8_t seen[65536];

/* new_range — the ports of one address, from `first` to `last`. */
static void new_range(uint16_t first, uint16_t last)
{
    struct netaddr address = netaddr_ipv4(0xc0000201, 0);
    ports_free(ports);
    ports = ports_new(first, last);
    assert_non_null(ports);
    host = ports_host(ports, &address);
    assert_int_equal(host, 0);
    memset(seen, 0, sizeof(seen));
}

static int end(void **state)
{
    (void)state;
    ports_free(ports);
    ports = NULL;
    return 0;
}

/* take_all — take until nothing is left; none may come twice or from outside. Returns how many. */
static int take_all(unsigned worker, enum ports_want want)
{
    int count = 0;
    for (uint16_t port; (port = ports_take(ports, host, worker, want)) != 0; count++) {
        assert_in_range(port, ports->first, ports->last);
        assert_int_equal(seen[port]++, 0);
    }
    return count;
}

static void give_all(void)
{
    for (uint32_t port = 0; port < sizeof(seen); port++) {
        if (seen[port]) {
            ports_give(ports, host, (uint16_t)port);
            seen[port] = 0;
        }
    }
}

static void one_worker_takes_every_port_again_and_again(void **state)
{
    (void)state;
    new_range(49152, 65535);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(take_all(0, PORTS_ANY), 65535 - 49152 + 1);
        give_all();
    }
}

static void ranges_begin_and_end_anywhere(void **state)
{
    (void)state;
    static const uint16_t range[][2] = {
        {50000, 50000}, {50000, 50001}, {49999, 50000},   {50047, 50048}, {50010, 50090},
        {1, 70},        {1, 63},        {65535, 65535},   {65471, 65535}, {65472, 65535},
        {64, 127},      {63, 128},      {1024, 1024 + 7}, {40001, 40999},
    };
    for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
        new_range(range[i][0], range[i][1]);
        for (int round = 0; round < 2; round++) {
            assert_int_equal(take_all(i % 3, PORTS_ANY), range[i][1] - range[i][0] + 1);
            assert_int_equal(ports_take(ports, host, 7, PORTS_ANY), 0);
            give_all();
        }
    }
}

static void one_free_port_among_all_is_found(void **state)
{
    (void)state;
    new_range(49152, 65535);
    take_all(0, PORTS_ANY);
    for (uint32_t port = 49152; port <= 65535; port += 97) {
        ports_give(ports, host, (uint16_t)port);
        assert_int_equal(ports_take(ports, host, 3, PORTS_ANY), port);
    }
}

static void even_ports_are_even_and_all_there(void **state)
{
    (void)state;
    new_range(50001, 50300);
    assert_int_equal(take_all(0, PORTS_EVEN), 150);
    for (uint32_t port = 50001; port <= 50300; port++) {
        assert_int_equal(seen[port], port % 2 == 0);
    }
    assert_int_equal(take_all(0, PORTS_ANY), 150); /* the odd ones are still there */
}

static void pairs_are_two_neighbours_within_the_range(void **state)
{
    (void)state;
    new_range(50001, 50200); /* 50200 has nothing above it, 50001 nothing below */
    assert_int_equal(take_all(0, PORTS_PAIR), 99);
    for (uint32_t port = 50002; port <= 50199; port++) {
        assert_int_equal(seen[port], port % 2 == 0); /* the lower one is told */
    }
    memset(seen, 0, sizeof(seen));
    assert_int_equal(take_all(0, PORTS_ANY), 2); /* and both were taken */
    assert_true(seen[50001] && seen[50200]);
}

static void pair_needs_both_ports_free(void **state)
{
    (void)state;
    new_range(50000, 50003);
    take_all(0, PORTS_ANY);
    ports_give(ports, host, 50001);
    ports_give(ports, host, 50002);
    assert_int_equal(ports_take(ports, host, 0, PORTS_PAIR), 0);
    ports_give(ports, host, 50003);
    assert_int_equal(ports_take(ports, host, 0, PORTS_PAIR), 50002);
    assert_int_equal(ports_take(ports, host, 0, PORTS_EVEN), 0);
    assert_int_equal(ports_take(ports, host, 0, PORTS_ANY), 50001);
}

/* What one of the racing threads took. */
struct racer {
    unsigned worker;
    int count;
    uint16_t port[16384];
};

static _Atomic int started;

static void *race(void *context)
{
    struct racer *r = context;
    r->count = 0;
    for (started++; started < THREADS;) {
    }
    for (uint16_t port; (port = ports_take(ports, host, r->worker, PORTS_ANY)) != 0;) {
        r->port[r->count++] = port;
    }
    return NULL;
}

static void *race_to_give(void *context)
{
    struct racer *r = context;
    for (started++; started < THREADS;) {
    }
    while (r->count > 0) {
        ports_give(ports, host, r->port[--r->count]);
    }
    return NULL;
}

static void run_race(void *(*run)(void *), struct racer *racer)
{
    pthread_t thread[THREADS];
    started = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        racer[i].worker = i;
        assert_int_equal(pthread_create(&thread[i], NULL, run, &racer[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
    }
}

static void four_racing_workers_take_each_port_once(void **state)
{
    (void)state;
    static struct racer racer[THREADS];
    new_range(49153, 65534);
    for (int round = 0; round < 5; round++) {
        int count = 0;
        memset(seen, 0, sizeof(seen));
        run_race(race, racer);
        for (int i = 0; i < THREADS; i++) {
            for (int j = 0; j < racer[i].count; j++) {
                assert_in_range(racer[i].port[j], 49153, 65534);
                assert_int_equal(seen[racer[i].port[j]]++, 0);
            }
            count += racer[i].count;
        }
        assert_int_equal(count, 65534 - 49153 + 1);
        assert_int_equal(ports_take(ports, host, 0, PORTS_ANY), 0);
        run_race(race_to_give, racer);
    }
    memset(seen, 0, sizeof(seen));
    assert_int_equal(take_all(0, PORTS_ANY), 65534 - 49153 + 1);
}

static void *churn(void *context)
{
    enum { KEPT = 20, ROUNDS = 20000 };
    unsigned worker = (unsigned)(uintptr_t)context;
    uint64_t chance = worker;
    uint16_t kept[KEPT] = {0};
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t at = support_below(&chance, KEPT);
        if (kept[at] != 0) {
            __atomic_fetch_sub(&seen[kept[at]], 1, __ATOMIC_RELAXED);
            ports_give(ports, host, kept[at]);
        }
        kept[at] = ports_take(ports, host, worker, PORTS_ANY);
        if (kept[at] != 0 && __atomic_fetch_add(&seen[kept[at]], 1, __ATOMIC_RELAXED) != 0) {
            return "a port was taken twice";
        }
    }
    for (int at = 0; at < KEPT; at++) {
        if (kept[at] != 0) {
            __atomic_fetch_sub(&seen[kept[at]], 1, __ATOMIC_RELAXED);
            ports_give(ports, host, kept[at]);
        }
    }
    return NULL;
}

static void ports_that_come_and_go_are_never_held_twice(void **state)
{
    (void)state;
    pthread_t thread[THREADS];
    new_range(50030, 50099); /* fewer than are wanted, on two blocks */
    for (uintptr_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, churn, (void *)i), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *fault;
        pthread_join(thread[i], &fault);
        assert_null(fault);
    }
    memset(seen, 0, sizeof(seen));
    assert_int_equal(take_all(0, PORTS_ANY), 70);
}

static void workers_stay_within_their_own_blocks_while_there_is_room(void **state)
{
    (void)state;
    int8_t owner[PORTS_BLOCKS];
    memset(owner, -1, sizeof(owner));
    new_range(49152, 49152 + 16 * BLOCK - 1);
    for (int i = 0; i < 200; i++) { /* as few as fit the blocks each has met */
        int8_t worker = (int8_t)(i % 4);
        uint16_t port = ports_take(ports, host, (unsigned)worker, PORTS_ANY);
        int8_t *at = &owner[port / BLOCK];
        assert_true(port != 0 && (*at == -1 || *at == worker));
        *at = worker;
    }
}

static void worker_without_a_block_takes_from_others(void **state)
{
    (void)state;
    new_range(49152, 49152 + 4 * BLOCK - 1);
    int taken = 0;
    while (taken < 4 * BLOCK - 1) { /* worker 0 leases all blocks */
        assert_int_not_equal(ports_take(ports, host, 0, PORTS_ANY), 0);
        taken++;
    }
    assert_int_not_equal(ports_take(ports, host, 253, PORTS_ANY), 0);
    assert_int_equal(ports_take(ports, host, 253, PORTS_ANY), 0);
}

static void hosts_have_ports_of_their_own(void **state)
{
    (void)state;
    struct netaddr other = netaddr_ipv4(0xc0000202, 99);
    new_range(50000, 50063);
    int second = ports_host(ports, &other);
    assert_int_equal(second, 1);
    assert_int_equal(take_all(0, PORTS_ANY), 64);
    assert_int_not_equal(ports_take(ports, second, 0, PORTS_ANY), 0);
    other.port = 7; /* the port does not tell hosts apart */
    assert_int_equal(ports_host(ports, &other), second);
    assert_int_equal(ports->host[second]->address.port, 0);
}

static void hosts_are_refused_beyond_the_most(void **state)
{
    (void)state;
    new_range(50000, 50063);
    for (uint32_t i = 1; i < PORTS_HOSTS_MAX; i++) {
        struct netaddr a = netaddr_ipv4(0xc6336400 + i, 0);
        assert_int_equal(ports_host(ports, &a), i);
    }
    struct netaddr more = netaddr_ipv4(0x01020304, 0);
    assert_int_equal(ports_host(ports, &more), -1);
    struct netaddr known = netaddr_ipv4(0xc6336405, 0);
    assert_int_equal(ports_host(ports, &known), 5);
}

static void live_ports_name_their_worker(void **state)
{
    (void)state;
    new_range(50000, 50063);
    ports_set_live(ports, host, 50001, 6, true);
    assert_int_equal(ports->host[host]->live[50001], 7);
    assert_int_equal(ports->host[host]->live[50002], 0);
    ports_set_live(ports, host, 50001, 6, false);
    assert_int_equal(ports->host[host]->live[50001], 0);
}

/* ---- reservations */

static const struct mono now = {1000 * MONO_SECOND};

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* reserve — keep a port with a descriptor of its own under a token of eight `mark`s for account 7,
 * for 30 s. */
static int reserve(uint8_t mark, uint16_t port)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct ports_reserved r = {
        .account = 7,
        .until = mono_add_s(now, PORTS_RESERVED_FOR),
        .fd = fd,
        .port = port,
        .host = (uint8_t)host,
    };
    memset(r.token, mark, sizeof(r.token));
    assert_true(ports_reserve(ports, &r));
    return fd;
}

static bool claim(uint8_t mark, uint64_t account, struct mono at, struct ports_reserved *out)
{
    uint8_t token[PORTS_TOKEN_SIZE];
    memset(token, mark, sizeof(token));
    return ports_claim(ports, token, account, at, out);
}

static void reservation_is_claimed_once(void **state)
{
    (void)state;
    struct ports_reserved kept;
    new_range(50000, 50063);
    int fd = reserve(1, 50001);
    int other = reserve(2, 50003);
    assert_true(claim(1, 7, mono_add_s(now, PORTS_RESERVED_FOR - 1), &kept));
    assert_int_equal(kept.fd, fd);
    assert_int_equal(kept.port, 50001);
    assert_int_equal(kept.host, host);
    assert_false(claim(1, 7, now, &kept));
    assert_true(is_open(fd)); /* taken over by the one who claimed it */
    close(fd);
    assert_true(claim(2, 7, now, &kept));
    assert_int_equal(kept.fd, other);
    close(other);
}

static void reservation_is_refused_to_another_account(void **state)
{
    (void)state;
    struct ports_reserved kept;
    new_range(50000, 50063);
    int fd = reserve(1, 50001);
    assert_false(claim(1, 8, now, &kept));
    assert_false(claim(3, 7, now, &kept)); /* no such token */
    assert_true(claim(1, 7, now, &kept));  /* which cost its owner nothing */
    close(fd);
}

static void reservation_is_refused_when_its_time_is_over(void **state)
{
    (void)state;
    struct ports_reserved kept;
    new_range(50000, 50063);
    reserve(1, 50001);
    assert_false(claim(1, 7, mono_add_s(now, PORTS_RESERVED_FOR), &kept));
}

static void expired_reservation_gives_port_and_socket_back(void **state)
{
    (void)state;
    struct ports_reserved kept;
    new_range(50000, 50001);
    assert_int_equal(ports_take(ports, host, 0, PORTS_PAIR), 50000);
    int fd = reserve(1, 50001);
    ports_expire(ports, mono_add_s(now, PORTS_RESERVED_FOR - 1));
    assert_true(is_open(fd));
    assert_int_equal(ports_take(ports, host, 0, PORTS_ANY), 0);
    ports_expire(ports, mono_add_s(now, PORTS_RESERVED_FOR));
    assert_false(is_open(fd));
    assert_int_equal(ports_take(ports, host, 0, PORTS_ANY), 50001);
    assert_false(claim(1, 7, now, &kept));
    ports_expire(ports, mono_add_s(now, 99)); /* gives nothing back twice */
    assert_int_equal(ports_take(ports, host, 0, PORTS_ANY), 0);
}

static void claimed_reservation_does_not_expire(void **state)
{
    (void)state;
    struct ports_reserved kept;
    new_range(50000, 50001);
    ports_take(ports, host, 0, PORTS_PAIR);
    int fd = reserve(1, 50001);
    assert_true(claim(1, 7, now, &kept));
    ports_expire(ports, mono_add_s(now, 99));
    assert_true(is_open(fd));
    assert_int_equal(ports_take(ports, host, 0, PORTS_ANY), 0);
    close(fd);
}

static void reservations_are_bounded_and_places_reused(void **state)
{
    (void)state;
    new_range(50000, 50063);
    for (int i = 0; i < PORTS_RESERVED_MAX; i++) {
        struct ports_reserved r = {
            .account = (uint64_t)(i / PORTS_RESERVED_EACH),
            .fd = -1,
            .until = now,
            .port = 50000,
        };
        assert_true(ports_reserve(ports, &r));
    }
    struct ports_reserved more = {.account = 1, .fd = -1, .until = now};
    assert_false(ports_reserve(ports, &more));
    ports_expire(ports, now);
    assert_true(ports_reserve(ports, &more));
    ports_expire(ports, now);
}

static void one_account_keeps_no_more_than_its_share(void **state)
{
    (void)state;
    new_range(50000, 50063);
    struct ports_reserved r = {.account = 1, .fd = -1, .until = now, .port = 50000};
    for (int i = 0; i < PORTS_RESERVED_EACH; i++) {
        assert_true(ports_reserve(ports, &r));
    }
    assert_false(ports_reserve(ports, &r));
    r.account = 2;
    assert_true(ports_reserve(ports, &r));
    ports_expire(ports, now);
    r.account = 1;
    assert_true(ports_reserve(ports, &r));
    ports_expire(ports, now);
}

static void addresses_may_come_and_go_for_years(void **state)
{
    (void)state;
    new_range(50000, 50063);
    uint16_t held = ports_take(ports, host, 0, PORTS_ANY);
    for (uint32_t i = 0; i < 3 * PORTS_HOSTS_MAX; i++) {
        struct netaddr a = netaddr_ipv4(0x0a000000 + i, 0);
        assert_true(ports_host(ports, &a) >= 0);
        ports_keep(ports, &a, 1);
    }
    ports_give(ports, host, held); /* its own place was kept as long as a port of it was taken */
}

static void freeing_closes_what_is_kept(void **state)
{
    (void)state;
    new_range(50000, 50063);
    int fd = reserve(1, 50001);
    ports_free(ports);
    ports = NULL;
    assert_false(is_open(fd));
    ports_free(NULL);
}

static void *claim_all(void *context)
{
    uintptr_t count = 0;
    struct ports_reserved kept;
    (void)context;
    for (started++; started < THREADS;) {
    }
    for (int mark = 0; mark < PORTS_RESERVED_EACH; mark++) {
        count += claim((uint8_t)mark, 7, now, &kept);
    }
    return (void *)count;
}

static void racing_threads_claim_each_reservation_once(void **state)
{
    (void)state;
    pthread_t thread[THREADS];
    uintptr_t count = 0;
    new_range(50000, 50999);
    for (int mark = 0; mark < PORTS_RESERVED_EACH; mark++) {
        close(reserve((uint8_t)mark, (uint16_t)(50000 + mark)));
    }
    started = 0;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, claim_all, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *got;
        pthread_join(thread[i], &got);
        count += (uintptr_t)got;
    }
    assert_int_equal(count, PORTS_RESERVED_EACH);
}

/* ---- chance */

static void two_fresh_instances_differ(void **state)
{
    (void)state;
    uint16_t first[20];
    new_range(49152, 65535);
    for (int i = 0; i < 20; i++) {
        first[i] = ports_take(ports, host, 0, PORTS_ANY);
    }
    new_range(49152, 65535);
    int same = 0;
    for (int i = 0; i < 20; i++) {
        same += first[i] == ports_take(ports, host, 0, PORTS_ANY);
    }
    assert_true(same < 4); /* each agrees once in 16384 times */
}

static void ports_are_spread_over_the_range(void **state)
{
    (void)state;
    int quarter[4] = {0};
    int neighbours = 0;
    int before = 0;
    new_range(49152, 65535);
    for (int i = 0; i < 200; i++) {
        uint16_t port = ports_take(ports, host, 0, PORTS_ANY);
        quarter[(port - 49152) / 4096]++;
        neighbours += port - before == 1 || before - port == 1;
        before = port;
    }
    for (int i = 0; i < 4; i++) {
        assert_in_range(quarter[i], 15, 100); /* 50 expected, 6 the standard deviation */
    }
    assert_true(neighbours < 8);
}

static void every_place_in_a_block_is_as_likely(void **state)
{
    (void)state;
    int count[BLOCK] = {0};
    new_range(50048, 50048 + BLOCK - 1);
    for (int i = 0; i < BLOCK * 200; i++) {
        uint16_t port = ports_take(ports, host, 0, PORTS_ANY);
        count[port - 50048]++;
        ports_give(ports, host, port);
    }
    for (int i = 0; i < BLOCK; i++) {
        assert_in_range(count[i], 100, 300); /* 200 expected, 14 the standard deviation */
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"one worker takes every port, again and again",
         one_worker_takes_every_port_again_and_again, NULL, end, NULL},
        {"ranges begin and end anywhere", ranges_begin_and_end_anywhere, NULL, end, NULL},
        {"one free port among all is found", one_free_port_among_all_is_found, NULL, end, NULL},
        {"T11 even ports are even and all there", even_ports_are_even_and_all_there, NULL, end,
         NULL},
        {"T11 pairs are two neighbours within the range", pairs_are_two_neighbours_within_the_range,
         NULL, end, NULL},
        {"T11 a pair needs both ports free", pair_needs_both_ports_free, NULL, end, NULL},
        {"four racing workers take each port once", four_racing_workers_take_each_port_once, NULL,
         end, NULL},
        {"ports that come and go are never held twice", ports_that_come_and_go_are_never_held_twice,
         NULL, end, NULL},
        {"workers stay within their own blocks while there is room",
         workers_stay_within_their_own_blocks_while_there_is_room, NULL, end, NULL},
        {"a worker without a block takes from others", worker_without_a_block_takes_from_others,
         NULL, end, NULL},
        {"hosts have ports of their own", hosts_have_ports_of_their_own, NULL, end, NULL},
        {"hosts are refused beyond the most", hosts_are_refused_beyond_the_most, NULL, end, NULL},
        {"live ports name their worker", live_ports_name_their_worker, NULL, end, NULL},
        {"T12 a reservation is claimed once", reservation_is_claimed_once, NULL, end, NULL},
        {"T12 a reservation is refused to another account",
         reservation_is_refused_to_another_account, NULL, end, NULL},
        {"T12 a reservation is refused when its time is over",
         reservation_is_refused_when_its_time_is_over, NULL, end, NULL},
        {"an expired reservation gives port and socket back",
         expired_reservation_gives_port_and_socket_back, NULL, end, NULL},
        {"a claimed reservation does not expire", claimed_reservation_does_not_expire, NULL, end,
         NULL},
        {"reservations are bounded and places reused", reservations_are_bounded_and_places_reused,
         NULL, end, NULL},
        {"one account keeps no more than its share", one_account_keeps_no_more_than_its_share, NULL,
         end, NULL},
        {"addresses may come and go for years", addresses_may_come_and_go_for_years, NULL, end,
         NULL},
        {"freeing closes what is kept", freeing_closes_what_is_kept, NULL, end, NULL},
        {"T12 racing threads claim each reservation once",
         racing_threads_claim_each_reservation_once, NULL, end, NULL},
        {"T15 two fresh instances differ", two_fresh_instances_differ, NULL, end, NULL},
        {"T15 ports are spread over the range", ports_are_spread_over_the_range, NULL, end, NULL},
        {"T15 every place in a block is as likely", every_place_in_a_block_is_as_likely, NULL, end,
         NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
