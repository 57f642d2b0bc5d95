/* arena — memory as the core is handed it, by mmap. */
/* SPDX-License-Identifier: MIT */
#include "support/arena.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HUGE ((size_t)2 << 20)

static size_t round_up(size_t size)
{
    return (size + HUGE - 1) / HUGE * HUGE;
}

static void *reserve(void *context, size_t size)
{
    struct arena *a = context;
    struct arena_run *r = a->run;
    while (r->at) {
        if (++r == a->run + ARENA_RESERVATIONS_MAX) {
            return NULL;
        }
    }
    size_t whole = round_up(size);
    uint8_t *at =
        mmap(NULL, whole + HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        return NULL;
    }
    size_t before = -(uintptr_t)at & (HUGE - 1);
    if (before > 0) {
        munmap(at, before);
    }
    if (before < HUGE) {
        munmap(at + before + whole, HUGE - before);
    }
    *r = (struct arena_run){.at = at + before, .size = size};
    a->runs++;
    return r->at;
}

static struct arena_run *run_of(struct arena *a, const uint8_t *at)
{
    for (struct arena_run *r = a->run; r < a->run + ARENA_RESERVATIONS_MAX; r++) {
        if (r->at && at >= r->at && at < r->at + r->size) {
            return r;
        }
    }
    abort();
}

/* make_usable — up to `end`, two megabytes at a time where huge pages are wanted: a huge page is
 * had only for a whole aligned stretch that is usable when it is first touched. */
static bool make_usable(struct arena *a, struct arena_run *r, size_t end)
{
    if (end <= r->usable) {
        return true;
    }
    bool is_huge = r->usable >= a->huge_from && r->usable % HUGE == 0;
    size_t until = is_huge ? round_up(end) : end;
    if (mprotect(r->at + r->usable, until - r->usable, PROT_READ | PROT_WRITE) != 0) {
        return false;
    }
    if (is_huge) {
        (void)madvise(r->at + r->usable, until - r->usable, MADV_HUGEPAGE);
    }
    r->usable = until;
    return true;
}

static bool commit(void *context, void *at, size_t size)
{
    struct arena *a = context;
    struct arena_run *r = run_of(a, at);
    a->commits++;
    if (a->is_short || !make_usable(a, r, (size_t)((uint8_t *)at - r->at) + size)) {
        a->refused++;
        return false;
    }
    a->committed += size;
    return true;
}

static void release(void *context, void *at, size_t size)
{
    struct arena *a = context;
    struct arena_run *r = run_of(a, at);
    if (r->at != at || r->size != size || munmap(at, round_up(size)) != 0) {
        abort();
    }
    r->at = NULL;
    if (--a->runs == 0) {
        a->committed = 0;
    }
}

void arena_init(struct arena *a)
{
    *a = (struct arena){
        .memory = {.context = a, .reserve = reserve, .commit = commit, .release = release},
        .huge_from = SIZE_MAX,
    };
}
