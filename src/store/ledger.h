/* ledger — what sessions of this node are told of beyond it: the usage stream, for bills, and the
 * registry of sessions, for whoever asks another node.
 *
 *     workers: an event -> control thread: usage    -> a spool -> the store, again until it is
 * there registry -> the store; written anew when it was away
 *
 * Usage is told at least once: each entry has the node, its boot and a sequence number. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "store/census.h"
#include "store/store.h"

enum {
    LEDGER_WAITING_MAX = 1 << 18, /* events on their way to the control thread */
    LEDGER_SPOOL_MAX = 1 << 17,   /* entries kept while the store is away; more are lost */
};

struct ledger;

struct ledger_parts {
    struct event_base *base;
    struct store *store;
    struct census *census;
    const char *node; /* all borrowed for its life */
    uint32_t boot;
    bool has_usage; /* else the registry alone */
    void *context;
    /* refused — the store is there and does not take it. NULL: nobody cares. */
    void (*refused)(void *context, const char *why);
};

/* ledger_new — nothing to tell yet. Returns new, freed with ledger_free; NULL when memory or
 * descriptors are short. */
struct ledger *ledger_new(const struct ledger_parts *parts);

/* ledger_free — free it once workers and store are stopped; NULL is taken. */
void ledger_free(struct ledger *l);

/* ledger_observer — what the workers call, borrowed from the ledger. Never fails. */
const struct worker_observer *ledger_observer(struct ledger *l);

/* ledger_store_came — the store is there (again): write the registry anew. Never fails. */
void ledger_store_came(struct ledger *l);

/* ledger_flush — hand over what waits, at the end. Never fails. */
void ledger_flush(struct ledger *l);

struct ledger_counts {
    uint64_t told;    /* entries of usage that the store has */
    uint64_t lost;    /* events and entries for which there was no room */
    uint32_t waiting; /* entries in the spool */
};

/* ledger_counts — its counters. Control thread. */
struct ledger_counts ledger_counts(const struct ledger *l);

#endif
