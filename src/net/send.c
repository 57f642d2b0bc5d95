/* send — datagrams that leave one socket together. */
/* SPDX-License-Identifier: MIT */
#include "net/send.h"

#include <errno.h>
#include <string.h>

#include "net/sockaddr.h"

void send_add(struct send_list *list, uint8_t *bytes, size_t size, const struct netaddr *to,
              uint32_t scope)
{
    size_t i = list->count++;
    list->iov[i] = (struct iovec){bytes, size};
    list->message[i].msg_hdr = (struct msghdr){
        .msg_name = &list->to[i],
        .msg_namelen = sockaddr_from(to, scope, &list->to[i]),
        .msg_iov = &list->iov[i],
        .msg_iovlen = 1,
    };
}

/* put_control — append one piece of ancillary data to the last datagram. */
static void put_control(struct send_list *list, int level, int type, const void *value, size_t size)
{
    struct msghdr *m = &list->message[list->count - 1].msg_hdr;
    m->msg_control = list->control[list->count - 1];
    struct cmsghdr *c = (void *)((uint8_t *)m->msg_control + m->msg_controllen);
    memset(c, 0, CMSG_SPACE(size));
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(c), value, size);
    m->msg_controllen += CMSG_SPACE(size);
}

void send_tos(struct send_list *list, uint8_t family, uint8_t tos)
{
    int value = tos;
    if (tos == 0) {
        return;
    }
    if (family == NETADDR_IPV6) {
        put_control(list, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof(value));
    } else {
        put_control(list, IPPROTO_IP, IP_TOS, &value, sizeof(value));
    }
}

void send_source(struct send_list *list, const struct netaddr *local, uint32_t scope)
{
    if (local->family == NETADDR_IPV6) {
        struct in6_pktinfo info = {.ipi6_ifindex = scope};
        memcpy(&info.ipi6_addr, local->ip, 16);
        put_control(list, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    } else {
        struct in_pktinfo info = {.ipi_ifindex = 0};
        memcpy(&info.ipi_spec_dst, local->ip, 4);
        put_control(list, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    }
}

/* is_pending_error — an ICMP error of an earlier datagram, reported and cleared by this call: the
 * datagram at hand was not tried. */
static bool is_pending_error(int error)
{
    return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH ||
           error == EMSGSIZE || error == EPROTO || error == EHOSTDOWN;
}

size_t send_flush(struct send_list *list, int fd)
{
    size_t refused = 0;
    bool is_second_try = false;
    list->refused = 0;
    for (size_t at = 0; at < list->count;) {
        int sent = sendmmsg(fd, list->message + at, (unsigned)(list->count - at), MSG_DONTWAIT);
        if (sent > 0) {
            at += (size_t)sent;
            is_second_try = false;
        } else if (!is_second_try && (errno == EINTR || is_pending_error(errno))) {
            is_second_try = true;
        } else {
            list->refused |= UINT32_C(1) << at;
            refused++;
            at++;
            is_second_try = false;
        }
    }
    list->count = 0;
    return refused;
}
