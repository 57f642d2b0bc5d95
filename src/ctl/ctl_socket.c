/* ctl_socket — one exchange with the server over its control socket. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"

/* An exchange under way. */
struct exchange {
    int fd;
    int64_t deadline; /* ms */
    const char *path; /* for messages */
    struct text *why;
};

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* complain — "PATH: WHAT". Returns false. */
static bool complain(struct exchange *e, const char *what)
{
    text_put(e->why, e->path);
    text_put(e->why, ": ");
    text_put(e->why, what);
    return false;
}

/* complain_unconnected — why nobody is there, and what to do about it. */
static bool complain_unconnected(struct exchange *e, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return complain(e, "there is no such socket; start turnpike with the option `control` in "
                           "its configuration, or say with --socket where it is");
    case ECONNREFUSED:
        return complain(e, "nobody answers; turnpike is not running, or its option `control` names "
                           "another socket (see --socket)");
    case EACCES:
    case EPERM:
        return complain(e, "permission denied; run this as root, or as the user that turnpike runs "
                           "as (its option `run-as`)");
    case EPROTOTYPE:
        return complain(e, "this is another kind of socket; say with --socket what the option "
                           "`control` of turnpike's configuration names");
    default:
        return complain(e, strerror(error));
    }
}

/* wait_for — until the socket is ready. Returns false with a sentence when time is up. */
static bool wait_for(struct exchange *e, short events)
{
    struct pollfd p = {.fd = e->fd, .events = events};
    for (;;) {
        int64_t left = e->deadline - now();
        int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (ready > 0) {
            return true;
        }
        if (ready == 0) {
            return complain(e, "no answer in time; see turnpike's log");
        }
        if (errno != EINTR) {
            return complain(e, strerror(errno));
        }
    }
}

/* connect_to — a full queue of a busy server is waited for. */
static bool connect_to(struct exchange *e)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(e->path) >= sizeof(name.sun_path)) {
        return complain(e, "no socket can have a name that long; 107 bytes are the most");
    }
    memcpy(name.sun_path, e->path, strlen(e->path));
    while (connect(e->fd, (const struct sockaddr *)&name, sizeof(name)) != 0) {
        if (errno != EAGAIN && errno != EINTR) {
            return complain_unconnected(e, errno);
        }
        if (now() >= e->deadline) {
            return complain(e, "no answer in time; see turnpike's log");
        }
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    return true;
}

/* send_all — a server that has heard enough and hangs up has still said why. */
static bool send_all(struct exchange *e, const char *request)
{
    size_t left = strlen(request);
    while (left > 0) {
        ssize_t sent = send(e->fd, request, left, MSG_NOSIGNAL);
        if (sent >= 0) {
            request += sent;
            left -= (size_t)sent;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return true;
        } else if (errno != EAGAIN && errno != EINTR) {
            return complain(e, strerror(errno));
        } else if (errno == EAGAIN && !wait_for(e, POLLOUT)) {
            return false;
        }
    }
    return true;
}

static bool complain_answer(struct exchange *e, enum ctl_http_verdict verdict)
{
    switch (verdict) {
    case CTL_HTTP_LARGE:
        return complain(e, "the answer is larger than 64 MiB; ask for less");
    case CTL_HTTP_CUT:
        return complain(e, "the connection ended before the answer did; see turnpike's log");
    default:
        return complain(e, "this is no answer in HTTP; is it turnpike's control socket?");
    }
}

static bool read_answer(struct exchange *e, struct ctl_http *answer)
{
    enum ctl_http_verdict verdict = CTL_HTTP_MORE;
    char bytes[16384];
    while (verdict == CTL_HTTP_MORE) {
        ssize_t got = recv(e->fd, bytes, sizeof(bytes), 0);
        if (got > 0) {
            verdict = ctl_http_take(answer, bytes, (size_t)got);
        } else if (got == 0 || errno == ECONNRESET) {
            verdict = ctl_http_end(answer);
        } else if (errno != EAGAIN && errno != EINTR) {
            return complain(e, strerror(errno));
        } else if (errno == EAGAIN && !wait_for(e, POLLIN)) {
            return false;
        }
    }
    secret_wipe(bytes, sizeof(bytes));
    return verdict == CTL_HTTP_WHOLE || complain_answer(e, verdict);
}

bool ctl_socket_exchange(const char *path, const char *request, int milliseconds,
                         struct ctl_http *answer, struct text *why)
{
    struct exchange e = {.deadline = now() + milliseconds, .path = path, .why = why};
    ctl_http_init(answer, CTL_HTTP_BODY_MAX);
    e.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (e.fd < 0) {
        return complain(&e, strerror(errno));
    }
    bool ok = connect_to(&e) && send_all(&e, request) && read_answer(&e, answer);
    close(e.fd);
    return ok;
}
