/* connect — relaying over TCP: Connect, ConnectionAttempt, ConnectionBind. */
/* SPDX-License-Identifier: MIT */
#include "engine/connect.h"

#include <string.h>

#include "relay/permit.h"
#include "engine/allocation.h"
#include "engine/auth.h"
#include "engine/peer_connection.h"
#include "engine/permission.h"
#include "engine/reply.h"

/* ask — may this peer be connected to, and where is it: *to. One of our own addresses must have
 * been allowed by name, and no door of ours be there: a live relay is of UDP, so no excuse. */
static int ask(const struct turn *t, const struct request *rq, const struct peer_addr *peer,
               struct peer_addr *to)
{
    const struct own *own = t->settings->own;
    struct permit like;
    int result = permission_ask(t, rq, &peer->a, &like);
    if (result != 0) {
        return result;
    }
    bool may_reach = like.own == OWN_NONE ||
                     (like.scope == OWN_NO_LISTENERS && !own_is_door(own, like.own, &peer->a));
    to->a = own_to_local(own, like.own, &peer->a);
    return may_reach && peer->a.port != 0 ? 0 : -REFUSAL_FORBIDDEN;
}

int connect_handle(struct turn *t, struct request *rq)
{
    const struct turn_host *h = t->host;
    const struct flow *f = flow_at(&t->flows, rq->flow);
    struct peer_addr peer;
    struct peer_addr to;
    if (!f->is_stream ||
        !stun_message_address(&rq->message, STUN_KNOWN_XOR_PEER_ADDRESS, &peer.a)) {
        return -REFUSAL_BAD_REQUEST;
    }
    int result = ask(t, rq, &peer, &to);
    if (result != 0) {
        return result;
    }
    if (peer_connection_find(t, rq->flow, &peer) != PEER_CONNECTION_NONE) {
        return -REFUSAL_CONNECTED;
    }
    uint32_t link = peer_connection_add(t, rq->flow, &peer, PEER_CONNECTION_CONNECTING);
    if (link == PEER_CONNECTION_NONE) {
        return -REFUSAL_NO_CAPACITY;
    }
    struct peer_connection *p = peer_connection_at(t, link);
    p->kind = (uint8_t)rq->kind;
    p->has_fingerprint = stun_message_has(&rq->message, STUN_KNOWN_FINGERPRINT);
    memcpy(p->header, rq->message.bytes, sizeof(p->header));
    t->counts.connects++;
    if (!h->connect(h->context, f->endpoint[peer.a.family - 1], &to, link, &p->number)) {
        t->counts.connect_failures++;
        peer_connection_forget(t, link);
        return -REFUSAL_NOT_CONNECTED;
    }
    return 0;
}

void connect_review(struct turn *t, uint32_t flow, struct now now)
{
    const struct turn_host *h = t->host;
    struct request rq = {
        .flow = flow,
        .realm = user_at(&t->users, allocation_at(t, flow)->user)->realm,
        .now = now,
    };
    uint32_t next;
    for (uint32_t link = allocation_at(t, flow)->peers; link != PEER_CONNECTION_NONE; link = next) {
        const struct peer_connection *p = peer_connection_at(t, link);
        struct peer_addr to;
        next = p->next;
        if (ask(t, &rq, &p->peer, &to) != 0) {
            h->disconnect(h->context, p->number);
            peer_connection_forget(t, link);
        }
    }
}

void connect_passed(struct turn *t, uint32_t link, uint64_t up, uint64_t down)
{
    struct flow *f = flow_at(&t->flows, peer_connection_at(t, link)->flow);
    f->up.bytes += up;
    f->down.bytes += down;
    t->flows.up.by_path[f->path.kind].bytes += up;
    t->flows.down.by_path[f->path.kind].bytes += down;
}

unsigned connect_worker(const struct turn *t, const struct request *rq)
{
    uint32_t id;
    return stun_message_u32(&rq->message, STUN_KNOWN_CONNECTION_ID, &id)
               ? id >> PEER_CONNECTION_WORKER_SHIFT
               : t->host->worker;
}

static uint32_t find(const struct turn *t, const struct request *rq)
{
    uint32_t id;
    return stun_message_u32(&rq->message, STUN_KNOWN_CONNECTION_ID, &id) ? peer_connection_of(t, id)
                                                                         : PEER_CONNECTION_NONE;
}

uint32_t connect_owner(struct turn *t, const struct request *rq)
{
    uint32_t link = find(t, rq);
    if (link == PEER_CONNECTION_NONE) {
        return FLOW_NONE;
    }
    uint32_t flow = peer_connection_at(t, link)->flow;
    return allocation_look(t, flow, rq->now) ? flow : FLOW_NONE;
}

