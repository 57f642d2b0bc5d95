/* test_span — the bounded reader and writer: nothing leaves its bounds, and failure stays. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/span.h"

#include <string.h>

static const uint8_t eight[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static void reads_network_order(void **state)
{
    (void)state;
    struct reader r = reader_init(eight, 7);
    assert_int_equal(reader_u8(&r), 0x01);
    assert_int_equal(reader_u16(&r), 0x0203);
    assert_int_equal(reader_u32(&r), 0x04050607);
    assert_true(reader_is_ok(&r));
    assert_int_equal(r.left, 0);
}

static void reads_high_bytes_unsigned(void **state)
{
    (void)state;
    static const uint8_t high[] = {0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9};
    struct reader r = reader_init(high, sizeof(high));
    assert_int_equal(reader_u8(&r), 0xff);
    assert_int_equal(reader_u16(&r), 0xfefd);
    assert_true(reader_u32(&r) == UINT32_C(0xfcfbfaf9));
}

static void read_that_does_not_fit_takes_nothing(void **state)
{
    (void)state;
    for (size_t size = 0; size < 4; size++) {
        struct reader r = reader_init(eight, size);
        assert_int_equal(reader_u32(&r), 0);
        assert_false(reader_is_ok(&r));
        assert_ptr_equal(r.at, eight);
        assert_int_equal(r.left, size);
    }
}

static void failed_reader_gives_nothing_more(void **state)
{
    (void)state;
    struct reader r = reader_init(eight, 3);
    reader_u32(&r);
    assert_int_equal(reader_u8(&r), 0);
    assert_int_equal(reader_u16(&r), 0);
    assert_null(reader_bytes(&r, 1));
    assert_null(reader_bytes(&r, 0));
    assert_false(reader_is_ok(&r));
    assert_ptr_equal(r.at, eight);
}

static void empty_reader_is_ok_until_asked(void **state)
{
    (void)state;
    struct reader r = reader_init(eight, 0);
    assert_true(reader_is_ok(&r));
    assert_non_null(reader_bytes(&r, 0));
    assert_true(reader_is_ok(&r));
    reader_u8(&r);
    assert_false(reader_is_ok(&r));
}

static void enormous_read_fails(void **state)
{
    (void)state;
    struct reader r = reader_init(eight, 8);
    reader_u8(&r);
    assert_null(reader_bytes(&r, SIZE_MAX));
    assert_false(reader_is_ok(&r));
}

static void sub_reader_cannot_leave_its_bytes(void **state)
{
    (void)state;
    struct reader r = reader_init(eight, 8);
    struct reader sub = reader_sub(&r, 3);
    assert_int_equal(reader_u16(&sub), 0x0102);
    assert_int_equal(reader_u16(&sub), 0); /* one byte left in it, six behind it */
    assert_false(reader_is_ok(&sub));
    assert_true(reader_is_ok(&r));
    assert_int_equal(reader_u8(&r), 4);
}

static void sub_reader_of_too_much_fails_both(void **state)
{
    (void)state;
    struct reader r = reader_init(eight, 8);
    struct reader sub = reader_sub(&r, 9);
    assert_false(reader_is_ok(&sub));
    assert_false(reader_is_ok(&r));
    assert_int_equal(sub.left, 0);
}

static void sub_reader_of_nothing_is_ok(void **state)
{
    (void)state;
    struct reader r = reader_init(eight, 8);
    struct reader sub = reader_sub(&r, 0);
    assert_true(reader_is_ok(&sub));
    assert_int_equal(sub.left, 0);
    assert_int_equal(reader_u8(&r), 1);
}

static void sub_reader_of_failed_reader_is_failed(void **state)
{
    (void)state;
    struct reader r = reader_init(eight, 1);
    reader_u16(&r);
    struct reader sub = reader_sub(&r, 1);
    assert_false(reader_is_ok(&sub));
    assert_int_equal(reader_u8(&sub), 0);
}

static void writes_network_order(void **state)
{
    (void)state;
    uint8_t out[7];
    struct writer w = writer_init(out, sizeof(out));
    writer_u8(&w, 0x01);
    writer_u16(&w, 0x0203);
    writer_u32(&w, UINT32_C(0x04050607));
    assert_true(writer_is_ok(&w));
    assert_int_equal(w.used, 7);
    assert_memory_equal(out, eight, 7);
}

static void full_writer_writes_nothing_behind_its_room(void **state)
{
    (void)state;
    for (size_t room = 0; room < 7; room++) {
        uint8_t out[16];
        memset(out, 0xee, sizeof(out));
        struct writer w = writer_init(out, room);
        writer_u8(&w, 1);
        writer_u16(&w, 2);
        writer_u32(&w, 3);
        assert_false(writer_is_ok(&w));
        for (size_t i = room; i < sizeof(out); i++) {
            assert_int_equal(out[i], 0xee);
        }
    }
}

static void failed_writer_writes_nothing_more(void **state)
{
    (void)state;
    uint8_t out[4] = {0xee, 0xee, 0xee, 0xee};
    struct writer w = writer_init(out, sizeof(out));
    assert_null(writer_take(&w, 5));
    writer_u8(&w, 1);
    writer_u16(&w, 1);
    writer_u32(&w, 1);
    writer_bytes(&w, eight, 1);
    writer_zero(&w, 1);
    assert_null(writer_take(&w, 0));
    assert_false(writer_is_ok(&w));
    assert_int_equal(w.used, 0);
    for (size_t i = 0; i < sizeof(out); i++) {
        assert_int_equal(out[i], 0xee);
    }
}

