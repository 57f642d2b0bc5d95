/* refresh — the Refresh request. */
/* SPDX-License-Identifier: MIT */
#include "engine/refresh.h"

#include "engine/allocation.h"

/* read_family — the family to refresh: NETADDR_NONE for all. Returns 0 or the refusal. */
static int read_family(const struct turn *t, const struct request *rq, uint32_t *family)
{
    *family = NETADDR_NONE;
    if (!stun_message_has(&rq->message, STUN_KNOWN_REQUESTED_ADDRESS_FAMILY)) {
        return 0;
    }
    if (!stun_message_u32(&rq->message, STUN_KNOWN_REQUESTED_ADDRESS_FAMILY, family)) {
        return -REFUSAL_BAD_REQUEST;
    }
    *family >>= 24;
    const struct flow *f = flow_at(&t->flows, rq->flow);
    return flow_has_family(f, (uint8_t)*family, rq->now.mono) ? 0 : -REFUSAL_PEER_FAMILY;
}

/* extend — move the deadline of the chosen families on. */
static void extend(struct turn *t, const struct request *rq, uint32_t family, uint32_t lifetime)
{
    struct mono deadline = mono_add_s(rq->now.mono, lifetime);
    for (int i = 0; i < FLOW_FAMILIES; i++) {
        bool is_meant = family == NETADDR_NONE || family == (uint32_t)i + 1;
        if (is_meant && flow_at(&t->flows, rq->flow)->deadline[i].ns != 0) {
            flow_extend(&t->flows, rq->flow, (enum netaddr_family)(i + 1), deadline);
        }
    }
    allocation_schedule(t, rq->flow, rq->now.mono);
}

/* finish — end one family, or the whole when it was the last. */
static void finish(struct turn *t, struct request *rq, uint32_t family)
{
    const struct flow *f = flow_at(&t->flows, rq->flow);
    bool has_both = f->deadline[0].ns != 0 && f->deadline[1].ns != 0;
    if (family != NETADDR_NONE && has_both) {
        allocation_detach(t, rq->flow, (enum netaddr_family)family);
        allocation_schedule(t, rq->flow, rq->now.mono);
        return;
    }
    allocation_end(t, rq->flow, TURN_REASON_CLIENT, rq->now);
    rq->flow = FLOW_NONE;
}

int refresh_handle(struct turn *t, struct request *rq, struct answer *answer)
{
    uint32_t family;
    uint32_t asked = 0;
    bool has_asked = stun_message_has(&rq->message, STUN_KNOWN_LIFETIME);
    if (has_asked && !stun_message_u32(&rq->message, STUN_KNOWN_LIFETIME, &asked)) {
        return -REFUSAL_BAD_REQUEST;
    }
    int result = read_family(t, rq, &family);
    if (result != 0) {
        return result;
    }
    *answer = (struct answer){.has_lifetime = true, .has_software = true};
    if (has_asked && asked == 0) {
        finish(t, rq, family);
        return 0;
    }
    answer->lifetime = allocation_lifetime(t, rq, has_asked, asked);
    extend(t, rq, family, answer->lifetime);
    return 0;
}
