/* siphash — a keyed hash that strangers cannot steer: tables, steering, nonces.
 * Pure. Any thread. SipHash-2-4 (Aumasson and Bernstein, 2012). */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t word[2];
};

/* siphash — the 64-bit hash of `size` bytes under a secret key. Never fails. */
uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t size);

/* siphash_words — the same family of hash over `count` 64-bit words in host order, with one round
 * a word (SipHash-1-3): for tables on the data path, where the value never leaves the process.
 * Never fails. */
uint64_t siphash_words(const struct siphash_key *key, const uint64_t *words, size_t count);

#endif
