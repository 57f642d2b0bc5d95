/* permission — the CreatePermission request, RFC 8656 10.2, and what the policy says of a peer.
 * Pure. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_PERMISSION_H
#define ENGINE_PERMISSION_H

#include "relay/permit.h"
#include "engine/request.h"

/* permission_handle — install or refresh a permission for every peer address an authentic request
 * by the owner names: all or none. Returns 0; else the refusal, as a negative enum refusal_kind. */
int permission_handle(struct turn *t, struct request *rq, struct answer *answer);

/* permission_ask — the policy of the allocation's realm on one peer. *out gets host, scope, own and
 * policy generation as permit_add takes them. Returns 0; REFUSAL_PEER_FAMILY or REFUSAL_FORBIDDEN,
 * negative. */
int permission_ask(const struct turn *t, const struct request *rq, const struct netaddr *peer,
                   struct permit *out);

/* permission_install — have the permission `like` live until `deadline` at least. Returns 0 with
 * *permit its index; REFUSAL_NO_CAPACITY, negative, when the allocation has as many as it may or
 * memory is short. */
int permission_install(struct turn *t, const struct request *rq, const struct permit *like,
                       struct mono deadline, uint32_t *permit);

/* permission_tell — have the host told of a peer that a permission or channel was made for. Never
 * fails. */
void permission_tell(struct turn *t, const struct request *rq, const struct netaddr *peer);

/* permission_recheck — ask the present policy about a permission again: bring it and its channels
 * up to date, or withdraw them. Never fails. */
void permission_recheck(struct turn *t, uint32_t permit);

/* permission_sweep — drop what has expired of an allocation's permissions and channels, recheck
 * what an older policy allowed. O(permissions). Never fails. */
void permission_sweep(struct turn *t, uint32_t flow, struct now now);

#endif
