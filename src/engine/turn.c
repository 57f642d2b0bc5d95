/* turn — a TURN server as a state machine: where messages are told apart and time passes. */
/* SPDX-License-Identifier: MIT */
#include "engine/turn.h"

#include "engine/allocate.h"
#include "engine/allocation.h"
#include "engine/auth.h"
#include "engine/binding.h"
#include "engine/channel_bind.h"
#include "engine/connect.h"
#include "engine/park.h"
#include "engine/peer_connection.h"
#include "engine/permission.h"
#include "engine/prefetch.h"
#include "engine/refresh.h"
#include "engine/reply.h"
#include "engine/review.h"

enum { TICK_STEPS = 256 }; /* of a call of turn_tick, counted by review_steps */

const char *turn_reason_name(enum turn_reason reason)
{
    static const char *const names[TURN_REASON_COUNT] = {
        [TURN_REASON_NONE] = "none",         [TURN_REASON_CLIENT] = "client",
        [TURN_REASON_EXPIRED] = "expired",   [TURN_REASON_USER] = "user_removed",
        [TURN_REASON_SHUTDOWN] = "shutdown", [TURN_REASON_DISCONNECTED] = "disconnected",
        [TURN_REASON_REVOKED] = "revoked",   [TURN_REASON_KICKED] = "kicked",
    };
    return names[reason];
}

static void put_in_force(struct turn *t, const struct settings *settings)
{
    t->settings = settings;
    t->flows.own = settings->own;
    t->flows.policy = settings->generation;
}

bool turn_init(struct turn *t, const struct turn_host *host, const struct settings *settings,
               struct now now)
{
    struct siphash_key key;
    *t = (struct turn){.host = host};
    host->entropy->fill(host->entropy->context, &key, sizeof(key));
    if (!flow_table_init(&t->flows, host->memory, host->entropy, host->capacity) ||
        !user_table_init(&t->users, host->memory, key, host->capacity) ||
        !region_init(&t->allocations, host->memory,
                     (size_t)host->capacity * sizeof(struct allocation)) ||
        !region_init(&t->parking_memory, host->memory, sizeof(struct parking)) ||
        !region_init(&t->revoking_memory, host->memory,
                     TURN_REVOCATIONS_MAX * sizeof(struct turn_revoking)) ||
        !peer_connection_init(t, host->capacity)) {
        turn_fini(t);
        return false;
    }
    wheel_init(&t->wheel, t->allocations.base, sizeof(struct allocation), MONO_SECOND, now.mono);
    put_in_force(t, settings);
    return true;
}

void turn_fini(struct turn *t)
{
    flow_table_fini(&t->flows);
    user_table_fini(&t->users);
    region_fini(&t->allocations);
    region_fini(&t->parking_memory);
    region_fini(&t->revoking_memory);
    peer_connection_fini(t);
}

enum { ANSWER_LATER = 1 };

/* bind_connection — ConnectionBind: the answer goes first, and what is left is the peer's. */
static int bind_connection(struct turn *t, const struct request *rq)
{
    static const struct answer bare;
    uint32_t link;
    int result = connect_bind_handle(t, rq, &link);
    if (result != 0) {
        return result;
    }
    reply_succeed(t, rq, &bare);
    park_forget(t, rq->path); /* what it asked before could no longer be answered */
    connect_join(t, rq, link);
    return ANSWER_LATER;
}

/* A TURN method that needs an allocation, or makes one. Returns 0 with *answer filled in,
 * ANSWER_LATER, or the refusal. */
static int handle(struct turn *t, struct request *rq, struct answer *answer)
{
    if (rq->message.method == STUN_ALLOCATE) {
        return allocate_handle(t, rq, answer);
    }
    if (rq->message.method == STUN_CONNECTION_BIND) {
        return bind_connection(t, rq);
    }
    if (rq->flow == FLOW_NONE) {
        return -REFUSAL_MISMATCH; /* RFC 8656 5 */
    }
    if (!auth_is_owner(t, rq)) {
        return -REFUSAL_WRONG_USER;
    }
    switch (rq->message.method) {
    case STUN_REFRESH:
        return refresh_handle(t, rq, answer);
    case STUN_CREATE_PERMISSION:
        return permission_handle(t, rq, answer);
    case STUN_CONNECT: {
        int result = connect_handle(t, rq);
        return result == 0 ? ANSWER_LATER : result;
    }
    default:
        return channel_bind_handle(t, rq, answer);
    }
}

