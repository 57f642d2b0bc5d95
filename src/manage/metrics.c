/* metrics — every counter of the server, as Prometheus reads it. */
/* SPDX-License-Identifier: MIT */
#include "manage/metrics.h"

#include <inttypes.h>

#include <event2/buffer.h>

#include "net/clock.h"
#include "manage/desk.h"

/* head — what comes before the samples of one metric. */
static void head(struct evbuffer *out, const char *name, const char *type, const char *help)
{
    evbuffer_add_printf(out, "# HELP turnpike_%s %s\n# TYPE turnpike_%s %s\n", name, help, name,
                        type);
}

/* one — a metric of a single sample. */
static void one(struct evbuffer *out, const char *name, const char *type, const char *help,
                uint64_t value)
{
    head(out, name, type, help);
    evbuffer_add_printf(out, "turnpike_%s %" PRIu64 "\n", name, value);
}

static const char *path_name(int kind)
{
    static const char *const names[TURN_PATHS] = {"none", "udp", "tcp", "tls", "dtls"};
    return names[kind];
}

static const char *drop_name(int reason)
{
    static const char *const names[FLOW_DROP_COUNT] = {
        [FLOW_DROP_NOT_STUN] = "not_stun",           [FLOW_DROP_MALFORMED] = "malformed",
        [FLOW_DROP_NO_ALLOCATION] = "no_allocation", [FLOW_DROP_NO_CHANNEL] = "no_channel",
        [FLOW_DROP_NO_PERMISSION] = "no_permission", [FLOW_DROP_FAMILY] = "family",
        [FLOW_DROP_OWN_PORT] = "own_port",           [FLOW_DROP_BANDWIDTH] = "bandwidth",
        [FLOW_DROP_TOO_LARGE] = "too_large",         [FLOW_DROP_SEND_FAILED] = "send_failed",
        [FLOW_DROP_QUEUE_FULL] = "queue_full",
    };
    return names[reason];
}

/* The data path. */

static void put_relayed(struct evbuffer *out, const char *direction, const struct flow_counts *c,
                        bool is_bytes)
{
    for (int i = PATH_UDP; i < FLOW_PATH_KINDS; i++) {
        evbuffer_add_printf(
            out, "turnpike_relayed_%s_total{direction=\"%s\",transport=\"%s\"} %" PRIu64 "\n",
            is_bytes ? "bytes" : "packets", direction, path_name(i),
            is_bytes ? c->by_path[i].bytes : c->by_path[i].packets);
    }
}

static void put_dropped(struct evbuffer *out, const char *direction, const struct flow_counts *c)
{
    for (int i = 0; i < FLOW_DROP_COUNT; i++) {
        evbuffer_add_printf(
            out, "turnpike_dropped_packets_total{direction=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
            direction, drop_name(i), c->dropped[i]);
    }
}

static void put_data(struct evbuffer *out, const struct worker_counts *c)
{
    head(out, "received_packets_total", "counter",
         "Datagrams and messages that came in, from clients (up) and from peers (down).");
    evbuffer_add_printf(out,
                        "turnpike_received_packets_total{direction=\"up\"} %" PRIu64 "\n"
                        "turnpike_received_packets_total{direction=\"down\"} %" PRIu64 "\n",
                        c->up.received, c->down.received);
    head(out, "control_packets_total", "counter", "Of those, STUN requests and the like.");
    evbuffer_add_printf(out, "turnpike_control_packets_total %" PRIu64 "\n", c->up.control);
    head(
        out, "relayed_packets_total", "counter",
        "Datagrams relayed from clients to peers (up) and back (down), by the client's transport.");
    put_relayed(out, "up", &c->up, false);
    put_relayed(out, "down", &c->down, false);
    head(out, "relayed_bytes_total", "counter", "Their payload; of TCP relays as well.");
    put_relayed(out, "up", &c->up, true);
    put_relayed(out, "down", &c->down, true);
    head(out, "dropped_packets_total", "counter", "What was not relayed, and why.");
    put_dropped(out, "up", &c->up);
    put_dropped(out, "down", &c->down);
}

/* The engine. */

