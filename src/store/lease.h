/* lease — quotas that hold over the whole cluster: each node has a leased share of what an account
 * may have, and counts within it by itself.
 *
 *     worker: lease_take -> within the share: at once
 *                        -> beyond: the control thread asks the store for more; the request waits
 *     the store away, or -> the node keeps to its part of the limit: limit / nodes
 *     it takes no writes
 *
 * Shares lapse by themselves in the store, so a dead node's come back. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_LEASE_H
#define STORE_LEASE_H

#include "net/worker.h"
#include "store/store.h"

enum {
    LEASE_SECONDS = 15, /* a share is good for so long */
    LEASE_RENEW = 5,    /* and asked for again after so long, shrunk to what is used */
};

struct lease_book;

/* lease_book_new — no account has anything. All borrowed for its life. Returns new, freed with
 * lease_book_free; NULL when memory or descriptors are short. */
struct lease_book *lease_book_new(struct event_base *base, struct worker_shared *shared,
                                  struct store *store);

/* lease_book_free — free it once workers and store are stopped; NULL is taken. */
void lease_book_free(struct lease_book *book);

/* lease_book_shares — what workers ask, borrowed from the book. Never fails. */
const struct worker_shares *lease_book_shares(struct lease_book *book);

/* lease_book_set_nodes — how many nodes there are at present, this one included. Control thread.
 * Never fails. */
void lease_book_set_nodes(struct lease_book *book, uint32_t nodes);

/* lease_book_tick — renew and return shares: call it every second. Control thread. Never fails. */
void lease_book_tick(struct lease_book *book);

/* lease_book_return — give back every share that is not used: this node ends. Control thread. */
void lease_book_return(struct lease_book *book);

/* lease_book_count — accounts it knows at present. Any thread. */
uint32_t lease_book_count(const struct lease_book *book);

#endif
