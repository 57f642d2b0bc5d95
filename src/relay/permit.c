/* permit — a permission: one flow, one peer host, any port. */
/* SPDX-License-Identifier: MIT */
#include "relay/permit.h"

uint32_t permit_hash(const struct flow_table *t, uint32_t flow, const struct netaddr *peer)
{
    uint64_t words[3] = {(uint64_t)peer->family << 32 | flow};
    memcpy(words + 1, peer->ip, sizeof(peer->ip));
    return (uint32_t)siphash_words(&t->key, words, 3);
}

uint32_t permit_find(const struct flow_table *t, uint32_t flow, const struct netaddr *peer)
{
    struct table_probe probe;
    uint32_t i = table_first(&t->by_host, permit_hash(t, flow, peer), &probe);
    for (; i != TABLE_NONE; i = table_next(&t->by_host, &probe)) {
        const struct permit *p = permit_at(t, i);
        if (p->flow == flow && netaddr_is_same_host(&p->host, peer)) {
            return i;
        }
    }
    return PERMIT_NONE;
}

uint32_t permit_add(struct flow_table *t, uint32_t flow, const struct permit *like,
                    struct mono deadline)
{
    uint32_t index;
    struct permit *p = slab_take(&t->permits, &index);
    if (!p) {
        return PERMIT_NONE;
    }
    if (!table_add(&t->by_host, permit_hash(t, flow, &like->host), index)) {
        slab_give(&t->permits, index);
        return PERMIT_NONE;
    }
    struct flow *f = flow_at(t, flow);
    p->flow = flow;
    p->next = f->permits;
    p->deadline = deadline;
    p->host = like->host;
    p->host.port = 0;
    p->scope = like->scope;
    p->own = like->own;
    p->policy = like->policy;
    f->permits = index;
    f->permit_count++;
    return index;
}

static void unlink_at(struct flow_table *t, struct flow *f, uint32_t *from)
{
    uint32_t index = *from;
    struct permit *p = permit_at(t, index);
    *from = p->next;
    f->permit_count--;
    table_remove(&t->by_host, permit_hash(t, p->flow, &p->host), index);
    slab_give(&t->permits, index);
}

void permit_drop(struct flow_table *t, uint32_t flow, enum netaddr_family family, struct mono now)
{
    struct flow *f = flow_at(t, flow);
    for (uint32_t *from = &f->permits; *from != SLAB_NONE;) {
        struct permit *p = permit_at(t, *from);
        bool fits = (family == NETADDR_NONE || p->host.family == family) && p->channels == 0 &&
                    !mono_is_before(now, p->deadline);
        if (fits) {
            unlink_at(t, f, from);
        } else {
            from = &p->next;
        }
    }
}

void permit_drop_one(struct flow_table *t, uint32_t permit)
{
    struct flow *f = flow_at(t, permit_at(t, permit)->flow);
    uint32_t *from = &f->permits;
    while (*from != permit) {
        from = &permit_at(t, *from)->next;
    }
    unlink_at(t, f, from);
}
