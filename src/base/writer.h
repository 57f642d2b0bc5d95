/* writer — the one bounded writer of bytes that go out.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes forward into caller's bytes. Failure is sticky: after the first overrun nothing more is
 * written; ask writer_is_ok once at the end. */
struct writer {
    uint8_t *bytes;
    size_t room; /* bytes in all */
    size_t used;
    bool failed;
};

/* writer_init — write into `room` bytes at `bytes`, borrowed for the life of the writer. Never
 * fails. */
static inline struct writer writer_init(uint8_t *bytes, size_t room)
{
    return (struct writer){bytes, room, 0, false};
}

/* writer_is_ok — whether everything written so far had room. Never fails. */
static inline bool writer_is_ok(const struct writer *w)
{
    return !w->failed;
}

/* writer_take — the next `size` bytes, to be filled by the caller. Returns NULL and fails the
 * writer when there is no room. */
static inline uint8_t *writer_take(struct writer *w, size_t size)
{
    if (w->failed || size > w->room - w->used) {
        w->failed = true;
        return NULL;
    }
    uint8_t *here = w->bytes + w->used;
    w->used += size;
    return here;
}

/* writer_u8 — append one byte. Fails the writer when there is no room. */
static inline void writer_u8(struct writer *w, uint8_t value)
{
    uint8_t *b = writer_take(w, 1);
    if (b) {
        b[0] = value;
    }
}

/* writer_u16 — append two bytes in network order. Fails the writer when there is no room. */
static inline void writer_u16(struct writer *w, uint16_t value)
{
    uint8_t *b = writer_take(w, 2);
    if (b) {
        b[0] = (uint8_t)(value >> 8);
        b[1] = (uint8_t)value;
    }
}

/* writer_u32 — append four bytes in network order. Fails the writer when there is no room. */
static inline void writer_u32(struct writer *w, uint32_t value)
{
    writer_u16(w, (uint16_t)(value >> 16));
    writer_u16(w, (uint16_t)value);
}

/* writer_bytes — append a copy of `size` bytes. Fails the writer when there is no room. */
void writer_bytes(struct writer *w, const void *bytes, size_t size);

/* writer_zero — append `size` zero bytes. Fails the writer when there is no room. */
void writer_zero(struct writer *w, size_t size);

/* writer_patch_u16 — overwrite two bytes already written, at offset `at`. Fails the writer when
 * they are not within what was written. */
void writer_patch_u16(struct writer *w, size_t at, uint16_t value);

#endif
