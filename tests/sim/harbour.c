/* harbour — the relay ports of the simulated node. */
/* SPDX-License-Identifier: MIT */
#include "sim/harbour.h"

#include "sim/plan.h"

#include <string.h>

static bool is_free(const struct harbour *h, int family, uint32_t at, struct mono now)
{
    const struct harbour_berth *b = &h->berth[family][at];
    return at < h->berths && !b->is_open && !mono_is_before(now, b->kept_until);
}

/* find_free — a free berth as wished, from a random one on; UINT32_MAX when there is none. */
static uint32_t find_free(const struct harbour *h, int family, const struct turn_wish *wish,
                          struct mono now)
{
    uint32_t from = dice_below(h->dice, h->berths);
    for (uint32_t i = 0; i < h->berths; i++) {
        uint32_t at = (from + i) % h->berths;
        if (is_free(h, family, at, now) && (!wish->even || at % 2 == 0) &&
            (!wish->reserve_next || is_free(h, family, at + 1, now))) {
            return at;
        }
    }
    return UINT32_MAX;
}

static uint32_t find_kept(const struct harbour *h, int family, const struct turn_wish *wish,
                          struct mono now)
{
    for (uint32_t i = 0; i < h->berths; i++) {
        const struct harbour_berth *b = &h->berth[family][i];
        if (!b->is_open && mono_is_before(now, b->kept_until) && b->kept_for == wish->account &&
            memcmp(b->token, wish->token, sizeof(b->token)) == 0) {
            return i;
        }
    }
    return UINT32_MAX;
}

/* free_number — a number that the station does not use: the lowest, now and then any. */
static uint32_t free_number(const struct harbour *h, uint8_t station)
{
    uint32_t from = dice_chance(h->dice, 990) ? 0 : dice_below(h->dice, h->limit);
    for (uint32_t i = 0; i < h->limit; i++) {
        uint32_t number = (from + i) % h->limit;
        if (h->mooring[station][number].family == NETADDR_NONE) {
            return number;
        }
    }
    return UINT32_MAX;
}

static void open_at(struct harbour *h, uint8_t station, const struct turn_wish *wish, uint32_t at,
                    uint32_t number)
{
    enum netaddr_family family = wish->family;
    struct harbour_berth *b = &h->berth[family - 1][at];
    *b = (struct harbour_berth){
        .is_open = true, .is_stream = wish->is_stream, .station = station, .number = number};
    h->mooring[station][number] = (struct harbour_mooring){(uint8_t)family, (uint16_t)at};
    h->live[family - 1][HARBOUR_FIRST + at] = wish->is_stream ? 0 : 1;
    h->open_count++;
}

static void keep_next(struct harbour *h, const struct turn_wish *wish, uint32_t at, struct mono now,
                      uint8_t token[STUN_TOKEN_SIZE])
{
    struct harbour_berth *next = &h->berth[wish->family - 1][at + 1];
    dice_fill(h->dice, token, STUN_TOKEN_SIZE);
    memcpy(next->token, token, STUN_TOKEN_SIZE);
    next->kept_until = mono_add_s(now, HARBOUR_KEPT);
    next->kept_for = wish->account;
}

static enum turn_open_result try_open(struct harbour *h, uint8_t station,
                                      const struct turn_wish *wish, struct mono now,
                                      struct turn_endpoint *out)
{
    int family = wish->family - 1;
    if (!h->has_family[family]) {
        return TURN_NO_FAMILY;
    }
    uint32_t at =
        wish->has_token ? find_kept(h, family, wish, now) : find_free(h, family, wish, now);
    uint32_t number = free_number(h, station);
    if (at == UINT32_MAX || number == UINT32_MAX) {
        return TURN_NO_PORT;
    }
    if (wish->reserve_next) {
        keep_next(h, wish, at, now, out->token);
    }
    open_at(h, station, wish, at, number);
    out->number = number;
    out->told = harbour_told(h, station, number);
    return TURN_OPENED;
}

enum turn_open_result harbour_open(struct harbour *h, uint8_t station, const struct turn_wish *wish,
                                   struct mono now, struct turn_endpoint *out)
{
    h->was_asked = true;
    h->last = try_open(h, station, wish, now, out);
    return h->last;
}

void harbour_close(struct harbour *h, uint8_t station, uint32_t number)
{
    if (!harbour_is_open(h, station, number)) {
        h->fault = "an endpoint was closed that is not open";
        return;
    }
    struct harbour_mooring *m = &h->mooring[station][number];
    h->berth[m->family - 1][m->berth] = (struct harbour_berth){.is_open = false};
    h->live[m->family - 1][HARBOUR_FIRST + m->berth] = 0;
    h->open_count--;
    m->family = NETADDR_NONE;
}

bool harbour_is_open(const struct harbour *h, uint8_t station, uint32_t number)
{
    return number < h->limit && h->mooring[station][number].family != NETADDR_NONE;
}

const struct harbour_berth *harbour_at(const struct harbour *h, const struct netaddr *a)
{
    uint32_t at = (uint32_t)a->port - HARBOUR_FIRST;
    if (a->port < HARBOUR_FIRST || at >= h->berths || plan_kind(a) != PLAN_OWN) {
        return NULL;
    }
    const struct harbour_berth *b = &h->berth[a->family - 1][at];
    return b->is_open ? b : NULL;
}

const struct harbour_berth *harbour_find(const struct harbour *h, const struct netaddr *a)
{
    const struct harbour_berth *b = harbour_at(h, a);
    return b && !b->is_stream ? b : NULL;
}

struct netaddr harbour_local(const struct harbour *h, uint8_t station, uint32_t number)
{
    const struct harbour_mooring *m = &h->mooring[station][number];
    struct netaddr a = plan_local((enum netaddr_family)m->family);
    a.port = (uint16_t)(HARBOUR_FIRST + m->berth);
    return a;
}

struct netaddr harbour_told(const struct harbour *h, uint8_t station, uint32_t number)
{
    struct netaddr a = harbour_local(h, station, number);
    if (h->is_mapped) {
        uint16_t port = a.port;
        a = plan_external((enum netaddr_family)a.family);
        a.port = port;
    }
    return a;
}
