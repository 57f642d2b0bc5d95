/* test_frame — where one message of a stream ends: every length, every cut, every first byte. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "base/writer.h"
#include "wire/frame.h"
#include "wire/stun.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = FRAME_MAX + 64 };

static uint8_t stream[ROOM];

/* cut — measure exactly `size` bytes on the heap, where reading one more is noticed. */
static enum frame_verdict cut(size_t size, size_t most, struct frame *out)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, stream, size);
    enum frame_verdict verdict = frame_cut(copy, size, most, out);
    free(copy);
    return verdict;
}

/* begin_with — the stream begins with these two numbers, whatever comes behind. */
static void begin_with(uint16_t first, uint16_t length)
{
    struct writer w = writer_init(stream, sizeof(stream));
    memset(stream, 0xee, sizeof(stream));
    writer_u16(&w, first);
    writer_u16(&w, length);
}

/* assert_is_frame — with too little, with just enough and with more. */
static void assert_is_frame(uint32_t size, uint32_t length)
{
    struct frame frame;
    for (size_t have = 4; have<size; have += have> 64 && size - have > 64 ? 61 : 1) {
        assert_int_equal(cut(have, FRAME_MAX, &frame), FRAME_MORE);
        assert_int_equal(frame.size, size);
    }
    for (size_t more = 0; more < 3; more++) {
        assert_int_equal(cut(size + more, FRAME_MAX, &frame), FRAME_WHOLE);
        assert_int_equal(frame.size, size);
        assert_int_equal(frame.length, length);
    }
}

static void channel_data_takes_its_padding_along(void **state)
{
    (void)state;
    static const uint16_t lengths[] = {0, 1, 2, 3, 4, 5, 1199, 1200, 65531, 65532, 65533, 65535};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        begin_with(CHANNEL_MIN, lengths[i]);
        assert_is_frame((4 + (uint32_t)lengths[i] + 3) / 4 * 4, 4 + (uint32_t)lengths[i]);
    }
}

static void stun_is_its_header_and_what_the_length_says(void **state)
{
    (void)state;
    static const uint16_t lengths[] = {0, 4, 8, 100, 2028, 65528, 65532};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        begin_with(0x0001, lengths[i]);
        assert_is_frame(20 + (uint32_t)lengths[i], 20 + (uint32_t)lengths[i]);
    }
}

static void every_first_byte_is_told(void **state)
{
    (void)state;
    struct frame frame;
    for (unsigned first = 0; first < 256; first++) {
        begin_with((uint16_t)(first << 8), 8);
        for (size_t size = 1; size <= 28; size++) {
            enum frame_verdict verdict = cut(size, FRAME_MAX, &frame);
            if (first >= 0x80) {
                assert_int_equal(verdict, FRAME_BAD);
            } else if (first >= 0x40) {
                assert_int_equal(verdict, size < 12 ? FRAME_MORE : FRAME_WHOLE);
            } else {
                assert_int_equal(verdict, size < 28 ? FRAME_MORE : FRAME_WHOLE);
            }
        }
    }
}

static void nothing_and_three_bytes_ask_for_four(void **state)
{
    (void)state;
    struct frame frame;
    begin_with(0x0001, 0);
    for (size_t size = 0; size < 4; size++) {
        assert_int_equal(cut(size, FRAME_MAX, &frame), FRAME_MORE);
        assert_int_equal(frame.size, 4);
    }
}

static void stun_whose_length_is_no_multiple_of_four_is_bad(void **state)
{
    (void)state;
    struct frame frame;
    for (unsigned length = 0; length <= UINT16_MAX; length++) {
        begin_with(0x0003, (uint16_t)length);
        enum frame_verdict verdict = frame_cut(stream, 4, FRAME_MAX, &frame);
        assert_int_equal(verdict, length % 4 == 0 ? FRAME_MORE : FRAME_BAD);
        length += length > 64 && length < 65000 ? 250 : 0;
    }
}

static void more_than_is_wanted_is_bad_as_soon_as_it_is_known(void **state)
{
    (void)state;
    struct frame frame;
    for (uint16_t length = 2000; length < 2060; length++) {
        bool fits = (4 + length + 3) / 4 * 4 <= STUN_MESSAGE_MAX;
        begin_with(CHANNEL_MIN, length);
        assert_int_equal(cut(4, STUN_MESSAGE_MAX, &frame), fits ? FRAME_MORE : FRAME_BAD);
        assert_int_equal(cut(2064, STUN_MESSAGE_MAX, &frame), fits ? FRAME_WHOLE : FRAME_BAD);
    }
    begin_with(0x0001, STUN_MESSAGE_MAX - STUN_HEADER_SIZE);
    assert_int_equal(cut(4, STUN_MESSAGE_MAX, &frame), FRAME_MORE);
    begin_with(0x0001, STUN_MESSAGE_MAX - STUN_HEADER_SIZE + 4);
    assert_int_equal(cut(4, STUN_MESSAGE_MAX, &frame), FRAME_BAD);
}

static void nothing_is_larger_than_the_largest(void **state)
{
    (void)state;
    struct frame frame;
    for (unsigned first = 0; first < 0x80; first++) {
        for (unsigned length = 0; length <= UINT16_MAX; length += length < 65000 ? 4 : 1) {
            begin_with((uint16_t)(first << 8), (uint16_t)length);
            if (frame_cut(stream, 4, SIZE_MAX, &frame) != FRAME_BAD) {
                assert_in_range(frame.size, 4, FRAME_MAX);
                assert_in_range(frame.length, frame.size - 3, frame.size);
                assert_int_equal(frame.size % 4, 0);
            }
            length += length > 64 && length < 64900 ? 1020 : 0;
        }
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"ChannelData takes its padding along", channel_data_takes_its_padding_along, NULL, NULL,
         NULL},
        {"STUN is its header and what the length says", stun_is_its_header_and_what_the_length_says,
         NULL, NULL, NULL},
        {"every first byte is told", every_first_byte_is_told, NULL, NULL, NULL},
        {"nothing and three bytes ask for four", nothing_and_three_bytes_ask_for_four, NULL, NULL,
         NULL},
        {"STUN whose length is no multiple of four is bad",
         stun_whose_length_is_no_multiple_of_four_is_bad, NULL, NULL, NULL},
        {"more than is wanted is bad as soon as it is known",
         more_than_is_wanted_is_bad_as_soon_as_it_is_known, NULL, NULL, NULL},
        {"nothing is larger than the largest", nothing_is_larger_than_the_largest, NULL, NULL,
         NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
