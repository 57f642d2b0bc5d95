/* session — one allocation as managers and bills see it: a value, and JSON.
 * Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include <jansson.h>

#include "engine/turn.h"

struct session {
    enum turn_event_kind kind;
    enum turn_reason reason;
    uint64_t id;
    uint8_t transport; /* enum path_kind */
    struct netaddr client;
    struct netaddr relayed[FLOW_FAMILIES];
    struct wall started, at;
    uint64_t duration_ns;
    struct flow_traffic up, down;
    char credential[RIGHTS_ID_MAX + 1];
    char tenant[RIGHTS_TENANT_MAX + 1];
    size_t realm_size, user_size, owner_size; /* texts behind, in this order, without NULs */
    char text[];
};

/* session_new — an event as a value, copied. Returns new, freed with free; NULL when memory is
 * short. */
struct session *session_new(const struct turn_event *event, struct wall now);

/* session_realm, session_user, session_owner — its texts, borrowed. The owner is the user part of
 * the name. Never fail. */
struct span session_realm(const struct session *s);
struct span session_user(const struct session *s);
struct span session_owner(const struct session *s);

/* session_json — what an API says of it. Returns new; NULL when memory is short. */
json_t *session_json(const struct session *s, const char *node);

/* session_text — JSON in UTF-8 of bytes that may be none: what is no UTF-8 becomes U+FFFD. Returns
 * new; NULL when memory is short. */
json_t *session_text(struct span bytes);

/* session_id — the id as 16 hex digits, NUL-terminated. Never fails. */
void session_id(uint64_t id, char out[17]);

/* session_parse_id — read such an id. Returns false for anything else. */
bool session_parse_id(const char *text, uint64_t *out);

#endif
