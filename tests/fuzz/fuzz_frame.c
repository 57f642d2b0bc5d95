/* fuzz_frame — any bytes as a stream: however it is cut into readings, its messages are the same,
 * and each lies within what was read.
 *
 *     | flags | seed of the cuts (16 bits) | the stream |                                        */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "support/dice.h"
#include "wire/frame.h"
#include "wire/stun.h"

enum { HEADER = 3, STREAM_MAX = 4096, SMALL_CUTS = 1, SMALL_FRAMES = 2 };

/* What one way of reading the stream found. */
struct found {
    struct frame frame[STREAM_MAX / 4 + 1];
    size_t count;
    size_t used; /* bytes of the stream that they take up */
    bool is_bad;
};

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* measure — the frame at the start of `size` bytes, in a block of exactly that size. */
static enum frame_verdict measure(const uint8_t *bytes, size_t size, size_t most, struct frame *out)
{
    uint8_t *copy = malloc(size ? size : 1);
    insist(copy != NULL);
    memcpy(copy, bytes, size);
    enum frame_verdict verdict = frame_cut(copy, size, most, out);
    free(copy);
    if (verdict == FRAME_WHOLE) {
        insist(out->size >= 4 && out->size <= size && out->size <= most);
        insist(out->length <= out->size && out->size - out->length < 4);
    }
    insist(verdict != FRAME_MORE || (out->size > size && out->size <= most));
    return verdict;
}

/* take_frames — all that are whole in the first `have` bytes. */
static void take_frames(struct found *f, const uint8_t *stream, size_t have, size_t most)
{
    struct frame frame;
    enum frame_verdict verdict = FRAME_WHOLE;
    while (!f->is_bad && verdict == FRAME_WHOLE && f->used < have) {
        verdict = measure(stream + f->used, have - f->used, most, &frame);
        if (verdict == FRAME_WHOLE) {
            f->frame[f->count++] = frame;
            f->used += frame.size;
        }
        f->is_bad = verdict == FRAME_BAD;
    }
}

static void insist_same(const struct found *a, const struct found *b)
{
    insist(a->count == b->count && a->used == b->used && a->is_bad == b->is_bad);
    for (size_t i = 0; i < a->count; i++) {
        insist(a->frame[i].size == b->frame[i].size && a->frame[i].length == b->frame[i].length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct found whole;
    static struct found pieces;
    if (size < HEADER || size > HEADER + STREAM_MAX) {
        return 0;
    }
    size_t most = bytes[0] & SMALL_FRAMES ? STUN_MESSAGE_MAX : FRAME_MAX;
    uint32_t largest = bytes[0] & SMALL_CUTS ? 5 : 700;
    struct dice dice = {(uint64_t)bytes[1] << 8 | bytes[2]};
    const uint8_t *stream = bytes + HEADER;
    size_t left = size - HEADER;
    whole.count = whole.used = pieces.count = pieces.used = 0;
    whole.is_bad = pieces.is_bad = false;
    take_frames(&whole, stream, left, most);
    for (size_t have = 0; have < left;) {
        size_t more = dice_between(&dice, 1, largest);
        have += more < left - have ? more : left - have;
        take_frames(&pieces, stream, have, most);
    }
    insist_same(&whole, &pieces);
    return 0;
}
