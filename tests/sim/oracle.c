/* oracle — a small model of what the server must know at any moment. */
/* SPDX-License-Identifier: MIT */
#include "sim/oracle.h"

#include "sim/peek.h"
#include "sim/plan.h"

#include <stdlib.h>
#include <string.h>

enum {
    SEND = 0x0006,
    ATTR_PEER = 0x0012,
    ATTR_DATA = 0x0013,
    ATTR_DONT_FRAGMENT = 0x001a,
    DATAGRAM_MAX = 65507,
    DATA_HEAD_MAX = 64,
    CHANNEL_HEAD = 4,
};

static size_t bucket_of(const struct path *path)
{
    uint32_t hash = 2166136261u;
    const uint8_t *bytes = (const uint8_t *)path;
    for (size_t i = 0; i < sizeof(*path); i++) {
        hash = (hash ^ bytes[i]) * 16777619u;
    }
    return hash % ORACLE_BUCKETS;
}

struct oracle_allocation *oracle_find(const struct oracle *o, const struct path *path)
{
    struct oracle_allocation *a = o->bucket[bucket_of(path)];
    while (a && memcmp(&a->path, path, sizeof(*path)) != 0) {
        a = a->next;
    }
    return a;
}

bool oracle_has_family(const struct oracle_allocation *a, uint8_t family, struct mono now)
{
    return (family == NETADDR_IPV4 || family == NETADDR_IPV6) &&
           now.ns < a->deadline[family - 1].ns;
}

bool oracle_is_live(const struct oracle_allocation *a, struct mono now)
{
    return a &&
           (oracle_has_family(a, NETADDR_IPV4, now) || oracle_has_family(a, NETADDR_IPV6, now));
}

struct oracle_allocation *oracle_open(struct oracle *o, const struct oracle_allocation *like)
{
    struct oracle_allocation *a = malloc(sizeof(*a));
    if (!a) {
        abort();
    }
    *a = *like;
    struct oracle_allocation **bucket = &o->bucket[bucket_of(&a->path)];
    a->next = *bucket;
    *bucket = a;
    for (int i = 0; i < 2; i++) {
        if (a->deadline[i].ns != 0) {
            o->at[a->station][a->endpoint[i]] = a;
        }
    }
    o->count++;
    o->per_realm[a->errand.pass->realm]++;
    return a;
}

void oracle_detach(struct oracle *o, struct oracle_allocation *a, int family)
{
    if (a->deadline[family].ns != 0) {
        struct oracle_allocation **at = &o->at[a->station][a->endpoint[family]];
        *at = *at == a ? NULL : *at; /* the number may have come again */
        a->deadline[family].ns = 0;
    }
}

void oracle_close(struct oracle *o, struct oracle_allocation *a)
{
    struct oracle_allocation **from = &o->bucket[bucket_of(&a->path)];
    while (*from != a) {
        from = &(*from)->next;
    }
    *from = a->next;
    oracle_detach(o, a, 0);
    oracle_detach(o, a, 1);
    o->count--;
    o->per_realm[a->errand.pass->realm]--;
    free(a->permission);
    free(a->channel);
    free(a);
}

/* grow — room for one more record. */
static void *grow(void *records, size_t count, size_t size)
{
    records = realloc(records, (count + 1) * size);
    if (!records) {
        abort();
    }
    return records;
}

struct oracle_permission *oracle_permission(const struct oracle_allocation *a,
                                            const struct netaddr *host)
{
    for (size_t i = 0; i < a->permissions; i++) {
        if (netaddr_is_same_host(&a->permission[i].host, host)) {
            return &a->permission[i];
        }
    }
    return NULL;
}

enum oracle_word oracle_word(const struct oracle_permission *p, struct mono now)
{
    if (!p || now.ns >= p->perhaps.ns) {
        return ORACLE_NO;
    }
    return now.ns < p->sure.ns ? ORACLE_YES : ORACLE_MAYBE;
}

