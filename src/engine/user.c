/* user — the names and keys that live allocations belong to, each kept once. */
/* SPDX-License-Identifier: MIT */
#include "engine/user.h"

#include <string.h>

#include "base/secret.h"

/* The rest of a name longer than USER_NAME_INLINE. */
struct tail {
    struct slab_link link;
    char name[STUN_NAME_MAX - USER_NAME_INLINE];
};

bool user_table_init(struct user_table *t, const struct memory *memory, struct siphash_key key,
                     uint32_t capacity)
{
    *t = (struct user_table){.key = key};
    if (slab_init(&t->users, memory, sizeof(struct user), capacity) &&
        slab_init(&t->tails, memory, sizeof(struct tail), capacity) &&
        slab_init(&t->rights, memory, sizeof(struct user_rights), capacity) &&
        table_init(&t->by_name, memory, capacity)) {
        return true;
    }
    user_table_fini(t);
    return false;
}

void user_table_fini(struct user_table *t)
{
    slab_fini(&t->users);
    slab_fini(&t->tails);
    slab_fini(&t->rights);
    table_fini(&t->by_name);
}

static size_t inline_part(size_t size)
{
    return size < USER_NAME_INLINE ? size : USER_NAME_INLINE;
}

bool user_is_named(const struct user_table *t, uint32_t user, uint8_t realm, struct span name)
{
    const struct user *u = user_at(t, user);
    size_t head = inline_part(name.size);
    if (u->realm != realm || u->name_size != name.size || memcmp(u->name, name.bytes, head) != 0) {
        return false;
    }
    if (name.size == head) {
        return true;
    }
    const struct tail *tail = slab_at(&t->tails, u->more);
    return memcmp(tail->name, name.bytes + head, name.size - head) == 0;
}

size_t user_name(const struct user_table *t, uint32_t user, char out[STUN_NAME_MAX + 1])
{
    const struct user *u = user_at(t, user);
    size_t head = inline_part(u->name_size);
    memcpy(out, u->name, head);
    if (u->name_size > head) {
        const struct tail *tail = slab_at(&t->tails, u->more);
        memcpy(out + head, tail->name, u->name_size - head);
    }
    out[u->name_size] = '\0';
    return u->name_size;
}

/* is_counted_by — whether the allocations of a user are counted by what the facts say. They must be
 * given back to whom they were taken from, so this never changes of a user that is kept. */
static bool is_counted_by(const struct user_table *t, const struct user *u,
                          const struct user_facts *facts)
{
    const struct user_rights *r = u->rights == USER_NONE ? NULL : slab_at(&t->rights, u->rights);
    return u->account == facts->account && (r ? r->tenant : 0) == facts->tenant &&
           (r ? r->credential : 0) == facts->credential;
}

static bool has_key(const struct user *u, const struct user_facts *facts)
{
    return u->algorithm == facts->algorithm && u->key.size == facts->key->size &&
           secret_is_equal(u->key.bytes, facts->key->bytes, u->key.size);
}

static bool set_name(struct user_table *t, struct user *u, struct span name)
{
    size_t head = inline_part(name.size);
    u->name_size = (uint16_t)name.size;
    u->more = USER_NONE;
    memcpy(u->name, name.bytes, head);
    if (name.size > head) {
        struct tail *tail = slab_take(&t->tails, &u->more);
        if (!tail) {
            u->more = USER_NONE;
            return false;
        }
        memcpy(tail->name, name.bytes + head, name.size - head);
    }
    return true;
}

static void forget(struct user_table *t, uint32_t index)
{
    struct user *u = user_at(t, index);
    if (u->more != USER_NONE) {
        slab_give(&t->tails, u->more);
    }
    if (u->rights != USER_NONE) {
        slab_give(&t->rights, u->rights);
    }
    secret_wipe(&u->key, sizeof(u->key));
    slab_give(&t->users, index);
}

/* set_rights — keep what the facts say; false when memory is short. */
static bool set_rights(struct user_table *t, struct user *u, const struct user_facts *facts)
{
    bool is_plain = !facts->rights || rights_are_plain(facts->rights);
    if (u->rights != USER_NONE && is_plain) {
        slab_give(&t->rights, u->rights);
        u->rights = USER_NONE;
    }
    if (is_plain) {
        return true;
    }
    bool is_fresh = u->rights == USER_NONE;
    struct user_rights *r =
        is_fresh ? slab_take(&t->rights, &u->rights) : slab_at(&t->rights, u->rights);
    if (!r) {
        u->rights = USER_NONE;
        return false;
    }
    r->rights = *facts->rights;
    r->tenant = facts->tenant;
    r->credential = facts->credential;
    return true;
}

static uint32_t add(struct user_table *t, const struct user_facts *facts, uint32_t hash)
{
    uint32_t index;
    struct user *u = slab_take(&t->users, &index);
    if (!u) {
        return USER_NONE;
    }
    u->hash = hash;
    u->key = *facts->key;
    u->algorithm = facts->algorithm;
    u->realm = facts->realm;
    u->account = facts->account;
    u->rights = USER_NONE;
    if (!set_name(t, u, facts->name) || !set_rights(t, u, facts) ||
        !table_add(&t->by_name, hash, index)) {
        forget(t, index);
        return USER_NONE;
    }
    return index;
}

uint32_t user_hash(const struct user_table *t, struct span name)
{
    return (uint32_t)siphash(&t->key, name.bytes, name.size);
}

void user_prefetch(const struct user_table *t, struct span name)
{
    table_prefetch(&t->by_name, user_hash(t, name));
}

uint32_t user_take(struct user_table *t, const struct user_facts *facts)
{
    uint32_t hash = user_hash(t, facts->name);
    struct table_probe probe;
    uint32_t index = table_first(&t->by_name, hash, &probe);
    while (index != TABLE_NONE &&
           !(user_is_named(t, index, facts->realm, facts->name) &&
             has_key(user_at(t, index), facts) && is_counted_by(t, user_at(t, index), facts))) {
        index = table_next(&t->by_name, &probe);
    }
    if (index == TABLE_NONE) {
        index = add(t, facts, hash);
    }
    if (index != USER_NONE) {
        struct user *u = user_at(t, index);
        (void)set_rights(t, u, facts); /* the old ones stay where memory is short */
        u->references++;
        u->expires = facts->expires;
        u->until = facts->until;
    }
    return index;
}

void user_give(struct user_table *t, uint32_t user)
{
    struct user *u = user_at(t, user);
    if (--u->references == 0) {
        table_remove(&t->by_name, u->hash, user);
        forget(t, user);
    }
}
