/* worker_host — what the engine asks of its surroundings, as one worker gives it. */
/* SPDX-License-Identifier: MIT */
#include "net/worker_host.h"

#include "net/digest_openssl.h"
#include "net/entropy_os.h"
#include "net/memory_map.h"
#include "net/record.h"
#include "net/worker_clients.h"
#include "net/worker_traffic.h"

static void host_send(void *context, const struct path *to, const uint8_t *bytes, size_t size)
{
    worker_traffic_reply(context, to, bytes, size);
}

static enum turn_open_result host_open(void *context, const struct turn_wish *wish,
                                       struct turn_endpoint *out)
{
    struct worker *w = context;
    const struct netaddr *local = &w->listeners.local[wish->path->local].address;
    struct connection *c = connection_of(&w->connections, wish->path);
    if (c) {
        c->is_trusted = true; /* its client has shown who it is */
    }
    return endpoint_open(&w->endpoints, wish, local, w->now, out);
}

static void host_close(void *context, uint32_t endpoint)
{
    struct worker *w = context;
    endpoint_close(&w->endpoints, endpoint);
}

static bool host_connect(void *context, uint32_t endpoint, const struct peer_addr *peer,
                         uint32_t link, uint32_t *number)
{
    struct worker *w = context;
    struct netaddr from = endpoint_address(&w->endpoints, endpoint);
    struct connection *c = splice_connect(&w->connections, &from, &peer->a, w->now.mono);
    if (c) {
        c->link_number = link;
        *number = connection_number(&w->connections, c);
    }
    return c != NULL;
}

static void host_disconnect(void *context, uint32_t number)
{
    struct worker *w = context;
    struct connection *c = connection_at(&w->connections, number);
    c->link_number = CONNECTION_NONE; /* the engine knows */
    worker_clients_end(w, c);
}

static void host_join(void *context, const struct path *client, uint32_t number)
{
    struct worker *w = context;
    struct connection *c = connection_of(&w->connections, client);
    if (c) {
        splice_join(&w->connections, c, connection_at(&w->connections, number), w->now.mono);
    }
}

static bool host_move(void *context, const struct path *client, unsigned worker)
{
    struct worker *w = context;
    struct connection *c = connection_of(&w->connections, client);
    if (!c || c->was_moved || worker == w->number || worker >= w->shared->count) {
        return false;
    }
    c->mover = (uint16_t)(worker + 1);
    return true;
}

static void tell_call(void *context, uint32_t endpoint)
{
    worker_clients_call(context, endpoint);
}

/* shares_of — who counts such an account; NULL: this process does. */
static const struct worker_shares *shares_of(const struct worker *w, enum turn_account kind)
{
    bool is_ours = kind == TURN_ACCOUNT_NODE || kind == TURN_ACCOUNT_REALM;
    return is_ours ? NULL : w->shared->shares;
}

static enum turn_taken host_take(void *context, const struct turn_claim *claim)
{
    enum { NO_LIMIT = 0xffffff };
    struct worker *w = context;
    const struct worker_shares *shares = shares_of(w, claim->kind);
    if (shares) {
        return shares->take(shares->context, w->number, claim);
    }
    uint32_t limit = claim->limit ? claim->limit : NO_LIMIT;
    return quota_take(&w->shared->quota, claim->account, limit) ? TURN_TAKEN : TURN_FULL;
}

static void host_give(void *context, enum turn_account kind, uint64_t account)
{
    struct worker *w = context;
    const struct worker_shares *shares = shares_of(w, kind);
    if (shares) {
        shares->give(shares->context, account);
    } else {
        quota_give(&w->shared->quota, account);
    }
}

static void host_event(void *context, const struct turn_event *event)
{
    struct worker *w = context;
    const struct worker_observer *observer = w->shared->observer;
    record_event(w->log, event);
    if (observer) {
        observer->event(observer->context, event);
    }
}

static void tell_icmp(void *context, const struct endpoint_icmp *icmp)
{
    struct worker *w = context;
    turn_icmp(&w->turn, icmp->endpoint, &icmp->peer, icmp->type, icmp->code, icmp->mtu, w->now);
}

bool worker_host_init(struct worker *w)
{
    w->host = (struct turn_host){
        .context = w,
        .send = host_send,
        .open = host_open,
        .close = host_close,
        .connect = host_connect,
        .disconnect = host_disconnect,
        .join = host_join,
        .move = host_move,
        .take = host_take,
        .give = host_give,
        .event = host_event,
        .memory = memory_map(),
        .entropy = entropy_os(),
        .digest = digest_openssl_new(),
        .keyring = &w->keyring,
        .limiter = w->shared->limiter,
        .nonce_key = w->shared->nonce_key,
        .account_key = w->shared->account_key,
        .boot = w->shared->boot,
        .worker = (uint16_t)w->number,
        .capacity = w->shared->capacity,
    };
    return w->host.digest != NULL;
}

void worker_host_listen(struct worker *w)
{
    w->endpoints.tell.context = w;
    w->endpoints.tell.icmp = tell_icmp;
    w->endpoints.tell.call = tell_call;
}

void worker_host_fini(struct worker *w)
{
    digest_openssl_free((struct digest *)(uintptr_t)w->host.digest);
}
