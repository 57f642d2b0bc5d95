/* stage_ports — relayed transport addresses of the scene world: the lowest free port first. */
/* SPDX-License-Identifier: MIT */
#include "scene/stage.h"

#include <stdlib.h>

_Atomic uint8_t *stage_live_map(struct stage *s, int host)
{
    if (!s->live[host]) {
        s->live[host] = calloc(65536, 1);
    }
    return s->live[host];
}

static struct netaddr told_for(const struct stage *s, const struct netaddr *local)
{
    const struct own *own = &s->snapshot[s->which]->own;
    return own_to_external(own, local);
}

static bool is_taken(const struct stage *s, const struct netaddr *local)
{
    for (int i = 0; i < STAGE_RESERVES_MAX; i++) {
        const struct stage_reserve *r = &s->reserve[i];
        if (r->is_used && mono_is_before(s->now.mono, r->until) &&
            netaddr_is_equal(&r->local, local)) {
            return true;
        }
    }
    for (int i = 0; i < STAGE_ENDPOINTS_MAX; i++) {
        if (s->endpoint[i].is_open && netaddr_is_equal(&s->endpoint[i].local, local)) {
            return true;
        }
    }
    return false;
}

/* find_port — the lowest free port that fits the wish; 0 when there is none. */
static uint16_t find_port(const struct stage *s, const struct turn_wish *wish, struct netaddr local)
{
    for (uint16_t i = 0; i < s->config.ports; i++) {
        local.port = (uint16_t)(STAGE_PORT_FIRST + i);
        struct netaddr next = local;
        next.port++;
        bool fits = !(wish->even && (local.port & 1)) && !is_taken(s, &local) &&
                    !(wish->reserve_next && (i + 1 == s->config.ports || is_taken(s, &next)));
        if (fits) {
            return local.port;
        }
    }
    return 0;
}

/* keep — put a port aside; false when all places for that are taken. */
static bool keep(struct stage *s, const struct turn_wish *wish, struct netaddr local,
                 uint8_t token[STUN_TOKEN_SIZE])
{
    for (int i = 0; i < STAGE_RESERVES_MAX; i++) {
        struct stage_reserve *r = &s->reserve[i];
        if (!r->is_used || !mono_is_before(s->now.mono, r->until)) {
            *r = (struct stage_reserve){
                .is_used = true,
                .local = local,
                .account = wish->account,
                .until = mono_add_s(s->now.mono, STAGE_RESERVE_LIFETIME),
            };
            s->entropy.fill(s->entropy.context, r->token, sizeof(r->token));
            memcpy(token, r->token, sizeof(r->token));
            return true;
        }
    }
    return false;
}

static bool redeem(struct stage *s, const struct turn_wish *wish, struct netaddr *local)
{
    for (int i = 0; i < STAGE_RESERVES_MAX; i++) {
        struct stage_reserve *r = &s->reserve[i];
        if (r->is_used && mono_is_before(s->now.mono, r->until) && r->account == wish->account &&
            memcmp(r->token, wish->token, sizeof(r->token)) == 0) {
            r->is_used = false;
            *local = r->local;
            return true;
        }
    }
    return false;
}

static int host_for(const struct own *own, enum netaddr_family family)
{
    for (int i = 0; i < own->host_count; i++) {
        if (own->host[i].local.family == family) {
            return i;
        }
    }
    return -1;
}

enum turn_open_result stage_ports_open(void *context, const struct turn_wish *wish,
                                       struct turn_endpoint *out)
{
    struct stage *s = context;
    const struct own *own = &s->snapshot[s->which]->own;
    struct netaddr local;
    uint32_t number = 0;
    if (wish->has_token) {
        if (!redeem(s, wish, &local)) {
            return TURN_NO_PORT;
        }
    } else {
        int host = host_for(own, wish->family);
        if (host < 0 || !s->config.has_family[wish->family - 1]) {
            return TURN_NO_FAMILY;
        }
        local = own->host[host].local;
        local.port = find_port(s, wish, local);
        struct netaddr next = local;
        next.port++;
        if (local.port == 0 || (wish->reserve_next && !keep(s, wish, next, out->token))) {
            return TURN_NO_PORT;
        }
    }
    while (s->endpoint[number].is_open) {
        number++;
    }
    s->endpoint[number] =
        (struct stage_endpoint){true, wish->is_stream, local, told_for(s, &local)};
    if (!wish->is_stream) { /* live are the ports that datagrams may be relayed to */
        stage_live_map(s, own_find(own, &local))[local.port] = 1;
    }
    out->number = number;
    out->told = s->endpoint[number].told;
    return TURN_OPENED;
}

void stage_ports_close(void *context, uint32_t endpoint)
{
    struct stage *s = context;
    if (endpoint >= STAGE_ENDPOINTS_MAX || !s->endpoint[endpoint].is_open) {
        s->broken = "an endpoint is closed twice";
        return;
    }
    struct netaddr local = s->endpoint[endpoint].local;
    if (!s->endpoint[endpoint].is_stream) {
        stage_live_map(s, own_find(&s->snapshot[s->which]->own, &local))[local.port] = 0;
    }
    s->endpoint[endpoint].is_open = false;
}

uint32_t stage_endpoint_of(const struct stage *s, const struct netaddr *a)
{
    for (uint32_t i = 0; i < STAGE_ENDPOINTS_MAX; i++) {
        const struct stage_endpoint *e = &s->endpoint[i];
        if (e->is_open && (netaddr_is_equal(&e->told, a) || netaddr_is_equal(&e->local, a))) {
            return i;
        }
    }
    return UINT32_MAX;
}
