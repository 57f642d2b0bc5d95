/* test_flow — flows, permits and channels against plain arrays, also when memory is short. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "relay/channel.h"
#include "relay/permit.h"

#include <string.h>

enum {
    FLOWS = 40,
    HOSTS = 12, /* peers' addresses, both families */
    PORTS = 3,  /* of each */
    NUMBERS = 30,
    STEPS = 120000,
};

/* What the tables should hold. */
struct model_flow {
    uint32_t index;
    uint32_t endpoint[FLOW_FAMILIES];
    bool is_open;
    bool has_family[FLOW_FAMILIES];
    uint32_t permit[HOSTS]; /* PERMIT_NONE: none */
    uint32_t channel[NUMBERS];
    int peer[NUMBERS]; /* host * PORTS + port */
};

static struct support_memory memory;
static struct flow_table table;
static struct model_flow model[FLOWS];
static bool is_attached[FLOWS * FLOW_FAMILIES];

static void fill(void *context, void *out, size_t size)
{
    support_fill(context, out, size);
}

static int begin(void **state)
{
    static uint64_t chance = 11;
    struct entropy entropy = {&chance, fill};
    (void)state;
    support_memory_init(&memory);
    memset(model, 0, sizeof(model));
    memset(is_attached, 0, sizeof(is_attached));
    return flow_table_init(&table, &memory.memory, &entropy, FLOWS) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    flow_table_fini(&table);
    return memory.reservations == 0 ? 0 : -1;
}

static struct path path_of(int flow)
{
    return (struct path){.kind = PATH_UDP,
                         .client = {netaddr_ipv4(0xcb007100 + (uint32_t)flow, 4000)}};
}

static struct peer_addr peer_of(int peer)
{
    int host = peer / PORTS;
    uint16_t port = (uint16_t)(7000 + peer % PORTS);
    uint8_t ip[16] = {0x20, 1, 0xd, 0xb8, [15] = (uint8_t)host};
    return (struct peer_addr){host % 2 ? netaddr_ipv6(ip, port)
                                       : netaddr_ipv4(0xc0000200 + (uint32_t)host, port)};
}

static void open_flow(struct model_flow *m, uint64_t *chance)
{
    struct path path = path_of((int)(m - model));
    m->index = flow_open(&table, &path, 0);
    if (m->index == FLOW_NONE) {
        return;
    }
    m->is_open = true;
    for (int i = 0; i < HOSTS; i++) {
        m->permit[i] = PERMIT_NONE;
    }
    for (int i = 0; i < NUMBERS; i++) {
        m->channel[i] = CHANNEL_NONE;
    }
    for (int f = 0; f < FLOW_FAMILIES; f++) {
        uint32_t e = support_below(chance, FLOWS * FLOW_FAMILIES);
        m->has_family[f] =
            !is_attached[e] &&
            flow_attach(&table, m->index, (enum netaddr_family)(f + 1), e, (struct mono){1000});
        if (m->has_family[f]) {
            m->endpoint[f] = e;
            is_attached[e] = true;
        }
    }
}

static void forget_family(struct model_flow *m, int family)
{
    for (int i = 0; i < NUMBERS; i++) {
        if (m->channel[i] != CHANNEL_NONE && peer_of(m->peer[i]).a.family == family) {
            m->channel[i] = CHANNEL_NONE;
        }
    }
    for (int i = 0; i < HOSTS; i++) {
        if (peer_of(i * PORTS).a.family == family) {
            m->permit[i] = PERMIT_NONE;
        }
    }
    if (m->has_family[family - 1]) {
        is_attached[m->endpoint[family - 1]] = false;
        m->has_family[family - 1] = false;
    }
}

static void detach(struct model_flow *m, int family)
{
    struct mono always = {UINT64_MAX};
    channel_drop(&table, m->index, (enum netaddr_family)family, always);
    permit_drop(&table, m->index, (enum netaddr_family)family, always);
    flow_detach(&table, m->index, (enum netaddr_family)family);
    forget_family(m, family);
}

static void close_flow(struct model_flow *m)
{
    detach(m, NETADDR_IPV4);
    detach(m, NETADDR_IPV6);
    flow_close(&table, m->index);
    m->is_open = false;
}

