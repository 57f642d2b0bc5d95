/* redis_words — the words of one command to Redis, of any bytes.
 * Pure. One thread. Failure is sticky: ask redis_words_is_whole once at the end. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_WORDS_H
#define STORE_REDIS_WORDS_H

#include "base/span.h"

struct redis_words_copy;

struct redis_words {
    const char **word; /* as hiredis wants them */
    size_t *size;
    size_t count, room;
    struct redis_words_copy *copies; /* of those words that are no one else's */
    bool is_short;                   /* of memory */
};

/* redis_words_begin — a command that begins with `verb`, borrowed. Freed with redis_words_end.
 * Never fails. */
struct redis_words redis_words_begin(const char *verb);

/* redis_words_end — forget the words, wiping the copies. Never fails. */
void redis_words_end(struct redis_words *w);

/* redis_words_text — one more word, borrowed. */
void redis_words_text(struct redis_words *w, const char *text);

/* redis_words_span — one more word of any bytes, borrowed. */
void redis_words_span(struct redis_words *w, struct span bytes);

/* redis_words_u64 — a number as one more word. */
void redis_words_u64(struct redis_words *w, uint64_t number);

/* redis_words_own — one more word of at most `room` bytes, for the caller to write; its size is set
 * with redis_words_cut. Returns NULL when memory is short. */
char *redis_words_own(struct redis_words *w, size_t room);

/* redis_words_cut — how many bytes the last word has. Never fails. */
void redis_words_cut(struct redis_words *w, size_t size);

/* redis_words_is_whole — whether no word is missing. Never fails. */
bool redis_words_is_whole(const struct redis_words *w);

/* redis_words_last — the last word, borrowed; empty when one is missing. Never fails. */
struct span redis_words_last(const struct redis_words *w);

#endif
