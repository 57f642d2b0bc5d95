/* prefetch — what a request will read and write once it is authentic. */
/* SPDX-License-Identifier: MIT */
#include "engine/prefetch.h"

#include "relay/channel.h"
#include "relay/permit.h"
#include "engine/allocation.h"

/* new_allocation — the records that the next one gets. */
static void new_allocation(const struct turn *t, const struct request *rq)
{
    const struct slab *flows = &t->flows.flows;
    slab_prefetch(flows);
    slab_prefetch(&t->users.users);
    if (flows->free != SLAB_NONE) {
        const uint8_t *record = (const uint8_t *)allocation_at(t, flows->free);
        __builtin_prefetch(record, 1);
        __builtin_prefetch(record + sizeof(struct allocation) / 2, 1);
        __builtin_prefetch(record + sizeof(struct allocation) - 1, 1);
    }
    user_prefetch(&t->users, stun_message_value(&rq->message, STUN_KNOWN_USERNAME));
}

static void new_permit(const struct turn *t, const struct request *rq, const struct netaddr *peer)
{
    table_prefetch(&t->flows.by_host, permit_hash(&t->flows, rq->flow, peer));
    slab_prefetch(&t->flows.permits);
}

static void new_channel(const struct turn *t, const struct request *rq,
                        const struct peer_addr *peer)
{
    uint32_t word;
    if (!stun_message_u32(&rq->message, STUN_KNOWN_CHANNEL_NUMBER, &word)) {
        return;
    }
    const struct flow_table *flows = &t->flows;
    struct channel_no number = {(uint16_t)(word >> 16)};
    uint32_t endpoint = flow_at(flows, rq->flow)->endpoint[peer->a.family - 1];
    table_prefetch(&flows->by_number, channel_hash(flows, rq->path, number));
    table_prefetch(&flows->by_peer, channel_peer_hash(flows, endpoint, peer));
    slab_prefetch(&flows->channels);
}

void prefetch_request(const struct turn *t, const struct request *rq)
{
    struct peer_addr peer;
    if (rq->flow == FLOW_NONE) {
        if (rq->message.method == STUN_ALLOCATE) {
            new_allocation(t, rq);
        }
        return;
    }
    if (stun_message_address(&rq->message, STUN_KNOWN_XOR_PEER_ADDRESS, &peer.a)) {
        new_permit(t, rq, &peer.a);
        new_channel(t, rq, &peer);
    }
}
