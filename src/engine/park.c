/* park — requests that wait for a key. */
/* SPDX-License-Identifier: MIT */
#include "engine/park.h"

#include "base/prefix.h"

static struct parking *parking_of(const struct turn *t)
{
    return (struct parking *)(void *)t->parking_memory.base;
}

static bool is_committed(const struct turn *t)
{
    return t->parking_memory.committed >= sizeof(struct parking);
}

static bool is_same_prefix(const struct netaddr *a, const struct netaddr *b)
{
    unsigned bits = a->family == NETADDR_IPV4 ? LIMITER_PREFIX_IPV4 : LIMITER_PREFIX_IPV6;
    struct prefix prefix = prefix_of(a, bits);
    return prefix_has(&prefix, b);
}

static bool is_retransmission(const struct park_place *p, const struct request *rq)
{
    return p->size == rq->message.size && path_is_equal(&p->path, rq->path) &&
           memcmp(p->bytes, rq->message.bytes, p->size) == 0;
}

bool park_put(struct turn *t, const struct request *rq, struct span name)
{
    const struct stun_message *m = &rq->message;
    struct park_place *free = NULL;
    int neighbours = 0;
    if (m->size > STUN_MESSAGE_MAX || !region_reach(&t->parking_memory, sizeof(struct parking))) {
        return false;
    }
    struct parking *parking = parking_of(t);
    for (int i = 0; i < TURN_PARKED_MAX; i++) {
        struct park_place *p = &parking->place[i];
        if (!p->is_used) {
            free = free ? free : p;
        } else if (is_retransmission(p, rq)) {
            return true;
        } else if (is_same_prefix(&p->path.client.a, &rq->path->client.a)) {
            neighbours++;
        }
    }
    if (!free || neighbours >= PARK_PER_PREFIX) {
        return false;
    }
    *free = (struct park_place){
        .is_used = true,
        .realm = rq->realm,
        .size = (uint16_t)m->size,
        .path = *rq->path,
        .until = rq->park_until.ns ? rq->park_until : mono_add_s(rq->now.mono, PARK_WAIT),
        .account = rq->awaits,
        .name_at = (uint16_t)(name.bytes - m->bytes),
        .name_size = (uint16_t)name.size,
    };
    memcpy(free->bytes, m->bytes, m->size);
    parking->used++;
    return true;
}

static void vacate(struct parking *parking, struct park_place *p)
{
    p->is_used = false;
    parking->used--;
}

static void take(struct parking *parking, struct park_place *p, struct park_place *out)
{
    *out = *p;
    vacate(parking, p);
}

bool park_take(struct turn *t, uint8_t realm, struct span name, struct park_place *out)
{
    struct parking *parking = parking_of(t);
    if (!is_committed(t)) {
        return false;
    }
    for (int i = 0; i < TURN_PARKED_MAX; i++) {
        struct park_place *p = &parking->place[i];
        struct span own = {p->bytes + p->name_at, p->name_size};
        if (p->is_used && p->account == 0 && p->realm == realm && span_is_equal(own, name)) {
            take(parking, p, out);
            return true;
        }
    }
    return false;
}

bool park_take_account(struct turn *t, uint64_t account, struct park_place *out)
{
    struct parking *parking = parking_of(t);
    if (!is_committed(t)) {
        return false;
    }
    for (int i = 0; i < TURN_PARKED_MAX; i++) {
        struct park_place *p = &parking->place[i];
        if (p->is_used && p->account == account) {
            take(parking, p, out);
            return true;
        }
    }
    return false;
}

bool park_take_late(struct turn *t, struct mono now, struct park_place *out)
{
    struct parking *parking = parking_of(t);
    if (!is_committed(t) || parking->used == 0) {
        return false;
    }
    for (int i = 0; i < TURN_PARKED_MAX; i++) {
        struct park_place *p = &parking->place[i];
        if (p->is_used && !mono_is_before(now, p->until)) {
            take(parking, p, out);
            return true;
        }
    }
    return false;
}

bool park_has(const struct turn *t, const struct path *path)
{
    const struct parking *parking = parking_of(t);
    bool has = false;
    if (is_committed(t) && parking->used > 0) {
        for (int i = 0; i < TURN_PARKED_MAX && !has; i++) {
            const struct park_place *p = &parking->place[i];
            has = p->is_used && path_is_equal(&p->path, path);
        }
    }
    return has;
}

void park_forget(struct turn *t, const struct path *path)
{
    struct parking *parking = parking_of(t);
    if (!is_committed(t) || parking->used == 0) {
        return;
    }
    for (int i = 0; i < TURN_PARKED_MAX; i++) {
        struct park_place *p = &parking->place[i];
        if (p->is_used && path_is_equal(&p->path, path)) {
            vacate(parking, p);
        }
    }
}

struct mono park_next(const struct turn *t)
{
    struct mono next = {0};
    if (!is_committed(t) || parking_of(t)->used == 0) {
        return next;
    }
    for (int i = 0; i < TURN_PARKED_MAX; i++) {
        const struct park_place *p = &parking_of(t)->place[i];
        if (p->is_used && (next.ns == 0 || mono_is_before(p->until, next))) {
            next = p->until;
        }
    }
    return next;
}
