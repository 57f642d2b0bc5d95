/* probe_route — the address that this machine uses toward a server. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_route.h"

#include <errno.h>
#include <unistd.h>

#include "net/sockaddr.h"

bool probe_route_local(int fd, struct netaddr *local)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof(name);
    if (getsockname(fd, (struct sockaddr *)&name, &size) != 0) {
        return false;
    }
    *local = sockaddr_to(&name);
    return true;
}

/* connected — what a connected UDP socket gets for its own. */
static int connected(int fd, const struct netaddr *server, struct netaddr *local)
{
    struct sockaddr_storage name;
    socklen_t size = sockaddr_from(server, 0, &name);
    if (connect(fd, (struct sockaddr *)&name, size) != 0) {
        bool is_unknown = errno == ENETUNREACH || errno == EHOSTUNREACH || errno == EADDRNOTAVAIL;
        return is_unknown ? PROBE_ROUTE_NONE : PROBE_ROUTE_FAILED;
    }
    bool has_name = probe_route_local(fd, local);
    local->port = 0;
    return has_name ? 0 : PROBE_ROUTE_FAILED;
}

int probe_route_find(const struct netaddr *server, struct netaddr *local)
{
    int family = server->family == NETADDR_IPV6 ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno == EAFNOSUPPORT ? PROBE_ROUTE_NONE : PROBE_ROUTE_FAILED;
    }
    int result = connected(fd, server, local);
    int reason = errno;
    close(fd);
    errno = reason;
    return result;
}
