/* connection — the connections of one worker. */
/* SPDX-License-Identifier: MIT */
#include "net/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls.h"

enum {
    GRAIN_MS = 100,      /* of the timers */
    TLS_AT_ONCE = 16384, /* bytes of a record */
};

static const struct mono never = {UINT64_MAX};

bool connection_set_init(struct connection_set *set, const struct memory *memory, uint32_t capacity,
                         struct mono now)
{
    *set = (struct connection_set){.again = CONNECTION_NONE, .soonest = never};
    set->epoll = epoll_create1(EPOLL_CLOEXEC);
    set->handshakes = epoll_create1(EPOLL_CLOEXEC);
    if (set->epoll < 0 || set->handshakes < 0 ||
        !slab_init(&set->slab, memory, sizeof(struct connection), capacity)) {
        return false;
    }
    wheel_init(&set->wheel, set->slab.region.base + offsetof(struct connection, timer),
               sizeof(struct connection), GRAIN_MS * (MONO_SECOND / 1000), now);
    return true;
}

static bool is_live(const struct connection *c)
{
    return (c->link.generation & 1) != 0;
}

void connection_set_fini(struct connection_set *set)
{
    for (uint32_t i = 0; i < set->slab.touched; i++) {
        struct connection *c = connection_at(set, i);
        if (is_live(c)) {
            connection_close(set, c, c->fd < 0); /* the sockets of DTLS may be closed by now */
        }
    }
    slab_fini(&set->slab);
    close(set->epoll);
    close(set->handshakes);
}

uint32_t connection_number(const struct connection_set *set, const struct connection *c)
{
    return (uint32_t)(((const uint8_t *)c - set->slab.region.base) / sizeof(*c));
}

static int epoll_of(const struct connection_set *set, const struct connection *c)
{
    return c->state == CONNECTION_OPENING || c->state == CONNECTION_HANDSHAKE ? set->handshakes
                                                                              : set->epoll;
}

static struct epoll_event event_of(const struct connection_set *set, const struct connection *c)
{
    uint64_t number = connection_number(set, c);
    return (struct epoll_event){
        .events = c->watched,
        .data.u64 = (uint64_t)c->link.generation << 32 | number,
    };
}

/* is_read — whether what comes is wanted now. */
static bool is_read(const struct connection_set *set, const struct connection *c)
{
    const struct connection *other =
        c->other == CONNECTION_NONE ? NULL : connection_at(set, c->other);
    switch (c->state) {
    case CONNECTION_CONNECTING:
    case CONNECTION_WAITING:
    case CONNECTION_ENDING:
        return false;
    case CONNECTION_JOINED: /* back pressure: when what was read last has gone on */
        return other && other->state == CONNECTION_JOINED && other->out.size == 0 && !c->is_ended &&
               c->kept_size == 0;
    default:
        return !c->is_held && !c->is_waiting;
    }
}

/* wishes — what there is to wait for. TLS that must write before it reads is not told of bytes. */
static uint8_t wishes(const struct connection_set *set, const struct connection *c)
{
    bool reads = is_read(set, c);
    bool writes = c->out.size > 0 || c->state == CONNECTION_CONNECTING || (reads && c->wants_write);
    return (uint8_t)((writes ? EPOLLOUT : 0) | (reads && !c->wants_write ? EPOLLIN : 0));
}

/* watch — have an epoll set wait for `wanted`. Who waits for nothing is not in the set: epoll would
 * tell of a hang-up whatever was asked, over and over. */
static void watch(struct connection_set *set, struct connection *c, int epoll, uint8_t wanted)
{
    uint8_t before = c->watched;
    c->watched = wanted;
    struct epoll_event event = event_of(set, c);
    if (c->fd < 0 || wanted == before) {
        return;
    }
    int what = before == 0 ? EPOLL_CTL_ADD : wanted == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    if (epoll_ctl(epoll, what, c->fd, &event) != 0) {
        connection_break(set, c);
    }
}

void connection_watch(struct connection_set *set, struct connection *c)
{
    watch(set, c, epoll_of(set, c), wishes(set, c));
}

struct connection *connection_open(struct connection_set *set, int fd, enum connection_state state,
                                   struct mono now)
{
    uint32_t number;
    struct connection *c = slab_take(&set->slab, &number);
    if (!c) {
        return NULL;
    }
    c->fd = fd;
    c->other = CONNECTION_NONE;
    c->link_number = CONNECTION_NONE;
    c->state = (uint8_t)state;
    c->since = now;
    connection_watch(set, c);
    connection_time(set, c);
    return c;
}

