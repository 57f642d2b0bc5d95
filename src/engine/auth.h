/* auth — the long-term credential mechanism of RFC 8489 9.2.4: who sent this request?
 * Pure. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_AUTH_H
#define ENGINE_AUTH_H

#include "engine/request.h"

enum auth_verdict {
    AUTH_OK,      /* rq->is_authentic, name and key filled in */
    AUTH_REFUSED, /* *why says how to answer */
    AUTH_LATER,   /* a key is being fetched: park the request */
};

/* auth_check — see who sent a request. Order of RFC 8489 9.2.4, but for the nonce, which comes
 * before what costs an HMAC, as RFC 5389 has it: no integrity 401, missing attribute 400,
 * algorithms 400, stale nonce 438, unknown user 401, wrong integrity 401. An established allocation
 * of the same user is judged by the key it was made with, within the bound its realm sets on
 * outliving a credential. Fills in what struct request says it does. Never blocks. */
enum auth_verdict auth_check(struct turn *t, struct request *rq, enum refusal_kind *why);

/* auth_is_owner — whether an authentic request is by the user whose allocation is on its path (it
 * must have one). Never fails. */
bool auth_is_owner(const struct turn *t, const struct request *rq);

/* auth_until — the last moment that allocations of a credential may reach: 0 (no bound) for one
 * that never expires. Never fails. */
struct wall auth_until(const struct settings_realm *realm, struct wall expires);

/* auth_account — the 64-bit account that the allocations of a user, a tenant or a credential are
 * counted by. Never fails. */
uint64_t auth_account(const struct turn_host *host, uint8_t realm, enum turn_account kind,
                      struct span name);

#endif
