/* test_stream — messages in and out of a stream: however it is cut, and whatever its socket will
 * not take; plain, and within TLS with OpenSSL as the client. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/stream.h"
#include "net/tls.h"
#include "support/certificate.h"
#include "support/secure_client.h"
#include "wire/stun.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

enum {
    CAPACITY = 8,
    MESSAGES_MAX = 4096,
    MARK = 8, /* bytes at the end of a header that number a message */
    HEARD_MAX = 24 << 20,
    DATA_INDICATION = 0x0017,
    REPLY = 0x0103,
};

static const struct mono start = {1000 * MONO_SECOND};

static struct support_memory memory;
static struct connection_set set;
static struct stream input;
static struct batch *batch;
static struct certificate own;
static struct tls *tls;
static struct secure_client client;
static int far_end = -1;
static uint8_t *heard; /* what the client has read */
static size_t heard_size;

static int begin_all(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN); /* as the server does */
    certificate_init(&own, &(struct certificate_wish){0});
    tls = certificate_serve(&own);
    heard = malloc(HEARD_MAX);
    batch = batch_new();
    return heard && batch ? 0 : -1;
}

static int end_all(void **state)
{
    (void)state;
    tls_free(tls);
    certificate_fini(&own);
    free(heard);
    batch_free(batch);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    support_memory_init(&memory);
    client.ssl = NULL;
    far_end = -1;
    heard_size = 0;
    batch->to_client_count = 0;
    return connection_set_init(&set, &memory.memory, CAPACITY, start) && stream_init(&input) ? 0
                                                                                             : -1;
}

static int end(void **state)
{
    (void)state;
    secure_client_fini(&client);
    connection_set_fini(&set);
    stream_fini(&input);
    close(far_end);
    return 0;
}

