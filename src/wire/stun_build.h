/* stun_build — values to a STUN message, padding zeroed, lengths kept right at every step.
 * Pure. Any thread. Failure is sticky as in base/span; ask stun_build_end. */
/* SPDX-License-Identifier: MIT */
#ifndef WIRE_STUN_BUILD_H
#define WIRE_STUN_BUILD_H

#include "base/netaddr.h"
#include "base/span.h"
#include "wire/stun.h"

/* A message being written into caller's bytes. */
struct stun_build {
    struct writer w;
};

/* stun_build_begin — write a header into `room` bytes at `bytes`, borrowed until the end.
 * `id` is the transaction id: 12 bytes, or 16 to answer a classic message (RFC 8489 11). */
struct stun_build stun_build_begin(uint8_t *bytes, size_t room, enum stun_class class,
                                   uint16_t method, struct span id);

/* stun_build_bytes — append an attribute with the given value; fails the build without room. */
void stun_build_bytes(struct stun_build *b, uint16_t type, struct span value);

/* stun_build_u32 — append an attribute of one 32-bit number; fails the build without room. */
void stun_build_u32(struct stun_build *b, uint16_t type, uint32_t value);

/* stun_build_address — append an xored address, RFC 8489 14.2; fails the build without room. */
void stun_build_address(struct stun_build *b, uint16_t type, const struct netaddr *a);

/* stun_build_plain_address — append an address as MAPPED-ADDRESS has it, 14.1; fails the build
 * without room. */
void stun_build_plain_address(struct stun_build *b, uint16_t type, const struct netaddr *a);

/* stun_build_error — append ERROR-CODE, 14.8; `code` 300 to 699, `reason` may be empty. */
void stun_build_error(struct stun_build *b, unsigned code, const char *reason);

/* stun_build_fingerprint — append FINGERPRINT, 14.7. Nothing may follow. */
void stun_build_fingerprint(struct stun_build *b);

/* stun_build_reserve — append an attribute whose value of `size` bytes the caller fills in.
 * Returns the place of the value, or NULL without room. */
uint8_t *stun_build_reserve(struct stun_build *b, uint16_t type, size_t size);

/* stun_build_end — the size of the finished message; 0 when anything lacked room. */
size_t stun_build_end(const struct stun_build *b);

#endif
