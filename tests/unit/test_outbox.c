/* test_outbox — what a socket would not take: its order, its account of replies, its memory. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/outbox.h"
#include "wire/frame.h"
#include "wire/stun.h"

#include <stdlib.h>
#include <string.h>

enum kind { REPLY, INDICATION, CHANNEL_DATA, KINDS };

static uint8_t message[FRAME_MAX];
static struct outbox box;

static int begin(void **state)
{
    (void)state;
    memset(&box, 0, sizeof(box));
    return 0;
}

static int end(void **state)
{
    (void)state;
    outbox_fini(&box);
    return 0;
}

/* write_message — one of a kind as it goes over TCP, `payload` bytes in it, each of them `mark`. */
static struct span write_message(enum kind kind, size_t payload, uint8_t mark)
{
    struct writer w = writer_init(message, sizeof(message));
    size_t padded = (payload + 3) / 4 * 4;
    if (kind == CHANNEL_DATA) {
        writer_u16(&w, CHANNEL_MIN);
        writer_u16(&w, (uint16_t)payload);
    } else {
        writer_u16(&w, kind == REPLY ? 0x0101 : 0x0017);
        writer_u16(&w, (uint16_t)padded);
        writer_zero(&w, STUN_HEADER_SIZE - 4);
    }
    uint8_t *rest = writer_take(&w, padded);
    assert_non_null(rest);
    memset(rest, mark, padded);
    return (struct span){message, w.used};
}

static size_t put(enum kind kind, size_t payload, uint8_t mark, size_t sent)
{
    struct span m = write_message(kind, payload, mark);
    assert_true(outbox_put(&box, m, sent));
    return m.size - sent;
}

static void assert_is_empty(void)
{
    assert_null(box.bytes);
    assert_int_equal(box.size, 0);
    assert_int_equal(box.room, 0);
    assert_int_equal(box.first, 0);
    assert_int_equal(box.replies, 0);
    assert_int_equal(box.frame, 0);
}

static void zeroed_box_is_empty(void **state)
{
    (void)state;
    assert_int_equal(outbox_unsent(&box).size, 0);
    outbox_sent(&box, 0, false);
    outbox_sent(&box, 0, true);
    assert_is_empty();
    outbox_fini(&box);
    outbox_fini(&box);
}

static void message_waits_and_leaves_no_memory_behind(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        size_t size = put((enum kind)kind, 10, 7, 0);
        assert_int_equal(box.replies, kind == REPLY ? size : 0);
        assert_int_equal(outbox_unsent(&box).size, size);
        assert_memory_equal(outbox_unsent(&box).bytes, message, size);
        outbox_sent(&box, size, false);
        assert_is_empty();
    }
}

static void what_is_put_is_copied(void **state)
{
    (void)state;
    size_t size = put(CHANNEL_DATA, 8, 7, 0);
    memset(message, 0xee, size);
    assert_int_equal(outbox_unsent(&box).bytes[0], 0x40);
    assert_int_equal(outbox_unsent(&box).bytes[size - 1], 7);
}

/* Sent byte by byte, the count of replies falls exactly while a reply is being sent. */
static void replies_are_counted_to_the_byte(void **state)
{
    (void)state;
    static const enum kind order[] = {CHANNEL_DATA, REPLY, REPLY, INDICATION, CHANNEL_DATA, REPLY};
    static const size_t payloads[] = {0, 0, 13, 5, 3, 100};
    size_t sizes[6];
    size_t replies = 0;
    for (int i = 0; i < 6; i++) {
        sizes[i] = put(order[i], payloads[i], (uint8_t)i, 0);
        replies += order[i] == REPLY ? sizes[i] : 0;
    }
    for (int i = 0; i < 6; i++) {
        for (size_t at = 0; at < sizes[i]; at++) {
            assert_int_equal(box.replies, replies);
            outbox_sent(&box, 1, false);
            replies -= order[i] == REPLY ? 1 : 0;
        }
    }
    assert_is_empty();
}

static void message_that_went_out_in_part_is_its_rest(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        size_t size = write_message((enum kind)kind, 41, 9).size;
        for (size_t sent = 1; sent < size; sent++) {
            put((enum kind)kind, 41, 9, sent);
            assert_int_equal(box.replies, kind == REPLY ? size - sent : 0);
            assert_memory_equal(outbox_unsent(&box).bytes, message + sent, size - sent);
            size_t second = put(REPLY, 0, 1, 0);
            outbox_sent(&box, size - sent, false);
            assert_int_equal(box.replies, second);
            outbox_sent(&box, second, false);
            assert_is_empty();
        }
    }
}

static void data_is_full_at_its_limit_and_not_before(void **state)
{
    (void)state;
    assert_false(outbox_is_full(&box, OUTBOX_DATA_MAX));
    assert_true(outbox_is_full(&box, OUTBOX_DATA_MAX + 1));
    for (size_t i = 0; i < OUTBOX_DATA_MAX / 1024; i++) {
        assert_false(outbox_is_full(&box, 1024));
        assert_int_equal(put(CHANNEL_DATA, 1020, 1, 0), 1024);
    }
    assert_true(outbox_is_full(&box, 1));
    assert_false(outbox_is_full(&box, 0));
    outbox_sent(&box, 1, false);
    assert_false(outbox_is_full(&box, 1));
}

static void replies_are_taken_beyond_that_limit(void **state)
{
    (void)state;
    size_t all = 0;
    while (all < 2 * OUTBOX_DATA_MAX) {
        all += put(REPLY, 2000, 1, 0);
    }
    assert_int_equal(box.replies, all);
    assert_true(outbox_is_full(&box, 1));
    outbox_sent(&box, all, false);
    assert_is_empty();
}

