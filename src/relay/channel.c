/* channel — a channel binding: one flow, one number, one peer. */
/* SPDX-License-Identifier: MIT */
#include "relay/channel.h"

#include "relay/permit.h"

uint32_t channel_hash(const struct flow_table *t, const struct path *path, struct channel_no number)
{
    uint64_t words[5] = {[4] = number.value};
    memcpy(words, path, sizeof(*path));
    return (uint32_t)siphash_words(&t->key, words, 5);
}

uint32_t channel_peer_hash(const struct flow_table *t, uint32_t endpoint,
                           const struct peer_addr *peer)
{
    uint64_t words[3] = {
        (uint64_t)endpoint << 32 | (uint32_t)peer->a.family << 16 | peer->a.port,
    };
    memcpy(words + 1, peer->a.ip, sizeof(peer->a.ip));
    return (uint32_t)siphash_words(&t->key, words, 3);
}

uint32_t channel_find(const struct flow_table *t, uint32_t hash, const struct path *path,
                      struct channel_no number)
{
    struct table_probe probe;
    uint32_t i = table_first(&t->by_number, hash, &probe);
    for (; i != TABLE_NONE; i = table_next(&t->by_number, &probe)) {
        const struct channel *c = channel_at(t, i);
        if (c->number.value == number.value && path_is_equal(&flow_at(t, c->flow)->path, path)) {
            return i;
        }
    }
    return CHANNEL_NONE;
}

static uint32_t endpoint_of(const struct flow_table *t, const struct channel *c)
{
    return flow_at(t, c->flow)->endpoint[c->peer.a.family - 1];
}

uint32_t channel_find_peer(const struct flow_table *t, uint32_t hash, uint32_t endpoint,
                           const struct peer_addr *peer)
{
    struct table_probe probe;
    uint32_t i = table_first(&t->by_peer, hash, &probe);
    for (; i != TABLE_NONE; i = table_next(&t->by_peer, &probe)) {
        const struct channel *c = channel_at(t, i);
        if (netaddr_is_equal(&c->peer.a, &peer->a) && endpoint_of(t, c) == endpoint) {
            return i;
        }
    }
    return CHANNEL_NONE;
}

/* hashes_of — both hashes a channel is filed under. */
static void hashes_of(const struct flow_table *t, const struct channel *c, uint32_t *number,
                      uint32_t *peer)
{
    *number = channel_hash(t, &flow_at(t, c->flow)->path, c->number);
    *peer = channel_peer_hash(t, endpoint_of(t, c), &c->peer);
}

uint32_t channel_add(struct flow_table *t, uint32_t permit, const struct peer_addr *peer,
                     struct channel_no number, struct mono deadline)
{
    uint32_t index;
    struct channel *c = slab_take(&t->channels, &index);
    if (!c) {
        return CHANNEL_NONE;
    }
    struct permit *p = permit_at(t, permit);
    c->flow = p->flow;
    c->peer = *peer;
    c->number = number;
    c->scope = p->scope;
    c->own = p->own;
    c->policy = p->policy;
    c->permit = permit;
    uint32_t by_number;
    uint32_t by_peer;
    hashes_of(t, c, &by_number, &by_peer);
    if (!table_add(&t->by_number, by_number, index)) {
        slab_give(&t->channels, index);
        return CHANNEL_NONE;
    }
    if (!table_add(&t->by_peer, by_peer, index)) {
        table_remove(&t->by_number, by_number, index);
        slab_give(&t->channels, index);
        return CHANNEL_NONE;
    }
    struct flow *f = flow_at(t, c->flow);
    c->next = f->channels;
    f->channels = index;
    f->channel_count++;
    p->channels++;
    channel_extend(t, index, deadline);
    return index;
}

void channel_extend(struct flow_table *t, uint32_t channel, struct mono deadline)
{
    struct channel *c = channel_at(t, channel);
    struct permit *p = permit_at(t, c->permit);
    c->deadline = deadline;
    p->deadline = mono_max(p->deadline, deadline);
}

static void unlink_at(struct flow_table *t, struct flow *f, uint32_t *from)
{
    uint32_t index = *from;
    struct channel *c = channel_at(t, index);
    uint32_t by_number;
    uint32_t by_peer;
    hashes_of(t, c, &by_number, &by_peer);
    table_remove(&t->by_number, by_number, index);
    table_remove(&t->by_peer, by_peer, index);
    *from = c->next;
    f->channel_count--;
    permit_at(t, c->permit)->channels--;
    slab_give(&t->channels, index);
}

void channel_drop(struct flow_table *t, uint32_t flow, enum netaddr_family family, struct mono now)
{
    struct flow *f = flow_at(t, flow);
    for (uint32_t *from = &f->channels; *from != SLAB_NONE;) {
        struct channel *c = channel_at(t, *from);
        bool fits = (family == NETADDR_NONE || c->peer.a.family == family) &&
                    !mono_is_before(now, c->deadline);
        if (fits) {
            unlink_at(t, f, from);
        } else {
            from = &c->next;
        }
    }
}

void channel_drop_host(struct flow_table *t, uint32_t permit)
{
    struct flow *f = flow_at(t, permit_at(t, permit)->flow);
    for (uint32_t *from = &f->channels; *from != SLAB_NONE;) {
        if (channel_at(t, *from)->permit == permit) {
            unlink_at(t, f, from);
        } else {
            from = &channel_at(t, *from)->next;
        }
    }
}