void oracle_permit(struct oracle_allocation *a, const struct netaddr *host, struct mono until)
{
    struct oracle_permission *p = oracle_permission(a, host);
    if (!p) {
        a->permission = grow(a->permission, a->permissions, sizeof(*a->permission));
        p = &a->permission[a->permissions++];
        *p = (struct oracle_permission){.host = *host};
        p->host.port = 0;
    }
    p->sure = mono_max(p->sure, until);
    p->perhaps = mono_max(p->perhaps, until);
}

struct oracle_channel *oracle_number(const struct oracle_allocation *a, uint16_t number)
{
    for (size_t i = 0; i < a->channels; i++) {
        if (a->channel[i].number == number) {
            return &a->channel[i];
        }
    }
    return NULL;
}

struct oracle_channel *oracle_peer(const struct oracle_allocation *a, const struct netaddr *peer)
{
    for (size_t i = 0; i < a->channels; i++) {
        if (netaddr_is_equal(&a->channel[i].peer, peer)) {
            return &a->channel[i];
        }
    }
    return NULL;
}

void oracle_bind(struct oracle_allocation *a, uint16_t number, const struct netaddr *peer,
                 struct mono until, struct mono permission_until)
{
    for (size_t i = 0; i < a->channels;) { /* a success says that neither is bound otherwise */
        struct oracle_channel *c = &a->channel[i];
        bool is_other = (c->number == number) != netaddr_is_equal(&c->peer, peer);
        if (is_other) {
            *c = a->channel[--a->channels];
        } else {
            i++;
        }
    }
    struct oracle_channel *c = oracle_number(a, number);
    if (!c) {
        a->channel = grow(a->channel, a->channels, sizeof(*a->channel));
        c = &a->channel[a->channels++];
    }
    *c = (struct oracle_channel){.number = number, .peer = *peer, .until = until};
    oracle_permit(a, peer, mono_max(until, permission_until));
}

void oracle_forget(struct oracle_allocation *a, struct mono now)
{
    for (size_t i = 0; i < a->permissions;) {
        if (now.ns >= a->permission[i].perhaps.ns) {
            a->permission[i] = a->permission[--a->permissions];
        } else {
            i++;
        }
    }
    for (size_t i = 0; i < a->channels;) {
        if (now.ns >= a->channel[i].until.ns) {
            a->channel[i] = a->channel[--a->channels];
        } else {
            i++;
        }
    }
}

size_t oracle_permissions(const struct oracle_allocation *a, struct mono now, bool with_doubtful)
{
    size_t count = 0;
    for (size_t i = 0; i < a->permissions; i++) {
        const struct oracle_permission *p = &a->permission[i];
        enum oracle_word word = oracle_word(p, now);
        bool is_meant = word == ORACLE_YES || (word == ORACLE_MAYBE && with_doubtful);
        count += is_meant && oracle_has_family(a, p->host.family, now) ? 1 : 0;
    }
    return count;
}

size_t oracle_channels(const struct oracle_allocation *a, struct mono now, bool with_doubtful)
{
    size_t count = 0;
    for (size_t i = 0; i < a->channels; i++) {
        const struct oracle_channel *c = &a->channel[i];
        bool is_live = now.ns < c->until.ns && oracle_has_family(a, c->peer.family, now);
        count += is_live && (with_doubtful || !c->is_doubtful) ? 1 : 0;
    }
    return count;
}

static void doubt(struct oracle_allocation *a, const struct regime *regime)
{
    for (size_t i = 0; i < a->permissions; i++) {
        struct oracle_permission *p = &a->permission[i];
        if (regime_ask(regime, &p->host) == REGIME_DENY) {
            p->sure.ns = 0;
        }
    }
    for (size_t i = 0; i < a->channels; i++) {
        struct oracle_channel *c = &a->channel[i];
        c->is_doubtful = c->is_doubtful || regime_ask(regime, &c->peer) == REGIME_DENY;
    }
}

