/* test_slab — records by index and generation: stale handles, reuse, short memory. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/slab.h"

#include <string.h>

enum { CAPACITY = 5000, RECORD_SIZE = 40 };

struct record {
    struct slab_link link;
    uint8_t bytes[RECORD_SIZE - sizeof(struct slab_link)];
};

static struct support_memory memory;
static struct slab slab;

static int begin(void **state)
{
    (void)state;
    support_memory_init(&memory);
    return slab_init(&slab, &memory.memory, sizeof(struct record), CAPACITY) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    slab_fini(&slab);
    return memory.reservations == 0 ? 0 : -1;
}

static struct handle take(void)
{
    uint32_t index;
    assert_non_null(slab_take(&slab, &index));
    return slab_handle(&slab, index);
}

static void record_is_found_by_its_handle(void **state)
{
    (void)state;
    uint32_t index;
    struct record *r = slab_take(&slab, &index);
    assert_non_null(r);
    assert_ptr_equal(slab_at(&slab, index), r);
    assert_ptr_equal(slab_get(&slab, slab_handle(&slab, index)), r);
    assert_int_equal(slab.live, 1);
}

static void records_do_not_overlap(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CAPACITY; i++) {
        uint32_t index;
        struct record *r = slab_take(&slab, &index);
        memset(r->bytes, (int)(i % 251), sizeof(r->bytes));
        assert_int_equal(index, i);
    }
    for (uint32_t i = 0; i < CAPACITY; i++) {
        const struct record *r = slab_get(&slab, slab_handle(&slab, i));
        assert_non_null(r);
        for (size_t at = 0; at < sizeof(r->bytes); at++) {
            assert_int_equal(r->bytes[at], i % 251);
        }
    }
}

static void handle_goes_stale_when_the_record_is_given_back(void **state)
{
    (void)state;
    struct handle h = take();
    slab_give(&slab, h.index);
    assert_null(slab_get(&slab, h));
    assert_int_equal(slab.live, 0);
}

static void handle_to_a_free_record_refers_to_nothing(void **state)
{
    (void)state;
    struct handle h = take();
    slab_give(&slab, h.index);
    assert_null(slab_get(&slab, slab_handle(&slab, h.index)));
}

static void handle_stays_stale_however_often_the_record_is_reused(void **state)
{
    (void)state;
    struct handle first = take();
    slab_give(&slab, first.index);
    for (int i = 0; i < 1000; i++) {
        struct handle h = take();
        assert_int_equal(h.index, first.index);
        assert_null(slab_get(&slab, first));
        assert_non_null(slab_get(&slab, h));
        slab_give(&slab, h.index);
    }
}

static void handle_of_zeros_refers_to_nothing(void **state)
{
    (void)state;
    assert_null(slab_get(&slab, (struct handle){0, 0}));
    take();
    assert_null(slab_get(&slab, (struct handle){0, 0}));
}

static void handle_beyond_all_records_refers_to_nothing(void **state)
{
    (void)state;
    take();
    static const uint32_t beyond[] = {1, CAPACITY - 1, CAPACITY, UINT32_MAX - 1, SLAB_NONE};
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        assert_null(slab_get(&slab, (struct handle){beyond[i], 1}));
    }
}

static void reused_record_is_zeroed(void **state)
{
    (void)state;
    static const uint8_t zero[RECORD_SIZE - sizeof(struct slab_link)];
    struct handle h = take();
    struct record *r = slab_at(&slab, h.index);
    memset(r->bytes, 0xee, sizeof(r->bytes));
    slab_give(&slab, h.index);
    struct handle again = take();
    assert_int_equal(again.index, h.index);
    assert_memory_equal(r->bytes, zero, sizeof(zero));
    assert_int_equal(r->link.next_free, 0);
}

static void freed_records_are_reused_before_new_ones_are_touched(void **state)
{
    (void)state;
    struct handle some[3] = {take(), take(), take()};
    slab_give(&slab, some[0].index);
    slab_give(&slab, some[2].index);
    assert_int_equal(take().index + take().index, some[0].index + some[2].index);
    assert_int_equal(slab.touched, 3);
}

static void full_slab_gives_nothing_until_one_comes_back(void **state)
{
    (void)state;
    uint32_t index = 7777;
    for (uint32_t i = 0; i < CAPACITY; i++) {
        take();
    }
    assert_null(slab_take(&slab, &index));
    assert_int_equal(slab.live, CAPACITY);
    slab_give(&slab, 17);
    assert_non_null(slab_take(&slab, &index));
    assert_int_equal(index, 17);
}

static void failing_commit_changes_nothing(void **state)
{
    (void)state;
    uint32_t index;
    support_memory_fail(&memory, 1, UINT32_MAX);
    assert_null(slab_take(&slab, &index));
    support_memory_fail(&memory, 0, 0);
    struct handle h = take();
    uint32_t fit = REGION_STEP / sizeof(struct record);
    while (slab.live < fit) {
        take();
    }
    support_memory_fail(&memory, 1, UINT32_MAX);
    assert_null(slab_take(&slab, &index));
    assert_int_equal(slab.live, fit);
    assert_int_equal(slab.touched, fit);
    assert_non_null(slab_get(&slab, h));
    slab_give(&slab, h.index); /* what is there may still be reused */
    assert_int_equal(take().index, h.index);
    support_memory_fail(&memory, 0, 0);
    assert_int_equal(take().index, fit);
}

