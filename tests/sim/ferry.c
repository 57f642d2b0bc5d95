/* ferry — datagrams through the forwarder of a station. */
/* SPDX-License-Identifier: MIT */
#include "sim/ferry.h"

#include "sim/peek.h"
#include "sim/world.h"

#include <string.h>

enum { RECHECKS_MAX = 3, KERNEL_REFUSES = 3 /* in a thousand */ };

static void fill(struct station *s, struct world_datagram *const *d, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct packet *p = &s->packet[i];
        *p = (struct packet){
            .bytes = s->slot[i] + PACKET_HEADROOM,
            .size = d[i]->size,
            .tos = d[i]->tos,
        };
        memcpy(p->bytes, d[i]->bytes, d[i]->size);
        p->path = d[i]->path;
        p->peer.a = d[i]->from;
    }
}

static void count_drop(struct flow_counts *counts)
{
    counts->dropped[0]++; /* all under one: the reasons are the scenes' */
}

/* refuse_some — whether the kernel refuses to send this one. */
static bool refuse_some(struct station *s, struct flow_counts *theirs, struct flow_counts *ours)
{
    if (!dice_chance(&s->world->dice, KERNEL_REFUSES)) {
        ours->forwarded++;
        return false;
    }
    forward_count_failed(theirs);
    count_drop(ours);
    return true;
}

/* check_up — what goes to a peer must be what the oracle says, to whom and from where it says. */
static void check_up(struct station *s, const struct packet *p, const struct world_datagram *d,
                     const struct verdict *v, const struct oracle_verdict *told)
{
    struct world *w = s->world;
    struct netaddr peer = v->peer.a;
    if (told->passes == ORACLE_NO) {
        world_fail(w, "station %u sent to %s for %s, who may not", s->number, world_text(&peer),
                   world_text(&d->path.client.a));
    } else if (v->endpoint != told->endpoint || !netaddr_is_equal(&peer, &told->peer)) {
        world_fail(w, "station %u sent from endpoint %u to %s what was for %u, %s", s->number,
                   (unsigned)v->endpoint, world_text(&peer), (unsigned)told->endpoint,
                   world_text(&told->peer));
    } else if (v->length != told->size || v->bytes != p->bytes + (told->data - d->bytes) ||
               memcmp(v->bytes, told->data, told->size) != 0 || v->tos != d->tos ||
               v->df != told->df) {
        world_fail(w, "station %u did not send to %s what it was given", s->number,
                   world_text(&peer));
    } else if (!harbour_is_open(&w->harbour, s->number, v->endpoint)) {
        world_fail(w, "station %u sent from endpoint %u, which is closed", s->number,
                   (unsigned)v->endpoint);
    }
}

static void handle_up(struct station *s, const struct packet *p, const struct world_datagram *d)
{
    struct world *w = s->world;
    struct flow_table *flows = &s->turn.flows;
    struct oracle_verdict told = oracle_from_client(&w->oracle, s->regime, &w->harbour, &d->path,
                                                    d->bytes, d->size, w->now.mono);
    struct verdict v = forward_from_client(flows, p, w->now.mono);
    for (int i = 0; v.kind == FORWARD_RECHECK && i < RECHECKS_MAX; i++) {
        turn_recheck(&s->turn, v.permit);
        v = forward_from_client(flows, p, w->now.mono);
    }
    s->up.received++;
    switch (v.kind) {
    case FORWARD_TO_PEER:
        check_up(s, p, d, &v, &told);
        if (w->has_failed) {
            return;
        }
        oracle_spend(told.allocation, told.size, true, w->now.mono);
        if (!refuse_some(s, &flows->up, &s->up)) {
            struct netaddr from = harbour_local(&w->harbour, s->number, v.endpoint);
            world_to_peer(w, &from, &v.peer.a, v.bytes, v.length);
        }
        return;
    case FORWARD_CONTROL:
        s->up.control++;
        station_control(s, d);
        return;
    case FORWARD_DROP:
        count_drop(&s->up);
        if (told.passes == ORACLE_YES) {
            world_fail(w, "station %u dropped what %s may send to %s", s->number,
                       world_text(&d->path.client.a), world_text(&told.peer));
        }
        return;
    default:
        world_fail(w, "station %u: verdict %d on a datagram from a client", s->number, (int)v.kind);
    }
}

void ferry_from_visitors(struct station *s, struct world_datagram *const *d, size_t count)
{
    fill(s, d, count);
    forward_prepare_client(&s->turn.flows, s->packet, count);
    for (size_t i = 0; i < count && !s->world->has_failed; i++) {
        if (!world_has(s->world, &d[i]->path)) {
            continue; /* one before it in the batch had its connection joined or moved */
        }
        s->world->datagrams++;
        handle_up(s, &s->packet[i], d[i]);
    }
}

/* reads_as — whether what goes to a client is `data` from the peer the oracle names, as ChannelData
 * or as a Data indication. */
