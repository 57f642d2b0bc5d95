/* redis_loop — hiredis's connections on libevent's loop, with a guard before hiredis's parser. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_loop.h"

#include <stdlib.h>
#include <sys/socket.h>

enum { ELEMENTS_MAX = 1 << 20 }; /* of one array */

struct loop {
    struct redisAsyncContext *ac;
    struct event *read, *write;
    bool is_plain;
    redisReplyObjectFunctions functions; /* hiredis's, but for arrays */
    redisReplyObjectFunctions *original;
};

#if HIREDIS_MAJOR < 1
static void *create_array(const redisReadTask *task, int elements)
{
    const struct loop *l = task->privdata;
    return elements < 0 || elements > ELEMENTS_MAX ? NULL
                                                   : l->original->createArray(task, elements);
}

static void bound_arrays(struct loop *l)
{
    redisReader *reader = l->ac->c.reader;
    l->original = reader->fn;
    l->functions = *reader->fn;
    l->functions.createArray = create_array;
    reader->fn = &l->functions;
    reader->privdata = l;
}

static void unbind(struct loop *l)
{
    l->ac->c.reader->fn = l->original ? l->original : l->ac->c.reader->fn;
}
#else
static void bound_arrays(struct loop *l)
{
    l->ac->c.reader->maxelements = ELEMENTS_MAX;
}

static void unbind(struct loop *l)
{
    (void)l;
}
#endif

/* is_stray — whether what can be read is an answer, although nothing was asked. An error is one
 * that hiredis can take: Redis sends it before it hangs up. */
static bool is_stray(const struct loop *l, int fd)
{
    char first;
    return l->is_plain && !l->ac->replies.head && (l->ac->c.flags & REDIS_CONNECTED) &&
           recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && first != '-';
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct loop *l = context;
    (void)what;
    if (is_stray(l, fd)) {
        redisAsyncFree(l->ac);
    } else {
        redisAsyncHandleRead(l->ac);
    }
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    struct loop *l = context;
    (void)fd;
    (void)what;
    redisAsyncHandleWrite(l->ac);
}

static void add_read(void *context)
{
    event_add(((struct loop *)context)->read, NULL);
}

static void delete_read(void *context)
{
    event_del(((struct loop *)context)->read);
}

static void add_write(void *context)
{
    event_add(((struct loop *)context)->write, NULL);
}

static void delete_write(void *context)
{
    event_del(((struct loop *)context)->write);
}

/* clean_up — the connection is about to be freed, its parser with it. */
static void clean_up(void *context)
{
    struct loop *l = context;
    if (l->read) {
        event_free(l->read);
    }
    if (l->write) {
        event_free(l->write);
    }
    unbind(l); /* it outlives us by a little */
    free(l);
}

bool redis_loop_attach(struct redisAsyncContext *ac, struct event_base *base, bool is_plain)
{
    struct loop *l = calloc(1, sizeof(*l));
    if (!l) {
        return false;
    }
    l->ac = ac;
    l->is_plain = is_plain;
    l->read = event_new(base, ac->c.fd, EV_READ, on_readable, l);
    l->write = event_new(base, ac->c.fd, EV_WRITE, on_writable, l);
    if (!l->read || !l->write) {
        clean_up(l);
        return false;
    }
    bound_arrays(l);
    ac->ev.addRead = add_read;
    ac->ev.delRead = delete_read;
    ac->ev.addWrite = add_write;
    ac->ev.delWrite = delete_write;
    ac->ev.cleanup = clean_up;
    ac->ev.data = l;
    add_read(l);
    add_write(l);
    return true;
}

bool redis_loop_has_stray(const struct redisAsyncContext *ac)
{
    return !ac->replies.head && ac->c.reader->pos < ac->c.reader->len;
}
