/* worker_traffic — what comes in, judged and sent on. */
/* SPDX-License-Identifier: MIT */
#include "net/worker_traffic.h"

#include <string.h>

void worker_traffic_flush(struct worker *w)
{
    stream_send(&w->connections, w->batch, &w->turn.flows.down, w->now.mono);
    listener_send(&w->listeners, w->batch, &w->turn.flows.down);
}

static void flush_peers(struct worker *w)
{
    w->endpoints.backend->send(&w->endpoints, w->batch, &w->turn.flows.up);
}

/* file — one more message for a client, at bytes that stay until the flush; the list is sent first
 * when it is full. */
static void file(struct worker *w, const struct batch_to_client *out)
{
    w->batch->to_client[w->batch->to_client_count++] = *out;
}

static void make_room(struct worker *w)
{
    if (w->batch->to_client_count == BATCH_SIZE) {
        worker_traffic_flush(w);
    }
}

/* seal — hand a message to the client's DTLS session, which files it. */
static void seal(struct worker *w, const struct batch_to_client *out)
{
    struct connection *c = connection_of(&w->connections, &out->path);
    if (c) {
        dtls_send(&w->dtls, c, out->bytes, out->length, out->tos, out->is_data);
    } else if (out->is_data) {
        forward_count_failed(&w->turn.flows.down);
    }
}

void worker_traffic_reply(struct worker *w, const struct path *to, const uint8_t *bytes,
                          size_t size)
{
    struct batch_to_client out = {.length = (uint32_t)size, .path = *to};
    make_room(w);
    out.bytes = w->answer[w->batch->to_client_count];
    memcpy(out.bytes, bytes, size);
    if (to->kind == PATH_DTLS) {
        seal(w, &out);
        return;
    }
    struct connection *c = connection_of(&w->connections, to);
    if (c && c->is_waiting) {
        connection_put_again(&w->connections, c); /* this may be what it waits for */
    }
    file(w, &out);
}

void worker_traffic_file_sealed(struct worker *w, const struct path *to, const uint8_t *bytes,
                                size_t size, uint8_t tos, bool is_data)
{
    make_room(w);
    struct batch_to_client out = {
        .bytes = w->batch->sealed + w->batch->to_client_count * BATCH_SEALED,
        .length = (uint32_t)(size < BATCH_SEALED ? size : BATCH_SEALED),
        .path = *to,
        .tos = tos,
        .is_data = is_data,
    };
    memcpy(out.bytes, bytes, out.length);
    file(w, &out);
}

static void to_peer(struct worker *w, const struct verdict *v)
{
    w->batch->to_peer[w->batch->to_peer_count++] = (struct batch_to_peer){
        .bytes = v->bytes,
        .length = v->length,
        .endpoint = v->endpoint,
        .peer = v->peer,
        .tos = v->tos,
        .df = v->df,
    };
}

static void to_client(struct worker *w, const struct verdict *v)
{
    struct batch_to_client out = {
        .bytes = v->bytes,
        .length = v->length,
        .path = *v->path,
        .tos = v->tos,
        .is_data = true,
    };
    if (v->path->kind == PATH_DTLS) {
        seal(w, &out);
        return;
    }
    make_room(w);
    file(w, &out);
}

/* has_client — a session may have ended behind the request, within one batch: an allocation would
 * be nobody's. */
static bool has_client(const struct worker *w, const struct path *path)
{
    return !path_is_connection(path) || connection_of(&w->connections, path);
}

void worker_traffic_from_clients(struct worker *w, struct packet *packets, size_t count)
{
    struct flow_table *flows = &w->turn.flows;
    forward_prepare_client(flows, packets, count);
    for (size_t i = 0; i < count; i++) {
        struct packet *p = &packets[i];
        struct verdict v = forward_from_client(flows, p, w->now.mono);
        if (v.kind == FORWARD_RECHECK) {
            turn_recheck(&w->turn, v.permit);
            v = forward_from_client(flows, p, w->now.mono);
        }
        if (v.kind == FORWARD_TO_PEER) {
            to_peer(w, &v);
        } else if (v.kind == FORWARD_CONTROL && has_client(w, &p->path)) {
            flush_peers(w);
            turn_receive(&w->turn, &p->path, (struct span){p->bytes, p->size}, w->now);
        }
    }
    flush_peers(w);
    worker_traffic_flush(w);
}

void worker_traffic_from_peers(struct worker *w)
{
    struct batch *b = w->batch;
    struct flow_table *flows = &w->turn.flows;
    forward_prepare_peer(flows, b->packet, b->count);
    for (size_t i = 0; i < b->count; i++) {
        struct verdict v = forward_from_peer(flows, &b->packet[i], w->now.mono);
        if (v.kind == FORWARD_RECHECK) {
            turn_recheck(&w->turn, v.permit);
            v = forward_from_peer(flows, &b->packet[i], w->now.mono);
        }
        if (v.kind == FORWARD_TO_CLIENT) {
            to_client(w, &v);
        }
    }
    worker_traffic_flush(w);
}
