/* flight — fetching from the store what a worker's request needs, once for each name.
 *
 *     worker: flight_begin -> control thread: store_submit ... -> mirror -> worker: the request
 *                                                                 that was parked goes on
 *
 * flight_begin is the workers'; the rest is the control thread's. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_FLIGHT_H
#define STORE_FLIGHT_H

#include "net/worker.h"
#include "store/mirror.h"
#include "store/store.h"

struct flight_deck;

/* flight_deck_new — nothing is under way. All borrowed for its life; `base` is the control
 * thread's loop. Returns new, freed with flight_deck_free; NULL when memory or descriptors are
 * short. */
struct flight_deck *flight_deck_new(struct event_base *base, struct worker_shared *shared,
                                    struct mirror *mirror);

/* flight_deck_use — fetch from this store, borrowed. Before the workers start. Never fails. */
void flight_deck_use(struct flight_deck *deck, struct store *store);

/* flight_deck_is_up — whether there is a store that can be asked at present. Any thread. Never
 * fails. */
bool flight_deck_is_up(const struct flight_deck *deck);

/* flight_deck_free — free it once workers and store are stopped; NULL is taken. */
void flight_deck_free(struct flight_deck *deck);

/* flight_begin — have what the query names fetched, unless that is under way for this worker.
 * Returns KEYRING_LATER, or KEYRING_DOWN when the store cannot be asked or too much is asked
 * already. The query's worker alone. */
enum keyring_answer flight_begin(struct flight_deck *deck, const struct keyring_query *query);

#endif
