/* backend_sockets — a socket per relay endpoint: works everywhere, needs no privilege. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <linux/errqueue.h>
#include <unistd.h>

#include "net/backend.h"
#include "net/endpoint.h"
#include "net/send.h"
#include "net/sockaddr.h"

enum {
    READ_AT_ONCE = 8, /* datagrams per ready endpoint and turn: bursts of a flow, no starving */
    ERRORS_AT_ONCE = 8,
};

static bool set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

/* set_options — no path MTU discovery, so that packets leave without DF unless asked (RFC 8656 14);
 * DSCP and ECN told; never both families at once. */
static bool set_options(int fd, bool is_ipv6, bool wants_icmp)
{
    if (is_ipv6) {
        return set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
               set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT) &&
               set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1) &&
               (!wants_icmp || set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1));
    }
    return set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT) &&
           set(fd, IPPROTO_IP, IP_RECVTOS, 1) &&
           (!wants_icmp || set(fd, IPPROTO_IP, IP_RECVERR, 1));
}

static int bind_socket(const struct netaddr *local, bool wants_icmp)
{
    struct sockaddr_storage at;
    bool is_ipv6 = local->family == NETADDR_IPV6;
    socklen_t size = sockaddr_from(local, 0, &at);
    int fd = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    if (!set_options(fd, is_ipv6, wants_icmp) || bind(fd, (struct sockaddr *)&at, size) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

static bool watch(struct endpoint_table *e, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    return epoll_ctl(e->epoll, EPOLL_CTL_ADD, e->at[number].fd, &event) == 0;
}

/* read_icmp — one error as the kernel kept it; false when there is none. */
static bool read_icmp(int fd, struct endpoint_icmp *out)
{
    struct sockaddr_storage peer;
    uint8_t control[256];
    uint8_t data[1];
    struct iovec iov = {data, sizeof(data)};
    struct msghdr m = {&peer, sizeof(peer), &iov, 1, control, sizeof(control), 0};
    if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
        return false;
    }
    out->peer.a = sockaddr_to(&peer);
    out->type = UINT8_MAX;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        bool is_error = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                        (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
        struct sock_extended_err error;
        if (!is_error) {
            continue;
        }
        memcpy(&error, CMSG_DATA(c), sizeof(error));
        if (error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6) {
            out->type = error.ee_type;
            out->code = error.ee_code;
            out->mtu = error.ee_errno == EMSGSIZE ? error.ee_info : 0;
        }
    }
    return true;
}

/* is_reported — the types RFC 8656 11.5 names. */
static bool is_reported(const struct endpoint_icmp *icmp, bool is_ipv6)
{
    return is_ipv6 ? icmp->type >= 1 && icmp->type <= 3 : icmp->type == 3 || icmp->type == 11;
}

static void drain_errors(struct endpoint_table *e, uint32_t number)
{
    int fd = e->at[number].fd;
    int pending;
    socklen_t size = sizeof(pending);
    struct endpoint_icmp icmp = {.endpoint = number};
    for (int i = 0; i < ERRORS_AT_ONCE && read_icmp(fd, &icmp); i++) {
        if (is_reported(&icmp, e->at[number].is_ipv6) && e->tell.icmp) {
            e->tell.icmp(e->tell.context, &icmp);
        }
    }
    (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &size); /* clears it */
}

static void read_one(struct endpoint_table *e, uint32_t number, struct batch *b)
{
    size_t first = b->count;
    size_t got = batch_receive(b, e->at[number].fd, READ_AT_ONCE);
    for (size_t i = first; i < first + got; i++) {
        b->packet[i].endpoint = number;
        b->packet[i].peer.a = sockaddr_to(&b->from[i]);
    }
}

static bool receive(struct endpoint_table *e, struct batch *b)
{
    if (e->ready_next == e->ready_count) {
        int got = epoll_wait(e->epoll, e->ready, ENDPOINT_READY_MAX, 0);
        e->ready_count = got > 0 ? got : 0;
        e->ready_next = 0;
    }
    /* Stop while there is room for one whole read, so that every endpoint gets an equal share. */
    while (e->ready_next < e->ready_count && b->count <= BATCH_SIZE - READ_AT_ONCE) {
        const struct epoll_event *event = &e->ready[e->ready_next++];
        if (event->events != 0 && e->at[event->data.u32].is_stream) {
            e->tell.call(e->tell.context, event->data.u32);
            continue;
        }
        if (event->events & EPOLLERR) {
            drain_errors(e, event->data.u32);
        }
        if (event->events & EPOLLIN) {
            read_one(e, event->data.u32, b);
        }
    }
    return e->ready_next < e->ready_count;
}

/* set_df — the don't-fragment bit is a state of the socket on Linux: change it when it differs. */
static void set_df(struct endpoint *at, bool df)
{
    if (at->sets_df != df && !at->is_ipv6) {
        set(at->fd, IPPROTO_IP, IP_MTU_DISCOVER, df ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT);
        at->sets_df = df;
    }
}

static void send_to_peers(struct endpoint_table *e, struct batch *b, struct flow_counts *counts)
{
    struct send_list list;
    for (size_t i = 0; i < b->to_peer_count;) {
        uint32_t number = b->to_peer[i].endpoint;
        bool df = b->to_peer[i].df;
        send_begin(&list);
        for (; i < b->to_peer_count && b->to_peer[i].endpoint == number && b->to_peer[i].df == df;
             i++) {
            struct batch_to_peer *out = &b->to_peer[i];
            send_add(&list, out->bytes, out->length, &out->peer.a, 0);
            send_tos(&list, out->peer.a.family, out->tos);
        }
        set_df(&e->at[number], df);
        for (size_t lost = send_flush(&list, e->at[number].fd); lost > 0; lost--) {
            forward_count_failed(counts);
        }
    }
    b->to_peer_count = 0;
}

const struct backend *backend_sockets(void)
{
    static const struct backend sockets = {"sockets", bind_socket, watch, receive, send_to_peers};
    return &sockets;
}
