/* test_memory_map — address space of the kernel: costs nothing, zeroed once committed, given back.
 */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/memory_map.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

static const struct memory *map;

static int begin(void **state)
{
    (void)state;
    map = memory_map();
    return 0;
}

static void committed_memory_is_zero_and_usable(void **state)
{
    (void)state;
    uint8_t *at = map->reserve(map->context, 64 * PAGE);
    assert_non_null(at);
    assert_true(map->commit(map->context, at, 3 * PAGE));
    for (size_t i = 0; i < 3 * PAGE; i++) {
        assert_int_equal(at[i], 0);
        at[i] = 0xee;
    }
    assert_true(map->commit(map->context, at + 3 * PAGE, PAGE)); /* grows in place */
    assert_int_equal(at[3 * PAGE], 0);
    assert_int_equal(at[3 * PAGE - 1], 0xee); /* and keeps what is there */
    map->release(map->context, at, 64 * PAGE);
}

static void reserving_costs_no_memory(void **state)
{
    (void)state;
    size_t size = (size_t)16 << 30;
    uint8_t *at = map->reserve(map->context, size);
    assert_non_null(at);
    assert_true(map->commit(map->context, at + size / 2, PAGE));
    at[size / 2] = 1;
    map->release(map->context, at, size);
}

static void more_than_there_is_cannot_be_reserved(void **state)
{
    (void)state;
    assert_null(map->reserve(map->context, SIZE_MAX / 2));
}

static void uncommitted_memory_cannot_be_touched(void **state)
{
    (void)state;
    int fd[2];
    uint8_t *at = map->reserve(map->context, 2 * PAGE);
    assert_true(map->commit(map->context, at, PAGE));
    assert_int_equal(pipe(fd), 0);
    at[0] = 'x';
    assert_int_equal(write(fd[1], at, 1), 1);
    assert_int_equal(write(fd[1], at + PAGE, 1), -1); /* the kernel cannot read it either */
    assert_int_equal(errno, EFAULT);
    close(fd[0]);
    close(fd[1]);
    map->release(map->context, at, 2 * PAGE);
}

static void released_memory_is_gone(void **state)
{
    (void)state;
    unsigned char in_core[2];
    uint8_t *at = map->reserve(map->context, 2 * PAGE);
    assert_true(map->commit(map->context, at, PAGE));
    at[0] = 1;
    map->release(map->context, at, 2 * PAGE);
    assert_int_equal(mincore(at, 2 * PAGE, in_core), -1);
    assert_int_equal(errno, ENOMEM);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"committed memory is zero and usable", committed_memory_is_zero_and_usable, begin, NULL,
         NULL},
        {"reserving costs no memory", reserving_costs_no_memory, begin, NULL, NULL},
        {"more than there is cannot be reserved", more_than_there_is_cannot_be_reserved, begin,
         NULL, NULL},
        {"uncommitted memory cannot be touched", uncommitted_memory_cannot_be_touched, begin, NULL,
         NULL},
        {"released memory is gone", released_memory_is_gone, begin, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
