/* endpoint — the relay endpoints of one worker. */
/* SPDX-License-Identifier: MIT */
#include "net/endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/acceptor.h"
#include "net/entropy_os.h"

enum { TRIES = 64 }; /* ports that other programs may hold in a row */

bool endpoint_table_init(struct endpoint_table *e, struct ports *ports,
                         const struct endpoint_rules *rules, unsigned worker, uint32_t capacity)
{
    *e = (struct endpoint_table){
        .capacity = capacity,
        .free = SLAB_NONE,
        .worker = worker,
        .ports = ports,
        .rules = rules,
        .backend = backend_sockets(),
    };
    e->epoll = epoll_create1(EPOLL_CLOEXEC);
    e->at = mmap(NULL, capacity * sizeof(*e->at), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return e->epoll >= 0 && e->at != MAP_FAILED;
}

void endpoint_table_fini(struct endpoint_table *e)
{
    for (uint32_t i = 0; i < e->touched; i++) {
        if (e->at[i].fd >= 0) {
            endpoint_close(e, i);
        }
    }
    munmap(e->at, e->capacity * sizeof(*e->at));
    close(e->epoll);
}

static bool take_number(struct endpoint_table *e, uint32_t *number)
{
    if (e->free != SLAB_NONE) {
        *number = e->free;
        e->free = e->at[*number].next_free;
        return true;
    }
    if (e->touched == e->capacity) {
        return false;
    }
    *number = e->touched++;
    return true;
}

static void give_number(struct endpoint_table *e, uint32_t number)
{
    e->at[number].fd = -1;
    e->at[number].next_free = e->free;
    e->free = number;
}

/* choose_address — the address to relay from: the configured one of the family (the client's own
 * choice among several), else the one the client came to, else another of this machine. */
static bool choose_address(const struct endpoint_rules *rules, enum netaddr_family family,
                           const struct netaddr *local, struct netaddr *out)
{
    const struct netaddr *best = NULL;
    for (size_t i = 0; i < rules->relay_count; i++) {
        const struct netaddr *a = &rules->relay[i];
        if (a->family == family && (!best || netaddr_is_same_host(a, local))) {
            best = a;
        }
    }
    if (!best && rules->relay_count == 0 && local->family == family &&
        !netaddr_is_link_local(local)) {
        best = local;
    }
    for (uint8_t i = 0; !best && rules->relay_count == 0 && i < rules->own->host_count; i++) {
        const struct netaddr *a = &rules->own->host[i].local;
        if (a->family == family && !netaddr_is_link_local(a) &&
            netaddr_is_loopback(a) == netaddr_is_loopback(local)) {
            best = a;
        }
    }
    if (best) {
        *out = *best;
        out->port = 0;
    }
    return best != NULL;
}

/* is_door — whether a listener of ours has this port: over TCP both would share it, and clients
 * come to a relay. */
static bool is_door(const struct endpoint_table *e, const struct netaddr *at)
{
    const struct own *own = e->rules->own;
    return own_is_door(own, own_find(own, at), at);
}

/* bind_at — a socket on a port that ports_take gave; the port is given back when there is none. */
static int bind_at(struct endpoint_table *e, bool is_stream, int host, uint16_t port)
{
    struct netaddr at = e->ports->host[host]->address;
    at.port = port;
    int fd = -EADDRINUSE;
    if (!is_door(e, &at)) {
        fd = is_stream ? acceptor_bind(&at, true) : e->backend->bind(&at, e->rules->wants_icmp);
    }
    if (fd < 0) {
        ports_give(e->ports, host, port);
    }
    return fd;
}

/* reserve_above — bind the odd port above and keep it under a fresh token. Returns 0; else -errno,
 * the port given back. */
static int reserve_above(struct endpoint_table *e, const struct turn_wish *wish, int host,
                         uint16_t port, struct now now, struct turn_endpoint *out)
{
    struct ports_reserved r = {
        .account = wish->account,
        .until = mono_add_s(now.mono, PORTS_RESERVED_FOR),
        .port = (uint16_t)(port + 1),
        .host = (uint8_t)host,
        .fd = bind_at(e, false, host, (uint16_t)(port + 1)),
    };
    if (r.fd < 0) {
        return r.fd;
    }
    const struct entropy *entropy = entropy_os();
    entropy->fill(entropy->context, r.token, sizeof(r.token));
    if (!ports_reserve(e->ports, &r)) {
        close(r.fd);
        ports_give(e->ports, host, r.port);
        return -ENOSPC;
    }
    memcpy(out->token, r.token, sizeof(r.token));
    return 0;
}

/* bind_pair — the even port of a pair that ports_take gave, and the odd one reserved. Returns the
 * descriptor; else -errno, both ports given back. */
static int bind_pair(struct endpoint_table *e, const struct turn_wish *wish, int host,
                     uint16_t port, struct now now, struct turn_endpoint *out)
{
    int fd = bind_at(e, false, host, port);
    if (fd < 0) {
        ports_give(e->ports, host, (uint16_t)(port + 1));
        return fd;
    }
    int error = reserve_above(e, wish, host, port, now, out);
    if (error != 0) {
        close(fd);
        ports_give(e->ports, host, port);
        return error;
    }
    return fd;
}

/* bind_any — a bound port as wished, with its pair reserved where asked. Returns the descriptor, or
 * a negative number. */
static int bind_any(struct endpoint_table *e, const struct turn_wish *wish, int host,
                    struct now now, struct turn_endpoint *out, uint16_t *port)
{
    enum ports_want want = wish->reserve_next ? PORTS_PAIR : wish->even ? PORTS_EVEN : PORTS_ANY;
    int fd = -EADDRINUSE;
    for (int i = 0; i < TRIES && fd == -EADDRINUSE; i++) {
        *port = ports_take(e->ports, host, e->worker, want);
        if (*port == 0) {
            return -ENOSPC;
        }
        fd = wish->reserve_next ? bind_pair(e, wish, host, *port, now, out)
                                : bind_at(e, wish->is_stream, host, *port);
    }
    return fd; /* out of descriptors, or the address has left this machine: no use to try on */
}

/* register_at — give a bound socket a number and begin to receive on it. */
static bool register_at(struct endpoint_table *e, int fd, bool is_stream, int host, uint16_t port,
                        struct turn_endpoint *out)
{
    if (!take_number(e, &out->number)) {
        return false;
    }
    struct netaddr local = e->ports->host[host]->address;
    e->at[out->number] = (struct endpoint){
        .fd = fd,
        .port = port,
        .host = (uint8_t)host,
        .is_ipv6 = local.family == NETADDR_IPV6,
        .is_stream = is_stream,
    };
    if (!e->backend->watch(e, out->number)) {
        give_number(e, out->number);
        return false;
    }
    if (!is_stream) { /* live are the ports that datagrams may be relayed to */
        ports_set_live(e->ports, host, port, e->worker, true);
    }
    local.port = port;
    out->told = own_to_external(e->rules->own, &local);
    e->live++;
    return true;
}

enum turn_open_result endpoint_open(struct endpoint_table *e, const struct turn_wish *wish,
                                    const struct netaddr *local, struct now now,
                                    struct turn_endpoint *out)
{
    struct netaddr address;
    struct ports_reserved kept;
    uint16_t port;
    int host;
    int fd;
    if (wish->has_token) {
        if (!ports_claim(e->ports, wish->token, wish->account, now.mono, &kept)) {
            return TURN_NO_PORT;
        }
        host = kept.host;
        port = kept.port;
        fd = kept.fd;
    } else {
        if (!choose_address(e->rules, wish->family, local, &address)) {
            return TURN_NO_FAMILY;
        }
        host = ports_host(e->ports, &address);
        fd = host < 0 ? -1 : bind_any(e, wish, host, now, out, &port);
    }
    if (fd < 0) {
        return TURN_NO_PORT;
    }
    if (!register_at(e, fd, wish->is_stream, host, port, out)) {
        close(fd);
        ports_give(e->ports, host, port);
        if (wish->reserve_next &&
            ports_claim(e->ports, out->token, wish->account, now.mono, &kept)) {
            close(kept.fd);
            ports_give(e->ports, kept.host, kept.port);
        }
        return TURN_NO_PORT;
    }
    return TURN_OPENED;
}

/* forget_ready — an endpoint that epoll reported and that is closed now must not be read: its
 * number may be another's by then. */
static void forget_ready(struct endpoint_table *e, uint32_t number)
{
    for (int i = e->ready_next; i < e->ready_count; i++) {
        if (e->ready[i].data.u32 == number) {
            e->ready[i].events = 0;
        }
    }
}

struct netaddr endpoint_address(const struct endpoint_table *e, uint32_t number)
{
    struct netaddr address = e->ports->host[e->at[number].host]->address;
    address.port = e->at[number].port;
    return address;
}

void endpoint_close(struct endpoint_table *e, uint32_t number)
{
    struct endpoint *at = &e->at[number];
    if (!at->is_stream) {
        ports_set_live(e->ports, at->host, at->port, e->worker, false);
    }
    close(at->fd); /* leaves the epoll set with its last descriptor */
    ports_give(e->ports, at->host, at->port);
    forget_ready(e, number);
    give_number(e, number);
    e->live--;
}
