/* reader — the one bounded reader of bytes that strangers sent.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_READER_H
#define BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads forward through borrowed bytes. Failure is sticky: after the first overrun every read
 * gives 0 or NULL and the position stays; ask reader_is_ok once at the end. */
struct reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

/* reader_init — read `size` bytes at `bytes`, borrowed for the life of the reader. Never fails. */
static inline struct reader reader_init(const uint8_t *bytes, size_t size)
{
    return (struct reader){bytes, size, false};
}

/* reader_is_ok — whether every read so far was within bounds. Never fails. */
static inline bool reader_is_ok(const struct reader *r)
{
    return !r->failed;
}

/* reader_bytes — the next `size` bytes, borrowed. Returns NULL and fails the reader when fewer
 * are left. */
static inline const uint8_t *reader_bytes(struct reader *r, size_t size)
{
    if (r->failed || size > r->left) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *here = r->at;
    r->at += size;
    r->left -= size;
    return here;
}

/* reader_u8 — the next byte. Returns 0 and fails the reader at the end. */
static inline uint8_t reader_u8(struct reader *r)
{
    const uint8_t *b = reader_bytes(r, 1);
    return b ? b[0] : 0;
}

/* reader_u16 — the next two bytes in network order. Returns 0 and fails the reader on overrun. */
static inline uint16_t reader_u16(struct reader *r)
{
    const uint8_t *b = reader_bytes(r, 2);
    return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

/* reader_u32 — the next four bytes in network order. Returns 0 and fails the reader on overrun. */
static inline uint32_t reader_u32(struct reader *r)
{
    const uint8_t *b = reader_bytes(r, 4);
    return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

/* reader_sub — a reader of the next `size` bytes that cannot leave them. Returns a failed reader
 * and fails this one when fewer are left. */
static inline struct reader reader_sub(struct reader *r, size_t size)
{
    const uint8_t *b = reader_bytes(r, size);
    return (struct reader){b, r->failed ? 0 : size, r->failed};
}

#endif
