/* reply — the one place where an answer is written, signed and sent.
 * Pure. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_REPLY_H
#define ENGINE_REPLY_H

#include "engine/request.h"

enum { REPLY_ALGORITHMS_SIZE = 8 };

/* PASSWORD-ALGORITHMS as every challenge offers it: SHA-256 first, no parameters, 14.11. */
extern const uint8_t reply_algorithms[REPLY_ALGORITHMS_SIZE];

/* reply_refuse — answer a request with an error: ERROR-CODE and what the row asks for; signed when
 * the request was authentic and the row allows. Unauthenticated ones pass the limiter, which may
 * hold them back. Never fails. RFC 8489 6.3.1, 9.2.4. */
void reply_refuse(struct turn *t, const struct request *rq, enum refusal_kind kind);

/* reply_succeed — answer a request with success and what `answer` says. Signed when authentic,
 * limited when not. Never fails. */
void reply_succeed(struct turn *t, const struct request *rq, const struct answer *answer);

#endif
