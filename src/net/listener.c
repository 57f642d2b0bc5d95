/* listener — the UDP sockets clients send to. */
/* SPDX-License-Identifier: MIT */
#include "net/listener.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "net/sockaddr.h"

enum { BUFFER_SIZE = 4 << 20 }; /* asked of the kernel, which gives what net.core.*mem_max allow */

static bool set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

static bool set_options(int fd, const struct netaddr *address, bool is_probe)
{
    bool ok = is_probe || set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    set(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_SIZE);
    set(fd, SOL_SOCKET, SO_SNDBUF, BUFFER_SIZE);
    if (address->family == NETADDR_IPV6) {
        return ok && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
               set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
               set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1) &&
               set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
    }
    return ok && set(fd, IPPROTO_IP, IP_PKTINFO, 1) && set(fd, IPPROTO_IP, IP_RECVTOS, 1) &&
           set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
}

int listener_bind(const struct netaddr *address, bool is_probe)
{
    struct sockaddr_storage at;
    socklen_t size = sockaddr_from(address, 0, &at);
    int family = address->family == NETADDR_IPV6 ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    if (!set_options(fd, address, is_probe) || bind(fd, (struct sockaddr *)&at, size) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

bool listener_local_number(struct listener_set *set_, const struct listener_local *local,
                           uint16_t *number)
{
    size_t last = set_->last_local;
    if (last < set_->local_count && memcmp(&set_->local[last], local, sizeof(*local)) == 0) {
        *number = (uint16_t)last;
        return true;
    }
    size_t i = 0;
    while (i < set_->local_count && memcmp(&set_->local[i], local, sizeof(*local)) != 0) {
        i++;
    }
    if (i == LISTENER_LOCALS_MAX) {
        return false;
    }
    if (i == set_->local_count) {
        set_->local[set_->local_count++] = *local;
    }
    set_->last_local = (uint16_t)i;
    *number = (uint16_t)i;
    return true;
}

bool listener_add(struct listener_set *set_, int fd, const struct netaddr *address)
{
    struct listener_local local = {.address = *address};
    if (set_->count == LISTENER_MAX) {
        return false;
    }
    struct listener *l = &set_->at[set_->count];
    *l = (struct listener){.address = *address, .fd = fd, .is_wildcard = netaddr_is_any(address)};
    if (!l->is_wildcard && !listener_local_number(set_, &local, &l->local)) {
        return false;
    }
    set_->count++;
    return true;
}

void listener_close(struct listener_set *set_)
{
    for (size_t i = 0; i < set_->count; i++) {
        close(set_->at[i].fd);
    }
    set_->count = 0;
}

/* local_of — the address of ours a datagram was sent to, from its ancillary data. */
static bool local_of(struct msghdr *m, const struct listener *l, struct listener_local *out)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            *out = (struct listener_local){
                .address = netaddr_ipv4(ntohl(info.ipi_addr.s_addr), l->address.port)};
            return true;
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            *out = (struct listener_local){
                .address = netaddr_ipv6(info.ipi6_addr.s6_addr, l->address.port)};
            out->scope = netaddr_is_link_local(&out->address) ? info.ipi6_ifindex : 0;
            return true;
        }
    }
    return false;
}

size_t listener_receive(struct listener_set *set_, uint16_t number, struct batch *b)
{
    struct listener *l = &set_->at[number];
    size_t first = b->count;
    size_t got = batch_receive(b, l->fd, BATCH_SIZE);
    for (size_t i = first; i < first + got; i++) {
        struct packet *p = &b->packet[i];
        uint16_t local = l->local;
        struct listener_local to;
        if (l->is_wildcard &&
            (!local_of(&b->in[i].msg_hdr, l, &to) || !listener_local_number(set_, &to, &local))) {
            p->size = 0; /* nobody could be answered: counted as not STUN */
            local = 0;
        }
        p->path = (struct path){
            .kind = PATH_UDP,
            .listener = number,
            .local = local,
            .client = {sockaddr_to(&b->from[i])},
        };
    }
    return got;
}

static void add_one(struct listener_set *set_, struct send_list *list, struct batch_to_client *out)
{
    const struct listener_local *local = &set_->local[out->path.local];
    send_add(list, out->bytes, out->length, &out->path.client.a, local->scope);
    send_tos(list, out->path.client.a.family, out->tos);
    if (set_->at[out->path.listener].is_wildcard) {
        send_source(list, &local->address, local->scope);
    }
}

/* send_run — everything for one listener, in its order. */
static void send_run(struct listener_set *set_, uint16_t number, struct batch *b, size_t first,
                     struct flow_counts *counts)
{
    struct send_list list;
    bool is_data[BATCH_SIZE] = {false};
    send_begin(&list);
    for (size_t i = first; i < b->to_client_count; i++) {
        if (b->to_client[i].path.listener == number) {
            is_data[list.count] = b->to_client[i].is_data;
            add_one(set_, &list, &b->to_client[i]);
        }
    }
    size_t count = list.count;
    send_flush(&list, set_->at[number].fd);
    for (size_t i = 0; i < count; i++) {
        if ((list.refused >> i & 1) != 0 && is_data[i]) {
            forward_count_failed(counts);
        }
    }
}

void listener_send(struct listener_set *set_, struct batch *b, struct flow_counts *counts)
{
    for (size_t i = 0; i < b->to_client_count; i++) {
        uint16_t number = b->to_client[i].path.listener;
        bool is_done = false;
        for (size_t j = 0; j < i && !is_done; j++) {
            is_done = b->to_client[j].path.listener == number;
        }
        if (!is_done) {
            send_run(set_, number, b, i, counts);
        }
    }
    b->to_client_count = 0;
}