/* opened — a client that speaks plainly; its end is `far_end`. */
static struct connection *opened(void)
{
    int fd[2];
    int room = 16384;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
    assert_int_equal(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
    close(far_end);
    far_end = fd[1];
    struct connection *c = connection_open(&set, fd[0], CONNECTION_FRAMES, start);
    assert_non_null(c);
    c->path.kind = PATH_TCP;
    connection_name(&set, c);
    return c;
}

static struct connection *opened_tls(void)
{
    struct connection *c = opened();
    enum tls_result result = TLS_WANT_READ;
    bool is_done = false;
    c->path.kind = PATH_TLS;
    c->tls = tls_accept(tls, c->fd, false);
    secure_client_connect(&client, &(struct secure_client_wish){0}, far_end);
    for (int i = 0; i < 20 && (!is_done || result != TLS_DONE); i++) {
        is_done = secure_client_step(&client);
        result = result == TLS_DONE ? result : tls_handshake(c->tls);
    }
    assert_int_equal(result, TLS_DONE);
    return c;
}

/* ---- in */

/* A stream as clients write it, and the messages in it. */
static struct {
    uint8_t *bytes;
    size_t size;
    struct span message[64];
    size_t count;
} text;

static int begin_text(void **state)
{
    text.bytes = malloc(8 * FRAME_MAX);
    text.size = 0;
    text.count = 0;
    return text.bytes ? begin(state) : -1;
}

static int end_text(void **state)
{
    free(text.bytes);
    return end(state);
}

/* add — one message, its bytes made of its number. */
static void add(uint16_t first, uint16_t length)
{
    struct writer w = writer_init(text.bytes + text.size, FRAME_MAX);
    bool is_stun = first < CHANNEL_MIN;
    writer_u16(&w, first);
    writer_u16(&w, length);
    size_t rest = is_stun ? (size_t)STUN_HEADER_SIZE - 4 + length : length;
    memset(writer_take(&w, rest), (int)text.count + 1, rest);
    text.message[text.count++] = (struct span){text.bytes + text.size, w.used};
    writer_zero(&w, -w.used & 3);
    text.size += w.used;
}

static void add_mixture(void)
{
    add(STUN_BINDING, 0);
    add(CHANNEL_MIN, 0);
    add(CHANNEL_MIN + 1, 1);
    add(STUN_ALLOCATE, 28);
    add(CHANNEL_MIN + 2, 4);
    add(CHANNEL_MIN, 0);
    add(CHANNEL_MAX_CLASSIC, 7);
    add(STUN_REFRESH, 8);
}

/* take_all — read and cut until nothing is there, and hold each message to the next of the text.
 * Returns how many of them there were. */
static size_t take_all(struct connection *c, size_t next)
{
    struct packet packets[BATCH_SIZE];
    enum connection_io io;
    do {
        size_t count;
        io = stream_read(&input, c);
        while ((count = stream_cut(&input, c, packets, BATCH_SIZE)) > 0) {
            for (size_t i = 0; i < count; i++, next++) {
                assert_true(next < text.count);
                assert_int_equal(packets[i].size, text.message[next].size);
                assert_memory_equal(packets[i].bytes, text.message[next].bytes, packets[i].size);
                assert_true(path_is_equal(&packets[i].path, &c->path));
            }
        }
        assert_false(input.is_bad);
        assert_true(stream_keep(&input, c));
    } while (io == CONNECTION_DONE);
    assert_int_equal(io, CONNECTION_WAIT);
    return next;
}

static void say(const uint8_t *bytes, size_t size)
{
    assert_int_equal(write(far_end, bytes, size), size);
}

static void mixture_cut_anywhere_is_the_same_messages(void **state)
{
    (void)state;
    struct connection *c = opened();
    add_mixture();
    for (int trusted = 0; trusted < 2; trusted++) {
        c->is_trusted = trusted == 1;
        for (size_t cut = 0; cut <= text.size; cut++) {
            say(text.bytes, cut);
            size_t next = take_all(c, 0);
            say(text.bytes + cut, text.size - cut);
            assert_int_equal(take_all(c, next), text.count);
            assert_null(c->kept);
        }
    }
}

static void mixture_byte_by_byte_is_the_same_messages(void **state)
{
    (void)state;
    struct connection *c = opened();
    size_t next = 0;
    add_mixture();
    for (size_t i = 0; i < text.size; i++) {
        say(text.bytes + i, 1);
        next = take_all(c, next);
    }
    assert_int_equal(next, text.count);
}

static void mixture_cut_three_times_is_the_same_messages(void **state)
{
    (void)state;
    struct connection *c = opened();
    add_mixture();
    for (size_t a = 0; a <= text.size; a += 3) {
        for (size_t b = a; b <= text.size; b += 5) {
            say(text.bytes, a);
            size_t next = take_all(c, 0);
            say(text.bytes + a, b - a);
            next = take_all(c, next);
            say(text.bytes + b, text.size - b);
            assert_int_equal(take_all(c, next), text.count);
        }
    }
}

/* The largest there are, from a client that has had an allocation. */
static void largest_messages_come_whole_in_any_pieces(void **state)
{
    (void)state;
    uint64_t chance = 4;
    struct connection *c = opened();
    c->is_trusted = true;
    add(CHANNEL_MIN, 65535);
    add(CHANNEL_MIN, 0);
    add(STUN_BINDING, 65532);
    add(CHANNEL_MIN, 65532);
    add(STUN_BINDING, 0);
    for (int round = 0; round < 10; round++) {
        size_t next = 0;
        for (size_t at = 0; at < text.size;) {
            size_t some = 1 + support_below(&chance, round % 2 ? 6000 : 60);
            some = some < text.size - at ? some : text.size - at;
            ssize_t said = write(far_end, text.bytes + at, some);
            at += said > 0 ? (size_t)said : 0;
            if (round > 3 || support_below(&chance, 4) == 0 || said <= 0) {
                next = take_all(c, next);
            }
        }
        assert_int_equal(take_all(c, next), text.count);
        assert_null(c->kept);
    }
}

static void unknown_client_is_read_in_small_pieces(void **state)
{
    (void)state;
    static uint8_t much[3 * STREAM_READ_UNKNOWN];
    struct packet packets[BATCH_SIZE];
    struct connection *c = opened();
    memset(much, 0, sizeof(much));
    much[0] = 0x40;
    much[2] = 2000 >> 8;
    much[3] = 2000 & 0xff;
    memcpy(much + 2004, much, 2004);
    memcpy(much + 4008, much, 2004);
    say(much, 1000);
    assert_int_equal(stream_read(&input, c), CONNECTION_DONE);
    assert_int_equal(input.left, 1000);
    assert_int_equal(stream_cut(&input, c, packets, BATCH_SIZE), 0);
    assert_true(stream_keep(&input, c));
    assert_int_equal(c->kept_size, 1000);
    say(much + 1000, sizeof(much) - 1000);
    assert_int_equal(stream_read(&input, c), CONNECTION_DONE);
    assert_int_equal(input.left, STREAM_READ_UNKNOWN);
    assert_int_equal(stream_cut(&input, c, packets, BATCH_SIZE), 2);
}

static void unknown_client_may_say_nothing_large(void **state)
{
    (void)state;
    struct packet packets[BATCH_SIZE];
    static const uint8_t large[] = {0x40, 0x00, 0x08, 0x00};
    for (int trusted = 0; trusted < 2; trusted++) {
        struct connection *c = opened();
        c->is_trusted = trusted == 1;
        say(large, sizeof(large));
        assert_int_equal(stream_read(&input, c), CONNECTION_DONE);
        assert_int_equal(stream_cut(&input, c, packets, BATCH_SIZE), 0);
        assert_int_equal(input.is_bad, !trusted);
    }
}

static void what_is_no_message_is_told_behind_those_that_are(void **state)
{
    (void)state;
    struct packet packets[BATCH_SIZE];
    struct connection *c = opened();
    add(STUN_BINDING, 0);
    add(CHANNEL_MIN, 3);
    say(text.bytes, text.size);
    say((const uint8_t *)"\x80???", 4);
    assert_int_equal(stream_read(&input, c), CONNECTION_DONE);
    assert_int_equal(stream_cut(&input, c, packets, BATCH_SIZE), 2);
    assert_int_equal(stream_cut(&input, c, packets, BATCH_SIZE), 0);
    assert_true(input.is_bad);
}

static void packets_are_cut_as_there_is_room(void **state)
{
    (void)state;
    struct packet packets[BATCH_SIZE];
    struct connection *c = opened();
    add_mixture();
    say(text.bytes, text.size);
    assert_int_equal(stream_read(&input, c), CONNECTION_DONE);
    for (size_t i = 0; i < text.count; i++) {
        assert_int_equal(stream_cut(&input, c, packets, 1), 1);
        assert_memory_equal(packets[0].bytes, text.message[i].bytes, packets[0].size);
    }
    assert_int_equal(stream_cut(&input, c, packets, 1), 0);
    assert_false(input.is_bad);
    assert_int_equal(input.left, 0);
}

/* RFC 6062 4.3: what follows may be a peer's. */
static void connection_bind_ends_a_cut(void **state)
{
    (void)state;
    struct packet packets[BATCH_SIZE];
    struct connection *c = opened();
    add(STUN_BINDING, 0);
    add(STUN_CONNECTION_BIND, 8);
    say(text.bytes, text.size);
    say((const uint8_t *)"GET / HTTP/1.0", 14);
    assert_int_equal(stream_read(&input, c), CONNECTION_DONE);
    assert_int_equal(stream_cut(&input, c, packets, BATCH_SIZE), 2);
    assert_int_equal(packets[1].size, text.message[1].size);
    assert_false(input.is_bad);
    assert_true(stream_keep(&input, c));
    assert_int_equal(c->kept_size, 14);
    assert_memory_equal(c->kept, "GET / HTTP/1.0", 14);
}

static void message_that_was_returned_is_cut_again(void **state)
{
    (void)state;
    struct packet packets[BATCH_SIZE];
    struct connection *c = opened();
    add(STUN_BINDING, 0);
    add(STUN_CONNECTION_BIND, 8);
    add(CHANNEL_MIN, 5);
    say(text.bytes, text.size);
    assert_int_equal(stream_read(&input, c), CONNECTION_DONE);
    assert_int_equal(stream_cut(&input, c, packets, BATCH_SIZE), 2);
    stream_return(&input);
    stream_return(&input); /* there is one to return, no more */
    assert_true(stream_keep(&input, c));
    assert_int_equal(take_all(c, 1), text.count);
}

/* All that may be kept is kept: the next reading has no room, which is not the stream's end. */
static void full_beginning_is_no_end(void **state)
{
    (void)state;
    struct packet packets[BATCH_SIZE];
    struct connection *c = opened();
    add(STUN_CONNECTION_BIND, 8);
    while (text.size < STREAM_READ_UNKNOWN) {
        add(CHANNEL_MIN, 96);
    }
    say(text.bytes, text.size);
    assert_int_equal(stream_read(&input, c), CONNECTION_DONE);
    assert_int_equal(stream_cut(&input, c, packets, BATCH_SIZE), 1);
    stream_return(&input);
    assert_true(stream_keep(&input, c));
    assert_int_equal(c->kept_size, STREAM_READ_UNKNOWN);
    assert_int_equal(take_all(c, 0), text.count);
}

static void end_comes_behind_what_was_said(void **state)
{
    (void)state;
    struct packet packets[BATCH_SIZE];
    struct connection *c = opened();
    add(STUN_BINDING, 0);
    add(CHANNEL_MIN, 3);
    say(text.bytes, text.size - 2);
    assert_int_equal(take_all(c, 0), 1);
    assert_int_equal(shutdown(far_end, SHUT_WR), 0);
    assert_int_equal(stream_read(&input, c), CONNECTION_END);
    assert_int_equal(input.left, 6);
    assert_int_equal(stream_cut(&input, c, packets, BATCH_SIZE), 0);
    assert_false(input.is_bad);
}

static void messages_within_tls_are_the_same(void **state)
{
    (void)state;
    struct connection *c = opened_tls();
    c->is_trusted = true;
    add_mixture();
    for (size_t cut = 0; cut <= text.size; cut += 3) {
        assert_true(cut == 0 || SSL_write(client.ssl, text.bytes, (int)cut) == (int)cut);
        size_t next = take_all(c, 0);
        int rest = (int)(text.size - cut);
        assert_true(rest == 0 || SSL_write(client.ssl, text.bytes + cut, rest) == rest);
        assert_int_equal(take_all(c, next), text.count);
    }
}

/* ---- out */

/* One message that was handed to stream_send. */
struct said {
    uint32_t number;
    size_t size;
    bool is_data;
};

static struct {
    struct said said[MESSAGES_MAX];
    size_t count;
    struct flow_counts counts;
    uint8_t *arena; /* what the batch at hand points to */
    size_t used;
} out;

static int begin_out(void **state)
{
    out.count = out.used = 0;
    memset(&out.counts, 0, sizeof(out.counts));
    out.arena = malloc((size_t)BATCH_SIZE * FRAME_MAX);
    return out.arena ? begin(state) : -1;
}

static int end_out(void **state)
{
    free(out.arena);
    return end(state);
}

/* file — a message for a path into the batch, numbered, as relay and engine write them for TCP:
 * whole in four bytes. */
static void file(const struct path *path, uint16_t first, size_t payload)
{
    struct writer w = writer_init(out.arena + out.used, FRAME_MAX);
    bool is_data = first != REPLY;
    uint32_t number = (uint32_t)out.count;
    size_t padded = (payload + MARK + 3) / 4 * 4;
    writer_u16(&w, first);
    writer_u16(&w, (uint16_t)(first >= CHANNEL_MIN ? payload + MARK : padded));
    writer_zero(&w, first >= CHANNEL_MIN ? 0 : STUN_HEADER_SIZE - 4);
    writer_u32(&w, number);
    writer_u32(&w, ~number);
    uint8_t *rest = writer_take(&w, padded - MARK);
    assert_non_null(rest);
    memset(rest, (int)number, padded - MARK);
    batch->to_client[batch->to_client_count++] =
        (struct batch_to_client){.bytes = out.arena + out.used,
                                 .length = (uint32_t)w.used,
                                 .path = *path,
                                 .is_data = is_data};
    out.said[out.count++] = (struct said){number, w.used, is_data};
    out.counts.forwarded += is_data;
    out.used += w.used;
}

static void send_filed(void)
{
    stream_send(&set, batch, &out.counts, start);
    out.used = 0;
}

/* listen_for — have the client read up to `most` bytes of what is there. */
static void listen_for(size_t most)
{
    while (most > 0) {
        size_t some = most < 16384 ? most : 16384;
        assert_true(heard_size + some <= HEARD_MAX);
        ssize_t got = client.ssl ? SSL_read(client.ssl, heard + heard_size, (int)some)
                                 : read(far_end, heard + heard_size, some);
        if (got <= 0) {
            return;
        }
        heard_size += (size_t)got;
        most -= (size_t)got;
    }
}

/* drain — until everything unsent has gone out and been read. */
static void drain(struct connection *c)
{
    for (int i = 0; i < 100000; i++) {
        enum connection_io io = connection_flush(c, start);
        assert_int_not_equal(io, CONNECTION_FAILED);
        listen_for(SIZE_MAX);
        if (io == CONNECTION_DONE) {
            break;
        }
    }
    listen_for(SIZE_MAX);
    assert_int_equal(c->out.size, 0);
    assert_int_equal(c->out.replies, 0);
}

/* assert_heard — whole messages in their order, every reply, and no more data missing than was
 * counted. */
static void assert_heard(void)
{
    size_t at = 0;
    size_t next = 0;
    uint64_t lost = 0;
    struct frame frame;
    while (at < heard_size) {
        assert_int_equal(frame_cut(heard + at, heard_size - at, FRAME_MAX, &frame), FRAME_WHOLE);
        size_t mark_at = at + (heard[at] >> 6 == 1 ? CHANNEL_HEADER_SIZE : STUN_HEADER_SIZE);
        struct reader r = reader_init(heard + mark_at, MARK);
        uint32_t number = reader_u32(&r);
        assert_int_equal(reader_u32(&r), ~number);
        for (; next < number; next++) {
            assert_true(out.said[next].is_data);
            lost++;
        }
        assert_int_equal(next, number);
        assert_int_equal(out.said[next].size, frame.size);
        for (size_t i = mark_at + MARK; i < at + frame.size; i++) {
            if (heard[i] != (uint8_t)number) {
                assert_int_equal(heard[i], (uint8_t)number);
            }
        }
        next++;
        at += frame.size;
    }
    for (; next < out.count; next++) {
        assert_true(out.said[next].is_data);
        lost++;
    }
    assert_int_equal(out.counts.dropped[FLOW_DROP_QUEUE_FULL], lost);
    assert_int_equal(out.counts.dropped[FLOW_DROP_SEND_FAILED], 0);
    uint64_t data = 0;
    for (size_t i = 0; i < out.count; i++) {
        data += out.said[i].is_data;
    }
    assert_int_equal(out.counts.forwarded, data - lost);
}

static void one_batch_goes_out_in_its_order(void **state)
{
    (void)state;
    struct connection *c = opened();
    file(&c->path, CHANNEL_MIN, 0);
    file(&c->path, REPLY, 12);
    file(&c->path, DATA_INDICATION, 100);
    file(&c->path, CHANNEL_MIN, 3);
    send_filed();
    assert_int_equal(batch->to_client_count, 0);
    assert_int_equal(c->out.size, 0);
    assert_null(c->out.bytes);
    listen_for(SIZE_MAX);
    assert_heard();
    assert_int_equal(out.counts.dropped[FLOW_DROP_QUEUE_FULL], 0);
}

static void batch_of_the_largest_goes_out(void **state)
{
    (void)state;
    struct connection *c = opened();
    file(&c->path, CHANNEL_MIN, 65535 - MARK);
    file(&c->path, CHANNEL_MIN, 65532 - MARK);
    file(&c->path, DATA_INDICATION, 65000);
    file(&c->path, REPLY, 0);
    send_filed();
    drain(c);
    assert_heard();
    assert_int_equal(out.counts.dropped[FLOW_DROP_QUEUE_FULL], 0);
}

static void each_connection_gets_its_own(void **state)
{
    (void)state;
    struct connection *a = opened();
    int far_of_a = dup(far_end);
    struct connection *b = opened();
    for (int i = 0; i < 10; i++) {
        file(i % 3 ? &a->path : &b->path, CHANNEL_MIN, (size_t)i);
    }
    send_filed();
    struct frame frame;
    int numbers = 0;
    for (int round = 0; round < 2; round++) {
        ssize_t got = read(round ? far_of_a : far_end, heard, 4096);
        for (size_t at = 0; at < (size_t)got; at += frame.size, numbers++) {
            assert_int_equal(frame_cut(heard + at, (size_t)got - at, FRAME_MAX, &frame),
                             FRAME_WHOLE);
            assert_int_equal(heard[at + 7] % 3 != 0, round == 1);
        }
    }
    assert_int_equal(numbers, 10);
    close(far_of_a);
}

static void what_is_for_others_stays_in_the_batch(void **state)
{
    (void)state;
    static const struct path datagrams = {.kind = PATH_UDP, .listener = 1};
    static const struct path sealed = {.kind = PATH_DTLS, .connection = 0};
    struct connection *c = opened();
    const struct path *paths[] = {&datagrams, &c->path, &sealed, &c->path, &datagrams, &c->path};
    for (int i = 0; i < 6; i++) {
        file(paths[i], REPLY, 0);
    }
    send_filed();
    assert_int_equal(batch->to_client_count, 3);
    for (int i = 0; i < 3; i++) {
        assert_true(path_is_equal(&batch->to_client[i].path, paths[2 * i]));
        assert_int_equal(batch->to_client[i].bytes[STUN_HEADER_SIZE + 3], 2 * i);
    }
    batch->to_client_count = 0;
}

static void data_for_who_has_gone_is_counted(void **state)
{
    (void)state;
    struct connection *c = opened();
    struct path path = c->path;
    connection_close(&set, c, false);
    opened(); /* in the same place */
    file(&path, CHANNEL_MIN, 10);
    file(&path, REPLY, 10);
    file(&path, CHANNEL_MIN, 10);
    send_filed();
    assert_int_equal(batch->to_client_count, 0);
    listen_for(SIZE_MAX);
    assert_int_equal(heard_size, 0);
    assert_int_equal(out.counts.forwarded, 0);
    assert_int_equal(out.counts.dropped[FLOW_DROP_SEND_FAILED], 2);
}

static void failed_write_breaks_the_connection(void **state)
{
    (void)state;
    struct connection *c = opened();
    close(far_end);
    far_end = -1;
    for (int i = 0; i < 2; i++) {
        file(&c->path, CHANNEL_MIN, 10);
        file(&c->path, REPLY, 10);
        send_filed();
        assert_true(c->is_broken);
        assert_int_equal(c->out.size, 0);
        assert_int_equal(out.counts.dropped[FLOW_DROP_SEND_FAILED], i + 1);
    }
    assert_ptr_equal(connection_take_again(&set), c);
    assert_null(connection_take_again(&set));
}

static void data_beyond_256_kibibytes_is_dropped_and_counted(void **state)
{
    (void)state;
    struct connection *c = opened();
    for (int i = 0; i < 40; i++) {
        for (int j = 0; j < 16; j++) {
            file(&c->path, CHANNEL_MIN, 1000);
        }
        send_filed();
        assert_true(c->out.size <= OUTBOX_DATA_MAX);
    }
    assert_true(out.counts.dropped[FLOW_DROP_QUEUE_FULL] > 300);
    assert_true(c->out.size > OUTBOX_DATA_MAX - 1012);
    assert_int_equal(c->watched, EPOLLIN | EPOLLOUT);
    assert_int_equal(connection_deadline(c).ns, mono_add_s(start, CONNECTION_OPENING_TIME).ns);
    assert_int_equal(c->moved.ns, start.ns);
    drain(c);
    assert_heard();
}

static void replies_are_never_lost_and_hold_the_reader(void **state)
{
    (void)state;
    struct connection *c = opened();
    while (!c->is_held) {
        file(&c->path, CHANNEL_MIN, 1000);
        file(&c->path, REPLY, 500);
        send_filed();
        assert_true(out.count < MESSAGES_MAX);
        assert_int_equal(c->is_held, c->out.replies > OUTBOX_REPLY_MAX);
    }
    assert_int_equal(c->watched, EPOLLOUT);
    for (int i = 0; i < 500; i++) {
        file(&c->path, REPLY, 800);
        file(&c->path, CHANNEL_MIN, 1000);
        send_filed();
    }
    assert_true(c->out.size > OUTBOX_DATA_MAX);
    assert_true(out.counts.dropped[FLOW_DROP_QUEUE_FULL] > 0);
    drain(c);
    assert_false(c->is_held);
    assert_heard();
}

/* A message at whose every byte the socket may have become full: it is the rest that waits. */
static void message_that_went_out_in_part_is_never_dropped(void **state)
{
    (void)state;
    uint64_t chance = 6;
    struct connection *c = opened();
    for (int i = 0; i < 300; i++) {
        file(&c->path, CHANNEL_MIN, 40000 + support_below(&chance, 25000));
        send_filed();
        listen_for(support_below(&chance, 30000));
        (void)connection_flush(c, start);
        if (support_below(&chance, 3) == 0) {
            drain(c);
        }
    }
    drain(c);
    assert_heard();
}

/* play — a random mixture, with a client that reads now and then. */
static void play(struct connection *c, uint64_t chance, uint32_t largest)
{
    while (out.count < MESSAGES_MAX - BATCH_SIZE) {
        uint32_t some = 1 + support_below(&chance, BATCH_SIZE);
        for (uint32_t i = 0; i < some; i++) {
            static const uint16_t kinds[] = {CHANNEL_MIN, CHANNEL_MIN, DATA_INDICATION, REPLY};
            uint16_t kind = kinds[support_below(&chance, 4)];
            file(&c->path, kind, support_below(&chance, kind == REPLY ? 600 : largest));
        }
        send_filed();
        assert_false(c->is_broken);
        switch (support_below(&chance, 5)) {
        case 0:
            listen_for(SIZE_MAX);
            break;
        case 1:
            listen_for(support_below(&chance, 5000));
            break;
        case 2:
            assert_int_not_equal(connection_flush(c, start), CONNECTION_FAILED);
            break;
        default:
            break;
        }
        if (heard_size > HEARD_MAX - (2 << 20)) {
            break;
        }
    }
    drain(c);
    assert_heard();
}

static void random_mixtures_arrive(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 4; seed++) {
        play(opened(), seed, seed == 1 ? 100 : 4000);
        end_out(state);
        begin_out(state);
    }
}

