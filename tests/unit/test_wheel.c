/* test_wheel — deadlines: never early, never forgotten, whatever is moved or removed meanwhile. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/wheel.h"

#include <string.h>

enum {
    RECORDS = 400,
    STEPS = 200000,
};

#define GRAIN UINT64_C(1000) /* nanoseconds; small, so that deadlines fall between ticks too */

struct record {
    uint64_t before; /* the link need not come first */
    struct wheel_link link;
    uint32_t behind;
};

/* What should be on the wheel: each record's deadline, 0 when it is not. */
static struct record records[RECORDS];
static uint64_t deadline[RECORDS];
static uint32_t waiting;
static struct wheel wheel;

static void begin_at(uint64_t ns)
{
    memset(records, 0, sizeof(records));
    memset(deadline, 0, sizeof(deadline));
    waiting = 0;
    wheel_init(&wheel, &records[0].link, sizeof(records[0]), GRAIN, (struct mono){ns});
}

static int begin(void **state)
{
    (void)state;
    begin_at(5 * GRAIN);
    return 0;
}

static void put(uint32_t index, uint64_t ns)
{
    waiting += deadline[index] == 0;
    deadline[index] = ns;
    wheel_put(&wheel, index, (struct mono){ns});
}

static void hasten(uint32_t index, uint64_t ns)
{
    waiting += deadline[index] == 0;
    deadline[index] = deadline[index] == 0 || ns < deadline[index] ? ns : deadline[index];
    wheel_hasten(&wheel, index, (struct mono){ns});
}

static void take_away(uint32_t index)
{
    waiting -= deadline[index] != 0;
    deadline[index] = 0;
    wheel_remove(&wheel, index);
}

static uint32_t take_due(uint64_t now)
{
    return wheel_take_due(&wheel, (struct mono){now});
}

/* last_tick — the moment of the last tick not after `now`: what was due by then must be taken. */
static uint64_t last_tick(uint64_t now)
{
    return now / GRAIN * GRAIN;
}

/* take_and_check — take up to `budget` records; each must be due and on the wheel. Returns whether
 * the wheel said that there are no more. */
static bool take_and_check(uint64_t now, uint32_t budget)
{
    for (; budget > 0; budget--) {
        uint32_t index = take_due(now);
        if (index == WHEEL_NONE) {
            return true;
        }
        assert_true(index < RECORDS);
        assert_true(deadline[index] != 0 && deadline[index] <= now);
        deadline[index] = 0;
        waiting--;
    }
    return false;
}

static void check_nothing_due_is_left(uint64_t now)
{
    for (uint32_t i = 0; i < RECORDS; i++) {
        assert_true(deadline[i] == 0 || deadline[i] > last_tick(now));
    }
}

static void new_wheel_is_empty(void **state)
{
    (void)state;
    assert_int_equal(take_due(1000 * GRAIN), WHEEL_NONE);
    assert_true(wheel_next(&wheel).ns == 0);
}

static void record_comes_at_its_tick_and_not_before(void **state)
{
    (void)state;
    static const uint64_t offsets[] = {0, 1, GRAIN / 2, GRAIN - 1};
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        begin_at(5 * GRAIN);
        put(7, 20 * GRAIN + offsets[i]);
        uint64_t due = offsets[i] == 0 ? 20 * GRAIN : 21 * GRAIN;
        assert_int_equal(take_due(due - 1), WHEEL_NONE);
        assert_int_equal(take_due(due), 7);
        assert_int_equal(take_due(due), WHEEL_NONE);
    }
}

static void deadline_in_the_past_comes_at_once(void **state)
{
    (void)state;
    assert_int_equal(take_due(100 * GRAIN), WHEEL_NONE);
    put(3, 50 * GRAIN);
    assert_int_equal(take_due(100 * GRAIN), 3);
}

static void deadline_of_this_very_tick_comes_at_once(void **state)
{
    (void)state;
    put(1, 100 * GRAIN);
    assert_int_equal(take_due(100 * GRAIN), 1);
    put(2, 100 * GRAIN);
    assert_int_equal(take_due(100 * GRAIN), 2);
}

