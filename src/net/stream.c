/* stream — messages in and out of a client's TCP or TLS connection. */
/* SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "wire/stun.h"

enum { RECORD = 16384 }; /* bytes that go into one TLS record */

bool stream_init(struct stream *s)
{
    *s = (struct stream){.left = 0};
    s->bytes = mmap(NULL, STREAM_INPUT_SIZE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return s->bytes != MAP_FAILED;
}

void stream_fini(struct stream *s)
{
    munmap(s->bytes, STREAM_INPUT_SIZE);
}

/* room_for — bytes that may be read behind those that were kept. One that was moved here may have
 * kept more than the beginning of a message: then that is handled first. */
static size_t room_for(const struct connection *c)
{
    size_t most = c->is_trusted ? STREAM_INPUT_SIZE : STREAM_READ_UNKNOWN;
    size_t left = c->kept_size < most ? most - c->kept_size : 0;
    return left < STREAM_READ ? left : STREAM_READ;
}

enum connection_io stream_read(struct stream *s, struct connection *c)
{
    size_t got;
    size_t room = room_for(c);
    s->is_bad = false;
    s->at = s->bytes;
    s->left = c->kept_size;
    if (c->kept) {
        memcpy(s->bytes, c->kept, c->kept_size);
        free(c->kept);
        c->kept = NULL;
        c->kept_size = 0;
    }
    if (room == 0) {
        return CONNECTION_DONE;
    }
    enum connection_io io = connection_read(c, s->bytes + s->left, room, &got);
    s->left += got;
    return io;
}

static bool is_connection_bind(const uint8_t *message)
{
    return message[0] == 0 && message[1] == STUN_CONNECTION_BIND;
}

size_t stream_cut(struct stream *s, const struct connection *c, struct packet *out, size_t room)
{
    size_t most = c->is_trusted ? FRAME_MAX : STUN_MESSAGE_MAX;
    size_t count = 0;
    struct frame frame;
    while (count < room && s->left > 0) {
        enum frame_verdict verdict = frame_cut(s->at, s->left, most, &frame);
        if (verdict != FRAME_WHOLE) {
            s->is_bad = verdict == FRAME_BAD;
            break;
        }
        out[count++] = (struct packet){.bytes = s->at, .size = frame.length, .path = c->path};
        bool is_last = is_connection_bind(s->at);
        s->at += frame.size;
        s->left -= frame.size;
        s->last = frame.size;
        if (is_last) {
            break;
        }
    }
    return count;
}

void stream_return(struct stream *s)
{
    s->at -= s->last;
    s->left += s->last;
    s->last = 0;
}

bool stream_keep(struct stream *s, struct connection *c)
{
    if (s->left == 0) {
        return true;
    }
    c->kept = malloc(s->left);
    if (!c->kept) {
        return false;
    }
    memcpy(c->kept, s->at, s->left);
    c->kept_size = (uint32_t)s->left;
    return true;
}

/* What one batch has for one connection. */
struct parcel {
    struct iovec part[BATCH_SIZE];
    bool is_data[BATCH_SIZE];
    size_t count;
};

/* write_plain — all of it in one call. */
static enum connection_io write_plain(const struct connection *c, const struct parcel *p,
                                      size_t *sent)
{
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)p->part, .msg_iovlen = p->count};
    ssize_t done = sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
    *sent = done > 0 ? (size_t)done : 0;
    if (done >= 0) {
        return CONNECTION_DONE;
    }
    return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? CONNECTION_WAIT
                                                                 : CONNECTION_FAILED;
}

/* gather — a record's fill of a parcel, from `from` on: relayed messages together, a reply by
 * itself. Some clients take a record for a message (turnutils_uclient does), and replies are rare.
 */
static size_t gather(const struct parcel *p, size_t from, uint8_t *record)
{
    size_t size = 0;
    for (size_t i = 0; i < p->count && size < RECORD; i++) {
        size_t length = p->part[i].iov_len;
        if (from >= length) {
            from -= length;
            continue;
        }
        if (size > 0 && !(p->is_data[i] && p->is_data[i - 1])) {
            break;
        }
        size_t some = length - from < RECORD - size ? length - from : RECORD - size;
        memcpy(record + size, (const uint8_t *)p->part[i].iov_base + from, some);
        size += some;
        from = 0;
    }
    return size;
}

