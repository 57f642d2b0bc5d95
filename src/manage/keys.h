/* keys — the keys of the HTTP interface.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_KEYS_H
#define MANAGE_KEYS_H

#include "manage/call.h"

/* keys_list — GET /v1/keys: all of them, without what opens. */
void keys_list(struct call *call);

/* keys_add — POST /v1/keys: a new one, shown this once. */
void keys_add(struct call *call);

/* keys_remove — DELETE /v1/keys/ID. */
void keys_remove(struct call *call);

#endif
