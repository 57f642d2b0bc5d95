/* forward — the verdict on one datagram. */
/* SPDX-License-Identifier: MIT */
#include "relay/forward.h"

#include "wire/stun_build.h"
#include "wire/stun_message.h"
#include "relay/channel.h"
#include "relay/permit.h"

enum {
    UDP_PAYLOAD_MAX = 65507, /* over IPv4; what more IPv6 could carry is not worth a difference */
    DTLS_RECORD_MAX = 16384,
    SEND_INDICATION = 0x0016,
};

const char *forward_drop_name(enum flow_drop why)
{
    static const char *const names[FLOW_DROP_COUNT] = {
        [FLOW_DROP_NOT_STUN] = "not_stun",           [FLOW_DROP_MALFORMED] = "malformed",
        [FLOW_DROP_NO_ALLOCATION] = "no_allocation", [FLOW_DROP_NO_CHANNEL] = "no_channel",
        [FLOW_DROP_NO_PERMISSION] = "no_permission", [FLOW_DROP_FAMILY] = "family",
        [FLOW_DROP_OWN_PORT] = "own_port",           [FLOW_DROP_BANDWIDTH] = "bandwidth",
        [FLOW_DROP_TOO_LARGE] = "too_large",         [FLOW_DROP_SEND_FAILED] = "send_failed",
        [FLOW_DROP_QUEUE_FULL] = "queue_full",
    };
    return names[why];
}

static struct verdict drop(struct flow_counts *counts, enum flow_drop why)
{
    counts->dropped[why]++;
    return (struct verdict){.kind = FORWARD_DROP};
}

/* first_word — the first two bytes, which tell ChannelData from STUN from neither. */
static uint16_t first_word(const struct packet *p)
{
    struct reader r = reader_init(p->bytes, p->size);
    return reader_u16(&r);
}

static bool is_channel_data(uint16_t word)
{
    return word >> 14 == 1; /* RFC 8656 12: 0x4000 to 0x7fff; STUN begins with 00 */
}

/* prefetch_flow — both cache lines of a flow. */
static void prefetch_flow(const struct flow_table *t, uint32_t flow)
{
    __builtin_prefetch(flow_at(t, flow));
    __builtin_prefetch(&flow_at(t, flow)->meter);
}

/* prefetch_permit — the permission that is filed under a hash, if its bucket is at hand. */
static void prefetch_permit(const struct flow_table *t, uint32_t hash)
{
    struct table_probe probe;
    uint32_t at = table_first(&t->by_host, hash, &probe);
    if (at != TABLE_NONE) {
        __builtin_prefetch(permit_at(t, at));
    }
}

/* peek_peer — the XOR-PEER-ADDRESS of what looks like a Send indication, for the cache's sake. */
static bool peek_peer(const struct packet *p, struct netaddr *peer)
{
    struct stun_message m = {.bytes = p->bytes, .size = p->size};
    if (p->size < STUN_HEADER_SIZE) {
        return false;
    }
    struct stun_walk walk = stun_message_walk(&m);
    while (stun_message_step(&walk)) {
        if (walk.type == STUN_ATTR_XOR_PEER_ADDRESS) {
            return stun_message_read_address(&m, walk.value, peer);
        }
    }
    return false;
}

/* prepare_stun — the second step for STUN: the flow; for a Send indication also the bucket of the
 * permission. */
static void prepare_stun(const struct flow_table *t, struct packet *p, bool is_send)
{
    struct table_probe probe;
    struct netaddr peer;
    uint32_t flow = table_first(&t->by_path, p->hash, &probe);
    p->permit_hash = 0;
    if (flow == TABLE_NONE) {
        return;
    }
    prefetch_flow(t, flow);
    if (is_send && peek_peer(p, &peer)) {
        p->permit_hash = permit_hash(t, flow, &peer);
        table_prefetch(&t->by_host, p->permit_hash);
    }
}

static bool is_stun(uint16_t word)
{
    return word >> 14 == 0;
}

