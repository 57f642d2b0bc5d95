/* inbox — messages to a worker from other threads. */
/* SPDX-License-Identifier: MIT */
#include "net/inbox.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool inbox_init(struct inbox *in)
{
    atomic_store(&in->first, NULL);
    in->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return in->wake >= 0;
}

void inbox_fini(struct inbox *in)
{
    close(in->wake);
}

void inbox_wake(struct inbox *in)
{
    uint64_t one = 1;
    ssize_t done = write(in->wake, &one, sizeof(one));
    (void)done; /* a full counter wakes as well */
}

void inbox_put(struct inbox *in, struct inbox_node *node)
{
    struct inbox_node *before = atomic_load(&in->first);
    do {
        node->next = before;
    } while (!atomic_compare_exchange_weak(&in->first, &before, node));
    if (!before) { /* else the reader was woken and has not yet looked */
        inbox_wake(in);
    }
}

void inbox_run(struct inbox *in, void *reader)
{
    uint64_t count;
    ssize_t done = read(in->wake, &count, sizeof(count));
    (void)done; /* woken for nothing is fine */
    struct inbox_node *newest = atomic_exchange(&in->first, NULL);
    struct inbox_node *oldest = NULL;
    while (newest) {
        struct inbox_node *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        struct inbox_node *next = oldest->next; /* the node may be gone once it ran */
        oldest->run(oldest, reader);
        oldest = next;
    }
}
