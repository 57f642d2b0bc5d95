/* probe_answer — one request sent until it is answered, and the answer judged. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_answer.h"

#include <errno.h>

#include "net/clock.h"

#define FIRST_RTO_NS (MONO_SECOND / 2)

/* One transaction on its way. */
struct transaction {
    const struct probe_answer_terms *terms;
    struct stun_message request;
    struct netaddr server;
    struct mono start, next, deadline; /* next: when to send again */
    uint64_t rto_ns;
};

/* note — remember the most telling thing seen so far; silence tells nothing. */
static void note(struct probe_answer *out, enum probe_fate fate, const struct netaddr *from)
{
    if (fate > out->fate) {
        out->fate = fate;
        out->from = *from;
    }
}

/* read_error — ERROR-CODE, RFC 8489 14.8. */
static bool read_error(struct probe_answer *out)
{
    struct span value = stun_message_value(&out->message, STUN_KNOWN_ERROR_CODE);
    struct reader r = reader_init(value.bytes, value.size);
    reader_u16(&r);
    unsigned class = reader_u8(&r) & 7;
    unsigned number = reader_u8(&r);
    out->code = class * 100 + number;
    out->reason = (struct span){r.at, r.left};
    return reader_is_ok(&r) && class >= 3 && class <= 6 && number < 100;
}

/* integrity_of — whether the answer's signature is what the request's calls for. */
static enum probe_fate integrity_of(const struct transaction *t, const struct stun_message *m)
{
    bool is_success = m->class == STUN_SUCCESS;
    enum stun_integrity kind = t->terms->kind;
    enum stun_known which = kind == STUN_INTEGRITY_SHA256 ? STUN_KNOWN_MESSAGE_INTEGRITY_SHA256
                                                          : STUN_KNOWN_MESSAGE_INTEGRITY;
    if (kind == STUN_INTEGRITY_NONE) {
        return PROBE_FATE_OK;
    }
    if (!stun_message_has(m, which)) {
        return is_success ? PROBE_FATE_UNSIGNED : PROBE_FATE_OK;
    }
    return stun_integrity_is_right(m, t->terms->digest, kind, t->terms->key) ? PROBE_FATE_OK
                                                                             : PROBE_FATE_TAMPERED;
}

/* is_unsure — refusals that a server may sign with a key that is not ours, or not at all. */
static bool is_unsure(const struct probe_answer *out)
{
    return out->code == 400 || out->code == 401 || out->code == 438;
}

/* answers — whether a message is the answer to this request, wherever it comes from. */
static bool answers(const struct transaction *t, const struct stun_message *m)
{
    return (m->class == STUN_SUCCESS || m->class == STUN_ERROR) && m->method == t->request.method &&
           span_is_equal(stun_message_id(m), stun_message_id(&t->request));
}

/* judge_answer — an undamaged answer from the server itself. Returns whether it ends the wait. */
static bool judge_answer(const struct transaction *t, struct probe_answer *out)
{
    const struct netaddr *from = &out->input.from;
    bool is_success = out->message.class == STUN_SUCCESS;
    if (!is_success && !read_error(out)) {
        note(out, PROBE_FATE_MALFORMED, from);
        return false;
    }
    enum probe_fate fate = integrity_of(t, &out->message);
    if (fate != PROBE_FATE_OK && (is_success || !is_unsure(out))) {
        note(out, fate, from);
        return false;
    }
    out->fate = is_success ? PROBE_FATE_OK : PROBE_FATE_REFUSED;
    out->from = *from;
    return true;
}

/* is_channel_data — a relayed packet that is late, RFC 8656 12.4. */
static bool is_channel_data(const struct probe_input *in)
{
    struct reader r = reader_init(in->bytes, in->size);
    uint16_t channel = reader_u16(&r);
    reader_bytes(&r, reader_u16(&r));
    return reader_is_ok(&r) && channel >= CHANNEL_MIN && channel <= CHANNEL_MAX_CLASSIC;
}

/* fate_of_foreign — what the server sent that is no STUN. */
static enum probe_fate fate_of_foreign(const struct probe_input *in)
{
    enum probe_fate guess = probe_guess_fate((struct span){in->bytes, in->size});
    if (guess == PROBE_FATE_SECURE || guess == PROBE_FATE_WEB) {
        return guess;
    }
    return is_channel_data(in) ? PROBE_FATE_SILENT : PROBE_FATE_FOREIGN;
}