static void leave_again(struct connection_set *set, struct connection *c)
{
    uint32_t number = connection_number(set, c);
    uint32_t *at = &set->again;
    while (c->is_again && *at != CONNECTION_NONE) {
        if (*at == number) {
            *at = c->next_again;
            c->is_again = false;
            return;
        }
        at = &connection_at(set, *at)->next_again;
    }
}

void connection_close(struct connection_set *set, struct connection *c, bool is_reset)
{
    uint32_t number = connection_number(set, c);
    if (c->other != CONNECTION_NONE) {
        connection_at(set, c->other)->other = CONNECTION_NONE;
    }
    leave_again(set, c);
    wheel_remove(&set->wheel, number);
    if (c->tls && !is_reset && !c->is_broken) {
        tls_say_end(c->tls);
    }
    tls_end(c->tls);
    if (c->fd >= 0) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        if (is_reset) {
            (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        }
        close(c->fd);
    }
    outbox_fini(&c->out);
    free(c->kept);
    slab_give(&set->slab, number);
}

void connection_release(struct connection_set *set, struct connection *c, struct connection *out)
{
    leave_again(set, c);
    wheel_remove(&set->wheel, connection_number(set, c));
    watch(set, c, epoll_of(set, c), 0);
    *out = *c;
    slab_give(&set->slab, connection_number(set, c));
}

void connection_adopt(struct connection_set *set, struct connection *c,
                      const struct connection *released)
{
    struct connection fresh = *c;
    *c = *released;
    c->link = fresh.link;
    c->timer = fresh.timer;
    c->watched = fresh.watched;
    c->next_again = fresh.next_again;
    c->is_again = fresh.is_again; /* and broken: where epoll would not have it */
    c->is_broken = c->is_broken || fresh.is_broken;
    c->other = CONNECTION_NONE;
    c->mover = 0;
    c->was_moved = true;
    connection_name(set, c);
    connection_watch(set, c);
    connection_time(set, c);
}

void connection_scrap(struct connection *released)
{
    tls_end(released->tls);
    close(released->fd);
    outbox_fini(&released->out);
    free(released->kept);
}

/* short_generation — what a path has room for. */
static uint16_t short_generation(const struct connection *c)
{
    return (uint16_t)(c->link.generation >> 1);
}

struct connection *connection_of(const struct connection_set *set, const struct path *path)
{
    if (!path_is_connection(path) || path->connection >= set->slab.touched) {
        return NULL;
    }
    struct connection *c = connection_at(set, path->connection);
    return is_live(c) && path_is_equal(&c->path, path) ? c : NULL;
}

struct connection *connection_of_event(const struct connection_set *set,
                                       const struct epoll_event *event)
{
    return slab_get(&set->slab,
                    (struct handle){(uint32_t)event->data.u64, (uint32_t)(event->data.u64 >> 32)});
}

void connection_name(const struct connection_set *set, struct connection *c)
{
    c->path.connection = connection_number(set, c);
    c->path.generation = short_generation(c);
}

void connection_go(struct connection_set *set, struct connection *c, enum connection_state state,
                   struct mono now)
{
    int before = epoll_of(set, c);
    c->state = (uint8_t)state;
    c->since = now;
    int after = epoll_of(set, c);
    if (before != after) {
        watch(set, c, before, 0);
    }
    connection_watch(set, c);
    connection_time(set, c);
}

void connection_put_again(struct connection_set *set, struct connection *c)
{
    if (!c->is_again) {
        c->is_again = true;
        c->next_again = set->again;
        set->again = connection_number(set, c);
    }
}

struct connection *connection_take_again(struct connection_set *set)
{
    if (set->again == CONNECTION_NONE) {
        return NULL;
    }
    struct connection *c = connection_at(set, set->again);
    set->again = c->next_again;
    c->is_again = false;
    return c;
}

static struct mono sooner(struct mono a, struct mono b)
{
    return mono_is_before(a, b) ? a : b;
}

