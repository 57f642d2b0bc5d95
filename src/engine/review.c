/* review — what a reload or a revocation does to live allocations, a bounded part at a time. */
/* SPDX-License-Identifier: MIT */
#include "engine/review.h"

#include "base/secret.h"
#include "engine/allocation.h"
#include "engine/auth.h"
#include "engine/connect.h"

enum { STEP_RECORDS = 4 }; /* permissions or channels that count as one step */

/* review — what the keyring of today says of a kept user: false when it is gone and had no expiry;
 * a time-limited one whose secret is gone gets its realm's grace from now. */
static bool review(struct turn *t, uint32_t user, struct now now)
{
    struct user *u = user_at(&t->users, user);
    if (t->settings->realm[u->realm].is_gone) {
        return false;
    }
    const struct settings_realm *realm = &t->settings->realm[u->realm];
    char name[STUN_NAME_MAX + 1];
    struct keyring_found found = {.count = 0};
    struct keyring_query query = {
        .realm = u->realm,
        .algorithm = u->algorithm,
        .name = {(const uint8_t *)name, user_name(&t->users, user, name)},
        .realm_name = {(const uint8_t *)realm->name, realm->name_size},
    };
    const struct keyring *k = t->host->keyring;
    enum keyring_answer answer = k->find(k->context, &query, t->host->digest, &found);
    bool has_key = answer == KEYRING_LATER || answer == KEYRING_DOWN;
    for (size_t i = 0; i < found.count; i++) {
        const struct stun_key *key = &found.entry[i].key;
        has_key = has_key || (key->size == u->key.size &&
                              secret_is_equal(key->bytes, u->key.bytes, key->size));
    }
    secret_wipe(&found, sizeof(found));
    if (answer == KEYRING_REVOKED) {
        return false;
    }
    if (has_key) {
        u->until = auth_until(realm, u->expires); /* the bound may have been moved */
        return u->until.s == 0 || now.wall.s < u->until.s;
    }
    if (u->expires.s != 0) {
        struct wall until = auth_until(realm, now.wall);
        u->until = until.s < u->until.s ? until : u->until;
        return now.wall.s < u->until.s;
    }
    return has_key;
}

bool review_is_live(const struct turn *t, uint32_t flow)
{
    return (flow_at(&t->flows, flow)->link.generation & 1) != 0;
}

/* keep_bound — have an allocation end no later than its user's credential lets it. */
static void keep_bound(struct turn *t, uint32_t flow, struct now now)
{
    const struct user *u = user_at(&t->users, allocation_at(t, flow)->user);
    if (u->until.s == 0) {
        return;
    }
    enum { LONGEST = 7 * 86400 }; /* seconds: no lifetime is as long, and the sum below fits */
    int64_t left = u->until.s > now.wall.s ? u->until.s - now.wall.s : 0;
    if (left > LONGEST) {
        return;
    }
    struct mono last = mono_add_s(now.mono, (uint64_t)left);
    for (int i = 0; i < FLOW_FAMILIES; i++) {
        if (mono_is_before(last, flow_at(&t->flows, flow)->deadline[i])) {
            flow_extend(&t->flows, flow, (enum netaddr_family)(i + 1), last);
        }
    }
    allocation_schedule(t, flow, now.mono);
}

uint32_t review_steps(const struct turn *t, uint32_t flow)
{
    const struct flow *f = flow_at(&t->flows, flow);
    return 1 + ((uint32_t)f->permit_count + f->channel_count) / STEP_RECORDS;
}

/* look_again — ask the keyring about the user of one allocation. */
static void look_again(struct turn *t, uint32_t flow, struct now now)
{
    if (review(t, allocation_at(t, flow)->user, now)) {
        keep_bound(t, flow, now);
        connect_review(t, flow, now);
    } else {
        allocation_end(t, flow, TURN_REASON_USER, now);
    }
}

