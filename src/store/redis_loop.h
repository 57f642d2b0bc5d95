/* redis_loop — hiredis's connections on libevent's loop, with a guard before hiredis's parser.
 * Control thread. hiredis ends the process when an answer comes to no question, or when it is told
 * of an array that memory has no room for; behind the guard neither happens. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_LOOP_H
#define STORE_REDIS_LOOP_H

#include <event2/event.h>
#include <hiredis/async.h>
#include <stdbool.h>

/* redis_loop_attach — have the loop tell the connection what its socket is ready for, until it is
 * freed. `is_plain`: what comes on the socket is Redis's protocol itself. Returns false when memory
 * is short. */
bool redis_loop_attach(struct redisAsyncContext *ac, struct event_base *base, bool is_plain);

/* redis_loop_has_stray — whether an answer waits in the parser to which there was no question. To
 * be asked behind every answer; the connection is of no use then. Never fails. */
bool redis_loop_has_stray(const struct redisAsyncContext *ac);

#endif