static void put_requests(struct evbuffer *out, const struct turn_counts *c)
{
    head(out, "requests_total", "counter",
         "Requests that were answered, by method and error code; 0 is success.");
    for (unsigned i = 0; i < METHOD_COUNT; i++) {
        /* Several refusals share a code: a sample for each code. */
        for (int kind = 0; kind < REFUSAL_COUNT; kind++) {
            unsigned code = kind == REFUSAL_NONE ? 0 : refusal_of((enum refusal_kind)kind)->code;
            uint64_t sum = 0;
            bool is_first = true;
            for (int other = 0; other < REFUSAL_COUNT; other++) {
                unsigned own =
                    other == REFUSAL_NONE ? 0 : refusal_of((enum refusal_kind)other)->code;
                sum += own == code ? c->answers[i][other] : 0;
                is_first = is_first && (own != code || other >= kind);
            }
            if (is_first && (sum > 0 || code == 0)) {
                evbuffer_add_printf(
                    out, "turnpike_requests_total{method=\"%s\",code=\"%u\"} %" PRIu64 "\n",
                    method_name(i), code, sum);
            }
        }
    }
}

static void put_allocations(struct evbuffer *out, const struct turn_counts *c)
{
    head(out, "allocations", "gauge", "Allocations at this moment, by the client's transport.");
    for (int i = PATH_UDP; i < TURN_PATHS; i++) {
        evbuffer_add_printf(out, "turnpike_allocations{transport=\"%s\"} %" PRIu64 "\n",
                            path_name(i), c->opened_by[i] - c->closed_by[i]);
    }
    head(out, "allocations_opened_total", "counter", "Allocations made.");
    for (int i = PATH_UDP; i < TURN_PATHS; i++) {
        evbuffer_add_printf(out,
                            "turnpike_allocations_opened_total{transport=\"%s\"} %" PRIu64 "\n",
                            path_name(i), c->opened_by[i]);
    }
    head(out, "allocations_closed_total", "counter", "Allocations that ended, and why.");
    for (int i = TURN_REASON_CLIENT; i < TURN_REASON_COUNT; i++) {
        evbuffer_add_printf(out, "turnpike_allocations_closed_total{reason=\"%s\"} %" PRIu64 "\n",
                            turn_reason_name((enum turn_reason)i), c->closed_for[i]);
    }
}

static void put_engine(struct evbuffer *out, const struct turn_counts *c)
{
    put_requests(out, c);
    put_allocations(out, c);
    one(out, "authentication_failures_total", "counter",
        "Signed requests with an unknown user or a wrong password.", c->unauthorized);
    one(out, "limited_answers_total", "counter",
        "Answers to the unproven that the limiter held back.", c->limited);
    one(out, "ignored_messages_total", "counter", "Messages that get no answer whatever they are.",
        c->ignored);
    one(out, "parked_requests_total", "counter", "Requests that waited for the store.", c->parked);
    one(out, "parking_full_total", "counter", "Requests that found no place to wait.",
        c->park_full);
    one(out, "peer_connects_total", "counter", "TCP connections asked for to peers.", c->connects);
    one(out, "peer_connect_failures_total", "counter", "Those that failed.", c->connect_failures);
}

static void put_clients(struct evbuffer *out, const struct worker_counts *c)
{
    const struct worker_clients_counts *k = &c->clients;
    one(out, "connections_accepted_total", "counter", "TCP connections of clients.", k->accepted);
    one(out, "tls_handshakes_total", "counter", "TLS handshakes that succeeded.", k->handshakes);
    one(out, "tls_handshake_failures_total", "counter", "TLS and DTLS handshakes that failed.",
        k->handshakes_failed);
    one(out, "connections_timed_out_total", "counter", "Closed for being silent or stuck.",
        k->timed_out);
    one(out, "connections_to_web_total", "counter", "Passed to the web server behind.", k->to_web);
    head(out, "connections_refused_total", "counter", "Closed at once, and why.");
    evbuffer_add_printf(out,
                        "turnpike_connections_refused_total{reason=\"limit\"} %" PRIu64 "\n"
                        "turnpike_connections_refused_total{reason=\"bytes\"} %" PRIu64 "\n"
                        "turnpike_connections_refused_total{reason=\"plain_stun\"} %" PRIu64 "\n",
                        k->refused_limit, k->refused_bytes, k->missed);
    one(out, "stray_packets_total", "counter", "Datagrams handed to the worker that owns them.",
        c->strays);
    one(out, "stray_packets_dropped_total", "counter", "Those there was no room for.",
        c->strays_dropped);
}

/* The store. */

