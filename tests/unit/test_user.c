/* test_user — names and keys of live allocations, each kept once. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "engine/user.h"

#include <string.h>

static struct support_memory memory;
static struct user_table table;

static int begin(void **state)
{
    (void)state;
    support_memory_init(&memory);
    return user_table_init(&table, &memory.memory, (struct siphash_key){{1, 2}}, 5000) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    bool is_empty = table.users.live == 0 && table.tails.live == 0 && table.by_name.entries == 0;
    user_table_fini(&table);
    return is_empty && memory.reservations == 0 ? 0 : -1;
}

static struct stun_key key_of(uint8_t first)
{
    return (struct stun_key){.bytes = {first, 1, 2}, .size = 16};
}

static uint32_t take(const char *name, size_t size, uint8_t key, uint8_t realm)
{
    struct stun_key k = key_of(key);
    struct user_facts facts = {
        .name = {(const uint8_t *)name, size},
        .key = &k,
        .expires = {100},
        .account = 77,
        .algorithm = STUN_ALGORITHM_MD5,
        .realm = realm,
    };
    return user_take(&table, &facts);
}

static void names_of_every_length_come_back(void **state)
{
    (void)state;
    char name[STUN_NAME_MAX];
    char back[STUN_NAME_MAX + 1];
    static uint32_t users[STUN_NAME_MAX + 1];
    for (size_t i = 0; i < sizeof(name); i++) {
        name[i] = (char)(i * 7 + 1);
    }
    for (size_t size = 0; size <= STUN_NAME_MAX; size++) {
        users[size] = take(name, size, 1, 0);
        assert_int_not_equal(users[size], USER_NONE);
    }
    assert_int_equal(table.users.live, STUN_NAME_MAX + 1);
    for (size_t size = 0; size <= STUN_NAME_MAX; size++) {
        assert_int_equal(user_name(&table, users[size], back), size);
        assert_memory_equal(back, name, size);
        assert_int_equal(back[size], '\0');
        struct span s = {(const uint8_t *)name, size};
        assert_true(user_is_named(&table, users[size], 0, s));
        assert_false(user_is_named(&table, users[size], 1, s));
        if (size > 0) {
            struct span shorter = {s.bytes, size - 1};
            assert_false(user_is_named(&table, users[size], 0, shorter));
            name[size - 1] ^= 1;
            assert_false(user_is_named(&table, users[size], 0, s));
            name[size - 1] ^= 1;
        }
        user_give(&table, users[size]);
    }
}

static void each_is_kept_once(void **state)
{
    (void)state;
    uint32_t a = take("alice", 5, 1, 0);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(take("alice", 5, 1, 0), a);
    }
    uint32_t other_key = take("alice", 5, 2, 0);
    uint32_t other_realm = take("alice", 5, 1, 1);
    assert_int_not_equal(other_key, a);
    assert_int_not_equal(other_realm, a);
    assert_int_equal(user_at(&table, a)->references, 11);
    for (int i = 0; i < 11; i++) {
        user_give(&table, a);
    }
    user_give(&table, other_key);
    user_give(&table, other_realm);
}

static void keys_are_wiped(void **state)
{
    (void)state;
    uint32_t a = take("alice", 5, 9, 0);
    const struct user *u = user_at(&table, a);
    assert_int_equal(u->key.bytes[0], 9);
    user_give(&table, a);
    assert_int_equal(u->key.bytes[0], 0);
}

static void without_memory_nothing_is_left(void **state)
{
    (void)state;
    char name[STUN_NAME_MAX] = {'x'};
    static uint32_t kept[5000];
    uint32_t count = 0;
    uint64_t chance = 3;
    for (int i = 0; i < 20000 && count < 5000; i++) {
        size_t size = support_below(&chance, STUN_NAME_MAX);
        support_fill(&chance, name, size);
        support_memory_fail(&memory, support_below(&chance, 3), 1);
        uint32_t before = table.users.live;
        uint32_t user = take(name, size, 1, 0);
        if (user == USER_NONE) {
            assert_int_equal(table.users.live, before);
        } else {
            kept[count++] = user;
        }
    }
    support_memory_fail(&memory, 0, 0);
    assert_true(count > 1000);
    while (count > 0) {
        user_give(&table, kept[--count]);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_of_every_length_come_back, begin, end),
        cmocka_unit_test_setup_teardown(each_is_kept_once, begin, end),
        cmocka_unit_test_setup_teardown(keys_are_wiped, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_nothing_is_left, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
