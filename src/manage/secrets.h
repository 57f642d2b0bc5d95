/* secrets — the secrets of a realm that sign credentials: more, fewer, never shown again.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_SECRETS_H
#define MANAGE_SECRETS_H

#include "manage/call.h"

/* secrets_list — GET /v1/secrets: ids and times, those of the configuration too. */
void secrets_list(struct call *call);

/* secrets_add — POST /v1/secrets: one that is given, or made, and then shown this once. */
void secrets_add(struct call *call);

/* secrets_retire — DELETE /v1/secrets/ID: taken until a moment, at once or later. */
void secrets_retire(struct call *call);

#endif
