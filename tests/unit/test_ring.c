/* test_ring — strays on their way to the right worker: many writers, one reader, a bound. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/ring.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WRITERS = 4, EACH = 20000 };

static struct ring ring;
static uint8_t buffer[PACKET_MAX];

static int begin(void **state)
{
    (void)state;
    memset(&ring, 0xee, sizeof(ring));
    ring_init(&ring);
    return 0;
}

/* stray — a packet of `size` bytes, every field of which `mark` decides. */
static struct packet stray(uint8_t *bytes, uint32_t mark, uint32_t size)
{
    memset(bytes, (int)(mark % 251), size);
    return (struct packet){
        .bytes = bytes,
        .size = size,
        .tos = (uint8_t)mark,
        .path = {.kind = PATH_UDP,
                 .listener = (uint16_t)(mark % 256),
                 .client = {netaddr_ipv4(0x0a000000 + mark, (uint16_t)mark)}},
    };
}

static bool put(uint32_t mark, uint32_t size)
{
    uint8_t bytes[RING_BYTES + 1];
    struct packet p = stray(bytes, mark, size);
    struct listener_local local = {netaddr_ipv4(0xc0000200 + mark, 3478), mark};
    return ring_put(&ring, &p, &local);
}

/* assert_taken — the next one is that of `mark`, whole. */
static void assert_taken(uint32_t mark, uint32_t size)
{
    uint8_t bytes[RING_BYTES + 1];
    struct packet expected = stray(bytes, mark, size);
    struct packet p = {.bytes = buffer};
    struct listener_local local;
    assert_true(ring_take(&ring, &p, &local));
    assert_true(path_is_equal(&p.path, &expected.path));
    assert_int_equal(p.size, size);
    assert_int_equal(p.tos, expected.tos);
    assert_ptr_equal(p.bytes, buffer);
    assert_memory_equal(p.bytes, bytes, size);
    struct netaddr asked = netaddr_ipv4(0xc0000200 + mark, 3478);
    assert_true(netaddr_is_equal(&local.address, &asked));
    assert_int_equal(local.scope, mark);
}

static bool is_empty(void)
{
    struct packet p = {.bytes = buffer};
    struct listener_local local;
    return !ring_take(&ring, &p, &local);
}

static void stray_arrives_whole(void **state)
{
    (void)state;
    assert_true(is_empty());
    assert_true(put(77, 100));
    assert_taken(77, 100);
    assert_true(is_empty());
}

static void strays_arrive_in_order_however_often_the_ring_goes_round(void **state)
{
    (void)state;
    uint32_t in = 0;
    uint32_t out = 0;
    uint64_t chance = 3;
    while (out < 5000) {
        for (uint32_t n = support_below(&chance, RING_SLOTS); n > 0; n--, in++) {
            if (in - out < RING_SLOTS) {
                assert_true(put(in, in % 99));
            } else {
                break;
            }
        }
        for (; out < in && support_below(&chance, 20) > 0; out++) {
            assert_taken(out, out % 99);
        }
    }
    assert_int_equal(ring.dropped, 0);
}

static void full_ring_drops_and_counts(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < RING_SLOTS; i++) {
        assert_true(put(i, 10));
    }
    for (uint32_t i = 0; i < 5; i++) {
        assert_false(put(99, 10));
    }
    assert_int_equal(ring.dropped, 5);
    assert_taken(0, 10);
    assert_true(put(RING_SLOTS, 10));
    assert_false(put(99, 10));
    for (uint32_t i = 1; i <= RING_SLOTS; i++) {
        assert_taken(i, 10);
    }
    assert_true(is_empty());
}

static void what_is_too_large_is_dropped_and_counted(void **state)
{
    (void)state;
    assert_true(put(1, RING_BYTES));
    assert_false(put(2, RING_BYTES + 1));
    assert_true(put(3, 0));
    assert_int_equal(ring.dropped, 1);
    assert_taken(1, RING_BYTES);
    assert_taken(3, 0);
    assert_true(is_empty());
}

static void counters_may_wrap(void **state)
{
    (void)state;
    atomic_store(&ring.head, UINT32_MAX - 70); /* as after four thousand million strays */
    ring.tail = UINT32_MAX - 70;
    for (uint32_t i = 0; i < RING_SLOTS; i++) {
        uint32_t turn = ring.tail + i;
        atomic_store(&ring.slot[turn % RING_SLOTS].turn, turn);
    }
    for (uint32_t i = 0; i < 300; i++) {
        assert_true(put(i, 20));
        assert_true(put(i + 1, 20));
        assert_taken(i, 20);
        assert_taken(i + 1, 20);
    }
}

struct writer_thread {
    pthread_t thread;
    uint32_t number;
    uint32_t accepted;
};

static _Atomic int done;

static void *write_many(void *context)
{
    struct writer_thread *w = context;
    uint8_t bytes[64];
    for (uint32_t i = 0; i < EACH; i++) {
        struct packet p = {.bytes = bytes, .size = 8 + i % 56, .tos = (uint8_t)w->number};
        struct listener_local local = {.scope = w->number};
        memset(bytes, (int)(i & 0xff), sizeof(bytes));
        memcpy(bytes, &i, sizeof(i));
        memcpy(bytes + 4, &w->number, sizeof(w->number));
        w->accepted += ring_put(&ring, &p, &local);
    }
    done++;
    return NULL;
}

static void four_writers_lose_only_what_is_counted(void **state)
{
    (void)state;
    struct writer_thread w[WRITERS] = {{0}};
    uint32_t next[WRITERS] = {0};
    uint32_t got[WRITERS] = {0};
    struct packet p = {.bytes = buffer};
    struct listener_local local;
    uint64_t accepted = 0;
    done = 0;
    for (uint32_t i = 0; i < WRITERS; i++) {
        w[i].number = i;
        assert_int_equal(pthread_create(&w[i].thread, NULL, write_many, &w[i]), 0);
    }
    for (bool is_last = false;;) {
        if (!ring_take(&ring, &p, &local)) {
            if (is_last) {
                break;
            }
            is_last = done == WRITERS; /* then once more */
            continue;
        }
        uint32_t i;
        uint32_t number;
        memcpy(&i, p.bytes, sizeof(i));
        memcpy(&number, p.bytes + 4, sizeof(number));
        assert_in_range(number, 0, WRITERS - 1);
        assert_int_equal(p.tos, number);
        assert_int_equal(local.scope, number);
        assert_int_equal(p.size, 8 + i % 56);
        assert_true(i >= next[number]); /* in the order of its writer */
        for (uint32_t at = 8; at < p.size; at++) {
            assert_int_equal(p.bytes[at], i & 0xff);
        }
        next[number] = i + 1;
        got[number]++;
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(w[i].thread, NULL);
        assert_int_equal(got[i], w[i].accepted);
        accepted += w[i].accepted;
    }
    assert_int_equal(accepted + ring.dropped, WRITERS * EACH);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"a stray arrives whole", stray_arrives_whole, begin, NULL, NULL},
        {"strays arrive in order however often the ring goes round",
         strays_arrive_in_order_however_often_the_ring_goes_round, begin, NULL, NULL},
        {"a full ring drops and counts", full_ring_drops_and_counts, begin, NULL, NULL},
        {"what is too large is dropped and counted", what_is_too_large_is_dropped_and_counted,
         begin, NULL, NULL},
        {"counters may wrap", counters_may_wrap, begin, NULL, NULL},
        {"four writers lose only what is counted", four_writers_lose_only_what_is_counted, begin,
         NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