static void enormous_take_fails(void **state)
{
    (void)state;
    uint8_t out[4];
    struct writer w = writer_init(out, sizeof(out));
    writer_u8(&w, 1);
    assert_null(writer_take(&w, SIZE_MAX));
    assert_false(writer_is_ok(&w));
}

static void bytes_and_zeros_are_appended(void **state)
{
    (void)state;
    uint8_t out[8];
    memset(out, 0xee, sizeof(out));
    struct writer w = writer_init(out, sizeof(out));
    writer_bytes(&w, eight, 3);
    writer_zero(&w, 2);
    writer_bytes(&w, NULL, 0);
    writer_zero(&w, 0);
    assert_true(writer_is_ok(&w));
    assert_int_equal(w.used, 5);
    assert_memory_equal(out, ((const uint8_t[]){1, 2, 3, 0, 0, 0xee}), 6);
}

static void patch_changes_two_written_bytes(void **state)
{
    (void)state;
    uint8_t out[8];
    struct writer w = writer_init(out, sizeof(out));
    writer_bytes(&w, eight, 6);
    writer_patch_u16(&w, 0, 0xa1a2);
    writer_patch_u16(&w, 4, 0xb1b2);
    assert_true(writer_is_ok(&w));
    assert_int_equal(w.used, 6);
    assert_memory_equal(out, ((const uint8_t[]){0xa1, 0xa2, 3, 4, 0xb1, 0xb2}), 6);
}

static void patch_outside_what_was_written_fails(void **state)
{
    (void)state;
    static const struct {
        size_t used, at;
    } outside[] = {{0, 0}, {1, 0}, {6, 5}, {6, 6}, {6, SIZE_MAX}, {6, SIZE_MAX - 1}};
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        uint8_t out[8];
        memset(out, 0xee, sizeof(out));
        struct writer w = writer_init(out, sizeof(out));
        writer_zero(&w, outside[i].used);
        writer_patch_u16(&w, outside[i].at, 0x0101);
        assert_false(writer_is_ok(&w));
        for (size_t at = 0; at < sizeof(out); at++) {
            assert_int_equal(out[at], at < outside[i].used ? 0 : 0xee);
        }
    }
}

static void failed_writer_is_not_patched(void **state)
{
    (void)state;
    uint8_t out[4] = {1, 2, 3, 4};
    struct writer w = writer_init(out, 2);
    writer_u16(&w, 0x0506);
    writer_u8(&w, 7);
    writer_patch_u16(&w, 0, 0xffff);
    assert_memory_equal(out, ((const uint8_t[]){5, 6, 3, 4}), 4);
}

static void spans_are_equal_by_their_bytes(void **state)
{
    (void)state;
    static const uint8_t copy[8] = {1, 2, 3, 4, 5, 6, 7, 9};
    assert_true(span_is_equal((struct span){eight, 7}, (struct span){copy, 7}));
    assert_false(span_is_equal((struct span){eight, 8}, (struct span){copy, 8}));
    assert_false(span_is_equal((struct span){eight, 7}, (struct span){copy, 6}));
}

static void empty_spans_are_equal_wherever_they_are(void **state)
{
    (void)state;
    assert_true(span_is_equal((struct span){NULL, 0}, (struct span){eight, 0}));
    assert_false(span_is_equal((struct span){NULL, 0}, (struct span){eight, 1}));
}

static void span_of_text_leaves_out_the_nul(void **state)
{
    (void)state;
    const char *text = "user";
    struct span s = span_of_text(text);
    assert_ptr_equal(s.bytes, text);
    assert_int_equal(s.size, 4);
    assert_int_equal(span_of_text("").size, 0);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "numbers are read in network order", .test_func = reads_network_order},
        {.name = "bytes above 127 are read unsigned", .test_func = reads_high_bytes_unsigned},
        {.name = "a read that does not fit takes nothing",
         .test_func = read_that_does_not_fit_takes_nothing},
        {.name = "a failed reader gives nothing more",
         .test_func = failed_reader_gives_nothing_more},
        {.name = "an empty reader is ok until a byte is asked for",
         .test_func = empty_reader_is_ok_until_asked},
        {.name = "an enormous read fails instead of wrapping round",
         .test_func = enormous_read_fails},
        {.name = "a sub-reader cannot leave its bytes",
         .test_func = sub_reader_cannot_leave_its_bytes},
        {.name = "a sub-reader of more than is left fails both",
         .test_func = sub_reader_of_too_much_fails_both},
        {.name = "a sub-reader of nothing is ok", .test_func = sub_reader_of_nothing_is_ok},
        {.name = "a sub-reader of a failed reader is failed",
         .test_func = sub_reader_of_failed_reader_is_failed},
        {.name = "numbers are written in network order", .test_func = writes_network_order},
        {.name = "a full writer writes nothing behind its room",
         .test_func = full_writer_writes_nothing_behind_its_room},
        {.name = "a failed writer writes nothing more",
         .test_func = failed_writer_writes_nothing_more},
        {.name = "an enormous take fails instead of wrapping round",
         .test_func = enormous_take_fails},
        {.name = "bytes and zeros are appended", .test_func = bytes_and_zeros_are_appended},
        {.name = "a patch changes two written bytes", .test_func = patch_changes_two_written_bytes},
        {.name = "a patch outside of what was written fails",
         .test_func = patch_outside_what_was_written_fails},
        {.name = "a failed writer is not patched", .test_func = failed_writer_is_not_patched},
        {.name = "spans are equal by their bytes", .test_func = spans_are_equal_by_their_bytes},
        {.name = "empty spans are equal wherever they are",
         .test_func = empty_spans_are_equal_wherever_they_are},
        {.name = "the span of a text leaves out its NUL",
         .test_func = span_of_text_leaves_out_the_nul},
    };
    return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
