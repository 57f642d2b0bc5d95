/* ticket — the user name of an issued credential that any node can judge by itself: it says all
 * there is to know, and its password is an HMAC over it.
 * Pure, any thread.
 *
 *     tp1.KEY.EXPIRES-TTL.ID.OPTIONS.OWNER
 *
 *     KEY      names the secret: 6 letters or digits made of the secret itself
 *     EXPIRES  seconds since 1970; it was issued TTL seconds before
 *     ID       what it is revoked and counted by
 *     OPTIONS  limits, in any order, with commas between:
 *              nTIME not before; aNUMBER allocations; bNUMBER bytes per second and allocation;
 *              tLABEL tenant; cPREFIX of the client; pPREFIX a peer; a PREFIX is the address in
 *              hex and /BITS
 *     OWNER    whose it is: the rest, which may have any bytes and none                         */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_TICKET_H
#define STORE_TICKET_H

#include "base/digest.h"
#include "base/span.h"
#include "engine/rights.h"
#include "wire/stun.h"

enum {
    TICKET_KEY_SIZE = 6,
    TICKET_ID_SIZE = 13,
    TICKET_PASSWORD_SIZE = 44, /* with the NUL */
    TICKET_TTL_MAX = 400 * 86400,
};

struct ticket {
    char key[TICKET_KEY_SIZE + 1];
    struct wall expires;
    struct wall not_before; /* 0: from the start */
    struct rights rights;   /* id and issued included */
    struct span owner;      /* parsed: borrowed from the name */
};

/* ticket_parse — read a user name. Returns false, *out undefined, for what is no ticket. Whether
 * it is one of ours only its password tells. */
bool ticket_parse(struct span name, struct ticket *out);

/* ticket_write — make the user name. Returns its size in `out`, which is NUL-terminated; 0 when it
 * would be longer than STUN_NAME_MAX. */
size_t ticket_write(const struct ticket *t, char out[STUN_NAME_MAX + 1]);

/* ticket_random_write — the user name of a credential at random, "tpr.ID.OWNER", which says nothing
 * of its rights: those are in the store, by id. Returns its size; 0 when it would be too long. */
size_t ticket_random_write(const char *id, struct span owner, char out[STUN_NAME_MAX + 1]);

/* ticket_random_parse — read such a name; id and owner are borrowed from it. Returns false for what
 * is none. */
bool ticket_random_parse(struct span name, struct span *id, struct span *owner);

/* ticket_key — the name of a secret. Never fails. */
void ticket_key(const struct digest *digest, struct span secret, char out[TICKET_KEY_SIZE + 1]);

/* ticket_password — the password of a ticket under a secret, in one realm. Never fails. */
void ticket_password(const struct digest *digest, struct span secret, struct span realm,
                     struct span name, char out[TICKET_PASSWORD_SIZE]);

/* ticket_letters — random bytes as letters and digits, five bits each, NUL-terminated: ids. `out`
 * has room for size + 1. Never fails. */
void ticket_letters(const uint8_t *bytes, size_t size, char *out);

/* ticket_is_label — whether a text may be a tenant's label: 1 to RIGHTS_TENANT_MAX letters, digits,
 * _ and -. Never fails. */
bool ticket_is_label(struct span text);

#endif
