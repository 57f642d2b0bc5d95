/* frame — where one message of a stream ends and the next begins. */
/* SPDX-License-Identifier: MIT */
#include "wire/frame.h"

#include <assert.h>

#include "base/reader.h"
#include "wire/stun.h"

enum { TELLING = 4 }; /* bytes that tell kind and length of either */

static_assert(FRAME_MAX >= CHANNEL_HEADER_SIZE + UINT16_MAX + 1, "the larger of the two");

enum frame_verdict frame_cut(const uint8_t *bytes, size_t size, size_t most, struct frame *out)
{
    struct reader r = reader_init(bytes, size);
    uint16_t word = reader_u16(&r);
    uint32_t length = reader_u16(&r);
    *out = (struct frame){.size = TELLING, .length = TELLING};
    if (size > 0 && bytes[0] >> 6 > 1) {
        return FRAME_BAD;
    }
    if (!reader_is_ok(&r)) {
        return FRAME_MORE;
    }
    if (word >> 14 == 1) {
        out->length = CHANNEL_HEADER_SIZE + length;
        out->size = (out->length + 3) & ~UINT32_C(3); /* RFC 8656 12.5: padded, not counted */
    } else if (length % 4 == 0) {
        out->length = STUN_HEADER_SIZE + length;
        out->size = out->length;
    } else {
        return FRAME_BAD;
    }
    if (out->size > most) {
        return FRAME_BAD;
    }
    return out->size <= size ? FRAME_WHOLE : FRAME_MORE;
}