void oracle_reload(struct oracle *o, uint8_t station, const struct regime *regime)
{
    for (size_t i = 0; i < ORACLE_BUCKETS; i++) {
        for (struct oracle_allocation *a = o->bucket[i]; a; a = a->next) {
            if (a->station == station) {
                doubt(a, regime);
            }
        }
    }
}

static bool is_same_user(const struct oracle_allocation *a, const struct oracle_allocation *b)
{
    const struct roster_pass *x = a->errand.pass;
    const struct roster_pass *y = b->errand.pass;
    return a->station == b->station && x->realm == y->realm && x->version == y->version &&
           x->name_size == y->name_size && memcmp(x->name, y->name, x->name_size) == 0 &&
           errand_key_kind(&a->errand) == errand_key_kind(&b->errand);
}

void oracle_share(struct oracle *o, const struct oracle_allocation *like)
{
    for (size_t i = 0; i < ORACLE_BUCKETS; i++) {
        for (struct oracle_allocation *a = o->bucket[i]; a; a = a->next) {
            if (is_same_user(a, like)) {
                a->expires = like->expires;
                a->until = like->until;
            }
        }
    }
}

bool oracle_reaches(const struct regime *regime, const struct harbour *h, const struct netaddr *a)
{
    switch (regime_ask(regime, a)) {
    case REGIME_DENY:
        return false;
    case REGIME_RELAY_ONLY:
        return harbour_find(h, a) != NULL;
    case REGIME_NO_LISTENERS:
        return harbour_find(h, a) != NULL || a->port != PLAN_DOOR;
    default:
        return true;
    }
}

bool oracle_may_connect(const struct regime *regime, const struct netaddr *a)
{
    enum regime_word word = regime_ask(regime, a);
    return a->port != 0 &&
           (word == REGIME_ALLOW || (word == REGIME_NO_LISTENERS && a->port != PLAN_DOOR));
}

static enum oracle_word and_word(enum oracle_word a, enum oracle_word b)
{
    if (a == ORACLE_NO || b == ORACLE_NO) {
        return ORACLE_NO;
    }
    return a == ORACLE_MAYBE || b == ORACLE_MAYBE ? ORACLE_MAYBE : ORACLE_YES;
}

/* has_bandwidth — a bucket that holds half a second's worth and is filled at the allocation's rate;
 * what is within a hundredth of its edge is left open. */
static enum oracle_word has_bandwidth(const struct oracle_allocation *a, struct mono now)
{
    if (a->rate == 0) {
        return ORACLE_YES;
    }
    double level = a->level - (double)(now.ns - a->level_at.ns) * (double)a->rate / 1e9;
    double most = (double)a->rate / 2;
    if (level > most * 1.01) {
        return ORACLE_NO;
    }
    return level < most * 0.99 ? ORACLE_YES : ORACLE_MAYBE;
}

void oracle_spend(struct oracle_allocation *a, size_t size, bool is_up, struct mono now)
{
    struct flow_traffic *traffic = is_up ? &a->up : &a->down;
    traffic->packets++;
    traffic->bytes += size;
    a->level -= (double)(now.ns - a->level_at.ns) * (double)a->rate / 1e9;
    a->level = (a->level > 0 ? a->level : 0) + (double)size;
    a->level_at = now;
}

static enum oracle_word channel_word(const struct oracle_channel *c, struct mono now)
{
    if (!c || now.ns >= c->until.ns) {
        return ORACLE_NO;
    }
    return c->is_doubtful ? ORACLE_MAYBE : ORACLE_YES;
}

