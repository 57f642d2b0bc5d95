/* worker_host — what the engine asks of its surroundings, as one worker gives it.
 * The worker's thread. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_WORKER_HOST_H
#define NET_WORKER_HOST_H

#include "net/worker_state.h"

/* worker_host_init — fill in w->host. Returns false when the library lacks a digest. */
bool worker_host_init(struct worker *w);

/* worker_host_listen — have the engine told of what comes back to w->endpoints, which is made by
 * then. Never fails. */
void worker_host_listen(struct worker *w);

/* worker_host_fini — free what it holds. Never fails. */
void worker_host_fini(struct worker *w);

#endif
