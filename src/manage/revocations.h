/* revocations — taking back what was given out: a credential, or all of a user or a tenant.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_REVOCATIONS_H
#define MANAGE_REVOCATIONS_H

#include "manage/call.h"
#include "store/mirror.h"

/* revocations_list — GET /v1/revocations: those of a realm. */
void revocations_list(struct call *call);

/* revocations_make — POST /v1/revocations: of a credential, a user or a tenant. */
void revocations_make(struct call *call);

/* revocations_lift — DELETE /v1/revocations/SCOPE/VALUE. */
void revocations_lift(struct call *call);

/* revocations_credential — DELETE /v1/credentials/ID. */
void revocations_credential(struct call *call);

/* revocations_add — put a revocation of what was issued until `at`, which is about now, into a
 * request to write. For ever (`is_lasting`), else as long as that can live. Never fails but as
 * store_request_add does. */
void revocations_add(const struct call *call, struct store_request *rq, enum mirror_scope scope,
                     struct span value, struct wall at, bool is_lasting);

#endif
