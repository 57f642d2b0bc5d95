/* course — the operations of the core that are measured. */
/* SPDX-License-Identifier: MIT */
#include "bench/course.h"

#include "bench/stopwatch.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BATCH = 32,
    BATCHES = 2048,
    REPEATS = 5,
    CHURN = 20000,        /* clients that leave and come again */
    GROWTHS = 3,          /* times a crowd grows from nothing */
    BYTES_FROM = 10000,   /* allocations; with fewer the steps of 64 KiB count for more */
    SLOT = 2048 + 5 * 64, /* bytes of a buffer; so that not all begin in the same sets of a cache */
    DEEP = 64,            /* allocations that get 256 channels */
    SWEPT = 16,           /* and those that have them at once */
    DEEP_CHANNELS = 256,
    TICKS = 30, /* seconds: within them every allocation is looked at once */
    LAP = 1200, /* seconds: more than a turn of the wheel */
    PARTS = 3,  /* requests of a client that comes */
};

/* One crowd and the row of measurements that is being made on it. */
struct run {
    struct crowd *crowd;
    struct course *out;
    uint32_t count;
    uint32_t *order[COURSE_ORDERS]; /* clients, each once */
    struct stopwatch watch[COURSE_STEPS];
    uint8_t slot[BATCH][SLOT];
    struct packet packet[BATCH];
};

/* A row of operations that is run several times over each crowd. */
struct row {
    void (*run)(struct run *r, const struct row *row);
    enum course_step step;
    enum course_order order;
};

const char *course_name(enum course_step step)
{
    static const char *const names[COURSE_STEPS] = {
        "ChannelData up", "ChannelData down", "Send",        "Data down", "Allocate",
        "Refresh",        "CreatePermission", "ChannelBind", "free",      "tick, per allocation",
    };
    return names[step];
}

static bool is_forward(enum course_step step)
{
    return step <= COURSE_DATA_DOWN;
}

static bool is_up(enum course_step step)
{
    return step == COURSE_CHANNEL_UP || step == COURSE_SEND;
}

/* fill_packet — the datagram of client `i`, as net would have it before the batch. */
static void fill_packet(struct run *r, enum course_step step, uint32_t i, int at)
{
    static const uint8_t payload[CROWD_PAYLOAD];
    static const uint8_t id[STUN_ID_SIZE];
    struct span data = {payload, sizeof(payload)};
    struct packet *p = &r->packet[at];
    uint8_t *bytes = r->slot[at] + PACKET_HEADROOM;
    size_t room = SLOT - PACKET_HEADROOM;
    *p = (struct packet){.bytes = bytes, .size = CROWD_PAYLOAD};
    p->peer = crowd_peer(i, 0);
    p->path = crowd_path(i);
    if (step == COURSE_CHANNEL_UP) {
        p->size = (uint32_t)ask_write_channel_data(CROWD_CHANNEL, data, bytes, room);
    } else if (step == COURSE_SEND) {
        p->size = (uint32_t)ask_write_send(&p->peer.a, data, id, bytes, room);
    } else {
        p->endpoint = r->crowd->endpoint_of[i];
        p->peer.a.port += step == COURSE_DATA_DOWN ? 1 : 0;
    }
}

/* forward_batch — one batch as net does it. Returns the nanoseconds. */
static uint64_t forward_batch(struct run *r, enum course_step step)
{
    struct flow_table *flows = &r->crowd->turn.flows;
    struct packet *p = r->packet;
    struct mono now = r->crowd->now.mono;
    int sent = 0;
    uint64_t from = stopwatch_now();
    if (is_up(step)) {
        forward_prepare_client(flows, p, BATCH);
        for (int i = 0; i < BATCH; i++) {
            sent += forward_from_client(flows, &p[i], now).kind == FORWARD_TO_PEER ? 1 : 0;
        }
    } else {
        forward_prepare_peer(flows, p, BATCH);
        for (int i = 0; i < BATCH; i++) {
            sent += forward_from_peer(flows, &p[i], now).kind == FORWARD_TO_CLIENT ? 1 : 0;
        }
    }
    uint64_t took = stopwatch_now() - from;
    if (sent != BATCH) {
        fprintf(stderr, "%s: %d of %d forwarded\n", course_name(step), sent, BATCH);
        abort();
    }
    return took;
}

