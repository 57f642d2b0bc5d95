/* test_table — the growing hash table against a plain array, also when memory is short. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/table.h"

#include <string.h>

enum {
    INDICES = 40000,
    STEPS = 200000,
    FULL_CHECK = 10000, /* steps between two walks over the whole table */
};

/* What the table should hold: each index at most once, under one hash. */
struct model {
    bool is_there[INDICES];
    uint32_t hash[INDICES];
    uint32_t entries;
};

static struct support_memory memory;
static struct table table;
static struct model model;

static int begin(void **state)
{
    (void)state;
    support_memory_init(&memory);
    memset(&model, 0, sizeof(model));
    return table_init(&table, &memory.memory, INDICES) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    table_fini(&table);
    return memory.reservations == 0 ? 0 : -1;
}

static bool model_add(uint32_t hash, uint32_t index)
{
    if (!table_add(&table, hash, index)) {
        return false;
    }
    model.is_there[index] = true;
    model.hash[index] = hash;
    model.entries++;
    return true;
}

static void model_remove(uint32_t index)
{
    assert_true(table_remove(&table, model.hash[index], index));
    model.is_there[index] = false;
    model.entries--;
}

/* times_found — how often a walk under `hash` meets `index`; every index that it meets must be
 * there, and under that hash. */
static unsigned times_found(uint32_t hash, uint32_t index)
{
    struct table_probe probe;
    unsigned times = 0;
    for (uint32_t i = table_first(&table, hash, &probe); i != TABLE_NONE;
         i = table_next(&table, &probe)) {
        assert_true(i < INDICES && model.is_there[i]);
        assert_true(model.hash[i] == hash);
        times += i == index;
    }
    return times;
}

/* check_chain — what `at` heads belongs there and leaves no gap; counts each index in `seen`. */
static uint32_t check_chain(uint32_t at, uint8_t *seen, uint32_t *overflows)
{
    const struct table_bucket *b = (const struct table_bucket *)(void *)table.buckets.base + at;
    uint32_t slots = 0;
    for (bool is_head = true; b; is_head = false) {
        const struct table_bucket *next = table_overflow(&table, b);
        assert_true(b->count <= TABLE_SLOTS);
        assert_true(next == NULL || b->count == TABLE_SLOTS);
        assert_true(is_head || b->count > 0);
        *overflows += !is_head;
        for (uint32_t i = 0; i < b->count; i++) {
            const struct table_slot *s = &b->slot[i];
            assert_true(s->index < INDICES && model.is_there[s->index]);
            assert_true(model.hash[s->index] == s->tag);
            assert_ptr_equal(table_bucket_at(&table, s->tag),
                             (const struct table_bucket *)(void *)table.buckets.base + at);
            assert_int_equal(seen[s->index]++, 0);
            slots++;
        }
        b = next;
    }
    return slots;
}

/* check_whole — the table holds what the model holds, once, in complete chains. */
static void check_whole(void)
{
    static uint8_t seen[INDICES];
    uint32_t slots = 0;
    uint32_t overflows = 0;
    memset(seen, 0, sizeof(seen));
    for (uint32_t at = 0; at < table.round + table.split; at++) {
        slots += check_chain(at, seen, &overflows);
    }
    assert_int_equal(slots, model.entries);
    assert_int_equal(table.entries, model.entries);
    assert_int_equal(table.overflows.live, overflows);
}

/* some_hash — mostly spread, else one of a few, or one of many that differ in high bits alone. */
static uint32_t some_hash(uint64_t *chance)
{
    switch (support_below(chance, 8)) {
    case 0:
        return support_below(chance, 40);
    case 1:
        return support_below(chance, 1024) << 22 | 5;
    default:
        return (uint32_t)support_random(chance);
    }
}

/* random_step — one add, remove or look-up; adding prevails in every other run of 20,000. */
static void random_step(uint64_t *chance, int step)
{
    uint32_t index = support_below(chance, INDICES);
    bool grows = step / 20000 % 2 == 0;
    if (!model.is_there[index]) {
        if (grows || support_below(chance, 4) == 0) {
            assert_true(model_add(some_hash(chance), index));
            assert_int_equal(times_found(model.hash[index], index), 1);
        } else {
            assert_false(table_remove(&table, (uint32_t)support_random(chance), index));
        }
    } else if (support_below(chance, grows ? 8 : 2) == 0) {
        model_remove(index);
        assert_int_equal(times_found(model.hash[index], index), 0);
    } else {
        assert_int_equal(times_found(model.hash[index], index), 1);
    }
}

