/* core — what the core costs: nanoseconds per operation and bytes per allocation, from a thousand
 * to a million allocations.
 *
 *     core [--check] [--huge] [COUNT ...]
 *
 * --check exits 1 when a figure is beyond its limit; the limits are ratios, but for the longest
 * single operation and the bytes. --huge backs the large tables by huge pages, to see that it does
 * not pay: a tenth is won, and the first touch of such a page may take many milliseconds. */
/* SPDX-License-Identifier: MIT */
#include "bench/course.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZES_MAX = 8, HUGE_FROM = 16 << 20 };

#define FORWARD_GROWTH 5.0
#define SIGNED_GROWTH 2.0
#define CHANNEL_GROWTH 2.0
#define LONGEST_NS 1000000
#define BYTES 700.0

static int beyond;

/* growth_limit — how much a step may slow down from the smallest crowd to the largest; 0: not
 * held to a limit. */
static double growth_limit(enum course_step step)
{
    switch (step) {
    case COURSE_CHANNEL_UP:
    case COURSE_CHANNEL_DOWN:
    case COURSE_SEND:
    case COURSE_DATA_DOWN:
        return FORWARD_GROWTH;
    case COURSE_ALLOCATE:
    case COURSE_REFRESH:
    case COURSE_PERMISSION:
    case COURSE_CHANNEL_BIND:
        return SIGNED_GROWTH;
    default:
        return 0;
    }
}

static void hold(const char *what, double value, double limit)
{
    bool is_beyond = limit > 0 && value > limit;
    printf("%-44s %12.1f", what, value);
    if (limit > 0) {
        printf("   limit %12.1f%s", limit, is_beyond ? "   BEYOND" : "");
    }
    putchar('\n');
    beyond += is_beyond ? 1 : 0;
}

static void print_table(const struct course *course, const uint32_t *size, int sizes)
{
    static const char *const order[COURSE_ORDERS] = {"random", "sequence"};
    printf("\nnanoseconds per operation with so many allocations\n%-22s %-9s", "", "");
    for (int s = 0; s < sizes; s++) {
        printf(" %10u", (unsigned)size[s]);
    }
    printf(" %8s\n", "growth");
    for (enum course_step step = 0; step < COURSE_STEPS; step++) {
        for (enum course_order o = 0; o < COURSE_ORDERS; o++) {
            printf("%-22s %-9s", course_name(step), order[o]);
            for (int s = 0; s < sizes; s++) {
                printf(" %10.1f", course[s].step[step].mean[o]);
            }
            printf(" %8.2f\n", course[sizes - 1].step[step].mean[o] / course[0].step[step].mean[o]);
        }
    }
}

static void print_limits(const struct course *course, int sizes)
{
    const struct course *first = &course[0];
    const struct course *last = &course[sizes - 1];
    char what[80];
    double longest = 0;
    double bytes = 0;
    double channel = 0;
    printf("\n");
    for (enum course_step step = 0; step < COURSE_STEPS; step++) {
        double growth =
            last->step[step].mean[COURSE_RANDOM] / first->step[step].mean[COURSE_RANDOM];
        snprintf(what, sizeof(what), "growth of %s, random", course_name(step));
        hold(what, growth, growth_limit(step));
    }
    for (int s = 0; s < sizes; s++) {
        const struct course *c = &course[s];
        for (enum course_step step = 0; step < COURSE_STEPS; step++) {
            longest = c->step[step].longest > longest ? c->step[step].longest : longest;
        }
        longest = c->growth_longest > longest ? c->growth_longest : longest;
        longest = c->tick_deep > longest ? c->tick_deep : longest;
        longest = c->tick_lap > longest ? c->tick_lap : longest;
        bytes = c->bytes_worst > bytes ? c->bytes_worst : bytes;
        double ratio = c->channel_last / c->channel_first;
        channel = ratio > channel ? ratio : channel;
    }
    hold("longest single operation, ns", longest, LONGEST_NS);
    hold("256th channel against the first", channel, CHANNEL_GROWTH);
    hold("bytes per allocation, worst filling", bytes, BYTES);
}

static void print_details(const struct course *c, uint32_t size)
{
    printf("%u allocations\n", (unsigned)size);
    printf("  longest, ns: growing %u, tick %u, with 256 channels each %u, all come at once %u\n",
           (unsigned)c->growth_longest, (unsigned)c->step[COURSE_TICK].longest,
           (unsigned)c->tick_deep, (unsigned)c->tick_lap);
    if (c->bytes_worst > 0) {
        printf("  bytes per allocation: worst %.0f at %u, with all %.0f\n", c->bytes_worst,
               (unsigned)c->bytes_worst_at, c->bytes_full);
    }
    printf("  ChannelBind, ns: first %.0f, 256th %.0f\n", c->channel_first, c->channel_last);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct course course[SIZES_MAX];
    uint32_t size[SIZES_MAX] = {1000, 100000, 1000000};
    int sizes = 0;
    bool is_check = false;
    size_t huge_from = SIZE_MAX;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--check") == 0) {
            is_check = true;
        } else if (strcmp(argv[i], "--huge") == 0) {
            huge_from = HUGE_FROM;
        } else if (atoi(argv[i]) > 0 && sizes < SIZES_MAX) {
            size[sizes++] = (uint32_t)atoi(argv[i]);
        } else {
            fprintf(stderr, "usage: core [--check] [--huge] [COUNT ...]\n");
            return 2;
        }
    }
    sizes = sizes ? sizes : 3;
    course_run(size, sizes, huge_from, course);
    for (int s = 0; s < sizes; s++) {
        print_details(&course[s], size[s]);
    }
    print_table(course, size, sizes);
    print_limits(course, sizes);
    return is_check && beyond > 0 ? 1 : 0;
}
