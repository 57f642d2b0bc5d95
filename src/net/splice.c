/* splice — two connections joined. */
/* SPDX-License-Identifier: MIT */
#include "net/splice.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/acceptor.h"
#include "net/sockaddr.h"
#include "net/tls.h"

enum { READS_PER_TURN = 8 };

static bool set_one(int fd, int name)
{
    int one = 1;
    return setsockopt(fd, SOL_SOCKET, name, &one, sizeof(one)) == 0;
}

/* bind_from — to the port the peers' listening socket is bound to as well. */
static bool bind_from(int fd, const struct netaddr *from)
{
    struct sockaddr_storage at;
    socklen_t size = sockaddr_from(from, 0, &at);
    return set_one(fd, SO_REUSEADDR) && set_one(fd, SO_REUSEPORT) &&
           bind(fd, (struct sockaddr *)&at, size) == 0;
}

struct connection *splice_connect(struct connection_set *set, const struct netaddr *from,
                                  const struct netaddr *to, struct mono now)
{
    struct sockaddr_storage at;
    socklen_t size = sockaddr_from(to, 0, &at);
    int family = to->family == NETADDR_IPV6 ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return NULL;
    }
    acceptor_tune(fd);
    struct connection *c = NULL;
    if ((from->family == NETADDR_NONE || bind_from(fd, from)) &&
        (connect(fd, (struct sockaddr *)&at, size) == 0 || errno == EINPROGRESS)) {
        c = connection_open(set, fd, CONNECTION_CONNECTING, now);
    }
    if (!c) {
        close(fd);
        return NULL;
    }
    c->is_peer = true;
    return c;
}

bool splice_is_connected(const struct connection *c)
{
    int error;
    socklen_t size = sizeof(error);
    return getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

static void begin_raw(struct connection *c)
{
    c->is_raw = true;
    c->is_held = false;
    c->out.replies = 0;
    c->out.frame = 0;
}

void splice_join(struct connection_set *set, struct connection *a, struct connection *b,
                 struct mono now)
{
    a->other = connection_number(set, b);
    b->other = connection_number(set, a);
    begin_raw(a);
    begin_raw(b);
    struct connection *each[] = {a, b};
    for (int i = 0; i < 2; i++) {
        if (each[i]->state != CONNECTION_CONNECTING) {
            connection_go(set, each[i], CONNECTION_JOINED, now);
        }
        connection_put_again(set, each[i]);
    }
    connection_watch(set, a);
    connection_watch(set, b);
}

/* pass_on — send bytes, behind what waits already. False when the connection is broken. */
static bool pass_on(struct connection *to, struct span bytes, struct mono now)
{
    size_t sent = 0;
    if (to->out.size == 0) {
        enum connection_io io = connection_write(to, bytes.bytes, bytes.size, &sent);
        if (io != CONNECTION_DONE && io != CONNECTION_WAIT) {
            return false;
        }
        to->moved = now;
    }
    to->heard = now;
    struct span rest = {bytes.bytes + sent, bytes.size - sent};
    return rest.size == 0 || outbox_put_raw(&to->out, rest);
}

/* say_end — what `from` had to say has been said in full: let the other side know. */
static void say_end(const struct connection *from, struct connection *to)
{
    if (from->is_ended && to->out.size == 0 && !to->has_said_end) {
        to->has_said_end = true;
        if (to->tls) {
            tls_say_end(to->tls);
        } else {
            (void)shutdown(to->fd, SHUT_WR);
        }
    }
}

/* move_kept — what was received before the two were joined comes first. */
static bool move_kept(struct connection *from, struct connection *to, struct mono now)
{
    if (!from->kept || to->out.size > 0) {
        return true;
    }
    bool ok = pass_on(to, (struct span){from->kept, from->kept_size}, now);
    from->passed += from->kept_size;
    free(from->kept);
    from->kept = NULL;
    from->kept_size = 0;
    return ok;
}

/* move_one_way — read from one as long as the other takes it. *more: there may be more to read that
 * epoll does not know of. False when either is broken. */
static bool move_one_way(struct connection *from, struct connection *to, uint8_t *buffer,
                         struct mono now, bool *more)
{
    *more = false;
    if (!move_kept(from, to, now)) {
        return false;
    }
    for (int i = 0; !from->is_ended && to->out.size == 0; i++) {
        size_t got;
        if (i == READS_PER_TURN) {
            *more = true;
            break;
        }
        enum connection_io io = connection_read(from, buffer, SPLICE_BUFFER_SIZE, &got);
        if (io == CONNECTION_WAIT) {
            break;
        }
        if (io == CONNECTION_FAILED) {
            return false;
        }
        from->is_ended = io == CONNECTION_END;
        from->heard = now;
        from->passed += got;
        if (io == CONNECTION_DONE && !pass_on(to, (struct span){buffer, got}, now)) {
            return false;
        }
    }
    say_end(from, to);
    return true;
}

bool splice_move(struct connection_set *set, struct connection *c, uint8_t *buffer, struct mono now)
{
    if (c->other == CONNECTION_NONE) {
        return false;
    }
    struct connection *other = connection_at(set, c->other);
    if (c->state == CONNECTION_CONNECTING || other->state == CONNECTION_CONNECTING) {
        return true; /* until then nothing is read */
    }
    struct connection *from[] = {c, other};
    for (int i = 0; i < 2; i++) {
        bool more;
        if (connection_flush(from[1 - i], now) == CONNECTION_FAILED ||
            !move_one_way(from[i], from[1 - i], buffer, now, &more)) {
            return false;
        }
        if (more) {
            connection_put_again(set, from[i]);
        }
    }
    for (int i = 0; i < 2; i++) {
        connection_watch(set, from[i]);
        connection_time(set, from[i]);
    }
    return !(c->has_said_end && other->has_said_end);
}