static void agrees_with_an_array(void **state)
{
    (void)state;
    uint64_t seed = 20;
    print_message("# seed %llu\n", (unsigned long long)seed);
    for (int step = 0; step < STEPS; step++) {
        random_step(&seed, step);
        if (step % FULL_CHECK == FULL_CHECK - 1) {
            check_whole();
        }
    }
    assert_true(table.round > 64); /* it has grown on the way */
}

static void new_table_holds_nothing(void **state)
{
    (void)state;
    struct table_probe probe;
    assert_int_equal(table.entries, 0);
    for (uint32_t hash = 0; hash < 1000; hash++) {
        assert_int_equal(table_first(&table, hash, &probe), TABLE_NONE);
    }
    check_whole();
}

static void all_indices_under_one_hash_are_met(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3000; i++) {
        assert_true(model_add(UINT32_C(0xfeedbeef), i));
    }
    check_whole();
    for (uint32_t i = 0; i < 3000; i += 100) {
        assert_int_equal(times_found(UINT32_C(0xfeedbeef), i), 1);
    }
}

static void hashes_that_share_a_bucket_are_told_apart(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 64; i++) {
        assert_true(model_add(i << 26, i));
    }
    for (uint32_t i = 0; i < 64; i++) {
        assert_int_equal(times_found(i << 26, i), 1);
        assert_int_equal(times_found(i << 26, (i + 1) % 64), 0);
    }
}

static void removing_what_is_not_there_changes_nothing(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        assert_true(model_add(i % 10, i));
    }
    assert_false(table_remove(&table, 3, 100));
    assert_false(table_remove(&table, 3, 4)); /* there, but under another hash */
    assert_false(table_remove(&table, 64 + 3, 3));
    check_whole();
}

static void emptied_table_keeps_no_overflow_bucket(void **state)
{
    (void)state;
    uint64_t chance = 21;
    for (uint32_t i = 0; i < INDICES; i++) {
        assert_true(model_add(some_hash(&chance), i));
    }
    assert_true(table.overflows.live > 0);
    for (uint32_t i = 0; i < INDICES; i++) {
        model_remove(i * 7919 % INDICES); /* every index once, in no order */
    }
    assert_int_equal(table.overflows.live, 0);
    check_whole();
}

static void table_takes_all_it_was_made_for(void **state)
{
    (void)state;
    uint64_t chance = 22;
    for (uint32_t i = 0; i < INDICES; i++) {
        assert_true(model_add((uint32_t)support_random(&chance), i));
    }
    check_whole();
    assert_true(table.entries / (table.round + table.split) <= 4);
}

static void add_splits_at_most_one_bucket(void **state)
{
    (void)state;
    uint64_t chance = 23;
    for (uint32_t i = 0; i < INDICES; i++) {
        uint32_t before = table.round + table.split;
        unsigned commits = memory.commits;
        assert_true(model_add((uint32_t)support_random(&chance), i));
        assert_true(table.round + table.split - before <= 1);
        assert_true(memory.commits - commits <= 2);
    }
}

static void chain_that_wholly_moves_in_a_split_is_complete(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        assert_true(model_add(64, i)); /* bucket 0 while there are 64, then bucket 64 */
    }
    for (uint32_t i = 200; table.split == 0; i++) {
        assert_true(model_add(1, i));
    }
    check_whole();
    assert_int_equal(times_found(64, 0), 1);
    assert_int_equal(times_found(64, 199), 1);
}

/* fill_with_failures — add all indices while some commits fail, trying each index anew up to three
 * times. A failed add must leave the table as it was. */