/* review_users — go on with what review_all began; true when it is done. */
static bool review_users(struct turn *t, uint32_t *steps, struct now now)
{
    while (*steps < REVIEW_STEPS && t->review_next < t->review_end) {
        uint32_t flow = t->review_next++;
        *steps += 1;
        if (review_is_live(t, flow)) {
            *steps += review_steps(t, flow);
            look_again(t, flow, now);
        }
    }
    return t->review_next >= t->review_end;
}

void review_all(struct turn *t)
{
    t->review_next = 0;
    t->review_end = t->flows.flows.touched;
}

/* Revocations. */

static struct turn_revoking *revoking_at(const struct turn *t, uint32_t i)
{
    return (struct turn_revoking *)(void *)t->revoking_memory.base + i;
}

/* is_of_account — whether what a user may not have any more is what was revoked. */
static bool is_of_account(const struct turn *t, uint32_t user, const struct turn_revoking *r)
{
    const struct user_rights *rights = user_rights(&t->users, user);
    switch (r->revocation.kind) {
    case TURN_ACCOUNT_TENANT:
        return rights && rights->tenant == r->account;
    case TURN_ACCOUNT_CREDENTIAL:
        return rights && rights->credential == r->account;
    default:
        return user_at(&t->users, user)->account == r->account;
    }
}

static bool is_revoked(const struct turn *t, uint32_t user, const struct turn_revoking *r)
{
    const struct user *u = user_at(&t->users, user);
    const struct user_rights *rights = user_rights(&t->users, user);
    struct wall issued = rights ? rights->rights.issued : (struct wall){0};
    if (u->realm != r->revocation.realm || issued.s > r->revocation.issued_by.s) {
        return false;
    }
    if (r->revocation.what == TURN_REVOKED_ACCOUNT) {
        return is_of_account(t, user, r);
    }
    struct span name = {(const uint8_t *)r->revocation.name, r->revocation.name_size};
    return u->hash == r->hash && user_is_named(&t->users, user, u->realm, name);
}

/* carry_out — go on with one revocation; true when it is done. */
static bool carry_out(struct turn *t, struct turn_revoking *r, uint32_t *steps, struct now now)
{
    while (*steps < REVIEW_STEPS && r->next < r->end) {
        uint32_t flow = r->next++;
        *steps += 1;
        if (review_is_live(t, flow) && is_revoked(t, allocation_at(t, flow)->user, r)) {
            *steps += review_steps(t, flow);
            allocation_end(t, flow, TURN_REASON_REVOKED, now);
        }
    }
    return r->next >= r->end;
}

bool review_some(struct turn *t, struct now now)
{
    uint32_t steps = 0;
    while (t->revoking > 0) {
        if (!carry_out(t, revoking_at(t, 0), &steps, now)) {
            return false;
        }
        t->revoking--;
        memmove(revoking_at(t, 0), revoking_at(t, 1), t->revoking * sizeof(struct turn_revoking));
    }
    return review_users(t, &steps, now);
}

void review_revoke(struct turn *t, const struct turn_revocation *revocation, struct now now)
{
    struct turn_revoking fresh = {.revocation = *revocation, .end = t->flows.flows.touched};
    struct span name = {(const uint8_t *)fresh.revocation.name, revocation->name_size};
    fresh.account = auth_account(t->host, revocation->realm, revocation->kind, name);
    fresh.hash = user_hash(&t->users, name);
    struct table_probe probe;
    if (revocation->what == TURN_REVOKED_NAME &&
        table_first(&t->users.by_name, fresh.hash, &probe) == TABLE_NONE) {
        return; /* nobody of that name is here */
    }
    size_t room = TURN_REVOCATIONS_MAX * sizeof(struct turn_revoking);
    bool has_place = t->revoking < TURN_REVOCATIONS_MAX && region_reach(&t->revoking_memory, room);
    if (has_place) {
        *revoking_at(t, t->revoking++) = fresh;
    } else if (revocation->what == TURN_REVOKED_ACCOUNT) {
        review_all(t); /* one look at all does for any number of them: the keyring knows */
    } else {           /* of who logged in with an older password it does not */
        uint32_t steps = 0;
        while (!carry_out(t, &fresh, &steps, now)) {
            steps = 0;
        }
    }
}
