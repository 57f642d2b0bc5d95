/* peer_connection — the TCP connections between relayed addresses and peers. */
/* SPDX-License-Identifier: MIT */
#include "engine/peer_connection.h"

#include "engine/allocation.h"

bool peer_connection_init(struct turn *t, uint32_t capacity)
{
    return slab_init(&t->peers, t->host->memory, sizeof(struct peer_connection), capacity) &&
           table_init(&t->peer_by_id, t->host->memory, capacity);
}

void peer_connection_fini(struct turn *t)
{
    slab_fini(&t->peers);
    table_fini(&t->peer_by_id);
}

/* hash_of — ids are random already. */
static uint32_t hash_of(uint32_t id)
{
    return id * UINT32_C(0x9e3779b1);
}

uint32_t peer_connection_of(const struct turn *t, uint32_t id)
{
    struct table_probe probe;
    uint32_t link = table_first(&t->peer_by_id, hash_of(id), &probe);
    while (link != TABLE_NONE && peer_connection_at(t, link)->id != id) {
        link = table_next(&t->peer_by_id, &probe);
    }
    return link == TABLE_NONE ? PEER_CONNECTION_NONE : link;
}

/* fresh_id — random but for the worker's number, never 0 and not in use. */
static uint32_t fresh_id(const struct turn *t)
{
    uint32_t id;
    do {
        t->host->entropy->fill(t->host->entropy->context, &id, sizeof(id));
        id = id >> (32 - PEER_CONNECTION_WORKER_SHIFT) | (uint32_t)t->host->worker
                                                             << PEER_CONNECTION_WORKER_SHIFT;
    } while (id == 0 || peer_connection_of(t, id) != PEER_CONNECTION_NONE);
    return id;
}

uint32_t peer_connection_add(struct turn *t, uint32_t flow, const struct peer_addr *peer,
                             enum peer_connection_state state)
{
    struct allocation *a = allocation_at(t, flow);
    uint8_t realm = user_at(&t->users, a->user)->realm;
    uint32_t link;
    if (a->peer_count >= t->settings->realm[realm].channels_max) {
        return PEER_CONNECTION_NONE;
    }
    struct peer_connection *p = slab_take(&t->peers, &link);
    if (!p) {
        return PEER_CONNECTION_NONE;
    }
    p->id = fresh_id(t);
    if (!table_add(&t->peer_by_id, hash_of(p->id), link)) {
        slab_give(&t->peers, link);
        return PEER_CONNECTION_NONE;
    }
    p->flow = flow;
    p->peer = *peer;
    p->state = (uint8_t)state;
    p->next = a->peers;
    a->peers = link;
    a->peer_count++;
    return link;
}

uint32_t peer_connection_find(const struct turn *t, uint32_t flow, const struct peer_addr *peer)
{
    uint32_t link = allocation_at(t, flow)->peers;
    while (link != PEER_CONNECTION_NONE &&
           !netaddr_is_equal(&peer_connection_at(t, link)->peer.a, &peer->a)) {
        link = peer_connection_at(t, link)->next;
    }
    return link;
}

void peer_connection_forget(struct turn *t, uint32_t link)
{
    const struct peer_connection *p = peer_connection_at(t, link);
    struct allocation *a = allocation_at(t, p->flow);
    uint32_t *at = &a->peers;
    while (*at != link) {
        at = &peer_connection_at(t, *at)->next;
    }
    *at = p->next;
    a->peer_count--;
    (void)table_remove(&t->peer_by_id, hash_of(p->id), link);
    slab_give(&t->peers, link);
}

void peer_connection_drop(struct turn *t, uint32_t flow, enum netaddr_family family)
{
    const struct turn_host *h = t->host;
    uint32_t next;
    for (uint32_t link = allocation_at(t, flow)->peers; link != PEER_CONNECTION_NONE; link = next) {
        const struct peer_connection *p = peer_connection_at(t, link);
        next = p->next;
        if (family == NETADDR_NONE || p->peer.a.family == family) {
            h->disconnect(h->context, p->number);
            peer_connection_forget(t, link);
        }
    }
}