static void tell_refused(struct turn *t, const struct request *rq, enum refusal_kind kind)
{
    struct turn_event event = {
        .kind = TURN_EVENT_REFUSED,
        .path = rq->path,
        .method = rq->message.method,
        .code = refusal_of(kind)->code,
        .user = {(const uint8_t *)rq->name, rq->name_size},
    };
    if (!rq->is_authentic) {
        event.user = stun_message_value(&rq->message, STUN_KNOWN_USERNAME);
    }
    t->host->event(t->host->context, &event);
}

static void refuse(struct turn *t, const struct request *rq, enum refusal_kind kind)
{
    bool is_routine = kind == REFUSAL_NO_INTEGRITY || kind == REFUSAL_STALE_NONCE;
    t->counts.challenges += is_routine ? 1 : 0;
    t->counts.unauthorized += kind == REFUSAL_UNAUTHORIZED ? 1 : 0;
    t->counts.refused += rq->is_authentic ? 1 : 0;
    if (!is_routine && rq->nonce_is_valid) {
        tell_refused(t, rq, kind);
    }
    reply_refuse(t, rq, kind);
}

static struct span asked_name(const struct stun_message *m)
{
    bool has_name = stun_message_has(m, STUN_KNOWN_USERNAME);
    return stun_message_value(m, has_name ? STUN_KNOWN_USERNAME : STUN_KNOWN_USERHASH);
}

/* park — have a request wait for what is being fetched, or answer that it cannot. */
static void park(struct turn *t, struct request *rq)
{
    if (park_put(t, rq, asked_name(&rq->message))) {
        t->counts.parked++;
    } else {
        t->counts.park_full++;
        refuse(t, rq, REFUSAL_NO_STORE);
    }
}

/* serve — an authenticated method: who is it, is it understood, do it, answer. */
static void serve(struct turn *t, struct request *rq)
{
    enum refusal_kind why;
    struct answer answer;
    bool is_bind = rq->message.method == STUN_CONNECTION_BIND;
    rq->flow = is_bind ? connect_owner(t, rq) : allocation_find(t, rq->path, rq->now);
    prefetch_request(t, rq);
    switch (auth_check(t, rq, &why)) {
    case AUTH_REFUSED:
        refuse(t, rq, why);
        return;
    case AUTH_LATER:
        park(t, rq);
        return;
    case AUTH_OK:
        break;
    }
    if (rq->message.has_unknown) {
        refuse(t, rq, REFUSAL_UNKNOWN_ATTRIBUTE);
        return;
    }
    int result = handle(t, rq, &answer);
    if (result < 0) {
        refuse(t, rq, (enum refusal_kind) - result);
    } else if (result == TURN_AWAITS) {
        park(t, rq);
    } else if (result != ANSWER_LATER) {
        reply_succeed(t, rq, &answer);
    }
}

/* has_realm — without realms it is a STUN server only. */
static bool has_realm(const struct turn *t, uint8_t realm)
{
    return t->settings->realm_count > 0 && !t->settings->realm[realm].is_gone;
}

static bool is_served(const struct turn *t, const struct request *rq)
{
    switch (rq->message.method) {
    case STUN_ALLOCATE:
    case STUN_REFRESH:
    case STUN_CREATE_PERMISSION:
    case STUN_CHANNEL_BIND:
    case STUN_CONNECT:
    case STUN_CONNECTION_BIND:
        return !rq->message.is_classic && has_realm(t, rq->realm);
    default:
        return false;
    }
}

/* moves — whether a ConnectionBind is for a peer connection of another worker, which then has the
 * client's connection, too. */
static bool moves(const struct turn *t, const struct request *rq)
{
    const struct turn_host *h = t->host;
    return rq->message.method == STUN_CONNECTION_BIND && path_is_stream(rq->path) &&
           !turn_has_allocation(t, rq->path, rq->now.mono) &&
           h->move(h->context, rq->path, connect_worker(t, rq));
}

