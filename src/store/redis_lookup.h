/* redis_lookup — the address of a host, by /etc/hosts or DNS, without waiting for it.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_LOOKUP_H
#define STORE_REDIS_LOOKUP_H

#include <event2/event.h>

struct redis_lookup;

enum { REDIS_LOOKUP_MS = 3000, REDIS_LOOKUP_TEXT_SIZE = 64 };

/* Told once, from the loop: `address` is numeric, or NULL with a sentence in `why`. The lookup is
 * gone then. */
typedef void redis_lookup_done(void *context, const char *address, const char *why);

/* redis_lookup_new — begin to look up `host`, borrowed for the call. Of several addresses the one
 * numbered `turn`, counted round, is told. Returns new; NULL when memory is short. */
struct redis_lookup *redis_lookup_new(struct event_base *base, const char *host, unsigned turn,
                                      redis_lookup_done *done, void *context);

/* redis_lookup_cancel — forget it: nothing is told. Its memory comes back in the next turns of the
 * loop, if there are any. NULL is taken. */
void redis_lookup_cancel(struct redis_lookup *l);

#endif