static void deadline_beyond_the_horizon_waits_its_turns(void **state)
{
    (void)state;
    static const uint64_t ahead[] = {WHEEL_SLOTS - 1, WHEEL_SLOTS,     WHEEL_SLOTS + 1,
                                     2 * WHEEL_SLOTS, 3 * WHEEL_SLOTS, 10 * WHEEL_SLOTS + 7};
    for (size_t i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
        begin_at(5 * GRAIN);
        uint64_t due = (5 + ahead[i]) * GRAIN;
        put(9, due);
        for (uint64_t now = 5 * GRAIN; now < due; now += GRAIN) {
            assert_int_equal(take_due(now), WHEEL_NONE);
        }
        assert_int_equal(take_due(due), 9);
    }
}

static void one_slot_holds_several_turns(void **state)
{
    (void)state;
    for (uint32_t turn = 0; turn < 5; turn++) {
        put(turn, (10 + (uint64_t)turn * WHEEL_SLOTS) * GRAIN);
    }
    for (uint32_t turn = 0; turn < 5; turn++) {
        uint64_t due = (10 + (uint64_t)turn * WHEEL_SLOTS) * GRAIN;
        assert_int_equal(take_due(due - 1), WHEEL_NONE);
        assert_int_equal(take_due(due), turn);
        assert_int_equal(take_due(due), WHEEL_NONE);
    }
}

static void moved_record_comes_once_at_its_new_time(void **state)
{
    (void)state;
    put(4, 20 * GRAIN);
    put(4, 3000 * GRAIN);
    assert_int_equal(take_due(2999 * GRAIN), WHEEL_NONE);
    put(4, 3010 * GRAIN);
    put(4, 3005 * GRAIN); /* also back */
    assert_int_equal(take_due(3005 * GRAIN), 4);
    assert_int_equal(take_due(9000 * GRAIN), WHEEL_NONE);
}

static void hastened_record_comes_at_the_earlier_time(void **state)
{
    (void)state;
    static const uint64_t ticks[][2] = {{20, 30}, {30, 20}, {20, 3000}, {3000, 20}, {20, 20}};
    for (size_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
        begin_at(5 * GRAIN);
        put(4, ticks[i][0] * GRAIN);
        hasten(4, ticks[i][1] * GRAIN);
        assert_int_equal(wheel.waiting, 1);
        assert_int_equal(take_due(20 * GRAIN - 1), WHEEL_NONE);
        assert_int_equal(take_due(20 * GRAIN), 4);
        assert_int_equal(take_due(9000 * GRAIN), WHEEL_NONE);
    }
}

static void hastened_record_that_was_not_there_is_put(void **state)
{
    (void)state;
    hasten(4, 20 * GRAIN);
    assert_int_equal(wheel.waiting, 1);
    assert_int_equal(take_due(20 * GRAIN - 1), WHEEL_NONE);
    assert_int_equal(take_due(20 * GRAIN), 4);
}

static void hastening_to_no_earlier_tick_touches_no_neighbour(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        put(i, 20 * GRAIN);
    }
    struct record before[3];
    memcpy(before, records, sizeof(before));
    hasten(1, 20 * GRAIN);
    hasten(1, 500 * GRAIN);
    assert_memory_equal(records, before, sizeof(before));
}

static void hastening_works_where_32_bits_of_ticks_wrap(void **state)
{
    (void)state;
    uint64_t start = (UINT64_C(1) << 32) - 50;
    begin_at(start * GRAIN);
    put(1, (start + 100) * GRAIN);
    hasten(1, (start + 10) * GRAIN); /* from behind the wrap to before it */
    put(2, (start + 10) * GRAIN);
    hasten(2, (start + 100) * GRAIN); /* and not the other way */
    assert_int_equal(take_due((start + 10) * GRAIN - 1), WHEEL_NONE);
    assert_true(take_and_check((start + 10) * GRAIN, 3));
    assert_int_equal(waiting, 0);
}

static void removed_record_never_comes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        put(i, 20 * GRAIN); /* the first, middle and last of one slot */
    }
    take_away(1);
    take_away(0);
    assert_int_equal(take_due(5000 * GRAIN), 2);
    assert_int_equal(take_due(5000 * GRAIN), WHEEL_NONE);
    assert_int_equal(wheel.waiting, 0);
}

