/* record — what the engine tells of, as log records. */
/* SPDX-License-Identifier: MIT */
#include "net/record.h"

static const char *transport_name(uint8_t kind)
{
    switch (kind) {
    case PATH_TCP:
        return "tcp";
    case PATH_TLS:
        return "tls";
    case PATH_DTLS:
        return "dtls";
    default:
        return "udp";
    }
}

static void put_session(struct log_line *line, const struct turn_event *event)
{
    if (event->session != 0) {
        log_line_hex(line, "session", event->session);
    }
    log_line_string(line, "transport", transport_name(event->path->kind));
    log_line_addr(line, "client", &event->path->client.a);
    if (event->user.size > 0) {
        log_line_text(line, "user", event->user);
    }
    if (event->realm.size > 0) {
        log_line_text(line, "realm", event->realm);
    }
    if (event->owner.size > 0) {
        log_line_text(line, "owner", event->owner);
    }
    if (event->rights && event->rights->id[0]) {
        log_line_string(line, "credential", event->rights->id);
    }
    if (event->rights && event->rights->tenant[0]) {
        log_line_string(line, "tenant", event->rights->tenant);
    }
    log_line_addr(line, "relayed", &event->relayed[0]);
    log_line_addr(line, event->relayed[0].family ? "relayed2" : "relayed", &event->relayed[1]);
}

static void put_totals(struct log_line *line, const struct turn_event *event)
{
    if (event->kind == TURN_EVENT_CLOSED) {
        log_line_string(line, "reason", turn_reason_name(event->reason));
    }
    log_line_ms(line, "seconds", event->duration_ns);
    log_line_u64(line, "sent_packets", event->up.packets);
    log_line_u64(line, "sent_bytes", event->up.bytes);
    log_line_u64(line, "received_packets", event->down.packets);
    log_line_u64(line, "received_bytes", event->down.bytes);
    log_line_u64(line, "permissions", event->permissions);
    log_line_u64(line, "channels", event->channels);
}

void record_event(struct log_source *log, const struct turn_event *event)
{
    static const struct {
        enum log_level level;
        const char *message;
    } rows[] = {
        [TURN_EVENT_OPENED] = {LOG_LEVEL_DEBUG, "allocation_opened"},
        [TURN_EVENT_CLOSED] = {LOG_LEVEL_INFO, "allocation_closed"},
        [TURN_EVENT_REFUSED] = {LOG_LEVEL_DEBUG, "refused"},
        [TURN_EVENT_PERMITTED] = {LOG_LEVEL_DEBUG, "peer_permitted"},
        [TURN_EVENT_LIVES] = {LOG_LEVEL_DEBUG, "allocation_lives"},
    };
    struct log_line line;
    if (!log_wants(log, rows[event->kind].level)) {
        return;
    }
    log_line_begin(&line, rows[event->kind].level, rows[event->kind].message);
    put_session(&line, event);
    if (event->kind == TURN_EVENT_CLOSED || event->kind == TURN_EVENT_LIVES) {
        put_totals(&line, event);
    }
    if (event->kind == TURN_EVENT_REFUSED) {
        log_line_string(&line, "method", method_name(method_place(event->method)));
        log_line_u64(&line, "code", event->code);
    }
    log_line_addr(&line, "peer", &event->peer);
    log_put(log, &line);
}
