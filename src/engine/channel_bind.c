/* channel_bind — the ChannelBind request. */
/* SPDX-License-Identifier: MIT */
#include "engine/channel_bind.h"

#include "relay/channel.h"
#include "relay/permit.h"
#include "engine/allocation.h"
#include "engine/permission.h"

/* read_binding — number and peer; 12.2: both there, the number in range. */
static int read_binding(const struct turn *t, const struct request *rq, struct channel_no *number,
                        struct peer_addr *peer)
{
    uint32_t word; /* number, then 16 bits to be ignored */
    if (!stun_message_u32(&rq->message, STUN_KNOWN_CHANNEL_NUMBER, &word) ||
        !stun_message_address(&rq->message, STUN_KNOWN_XOR_PEER_ADDRESS, &peer->a)) {
        return -REFUSAL_BAD_REQUEST;
    }
    number->value = (uint16_t)(word >> 16);
    bool is_in_range = number->value >= CHANNEL_MIN && number->value <= t->settings->channel_last;
    return is_in_range ? 0 : -REFUSAL_BAD_REQUEST;
}

/* find_both — the channels that the number and the peer are bound to at present; one whose time is
 * over is dropped and counts as none. */
static void find_both(struct turn *t, const struct request *rq, struct channel_no number,
                      const struct peer_addr *peer, uint32_t *by_number, uint32_t *by_peer)
{
    struct flow_table *flows = &t->flows;
    uint32_t endpoint = flow_at(flows, rq->flow)->endpoint[peer->a.family - 1];
    for (int try = 0; try < 2; try++) {
        *by_number = channel_find(flows, channel_hash(flows, rq->path, number), rq->path, number);
        *by_peer =
            channel_find_peer(flows, channel_peer_hash(flows, endpoint, peer), endpoint, peer);
        bool is_over = false;
        uint32_t found[] = {*by_number, *by_peer};
        for (int i = 0; i < 2; i++) {
            is_over =
                is_over || (found[i] != CHANNEL_NONE &&
                            !mono_is_before(rq->now.mono, channel_at(flows, found[i])->deadline));
        }
        if (!is_over) {
            return;
        }
        channel_drop(flows, rq->flow, NETADDR_NONE, rq->now.mono);
    }
}

/* bind — a binding the flow does not have yet. */
static int bind_new(struct turn *t, const struct request *rq, const struct permit *like,
                    struct channel_no number, const struct peer_addr *peer)
{
    struct mono now = rq->now.mono;
    const struct settings_realm *s = &t->settings->realm[rq->realm];
    uint32_t permit;
    if (flow_at(&t->flows, rq->flow)->channel_count >= s->channels_max) {
        channel_drop(&t->flows, rq->flow, NETADDR_NONE, now);
    }
    if (flow_at(&t->flows, rq->flow)->channel_count >= s->channels_max) {
        return -REFUSAL_NO_CAPACITY;
    }
    struct mono permitted = mono_add_s(now, s->permission_lifetime);
    bool is_new = permit_find(&t->flows, rq->flow, &peer->a) == PERMIT_NONE;
    int result = permission_install(t, rq, like, is_new ? permitted : now, &permit);
    if (result != 0) {
        return result;
    }
    struct mono deadline = mono_add_s(now, s->channel_lifetime);
    if (channel_add(&t->flows, permit, peer, number, deadline) == CHANNEL_NONE) {
        if (is_new) {
            permit_drop_one(&t->flows, permit); /* nothing is left of a refused request */
        }
        return -REFUSAL_NO_CAPACITY;
    }
    permission_tell(t, rq, &peer->a);
    return permission_install(t, rq, like, permitted, &permit);
}

int channel_bind_handle(struct turn *t, struct request *rq, struct answer *answer)
{
    struct channel_no number;
    struct peer_addr peer;
    struct permit like;
    uint32_t by_number;
    uint32_t by_peer;
    *answer = (struct answer){.has_mapped = false};
    if (flow_at(&t->flows, rq->flow)->is_stream) {
        return -REFUSAL_FORBIDDEN; /* RFC 6062 5: no channels there */
    }
    int result = read_binding(t, rq, &number, &peer);
    if (result == 0) {
        result = permission_ask(t, rq, &peer.a, &like);
    }
    if (result != 0) {
        return result;
    }
    if (!own_may_reach(t->settings->own, like.own, (enum own_scope)like.scope, &peer.a)) {
        return -REFUSAL_FORBIDDEN;
    }
    find_both(t, rq, number, &peer, &by_number, &by_peer);
    if (by_number != by_peer) {
        return -REFUSAL_BAD_REQUEST; /* one of the two is bound to another */
    }
    if (by_number == CHANNEL_NONE) {
        result = bind_new(t, rq, &like, number, &peer);
    } else {
        const struct settings_realm *realm = &t->settings->realm[rq->realm];
        struct mono now = rq->now.mono;
        uint32_t permit; /* it has one: 12.2, a binding refreshes the permission too */
        result =
            permission_install(t, rq, &like, mono_add_s(now, realm->permission_lifetime), &permit);
        channel_extend(&t->flows, by_number, mono_add_s(now, realm->channel_lifetime));
    }
    allocation_schedule(t, rq->flow, rq->now.mono);
    return result;
}
