/* test_park — requests that wait for a key: how many, how long, each once. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "engine/park.h"

static struct support_memory memory;
static struct turn turn;
static struct path path;
static uint8_t bytes[STUN_MESSAGE_MAX + 64];
static const struct now start = {{5 * MONO_SECOND}, {1700000000}};

static int begin(void **state)
{
    (void)state;
    support_memory_init(&memory);
    turn = (struct turn){.is_draining = false};
    path = (struct path){.kind = PATH_UDP, .client = {netaddr_ipv4(0xcb007105, 4000)}};
    return region_init(&turn.parking_memory, &memory.memory, sizeof(struct parking)) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    region_fini(&turn.parking_memory);
    return memory.reservations == 0 ? 0 : -1;
}

/* put — park a request of `size` bytes whose name is the 5 bytes at offset 24. */
static bool put(const char *name, size_t size)
{
    struct request rq = {.path = &path, .now = start, .realm = 1};
    memcpy(bytes + 24, name, 5);
    rq.message.bytes = bytes;
    rq.message.size = size;
    return park_put(&turn, &rq, (struct span){bytes + 24, 5});
}

static bool take(const char *name, struct park_place *out)
{
    return park_take(&turn, 1, span_of_text(name), out);
}

static void nothing_waits_at_first(void **state)
{
    (void)state;
    struct park_place out;
    assert_false(take("alice", &out));
    assert_false(park_take_late(&turn, (struct mono){UINT64_MAX}, &out));
    assert_int_equal(park_next(&turn).ns, 0);
    assert_int_equal(memory.commits, 0); /* and costs nothing */
}

static void what_waits_comes_back_once(void **state)
{
    (void)state;
    struct park_place out;
    assert_true(put("alice", 100));
    assert_false(take("bobby", &out));
    assert_false(park_take(&turn, 0, span_of_text("alice"), &out)); /* another realm's */
    assert_true(take("alice", &out));
    assert_int_equal(out.size, 100);
    assert_memory_equal(out.bytes, bytes, 100);
    assert_true(path_is_equal(&out.path, &path));
    assert_false(take("alice", &out));
}

static void what_waits_for_a_share_comes_back_with_it(void **state)
{
    (void)state;
    struct park_place out;
    struct request rq = {.path = &path, .now = start, .realm = 1, .awaits = 77};
    memcpy(bytes + 24, "alice", 5);
    rq.message.bytes = bytes;
    rq.message.size = 100;
    assert_true(park_put(&turn, &rq, (struct span){bytes + 24, 5}));
    assert_true(park_has(&turn, &path));
    assert_false(take("alice", &out)); /* her key is known */
    assert_false(park_take_account(&turn, 78, &out));
    assert_true(park_take_account(&turn, 77, &out));
    assert_int_equal(out.size, 100);
    assert_int_equal(out.account, 77);
    assert_memory_equal(out.bytes, bytes, 100);
    assert_false(park_take_account(&turn, 77, &out));
    assert_false(park_has(&turn, &path));
}

static void who_waits_again_waits_no_longer(void **state)
{
    (void)state;
    struct park_place out;
    struct request rq = {.path = &path, .now = start, .realm = 1, .awaits = 77};
    rq.message.bytes = bytes;
    rq.message.size = 100;
    assert_true(park_put(&turn, &rq, (struct span){bytes + 24, 5}));
    assert_true(park_take_account(&turn, 77, &out));
    rq.now.mono = mono_add_s(start.mono, 1);
    rq.park_until = out.until;
    assert_true(park_put(&turn, &rq, (struct span){bytes + 24, 5}));
    assert_int_equal(park_next(&turn).ns, mono_add_s(start.mono, PARK_WAIT).ns);
    assert_true(park_take_late(&turn, mono_add_s(start.mono, PARK_WAIT), &out));
}

static void retransmission_is_not_kept_twice(void **state)
{
    (void)state;
    struct park_place out;
    for (int i = 0; i < 100; i++) {
        assert_true(put("alice", 100));
    }
    assert_true(take("alice", &out));
    assert_false(take("alice", &out));
}

static void prefixes_and_the_whole_are_bounded(void **state)
{
    (void)state;
    struct park_place out;
    for (int i = 0; i < 100; i++) {
        path.client.a.ip[3] = (uint8_t)i;
        assert_int_equal(put("alice", 100), i < PARK_PER_PREFIX);
    }
    for (int i = 0; i < 100; i++) {
        path.client.a.ip[2] = (uint8_t)i; /* from 0, another /24 */
        assert_int_equal(put("bobby", 100), i < TURN_PARKED_MAX - PARK_PER_PREFIX);
    }
    for (int i = 0; i < PARK_PER_PREFIX; i++) {
        assert_true(take("alice", &out));
    }
    assert_false(take("alice", &out));
    assert_true(put("alice", 100));
}

static void waiting_ends_after_two_seconds(void **state)
{
    (void)state;
    struct park_place out;
    assert_true(put("alice", 100));
    struct mono until = mono_add_s(start.mono, PARK_WAIT);
    assert_int_equal(park_next(&turn).ns, until.ns);
    assert_false(park_take_late(&turn, (struct mono){until.ns - 1}, &out));
    assert_true(park_take_late(&turn, until, &out));
    assert_false(park_take_late(&turn, until, &out));
    assert_int_equal(park_next(&turn).ns, 0);
}

static void too_large_or_no_memory_is_refused(void **state)
{
    (void)state;
    assert_false(put("alice", STUN_MESSAGE_MAX + 1));
    support_memory_fail(&memory, 1, 1);
    assert_false(put("alice", STUN_MESSAGE_MAX));
    support_memory_fail(&memory, 0, 0);
    assert_true(put("alice", STUN_MESSAGE_MAX));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_waits_at_first, begin, end),
        cmocka_unit_test_setup_teardown(what_waits_comes_back_once, begin, end),
        cmocka_unit_test_setup_teardown(what_waits_for_a_share_comes_back_with_it, begin, end),
        cmocka_unit_test_setup_teardown(who_waits_again_waits_no_longer, begin, end),
        cmocka_unit_test_setup_teardown(retransmission_is_not_kept_twice, begin, end),
        cmocka_unit_test_setup_teardown(prefixes_and_the_whole_are_bounded, begin, end),
        cmocka_unit_test_setup_teardown(waiting_ends_after_two_seconds, begin, end),
        cmocka_unit_test_setup_teardown(too_large_or_no_memory_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
