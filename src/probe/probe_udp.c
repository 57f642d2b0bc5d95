/* probe_udp — a UDP socket that talks to one server and hears who else answers. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_udp.h"

#include <time.h> /* linux/errqueue.h takes it for granted */
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <unistd.h>

#include "net/sockaddr.h"
#include "probe/probe_route.h"

/* settle — bind to our address and ask for ICMP errors, which unconnected sockets do not get. */
static bool settle(int fd, struct netaddr *local)
{
    int on = 1;
    struct sockaddr_storage name;
    local->port = 0;
    socklen_t size = sockaddr_from(local, 0, &name);
    bool is_ipv6 = local->family == NETADDR_IPV6;
    return setsockopt(fd, is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, is_ipv6 ? IPV6_RECVERR : IP_RECVERR,
                      &on, sizeof(on)) == 0 &&
           bind(fd, (struct sockaddr *)&name, size) == 0 && probe_route_local(fd, local);
}

int probe_udp_open(struct netaddr *local)
{
    int family = local->family == NETADDR_IPV6 ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && !settle(fd, local)) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

bool probe_udp_send(int fd, const struct netaddr *server, struct span datagram)
{
    struct sockaddr_storage name;
    socklen_t size = sockaddr_from(server, 0, &name);
    /* The first call may only deliver the ICMP error of an earlier datagram. */
    for (int attempt = 0; attempt < 2; attempt++) {
        if (sendto(fd, datagram.bytes, datagram.size, 0, (struct sockaddr *)&name, size) >= 0) {
            return true;
        }
    }
    return false;
}

/* is_filtered — whether an ICMP error comes from a filter: RFC 1812 5.2.7.1, RFC 4443 3.1. */
static bool is_filtered(const struct sock_extended_err *e)
{
    if (e->ee_origin == SO_EE_ORIGIN_ICMP) {
        return e->ee_type == ICMP_DEST_UNREACH &&
               (e->ee_code == ICMP_NET_ANO || e->ee_code == ICMP_HOST_ANO ||
                e->ee_code == ICMP_PKT_FILTERED);
    }
    enum { SOURCE_POLICY = 5, REJECT_ROUTE = 6 };
    return e->ee_origin == SO_EE_ORIGIN_ICMP6 && e->ee_type == ICMP6_DST_UNREACH &&
           (e->ee_code == ICMP6_DST_UNREACH_ADMIN || e->ee_code == SOURCE_POLICY ||
            e->ee_code == REJECT_ROUTE);
}

static enum probe_fate fate_of(const struct sock_extended_err *e)
{
    if (is_filtered(e)) {
        return PROBE_FATE_PROHIBITED;
    }
    switch (e->ee_errno) {
    case ECONNREFUSED:
        return PROBE_FATE_PORT_CLOSED;
    case EMSGSIZE:
        return PROBE_FATE_TOO_BIG;
    default:
        return PROBE_FATE_UNREACHABLE;
    }
}

static bool is_error(const struct cmsghdr *c)
{
    return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
           (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
}

/* take_error — an ICMP error from the error queue, if one is there. */
static bool take_error(int fd, struct probe_input *out)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[512];
    } control;
    struct iovec data = {out->bytes, sizeof(out->bytes)};
    struct msghdr m = {.msg_iov = &data,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof(control.bytes)};
    if (recvmsg(fd, &m, MSG_ERRQUEUE) < 0) {
        return false;
    }
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (!is_error(c)) {
            continue;
        }
        /* The error, then the address of who sent it. */
        struct {
            struct sock_extended_err error;
            struct sockaddr_in6 offender;
        } seen = {0};
        size_t size = c->cmsg_len - CMSG_LEN(0);
        memcpy(&seen, CMSG_DATA(c), size < sizeof(seen) ? size : sizeof(seen));
        struct sockaddr_storage offender = {0};
        memcpy(&offender, &seen.offender, sizeof(seen.offender));
        out->event = PROBE_INPUT_ICMP;
        out->fate = fate_of(&seen.error);
        out->from = sockaddr_to(&offender);
        return true;
    }
    return false;
}

static bool take_datagram(int fd, struct probe_input *out)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof(name);
    ssize_t got = recvfrom(fd, out->bytes, sizeof(out->bytes), 0, (struct sockaddr *)&name, &size);
    if (got < 0) {
        return false;
    }
    out->event = PROBE_INPUT_MESSAGE;
    out->size = (size_t)got;
    out->from = sockaddr_to(&name);
    return true;
}

bool probe_udp_take(int fd, struct probe_input *out)
{
    return take_datagram(fd, out) || take_error(fd, out);
}
