/* allocate — the Allocate request. */
/* SPDX-License-Identifier: MIT */
#include "engine/allocate.h"

#include "engine/allocation.h"
#include "engine/auth.h"

/* What the request asks for. */
struct plan {
    enum netaddr_family family; /* NETADDR_NONE: not said */
    bool is_dual;
    bool is_stream; /* a relayed address of TCP */
    bool even;
    bool reserve_next;
    bool has_lifetime;
    uint32_t lifetime;
    struct span token; /* empty: none */
};

static bool has(const struct request *rq, enum stun_known which)
{
    return stun_message_has(&rq->message, which);
}

/* read_family — a family attribute; false when it is malformed, NETADDR_NONE for an unknown one. */
static bool read_family(const struct request *rq, enum stun_known which, uint32_t *family)
{
    if (!stun_message_u32(&rq->message, which, family)) {
        return false;
    }
    *family >>= 24;
    return true;
}

static int read_families(const struct request *rq, struct plan *plan)
{
    uint32_t family = NETADDR_NONE;
    bool has_family = has(rq, STUN_KNOWN_REQUESTED_ADDRESS_FAMILY);
    plan->is_dual = has(rq, STUN_KNOWN_ADDITIONAL_ADDRESS_FAMILY);
    if (has_family && plan->is_dual) {
        return -REFUSAL_BAD_REQUEST;
    }
    if (has_family) {
        if (!read_family(rq, STUN_KNOWN_REQUESTED_ADDRESS_FAMILY, &family)) {
            return -REFUSAL_BAD_REQUEST;
        }
        if (family != NETADDR_IPV4 && family != NETADDR_IPV6) {
            return -REFUSAL_BAD_FAMILY;
        }
        plan->family = (enum netaddr_family)family;
    }
    if (plan->is_dual && (!read_family(rq, STUN_KNOWN_ADDITIONAL_ADDRESS_FAMILY, &family) ||
                          family != NETADDR_IPV6 || plan->reserve_next)) {
        return -REFUSAL_BAD_REQUEST; /* only IPv6 can be additional, and not with a pair */
    }
    return 0;
}

/* check_stream — what an allocation of TCP may not be asked with, RFC 6062 5.1. */
static int check_stream(const struct turn *t, const struct request *rq)
{
    bool is_fit = path_is_stream(rq->path) && !has(rq, STUN_KNOWN_EVEN_PORT) &&
                  !has(rq, STUN_KNOWN_DONT_FRAGMENT) && !has(rq, STUN_KNOWN_RESERVATION_TOKEN);
    if (!t->settings->relays_tcp) {
        return -REFUSAL_BAD_TRANSPORT;
    }
    return is_fit ? 0 : -REFUSAL_BAD_REQUEST;
}

/* read_plan — steps 3 to 8 of RFC 8656 7.2, in its order. */
static int read_plan(const struct turn *t, const struct request *rq, struct plan *plan)
{
    uint32_t transport;
    struct span even = stun_message_value(&rq->message, STUN_KNOWN_EVEN_PORT);
    *plan = (struct plan){.family = NETADDR_NONE};
    if (!stun_message_u32(&rq->message, STUN_KNOWN_REQUESTED_TRANSPORT, &transport)) {
        return -REFUSAL_BAD_REQUEST;
    }
    plan->is_stream = transport >> 24 == STUN_TRANSPORT_TCP;
    if (transport >> 24 != STUN_TRANSPORT_UDP && !plan->is_stream) {
        return -REFUSAL_BAD_TRANSPORT;
    }
    int unfit = plan->is_stream ? check_stream(t, rq) : 0;
    if (unfit != 0) {
        return unfit;
    }
    plan->has_lifetime = has(rq, STUN_KNOWN_LIFETIME);
    if (plan->has_lifetime &&
        !stun_message_u32(&rq->message, STUN_KNOWN_LIFETIME, &plan->lifetime)) {
        return -REFUSAL_BAD_REQUEST;
    }
    plan->even = has(rq, STUN_KNOWN_EVEN_PORT);
    if (plan->even && even.size != 1) {
        return -REFUSAL_BAD_REQUEST;
    }
    struct reader r = reader_init(even.bytes, even.size);
    plan->reserve_next = plan->even && (reader_u8(&r) & 0x80) != 0;
    plan->token = stun_message_value(&rq->message, STUN_KNOWN_RESERVATION_TOKEN);
    if (has(rq, STUN_KNOWN_RESERVATION_TOKEN) &&
        (plan->token.size != STUN_TOKEN_SIZE || plan->even ||
         has(rq, STUN_KNOWN_REQUESTED_ADDRESS_FAMILY) ||
         has(rq, STUN_KNOWN_ADDITIONAL_ADDRESS_FAMILY))) {
        return -REFUSAL_BAD_REQUEST;
    }
    return read_families(rq, plan);
}

/* open_one — an endpoint of one family, attached. Returns 0 or the refusal. */
static int open_one(struct turn *t, const struct request *rq, const struct plan *plan,
                    enum netaddr_family family, struct mono deadline)
{
    const struct turn_host *h = t->host;
    struct allocation *a = allocation_at(t, rq->flow);
    struct turn_endpoint endpoint = {.number = 0};
    struct turn_wish wish = {
        .family = family,
        .path = rq->path,
        .account = rq->account,
        .is_stream = plan->is_stream,
        .even = plan->even,
        .reserve_next = plan->reserve_next,
        .has_token = plan->token.size > 0,
    };
    if (wish.has_token) {
        memcpy(wish.token, plan->token.bytes, STUN_TOKEN_SIZE);
    }
    enum turn_open_result result = h->open(h->context, &wish, &endpoint);
    if (result != TURN_OPENED) {
        return result == TURN_NO_FAMILY ? -REFUSAL_BAD_FAMILY : -REFUSAL_NO_CAPACITY;
    }
    if (!allocation_attach(t, rq->flow, &endpoint, deadline)) {
        h->close(h->context, endpoint.number);
        return -REFUSAL_NO_CAPACITY;
    }
    if (plan->reserve_next) {
        memcpy(a->token, endpoint.token, STUN_TOKEN_SIZE);
        a->has_token = true;
    }
    return 0;
}

