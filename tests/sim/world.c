/* world — the simulated network in virtual time. */
/* SPDX-License-Identifier: MIT */
#include "sim/world.h"

#include "sim/audit.h"
#include "sim/ferry.h"
#include "sim/peek.h"
#include "sim/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum world_kind {
    WORLD_TO_SERVER,
    WORLD_TO_ENDPOINT,
    WORLD_TO_VISITOR,
    WORLD_TO_PEER,
    WORLD_VISITOR, /* one has its turn */
    WORLD_KEY,
    WORLD_NOTE,     /* something happens to a call */
    WORLD_RING,     /* a peer calls */
    WORLD_HANG_UP,  /* a connection ends */
    WORLD_TICK,     /* of a station */
    WORLD_STRANGER, /* somebody sends where nobody asked him to */
    WORLD_ICMP,
    WORLD_RELOAD, /* a new regime; the stations follow */
    WORLD_FOLLOW,
    WORLD_DRAIN,
    WORLD_AUDIT,
    WORLD_SHORT, /* memory is refused from now on, or had again */
};

enum {
    TICK_MS = 500,
    EVERYTHING_IS_OVER = 4000, /* seconds after the last visitor came */
    DATA_MAX = 1200,
};

static const struct mono beginning = {5 * MONO_SECOND};
static const int64_t calendar = 1700000000;

void world_fail(struct world *w, const char *format, ...)
{
    if (w->has_failed) {
        return;
    }
    w->has_failed = true;
    int used = snprintf(w->why, sizeof(w->why), "at %.3f s: ", (double)w->now.mono.ns / 1e9);
    va_list args;
    va_start(args, format);
    vsnprintf(w->why + used, sizeof(w->why) - (size_t)used, format, args);
    va_end(args);
}

const char *world_text(const struct netaddr *a)
{
    static char text[4][64];
    static unsigned next;
    char *out = text[next++ % 4];
    int used = 0;
    for (unsigned i = 0; i < netaddr_size(a); i++) {
        used += a->family == NETADDR_IPV4
                    ? snprintf(out + used, 64 - (size_t)used, i ? ".%u" : "%u", a->ip[i])
                    : snprintf(out + used, 64 - (size_t)used, "%02x", a->ip[i]);
    }
    snprintf(out + used, 64 - (size_t)used, " port %u", a->port);
    return out;
}

static struct mono after_ms(const struct world *w, uint32_t ms)
{
    return mono_add_ns(w->now.mono, (uint64_t)ms * 1000000);
}

static struct world_datagram *new_datagram(const uint8_t *bytes, size_t size)
{
    struct world_datagram *d = calloc(1, sizeof(*d) + size);
    if (!d) {
        abort();
    }
    d->size = (uint32_t)size;
    memcpy(d->bytes, bytes, size);
    return d;
}

/* spoil — change one bit of a request, before its integrity value: nothing of it is to be believed
 * any more. */
static void spoil(struct world *w, struct world_datagram *d)
{
    enum { SIGNATURE = 8 + 36 }; /* FINGERPRINT, and the longer of the two */
    if (!d->has_errand || d->size < STUN_HEADER_SIZE + SIGNATURE + 8 || !d->errand.pass) {
        return;
    }
    d->bytes[dice_below(&w->dice, d->size - SIGNATURE)] ^= (uint8_t)(1u << dice_below(&w->dice, 8));
    memcpy(d->errand.ask.id, d->bytes + 8, STUN_ID_SIZE);
    d->errand.is_spoilt = true;
}

/* put_stream — have a message of a stream arrive: surely, once, and in order. */
static void put_stream(struct world *w, enum world_kind kind, struct world_datagram *d)
{
    struct visitor_line *line = world_line(w, &d->path);
    if (!line) {
        free(d);
        return;
    }
    struct mono *last = kind == WORLD_TO_SERVER ? &line->up_at : &line->down_at;
    struct mono at = after_ms(w, dice_between(&w->dice, w->link.least_ms, w->link.most_ms));
    *last = mono_max(*last, at);
    agenda_put(&w->agenda, *last, (int)kind, 0, d);
}