/* read_client — what the datagram says: false when it says nothing. */
static bool read_client(const struct oracle_allocation *a, const uint8_t *bytes, size_t size,
                        struct mono now, struct oracle_verdict *v)
{
    struct peek p;
    if (size >= CHANNEL_HEAD && bytes[0] >> 6 == 1) {
        const struct oracle_channel *c = oracle_number(a, (uint16_t)peek_u16(bytes));
        v->passes = channel_word(c, now);
        v->size = peek_u16(bytes + 2);
        v->data = bytes + CHANNEL_HEAD;
        if (v->passes == ORACLE_NO || v->size > size - CHANNEL_HEAD) {
            return false;
        }
        v->peer = c->peer;
        return true;
    }
    const uint8_t *none;
    if (!peek_stun(bytes, size, &p) || p.method != SEND || p.class != PEEK_INDICATION ||
        !peek_address(&p, ATTR_PEER, 0, &v->peer)) {
        return false;
    }
    int length = peek_find(&p, ATTR_DATA, &v->data);
    v->size = (size_t)length;
    v->df = peek_find(&p, ATTR_DONT_FRAGMENT, &none) >= 0;
    v->passes = oracle_word(oracle_permission(a, &v->peer), now);
    return length >= 0;
}

struct oracle_verdict oracle_from_client(const struct oracle *o, const struct regime *regime,
                                         const struct harbour *h, const struct path *path,
                                         const uint8_t *bytes, size_t size, struct mono now)
{
    struct oracle_verdict no = {.passes = ORACLE_NO};
    struct oracle_verdict v = no;
    v.allocation = oracle_find(o, path);
    if (!oracle_is_live(v.allocation, now) || v.allocation->is_stream ||
        !read_client(v.allocation, bytes, size, now, &v) ||
        !oracle_has_family(v.allocation, v.peer.family, now) ||
        !oracle_reaches(regime, h, &v.peer)) {
        return no;
    }
    v.endpoint = v.allocation->endpoint[v.peer.family - 1];
    v.passes = and_word(v.passes, has_bandwidth(v.allocation, now));
    if (plan_kind(&v.peer) == PLAN_OWN) {
        uint16_t port = v.peer.port;
        v.peer = plan_local((enum netaddr_family)v.peer.family);
        v.peer.port = port;
    }
    return v;
}

struct oracle_verdict oracle_from_peer(const struct oracle *o, const struct regime *regime,
                                       const struct harbour *h, uint8_t station, uint32_t endpoint,
                                       const struct netaddr *from, size_t size, struct mono now)
{
    struct oracle_verdict no = {.passes = ORACLE_NO};
    struct oracle_verdict v = {.allocation = o->at[station][endpoint], .peer = *from};
    if (h->is_mapped && plan_kind(from) == PLAN_OWN) {
        v.peer = plan_external((enum netaddr_family)from->family);
        v.peer.port = from->port;
    }
    if (!oracle_is_live(v.allocation, now) || !oracle_has_family(v.allocation, from->family, now) ||
        !oracle_reaches(regime, h, &v.peer)) {
        return no;
    }
    const struct oracle_channel *c = oracle_peer(v.allocation, &v.peer);
    enum oracle_word by_permission = oracle_word(oracle_permission(v.allocation, &v.peer), now);
    v.by_channel = channel_word(c, now);
    v.channel = c ? c->number : 0;
    v.passes = v.by_channel == ORACLE_YES || by_permission == ORACLE_YES       ? ORACLE_YES
               : v.by_channel == ORACLE_MAYBE || by_permission == ORACLE_MAYBE ? ORACLE_MAYBE
                                                                               : ORACLE_NO;
    if (size > DATAGRAM_MAX - DATA_HEAD_MAX) {
        v.passes = and_word(v.passes, ORACLE_MAYBE);
    }
    v.passes = and_word(v.passes, has_bandwidth(v.allocation, now));
    return v;
}

void oracle_fini(struct oracle *o)
{
    for (size_t i = 0; i < ORACLE_BUCKETS; i++) {
        struct oracle_allocation *a = o->bucket[i];
        while (a) {
            struct oracle_allocation *next = a->next;
            oracle_close(o, a);
            a = next;
        }
    }
}