static void run_forward(struct run *r, const struct row *row)
{
    const uint32_t *who = r->order[row->order];
    uint32_t next = 0;
    for (size_t b = 0; b < BATCHES; b++) {
        for (int i = 0; i < BATCH; i++) {
            fill_packet(r, row->step, who[next], i);
            next = next + 1 == r->count ? 0 : next + 1;
        }
        stopwatch_note(&r->watch[row->step], b, forward_batch(r, row->step));
    }
}

/* request_batch — requests of up to 32 clients in one batch as net has it: prepared together, then
 * handled one by one. What preparing took is shared out. */
static void request_batch(struct run *r, enum course_step step, uint16_t method,
                          const uint32_t *who, uint32_t at, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct packet *p = &r->packet[i];
        *p = (struct packet){.bytes = r->slot[i] + PACKET_HEADROOM};
        p->path = crowd_path(who[at + i]);
        p->size =
            (uint32_t)crowd_write(r->crowd, who[at + i], method, 0, step == COURSE_FREE, p->bytes);
    }
    uint64_t from = stopwatch_now();
    forward_prepare_client(&r->crowd->turn.flows, r->packet, count);
    uint64_t share = (stopwatch_now() - from) / count;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t took = crowd_receive(r->crowd, who[at + i], r->packet[i].bytes, r->packet[i].size);
        stopwatch_note(&r->watch[step], at + i, took + share);
    }
}

static void run_requests(struct run *r, enum course_step step, enum course_order order)
{
    static const uint16_t method[COURSE_STEPS] = {
        [COURSE_FREE] = STUN_REFRESH,
        [COURSE_REFRESH] = STUN_REFRESH,
        [COURSE_ALLOCATE] = STUN_ALLOCATE,
        [COURSE_PERMISSION] = STUN_CREATE_PERMISSION,
        [COURSE_CHANNEL_BIND] = STUN_CHANNEL_BIND,
    };
    uint32_t count = r->count < CHURN ? r->count : CHURN;
    for (uint32_t at = 0; at < count; at += BATCH) {
        uint32_t some = count - at < BATCH ? count - at : BATCH;
        request_batch(r, step, method[step], r->order[order], at, some);
    }
}

static void run_refresh(struct run *r, const struct row *row)
{
    run_requests(r, COURSE_REFRESH, row->order);
}

/* run_churn — a part of the crowd leaves and comes again, so that every kind of request is measured
 * with all the others there. */
static void run_churn(struct run *r, const struct row *row)
{
    run_requests(r, COURSE_FREE, row->order);
    run_requests(r, COURSE_ALLOCATE, row->order);
    run_requests(r, COURSE_PERMISSION, row->order);
    run_requests(r, COURSE_CHANNEL_BIND, row->order);
}

static uint64_t request_once(struct run *r, uint32_t i, uint16_t method, uint32_t k, bool is_last)
{
    uint8_t bytes[CROWD_MESSAGE_MAX];
    size_t size = crowd_write(r->crowd, i, method, k, is_last, bytes);
    return crowd_receive(r->crowd, i, bytes, size);
}

/* come_again — the whole crowd leaves and comes again in this order, spread over 30 seconds: that
 * is how they lie on the wheel afterwards. */
static void come_again(struct run *r, enum course_order order)
{
    for (uint32_t k = 0; k < r->count; k++) {
        uint32_t i = r->order[order][k];
        request_once(r, i, STUN_REFRESH, 0, true);
        r->crowd->now.mono.ns += 30 * MONO_SECOND / r->count;
        request_once(r, i, STUN_ALLOCATE, 0, false);
        request_once(r, i, STUN_CREATE_PERMISSION, 0, false);
        request_once(r, i, STUN_CHANNEL_BIND, 0, false);
    }
}

