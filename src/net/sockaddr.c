/* sockaddr — netaddr to and from the kernel's socket addresses. */
/* SPDX-License-Identifier: MIT */
#include "net/sockaddr.h"

#include <netinet/in.h>
#include <string.h>

socklen_t sockaddr_from(const struct netaddr *a, uint32_t scope, struct sockaddr_storage *out)
{
    if (a->family == NETADDR_IPV4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(a->port)};
        memcpy(&in->sin_addr, a->ip, 4);
        return sizeof(*in);
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(a->port)};
    memcpy(&in6->sin6_addr, a->ip, 16);
    in6->sin6_scope_id = netaddr_is_link_local(a) ? scope : 0;
    return sizeof(*in6);
}

struct netaddr sockaddr_to(const struct sockaddr_storage *in)
{
    if (in->ss_family == AF_INET) {
        const struct sockaddr_in *in4 = (const struct sockaddr_in *)in;
        return netaddr_ipv4(ntohl(in4->sin_addr.s_addr), ntohs(in4->sin_port));
    }
    if (in->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)in;
        struct netaddr a = netaddr_ipv6(in6->sin6_addr.s6_addr, ntohs(in6->sin6_port));
        return netaddr_unmapped(&a);
    }
    return (struct netaddr){.family = NETADDR_NONE};
}
