/* support — what the unit tests share: memory that fails when told to, digests, seeded chance.
 * Tests only. One thread. Includes cmocka in the order that it asks for. */
/* SPDX-License-Identifier: MIT */
#ifndef UNIT_SUPPORT_H
#define UNIT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/memory.h"

/* Memory by mmap. What is not committed cannot be touched, so a record used too early is a crash
 * and not a coincidence. Commits are counted from 1; those from `fail_from` on fail, `fail_count`
 * of them. */
struct support_memory {
    struct memory memory; /* hand this to the code under test */
    unsigned commits;     /* asked for, failed ones included */
    unsigned fail_from;   /* 0: none fails */
    unsigned fail_count;
    unsigned reservations; /* not yet released */
    bool reserve_fails;
};

/* support_memory_init — memory that never fails, until told to. Its address must not change while
 * `memory` is in use. Never fails. */
void support_memory_init(struct support_memory *m);

/* support_memory_fail — let commit number `from`, counted from now as 1, and those behind it fail,
 * `count` in all; 0 for none. Never fails. */
void support_memory_fail(struct support_memory *m, unsigned from, unsigned count);

/* support_digest — the digests of OpenSSL, borrowed. Fails the test where they are missing. */
const struct digest *support_digest(void);

/* support_random — the next number of a sequence that *state decides (SplitMix64). Never fails. */
uint64_t support_random(uint64_t *state);

/* support_below — a number below `limit`, which is above 0. Never fails. */
uint32_t support_below(uint64_t *state, uint32_t limit);

/* support_fill — put `size` random bytes at `out`. Never fails. */
void support_fill(uint64_t *state, void *out, size_t size);

/* support_hex — read hexadecimal digits, blanks between them skipped, into at most `room` bytes.
 * Returns their number. Fails the test when the text is not that. */
size_t support_hex(const char *text, uint8_t *out, size_t room);

#endif