/* pass — let so many seconds pass. Returns the nanoseconds that all calls of turn_tick took. */
static uint64_t pass(struct run *r, int seconds, struct stopwatch *watch)
{
    struct now *now = &r->crowd->now;
    uint64_t sum = 0;
    size_t call = 0;
    for (int second = 0; second < seconds; second++) {
        now->mono = mono_add_s(now->mono, 1);
        struct mono next;
        do {
            uint64_t from = stopwatch_now();
            next = turn_tick(&r->crowd->turn, *now);
            uint64_t took = stopwatch_now() - from;
            sum += took;
            stopwatch_note(watch, call++, took);
        } while (next.ns <= now->mono.ns);
    }
    return sum;
}

/* run_tick — let time pass: everybody's permissions are swept once. */
static void run_tick(struct run *r, const struct row *row)
{
    double each = (double)pass(r, TICKS, &r->watch[COURSE_TICK]) / r->count;
    double *mean = &r->out->step[COURSE_TICK].mean[row->order];
    *mean = *mean == 0 || each < *mean ? each : *mean;
}

static void take_figure(struct run *r, enum course_step step, enum course_order order)
{
    struct course_figure *f = &r->out->step[step];
    if (r->watch[step].count == 0) {
        return;
    }
    uint32_t longest = stopwatch_longest(&r->watch[step]);
    if (step != COURSE_TICK) {
        f->mean[order] = stopwatch_mean(&r->watch[step]) / (is_forward(step) ? BATCH : 1);
    }
    f->longest = longest > f->longest ? longest : f->longest;
    stopwatch_clear(&r->watch[step]);
}

/* measure — one row over all crowds, in turns. */
static void measure(struct run *r, int runs, const struct row *row)
{
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        for (int i = 0; i < runs; i++) {
            row->run(&r[i], row);
        }
    }
    for (int i = 0; i < runs; i++) {
        for (enum course_step step = 0; step < COURSE_STEPS; step++) {
            take_figure(&r[i], step, row->order);
        }
    }
}

/* grow — let the crowd come; each request is an operation of the row. */
static void grow(struct run *r, struct stopwatch *watch)
{
    static const uint16_t method[PARTS] = {STUN_ALLOCATE, STUN_CREATE_PERMISSION,
                                           STUN_CHANNEL_BIND};
    for (uint32_t i = 0; i < r->count; i++) {
        for (size_t part = 0; part < PARTS; part++) {
            stopwatch_note(watch, i * PARTS + part, request_once(r, i, method[part], 0, false));
        }
        double each = (double)r->crowd->arena.committed / (i + 1);
        if (i + 1 >= BYTES_FROM && each > r->out->bytes_worst) {
            r->out->bytes_worst = each;
            r->out->bytes_worst_at = i + 1;
        }
        r->out->bytes_full = each;
    }
}

/* grow_often — the crowd grows several times; the last one stays. */
static void grow_often(struct run *r, size_t huge_from)
{
    struct stopwatch watch = stopwatch_new((size_t)r->count * PARTS);
    for (int growth = 0; growth < GROWTHS; growth++) {
        if (r->crowd) {
            crowd_free(r->crowd);
        }
        r->crowd = crowd_new(r->count, huge_from);
        grow(r, &watch);
    }
    r->out->growth_longest = stopwatch_longest(&watch);
    stopwatch_free(&watch);
}

/* measure_deep — the 256th channel of an allocation beside its first. Those measured end. */
static void measure_deep(struct run *r)
{
    uint32_t count = r->count < DEEP ? r->count : DEEP;
    struct stopwatch first = stopwatch_new(count);
    struct stopwatch last = stopwatch_new(count);
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        for (uint32_t n = 0; n < count; n++) {
            uint32_t i = r->order[COURSE_RANDOM][n];
            if (repeat == 0) {
                request_once(r, i, STUN_REFRESH, 0, true);
            }
            request_once(r, i, STUN_ALLOCATE, 0, false);
            for (uint32_t k = 0; k < DEEP_CHANNELS; k++) {
                uint64_t took = request_once(r, i, STUN_CHANNEL_BIND, k, false);
                if (k == 0 || k == DEEP_CHANNELS - 1) {
                    stopwatch_note(k == 0 ? &first : &last, n, took);
                }
            }
            request_once(r, i, STUN_REFRESH, 0, true);
        }
    }
    r->out->channel_first = stopwatch_mean(&first);
    r->out->channel_last = stopwatch_mean(&last);
    stopwatch_free(&first);
    stopwatch_free(&last);
}

