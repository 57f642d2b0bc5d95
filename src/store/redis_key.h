/* redis_key — the names of turnpike's keys in Redis: "turnpike:{REALM}:KIND[:ID]".
 * Pure. Any thread. The realm is the key's only hash tag, so that a realm's keys lie together; the
 * realm "" is written {*}. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_KEY_H
#define STORE_REDIS_KEY_H

#include "store/redis_words.h"

/* redis_key_put — the name of a key as one more word. `kind` and `id` borrowed for the call, `id`
 * of any bytes, NULL for none. Of the realm all that could break the tag is written %XX. */
void redis_key_put(struct redis_words *w, const char *realm, const char *kind,
                   const struct span *id);

#endif