static void records_never_move(void **state)
{
    (void)state;
    struct handle h = take();
    void *at = slab_get(&slab, h);
    for (uint32_t i = 1; i < CAPACITY; i++) {
        take();
    }
    assert_ptr_equal(slab_get(&slab, h), at);
}

static void memory_is_committed_only_as_records_are_taken(void **state)
{
    (void)state;
    assert_int_equal(memory.commits, 0);
    for (uint32_t i = 0; i < CAPACITY; i++) {
        take();
        size_t used = (size_t)(i + 1) * sizeof(struct record);
        assert_int_equal(memory.commits, (used + REGION_STEP - 1) / REGION_STEP);
    }
}

static void agrees_with_a_list_of_handles(void **state)
{
    (void)state;
    enum { STEPS = 200000, KEPT = 600 };
    static struct handle live[KEPT];
    static struct handle stale[KEPT];
    uint32_t count = 0;
    uint32_t buried = 0;
    uint64_t chance = 12;
    for (int i = 0; i < STEPS; i++) {
        if (count < KEPT && support_below(&chance, 2)) {
            live[count++] = take();
        } else if (count > 0) {
            uint32_t which = support_below(&chance, count);
            stale[buried++ % KEPT] = live[which];
            slab_give(&slab, live[which].index);
            live[which] = live[--count];
        }
        assert_int_equal(slab.live, count);
        if (count > 0) {
            assert_non_null(slab_get(&slab, live[support_below(&chance, count)]));
        }
        if (buried > 0) {
            uint32_t past = support_below(&chance, buried < KEPT ? buried : KEPT);
            assert_null(slab_get(&slab, stale[past]));
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            assert_int_not_equal(live[i].index, live[j].index);
        }
    }
}

/* on_slab — a test that finds a new slab and leaves no memory behind. */
static struct CMUnitTest on_slab(const char *sentence, CMUnitTestFunction function)
{
    return (struct CMUnitTest){
        .name = sentence, .test_func = function, .setup_func = begin, .teardown_func = end};
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        on_slab("a record is found by its handle", record_is_found_by_its_handle),
        on_slab("records do not overlap", records_do_not_overlap),
        on_slab("a handle goes stale when the record is given back",
                handle_goes_stale_when_the_record_is_given_back),
        on_slab("a handle to a free record refers to nothing",
                handle_to_a_free_record_refers_to_nothing),
        on_slab("a handle stays stale however often the record is reused",
                handle_stays_stale_however_often_the_record_is_reused),
        on_slab("a handle of zeros refers to nothing", handle_of_zeros_refers_to_nothing),
        on_slab("a handle beyond all records refers to nothing",
                handle_beyond_all_records_refers_to_nothing),
        on_slab("a reused record is zeroed", reused_record_is_zeroed),
        on_slab("freed records are reused before new ones are touched",
                freed_records_are_reused_before_new_ones_are_touched),
        on_slab("a full slab gives nothing until one comes back",
                full_slab_gives_nothing_until_one_comes_back),
        on_slab("a failing commit changes nothing", failing_commit_changes_nothing),
        on_slab("records never move", records_never_move),
        on_slab("memory is committed only as records are taken",
                memory_is_committed_only_as_records_are_taken),
        on_slab("200,000 random steps agree with a list of handles", agrees_with_a_list_of_handles),
    };
    return cmocka_run_group_tests_name("slab", tests, NULL, NULL);
}