void forward_prepare_client(const struct flow_table *t, struct packet *packets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct packet *p = &packets[i];
        uint16_t word = first_word(p);
        if (is_channel_data(word)) {
            p->hash = channel_hash(t, &p->path, (struct channel_no){word});
            table_prefetch(&t->by_number, p->hash);
        } else if (is_stun(word)) { /* the engine will look there too */
            p->hash = flow_hash(t, &p->path);
            table_prefetch(&t->by_path, p->hash);
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct table_probe probe;
        uint16_t word = first_word(&packets[i]);
        if (is_channel_data(word)) {
            uint32_t at = table_first(&t->by_number, packets[i].hash, &probe);
            if (at != TABLE_NONE) {
                __builtin_prefetch(channel_at(t, at));
            }
        } else if (is_stun(word)) {
            prepare_stun(t, &packets[i], word == SEND_INDICATION);
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct table_probe probe;
        uint16_t word = first_word(&packets[i]);
        if (is_channel_data(word)) {
            uint32_t at = table_first(&t->by_number, packets[i].hash, &probe);
            if (at != TABLE_NONE) {
                prefetch_flow(t, channel_at(t, at)->flow);
            }
        } else if (word == SEND_INDICATION) {
            prefetch_permit(t, packets[i].permit_hash);
        }
    }
}

/* prepare_grant — the second step for a datagram from a peer: flow, and channel or bucket of the
 * permission. */
static void prepare_grant(const struct flow_table *t, struct packet *p)
{
    struct table_probe probe;
    uint32_t flow = flow_of_endpoint(t, p->endpoint);
    p->permit_hash = 0;
    if (flow == FLOW_NONE) {
        return;
    }
    prefetch_flow(t, flow);
    uint32_t at = table_first(&t->by_peer, p->hash, &probe);
    if (at != TABLE_NONE) {
        __builtin_prefetch(channel_at(t, at));
    } else {
        p->permit_hash = permit_hash(t, flow, &p->peer.a);
        table_prefetch(&t->by_host, p->permit_hash);
    }
}

void forward_prepare_peer(const struct flow_table *t, struct packet *packets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct packet *p = &packets[i];
        p->hash = channel_peer_hash(t, p->endpoint, &p->peer);
        table_prefetch(&t->by_peer, p->hash);
        __builtin_prefetch(t->by_endpoint.base + (size_t)p->endpoint * 4);
    }
    for (size_t i = 0; i < count; i++) {
        prepare_grant(t, &packets[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (packets[i].permit_hash != 0) {
            prefetch_permit(t, packets[i].permit_hash);
        }
    }
}

/* Who a datagram from a client is for, found in one of two ways. */
struct aim {
    struct flow *flow;
    const struct peer_addr *peer; /* as the client named it */
    uint32_t permit;
    uint32_t policy;
    uint8_t scope;
    uint8_t own;
    bool df;
    struct span data;
};

/* to_peer — the end both kinds share: policy, family, own ports, bandwidth; then the verdict. */
static struct verdict to_peer(struct flow_table *t, const struct packet *p, const struct aim *aim,
                              struct mono now)
{
    uint8_t family = aim->peer->a.family;
    if (aim->policy != t->policy) {
        t->up.received--; /* it comes again when the policy has been asked */
        return (struct verdict){.kind = FORWARD_RECHECK, .permit = aim->permit};
    }
    if (!flow_has_family(aim->flow, family, now)) {
        return drop(&t->up, FLOW_DROP_FAMILY); /* RFC 8656 11.2 */
    }
    struct peer_addr to = *aim->peer;
    if (aim->own != OWN_NONE) {
        if (!own_may_reach(t->own, aim->own, (enum own_scope)aim->scope, &to.a)) {
            return drop(&t->up, FLOW_DROP_OWN_PORT);
        }
        to.a = own_to_local(t->own, aim->own, &to.a);
    }
    if (aim->data.size > UDP_PAYLOAD_MAX) {
        return drop(&t->up, FLOW_DROP_TOO_LARGE); /* a stream carries what no datagram can */
    }
    if (!meter_take(&aim->flow->meter, aim->data.size, now)) {
        return drop(&t->up, FLOW_DROP_BANDWIDTH);
    }
    aim->flow->up.packets++;
    aim->flow->up.bytes += aim->data.size;
    t->up.by_path[aim->flow->path.kind].packets++;
    t->up.by_path[aim->flow->path.kind].bytes += aim->data.size;
    t->up.forwarded++;
    return (struct verdict){
        .kind = FORWARD_TO_PEER,
        .tos = p->tos, /* RFC 8656 14: DSCP and ECN are copied */
        .df = aim->df && family == p->path.client.a.family, /* ignored in translation, 13 */
        .bytes = p->bytes + (aim->data.bytes - p->bytes),
        .length = (uint32_t)aim->data.size,
        .endpoint = aim->flow->endpoint[family - 1],
        .peer = to,
    };
}

static struct verdict from_channel_data(struct flow_table *t, const struct packet *p,
                                        struct mono now)
{
    struct reader r = reader_init(p->bytes, p->size);
    struct channel_no number = {reader_u16(&r)};
    uint16_t length = reader_u16(&r);
    const uint8_t *data = reader_bytes(&r, length); /* padding may follow, RFC 8656 12.5 */
    if (!reader_is_ok(&r)) {
        return drop(&t->up, FLOW_DROP_MALFORMED);
    }
    uint32_t at = channel_find(t, p->hash, &p->path, number);
    if (at == CHANNEL_NONE || !mono_is_before(now, channel_at(t, at)->deadline)) {
        return drop(&t->up, FLOW_DROP_NO_CHANNEL);
    }
    const struct channel *c = channel_at(t, at);
    struct aim aim = {flow_at(t, c->flow), &c->peer, c->permit, c->policy, c->scope, c->own, false,
                      {data, length}};
    return to_peer(t, p, &aim, now);
}

static struct verdict from_send(struct flow_table *t, const struct packet *p, struct mono now)
{
    struct stun_message m;
    struct peer_addr peer;
    if (stun_message_parse(p->bytes, p->size, &m) != STUN_OK || m.is_classic || m.has_unknown ||
        !stun_message_has(&m, STUN_KNOWN_DATA) ||
        !stun_message_address(&m, STUN_KNOWN_XOR_PEER_ADDRESS, &peer.a)) {
        return drop(&t->up, FLOW_DROP_MALFORMED); /* RFC 8656 11.2 */
    }
    uint32_t flow = flow_find(t, p->hash, &p->path);
    if (flow == FLOW_NONE || flow_at(t, flow)->is_stream) {
        return drop(&t->up, FLOW_DROP_NO_ALLOCATION);
    }
    uint32_t at = permit_find(t, flow, &peer.a);
    if (at == PERMIT_NONE || !mono_is_before(now, permit_at(t, at)->deadline)) {
        return drop(&t->up, FLOW_DROP_NO_PERMISSION);
    }
    const struct permit *permit = permit_at(t, at);
    struct aim aim = {flow_at(t, flow),
                      &peer,
                      at,
                      permit->policy,
                      permit->scope,
                      permit->own,
                      stun_message_has(&m, STUN_KNOWN_DONT_FRAGMENT),
                      stun_message_value(&m, STUN_KNOWN_DATA)};
    return to_peer(t, p, &aim, now);
}

struct verdict forward_from_client(struct flow_table *t, const struct packet *p, struct mono now)
{
    uint16_t word = first_word(p);
    t->up.received++;
    if (is_channel_data(word)) {
        return from_channel_data(t, p, now);
    }
    if (!is_stun(word) || p->size < STUN_HEADER_SIZE) {
        return drop(&t->up, FLOW_DROP_NOT_STUN);
    }
    if (word == SEND_INDICATION) {
        return from_send(t, p, now);
    }
    t->up.control++;
    return (struct verdict){.kind = FORWARD_CONTROL};
}

/* put_channel_header — ChannelData in front of the payload; padding in streams alone, 12.5. */
static void put_channel_header(struct verdict *v, struct channel_no number, const struct packet *p)
{
    uint32_t pad = path_is_stream(v->path) ? -p->size & 3 : 0;
    v->bytes = p->bytes - CHANNEL_HEADER_SIZE;
    v->length = p->size + CHANNEL_HEADER_SIZE + pad;
    memset(p->bytes + p->size, 0, pad);
    struct writer w = writer_init(v->bytes, CHANNEL_HEADER_SIZE);
    writer_u16(&w, number.value);
    writer_u16(&w, (uint16_t)p->size);
}

/* put_data_header — a Data indication round the payload, RFC 8656 11.3, 11.4:
 *
 *   | header 20 | XOR-PEER-ADDRESS 12 or 24 | DATA 4 |  payload  | pad |
 *   |<------------ headroom ------------------------>|           |tail | */
static void put_data_header(struct flow_table *t, struct verdict *v, const struct netaddr *from,
                            const struct packet *p)
{
    uint32_t head = STUN_HEADER_SIZE + 8 + netaddr_size(from) + STUN_ATTR_HEADER_SIZE;
    uint32_t pad = -p->size & 3;
    v->bytes = p->bytes - head;
    v->length = head + p->size + pad;
    uint8_t id[STUN_ID_SIZE];
    memcpy(id, &t->id_seed, 8);
    memcpy(id + 8, &t->id_counter, 4);
    t->id_counter++;
    struct stun_build b =
        stun_build_begin(v->bytes, head, STUN_INDICATION, STUN_DATA, (struct span){id, sizeof(id)});
    stun_build_address(&b, STUN_ATTR_XOR_PEER_ADDRESS, from);
    writer_u16(&b.w, STUN_ATTR_DATA);
    writer_u16(&b.w, (uint16_t)p->size);
    writer_patch_u16(&b.w, 2, (uint16_t)(v->length - STUN_HEADER_SIZE));
    memset(p->bytes + p->size, 0, pad);
}

/* The permission or channel a datagram from a peer comes in by. */
struct grant {
    uint32_t permit;
    uint32_t policy;
    uint32_t channel; /* CHANNEL_NONE: by permission alone */
    uint8_t scope;
    uint8_t own;
};

/* find_grant — a live channel to exactly this peer, or a live permission of its host. A channel
 * keeps its permission alive, so the permission need not be read then. */
static bool find_grant(const struct flow_table *t, uint32_t flow, const struct packet *p,
                       const struct peer_addr *from, struct mono now, struct grant *out)
{
    uint32_t hash = t->own->is_mapped ? channel_peer_hash(t, p->endpoint, from) : p->hash;
    uint32_t at = channel_find_peer(t, hash, p->endpoint, from);
    if (at != CHANNEL_NONE && mono_is_before(now, channel_at(t, at)->deadline)) {
        const struct channel *c = channel_at(t, at);
        *out = (struct grant){c->permit, c->policy, at, c->scope, c->own};
        return true;
    }
    at = permit_find(t, flow, &from->a);
    if (at != PERMIT_NONE && mono_is_before(now, permit_at(t, at)->deadline)) {
        const struct permit *permit = permit_at(t, at);
        *out = (struct grant){at, permit->policy, CHANNEL_NONE, permit->scope, permit->own};
        return true;
    }
    return false;
}

/* most_payload — bytes of a peer's datagram that fit one message to a client along its path. */
static uint32_t most_payload(const struct path *path, bool has_channel)
{
    uint32_t headers = has_channel ? CHANNEL_HEADER_SIZE : PACKET_HEADROOM;
    switch (path->kind) {
    case PATH_TCP:
    case PATH_TLS: /* STUN counts what is behind its header in 16 bits, in steps of four */
        return has_channel ? UINT16_MAX : UINT16_MAX - 3 - (PACKET_HEADROOM - STUN_HEADER_SIZE);
    case PATH_DTLS:
        return DTLS_RECORD_MAX - headers;
    default:
        return UDP_PAYLOAD_MAX - headers;
    }
}

struct verdict forward_from_peer(struct flow_table *t, const struct packet *p, struct mono now)
{
    t->down.received++;
    uint32_t flow = flow_of_endpoint(t, p->endpoint);
    if (flow == FLOW_NONE || !flow_has_family(flow_at(t, flow), p->peer.a.family, now)) {
        return drop(&t->down, FLOW_DROP_NO_ALLOCATION);
    }
    struct flow *f = flow_at(t, flow);
    struct peer_addr from = {own_to_external(t->own, &p->peer.a)};
    struct grant grant;
    if (!find_grant(t, flow, p, &from, now, &grant)) {
        return drop(&t->down, FLOW_DROP_NO_PERMISSION);
    }
    if (grant.policy != t->policy) {
        t->down.received--; /* it comes again when the policy has been asked */
        return (struct verdict){.kind = FORWARD_RECHECK, .permit = grant.permit};
    }
    if (!own_may_reach(t->own, grant.own, (enum own_scope)grant.scope, &from.a)) {
        return drop(&t->down, FLOW_DROP_OWN_PORT);
    }
    bool has_channel = grant.channel != CHANNEL_NONE;
    if (p->size > most_payload(&f->path, has_channel)) {
        return drop(&t->down, FLOW_DROP_TOO_LARGE);
    }
    if (!meter_take(&f->meter, p->size, now)) {
        return drop(&t->down, FLOW_DROP_BANDWIDTH);
    }
    struct verdict v = {.kind = FORWARD_TO_CLIENT, .tos = p->tos, .path = &f->path};
    if (has_channel) {
        put_channel_header(&v, channel_at(t, grant.channel)->number, p);
    } else {
        put_data_header(t, &v, &from.a, p);
    }
    f->down.packets++;
    f->down.bytes += p->size;
    t->down.by_path[f->path.kind].packets++;
    t->down.by_path[f->path.kind].bytes += p->size;
    t->down.forwarded++;
    return v;
}