static void raw_bytes_are_no_messages(void **state)
{
    (void)state;
    uint64_t chance = 5;
    uint8_t bytes[1000];
    support_fill(&chance, bytes, sizeof(bytes));
    assert_true(outbox_put_raw(&box, (struct span){bytes, sizeof(bytes)}));
    for (size_t at = 0; at < sizeof(bytes); at += 10) {
        assert_memory_equal(outbox_unsent(&box).bytes, bytes + at, 10);
        assert_int_equal(box.replies, 0);
        outbox_sent(&box, 10, true);
    }
    assert_is_empty();
}

/* The memory stays within four times what may wait, whatever comes and goes. */
static void memory_stays_bounded_while_as_much_goes_as_comes(void **state)
{
    (void)state;
    uint64_t chance = 3;
    for (int i = 0; i < 20000; i++) {
        size_t payload = support_below(&chance, 1400);
        if (!outbox_is_full(&box, payload + 8)) {
            put(CHANNEL_DATA, payload, (uint8_t)i, 0);
        } else {
            outbox_sent(&box, support_below(&chance, box.size), false);
        }
        assert_true(box.room <= 2 * OUTBOX_DATA_MAX);
        assert_true((size_t)box.first + box.size <= box.room);
    }
}

/* ---- against a queue that could not be simpler: one byte each, with whether it is a reply's */

enum { QUEUE_ROOM = 1 << 20 };

static struct {
    uint8_t *byte;
    bool *is_reply;
    size_t first, last;
} queue;

static void queue_put(struct span m, size_t sent, bool is_reply)
{
    assert_true(queue.last + m.size <= QUEUE_ROOM);
    for (size_t i = sent; i < m.size; i++) {
        queue.byte[queue.last] = m.bytes[i];
        queue.is_reply[queue.last++] = is_reply;
    }
}

static void assert_like_queue(void)
{
    uint32_t replies = 0;
    for (size_t i = queue.first; i < queue.last; i++) {
        replies += queue.is_reply[i];
    }
    assert_int_equal(box.size, queue.last - queue.first);
    assert_int_equal(box.replies, replies);
    if (box.size > 0) {
        assert_memory_equal(outbox_unsent(&box).bytes, queue.byte + queue.first, box.size);
    } else {
        assert_is_empty();
        queue.first = queue.last = 0;
    }
}

static void random_step(uint64_t *chance, bool is_raw)
{
    static const size_t largest[] = {1, 12, 200, 1400, 9000};
    if (support_below(chance, 2) == 0 && queue.last < QUEUE_ROOM / 2 && box.size < 40000) {
        enum kind kind = is_raw ? CHANNEL_DATA : (enum kind)support_below(chance, KINDS);
        size_t payload = support_below(chance, (uint32_t)largest[support_below(chance, 5)]);
        struct span m = write_message(kind, payload, (uint8_t)support_random(chance));
        bool is_first = box.size == 0 && !is_raw;
        size_t sent = is_first ? support_below(chance, (uint32_t)m.size) : 0;
        assert_true(is_raw ? outbox_put_raw(&box, m) : outbox_put(&box, m, sent));
        queue_put(m, sent, !is_raw && kind == REPLY);
    } else {
        size_t some = support_below(chance, 8) == 0 ? box.size : support_below(chance, 3000);
        some = some < box.size ? some : box.size;
        outbox_sent(&box, some, is_raw);
        queue.first += some;
    }
    assert_like_queue();
}

static int begin_queue(void **state)
{
    queue.byte = malloc(QUEUE_ROOM);
    queue.is_reply = malloc(QUEUE_ROOM);
    queue.first = queue.last = 0;
    return queue.byte && queue.is_reply ? begin(state) : -1;
}

static int end_queue(void **state)
{
    free(queue.byte);
    free(queue.is_reply);
    return end(state);
}

static void random_messages_are_those_of_a_simple_queue(void **state)
{
    (void)state;
    uint64_t chance = 20250611;
    for (int i = 0; i < 20000; i++) {
        random_step(&chance, false);
    }
}

static void random_bytes_are_those_of_a_simple_queue(void **state)
{
    (void)state;
    uint64_t chance = 7;
    for (int i = 0; i < 10000; i++) {
        random_step(&chance, true);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"a zeroed box is empty", zeroed_box_is_empty, begin, end, NULL},
        {"a message waits and leaves no memory behind", message_waits_and_leaves_no_memory_behind,
         begin, end, NULL},
        {"what is put is copied", what_is_put_is_copied, begin, end, NULL},
        {"replies are counted to the byte", replies_are_counted_to_the_byte, begin, end, NULL},
        {"a message that went out in part is its rest", message_that_went_out_in_part_is_its_rest,
         begin, end, NULL},
        {"data is full at its limit and not before", data_is_full_at_its_limit_and_not_before,
         begin, end, NULL},
        {"replies are taken beyond that limit", replies_are_taken_beyond_that_limit, begin, end,
         NULL},
        {"raw bytes are no messages", raw_bytes_are_no_messages, begin, end, NULL},
        {"memory stays bounded while as much goes as comes",
         memory_stays_bounded_while_as_much_goes_as_comes, begin, end, NULL},
        {"20,000 random messages are those of a simple queue",
         random_messages_are_those_of_a_simple_queue, begin_queue, end_queue, NULL},
        {"10,000 random bytes are those of a simple queue",
         random_bytes_are_those_of_a_simple_queue, begin_queue, end_queue, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