/* put — have a datagram arrive, once, twice or never; it is the network's from now on. */
static void put(struct world *w, enum world_kind kind, struct world_datagram *d)
{
    const struct world_link *link = &w->link;
    bool is_of_visitor = kind == WORLD_TO_SERVER || kind == WORLD_TO_VISITOR;
    bool is_sealed = is_of_visitor && d->path.kind == PATH_DTLS; /* no copy, no change gets in */
    if (is_of_visitor && path_is_stream(&d->path)) {
        put_stream(w, kind, d);
        return;
    }
    d->tos = (uint8_t)dice_next(&w->dice);
    if (dice_chance(&w->dice, link->loss)) {
        free(d);
        return;
    }
    if (!is_sealed && dice_chance(&w->dice, link->twice)) {
        struct world_datagram *copy = new_datagram(d->bytes, d->size);
        memcpy(copy, d, sizeof(*d) + d->size);
        agenda_put(&w->agenda, after_ms(w, dice_between(&w->dice, link->least_ms, link->most_ms)),
                   (int)kind, 0, copy);
    }
    if (!is_sealed && dice_chance(&w->dice, link->spoil)) {
        spoil(w, d);
    }
    agenda_put(&w->agenda, after_ms(w, dice_between(&w->dice, link->least_ms, link->most_ms)),
               (int)kind, 0, d);
}

void world_to_server(struct world *w, const struct path *path, const uint8_t *bytes, size_t size,
                     const struct errand *errand)
{
    struct world_datagram *d = new_datagram(bytes, size);
    d->path = *path;
    if (errand) {
        d->has_errand = true;
        d->errand = *errand;
    }
    put(w, WORLD_TO_SERVER, d);
}

void world_to_visitor(struct world *w, const struct path *path, const uint8_t *bytes, size_t size)
{
    struct world_datagram *d = new_datagram(bytes, size);
    d->path = *path;
    put(w, WORLD_TO_VISITOR, d);
}

void world_to_endpoint(struct world *w, const struct netaddr *from, const struct netaddr *to,
                       size_t size)
{
    uint8_t bytes[DATA_MAX];
    dice_fill(&w->dice, bytes, size < 16 ? size : 16);
    memset(bytes + (size < 16 ? size : 16), 'p', size - (size < 16 ? size : 16));
    struct world_datagram *d = new_datagram(bytes, size);
    d->from = *from;
    d->to = *to;
    put(w, WORLD_TO_ENDPOINT, d);
}

void world_to_peer(struct world *w, const struct netaddr *from, const struct netaddr *to,
                   const uint8_t *bytes, size_t size)
{
    struct world_datagram *d = new_datagram(bytes, size);
    w->relayed++;
    d->from = *from;
    d->to = *to;
    bool is_own = plan_kind(to) == PLAN_OWN;
    put(w, is_own ? WORLD_TO_ENDPOINT : WORLD_TO_PEER, d);
}

void world_key(struct world *w, unsigned station, struct station_note *note, uint32_t ms)
{
    agenda_put(&w->agenda, after_ms(w, ms), WORLD_KEY, station, note);
}

/* visitor_at — the visitor that an address belongs to. */
static struct visitor *visitor_at(struct world *w, const struct netaddr *a)
{
    unsigned last = netaddr_size(a) - 1;
    uint32_t low = (uint32_t)a->ip[last - 2] << 16 | (uint32_t)a->ip[last - 1] << 8 | a->ip[last];
    uint32_t index = low / 97;
    return &w->visitor[index < w->plan.visitors ? index : 0];
}

void world_note(struct world *w, unsigned station, struct exchange_note *note, uint32_t ms)
{
    agenda_put(&w->agenda, after_ms(w, ms), WORLD_NOTE, station, note);
}

static struct visitor_line *line_at(struct world *w, const struct path *path)
{
    uint32_t slot = path->connection - 1;
    return &w->visitor[slot / VISITOR_LINES].line[slot % VISITOR_LINES];
}

struct visitor_line *world_line(struct world *w, const struct path *path)
{
    struct visitor_line *line = path_is_connection(path) ? line_at(w, path) : NULL;
    return line && line->generation == path->generation ? line : NULL;
}

bool world_has(struct world *w, const struct path *path)
{
    const struct visitor_line *line = world_line(w, path);
    return !path_is_connection(path) || (line && line->is_open && !line->is_joined);
}

void world_close(struct world *w, const struct path *path)
{
    struct visitor_line *line = world_line(w, path);
    if (line) {
        line->is_open = false;
    }
}

