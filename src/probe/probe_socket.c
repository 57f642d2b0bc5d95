/* probe_socket — messages to and from one server, over UDP, TCP, TLS or DTLS. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "wire/frame.h"
#include "net/clock.h"
#include "probe/probe_tcp.h"
#include "probe/probe_udp.h"
#include "probe/probe_wait.h"

#define SEND_NS (5 * MONO_SECOND) /* for a stream to take a message */

static bool is_stream(const struct probe_socket *s)
{
    return probe_transport_is_stream(s->terms->transport);
}

int probe_socket_open(struct probe_socket *s, const struct netaddr *server,
                      const struct probe_socket_terms *terms)
{
    *s = (struct probe_socket){
        .terms = terms, .fd = -1, .server = *server, .seen = PROBE_FATE_SILENT};
    int result = probe_route_find(server, &s->local);
    if (result != 0) {
        return result;
    }
    s->fd = is_stream(s) ? probe_tcp_open(server) : probe_udp_open(&s->local);
    return s->fd < 0 ? PROBE_ROUTE_FAILED : 0;
}

enum probe_fate probe_socket_connect(struct probe_socket *s, struct mono deadline)
{
    enum probe_fate fate = probe_tcp_connect(s->fd, &s->server, deadline);
    if (fate == PROBE_FATE_OK && !probe_route_local(s->fd, &s->local)) {
        return PROBE_FATE_NOT_SENT;
    }
    return fate;
}

void probe_socket_close(struct probe_socket *s)
{
    if (s->fd < 0) {
        return;
    }
    if (s->tls && s->is_secured && s->end == PROBE_FATE_OK) {
        tls_client_say_end(s->tls);
    }
    tls_client_free(s->tls);
    s->tls = NULL;
    close(s->fd);
    s->fd = -1;
}

/* ---- bytes as they are on the way */

/* send_raw — false with the reason in errno. That a connection is broken shows when it is read:
 * what the server said before that is still there, perhaps an alert. */
static bool send_raw(struct probe_socket *s, struct span bytes)
{
    if (!is_stream(s)) {
        return probe_udp_send(s->fd, &s->server, bytes);
    }
    struct mono deadline = mono_add_ns(clock_now().mono, SEND_NS);
    enum probe_fate fate = probe_tcp_send(s->fd, bytes, deadline);
    s->is_broken = s->is_broken || fate == PROBE_FATE_RESET;
    return fate == PROBE_FATE_OK || fate == PROBE_FATE_RESET;
}

/* take_raw — bytes of a TCP connection: how many, 0 for none now, -1 at its end. */
static int take_raw(struct probe_socket *s, uint8_t *bytes, size_t room)
{
    int got = s->end == PROBE_FATE_OK ? probe_tcp_receive(s->fd, bytes, room, &s->end) : -1;
    if (s->end == PROBE_FATE_CLOSED && s->is_broken) {
        s->end = PROBE_FATE_RESET; /* the kernel says it once */
    }
    return got;
}

/* ---- what the handshake sends and receives */

static bool way_send(void *context, struct span bytes)
{
    struct probe_socket *s = context;
    if (!s->is_secured) {
        probe_trace_sent(s->terms->trace, &s->local, &s->server, bytes);
    }
    bool is_sent = send_raw(s, bytes);
    if (!is_sent && !s->is_secured) {
        s->end = PROBE_FATE_NOT_SENT;
    }
    return is_sent;
}

static void keep_first(struct probe_socket *s, struct span bytes)
{
    size_t room = sizeof(s->first) - s->first_size;
    size_t size = bytes.size < room ? bytes.size : room;
    memcpy(s->first + s->first_size, bytes.bytes, size);
    s->first_size += size;
}

static void note(struct probe_socket *s, enum probe_fate fate, const struct netaddr *from)
{
    if (fate > s->seen) {
        s->seen = fate;
        s->seen_from = *from;
    }
}

/* take_datagram — one of the server's, into `bytes`; what comes besides is noted. */
static int take_datagram(struct probe_socket *s, uint8_t *bytes, size_t room)
{
    struct probe_input in;
    while (s->end == PROBE_FATE_OK && probe_udp_take(s->fd, &in)) {
        bool is_datagram = in.event == PROBE_INPUT_MESSAGE;
        if (is_datagram && netaddr_is_equal(&in.from, &s->server) && in.size > 0) {
            memcpy(bytes, in.bytes, in.size < room ? in.size : room);
            return (int)(in.size < room ? in.size : room);
        }
        note(s, is_datagram ? PROBE_FATE_ELSEWHERE : in.fate, &in.from);
        if (s->seen == PROBE_FATE_PORT_CLOSED) {
            s->end = s->seen; /* the host's own word */
        }
    }
    return s->end == PROBE_FATE_OK ? 0 : -1;
}