/* measure_sweep — the longest call of turn_tick when allocations with 256 channels are due. */
static void measure_sweep(struct run *r)
{
    uint32_t count = r->count < SWEPT ? r->count : SWEPT;
    struct stopwatch watch = stopwatch_new((size_t)TICKS * 2 + r->count);
    for (uint32_t n = 0; n < count; n++) {
        uint32_t i = r->order[COURSE_RANDOM][n];
        request_once(r, i, STUN_ALLOCATE, 0, false);
        for (uint32_t k = 0; k < DEEP_CHANNELS; k++) {
            request_once(r, i, STUN_CHANNEL_BIND, k, false);
        }
    }
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        pass(r, TICKS, &watch);
    }
    r->out->tick_deep = stopwatch_longest(&watch);
    stopwatch_free(&watch);
}

/* measure_lap — the longest call of turn_tick when all came in one second and have nothing that
 * needs looking after for a long time. */
static void measure_lap(struct run *r)
{
    struct stopwatch watch = stopwatch_new(LAP + r->count);
    for (uint32_t i = 0; i < r->count; i++) {
        if (crowd_is_here(r->crowd, i)) {
            request_once(r, i, STUN_REFRESH, 0, true);
        }
        request_once(r, i, STUN_ALLOCATE, 0, false);
    }
    for (int repeat = 0; repeat < 2; repeat++) {
        pass(r, LAP, &watch);
    }
    r->out->tick_lap = stopwatch_longest(&watch);
    stopwatch_free(&watch);
}

static uint32_t *new_order(uint32_t count, bool is_shuffled)
{
    struct dice dice = {count};
    uint32_t *order = calloc(count, sizeof(*order));
    if (!order) {
        abort();
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = is_shuffled ? dice_below(&dice, i + 1) : i;
        order[i] = order[at];
        order[at] = i;
    }
    return order;
}

static void begin(struct run *r, uint32_t count, size_t huge_from, struct course *out)
{
    *out = (struct course){.bytes_worst = 0};
    *r = (struct run){.count = count, .out = out};
    r->order[COURSE_RANDOM] = new_order(count, true);
    r->order[COURSE_SEQUENCE] = new_order(count, false);
    for (enum course_step step = 0; step < COURSE_STEPS; step++) {
        r->watch[step] = stopwatch_new(BATCHES > CHURN ? BATCHES : CHURN);
    }
    grow_often(r, huge_from);
}

static void end(struct run *r)
{
    crowd_free(r->crowd);
    for (enum course_step step = 0; step < COURSE_STEPS; step++) {
        stopwatch_free(&r->watch[step]);
    }
    free(r->order[COURSE_RANDOM]);
    free(r->order[COURSE_SEQUENCE]);
}

static void measure_all(struct run *r, int runs)
{
    for (enum course_order order = COURSE_RANDOM; order < COURSE_ORDERS; order++) {
        for (enum course_step step = COURSE_CHANNEL_UP; step <= COURSE_DATA_DOWN; step++) {
            measure(r, runs, &(struct row){run_forward, step, order});
        }
        measure(r, runs, &(struct row){run_refresh, COURSE_REFRESH, order});
        measure(r, runs, &(struct row){run_churn, COURSE_ALLOCATE, order});
        for (int i = 0; i < runs; i++) {
            come_again(&r[i], order);
        }
        measure(r, runs, &(struct row){run_tick, COURSE_TICK, order});
    }
    for (int i = 0; i < runs; i++) {
        measure_deep(&r[i]);
        measure_sweep(&r[i]);
        measure_lap(&r[i]);
    }
}

void course_run(const uint32_t *count, int courses, size_t huge_from, struct course *out)
{
    struct run *r = calloc((size_t)courses, sizeof(*r));
    if (!r) {
        abort();
    }
    for (int i = 0; i < courses; i++) {
        begin(&r[i], count[i], huge_from, &out[i]);
    }
    measure_all(r, courses);
    for (int i = 0; i < courses; i++) {
        end(&r[i]);
    }
    free(r);
}
