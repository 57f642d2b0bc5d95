/* addresses — the addresses of this machine, and word when they change. */
/* SPDX-License-Identifier: MIT */
#include "net/addresses.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "net/sockaddr.h"

size_t addresses_list(struct netaddr *out, size_t room)
{
    struct ifaddrs *all;
    size_t count = 0;
    if (getifaddrs(&all) != 0) {
        return 0;
    }
    for (struct ifaddrs *i = all; i && count < room; i = i->ifa_next) {
        struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
        if (!i->ifa_addr ||
            (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6)) {
            continue;
        }
        bool is_ipv6 = i->ifa_addr->sa_family == AF_INET6;
        memcpy(&at, i->ifa_addr,
               is_ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
        struct netaddr a = sockaddr_to(&at);
        bool is_known = false;
        a.port = 0;
        for (size_t j = 0; j < count && !is_known; j++) {
            is_known = netaddr_is_same_host(&out[j], &a);
        }
        if (!is_known) {
            out[count++] = a;
        }
    }
    freeifaddrs(all);
    return count;
}

int addresses_watch(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct sockaddr_nl at = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
    };
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void addresses_drain(int fd)
{
    char bytes[8192];
    while (read(fd, bytes, sizeof(bytes)) > 0) {
    }
}
