/* probe_relay — packets through the relay and back.
 *
 *     payload:  | run (4 bytes) | number (4 bytes) | random bytes ... |
 *
 * Run and number tell a packet that is late, or not ours, from the one that is awaited. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_relay.h"

#include "net/clock.h"

enum {
    LABEL_SIZE = 8,
    HOPELESS = 3, /* packets without one arriving */
};

enum arrival { ARRIVED, ALTERED, LOST };

/* make_payload — random bytes, but for the label. */
static struct span make_payload(const struct probe_client *client, uint32_t run, uint32_t number,
                                uint8_t *bytes, size_t size)
{
    const struct entropy *entropy = client->terms->entropy;
    entropy->fill(entropy->context, bytes, size);
    struct writer w = writer_init(bytes, size);
    writer_u32(&w, run);
    writer_u32(&w, number);
    return (struct span){bytes, size};
}

static bool has_label(struct span payload, struct span expected)
{
    return payload.size >= LABEL_SIZE && span_is_equal((struct span){payload.bytes, LABEL_SIZE},
                                                       (struct span){expected.bytes, LABEL_SIZE});
}

/* await — wait for the payload; what comes besides is passed over. */
static enum arrival await(struct probe_client *client, struct span expected, uint64_t wait_ns,
                          struct probe_client_data *data)
{
    struct probe_input in;
    struct mono deadline = mono_add_ns(clock_now().mono, wait_ns);
    while (probe_client_receive(client, deadline, &in, data)) {
        struct span payload = data->payload;
        data->payload = (struct span){0}; /* its bytes end with this function */
        if (has_label(payload, expected)) {
            return span_is_equal(payload, expected) ? ARRIVED : ALTERED;
        }
    }
    return LOST;
}

static void note_peer(struct probe_relay *out, const struct probe_client_data *data,
                      const struct netaddr *peer)
{
    if (data->channel == 0 && !netaddr_is_equal(&data->peer, peer)) {
        out->is_other_peer = true;
    }
}

static void note_time(struct probe_relay *out, uint64_t ns)
{
    out->least_ns = out->back == 0 || ns < out->least_ns ? ns : out->least_ns;
    out->most_ns = ns > out->most_ns ? ns : out->most_ns;
    out->sum_ns += ns;
    out->back++;
}

/* run_there — one packet from A to B. Returns whether it came as it should. */
static bool run_there(struct probe_client *a, struct probe_client *b,
                      const struct probe_relay_plan *plan, struct span payload,
                      struct probe_relay *out)
{
    struct probe_client_data data;
    if (probe_client_send(a, &b->relayed, payload) != PROBE_FATE_OK) {
        return false;
    }
    enum arrival arrival = await(b, payload, plan->wait_ns, &data);
    out->there += arrival != LOST;
    out->altered += arrival == ALTERED;
    if (arrival == ARRIVED) {
        out->without_channel = out->without_channel || data.channel != plan->channel;
        note_peer(out, &data, &a->relayed);
    }
    return arrival == ARRIVED;
}

/* run_back — one packet from B to A. Returns whether it came as it should. */
static bool run_back(struct probe_client *a, struct probe_client *b,
                     const struct probe_relay_plan *plan, struct span payload,
                     struct probe_relay *out)
{
    struct probe_client_data data;
    if (probe_client_send_channel(b, plan->channel, payload) != PROBE_FATE_OK) {
        return false;
    }
    enum arrival arrival = await(a, payload, plan->wait_ns, &data);
    out->altered += arrival == ALTERED;
    if (arrival == ARRIVED) {
        note_peer(out, &data, &b->relayed);
    }
    return arrival == ARRIVED;
}

void probe_relay_run(struct probe_client *a, struct probe_client *b,
                     const struct probe_relay_plan *plan, struct probe_relay *out)
{
    uint8_t bytes[PROBE_RELAY_SIZE_MAX];
    uint32_t run;
    const struct entropy *entropy = a->terms->entropy;
    entropy->fill(entropy->context, &run, sizeof(run));
    *out = (struct probe_relay){.sent = 0};
    for (uint32_t i = 0; i < plan->count; i++) {
        if (i == HOPELESS && (out->there == 0 || out->back == 0)) {
            return;
        }
        struct mono start = clock_now().mono;
        struct span payload = make_payload(a, run, 2 * i, bytes, plan->size);
        out->sent++;
        if (!run_there(a, b, plan, payload, out)) {
            continue;
        }
        payload = make_payload(b, run, 2 * i + 1, bytes, plan->size);
        if (run_back(a, b, plan, payload, out)) {
            note_time(out, clock_now().mono.ns - start.ns);
        }
    }
}
