/* users — the users of the store: kept with keys, never with a password.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_USERS_H
#define MANAGE_USERS_H

#include "manage/call.h"

/* users_list — GET /v1/users: a page of them. */
void users_list(struct call *call);

/* users_add — POST /v1/users: a new one. */
void users_add(struct call *call);

/* users_show — GET /v1/users/NAME. */
void users_show(struct call *call);

/* users_change — PATCH /v1/users/NAME: password, key, tenant or limits. */
void users_change(struct call *call);

/* users_remove — DELETE /v1/users/NAME: with all that was issued to her. */
void users_remove(struct call *call);

#endif
