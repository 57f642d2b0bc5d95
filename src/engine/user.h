/* user — the names and keys that live allocations belong to, each kept once.
 * Pure. Belongs to one worker. */
/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_USER_H
#define ENGINE_USER_H

#include "base/mono.h"
#include "base/siphash.h"
#include "base/slab.h"
#include "base/table.h"
#include "wire/stun_integrity.h"
#include "engine/rights.h"

#define USER_NONE UINT32_MAX

enum { USER_NAME_INLINE = 48 }; /* bytes of a name that need no second record */

struct user {
    struct slab_link link;
    uint32_t references;
    uint32_t hash;
    struct wall expires; /* of the credential; 0: never */
    struct wall until;   /* last moment its allocations may reach; 0: no bound */
    uint64_t account;    /* what quotas count by */
    struct stun_key key;
    uint8_t algorithm; /* STUN_ALGORITHM_ of the key */
    uint8_t realm;
    uint16_t name_size;
    uint32_t more;   /* slab index of the rest of a long name, or USER_NONE */
    uint32_t rights; /* slab index of its user_rights; USER_NONE: plain ones */
    char name[USER_NAME_INLINE];
};

/* What only issued credentials and users of the store have. */
struct user_rights {
    struct slab_link link;
    uint64_t tenant, credential; /* accounts that quotas count by, 0: none */
    struct rights rights;
};

struct user_table {
    struct slab users;
    struct slab rights; /* struct user_rights */
    struct slab tails;  /* rests of long names */
    struct table by_name;
    struct siphash_key key;
};

/* What is known of a user before it is kept. */
struct user_facts {
    struct span name; /* borrowed; up to STUN_NAME_MAX bytes */
    const struct stun_key *key;
    struct wall expires;
    struct wall until;
    uint64_t account;
    uint8_t algorithm;
    uint8_t realm;
    const struct rights *rights;
    uint64_t tenant, credential; /* as struct user_rights has them */
};

/* user_table_init — an empty table for `capacity` users; `memory` borrowed. Returns false when
 * memory is short. */
bool user_table_init(struct user_table *t, const struct memory *memory, struct siphash_key key,
                     uint32_t capacity);

/* user_table_fini — release everything. Never fails. */
void user_table_fini(struct user_table *t);

/* user_take — a reference to the user with these facts, kept now if it was not; facts other than
 * name, realm, algorithm, key and accounts are brought up to date. Returns its index, to be given
 * back with user_give; USER_NONE when memory is short. */
uint32_t user_take(struct user_table *t, const struct user_facts *facts);

/* user_give — give one reference back; the last one forgets the user. Never fails. */
void user_give(struct user_table *t, uint32_t user);

/* user_name — copy the name, NUL-terminated, into `out`. Returns its size. Never fails. */
size_t user_name(const struct user_table *t, uint32_t user, char out[STUN_NAME_MAX + 1]);

/* user_is_named — whether that is the user's name in that realm. Never fails. */
bool user_is_named(const struct user_table *t, uint32_t user, uint8_t realm, struct span name);

/* user_hash — what names are filed by: users with different hashes have different names. Never
 * fails. */
uint32_t user_hash(const struct user_table *t, struct span name);

/* user_prefetch — ask the cache for where a name is looked up. Never fails. */
void user_prefetch(const struct user_table *t, struct span name);

/* user_at — the live user at an index, borrowed. Never fails. */
static inline struct user *user_at(const struct user_table *t, uint32_t index)
{
    return slab_at(&t->users, index);
}

/* user_rights — what a live user has beyond plain rights, borrowed. Returns NULL for nothing. */
static inline const struct user_rights *user_rights(const struct user_table *t, uint32_t index)
{
    uint32_t rights = user_at(t, index)->rights;
    return rights == USER_NONE ? NULL : slab_at(&t->rights, rights);
}

#endif