static void add_permit(struct model_flow *m, int host)
{
    struct permit like = {.host = peer_of(host * PORTS + 1).a, .own = OWN_NONE};
    if (m->has_family[like.host.family - 1] && m->permit[host] == PERMIT_NONE) {
        m->permit[host] = permit_add(&table, m->index, &like, (struct mono){500});
    }
}

static void add_channel(struct model_flow *m, int number, int peer)
{
    struct peer_addr p = peer_of(peer);
    bool is_free = m->channel[number] == CHANNEL_NONE && m->permit[peer / PORTS] != PERMIT_NONE;
    for (int i = 0; i < NUMBERS; i++) {
        is_free = is_free && (m->channel[i] == CHANNEL_NONE || m->peer[i] != peer);
    }
    if (is_free) {
        m->channel[number] =
            channel_add(&table, m->permit[peer / PORTS], &p,
                        (struct channel_no){(uint16_t)(0x4000 + number)}, (struct mono){900});
        m->peer[number] = peer;
    }
}

static void drop_host(struct model_flow *m, int host)
{
    if (m->permit[host] == PERMIT_NONE) {
        return;
    }
    channel_drop_host(&table, m->permit[host]);
    permit_drop_one(&table, m->permit[host]);
    m->permit[host] = PERMIT_NONE;
    for (int i = 0; i < NUMBERS; i++) {
        if (m->channel[i] != CHANNEL_NONE && m->peer[i] / PORTS == host) {
            m->channel[i] = CHANNEL_NONE;
        }
    }
}

static void random_step(uint64_t *chance)
{
    struct model_flow *m = &model[support_below(chance, FLOWS)];
    int host = (int)support_below(chance, HOSTS);
    if (!m->is_open) {
        open_flow(m, chance);
        return;
    }
    switch (support_below(chance, 40)) {
    case 0:
        close_flow(m);
        break;
    case 1:
        detach(m, 1 + host % 2);
        break;
    case 2:
    case 3:
        drop_host(m, host);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
        add_permit(m, host);
        break;
    default:
        add_channel(m, (int)support_below(chance, NUMBERS),
                    host * PORTS + (int)support_below(chance, PORTS));
    }
}

static void check_flow(int at)
{
    const struct model_flow *m = &model[at];
    struct path path = path_of(at);
    uint32_t found = flow_find(&table, flow_hash(&table, &path), &path);
    unsigned permits = 0;
    unsigned channels = 0;
    assert_int_equal(found, m->is_open ? m->index : FLOW_NONE);
    if (!m->is_open) {
        return;
    }
    for (int i = 0; i < HOSTS; i++) {
        struct netaddr a = peer_of(i * PORTS).a;
        assert_int_equal(permit_find(&table, m->index, &a), m->permit[i]);
        permits += m->permit[i] != PERMIT_NONE;
    }
    for (int i = 0; i < NUMBERS; i++) {
        struct channel_no no = {(uint16_t)(0x4000 + i)};
        uint32_t c = channel_find(&table, channel_hash(&table, &path, no), &path, no);
        assert_int_equal(c, m->channel[i]);
        if (c != CHANNEL_NONE) {
            struct peer_addr p = peer_of(m->peer[i]);
            uint32_t e = m->endpoint[p.a.family - 1];
            assert_int_equal(channel_find_peer(&table, channel_peer_hash(&table, e, &p), e, &p), c);
            assert_int_equal(channel_at(&table, c)->permit, m->permit[m->peer[i] / PORTS]);
            channels++;
        }
    }
    assert_int_equal(flow_at(&table, m->index)->permit_count, permits);
    assert_int_equal(flow_at(&table, m->index)->channel_count, channels);
}