/* receive — one message; `park_until` 0 unless it comes from the parking. */
static void receive(struct turn *t, const struct path *from, struct span bytes, struct now now,
                    struct mono park_until)
{
    struct request rq;
    rq.path = from;
    rq.now = now;
    rq.park_until = park_until;
    rq.flow = FLOW_NONE;
    rq.nonce_is_valid = false;
    rq.is_authentic = false;
    rq.awaits = 0;
    rq.name_size = 0;
    rq.name[0] = '\0';
    rq.realm = t->settings->realm_of_listener[from->listener % SETTINGS_LISTENERS_MAX];
    /* Undefined methods, responses, indications and everything else are never answered: no loop,
     * no reflection (RFC 8489 6.3). */
    if (bytes.size > STUN_MESSAGE_MAX ||
        stun_message_parse(bytes.bytes, bytes.size, &rq.message) != STUN_OK ||
        rq.message.class != STUN_REQUEST) {
        t->counts.ignored++;
    } else if (rq.message.method == STUN_BINDING) {
        binding_handle(t, &rq);
    } else if (!is_served(t, &rq)) {
        t->counts.ignored++;
    } else if (moves(t, &rq)) {
        park_forget(t, from);
    } else {
        serve(t, &rq);
    }
}

void turn_receive(struct turn *t, const struct path *from, struct span bytes, struct now now)
{
    receive(t, from, bytes, now, (struct mono){0});
}

void turn_key_arrived(struct turn *t, uint8_t realm, struct span name, struct now now)
{
    struct park_place place;
    for (int i = 0; i < TURN_PARKED_MAX && park_take(t, realm, name, &place); i++) {
        receive(t, &place.path, (struct span){place.bytes, place.size}, now, place.until);
    }
}

void turn_share_arrived(struct turn *t, uint64_t account, struct now now)
{
    struct park_place place;
    uint64_t parked = t->counts.parked;
    /* When one has to wait again, so would the others. */
    for (int i = 0;
         i < TURN_PARKED_MAX && t->counts.parked == parked && park_take_account(t, account, &place);
         i++) {
        receive(t, &place.path, (struct span){place.bytes, place.size}, now, place.until);
    }
}

bool turn_is_waiting(const struct turn *t, const struct path *path)
{
    return park_has(t, path);
}

void turn_disconnected(struct turn *t, const struct path *path, struct now now)
{
    uint32_t flow = flow_find(&t->flows, flow_hash(&t->flows, path), path);
    park_forget(t, path); /* an Allocate among it would make what nobody could ever use */
    if (flow != FLOW_NONE) {
        allocation_end(t, flow, TURN_REASON_DISCONNECTED, now);
    }
}

bool turn_has_allocation(const struct turn *t, const struct path *path, struct mono now)
{
    uint32_t flow = flow_find(&t->flows, flow_hash(&t->flows, path), path);
    return flow != FLOW_NONE && (flow_has_family(flow_at(&t->flows, flow), NETADDR_IPV4, now) ||
                                 flow_has_family(flow_at(&t->flows, flow), NETADDR_IPV6, now));
}

void turn_recheck(struct turn *t, uint32_t permit)
{
    permission_recheck(t, permit);
}

/* is_told — the ICMP errors that RFC 8656 11.5 has reported. */
static bool is_told(uint8_t family, uint8_t type)
{
    return family == NETADDR_IPV4 ? type == 3 || type == 11 : type >= 1 && type <= 3;
}

void turn_icmp(struct turn *t, uint32_t endpoint, const struct peer_addr *peer, uint8_t type,
               uint8_t code, uint32_t mtu, struct now now)
{
    uint32_t flow = flow_of_endpoint(&t->flows, endpoint);
    if (!t->settings->icmp || flow == FLOW_NONE || !is_told(peer->a.family, type) ||
        !flow_has_family(flow_at(&t->flows, flow), peer->a.family, now.mono)) {
        return;
    }
    struct peer_addr told = {own_to_external(t->settings->own, &peer->a)};
    uint32_t permit = permit_find(&t->flows, flow, &told.a);
    if (permit == PERMIT_NONE ||
        !mono_is_before(now.mono, permit_at(&t->flows, permit)->deadline)) {
        return;
    }
    uint8_t id[STUN_ID_SIZE];
    uint8_t bytes[64];
    t->host->entropy->fill(t->host->entropy->context, id, sizeof(id));
    struct stun_build b = stun_build_begin(bytes, sizeof(bytes), STUN_INDICATION, STUN_DATA,
                                           (struct span){id, sizeof(id)});
    stun_build_address(&b, STUN_ATTR_XOR_PEER_ADDRESS, &told.a);
    uint8_t *value = stun_build_reserve(&b, STUN_ATTR_ICMP, 8);
    if (value) { /* 16 bits of zero, 7 of type, 9 of code, 32 of data: RFC 8656 18.13 */
        struct writer w = writer_init(value, 8);
        writer_u16(&w, 0);
        writer_u16(&w, (uint16_t)((type & 0x7f) << 9 | code));
        writer_u32(&w, mtu);
    }
    t->host->send(t->host->context, &flow_at(&t->flows, flow)->path, bytes, stun_build_end(&b));
}