static void fill_with_failures(uint64_t chance, unsigned from, unsigned count)
{
    support_memory_fail(&memory, from, count);
    for (uint32_t i = 0; i < INDICES; i++) {
        uint32_t hash = some_hash(&chance);
        bool added = false;
        for (int tries = 0; tries < 3 && !added; tries++) {
            uint32_t entries = table.entries;
            added = model_add(hash, i);
            assert_int_equal(table.entries, entries + added);
            assert_int_equal(times_found(hash, i), added);
        }
    }
}

/* again_from_nothing — the fixture once more, within one test. */
static void again_from_nothing(void)
{
    table_fini(&table);
    assert_int_equal(begin(NULL), 0);
}

static unsigned commits_of_a_fill(void)
{
    again_from_nothing();
    fill_with_failures(24, 0, 0);
    return memory.commits;
}

static void one_failing_commit_loses_nothing(void **state)
{
    (void)state;
    unsigned commits = commits_of_a_fill();
    assert_true(commits > 10);
    for (unsigned n = 1; n <= commits; n++) {
        again_from_nothing();
        fill_with_failures(24, n, 1);
        check_whole();
        assert_int_equal(model.entries, INDICES);
    }
}

static void memory_gone_for_good_loses_nothing_that_was_added(void **state)
{
    (void)state;
    unsigned commits = commits_of_a_fill();
    for (unsigned n = 1; n <= commits; n++) {
        again_from_nothing();
        fill_with_failures(24, n, UINT32_MAX);
        check_whole();
        for (uint32_t i = 0; i < INDICES; i++) {
            if (model.is_there[i]) {
                model_remove(i); /* what is there can still be taken away */
            }
        }
        check_whole();
    }
}

static void growth_is_made_up_for_when_memory_is_back(void **state)
{
    (void)state;
    uint64_t chance = 25;
    uint32_t i = 0;
    support_memory_fail(&memory, 1, UINT32_MAX);
    while (i < INDICES / 4) {
        (void)model_add((uint32_t)support_random(&chance), i++);
    }
    assert_true(model.entries / 6 >= table.round + table.split); /* too full */
    support_memory_fail(&memory, 0, 0);
    while (i < INDICES) {
        assert_true(model_add((uint32_t)support_random(&chance), i++));
    }
    check_whole();
    assert_true(model.entries / (table.round + table.split) <= 4);
}

static void no_memory_at_the_start_is_a_refusal(void **state)
{
    (void)state;
    struct support_memory none;
    struct table t;
    support_memory_init(&none);
    support_memory_fail(&none, 1, 1);
    assert_false(table_init(&t, &none.memory, 1000));
    assert_int_equal(none.reservations, 0);
    none.reserve_fails = true;
    assert_false(table_init(&t, &none.memory, 1000));
    assert_int_equal(none.reservations, 0);
}

/* on_table — a test that finds a new table and leaves no memory behind. */
static struct CMUnitTest on_table(const char *sentence, CMUnitTestFunction function)
{
    return (struct CMUnitTest){
        .name = sentence, .test_func = function, .setup_func = begin, .teardown_func = end};
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        on_table("a new table holds nothing", new_table_holds_nothing),
        on_table("200,000 random steps agree with an array", agrees_with_an_array),
        on_table("all indices under one hash are met", all_indices_under_one_hash_are_met),
        on_table("hashes that share a bucket are told apart",
                 hashes_that_share_a_bucket_are_told_apart),
        on_table("removing what is not there changes nothing",
                 removing_what_is_not_there_changes_nothing),
        on_table("an emptied table keeps no overflow bucket",
                 emptied_table_keeps_no_overflow_bucket),
        on_table("a table takes all that it was made for", table_takes_all_it_was_made_for),
        on_table("an add splits at most one bucket", add_splits_at_most_one_bucket),
        on_table("a chain that wholly moves in a split is complete",
                 chain_that_wholly_moves_in_a_split_is_complete),
        on_table("one failing commit, whichever it is, loses nothing",
                 one_failing_commit_loses_nothing),
        on_table("memory that is gone for good loses nothing that was added",
                 memory_gone_for_good_loses_nothing_that_was_added),
        on_table("growth is made up for when memory is back",
                 growth_is_made_up_for_when_memory_is_back),
        {.name = "no memory at the start is a refusal",
         .test_func = no_memory_at_the_start_is_a_refusal},
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