void world_hang_up(struct world *w, const struct path *path)
{
    struct visitor_line *line = world_line(w, path);
    if (line && line->is_open) {
        w->hung_up++;
        line->is_open = false;
        station_disconnected(&w->station[line->station], path);
    }
}

void world_hang_up_after(struct world *w, const struct path *path, uint32_t ms)
{
    struct path *copy = malloc(sizeof(*copy));
    if (!copy) {
        abort();
    }
    *copy = *path;
    agenda_put(&w->agenda, after_ms(w, ms), WORLD_HANG_UP, 0, copy);
}

void world_open(struct world *w, struct visitor *v, struct path *path, unsigned station)
{
    uint32_t slot = 0;
    while (slot < VISITOR_LINES && v->line[slot].is_open) {
        slot++;
    }
    if (slot == VISITOR_LINES) {
        slot = dice_below(&w->dice, VISITOR_LINES);
        world_hang_up(w, &v->line[slot].path);
    }
    struct visitor_line *line = &v->line[slot];
    path->connection = v->index * VISITOR_LINES + slot + 1;
    path->generation = (uint16_t)(line->generation + 1);
    *line = (struct visitor_line){.is_open = true,
                                  .station = (uint8_t)station,
                                  .generation = path->generation,
                                  .path = *path};
}

void world_pass_on(struct world *w, const struct world_datagram *d)
{
    struct world_datagram *copy = new_datagram(d->bytes, d->size);
    memcpy(copy, d, sizeof(*d) + d->size);
    agenda_put(&w->agenda, w->now.mono, WORLD_TO_SERVER, 0, copy);
}

struct station *world_station_of(struct world *w, const struct path *path)
{
    if (path_is_connection(path)) {
        return &w->station[line_at(w, path)->station];
    }
    return &w->station[visitor_at(w, &path->client.a)->index % w->stations];
}

struct foretell_facts world_facts(const struct world *w, const struct station *s)
{
    return (struct foretell_facts){
        .oracle = &w->oracle,
        .regime = s->regime,
        .harbour = &w->harbour,
        .per_account = w->per_account,
        .users = w->frame.users,
        .exchange = &s->exchange,
        .station = s->number,
        .stations = w->stations,
        .is_draining = s->is_draining,
        .is_store_down = s->is_store_down,
        .now = w->now,
    };
}

/* station_for — where a datagram on its way to the server arrives; NULL for nowhere. */
static struct station *station_for(struct world *w, const struct agenda_entry *e)
{
    const struct world_datagram *d = e->what;
    struct station *s = NULL;
    if (e->kind == WORLD_TO_SERVER) {
        s = world_has(w, &d->path) ? world_station_of(w, &d->path) : NULL;
    } else if (e->kind == WORLD_TO_ENDPOINT) {
        const struct harbour_berth *b = harbour_find(&w->harbour, &d->to);
        s = b ? &w->station[b->station] : NULL;
    }
    return s && s->is_up ? s : NULL;
}

/* deliver — hand over what arrives with this entry at one station: a batch, as a worker reads it.
 */
static void deliver(struct world *w, struct agenda_entry first)
{
    struct world_datagram *batch[STATION_BATCH];
    struct station *s = station_for(w, &first);
    size_t count = 0;
    batch[count++] = first.what;
    const struct agenda_entry *next = agenda_next(&w->agenda);
    while (s && count < STATION_BATCH && next && next->kind == first.kind &&
           next->at.ns == first.at.ns && station_for(w, next) == s) {
        batch[count++] = agenda_take(&w->agenda).what;
        next = agenda_next(&w->agenda);
    }
    if (s && first.kind == WORLD_TO_SERVER) {
        ferry_from_visitors(s, batch, count);
    } else if (s) {
        ferry_from_peers(s, batch, count);
    }
    for (size_t i = 0; i < count; i++) {
        free(batch[i]);
    }
}

/* answer — what a peer does with a datagram: mostly it sends one back, sometimes from another port
 * or from next door. */
