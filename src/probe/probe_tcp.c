/* probe_tcp — a TCP connection to one server. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "net/sockaddr.h"
#include "probe/probe_wait.h"

int probe_tcp_open(const struct netaddr *server)
{
    int on = 1;
    int family = server->family == NETADDR_IPV6 ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) { /* what is timed must not wait for more to send */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    return fd;
}

/* fate_of — what an error of a socket means. */
static enum probe_fate fate_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return PROBE_FATE_CONNECTION_REFUSED;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
        return PROBE_FATE_RESET;
    case ETIMEDOUT:
        return PROBE_FATE_SILENT;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EHOSTDOWN:
        return PROBE_FATE_UNREACHABLE;
    case EACCES: /* ICMPv6's "administratively prohibited" */
        return PROBE_FATE_PROHIBITED;
    default:
        return PROBE_FATE_NOT_SENT;
    }
}

/* outcome — how connecting went, once the socket is ready. */
static enum probe_fate outcome(int fd)
{
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
    }
    errno = error;
    return error == 0 ? PROBE_FATE_OK : fate_of(error);
}

enum probe_fate probe_tcp_connect(int fd, const struct netaddr *server, struct mono deadline)
{
    struct sockaddr_storage name;
    socklen_t size = sockaddr_from(server, 0, &name);
    if (connect(fd, (struct sockaddr *)&name, size) == 0) {
        return PROBE_FATE_OK;
    }
    if (errno != EINPROGRESS) {
        return fate_of(errno);
    }
    return probe_wait_write(fd, deadline) ? outcome(fd) : PROBE_FATE_SILENT;
}

enum probe_fate probe_tcp_send(int fd, struct span bytes, struct mono deadline)
{
    struct reader r = reader_init(bytes.bytes, bytes.size);
    while (r.left > 0) {
        ssize_t sent = send(fd, r.at, r.left, MSG_NOSIGNAL);
        if (sent >= 0) {
            reader_bytes(&r, (size_t)sent);
        } else if (errno != EAGAIN && errno != EINTR) {
            return fate_of(errno) == PROBE_FATE_RESET ? PROBE_FATE_RESET : PROBE_FATE_NOT_SENT;
        } else if (!probe_wait_write(fd, deadline)) {
            errno = EAGAIN;
            return PROBE_FATE_NOT_SENT;
        }
    }
    return PROBE_FATE_OK;
}

int probe_tcp_receive(int fd, uint8_t *bytes, size_t room, enum probe_fate *end)
{
    ssize_t got = recv(fd, bytes, room, 0);
    if (got > 0) {
        return (int)got;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    *end = got == 0 ? PROBE_FATE_CLOSED : fate_of(errno);
    return -1;
}
