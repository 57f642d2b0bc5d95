/* counters — what all workers have counted, together. */
/* SPDX-License-Identifier: MIT */
#include "counters.h"

#include <assert.h>

static void add_counts(struct flow_counts *sum, const struct flow_counts *more)
{
    sum->received += more->received;
    sum->forwarded += more->forwarded;
    sum->control += more->control;
    for (int i = 0; i < FLOW_DROP_COUNT; i++) {
        sum->dropped[i] += more->dropped[i];
    }
    for (int i = 0; i < FLOW_PATH_KINDS; i++) {
        sum->by_path[i].packets += more->by_path[i].packets;
        sum->by_path[i].bytes += more->by_path[i].bytes;
    }
}

static void add_clients(struct worker_clients_counts *sum, const struct worker_clients_counts *more)
{
    sum->accepted += more->accepted;
    sum->handshakes += more->handshakes;
    sum->handshakes_failed += more->handshakes_failed;
    sum->refused_limit += more->refused_limit;
    sum->refused_bytes += more->refused_bytes;
    sum->timed_out += more->timed_out;
    sum->to_web += more->to_web;
    sum->missed += more->missed;
}

/* add_turn — numbers of 64 bits, all of them. */
static void add_turn(struct turn_counts *sum, const struct turn_counts *more)
{
    static_assert(sizeof(*sum) % sizeof(uint64_t) == 0, "counters and nothing else");
    uint64_t *to = (uint64_t *)(void *)sum;
    const uint64_t *from = (const uint64_t *)(const void *)more;
    for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++) {
        to[i] += from[i];
    }
}

void counters_sum(struct worker_shared *shared, struct worker_counts *sum)
{
    *sum = (struct worker_counts){.live = 0};
    for (unsigned i = 0; i < shared->count; i++) {
        struct worker_counts c = worker_look(shared->worker[i]);
        add_counts(&sum->up, &c.up);
        add_counts(&sum->down, &c.down);
        add_turn(&sum->turn, &c.turn);
        add_clients(&sum->clients, &c.clients);
        sum->live += c.live;
        sum->strays += c.strays;
        sum->strays_dropped += c.strays_dropped;
    }
}

static void say_direction(struct log_source *log, const char *direction,
                          const struct flow_counts *c)
{
    static const char *const names[FLOW_DROP_COUNT] = {
        [FLOW_DROP_NOT_STUN] = "dropped_not_stun",
        [FLOW_DROP_MALFORMED] = "dropped_malformed",
        [FLOW_DROP_NO_ALLOCATION] = "dropped_no_allocation",
        [FLOW_DROP_NO_CHANNEL] = "dropped_no_channel",
        [FLOW_DROP_NO_PERMISSION] = "dropped_no_permission",
        [FLOW_DROP_FAMILY] = "dropped_family",
        [FLOW_DROP_OWN_PORT] = "dropped_own_port",
        [FLOW_DROP_BANDWIDTH] = "dropped_bandwidth",
        [FLOW_DROP_TOO_LARGE] = "dropped_too_large",
        [FLOW_DROP_SEND_FAILED] = "dropped_send_failed",
        [FLOW_DROP_QUEUE_FULL] = "dropped_queue_full",
    };
    struct log_line line;
    log_line_begin(&line, LOG_LEVEL_INFO, "counters");
    log_line_string(&line, "direction", direction);
    log_line_u64(&line, "received", c->received);
    log_line_u64(&line, "forwarded", c->forwarded);
    log_line_u64(&line, "control", c->control);
    for (int i = 0; i < FLOW_DROP_COUNT; i++) {
        log_line_u64(&line, names[i], c->dropped[i]);
    }
    log_put(log, &line);
}

static void say_connections(struct log_source *log, const struct worker_clients_counts *c)
{
    struct log_line line;
    log_line_begin(&line, LOG_LEVEL_INFO, "connections");
    log_line_u64(&line, "accepted", c->accepted);
    log_line_u64(&line, "handshakes", c->handshakes);
    log_line_u64(&line, "handshakes_failed", c->handshakes_failed);
    log_line_u64(&line, "refused_limit", c->refused_limit);
    log_line_u64(&line, "refused_bytes", c->refused_bytes);
    log_line_u64(&line, "refused_plain_stun", c->missed);
    log_line_u64(&line, "timed_out", c->timed_out);
    log_line_u64(&line, "to_web", c->to_web);
    log_put(log, &line);
}

void counters_say(struct worker_shared *shared, struct log_source *log)
{
    struct worker_counts sum = {.live = 0};
    counters_sum(shared, &sum);
    say_direction(log, "up", &sum.up);
    say_direction(log, "down", &sum.down);
    say_connections(log, &sum.clients);
    struct log_line line;
    log_line_begin(&line, LOG_LEVEL_INFO, "stopped");
    log_line_u64(&line, "strays", sum.strays);
    log_line_u64(&line, "strays_dropped", sum.strays_dropped);
    log_line_u64(&line, "answers_limited", sum.turn.limited);
    log_put(log, &line);
}