static void answer(struct world *w, const struct world_datagram *d)
{
    struct netaddr from = d->to;
    struct netaddr to = d->from;
    uint32_t throw = dice_below(&w->dice, 100);
    if (throw >= 70) {
        return;
    }
    if (throw >= 60) {
        from.port ^= 1;
    } else if (throw >= 55) {
        from.ip[netaddr_size(&from) - 1] ^= 1;
    }
    if (w->harbour.is_mapped) {
        to = plan_external((enum netaddr_family)to.family);
        to.port = d->from.port;
    }
    world_to_endpoint(w, &from, &to, dice_below(&w->dice, DATA_MAX));
}

static void stranger(struct world *w)
{
    enum netaddr_family family = dice_chance(&w->dice, 500) ? NETADDR_IPV4 : NETADDR_IPV6;
    enum plan_kind kind = (enum plan_kind)dice_below(&w->dice, PLAN_DISGUISED);
    struct netaddr from = plan_peer(kind, family, dice_below(&w->dice, 50));
    struct netaddr to = plan_local(family);
    if (dice_chance(&w->dice, 300)) { /* from one of our own ports */
        from = plan_local(family);
        from.port = (uint16_t)(HARBOUR_FIRST + dice_below(&w->dice, w->harbour.berths));
    }
    to.port = (uint16_t)(HARBOUR_FIRST + dice_below(&w->dice, w->harbour.berths));
    world_to_endpoint(w, &from, &to, dice_below(&w->dice, DATA_MAX));
}

/* ring — a peer, permitted or not, calls a relayed address of TCP. */
static void ring(struct world *w)
{
    const struct visitor *v = &w->visitor[dice_below(&w->dice, w->plan.visitors)];
    const struct oracle_allocation *a = oracle_find(&w->oracle, &v->path);
    if (!a || !a->is_stream || !w->station[a->station].is_up) {
        return;
    }
    enum netaddr_family family = a->deadline[0].ns != 0 ? NETADDR_IPV4 : NETADDR_IPV6;
    struct netaddr from = plan_peer((enum plan_kind)dice_below(&w->dice, PLAN_DISGUISED), family,
                                    dice_below(&w->dice, 50));
    if (a->permissions > 0 && dice_chance(&w->dice, 800)) {
        from = a->permission[dice_below(&w->dice, (uint32_t)a->permissions)].host;
        from.port = (uint16_t)dice_between(&w->dice, 1024, 65535);
    }
    if (plan_kind(&from) == PLAN_OWN) { /* as it comes in, where it is mapped */
        uint16_t port = from.port;
        from = plan_local((enum netaddr_family)from.family);
        from.port = port;
    }
    if (a->deadline[from.family - 1].ns != 0) {
        exchange_ring(&w->station[a->station], a, &from);
    }
}

/* is_in_force — whether some station still goes by a regime. */
static bool is_in_force(const struct world *w, const struct regime *r)
{
    bool is = r == w->regime;
    for (unsigned i = 0; i < w->stations; i++) {
        is = is || w->station[i].regime == r;
    }
    return is;
}

static void follow(struct world *w, struct station *s)
{
    struct regime *before = (struct regime *)(uintptr_t)s->regime;
    station_reload(s, w->regime);
    if (!is_in_force(w, before)) {
        regime_free(before);
    }
}

static void reload(struct world *w)
{
    struct regime *before = w->regime;
    w->regime = regime_new(&w->frame, before, &w->dice);
    if (!is_in_force(w, before)) {
        regime_free(before);
    }
    for (unsigned i = 0; i < w->stations; i++) {
        agenda_put(&w->agenda, after_ms(w, dice_below(&w->dice, 300)), WORLD_FOLLOW, i, NULL);
    }
    if (!w->is_closing) {
        agenda_put(&w->agenda, after_ms(w, dice_between(&w->dice, 60000, 400000)), WORLD_RELOAD, 0,
                   NULL);
    }
}

/* drain — have a station drain; after a while it ends what is left, goes down, and comes again. */
static void drain(struct world *w, struct station *s)
{
    if (!s->is_up) {
        if (!station_init(s, w, s->number)) {
            agenda_put(&w->agenda, after_ms(w, 1000), WORLD_DRAIN, s->number, NULL);
        }
        return;
    }
    if (!s->is_draining) {
        station_drain(s);
        agenda_put(&w->agenda, after_ms(w, 120000), WORLD_DRAIN, s->number, NULL);
        return;
    }
    station_end(s);
    audit_is_empty(s);
    station_fini(s);
    for (uint32_t i = 0; i < w->plan.visitors; i++) { /* nobody is connected to it any more */
        for (int k = 0; k < VISITOR_LINES; k++) {
            struct visitor_line *line = &w->visitor[i].line[k];
            line->is_open = line->is_open && line->station != s->number;
        }
    }
    agenda_put(&w->agenda, after_ms(w, 2000), WORLD_DRAIN, s->number, NULL);
}

