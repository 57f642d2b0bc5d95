/* test_crc32 — the checksum of FINGERPRINT, held against its definition bit by bit. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "wire/crc32.h"
#include "wire/crc32_table.h"

#include <string.h>

/* after_byte — the remainder `crc` carried over one more byte of zeros, by the definition. */
static uint32_t after_byte(uint32_t crc)
{
    for (int i = 0; i < 8; i++) {
        crc = crc & 1 ? crc >> 1 ^ UINT32_C(0xedb88320) : crc >> 1;
    }
    return crc;
}

static uint32_t by_definition(const uint8_t *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc = after_byte(crc ^ bytes[i]);
    }
    return ~crc;
}

static uint32_t of(const uint8_t *bytes, size_t size)
{
    struct span piece = {bytes, size};
    return crc32_of(&piece, 1);
}

static void check_value_comes_out(void **state)
{
    (void)state;
    struct span digits = span_of_text("123456789");
    assert_true(crc32_of(&digits, 1) == UINT32_C(0xcbf43926));
}

static void checksum_of_nothing_is_zero(void **state)
{
    (void)state;
    struct span empty = {NULL, 0};
    assert_int_equal(crc32_of(&empty, 1), 0);
    assert_int_equal(crc32_of(NULL, 0), 0);
}

static void table_follows_from_the_polynomial(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 256; n++) {
        uint32_t row = n;
        for (int k = 0; k < 8; k++) {
            row = after_byte(row);
            assert_true(crc32_table[k][n] == row);
        }
    }
}

static void every_length_and_alignment_is_right(void **state)
{
    (void)state;
    uint8_t bytes[80];
    uint64_t chance = 10;
    support_fill(&chance, bytes, sizeof(bytes));
    for (size_t from = 0; from < 8; from++) {
        for (size_t size = 0; size <= sizeof(bytes) - from; size++) {
            assert_true(of(bytes + from, size) == by_definition(bytes + from, size));
        }
    }
}

static void pieces_count_as_one_run(void **state)
{
    (void)state;
    uint8_t bytes[40];
    uint64_t chance = 11;
    support_fill(&chance, bytes, sizeof(bytes));
    uint32_t whole = by_definition(bytes, sizeof(bytes));
    for (size_t first = 0; first <= sizeof(bytes); first++) {
        for (size_t second = first; second <= sizeof(bytes); second++) {
            struct span pieces[] = {{bytes, first},
                                    {bytes + first, second - first},
                                    {bytes + second, sizeof(bytes) - second}};
            assert_true(crc32_of(pieces, 3) == whole);
        }
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "the check value of the polynomial comes out", .test_func = check_value_comes_out},
        {.name = "the checksum of nothing is zero", .test_func = checksum_of_nothing_is_zero},
        {.name = "the table follows from the polynomial",
         .test_func = table_follows_from_the_polynomial},
        {.name = "every length and alignment is right",
         .test_func = every_length_and_alignment_is_right},
        {.name = "pieces count as one run of bytes", .test_func = pieces_count_as_one_run},
    };
    return cmocka_run_group_tests_name("crc32", tests, NULL, NULL);
}
