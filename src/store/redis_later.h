/* redis_later — requests that are answered at once, but not within the call that submitted them.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_LATER_H
#define STORE_REDIS_LATER_H

#include "store/store.h"

struct redis_later {
    struct event *event;
    struct store_request *first, **last;
};

/* redis_later_init — nothing waits. Returns false when memory is short. */
bool redis_later_init(struct redis_later *later, struct event_base *base);

/* redis_later_fini — answer what waits. Never fails. */
void redis_later_fini(struct redis_later *later);

/* redis_later_answer — answer a request, its result filled in, in the next turn of the loop. */
void redis_later_answer(struct redis_later *later, struct store_request *rq);

/* redis_later_fail — the same with a result and a sentence. */
void redis_later_fail(struct redis_later *later, struct store_request *rq, enum store_result result,
                      const char *why);

#endif
