/* stopwatch — how long each of a row of operations takes. */
/* SPDX-License-Identifier: MIT */
#include "bench/stopwatch.h"

#include <stdlib.h>
#include <string.h>

struct stopwatch stopwatch_new(size_t room)
{
    struct stopwatch s = {.best = malloc(room * sizeof(uint32_t)), .room = room};
    if (!s.best) {
        abort();
    }
    return s;
}

void stopwatch_free(struct stopwatch *s)
{
    free(s->best);
    s->best = NULL;
}

void stopwatch_clear(struct stopwatch *s)
{
    s->count = 0;
}

/* reading — what it costs to read the clock, which every time noted contains. */
static uint64_t reading(void)
{
    static uint64_t least = UINT64_MAX;
    for (int i = 0; i < 1000 && least == UINT64_MAX; i++) {
        for (int j = 0; j < 1000; j++) {
            uint64_t from = stopwatch_now();
            uint64_t took = stopwatch_now() - from;
            least = took < least ? took : least;
        }
    }
    return least;
}

void stopwatch_note(struct stopwatch *s, size_t i, uint64_t ns)
{
    uint64_t net = ns > reading() ? ns - reading() : 0;
    uint32_t value = net < UINT32_MAX ? (uint32_t)net : UINT32_MAX;
    if (i >= s->room) {
        abort();
    }
    while (s->count <= i) {
        s->best[s->count++] = UINT32_MAX;
    }
    s->best[i] = value < s->best[i] ? value : s->best[i];
}

double stopwatch_mean(const struct stopwatch *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->count; i++) {
        sum += s->best[i];
    }
    return s->count ? sum / (double)s->count : 0;
}

uint32_t stopwatch_longest(const struct stopwatch *s)
{
    uint32_t longest = 0;
    for (size_t i = 0; i < s->count; i++) {
        longest = s->best[i] > longest ? s->best[i] : longest;
    }
    return longest;
}
