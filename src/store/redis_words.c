/* redis_words — the words of one command to Redis, of any bytes. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"

struct redis_words_copy {
    struct redis_words_copy *next;
    size_t size;
    char bytes[];
};

struct redis_words redis_words_begin(const char *verb)
{
    struct redis_words w = {.word = NULL};
    redis_words_text(&w, verb);
    return w;
}

void redis_words_end(struct redis_words *w)
{
    while (w->copies) {
        struct redis_words_copy *copy = w->copies;
        w->copies = copy->next;
        secret_wipe(copy->bytes, copy->size);
        free(copy);
    }
    free(w->word);
    free(w->size);
    *w = (struct redis_words){.is_short = true};
}

/* make_room — for one more word. */
static bool make_room(struct redis_words *w)
{
    if (w->count < w->room) {
        return true;
    }
    size_t room = w->room ? w->room * 2 : 16;
    const char **word = realloc(w->word, room * sizeof(*word));
    w->word = word ? word : w->word;
    size_t *size = word ? realloc(w->size, room * sizeof(*size)) : NULL;
    w->size = size ? size : w->size;
    w->room = size ? room : w->room;
    w->is_short = w->is_short || !size;
    return size != NULL;
}

static void put(struct redis_words *w, const char *bytes, size_t size)
{
    if (make_room(w)) {
        w->word[w->count] = bytes;
        w->size[w->count++] = size;
    }
}

void redis_words_text(struct redis_words *w, const char *text)
{
    redis_words_span(w, span_of_text(text));
}

void redis_words_span(struct redis_words *w, struct span bytes)
{
    put(w, bytes.size > 0 ? (const char *)bytes.bytes : "", bytes.size);
}

void redis_words_u64(struct redis_words *w, uint64_t number)
{
    char *out = redis_words_own(w, 21);
    if (out) {
        redis_words_cut(w, (size_t)snprintf(out, 21, "%" PRIu64, number));
    }
}

char *redis_words_own(struct redis_words *w, size_t room)
{
    struct redis_words_copy *copy = calloc(1, sizeof(*copy) + room);
    if (!copy) {
        w->is_short = true;
        return NULL;
    }
    copy->size = room;
    copy->next = w->copies;
    w->copies = copy;
    put(w, copy->bytes, room);
    return copy->bytes;
}

void redis_words_cut(struct redis_words *w, size_t size)
{
    if (w->count > 0) {
        w->size[w->count - 1] = size;
    }
}

bool redis_words_is_whole(const struct redis_words *w)
{
    return !w->is_short;
}

struct span redis_words_last(const struct redis_words *w)
{
    if (w->is_short || w->count == 0) {
        return span_of_text("");
    }
    return (struct span){(const uint8_t *)w->word[w->count - 1], w->size[w->count - 1]};
}
