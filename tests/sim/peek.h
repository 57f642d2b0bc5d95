/* peek — STUN and ChannelData read as little as a test needs, by code that is not the server's.
 * Pure. Bytes are borrowed for the life of a struct peek. */
/* SPDX-License-Identifier: MIT */
#ifndef SIM_PEEK_H
#define SIM_PEEK_H

#include "base/netaddr.h"

#include <stddef.h>

enum { PEEK_REQUEST, PEEK_INDICATION, PEEK_SUCCESS, PEEK_ERROR };

struct peek {
    const uint8_t *bytes;
    size_t size;
    unsigned class;
    unsigned method;
};

/* peek_stun — whether the bytes are one whole STUN message with the magic cookie whose attributes
 * all lie within it; *out is filled then. Never fails. */
bool peek_stun(const uint8_t *bytes, size_t size, struct peek *out);

/* peek_find — the first attribute of a type: its value at *value. Returns its size, or -1 when
 * there is none. */
int peek_find(const struct peek *p, unsigned type, const uint8_t **value);

/* peek_address — the first attribute of a type, behind `skip` others of it, as an xored address.
 * Returns false when there is none or it is none. */
bool peek_address(const struct peek *p, unsigned type, int skip, struct netaddr *out);

/* peek_u32 — the first attribute of a type as 32 bits; `otherwise` when there is none. Never
 * fails. */
uint32_t peek_u32(const struct peek *p, unsigned type, uint32_t otherwise);

/* peek_code — the error code, 0 when there is none. Never fails. */
unsigned peek_code(const struct peek *p);

/* peek_u16 — two bytes at `at`. Never fails. */
unsigned peek_u16(const uint8_t *at);

#endif
