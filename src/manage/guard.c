/* guard — keeps the connections of the HTTP interface few, and none of them slow. */
/* SPDX-License-Identifier: MIT */
#include "manage/guard.h"

#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "net/clock.h"

/* cookie_of — the kernel's name for a socket; 0 when the descriptor is none. */
static uint64_t cookie_of(int fd)
{
    uint64_t cookie = 0;
    socklen_t size = sizeof(cookie);
    return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

/* on_names — learn the descriptors of what came just now: evhttp has set them, and the loop has not
 * looked at them yet, so that none can have been closed. */
static void on_names(evutil_socket_t fd, short what, void *argument)
{
    struct guards *all = argument;
    (void)fd;
    (void)what;
    for (int i = 0; i < GUARD_CONNECTIONS_MAX; i++) {
        struct guard *g = &all->guard[i];
        if (!g->is_used || g->is_named) {
            continue;
        }
        g->is_named = true;
        g->fd = bufferevent_getfd(g->connection);
        g->cookie = cookie_of(g->fd);
        if (g->is_refused && g->fd >= 0) {
            shutdown(g->fd, SHUT_RDWR);
        }
    }
}

/* on_input — bytes came in, or were taken. */
static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *argument)
{
    struct guard *g = argument;
    (void)buffer;
    if (info->n_added > 0 && g->since.ns == 0) {
        g->since = clock_now().mono;
    }
}

bool guard_init(struct guards *all, struct event_base *base)
{
    all->names = event_new(base, -1, 0, on_names, all);
    return all->names != NULL;
}

void guard_fini(struct guards *all)
{
    if (all->names) {
        event_free(all->names);
    }
}

void guard_watch(struct guards *all, struct bufferevent *connection, bool is_refused)
{
    int i = 0;
    while (i < GUARD_CONNECTIONS_MAX && all->guard[i].is_used) {
        i++;
    }
    if (i == GUARD_CONNECTIONS_MAX) {
        return;
    }
    struct guard *g = &all->guard[i];
    *g = (struct guard){.is_used = true, .is_refused = is_refused, .connection = connection};
    g->since = clock_now().mono; /* a handshake counts as well */
    all->used++;
    evbuffer_add_cb(bufferevent_get_input(connection), on_input, g);
    event_active(all->names, EV_READ, 0);
}

void guard_heard(struct guards *all, const struct bufferevent *connection)
{
    for (int i = 0; i < GUARD_CONNECTIONS_MAX; i++) {
        if (all->guard[i].is_used && all->guard[i].connection == connection) {
            all->guard[i].since = (struct mono){0};
        }
    }
}

void guard_sweep(struct guards *all)
{
    struct mono now = clock_now().mono;
    for (int i = 0; all->used > 0 && i < GUARD_CONNECTIONS_MAX; i++) {
        struct guard *g = &all->guard[i];
        if (!g->is_used || !g->is_named) {
            continue;
        }
        if (g->cookie == 0 || cookie_of(g->fd) != g->cookie) {
            g->is_used = false;
            all->used--;
        } else if (g->since.ns != 0 &&
                   !mono_is_before(now, mono_add_s(g->since, GUARD_REQUEST_SECONDS))) {
            shutdown(g->fd, SHUT_RDWR); /* evhttp sees its end */
        }
    }
}