static void random_mixtures_arrive_within_tls(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 4; seed++) {
        play(opened_tls(), seed, seed == 1 ? 100 : 4000);
        end_out(state);
        begin_out(state);
    }
}

static void data_beyond_that_is_dropped_within_tls_too(void **state)
{
    (void)state;
    struct connection *c = opened_tls();
    for (int i = 0; i < 60; i++) {
        for (int j = 0; j < 16; j++) {
            file(&c->path, j == 15 ? REPLY : CHANNEL_MIN, 1000);
        }
        send_filed();
    }
    assert_true(out.counts.dropped[FLOW_DROP_QUEUE_FULL] > 300);
    assert_true(c->out.size <= OUTBOX_DATA_MAX + 60 * 1040);
    drain(c);
    assert_heard();
}

static void largest_go_out_within_tls(void **state)
{
    (void)state;
    struct connection *c = opened_tls();
    for (int i = 0; i < 3; i++) {
        file(&c->path, CHANNEL_MIN, 65535 - MARK);
        file(&c->path, REPLY, 3);
        file(&c->path, CHANNEL_MIN, 65532 - MARK);
        file(&c->path, CHANNEL_MIN, 0);
        send_filed();
        drain(c);
    }
    assert_heard();
    assert_int_equal(out.counts.dropped[FLOW_DROP_QUEUE_FULL], 0);
}