static void removing_what_is_not_on_the_wheel_does_nothing(void **state)
{
    (void)state;
    put(1, 20 * GRAIN);
    take_away(2);
    take_away(2);
    assert_int_equal(wheel.waiting, 1);
    assert_int_equal(take_due(20 * GRAIN), 1);
    wheel_remove(&wheel, 1); /* taken, so no longer on it */
    assert_int_equal(wheel.waiting, 0);
}

static void neighbours_of_the_link_are_left_alone(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        records[i].before = UINT64_MAX;
        records[i].behind = UINT32_MAX;
        put(i, (20 + i % 2) * GRAIN);
    }
    take_away(5);
    assert_true(take_and_check(30 * GRAIN, RECORDS));
    for (uint32_t i = 0; i < 10; i++) {
        assert_true(records[i].before == UINT64_MAX);
        assert_true(records[i].behind == UINT32_MAX);
    }
}

static void budget_spreads_a_crowd_over_turns(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        put(i, (20 + i % 3) * GRAIN);
    }
    for (int turn = 0; turn < 10; turn++) {
        assert_false(take_and_check(40 * GRAIN, 10));
    }
    assert_true(take_and_check(40 * GRAIN, 1));
    assert_int_equal(waiting, 0);
}

static void record_put_again_while_taking_comes_again(void **state)
{
    (void)state;
    put(1, 20 * GRAIN);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(take_due(20 * GRAIN), 1);
        put(1, 20 * GRAIN); /* due already: the taker must see it, and may stop when it likes */
    }
}

static void long_rest_is_made_up_for(void **state)
{
    (void)state;
    static const uint64_t rests[] = {WHEEL_SLOTS - 1,     WHEEL_SLOTS, WHEEL_SLOTS + 1,
                                     5 * WHEEL_SLOTS + 3, 1u << 20,    1u << 30};
    for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
        begin_at(5 * GRAIN);
        for (uint32_t r = 0; r < RECORDS; r++) {
            put(r, (5 + 13 * (uint64_t)r) * GRAIN);
        }
        uint64_t now = (5 + rests[i]) * GRAIN;
        assert_true(take_and_check(now, RECORDS + 1));
        check_nothing_due_is_left(now);
    }
}

static void deadline_after_a_long_rest_is_kept(void **state)
{
    (void)state;
    static const uint64_t rests[] = {1u << 20, 1u << 31, (UINT64_C(1) << 31) + 7, UINT32_MAX,
                                     UINT64_C(1) << 40};
    for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
        begin_at(5 * GRAIN);
        uint64_t now = rests[i] * GRAIN; /* nothing called the empty wheel until now */
        put(1, now + 10 * GRAIN);
        assert_int_equal(take_due(now), WHEEL_NONE);
        assert_int_equal(take_due(now + 10 * GRAIN - 1), WHEEL_NONE);
        assert_int_equal(take_due(now + 10 * GRAIN), 1);
    }
}

static void deadlines_are_kept_where_32_bits_of_ticks_wrap(void **state)
{
    (void)state;
    uint64_t start = (UINT64_C(1) << 32) - 50;
    begin_at(start * GRAIN);
    for (uint32_t i = 0; i < 100; i++) {
        put(i, (start + i) * GRAIN);
    }
    for (uint64_t tick = start; tick < start + 102; tick++) {
        assert_true(take_and_check(tick * GRAIN, RECORDS));
        for (uint32_t i = 0; i < 100; i++) { /* one of the 2^32 ticks may come a tick late */
            assert_true(deadline[i] == 0 || deadline[i] + GRAIN > tick * GRAIN);
        }
        assert_true(waiting == 0 || wheel_next(&wheel).ns > tick * GRAIN);
    }
    assert_int_equal(waiting, 0);
}

static void next_says_when_to_call(void **state)
{
    (void)state;
    uint64_t chance = 30;
    for (uint32_t i = 0; i < RECORDS; i++) {
        put(i, 5 * GRAIN + 1 + support_below(&chance, 5000 * (uint32_t)GRAIN));
    }
    uint64_t last = 0;
    while (waiting > 0) {
        uint64_t now = wheel_next(&wheel).ns; /* called then and at no other time */
        assert_true(now > last);
        assert_true(take_and_check(now, RECORDS + 1));
        check_nothing_due_is_left(now);
        last = now;
    }
    assert_true(wheel_next(&wheel).ns == 0);
    assert_true(last <= 5010 * GRAIN);
}