static void put_latency(struct evbuffer *out, const struct store_counts *c)
{
    uint64_t sum = 0;
    head(out, "store_seconds", "histogram", "How long the store took to answer.");
    for (int i = 0; i < STORE_BUCKETS; i++) {
        sum += c->seconds_bucket[i];
        evbuffer_add_printf(out, "turnpike_store_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
                            store_bucket_bounds()[i], sum);
    }
    sum += c->seconds_bucket[STORE_BUCKETS];
    evbuffer_add_printf(out,
                        "turnpike_store_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n"
                        "turnpike_store_seconds_sum %.6f\n"
                        "turnpike_store_seconds_count %" PRIu64 "\n",
                        sum, c->seconds_sum, sum);
}

static void put_store(struct evbuffer *out, const struct desk *d)
{
    const struct store_counts *c = store_counts(d->store);
    struct mirror_counts held = mirror_counts(d->mirror);
    one(out, "store_up", "gauge", "Whether the store can be reached.", store_is_up(d->store));
    one(out, "store_losses_total", "counter", "Times it was lost.", c->goings);
    one(out, "store_waiting", "gauge", "Requests it has yet to answer.", c->waiting);
    head(out, "store_requests_total", "counter", "Requests it answered.");
    for (int verb = 0; verb < STORE_VERB_COUNT; verb++) {
        for (int result = 0; result < STORE_RESULT_COUNT; result++) {
            if (c->answered[verb][result] > 0 || result == STORE_OK) {
                evbuffer_add_printf(
                    out, "turnpike_store_requests_total{verb=\"%s\",result=\"%s\"} %" PRIu64 "\n",
                    store_verb_name((enum store_verb)verb),
                    store_result_name((enum store_result)result), c->answered[verb][result]);
            }
        }
    }
    put_latency(out, c);
    head(out, "mirrored_items", "gauge", "What this node knows of the store without asking.");
    evbuffer_add_printf(out,
                        "turnpike_mirrored_items{kind=\"user\"} %u\n"
                        "turnpike_mirrored_items{kind=\"secret\"} %u\n"
                        "turnpike_mirrored_items{kind=\"revocation\"} %u\n",
                        (unsigned)held.grants, (unsigned)held.secrets, (unsigned)held.revocations);
    if (d->book) {
        one(out, "leased_accounts", "gauge", "Accounts this node has a share of the quota of.",
            lease_book_count(d->book));
    }
    if (d->ledger) {
        struct ledger_counts l = ledger_counts(d->ledger);
        one(out, "usage_told_total", "counter", "Entries of usage that the store has.", l.told);
        one(out, "usage_lost_total", "counter", "Those there was no room for.", l.lost);
        one(out, "usage_waiting", "gauge", "Those the store has yet to take.", l.waiting);
    }
}

/* The process. */

static void put_process(struct evbuffer *out, const struct desk *d)
{
    static const char *const classes[] = {"1xx", "1xx", "2xx", "3xx", "4xx", "5xx"};
    head(out, "build_info", "gauge", "What this is: always 1.");
    evbuffer_add_printf(out, "turnpike_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
    head(out, "uptime_seconds", "gauge", "Seconds since the start.");
    evbuffer_add_printf(out, "turnpike_uptime_seconds %.3f\n",
                        (double)(clock_now().mono.ns - d->started.ns) / 1e9);
    one(out, "draining", "gauge", "Whether no new allocations are taken.", *d->is_draining);
    head(out, "worker_cpu_seconds_total", "counter", "What each worker has computed.");
    for (unsigned i = 0; i < d->shared->count; i++) {
        evbuffer_add_printf(out, "turnpike_worker_cpu_seconds_total{worker=\"%u\"} %.6f\n", i,
                            (double)worker_cpu(d->shared->worker[i]) / 1e9);
    }
    head(out, "http_answers_total", "counter", "Answers of this interface, by class.");
    for (int i = 2; i < 6; i++) {
        evbuffer_add_printf(out, "turnpike_http_answers_total{class=\"%s\"} %" PRIu64 "\n",
                            classes[i], d->answers[i]);
    }
    one(out, "http_refused_keys_total", "counter", "Requests with no key or a wrong one.",
        d->refused_keys);
}

void metrics_print(const struct desk *d, struct evbuffer *out)
{
    struct worker_counts sum = {.live = 0};
    d->counts(d->context, &sum);
    put_process(out, d);
    put_data(out, &sum);
    put_engine(out, &sum.turn);
    put_clients(out, &sum);
    put_store(out, d);
}