int connect_bind_handle(struct turn *t, const struct request *rq, uint32_t *link)
{
    *link = find(t, rq);
    if (*link == PEER_CONNECTION_NONE || !path_is_stream(rq->path) ||
        allocation_find(t, rq->path, rq->now) != FLOW_NONE ||
        peer_connection_at(t, *link)->state != PEER_CONNECTION_WAITING) {
        return -REFUSAL_BAD_REQUEST;
    }
    return auth_is_owner(t, rq) ? 0 : -REFUSAL_WRONG_USER;
}

void connect_join(struct turn *t, const struct request *rq, uint32_t link)
{
    struct peer_connection *p = peer_connection_at(t, link);
    p->state = PEER_CONNECTION_JOINED;
    t->host->join(t->host->context, rq->path, p->number);
}

/* as_request — the Connect that a peer connection was made for, as far as its answer needs it. */
static struct request as_request(const struct turn *t, const struct peer_connection *p,
                                 struct now now)
{
    const struct user *u = user_at(&t->users, allocation_at(t, p->flow)->user);
    return (struct request){
        .path = &flow_at(&t->flows, p->flow)->path,
        .message =
            {
                .bytes = p->header,
                .size = STUN_HEADER_SIZE,
                .method = STUN_CONNECT,
                .class = STUN_REQUEST,
                .present = p->has_fingerprint ? UINT32_C(1) << STUN_KNOWN_FINGERPRINT : 0,
            },
        .now = now,
        .flow = p->flow,
        .realm = u->realm,
        .nonce_is_valid = true,
        .is_authentic = true,
        .kind = (enum stun_integrity)p->kind,
        .key = u->key,
    };
}

void connect_finish(struct turn *t, uint32_t link, bool is_connected, struct now now)
{
    struct peer_connection *p = peer_connection_at(t, link);
    struct request rq = as_request(t, p, now);
    if (is_connected) {
        struct answer answer = {.connection = p->id};
        p->state = PEER_CONNECTION_WAITING;
        reply_succeed(t, &rq, &answer);
    } else {
        t->counts.connect_failures++;
        t->counts.refused++;
        reply_refuse(t, &rq, REFUSAL_NOT_CONNECTED);
        peer_connection_forget(t, link);
    }
}

/* is_permitted — whether a peer may call: a live permission, by the policy of today. One of our own
 * addresses must have been allowed by name: there are no relays of ours to be met over TCP. */
static bool is_permitted(struct turn *t, uint32_t flow, const struct peer_addr *peer,
                         struct mono now)
{
    uint32_t at = permit_find(&t->flows, flow, &peer->a);
    if (at != PERMIT_NONE && permit_at(&t->flows, at)->policy != t->settings->generation) {
        permission_recheck(t, at);
        at = permit_find(&t->flows, flow, &peer->a);
    }
    return at != PERMIT_NONE && mono_is_before(now, permit_at(&t->flows, at)->deadline) &&
           permit_at(&t->flows, at)->scope != OWN_RELAY_ONLY;
}

/* tell_attempt — ConnectionAttempt, RFC 6062 5.3: unsigned, as all indications. */
static void tell_attempt(struct turn *t, const struct peer_connection *p)
{
    uint8_t id[STUN_ID_SIZE];
    uint8_t bytes[64];
    t->host->entropy->fill(t->host->entropy->context, id, sizeof(id));
    struct stun_build b = stun_build_begin(bytes, sizeof(bytes), STUN_INDICATION,
                                           STUN_CONNECTION_ATTEMPT, (struct span){id, sizeof(id)});
    stun_build_u32(&b, STUN_ATTR_CONNECTION_ID, p->id);
    stun_build_address(&b, STUN_ATTR_XOR_PEER_ADDRESS, &p->peer.a);
    t->host->send(t->host->context, &flow_at(&t->flows, p->flow)->path, bytes, stun_build_end(&b));
}

uint32_t connect_attempt(struct turn *t, uint32_t endpoint, const struct peer_addr *peer,
                         uint32_t number, struct now now)
{
    uint32_t flow = flow_of_endpoint(&t->flows, endpoint);
    uint32_t link = PEER_CONNECTION_NONE;
    struct peer_addr from = {own_to_external(t->settings->own, &peer->a)};
    if (flow != FLOW_NONE && flow_has_family(flow_at(&t->flows, flow), from.a.family, now.mono) &&
        is_permitted(t, flow, &from, now.mono)) {
        link = peer_connection_add(t, flow, &from, PEER_CONNECTION_WAITING);
    }
    if (link == PEER_CONNECTION_NONE) {
        t->counts.attempts_refused++;
        return link;
    }
    t->counts.attempts++;
    peer_connection_at(t, link)->number = number;
    tell_attempt(t, peer_connection_at(t, link));
    return link;
}