static void turn_memory(struct world *w)
{
    w->arena.is_short = !w->arena.is_short && !w->is_closing;
    uint32_t ms = dice_between(&w->dice, 500, 8000);
    if (!w->is_closing) {
        agenda_put(&w->agenda, after_ms(w, ms), WORLD_SHORT, 0, NULL);
    }
}

static void tick(struct world *w, struct station *s)
{
    if (s->is_up) {
        station_tick(s);
    }
    agenda_put(&w->agenda, after_ms(w, TICK_MS), WORLD_TICK, s->number, NULL);
}

/* step — the next thing happens. */
static void step(struct world *w)
{
    struct agenda_entry e = agenda_take(&w->agenda);
    struct world_datagram *d = e.what;
    w->now.mono = e.at;
    w->now.wall.s = calendar + (int64_t)(e.at.ns / MONO_SECOND);
    switch ((enum world_kind)e.kind) {
    case WORLD_TO_SERVER:
    case WORLD_TO_ENDPOINT:
        deliver(w, e);
        return;
    case WORLD_TO_VISITOR:
        visitor_receive(visitor_at(w, &d->path.client.a), w, &d->path, d->bytes, d->size);
        break;
    case WORLD_TO_PEER:
        answer(w, d);
        break;
    case WORLD_VISITOR:
        agenda_put(&w->agenda, visitor_act(&w->visitor[e.who], w), WORLD_VISITOR, e.who, NULL);
        break;
    case WORLD_KEY:
        station_key(&w->station[e.who], e.what);
        break;
    case WORLD_NOTE:
        exchange_happen(&w->station[e.who], e.what);
        break;
    case WORLD_RING:
        ring(w);
        agenda_put(&w->agenda, after_ms(w, w->is_closing ? 2000 : 20), WORLD_RING, 0, NULL);
        break;
    case WORLD_HANG_UP:
        world_hang_up(w, e.what);
        break;
    case WORLD_TICK:
        tick(w, &w->station[e.who]);
        break;
    case WORLD_STRANGER:
        stranger(w);
        agenda_put(&w->agenda, after_ms(w, w->is_closing ? 2000 : 50), WORLD_STRANGER, 0, NULL);
        break;
    case WORLD_ICMP:
        if (w->station[e.who].is_up) {
            station_icmp(&w->station[e.who]);
        }
        agenda_put(&w->agenda, after_ms(w, 100), WORLD_ICMP, e.who, NULL);
        break;
    case WORLD_RELOAD:
        reload(w);
        break;
    case WORLD_FOLLOW:
        follow(w, &w->station[e.who]);
        break;
    case WORLD_DRAIN:
        drain(w, &w->station[e.who]);
        break;
    case WORLD_AUDIT:
        audit_all(w);
        agenda_put(&w->agenda, after_ms(w, w->is_closing ? 300000 : 30000), WORLD_AUDIT, 0, NULL);
        break;
    case WORLD_SHORT:
        turn_memory(w);
        break;
    }
    free(e.what);
}

static void open_harbour(struct world *w)
{
    struct harbour *h = &w->harbour;
    static const uint32_t berths[] = {HARBOUR_BERTHS_MAX, 1024, 60};
    h->dice = &w->dice;
    h->is_mapped = dice_chance(&w->dice, 400);
    h->has_family[0] = true;
    h->has_family[1] = dice_chance(&w->dice, 800);
    h->berths = berths[dice_below(&w->dice, 3)];
    h->limit = HARBOUR_NUMBERS_MAX;
    w->frame = (struct regime_frame){
        .live = {h->live[0], h->live[1]},
        .is_mapped = h->is_mapped,
        .users = w->plan.visitors * 3 / 4 + 1,
        .visitors = w->plan.visitors,
    };
}