static void check_whole(void)
{
    uint32_t flows = 0;
    uint32_t permits = 0;
    uint32_t channels = 0;
    for (int i = 0; i < FLOWS; i++) {
        check_flow(i);
        for (int f = 0; f < FLOW_FAMILIES; f++) {
            if (model[i].is_open && model[i].has_family[f]) {
                assert_int_equal(flow_of_endpoint(&table, model[i].endpoint[f]), model[i].index);
            }
        }
        if (model[i].is_open) {
            flows++;
            permits += flow_at(&table, model[i].index)->permit_count;
            channels += flow_at(&table, model[i].index)->channel_count;
        }
    }
    for (uint32_t e = 0; e < FLOWS * FLOW_FAMILIES + 100; e++) {
        if (e >= FLOWS * FLOW_FAMILIES || !is_attached[e]) {
            assert_int_equal(flow_of_endpoint(&table, e), FLOW_NONE);
        }
    }
    assert_int_equal(table.flows.live, flows);
    assert_int_equal(table.by_path.entries, flows);
    assert_int_equal(table.permits.live, permits);
    assert_int_equal(table.by_host.entries, permits);
    assert_int_equal(table.channels.live, channels);
    assert_int_equal(table.by_number.entries, channels);
    assert_int_equal(table.by_peer.entries, channels);
}

static void close_all(void)
{
    for (int i = 0; i < FLOWS; i++) {
        if (model[i].is_open) {
            close_flow(&model[i]);
        }
    }
    check_whole();
    assert_int_equal(table.flows.live, 0);
}

static void agrees_with_plain_arrays(void **state)
{
    (void)state;
    uint64_t chance = 30;
    for (int step = 0; step < STEPS; step++) {
        random_step(&chance);
        if (step % 4000 == 0) {
            check_whole();
        }
    }
    close_all();
}

static void agrees_while_memory_fails(void **state)
{
    (void)state;
    uint64_t chance = 31;
    for (int step = 0; step < STEPS; step++) {
        support_memory_fail(&memory, support_below(&chance, 3), 1 + support_below(&chance, 3));
        random_step(&chance);
        if (step % 4000 == 0) {
            check_whole();
        }
    }
    support_memory_fail(&memory, 0, 0);
    close_all();
}

static void channel_keeps_its_permission_alive(void **state)
{
    (void)state;
    uint64_t chance = 1;
    while (!model[0].has_family[0]) {
        if (model[0].is_open) {
            close_flow(&model[0]);
        }
        open_flow(&model[0], &chance);
    }
    add_permit(&model[0], 0);
    uint32_t permit = model[0].permit[0];
    assert_int_equal(permit_at(&table, permit)->deadline.ns, 500);
    add_channel(&model[0], 0, 0);
    assert_int_equal(permit_at(&table, permit)->deadline.ns, 900);
    channel_extend(&table, model[0].channel[0], (struct mono){950});
    assert_int_equal(permit_at(&table, permit)->deadline.ns, 950);
    permit_drop(&table, model[0].index, NETADDR_NONE, (struct mono){960}); /* a channel holds it */
    struct peer_addr peer = peer_of(0);
    assert_int_equal(permit_find(&table, model[0].index, &peer.a), permit);
    channel_drop(&table, model[0].index, NETADDR_NONE, (struct mono){949});
    assert_int_equal(flow_at(&table, model[0].index)->channel_count, 1);
    channel_drop(&table, model[0].index, NETADDR_NONE, (struct mono){950});
    assert_int_equal(flow_at(&table, model[0].index)->channel_count, 0);
    permit_drop(&table, model[0].index, NETADDR_NONE, (struct mono){950});
    assert_int_equal(flow_at(&table, model[0].index)->permit_count, 0);
    model[0].channel[0] = CHANNEL_NONE;
    model[0].permit[0] = PERMIT_NONE;
    close_all();
}

static void start_without_memory_leaves_nothing(void **state)
{
    (void)state;
    static uint64_t chance = 1;
    struct entropy entropy = {&chance, fill};
    unsigned before = memory.reservations;
    for (unsigned n = 1; n < 6; n++) {
        struct flow_table t;
        support_memory_fail(&memory, n, 1);
        if (flow_table_init(&t, &memory.memory, &entropy, 100)) {
            flow_table_fini(&t);
        }
        assert_int_equal(memory.reservations, before);
    }
    support_memory_fail(&memory, 0, 0);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(agrees_with_plain_arrays, begin, end),
        cmocka_unit_test_setup_teardown(agrees_while_memory_fails, begin, end),
        cmocka_unit_test_setup_teardown(channel_keeps_its_permission_alive, begin, end),
        cmocka_unit_test_setup_teardown(start_without_memory_leaves_nothing, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