/* guess_first — what it is that the server says first, where TLS was expected. */
static enum probe_fate guess_first(struct span bytes)
{
    enum probe_fate guess = probe_guess_fate(bytes);
    return guess == PROBE_FATE_FOREIGN ? PROBE_FATE_INSECURE : guess;
}

/* look_first — OpenSSL passes over datagrams that are no DTLS, so they are noted here. */
static void look_first(struct probe_socket *s, struct span bytes)
{
    enum probe_fate guess = guess_first(bytes);
    if (is_stream(s) || guess == PROBE_FATE_SECURE) {
        keep_first(s, bytes);
    } else {
        note(s, guess, &s->server);
    }
}

static int way_receive(void *context, uint8_t *bytes, size_t room)
{
    struct probe_socket *s = context;
    int got = is_stream(s) ? take_raw(s, bytes, room) : take_datagram(s, bytes, room);
    if (got > 0 && !s->is_secured) {
        struct span span = {bytes, (size_t)got};
        probe_trace_received(s->terms->trace, &s->local, &s->server, span);
        look_first(s, span);
    }
    return got;
}

/* fate_in_time — why the handshake was not over at its deadline. */
static enum probe_fate fate_in_time(const struct probe_socket *s)
{
    bool has_begun = s->first_size > 0 && s->seen == PROBE_FATE_SILENT;
    return has_begun ? PROBE_FATE_STALLED : s->seen;
}

/* fate_of — why the handshake failed: what came first tells most. */
static enum probe_fate fate_of(const struct probe_socket *s, enum tls_client_result result)
{
    enum probe_fate guess = guess_first((struct span){s->first, s->first_size});
    if (s->first_size > 0 && guess != PROBE_FATE_SECURE) {
        return guess;
    }
    switch (result) {
    case TLS_CLIENT_WAIT:
        return fate_in_time(s);
    case TLS_CLIENT_ALERT:
        return PROBE_FATE_ALERT;
    case TLS_CLIENT_CLOSED:
        return PROBE_FATE_CLOSED;
    case TLS_CLIENT_FAILED:
    case TLS_CLIENT_DONE:
        break;
    }
    return s->end != PROBE_FATE_OK ? s->end : PROBE_FATE_TLS_FAILED;
}

/* await — sleep until something is to be read, or DTLS has to repeat. False when the deadline
 * came. */
static bool await(struct probe_socket *s, struct mono deadline)
{
    uint64_t ns;
    struct mono now = clock_now().mono;
    struct mono next = deadline;
    if (tls_client_timer(s->tls, &ns) && mono_is_before(mono_add_ns(now, ns), deadline)) {
        next = mono_add_ns(now, ns);
    }
    if (!probe_wait_read(s->fd, next) && next.ns != deadline.ns) {
        tls_client_on_timer(s->tls);
    }
    return mono_is_before(clock_now().mono, deadline);
}

enum probe_fate probe_socket_secure(struct probe_socket *s, struct mono deadline)
{
    struct tls_client_terms terms = {
        .is_datagram = !is_stream(s),
        .is_turn = s->terms->is_turn,
        .name = s->terms->name,
        .way = {s, way_send, way_receive},
    };
    s->tls = tls_client_new(&terms);
    if (!s->tls) {
        errno = ENOMEM;
        return PROBE_FATE_NOT_SENT;
    }
    enum tls_client_result result;
    do {
        result = tls_client_handshake(s->tls);
    } while (result == TLS_CLIENT_WAIT && await(s, deadline));
    s->is_secured = result == TLS_CLIENT_DONE;
    if (!s->is_secured) {
        return fate_of(s, result);
    }
    s->seen = PROBE_FATE_SILENT;
    return PROBE_FATE_OK;
}

/* ---- messages */

/* send_padded — ChannelData on a stream is padded to four bytes, RFC 8656 12.5. */
static bool send_padded(struct probe_socket *s, struct span message)
{
    uint8_t bytes[PROBE_INPUT_SIZE];
    struct writer w = writer_init(bytes, sizeof(bytes));
    writer_bytes(&w, message.bytes, message.size);
    writer_zero(&w, -message.size & 3);
    if (!writer_is_ok(&w)) {
        errno = EMSGSIZE;
        return false;
    }
    struct span padded = {bytes, w.used};
    return s->tls ? tls_client_write(s->tls, padded) : send_raw(s, padded);
}

enum probe_fate probe_socket_send(struct probe_socket *s, struct span message)
{
    errno = 0;
    probe_trace_sent(s->terms->trace, &s->local, &s->server, message);
    bool is_sent = false;
    if (is_stream(s)) {
        is_sent = s->end == PROBE_FATE_OK && send_padded(s, message);
    } else {
        is_sent = s->tls ? tls_client_write(s->tls, message) : send_raw(s, message);
    }
    if (is_sent) {
        return PROBE_FATE_OK;
    }
    return s->end != PROBE_FATE_OK ? s->end : PROBE_FATE_NOT_SENT;
}