/* open_both — dual allocation: one family is enough, ADDRESS-ERROR-CODE tells of the other. */
static int open_both(struct turn *t, const struct request *rq, const struct plan *plan,
                     struct mono deadline)
{
    struct allocation *a = allocation_at(t, rq->flow);
    int ipv4 = open_one(t, rq, plan, NETADDR_IPV4, deadline);
    int ipv6 = open_one(t, rq, plan, NETADDR_IPV6, deadline);
    if (ipv4 != 0 && ipv6 != 0) {
        return -REFUSAL_NO_CAPACITY; /* RFC 8656 7.2: 508 when both fail */
    }
    if (ipv4 != 0 || ipv6 != 0) {
        a->error_family = ipv4 != 0 ? NETADDR_IPV4 : NETADDR_IPV6;
        a->error_code = refusal_of((enum refusal_kind) - (ipv4 != 0 ? ipv4 : ipv6))->code;
    }
    return 0;
}

/* open_default — the family the settings give to who names none; the client's own where the node
 * has no address of that one, for clients that never ask for a family. */
static int open_default(struct turn *t, const struct request *rq, const struct plan *plan,
                        struct mono deadline)
{
    enum netaddr_family own = (enum netaddr_family)rq->path->client.a.family;
    enum netaddr_family family = NETADDR_IPV4;
    if (plan->token.size == 0 && t->settings->family != SETTINGS_IPV4) {
        family = t->settings->family == SETTINGS_IPV6 ? NETADDR_IPV6 : own;
    }
    int result = open_one(t, rq, plan, family, deadline);
    if (result == -REFUSAL_BAD_FAMILY && own != family) {
        result = open_one(t, rq, plan, own, deadline);
    }
    return result;
}

static void fill_answer(const struct turn *t, uint32_t flow, struct answer *answer)
{
    const struct allocation *a = allocation_at(t, flow);
    *answer = (struct answer){
        .relayed = {a->relayed[0], a->relayed[1]},
        .has_mapped = true,
        .has_lifetime = true,
        .has_software = true,
        .lifetime = a->lifetime,
        .has_token = a->has_token,
        .error_code = a->error_code,
        .error_family = a->error_family,
    };
    memcpy(answer->token, a->token, STUN_TOKEN_SIZE);
}

static void tell_opened(struct turn *t, const struct request *rq)
{
    char name[STUN_NAME_MAX + 1];
    struct turn_event event = allocation_describe(t, rq->flow, TURN_EVENT_OPENED, rq->now, name);
    t->host->event(t->host->context, &event);
}

/* answer_again — a retransmitted Allocate gets what it got; any other one finds the 5-tuple used.
 */
static int answer_again(struct turn *t, const struct request *rq, struct answer *answer)
{
    const struct allocation *a = allocation_at(t, rq->flow);
    if (memcmp(a->id, stun_message_id(&rq->message).bytes, STUN_ID_SIZE) != 0 ||
        !auth_is_owner(t, rq)) {
        return -REFUSAL_MISMATCH;
    }
    fill_answer(t, rq->flow, answer);
    return 0;
}

/* redirect — where else to go; RFC 8489 10 has a server of the client's family in every 300. */
static int redirect(const struct turn *t, const struct request *rq)
{
    for (uint8_t i = 0; i < t->settings->alternate_count; i++) {
        if (t->settings->alternate[i].family == rq->path->client.a.family) {
            return -REFUSAL_TRY_ALTERNATE;
        }
    }
    return -REFUSAL_NO_CAPACITY;
}

int allocate_handle(struct turn *t, struct request *rq, struct answer *answer)
{
    struct plan plan;
    if (rq->flow != FLOW_NONE) {
        return answer_again(t, rq, answer);
    }
    int result = read_plan(t, rq, &plan);
    if (result != 0) {
        return result;
    }
    if (t->is_draining) {
        return redirect(t, rq);
    }
    uint32_t lifetime = allocation_lifetime(t, rq, plan.has_lifetime, plan.lifetime);
    struct mono deadline = mono_add_s(rq->now.mono, lifetime);
    result = allocation_begin(t, rq, &rq->flow);
    if (result != 0) {
        rq->flow = FLOW_NONE;
        return result;
    }
    flow_at(&t->flows, rq->flow)->is_stream = plan.is_stream ? 1 : 0;
    if (plan.is_dual) {
        result = open_both(t, rq, &plan, deadline);
    } else if (plan.family != NETADDR_NONE) {
        result = open_one(t, rq, &plan, plan.family, deadline);
    } else {
        result = open_default(t, rq, &plan, deadline);
    }
    if (result != 0) {
        allocation_abandon(t, rq->flow);
        rq->flow = FLOW_NONE;
        return result;
    }
    allocation_at(t, rq->flow)->lifetime = lifetime;
    allocation_schedule(t, rq->flow, rq->now.mono);
    t->counts.opened++;
    t->counts.opened_by[rq->path->kind]++;
    tell_opened(t, rq);
    fill_answer(t, rq->flow, answer);
    return 0;
}