static bool reads_as(const struct verdict *v, const struct oracle_verdict *told,
                     const struct world_datagram *d, bool *by_channel)
{
    enum { DATA = 0x0007, ATTR_PEER = 0x0012, ATTR_DATA = 0x0013, CHANNEL_HEAD = 4 };
    struct peek p;
    struct netaddr from;
    const uint8_t *data;
    size_t pad = path_is_stream(v->path) ? -d->size & 3 : 0;
    *by_channel = v->length > 0 && v->bytes[0] >> 6 == 1;
    if (*by_channel) {
        return v->length == d->size + CHANNEL_HEAD + pad && peek_u16(v->bytes) == told->channel &&
               peek_u16(v->bytes + 2) == d->size &&
               memcmp(v->bytes + CHANNEL_HEAD, d->bytes, d->size) == 0;
    }
    return peek_stun(v->bytes, v->length, &p) && p.class == PEEK_INDICATION && p.method == DATA &&
           peek_address(&p, ATTR_PEER, 0, &from) && netaddr_is_equal(&from, &told->peer) &&
           peek_find(&p, ATTR_DATA, &data) == (int)d->size && memcmp(data, d->bytes, d->size) == 0;
}

static void check_down(struct station *s, const struct world_datagram *d, const struct verdict *v,
                       const struct oracle_verdict *told)
{
    struct world *w = s->world;
    bool by_channel;
    if (told->passes == ORACLE_NO) {
        world_fail(w, "station %u passed on from %s to %s, who does not want it", s->number,
                   world_text(&d->from), world_text(&v->path->client.a));
    } else if (!path_is_equal(v->path, &told->allocation->path)) {
        world_fail(w, "station %u sent to %s what was for %s", s->number,
                   world_text(&v->path->client.a), world_text(&told->allocation->path.client.a));
    } else if (!reads_as(v, told, d, &by_channel) || v->tos != d->tos) {
        world_fail(w, "station %u did not pass on from %s what it was given", s->number,
                   world_text(&d->from));
    } else if (told->by_channel != ORACLE_MAYBE && by_channel != (told->by_channel == ORACLE_YES)) {
        world_fail(w, "station %u passed on from %s %s a channel", s->number, world_text(&d->from),
                   by_channel ? "by" : "without");
    }
}

static void handle_down(struct station *s, const struct packet *p, const struct world_datagram *d)
{
    struct world *w = s->world;
    struct flow_table *flows = &s->turn.flows;
    struct oracle_verdict told = oracle_from_peer(&w->oracle, s->regime, &w->harbour, s->number,
                                                  p->endpoint, &d->from, d->size, w->now.mono);
    struct verdict v = forward_from_peer(flows, p, w->now.mono);
    for (int i = 0; v.kind == FORWARD_RECHECK && i < RECHECKS_MAX; i++) {
        turn_recheck(&s->turn, v.permit);
        v = forward_from_peer(flows, p, w->now.mono);
    }
    s->down.received++;
    switch (v.kind) {
    case FORWARD_TO_CLIENT:
        check_down(s, d, &v, &told);
        if (w->has_failed) {
            return;
        }
        oracle_spend(told.allocation, d->size, false, w->now.mono);
        if (!refuse_some(s, &flows->down, &s->down)) {
            world_to_visitor(w, v.path, v.bytes, v.length);
        }
        return;
    case FORWARD_DROP:
        count_drop(&s->down);
        if (told.passes == ORACLE_YES) {
            world_fail(w, "station %u dropped what %s may send to %s", s->number,
                       world_text(&d->from), world_text(&told.allocation->path.client.a));
        }
        return;
    default:
        world_fail(w, "station %u: verdict %d on a datagram from a peer", s->number, (int)v.kind);
    }
}

void ferry_from_peers(struct station *s, struct world_datagram *const *d, size_t count)
{
    fill(s, d, count);
    for (size_t i = 0; i < count; i++) {
        s->packet[i].endpoint = harbour_find(&s->world->harbour, &d[i]->to)->number;
    }
    forward_prepare_peer(&s->turn.flows, s->packet, count);
    for (size_t i = 0; i < count && !s->world->has_failed; i++) {
        s->world->datagrams++;
        handle_down(s, &s->packet[i], d[i]);
    }
}

static void check_direction(const struct station *s, const struct flow_counts *theirs,
                            const struct flow_counts *ours, const char *direction)
{
    uint64_t dropped = 0;
    for (int i = 0; i < FLOW_DROP_COUNT; i++) {
        dropped += theirs->dropped[i];
    }
    if (theirs->received != theirs->forwarded + theirs->control + dropped) {
        world_fail(s->world, "station %u, %s: received is not the sum of what became of it",
                   s->number, direction);
    }
    if (theirs->received != ours->received || theirs->forwarded != ours->forwarded ||
        theirs->control != ours->control || dropped != ours->dropped[0]) {
        world_fail(s->world,
                   "station %u, %s: counted %llu received, %llu forwarded; were %llu, %llu",
                   s->number, direction, (unsigned long long)theirs->received,
                   (unsigned long long)theirs->forwarded, (unsigned long long)ours->received,
                   (unsigned long long)ours->forwarded);
    }
}

void ferry_check_counts(const struct station *s)
{
    check_direction(s, &s->turn.flows.up, &s->up, "up");
    check_direction(s, &s->turn.flows.down, &s->down, "down");
}
