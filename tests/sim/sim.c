/* sim — a seeded virtual network round the core: thousands of clients that behave or do not, links
 * that lose, repeat, reorder and change datagrams, several workers, reloads, drains, memory that is
 * refused; everything is compared with a small model all the time, and in the end nothing may be
 * left.
 *
 *     sim [--seed N] [--clients N] [--minutes N] [--short-memory]
 *
 * Without a seed a few fixed ones are run. Prints TAP; a failure names its seed. */
/* SPDX-License-Identifier: MIT */
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool run(unsigned number, const struct world_plan *plan)
{
    static struct world world;
    bool ok = world_run(&world, plan);
    printf("%s %u - seed %llu, %u clients, %u minutes%s: %llu datagrams, %llu requests\n",
           ok ? "ok" : "not ok", number, (unsigned long long)plan->seed, (unsigned)plan->visitors,
           (unsigned)plan->minutes, plan->is_short ? ", memory short" : "",
           (unsigned long long)world.datagrams, (unsigned long long)world.requests);
    if (!ok) {
        printf("# %s\n# again: sim --seed %llu --clients %u --minutes %u%s\n", world.why,
               (unsigned long long)plan->seed, (unsigned)plan->visitors, (unsigned)plan->minutes,
               plan->is_short ? " --short-memory" : "");
    } else {
        printf("# relayed %llu; answers: %llu successes, %llu refusals; commits refused %llu\n",
               (unsigned long long)world.relayed, (unsigned long long)world.successes,
               (unsigned long long)world.refusals, (unsigned long long)world.arena.refused);
        printf(
            "# over TCP: %llu calls to peers, %llu by peers, %llu joined; %llu clients hung up\n",
            (unsigned long long)world.calls, (unsigned long long)world.rings,
            (unsigned long long)world.joined, (unsigned long long)world.hung_up);
    }
    fflush(stdout);
    return ok;
}

static int usage(void)
{
    fprintf(stderr, "usage: sim [--seed N] [--clients N] [--minutes N] [--short-memory]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct world_plan usual[] = {
        {1, 1000, 15, false}, {2, 1000, 15, false}, {3, 1000, 15, false},
        {4, 300, 60, false},  {5, 2000, 8, true},
    };
    enum { USUAL = sizeof(usual) / sizeof(usual[0]) };
    struct world_plan own = {.seed = 0, .visitors = 1000, .minutes = 15};
    bool has_own = false;
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--short-memory") == 0) {
            own.is_short = true;
        } else if (strcmp(argv[i], "--seed") == 0 && has_value) {
            own.seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--clients") == 0 && has_value && atoi(argv[i + 1]) > 0) {
            own.visitors = (uint32_t)atoi(argv[++i]);
        } else if (strcmp(argv[i], "--minutes") == 0 && has_value && atoi(argv[i + 1]) > 0) {
            own.minutes = (uint32_t)atoi(argv[++i]);
        } else {
            return usage();
        }
        has_own = true;
    }
    if (has_own) {
        printf("1..1\n");
        return run(1, &own) ? 0 : 1;
    }
    int failed = 0;
    printf("1..%d\n", USUAL);
    for (unsigned i = 0; i < USUAL; i++) {
        failed += run(i + 1, &usual[i]) ? 0 : 1;
    }
    return failed > 0 ? 1 : 0;
}
