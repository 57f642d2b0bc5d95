/* acceptor — the TCP sockets that listen. */
/* SPDX-License-Identifier: MIT */
#include "net/acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sockaddr.h"

enum {
    BACKLOG = 1024,
    KEEP_IDLE = 60,     /* seconds until the first probe: below the time-outs of common NATs */
    KEEP_INTERVAL = 20, /* seconds */
    KEEP_COUNT = 4,
};

static bool set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

int acceptor_bind(const struct netaddr *address, bool is_shared)
{
    struct sockaddr_storage at;
    socklen_t size = sockaddr_from(address, 0, &at);
    bool is_ipv6 = address->family == NETADDR_IPV6;
    int fd = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    /* With SO_REUSEADDR alone a port that was in use a minute ago can be had, one that is listened
     * on cannot. */
    bool ok = set(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
              (!is_shared || set(fd, SOL_SOCKET, SO_REUSEPORT, 1)) &&
              (!is_ipv6 || set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    if (!ok || bind(fd, (struct sockaddr *)&at, size) != 0 || listen(fd, BACKLOG) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

void acceptor_tune(int fd)
{
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT);
}

/* is_short — accept's errors that will come again at once; all others are of one connection. */
static bool is_short(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

int acceptor_take(int fd, struct acceptor_taken *out)
{
    enum { TRIES = 8 };
    struct sockaddr_storage at = {0};
    for (int i = 0; i < TRIES; i++) {
        socklen_t size = sizeof(at);
        out->fd = accept4(fd, (struct sockaddr *)&at, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (out->fd < 0 && errno == EAGAIN) {
            return -EAGAIN;
        }
        if (out->fd < 0 && is_short(errno)) {
            return -EMFILE;
        }
        if (out->fd < 0) {
            continue;
        }
        out->from = sockaddr_to(&at);
        size = sizeof(at);
        if (getsockname(out->fd, (struct sockaddr *)&at, &size) != 0) {
            close(out->fd);
            continue;
        }
        out->local = sockaddr_to(&at);
        out->scope = netaddr_is_link_local(&out->local)
                         ? ((const struct sockaddr_in6 *)(const void *)&at)->sin6_scope_id
                         : 0;
        acceptor_tune(out->fd);
        return 0;
    }
    return -EAGAIN;
}

int acceptor_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void acceptor_shed(int fd, int *spare)
{
    if (*spare < 0) {
        *spare = acceptor_spare(); /* somebody was quicker last time */
    }
    if (*spare >= 0) {
        close(*spare);
    }
    int refused = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (refused >= 0) {
        close(refused);
    }
    *spare = acceptor_spare();
}