/* write_records — record by record, several messages in each. */
static enum connection_io write_records(struct connection *c, const struct parcel *p, size_t *sent)
{
    uint8_t record[RECORD];
    *sent = 0;
    for (;;) {
        size_t some;
        size_t size = gather(p, *sent, record);
        if (size == 0) {
            return CONNECTION_DONE;
        }
        enum connection_io io = connection_write(c, record, size, &some);
        if (io != CONNECTION_DONE) {
            return io;
        }
        *sent += some;
    }
}

static void count_lost(const struct parcel *p, size_t from, struct flow_counts *counts)
{
    for (size_t i = from; i < p->count; i++) {
        if (p->is_data[i]) {
            forward_count_failed(counts);
        }
    }
}

/* keep_rest — what did not go out waits. A message that went out in part is never dropped, nor is
 * one that TLS has seen: it must come again. False when memory is short. */
static bool keep_rest(struct connection *c, const struct parcel *p, size_t sent,
                      struct flow_counts *counts)
{
    for (size_t i = 0; i < p->count; i++) {
        struct span message = {p->part[i].iov_base, p->part[i].iov_len};
        if (sent >= message.size) {
            sent -= message.size;
            continue;
        }
        bool may_drop = sent == 0 && !outbox_is_reply(message) && c->out.size > 0;
        if (may_drop && outbox_is_full(&c->out, message.size)) {
            if (p->is_data[i]) {
                forward_count_full(counts);
            }
        } else if (!outbox_put(&c->out, message, sent)) {
            count_lost(p, i, counts);
            return false;
        }
        sent = 0;
    }
    return true;
}

static void send_parcel(struct connection_set *set, struct connection *c, const struct parcel *p,
                        struct flow_counts *counts, struct mono now)
{
    size_t sent = 0;
    enum connection_io io = CONNECTION_WAIT;
    if (c->is_broken) {
        count_lost(p, 0, counts);
        return;
    }
    bool was_empty = c->out.size == 0;
    if (was_empty) {
        io = c->tls ? write_records(c, p, &sent) : write_plain(c, p, &sent);
    }
    bool is_alive = io == CONNECTION_DONE || io == CONNECTION_WAIT;
    if (!is_alive) {
        count_lost(p, 0, counts);
    }
    if (!is_alive || !keep_rest(c, p, sent, counts)) {
        connection_break(set, c);
        return;
    }
    c->moved = was_empty ? now : c->moved;
    c->is_held = c->is_held || c->out.replies > OUTBOX_REPLY_MAX;
    if (c->out.size > 0) {
        connection_watch(set, c);
        connection_time(set, c);
    }
}

/* fill_parcel — everything for the connection of entry `first`, in its order. */
static void fill_parcel(struct parcel *p, const struct batch *b, size_t first)
{
    const struct path *path = &b->to_client[first].path;
    p->count = 0;
    for (size_t i = first; i < b->to_client_count; i++) {
        const struct batch_to_client *out = &b->to_client[i];
        if (path_is_stream(&out->path) && path_is_equal(&out->path, path)) {
            p->part[p->count] = (struct iovec){out->bytes, out->length};
            p->is_data[p->count++] = out->is_data;
        }
    }
}

static bool is_first(const struct batch *b, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (path_is_equal(&b->to_client[i].path, &b->to_client[at].path)) {
            return false;
        }
    }
    return true;
}

void stream_send(struct connection_set *set, struct batch *b, struct flow_counts *counts,
                 struct mono now)
{
    struct parcel parcel;
    size_t streams = 0;
    for (size_t i = 0; i < b->to_client_count; i++) {
        const struct path *path = &b->to_client[i].path;
        if (!path_is_stream(path)) {
            continue;
        }
        streams++;
        if (is_first(b, i)) {
            struct connection *c = connection_of(set, path);
            fill_parcel(&parcel, b, i);
            if (c) {
                send_parcel(set, c, &parcel, counts, now);
            } else {
                count_lost(&parcel, 0, counts);
            }
        }
    }
    size_t kept = 0;
    for (size_t i = 0; streams > 0 && i < b->to_client_count; i++) {
        if (!path_is_stream(&b->to_client[i].path)) {
            b->to_client[kept++] = b->to_client[i];
        }
    }
    b->to_client_count = streams > 0 ? kept : b->to_client_count;
}