/* by_state — how long it may stay as it is, a stalled write apart. */
static struct mono by_state(const struct connection *c)
{
    switch (c->state) {
    case CONNECTION_OPENING:
    case CONNECTION_HANDSHAKE:
        return mono_add_s(c->since, CONNECTION_OPENING_TIME);
    case CONNECTION_FRAMES:
        if (c->heard.ns == 0) {
            return mono_add_s(c->since, CONNECTION_OPENING_TIME);
        }
        return mono_add_s(c->heard,
                          c->is_trusted ? CONNECTION_KNOWN_IDLE : CONNECTION_UNKNOWN_IDLE);
    case CONNECTION_CONNECTING:
        return mono_add_s(c->since, CONNECTION_CONNECT_TIME);
    case CONNECTION_WAITING:
        return mono_add_s(c->since, CONNECTION_WAITING_TIME);
    case CONNECTION_JOINED: /* half of it has ended: the other half must move */
        return c->is_ended || c->has_said_end
                   ? mono_add_s(mono_max(c->since, c->heard), CONNECTION_STALL_TIME)
                   : never;
    default:
        return mono_add_s(c->since, CONNECTION_STALL_TIME);
    }
}

struct mono connection_deadline(const struct connection *c)
{
    struct mono stall = c->out.size > 0 ? mono_add_s(c->moved, CONNECTION_STALL_TIME) : never;
    struct mono retry = c->retry.ns != 0 ? c->retry : never;
    return sooner(sooner(stall, retry), by_state(c));
}

void connection_time(struct connection_set *set, struct connection *c)
{
    struct mono deadline = connection_deadline(c);
    if (deadline.ns != never.ns) {
        wheel_hasten(&set->wheel, connection_number(set, c), deadline);
        set->soonest = sooner(set->soonest, deadline);
    }
}

struct connection *connection_due(struct connection_set *set, struct mono now)
{
    uint32_t number;
    while ((number = wheel_take_due(&set->wheel, now)) != WHEEL_NONE) {
        struct connection *c = connection_at(set, number);
        if (!mono_is_before(now, connection_deadline(c))) {
            return c;
        }
        connection_time(set, c); /* it has moved since */
    }
    struct mono next = wheel_next(&set->wheel);
    set->soonest = next.ns == 0 ? never : next;
    return NULL;
}

static enum connection_io of_tls(struct connection *c, enum tls_result result, bool is_read)
{
    switch (result) {
    case TLS_DONE:
        return CONNECTION_DONE;
    case TLS_WANT_READ:
        return CONNECTION_WAIT;
    case TLS_WANT_WRITE:
        c->wants_write = is_read;
        return CONNECTION_WAIT;
    case TLS_CLOSED:
        return CONNECTION_END;
    default:
        return CONNECTION_FAILED;
    }
}

enum connection_io connection_read(struct connection *c, uint8_t *bytes, size_t room, size_t *got)
{
    *got = 0;
    if (c->tls) {
        c->wants_write = false;
        return of_tls(c, tls_read(c->tls, bytes, room, got), true);
    }
    ssize_t size = recv(c->fd, bytes, room, MSG_DONTWAIT);
    if (size > 0) {
        *got = (size_t)size;
        return CONNECTION_DONE;
    }
    if (size == 0) {
        return CONNECTION_END;
    }
    return errno == EAGAIN || errno == EINTR ? CONNECTION_WAIT : CONNECTION_FAILED;
}

enum connection_io connection_write(struct connection *c, const uint8_t *bytes, size_t size,
                                    size_t *sent)
{
    *sent = 0;
    if (c->tls) {
        size_t some = size < TLS_AT_ONCE ? size : TLS_AT_ONCE;
        return of_tls(c, tls_write(c->tls, bytes, some, sent), false);
    }
    ssize_t done = send(c->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done >= 0) {
        *sent = (size_t)done;
        return CONNECTION_DONE;
    }
    return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? CONNECTION_WAIT
                                                                 : CONNECTION_FAILED;
}

enum connection_io connection_flush(struct connection *c, struct mono now)
{
    enum connection_io io = CONNECTION_DONE;
    while (io == CONNECTION_DONE && c->out.size > 0) {
        size_t sent;
        struct span next = outbox_unsent(&c->out);
        io = connection_write(c, next.bytes, next.size, &sent);
        outbox_sent(&c->out, sent, c->is_raw);
        c->moved = sent > 0 ? now : c->moved;
    }
    if (c->out.replies <= OUTBOX_REPLY_LOW) {
        c->is_held = false;
    }
    return io == CONNECTION_END ? CONNECTION_FAILED : io;
}

void connection_break(struct connection_set *set, struct connection *c)
{
    c->is_broken = true;
    outbox_fini(&c->out);
    connection_put_again(set, c);
}