/* earlier — the earlier of two moments of which {0} means never. */
static struct mono earlier(struct mono a, struct mono b)
{
    if (a.ns == 0 || b.ns == 0) {
        return a.ns == 0 ? b : a;
    }
    return mono_is_before(a, b) ? a : b;
}

/* refuse_late — answer 500 to a request whose key did not come in time: the client's next server
 * may know it. */
static void refuse_late(struct turn *t, const struct park_place *place, struct now now)
{
    struct request rq;
    rq.path = &place->path;
    rq.now = now;
    rq.realm = place->realm;
    rq.nonce_is_valid = true; /* only such requests are parked */
    rq.is_authentic = false;
    rq.name_size = 0;
    if (stun_message_parse(place->bytes, place->size, &rq.message) == STUN_OK) {
        refuse(t, &rq, REFUSAL_NO_STORE);
    }
}

struct mono turn_tick(struct turn *t, struct now now)
{
    struct park_place place;
    while (park_take_late(t, now.mono, &place)) {
        refuse_late(t, &place, now);
    }
    if (!review_some(t, now)) {
        return now.mono;
    }
    for (uint32_t steps = 0; steps < TICK_STEPS;) {
        uint32_t flow = wheel_take_due(&t->wheel, now.mono);
        if (flow == WHEEL_NONE) {
            return earlier(wheel_next(&t->wheel), park_next(t));
        }
        steps += review_steps(t, flow);
        if (allocation_look(t, flow, now)) {
            permission_sweep(t, flow, now);
            allocation_tell(t, flow, now);
            allocation_schedule(t, flow, now.mono);
        }
    }
    return now.mono; /* more is due */
}

bool turn_needs_tick(const struct turn *t)
{
    return t->wheel.waiting > 0 || park_next(t).ns != 0 || turn_is_reviewing(t);
}

void turn_drain(struct turn *t)
{
    t->is_draining = true;
}

void turn_end_all(struct turn *t, enum turn_reason reason, struct now now)
{
    for (uint32_t i = 0; i < t->flows.flows.touched; i++) {
        if (review_is_live(t, i)) {
            allocation_end(t, i, reason, now);
        }
    }
}

void turn_reload(struct turn *t, const struct settings *settings)
{
    put_in_force(t, settings);
    review_all(t);
}

void turn_review(struct turn *t)
{
    review_all(t);
}

void turn_revoke(struct turn *t, const struct turn_revocation *revocation, struct now now)
{
    review_revoke(t, revocation, now);
}

bool turn_kick(struct turn *t, uint64_t session, struct now now)
{
    for (uint32_t i = 0; i < t->flows.flows.touched; i++) {
        if (review_is_live(t, i) && allocation_at(t, i)->session == session) {
            allocation_end(t, i, TURN_REASON_KICKED, now);
            return true;
        }
    }
    return false;
}

uint32_t turn_each(const struct turn *t, uint32_t from, uint32_t steps, struct now now,
                   void (*tell)(void *context, const struct turn_event *event), void *context)
{
    uint32_t end = t->flows.flows.touched;
    for (; from < end && steps > 0; from++, steps--) {
        if (review_is_live(t, from)) {
            char name[STUN_NAME_MAX + 1];
            struct turn_event event = allocation_describe(t, from, TURN_EVENT_LIVES, now, name);
            tell(context, &event);
        }
    }
    return from < end ? from : UINT32_MAX;
}
