/* frame — where one message of a stream ends and the next begins: STUN and ChannelData over TCP.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* The largest there are: a STUN header with 65,532 bytes behind it, and ChannelData with 65,535 and
 * one of padding. */
enum { FRAME_MAX = 20 + 65532 };

enum frame_verdict {
    FRAME_WHOLE, /* all of it is there */
    FRAME_MORE,  /* it may become one: frame.size bytes are needed at least */
    FRAME_BAD,   /* neither STUN nor ChannelData, or larger than the reader wants */
};

struct frame {
    uint32_t size;   /* bytes it takes up in the stream, padding included */
    uint32_t length; /* bytes of the message itself */
};

/* frame_cut — measure the first message of `size` bytes from a stream, at most `most` bytes of it
 * being wanted. Lengths are added in 32 bits. Returns the verdict with *out filled, but for
 * FRAME_BAD. RFC 8489 6.2.2, RFC 8656 12.5. */
enum frame_verdict frame_cut(const uint8_t *bytes, size_t size, size_t most, struct frame *out);

#endif
