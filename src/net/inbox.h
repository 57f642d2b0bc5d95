/* inbox — messages to a worker from other threads, in nodes the senders own: it cannot overflow.
 * Many writers, one reader. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_INBOX_H
#define NET_INBOX_H

#include <stdatomic.h>
#include <stdbool.h>

/* A message. The sender keeps it alive until `run` was called with it on the reader's thread. */
struct inbox_node {
    struct inbox_node *next;
    void (*run)(struct inbox_node *node, void *reader);
};

struct inbox {
    _Atomic(struct inbox_node *) first; /* newest first */
    int wake;                           /* eventfd, readable when something waits */
};

/* inbox_init — an empty inbox. Returns false when descriptors are short. */
bool inbox_init(struct inbox *in);

/* inbox_fini — close it. Never fails. */
void inbox_fini(struct inbox *in);

/* inbox_put — hand a node over and wake the reader. Never fails. */
void inbox_put(struct inbox *in, struct inbox_node *node);

/* inbox_wake — wake the reader without a message. Never fails. */
void inbox_wake(struct inbox *in);

/* inbox_run — run every message that waits, oldest first, with `reader`. The reader's thread. */
void inbox_run(struct inbox *in, void *reader);

#endif
