/* test_entropy_os — unpredictable bytes: none repeated, no bias, threads apart. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/entropy_os.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void fill(void *out, size_t size)
{
    const struct entropy *os = entropy_os();
    os->fill(os->context, out, size);
}

static void every_size_is_filled_and_nothing_beyond(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 3, 8, 12, 100, 255, 256, 257, 5000};
    static uint8_t room[5100];
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        memset(room, 0, sizeof(room));
        fill(room + 20, sizes[i]);
        size_t zeros = 0;
        for (size_t at = 0; at < sizeof(room); at++) {
            bool is_inside = at >= 20 && at < 20 + sizes[i];
            assert_true(is_inside || room[at] == 0);
            zeros += is_inside && room[at] == 0;
        }
        assert_true(zeros <= sizes[i] / 16 + 3);
    }
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, 8);
}

static void bytes_given_out_do_not_come_again(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    static uint8_t drawn[COUNT][8];
    for (int i = 0; i < COUNT; i++) {
        fill(drawn[i], 8);
        if (i % 100 == 0) {
            uint8_t other[250];
            fill(other, (size_t)(i % 251)); /* so that draws fall everywhere in the buffer */
        }
    }
    qsort(drawn, COUNT, 8, compare);
    for (int i = 1; i < COUNT; i++) {
        assert_memory_not_equal(drawn[i - 1], drawn[i], 8);
    }
}

static void every_bit_is_as_often_set_as_not(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    uint32_t set[64] = {0};
    for (int i = 0; i < COUNT; i++) {
        uint64_t word;
        fill(&word, sizeof(word));
        for (int bit = 0; bit < 64; bit++) {
            set[bit] += word >> bit & 1;
        }
    }
    for (int bit = 0; bit < 64; bit++) {
        assert_in_range(set[bit], COUNT / 2 - 600, COUNT / 2 + 600); /* 71 the deviation */
    }
}

static void numbers_stay_below_and_reach_all(void **state)
{
    (void)state;
    static const uint32_t limits[] = {1, 2, 3, 7, 64, 100};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        uint32_t count[100] = {0};
        for (uint32_t n = 0; n < limits[i] * 400; n++) {
            uint32_t got = entropy_os_u32(limits[i]);
            assert_true(got < limits[i]);
            count[got]++;
        }
        for (uint32_t n = 0; n < limits[i]; n++) {
            assert_in_range(count[n], 250, 550);
        }
    }
}

static void *draw(void *context)
{
    fill(context, 64);
    return NULL;
}

static void threads_draw_apart(void **state)
{
    (void)state;
    uint8_t drawn[4][64];
    pthread_t thread[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, draw, drawn[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
        for (int j = 0; j < i; j++) {
            assert_memory_not_equal(drawn[i], drawn[j], 64);
        }
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"every size is filled and nothing beyond", every_size_is_filled_and_nothing_beyond, NULL,
         NULL, NULL},
        {"bytes given out do not come again", bytes_given_out_do_not_come_again, NULL, NULL, NULL},
        {"every bit is as often set as not", every_bit_is_as_often_set_as_not, NULL, NULL, NULL},
        {"numbers stay below and reach all", numbers_stay_below_and_reach_all, NULL, NULL, NULL},
        {"threads draw apart", threads_draw_apart, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