/* random_step — put, move, hasten or remove, or let time pass and take what is due. */
static void random_step(uint64_t *chance, uint64_t *now)
{
    uint32_t index = support_below(chance, RECORDS);
    switch (support_below(chance, 9)) {
    case 0:
        hasten(index, *now + 1 + support_below(chance, 3000 * (uint32_t)GRAIN));
        break;
    case 1:
    case 2:
        put(index, *now + 1 + support_below(chance, 3000 * (uint32_t)GRAIN));
        break;
    case 3:
        put(index, *now - support_below(chance, 4 * (uint32_t)GRAIN)); /* late already */
        break;
    case 4:
        take_away(index);
        break;
    case 5:
        if (support_below(chance, 500) == 0) {
            *now += support_below(chance, 5 * WHEEL_SLOTS) * GRAIN;
        }
        if (take_and_check(*now, support_below(chance, 5))) {
            check_nothing_due_is_left(*now);
        }
        break;
    default:
        *now += support_below(chance, 3 * (uint32_t)GRAIN);
        if (take_and_check(*now, RECORDS + 1)) {
            check_nothing_due_is_left(*now);
        }
    }
}

static void agrees_with_a_list_of_deadlines(void **state)
{
    (void)state;
    uint64_t seed = 31;
    uint64_t now = 5 * GRAIN;
    print_message("# seed %llu\n", (unsigned long long)seed);
    for (int step = 0; step < STEPS; step++) {
        random_step(&seed, &now);
        assert_int_equal(wheel.waiting, waiting);
    }
    assert_true(now > 10 * WHEEL_SLOTS * GRAIN);
}

/* on_wheel — a test that finds a new wheel at its fifth tick. */
static struct CMUnitTest on_wheel(const char *sentence, CMUnitTestFunction function)
{
    return (struct CMUnitTest){.name = sentence, .test_func = function, .setup_func = begin};
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        on_wheel("a new wheel is empty", new_wheel_is_empty),
        on_wheel("a record comes at its tick and not before",
                 record_comes_at_its_tick_and_not_before),
        on_wheel("a deadline in the past comes at once", deadline_in_the_past_comes_at_once),
        on_wheel("a deadline of this very tick comes at once",
                 deadline_of_this_very_tick_comes_at_once),
        on_wheel("a deadline beyond the horizon waits its turns",
                 deadline_beyond_the_horizon_waits_its_turns),
        on_wheel("one slot holds records of several turns", one_slot_holds_several_turns),
        on_wheel("a moved record comes once, at its new time",
                 moved_record_comes_once_at_its_new_time),
        on_wheel("a hastened record comes at the earlier time",
                 hastened_record_comes_at_the_earlier_time),
        on_wheel("a hastened record that was not there is put",
                 hastened_record_that_was_not_there_is_put),
        on_wheel("hastening to no earlier tick touches no neighbour",
                 hastening_to_no_earlier_tick_touches_no_neighbour),
        on_wheel("hastening works where 32 bits of ticks wrap",
                 hastening_works_where_32_bits_of_ticks_wrap),
        on_wheel("a removed record never comes", removed_record_never_comes),
        on_wheel("removing what is not on the wheel does nothing",
                 removing_what_is_not_on_the_wheel_does_nothing),
        on_wheel("neighbours of the link are left alone", neighbours_of_the_link_are_left_alone),
        on_wheel("a budget spreads a crowd over several turns", budget_spreads_a_crowd_over_turns),
        on_wheel("a record put again while taking comes again",
                 record_put_again_while_taking_comes_again),
        on_wheel("a long rest is made up for", long_rest_is_made_up_for),
        on_wheel("a deadline put after a long rest is kept", deadline_after_a_long_rest_is_kept),
        on_wheel("deadlines are kept where 32 bits of ticks wrap",
                 deadlines_are_kept_where_32_bits_of_ticks_wrap),
        on_wheel("the wheel says itself when it must be called", next_says_when_to_call),
        on_wheel("200,000 random steps agree with a list of deadlines",
                 agrees_with_a_list_of_deadlines),
    };
    return cmocka_run_group_tests_name("wheel", tests, NULL, NULL);
}
