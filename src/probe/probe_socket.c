/* probe_socket — one UDP socket that talks to one server. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_socket.h"

#include <time.h> /* linux/errqueue.h takes it for granted */
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "net/clock.h"
#include "net/sockaddr.h"

static int new_socket(const struct netaddr *server)
{
    int family = server->family == NETADDR_IPV6 ? AF_INET6 : AF_INET;
    return socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static bool read_name(int fd, struct netaddr *out)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof(name);
    if (getsockname(fd, (struct sockaddr *)&name, &size) != 0) {
        return false;
    }
    *out = sockaddr_to(&name);
    return true;
}

/* find_local — the address this machine uses toward the server: what a connected socket gets. */
static int find_local(const struct netaddr *server, struct netaddr *local)
{
    struct sockaddr_storage name;
    socklen_t size = sockaddr_from(server, 0, &name);
    int fd = new_socket(server);
    if (fd < 0) {
        return errno == EAFNOSUPPORT ? PROBE_SOCKET_NO_ROUTE : PROBE_SOCKET_FAILED;
    }
    int result = 0;
    if (connect(fd, (struct sockaddr *)&name, size) != 0) {
        bool is_unknown = errno == ENETUNREACH || errno == EHOSTUNREACH || errno == EADDRNOTAVAIL;
        result = is_unknown ? PROBE_SOCKET_NO_ROUTE : PROBE_SOCKET_FAILED;
    } else if (!read_name(fd, local)) {
        result = PROBE_SOCKET_FAILED;
    }
    int reason = errno;
    close(fd);
    errno = reason;
    return result;
}

/* settle — bind to our address and ask for ICMP errors, which unconnected sockets do not get. */
static bool settle(struct probe_socket *s)
{
    int on = 1;
    struct sockaddr_storage name;
    s->local.port = 0;
    socklen_t size = sockaddr_from(&s->local, 0, &name);
    bool is_ipv6 = s->server.family == NETADDR_IPV6;
    return setsockopt(s->fd, is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
                      is_ipv6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof(on)) == 0 &&
           bind(s->fd, (struct sockaddr *)&name, size) == 0 && read_name(s->fd, &s->local);
}

int probe_socket_open(struct probe_socket *s, const struct netaddr *server,
                      const struct probe_trace *trace)
{
    *s = (struct probe_socket){.fd = -1, .server = *server, .trace = trace};
    int result = find_local(server, &s->local);
    if (result != 0) {
        return result;
    }
    s->fd = new_socket(server);
    if (s->fd < 0) {
        return PROBE_SOCKET_FAILED;
    }
    if (!settle(s)) {
        int reason = errno;
        probe_socket_close(s);
        errno = reason;
        return PROBE_SOCKET_FAILED;
    }
    return 0;
}

void probe_socket_close(struct probe_socket *s)
{
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
}

int probe_socket_send(struct probe_socket *s, struct span datagram)
{
    struct sockaddr_storage name;
    socklen_t size = sockaddr_from(&s->server, 0, &name);
    probe_trace_sent(s->trace, &s->local, &s->server, datagram);
    /* The first call may only deliver the ICMP error of an earlier datagram. */
    for (int attempt = 0; attempt < 2; attempt++) {
        if (sendto(s->fd, datagram.bytes, datagram.size, 0, (struct sockaddr *)&name, size) >= 0) {
            return 0;
        }
    }
    return PROBE_SOCKET_FAILED;
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
static bool take_error(const struct probe_socket *s, struct probe_socket_input *out)
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
    if (recvmsg(s->fd, &m, MSG_ERRQUEUE) < 0) {
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
        out->event = PROBE_SOCKET_ICMP;
        out->fate = fate_of(&seen.error);
        out->from = sockaddr_to(&offender);
        probe_trace_icmp(s->trace, &s->local, &out->from, probe_fate_text(out->fate));
        return true;
    }
    return false;
}

static bool take_datagram(const struct probe_socket *s, struct probe_socket_input *out)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof(name);
    ssize_t got =
        recvfrom(s->fd, out->bytes, sizeof(out->bytes), 0, (struct sockaddr *)&name, &size);
    if (got < 0) {
        return false;
    }
    out->event = PROBE_SOCKET_DATAGRAM;
    out->size = (size_t)got;
    out->from = sockaddr_to(&name);
    probe_trace_received(s->trace, &s->local, &out->from, (struct span){out->bytes, out->size});
    return true;
}

/* wait_until — sleep until something is to be read; false when the deadline came first. */
static bool wait_until(int fd, struct mono deadline)
{
    struct mono now = clock_now().mono;
    if (!mono_is_before(now, deadline)) {
        return false;
    }
    uint64_t left = deadline.ns - now.ns;
    struct timespec time = {(time_t)(left / MONO_SECOND), (long)(left % MONO_SECOND)};
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return ppoll(&p, 1, &time, NULL) != 0 || mono_is_before(clock_now().mono, deadline);
}

void probe_socket_receive(struct probe_socket *s, struct mono deadline,
                          struct probe_socket_input *out)
{
    do {
        if (take_datagram(s, out) || take_error(s, out)) {
            return;
        }
    } while (wait_until(s->fd, deadline));
    out->event = PROBE_SOCKET_NOTHING;
}
