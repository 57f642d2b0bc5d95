/* flow — what the data path knows of an allocation. */
/* SPDX-License-Identifier: MIT */
#include "relay/flow.h"

#include "relay/channel.h"
#include "relay/permit.h"

enum {
    PERMITS_PER_FLOW = 4, /* mean over all flows that the address space is laid out for */
    CHANNELS_PER_FLOW = 4,
    SPARE = 4096, /* so that a small table still takes one flow with every permission */
};

bool flow_table_init(struct flow_table *t, const struct memory *memory,
                     const struct entropy *entropy, uint32_t capacity)
{
    uint32_t permits = capacity * PERMITS_PER_FLOW + SPARE;
    uint32_t channels = capacity * CHANNELS_PER_FLOW + SPARE;
    *t = (struct flow_table){.policy = 0};
    entropy->fill(entropy->context, &t->key, sizeof(t->key));
    entropy->fill(entropy->context, &t->id_seed, sizeof(t->id_seed));
    if (slab_init(&t->flows, memory, sizeof(struct flow), capacity) &&
        slab_init(&t->permits, memory, sizeof(struct permit), permits) &&
        slab_init(&t->channels, memory, sizeof(struct channel), channels) &&
        table_init(&t->by_path, memory, capacity) && table_init(&t->by_number, memory, channels) &&
        table_init(&t->by_peer, memory, channels) && table_init(&t->by_host, memory, permits) &&
        region_init(&t->by_endpoint, memory, (size_t)capacity * FLOW_FAMILIES * 4)) {
        return true;
    }
    flow_table_fini(t);
    return false;
}

void flow_table_fini(struct flow_table *t)
{
    slab_fini(&t->flows);
    slab_fini(&t->permits);
    slab_fini(&t->channels);
    table_fini(&t->by_path);
    table_fini(&t->by_number);
    table_fini(&t->by_peer);
    table_fini(&t->by_host);
    region_fini(&t->by_endpoint);
}

uint32_t flow_hash(const struct flow_table *t, const struct path *path)
{
    uint64_t words[4];
    memcpy(words, path, sizeof(words));
    return (uint32_t)siphash_words(&t->key, words, 4);
}

uint32_t flow_find(const struct flow_table *t, uint32_t hash, const struct path *path)
{
    struct table_probe probe;
    uint32_t i = table_first(&t->by_path, hash, &probe);
    while (i != TABLE_NONE && !path_is_equal(&flow_at(t, i)->path, path)) {
        i = table_next(&t->by_path, &probe);
    }
    return i;
}

uint32_t flow_open(struct flow_table *t, const struct path *path, uint64_t rate)
{
    uint32_t index;
    struct flow *f = slab_take(&t->flows, &index);
    if (!f) {
        return FLOW_NONE;
    }
    f->path = *path;
    f->meter = meter_init(rate);
    f->permits = SLAB_NONE;
    f->channels = SLAB_NONE;
    if (!table_add(&t->by_path, flow_hash(t, path), index)) {
        slab_give(&t->flows, index);
        return FLOW_NONE;
    }
    return index;
}

static uint32_t *endpoint_slot(struct flow_table *t, uint32_t endpoint)
{
    return (uint32_t *)(void *)t->by_endpoint.base + endpoint;
}

bool flow_attach(struct flow_table *t, uint32_t flow, enum netaddr_family family, uint32_t endpoint,
                 struct mono deadline)
{
    if (!region_reach(&t->by_endpoint, ((size_t)endpoint + 1) * 4)) {
        return false;
    }
    struct flow *f = flow_at(t, flow);
    f->endpoint[family - 1] = endpoint;
    f->deadline[family - 1] = deadline;
    *endpoint_slot(t, endpoint) = flow + 1;
    return true;
}

void flow_extend(struct flow_table *t, uint32_t flow, enum netaddr_family family,
                 struct mono deadline)
{
    flow_at(t, flow)->deadline[family - 1] = deadline;
}

void flow_detach(struct flow_table *t, uint32_t flow, enum netaddr_family family)
{
    struct flow *f = flow_at(t, flow);
    if (f->deadline[family - 1].ns != 0) {
        *endpoint_slot(t, f->endpoint[family - 1]) = 0;
        f->deadline[family - 1].ns = 0;
    }
}

void flow_close(struct flow_table *t, uint32_t flow)
{
    struct flow *f = flow_at(t, flow);
    table_remove(&t->by_path, flow_hash(t, &f->path), flow);
    slab_give(&t->flows, flow);
}