/* take_secured — bytes out of TLS or DTLS, as take_raw gives them. */
static int take_secured(struct probe_socket *s, uint8_t *bytes, size_t room)
{
    size_t got = 0;
    if (s->end != PROBE_FATE_OK) {
        return -1;
    }
    switch (tls_client_read(s->tls, bytes, room, &got)) {
    case TLS_CLIENT_DONE:
        return (int)got;
    case TLS_CLIENT_WAIT:
        return 0;
    case TLS_CLIENT_CLOSED:
        s->end = PROBE_FATE_CLOSED;
        break;
    case TLS_CLIENT_ALERT:
        s->end = PROBE_FATE_ALERT;
        break;
    case TLS_CLIENT_FAILED:
        s->end = s->end != PROBE_FATE_OK ? s->end : PROBE_FATE_TLS_FAILED;
        break;
    }
    return -1;
}

static bool finish_message(const struct probe_socket *s, struct probe_input *out, size_t size)
{
    out->event = PROBE_INPUT_MESSAGE;
    out->from = s->server;
    out->size = size;
    probe_trace_received(s->terms->trace, &s->local, &s->server, (struct span){out->bytes, size});
    return true;
}

static bool finish_end(const struct probe_socket *s, struct probe_input *out)
{
    out->event = PROBE_INPUT_END;
    out->fate = s->end;
    out->from = s->server;
    return true;
}

/* cut — take the first `size` of the bytes that were kept, of which `length` are the message. */
static bool cut(struct probe_socket *s, size_t size, size_t length, struct probe_input *out)
{
    memcpy(out->bytes, s->kept, length);
    memmove(s->kept, s->kept + size, s->kept_size - size);
    s->kept_size -= size;
    return finish_message(s, out, length);
}

/* cut_kept — the next message, if it is whole. What can become none comes as it is, and is the last
 * that comes; so does what looks like TLS, which would pass for the beginning of a long message. */
static bool cut_kept(struct probe_socket *s, struct probe_input *out)
{
    struct frame frame;
    struct span kept = {s->kept, s->kept_size};
    enum frame_verdict verdict = frame_cut(s->kept, s->kept_size, sizeof(s->kept), &frame);
    bool is_bad = verdict == FRAME_BAD || probe_guess_fate(kept) == PROBE_FATE_SECURE;
    if (verdict == FRAME_WHOLE && !is_bad) {
        return cut(s, frame.size, frame.length, out);
    }
    if (s->kept_size == 0 || (!is_bad && s->end == PROBE_FATE_OK)) {
        return false;
    }
    s->end = s->end != PROBE_FATE_OK ? s->end : PROBE_FATE_CLOSED;
    return cut(s, s->kept_size, s->kept_size, out);
}

/* take_stream — one message or the end, if either is there. */
static bool take_stream(struct probe_socket *s, struct probe_input *out)
{
    while (!cut_kept(s, out)) {
        uint8_t *at = s->kept + s->kept_size;
        size_t room = sizeof(s->kept) - s->kept_size;
        int got = s->tls ? take_secured(s, at, room) : take_raw(s, at, room);
        if (got == 0) {
            return false;
        }
        if (got < 0) {
            return cut_kept(s, out) || finish_end(s, out);
        }
        s->kept_size += (size_t)got;
    }
    return true;
}

/* take_noted — of a DTLS session: what was noted on the way, and its end. */
static bool take_noted(struct probe_socket *s, struct probe_input *out)
{
    if (s->end != PROBE_FATE_OK) {
        return finish_end(s, out);
    }
    if (s->seen == PROBE_FATE_SILENT) {
        return false;
    }
    out->event = PROBE_INPUT_ICMP;
    out->fate = s->seen;
    out->from = s->seen_from;
    s->seen = PROBE_FATE_SILENT;
    return true;
}

static bool take_session(struct probe_socket *s, struct probe_input *out)
{
    int got = take_secured(s, out->bytes, sizeof(out->bytes));
    return got > 0 ? finish_message(s, out, (size_t)got) : take_noted(s, out);
}

static bool take_plain(struct probe_socket *s, struct probe_input *out)
{
    const struct probe_trace *trace = s->terms->trace;
    if (!probe_udp_take(s->fd, out)) {
        return false;
    }
    if (out->event == PROBE_INPUT_ICMP) {
        probe_trace_icmp(trace, &s->local, &out->from, probe_fate_text(out->fate));
    } else {
        probe_trace_received(trace, &s->local, &out->from, (struct span){out->bytes, out->size});
    }
    return true;
}

static bool take(struct probe_socket *s, struct probe_input *out)
{
    if (is_stream(s)) {
        return take_stream(s, out);
    }
    return s->tls ? take_session(s, out) : take_plain(s, out);
}

void probe_socket_receive(struct probe_socket *s, struct mono deadline, struct probe_input *out)
{
    do {
        if (take(s, out)) {
            return;
        }
    } while (probe_wait_read(s->fd, deadline));
    out->event = PROBE_INPUT_NOTHING;
}
