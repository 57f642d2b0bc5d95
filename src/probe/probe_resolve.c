/* probe_resolve — the addresses of a host. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_resolve.h"

#include <netdb.h>
#include <string.h>

#include "net/sockaddr.h"

static void add(struct probe_resolve *out, const struct netaddr *a)
{
    for (size_t i = 0; i < out->count; i++) {
        if (netaddr_is_equal(&out->address[i], a)) {
            return;
        }
    }
    if (out->count < PROBE_RESOLVE_MAX) {
        out->address[out->count++] = *a;
    }
}

bool probe_resolve_host(const char *host, uint16_t port, enum netaddr_family family,
                        struct probe_resolve *out)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_family = AF_UNSPEC};
    struct addrinfo *found = NULL;
    if (family != NETADDR_NONE) {
        hints.ai_family = family == NETADDR_IPV6 ? AF_INET6 : AF_INET;
    }
    *out = (struct probe_resolve){.reason = "no address of a usable family"};
    int error = getaddrinfo(host, NULL, &hints, &found);
    if (error != 0) {
        out->reason = gai_strerror(error);
        return false;
    }
    for (const struct addrinfo *i = found; i; i = i->ai_next) {
        struct sockaddr_storage name = {0};
        memcpy(&name, i->ai_addr, i->ai_addrlen);
        struct netaddr a = sockaddr_to(&name);
        a.port = port;
        if (a.family != NETADDR_NONE) {
            add(out, &a);
        }
    }
    freeaddrinfo(found);
    return out->count > 0;
}
