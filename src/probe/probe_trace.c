/* probe_trace — every message of a check in one line. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_trace.h"

#include "base/text.h"
#include "wire/stun_message.h"
#include "net/clock.h"
#include "probe/probe_guess.h"

enum { LINE_SIZE = 1024 };

static const char *method_text(uint16_t method)
{
    switch (method) {
    case STUN_BINDING:
        return "Binding";
    case STUN_ALLOCATE:
        return "Allocate";
    case STUN_REFRESH:
        return "Refresh";
    case STUN_SEND:
        return "Send";
    case STUN_DATA:
        return "Data";
    case STUN_CREATE_PERMISSION:
        return "CreatePermission";
    case STUN_CHANNEL_BIND:
        return "ChannelBind";
    default:
        return "unknown method";
    }
}

static const char *class_text(uint8_t class)
{
    static const char *const texts[] = {" request", " indication", " success", " error"};
    return texts[class & 3];
}

/* put_attribute — the name of an attribute, as the RFCs spell it, or its number. */
static void put_attribute(struct text *t, uint16_t type)
{
    const char *name = NULL;
    switch (type) {
#define PROBE_TRACE_CASE(id, number)                                                               \
    case number:                                                                                   \
        name = #id;                                                                                \
        break;
        STUN_ATTRIBUTES(PROBE_TRACE_CASE)
#undef PROBE_TRACE_CASE
    default:
        break;
    }
    text_char(t, ' ');
    if (!name) {
        uint8_t bytes[2] = {(uint8_t)(type >> 8), (uint8_t)type};
        text_put(t, "0x");
        text_hex(t, bytes, 2);
        return;
    }
    for (; *name; name++) {
        text_char(t, *name == '_' ? '-' : *name);
    }
}

static void put_stun(struct text *t, const struct stun_message *m)
{
    text_put(t, method_text(m->method));
    text_put(t, class_text(m->class));
    text_char(t, ':');
    struct stun_walk walk = stun_message_walk(m);
    while (stun_message_step(&walk)) {
        put_attribute(t, walk.type);
    }
    if (stun_message_has(m, STUN_KNOWN_FINGERPRINT) && walk.type != STUN_ATTR_FINGERPRINT) {
        put_attribute(t, STUN_ATTR_FINGERPRINT);
    }
}

/* put_record — what kind of record of TLS or DTLS comes first, RFC 8446 5.1. */
static void put_record(struct text *t, uint8_t type)
{
    enum { ALERT = 21, HANDSHAKE = 22 };
    text_put(t, type == HANDSHAKE ? "TLS handshake" : type == ALERT ? "TLS alert" : "TLS record");
}

static void put_message(struct text *t, struct span message)
{
    struct stun_message m;
    struct reader r = reader_init(message.bytes, message.size);
    uint8_t head[2] = {reader_u8(&r), reader_u8(&r)};
    if (probe_guess_fate(message) == PROBE_FATE_SECURE) {
        put_record(t, head[0]);
        return;
    }
    if (head[0] >> 6 == 1) {
        text_put(t, "ChannelData 0x");
        text_hex(t, head, 2);
        return;
    }
    switch (stun_message_parse(message.bytes, message.size, &m)) {
    case STUN_OK:
        put_stun(t, &m);
        return;
    case STUN_MALFORMED:
        text_put(t, "damaged STUN");
        return;
    case STUN_NOT_STUN:
        text_put(t, "not STUN");
        return;
    }
}

static void begin(struct text *t, const struct probe_trace *trace, const struct netaddr *local,
                  const char *arrow, const struct netaddr *remote)
{
    uint64_t us = (clock_now().mono.ns - trace->start.ns) / 1000;
    text_u64(t, us / 1000000);
    text_char(t, '.');
    for (uint64_t place = 100000; place > 0; place /= 10) {
        text_char(t, (char)('0' + us / place % 10));
    }
    text_char(t, ' ');
    text_netaddr(t, local);
    text_put(t, arrow);
    text_netaddr(t, remote);
    text_put(t, "  ");
}

static void say(const struct probe_trace *trace, const struct netaddr *local, const char *arrow,
                const struct netaddr *remote, struct span message)
{
    if (!trace) {
        return;
    }
    char bytes[LINE_SIZE];
    struct text t = text_init(bytes, sizeof(bytes));
    begin(&t, trace, local, arrow, remote);
    text_u64(&t, message.size);
    text_put(&t, " bytes  ");
    put_message(&t, message);
    fprintf(trace->out, "%s\n", bytes);
}

void probe_trace_sent(const struct probe_trace *trace, const struct netaddr *local,
                      const struct netaddr *remote, struct span message)
{
    say(trace, local, " > ", remote, message);
}

void probe_trace_received(const struct probe_trace *trace, const struct netaddr *local,
                          const struct netaddr *remote, struct span message)
{
    say(trace, local, " < ", remote, message);
}

void probe_trace_icmp(const struct probe_trace *trace, const struct netaddr *local,
                      const struct netaddr *remote, const char *words)
{
    if (!trace) {
        return;
    }
    char bytes[LINE_SIZE];
    struct text t = text_init(bytes, sizeof(bytes));
    begin(&t, trace, local, " < ", remote);
    text_put(&t, "ICMP ");
    text_put(&t, words);
    fprintf(trace->out, "%s\n", bytes);
}
