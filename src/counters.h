/* counters — what all workers have counted, together.
 * Wiring. Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef COUNTERS_H
#define COUNTERS_H

#include "net/worker.h"

/* counters_sum — every worker's counters, added up; waits for each to answer. Never fails. */
void counters_sum(struct worker_shared *shared, struct worker_counts *sum);

/* counters_say — what became of every datagram and connection, into the log: at the end. Never
 * fails. */
void counters_say(struct worker_shared *shared, struct log_source *log);

#endif