static void open_world(struct world *w, const struct world_plan *plan)
{
    memset(w, 0, sizeof(*w));
    w->plan = *plan;
    w->dice.state = plan->seed;
    w->now = (struct now){beginning, {calendar + 5}};
    arena_init(&w->arena);
    digest_init(&w->digest);
    w->entropy = dice_entropy(&w->dice);
    open_harbour(w);
    roster_init(&w->roster, &w->digest.digest, w->frame.users);
    w->regime = regime_new(&w->frame, NULL, &w->dice);
    w->quota = (struct quota){w->cell, WORLD_CELLS - 1};
    w->per_account = calloc(w->frame.users + plan->visitors, sizeof(uint32_t));
    w->visitor = calloc(plan->visitors, sizeof(*w->visitor));
    if (!w->per_account || !w->visitor) {
        abort();
    }
    w->link = (struct world_link){
        .loss = dice_below(&w->dice, 60),
        .twice = dice_below(&w->dice, 40),
        .spoil = dice_below(&w->dice, 20),
        .least_ms = 1,
        .most_ms = dice_between(&w->dice, 2, 300),
    };
    w->stations = dice_between(&w->dice, 1, 4);
}

static void set_going(struct world *w)
{
    for (unsigned i = 0; i < w->stations; i++) {
        if (!station_init(&w->station[i], w, i)) {
            world_fail(w, "no memory to begin with");
        }
        agenda_put(&w->agenda, after_ms(w, 1 + i), WORLD_TICK, i, NULL);
        agenda_put(&w->agenda, after_ms(w, 5000), WORLD_ICMP, i, NULL);
        agenda_put(&w->agenda, after_ms(w, dice_between(&w->dice, 1, w->plan.minutes) * 60000),
                   WORLD_DRAIN, i, NULL);
    }
    for (uint32_t i = 0; i < w->plan.visitors; i++) {
        visitor_init(&w->visitor[i], w, i);
        agenda_put(&w->agenda, w->visitor[i].comes_at, WORLD_VISITOR, i, NULL);
    }
    agenda_put(&w->agenda, after_ms(w, 10), WORLD_STRANGER, 0, NULL);
    agenda_put(&w->agenda, after_ms(w, 10), WORLD_RING, 0, NULL);
    agenda_put(&w->agenda, after_ms(w, 120000), WORLD_RELOAD, 0, NULL);
    agenda_put(&w->agenda, after_ms(w, 30000), WORLD_AUDIT, 0, NULL);
    if (w->plan.is_short) {
        agenda_put(&w->agenda, after_ms(w, 200), WORLD_SHORT, 0, NULL);
    }
}

static void run_until(struct world *w, struct mono until)
{
    while (!w->has_failed && agenda_next(&w->agenda) &&
           agenda_next(&w->agenda)->at.ns <= until.ns) {
        step(w);
    }
}

static void close_world(struct world *w)
{
    for (unsigned i = 0; i < w->stations; i++) {
        station_fini(&w->station[i]);
        free(w->station[i].is_known);
        free(w->station[i].is_coming[0]);
        free(w->station[i].is_coming[1]);
    }
    if (w->arena.runs != 0) {
        world_fail(w, "%u regions were not given back", w->arena.runs);
    }
    while (agenda_next(&w->agenda)) {
        free(agenda_take(&w->agenda).what);
    }
    agenda_fini(&w->agenda);
    for (unsigned i = 0; i < w->stations; i++) { /* regimes that are not the newest, each once */
        struct regime *old = (struct regime *)(uintptr_t)w->station[i].regime;
        w->station[i].regime = w->regime;
        if (!is_in_force(w, old)) {
            regime_free(old);
        }
    }
    regime_free(w->regime);
    oracle_fini(&w->oracle);
    roster_fini(&w->roster);
    digest_fini(&w->digest);
    free(w->per_account);
    free(w->visitor);
}

bool world_run(struct world *w, const struct world_plan *plan)
{
    open_world(w, plan);
    set_going(w);
    struct mono end = mono_add_s(w->now.mono, (uint64_t)plan->minutes * 60);
    run_until(w, end);
    w->is_closing = true;
    w->arena.is_short = false;
    run_until(w, mono_add_s(end, EVERYTHING_IS_OVER));
    if (!w->has_failed) {
        audit_all(w);
        for (unsigned i = 0; i < w->stations; i++) {
            audit_is_empty(&w->station[i]);
        }
        audit_is_over(w);
    }
    close_world(w);
    return !w->has_failed;
}