static void client_that_goes_breaks_the_connection_within_tls(void **state)
{
    (void)state;
    struct connection *c = opened_tls();
    close(far_end);
    far_end = -1;
    file(&c->path, CHANNEL_MIN, 10);
    send_filed();
    assert_true(c->is_broken);
    assert_int_equal(out.counts.dropped[FLOW_DROP_SEND_FAILED], 1);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"a mixture cut anywhere is the same messages", mixture_cut_anywhere_is_the_same_messages,
         begin_text, end_text, NULL},
        {"a mixture byte by byte is the same messages", mixture_byte_by_byte_is_the_same_messages,
         begin_text, end_text, NULL},
        {"a mixture cut three times is the same messages",
         mixture_cut_three_times_is_the_same_messages, begin_text, end_text, NULL},
        {"the largest messages come whole in any pieces", largest_messages_come_whole_in_any_pieces,
         begin_text, end_text, NULL},
        {"an unknown client is read in small pieces", unknown_client_is_read_in_small_pieces,
         begin_text, end_text, NULL},
        {"an unknown client may say nothing large", unknown_client_may_say_nothing_large,
         begin_text, end_text, NULL},
        {"what is no message is told behind those that are",
         what_is_no_message_is_told_behind_those_that_are, begin_text, end_text, NULL},
        {"packets are cut as there is room", packets_are_cut_as_there_is_room, begin_text, end_text,
         NULL},
        {"a ConnectionBind ends a cut", connection_bind_ends_a_cut, begin_text, end_text, NULL},
        {"a message that was returned is cut again", message_that_was_returned_is_cut_again,
         begin_text, end_text, NULL},
        {"a full beginning is no end", full_beginning_is_no_end, begin_text, end_text, NULL},
        {"the end comes behind what was said", end_comes_behind_what_was_said, begin_text, end_text,
         NULL},
        {"messages within TLS are the same", messages_within_tls_are_the_same, begin_text, end_text,
         NULL},
        {"one batch goes out in its order", one_batch_goes_out_in_its_order, begin_out, end_out,
         NULL},
        {"a batch of the largest goes out", batch_of_the_largest_goes_out, begin_out, end_out,
         NULL},
        {"each connection gets its own", each_connection_gets_its_own, begin_out, end_out, NULL},
        {"what is for others stays in the batch", what_is_for_others_stays_in_the_batch, begin_out,
         end_out, NULL},
        {"data for who has gone is counted", data_for_who_has_gone_is_counted, begin_out, end_out,
         NULL},
        {"a failed write breaks the connection", failed_write_breaks_the_connection, begin_out,
         end_out, NULL},
        {"data beyond 256 KiB is dropped and counted",
         data_beyond_256_kibibytes_is_dropped_and_counted, begin_out, end_out, NULL},
        {"replies are never lost and hold the reader", replies_are_never_lost_and_hold_the_reader,
         begin_out, end_out, NULL},
        {"a message that went out in part is never dropped",
         message_that_went_out_in_part_is_never_dropped, begin_out, end_out, NULL},
        {"random mixtures arrive", random_mixtures_arrive, begin_out, end_out, NULL},
        {"random mixtures arrive within TLS", random_mixtures_arrive_within_tls, begin_out, end_out,
         NULL},
        {"data beyond that is dropped within TLS too", data_beyond_that_is_dropped_within_tls_too,
         begin_out, end_out, NULL},
        {"the largest go out within TLS", largest_go_out_within_tls, begin_out, end_out, NULL},
        {"a client that goes breaks the connection within TLS",
         client_that_goes_breaks_the_connection_within_tls, begin_out, end_out, NULL},
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
