/* mirror — what this node knows of the store without asking: all secrets and revocations, and the
 * users and credentials that were asked for lately.
 * Written by the control thread, read by every worker; a lock that is never held across a system
 * call guards it. Workers come here for requests with a valid nonce alone. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_MIRROR_H
#define STORE_MIRROR_H

#include "store/grant.h"

enum {
    MIRROR_FRESH = 600,        /* seconds what was fetched is believed while the store is there */
    MIRROR_KEEPS = 24 * 3600,  /* and while it is not */
    MIRROR_NONE_FRESH = 2,     /* and that there is no such user */
    MIRROR_GRANTS_MAX = 65536, /* the least used are forgotten */
    MIRROR_SECRETS_MAX = 16,   /* of one realm: as many keys as can be tried */
};

enum mirror_known {
    MIRROR_KNOWN,
    MIRROR_KNOWN_NONE,   /* there is no such user */
    MIRROR_KNOWN_BROKEN, /* the store has something else in her place, or refuses */
    MIRROR_UNKNOWN,      /* ask the store */
};

enum mirror_scope {
    MIRROR_CREDENTIAL, /* one, by its id */
    MIRROR_USER,       /* all that was issued to a user, and her password */
    MIRROR_TENANT,     /* all that was issued in a tenant */
    MIRROR_PASSWORD,   /* sessions of a user of the store that began with an older password */
    MIRROR_SCOPES
};

/* What was taken back. */
struct mirror_revocation {
    enum mirror_scope scope;
    struct span value;  /* an id, a user, a tenant; borrowed */
    struct span tenant; /* of a credential: void in this one alone; empty: in whichever it is */
    struct wall at;     /* what was issued until then */
    struct wall until;  /* forgotten then; 0: never */
};

/* A secret that signs issued and time-limited credentials. */
struct mirror_secret {
    char key[17]; /* ticket_key's name for it; of coturn's 16 hex digits */
    struct wall created;
    struct wall retires; /* taken no longer from then on; 0: never */
    size_t size;
    uint8_t bytes[1024];
};

struct mirror;

/* mirror_new — knows nothing yet. Returns new, freed with mirror_free; NULL when memory is short.
 */
struct mirror *mirror_new(void);

/* mirror_free — wipe and free it; NULL is taken. */
void mirror_free(struct mirror *m);

/* Control thread. */

/* mirror_set_up — whether the store can be asked at present: else what is known is kept longer.
 * Never fails. */
void mirror_set_up(struct mirror *m, bool is_up);

/* mirror_begin, mirror_end — everything is read again: what of secrets and revocations is not put
 * between the two is forgotten, unless `keeps`; what was fetched before is fetched once more.
 * mirror_end returns whether a secret is gone. */
void mirror_begin(struct mirror *m);
bool mirror_end(struct mirror *m, bool keeps);

/* mirror_put_secret — a secret of a realm, copied; in place of one with its key, or of the oldest
 * where there are MIRROR_SECRETS_MAX. Returns false when memory is short or it is the oldest. */
bool mirror_put_secret(struct mirror *m, struct span realm, const struct mirror_secret *secret);

/* mirror_remove_secret — it is gone. Returns whether it was there. */
bool mirror_remove_secret(struct mirror *m, struct span realm, const char *key);

/* mirror_put_revocation — from now on what it says is void; copied. Returns whether it is news. */
bool mirror_put_revocation(struct mirror *m, struct span realm,
                           const struct mirror_revocation *revocation);

/* mirror_lift — a revocation is no more. Returns whether it was there. */
bool mirror_lift(struct mirror *m, struct span realm, enum mirror_scope scope, struct span value);

/* mirror_put_grant — what the store said of a name, or a user hash: a grant, copied, or (NULL) what
 * else. Memory being short it is fetched again. */
void mirror_put_grant(struct mirror *m, struct span realm, bool is_hash, struct span name,
                      const struct grant *grant, enum mirror_known what, struct mono now);

/* mirror_forget — whatever is known of a name, or a user hash, is no longer true. Never fails. */
void mirror_forget(struct mirror *m, struct span realm, bool is_hash, struct span name);

/* mirror_tidy — drop secrets whose time is over, and of the revocations a part: call it every
 * second. Returns whether a secret is gone. */
bool mirror_tidy(struct mirror *m, struct wall now);

/* mirror_each_secret — every secret of a realm with an index from 0 up, copied to *out. Returns
 * false behind the last. Any thread. */
bool mirror_each_secret(const struct mirror *m, struct span realm, size_t index,
                        struct mirror_secret *out);

/* mirror_each_revocation — every revocation of a realm, in no order. `tell`s under the lock: it
 * must not call the mirror. Control thread. */
void mirror_each_revocation(const struct mirror *m, struct span realm,
                            void (*tell)(void *context, const struct mirror_revocation *r),
                            void *context);

/* Any thread. */

/* mirror_find — what is known of a name or a user hash. Returns MIRROR_KNOWN with *out filled. */
enum mirror_known mirror_find(const struct mirror *m, struct span realm, bool is_hash,
                              struct span name, struct mono now, struct grant *out);

/* mirror_is_revoked — whether a credential of these rights, issued to that owner, is void. */
bool mirror_is_revoked(const struct mirror *m, struct span realm, struct span owner,
                       const struct rights *rights);

/* mirror_revoked_at — the last moment up to which what was issued to that owner, or in that tenant
 * (empty: in none), is void; 0 when nothing is. */
struct wall mirror_revoked_at(const struct mirror *m, struct span realm, struct span owner,
                              struct span tenant);

/* mirror_has_read — whether the store was read through once: before, a secret that is not here may
 * be there. */
bool mirror_has_read(const struct mirror *m);

struct mirror_counts {
    uint32_t grants, revocations, secrets;
};

/* mirror_counts — how much it holds. Any thread. */
struct mirror_counts mirror_counts(const struct mirror *m);

#endif