/* judge_message — what came in. Returns whether it ends the wait. */
static bool judge_message(const struct transaction *t, struct probe_answer *out)
{
    const struct probe_input *in = &out->input;
    bool is_server = netaddr_is_equal(&in->from, &t->server);
    switch (stun_message_parse(in->bytes, in->size, &out->message)) {
    case STUN_OK:
        break;
    case STUN_MALFORMED:
        note(out, is_server ? PROBE_FATE_MALFORMED : PROBE_FATE_SILENT, &in->from);
        return false;
    case STUN_NOT_STUN:
        note(out, is_server ? fate_of_foreign(in) : PROBE_FATE_SILENT, &in->from);
        return false;
    }
    if (!answers(t, &out->message)) {
        return false;
    }
    if (!is_server) {
        note(out, PROBE_FATE_ELSEWHERE, &in->from);
        return false;
    }
    return judge_answer(t, out);
}

/* judge — what the socket has seen. Returns whether it ends the wait: an answer does, the end of
 * the connection, and the host's own word that nothing listens there. Other ICMP errors may
 * pass. */
static bool judge(const struct transaction *t, struct probe_answer *out)
{
    switch (out->input.event) {
    case PROBE_INPUT_MESSAGE:
        return judge_message(t, out);
    case PROBE_INPUT_END:
        note(out, out->input.fate, &out->input.from);
        return true;
    case PROBE_INPUT_ICMP:
        note(out, out->input.fate, &out->input.from);
        return out->fate == PROBE_FATE_PORT_CLOSED;
    case PROBE_INPUT_NOTHING:
        break;
    }
    return false;
}

/* send_once — send the request, and set the time of the next sending. */
static bool send_once(struct probe_socket *socket, struct span bytes, struct transaction *t,
                      struct probe_answer *out)
{
    enum probe_fate fate = probe_socket_send(socket, bytes);
    if (fate != PROBE_FATE_OK) {
        out->fate = fate;
        out->error = errno;
        return false;
    }
    out->sent++;
    t->next = probe_transport_is_stream(socket->terms->transport) ? t->deadline
                                                                  : mono_add_ns(t->next, t->rto_ns);
    t->rto_ns *= 2;
    return true;
}

/* await — send and listen until something ends the wait, or the deadline comes. */
static void await(struct probe_socket *socket, struct span bytes, struct transaction *t,
                  struct probe_answer *out)
{
    while (mono_is_before(clock_now().mono, t->deadline)) {
        bool is_due = !mono_is_before(clock_now().mono, t->next);
        if (is_due && !send_once(socket, bytes, t, out)) {
            return;
        }
        bool is_last = mono_is_before(t->deadline, t->next);
        probe_socket_receive(socket, is_last ? t->deadline : t->next, &out->input);
        if (judge(t, out)) {
            out->ns = clock_now().mono.ns - t->start.ns;
            return;
        }
    }
}

void probe_answer_await(struct probe_socket *socket, struct span request,
                        const struct probe_answer_terms *terms, struct probe_answer *out)
{
    struct transaction t = {.terms = terms, .server = socket->server};
    out->fate = PROBE_FATE_SILENT;
    out->code = 0;
    out->reason = (struct span){0};
    out->error = 0;
    out->from = (struct netaddr){.family = NETADDR_NONE};
    out->ns = 0;
    out->sent = 0;
    if (stun_message_parse(request.bytes, request.size, &t.request) != STUN_OK) {
        out->fate = PROBE_FATE_NOT_SENT; /* cannot be: we wrote it */
        out->error = EMSGSIZE;
        return;
    }
    t.start = t.next = clock_now().mono;
    t.deadline = mono_add_ns(t.start, terms->timeout_ns);
    t.rto_ns = FIRST_RTO_NS;
    await(socket, request, &t, out);
    if (out->fate == PROBE_FATE_ALERT || out->fate == PROBE_FATE_TLS_FAILED) {
        out->code = tls_client_alert(socket->tls);
        out->reason = span_of_text(tls_client_words(socket->tls));
    }
}
