/* fuzz_channel_data — any bytes from a client or a peer: the verdict stays within the packet and
 * its room for headers, and every datagram is counted once. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "relay/channel.h"
#include "relay/forward.h"
#include "relay/permit.h"
#include "support/arena.h"

enum { ENDPOINT = 3, CHANNEL = 0x4001, MODES = 3 };

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void fill(void *context, void *out, size_t size)
{
    (void)context;
    memset(out, 7, size);
}

static struct path client_path(void)
{
    return (struct path){.kind = PATH_UDP, .client = {netaddr_ipv4(0xc6336401, 4000)}};
}

/* set_up — one flow with a permission and a channel. */
static void set_up(struct flow_table *t, const struct own *own)
{
    struct path path = client_path();
    struct mono later = {2 * MONO_SECOND};
    struct peer_addr peer = {netaddr_ipv4(0xc6336402, 5000)};
    struct permit like = {.host = peer.a, .own = OWN_NONE};
    t->own = own;
    uint32_t flow = flow_open(t, &path, 0);
    insist(flow != FLOW_NONE && flow_attach(t, flow, NETADDR_IPV4, ENDPOINT, later));
    uint32_t permit = permit_add(t, flow, &like, later);
    insist(permit != PERMIT_NONE &&
           channel_add(t, permit, &peer, (struct channel_no){CHANNEL}, later) != CHANNEL_NONE);
}

static uint64_t accounted(const struct flow_counts *c)
{
    uint64_t sum = c->forwarded + c->control;
    for (int i = 0; i < FLOW_DROP_COUNT; i++) {
        sum += c->dropped[i];
    }
    return sum;
}

/* check_client — the bytes as a client's datagram. */
static void check_client(struct flow_table *t, struct packet *p)
{
    struct mono now = {MONO_SECOND};
    p->path = client_path();
    forward_prepare_client(t, p, 1);
    struct verdict v = forward_from_client(t, p, now);
    if (v.kind == FORWARD_TO_PEER) {
        insist(v.endpoint == ENDPOINT && v.bytes >= p->bytes &&
               v.bytes + v.length <= p->bytes + p->size);
    }
    insist(t->up.received == 1 && accounted(&t->up) == 1);
}

/* check_peer — the bytes as a peer's datagram: with a channel, or from another port without. */
static void check_peer(struct flow_table *t, struct packet *p, uint16_t port)
{
    struct mono now = {MONO_SECOND};
    uint32_t size = p->size;
    p->endpoint = ENDPOINT;
    p->peer.a = netaddr_ipv4(0xc6336402, port);
    forward_prepare_peer(t, p, 1);
    struct verdict v = forward_from_peer(t, p, now);
    if (v.kind == FORWARD_TO_CLIENT) {
        insist(v.bytes >= p->bytes - PACKET_HEADROOM && v.length >= size &&
               v.bytes + v.length <= p->bytes + size + PACKET_TAILROOM);
    }
    insist(t->down.received == 1 && accounted(&t->down) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct own own = {.host_count = 0};
    static const struct entropy entropy = {NULL, fill};
    if (size == 0 || size > PACKET_MAX) {
        return 0;
    }
    struct arena arena;
    struct flow_table t;
    arena_init(&arena);
    insist(flow_table_init(&t, &arena.memory, &entropy, 16));
    set_up(&t, &own);
    unsigned mode = bytes[0] % MODES;
    uint8_t *buffer = malloc(PACKET_HEADROOM + size + PACKET_TAILROOM);
    struct packet p = {.bytes = buffer + PACKET_HEADROOM, .size = (uint32_t)size - 1};
    memcpy(p.bytes, bytes + 1, size - 1);
    if (mode == 0) {
        check_client(&t, &p);
    } else {
        check_peer(&t, &p, mode == 1 ? 5000 : 5001);
    }
    free(buffer);
    flow_table_fini(&t);
    return 0;
}
