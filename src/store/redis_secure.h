/* redis_secure — TLS on the way to Redis, where hiredis has it.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_SECURE_H
#define STORE_REDIS_SECURE_H

#include <stdbool.h>

struct redisAsyncContext;

/* redis_secure_is_there — whether rediss: can be served. Never fails. */
bool redis_secure_is_there(void);

/* redis_secure_why — why it cannot, for the operator, static. Never fails. */
const char *redis_secure_why(void);

/* redis_secure_begin — put TLS on a connection that was just begun. The server has to prove that it
 * is `host`, a name or an address, to an authority the system believes. Returns false when it
 * cannot be. */
bool redis_secure_begin(struct redisAsyncContext *ac, const char *host);

#endif
