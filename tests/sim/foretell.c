/* foretell — how the server must answer a request, by what the oracle knows. */
/* SPDX-License-Identifier: MIT */
#include "sim/foretell.h"

#include <stdio.h>
#include <string.h>

enum {
    NONCE_SLACK = 16, /* seconds: its age is told in units of eight */
    NONCE_DELAY = 2,  /* and it was some time on its way */
};

/* A request while it is judged. */
struct matter {
    const struct foretell_facts *facts;
    const struct errand *errand;
    const struct settings_realm *realm;
    struct oracle_allocation *allocation; /* live, or NULL */
    struct foretold *out;
};

static void allow(struct matter *m, unsigned code)
{
    m->out->code[m->out->codes++] = (uint16_t)code;
}

bool foretell_allows(const struct foretold *f, unsigned code)
{
    for (unsigned i = 0; i < f->codes; i++) {
        if (f->code[i] == code) {
            return true;
        }
    }
    return f->any_code;
}

uint32_t foretell_account(const struct roster_pass *pass, uint32_t users)
{
    unsigned guest = 0;
    if (pass->realm == ROSTER_STATIC) {
        return pass->user;
    }
    (void)sscanf(pass->name + pass->account_at, "guest%u", &guest);
    return users + guest;
}

static enum oracle_word nonce_word(const struct matter *m, const struct path *path)
{
    const struct errand_nonce *n = &m->errand->nonce;
    int64_t lifetime = m->facts->regime->settings.nonce_lifetime;
    int64_t age = m->facts->now.wall.s - n->made.s;
    if (!n->is_ours || !netaddr_is_same_host(&n->whose, &path->client.a) ||
        age > lifetime + NONCE_SLACK) {
        return ORACLE_NO;
    }
    return age + NONCE_DELAY <= lifetime ? ORACLE_YES : ORACLE_MAYBE;
}

static bool is_same_name(const struct roster_pass *a, const struct roster_pass *b)
{
    return a->realm == b->realm && a->name_size == b->name_size &&
           memcmp(a->name, b->name, a->name_size) == 0;
}

/* is_kept — signed with the very key that the allocation was made with. */
static bool is_kept(const struct matter *m)
{
    if (!m->allocation) {
        return false;
    }
    const struct errand *made = &m->allocation->errand;
    return is_same_name(made->pass, m->errand->pass) && !m->errand->pass->is_wrong &&
           made->pass->version == m->errand->pass->version &&
           errand_key_kind(made) == errand_key_kind(m->errand);
}

static bool is_owner(const struct matter *m)
{
    return m->allocation && is_same_name(m->allocation->errand.pass, m->errand->pass);
}

/* find_user — who it is: false when that decides the answer already. */
static bool find_user(struct matter *m)
{
    const struct roster_pass *pass = m->errand->pass;
    struct foretold *out = m->out;
    if (is_kept(m)) {
        out->expires = m->allocation->expires;
        out->until = m->allocation->until;
        return true;
    }
    if (roster_is_stored(pass) && !m->facts->is_stored_at_hand) {
        out->may_wait = !m->facts->is_store_down;
        allow(m, 500);
        return false;
    }
    if (!roster_is_good(&m->facts->regime->book, pass)) {
        allow(m, 401);
        return false;
    }
    out->expires = pass->expires;
    out->until = pass->expires;
    if (out->until.s != 0 && !m->realm->is_strict) {
        out->until.s += m->realm->grace;
    }
    return true;
}

static bool is_in_time(const struct matter *m)
{
    const struct foretold *out = m->out;
    int64_t now = m->facts->now.wall.s;
    bool within_bound = out->until.s == 0 || now < out->until.s;
    return within_bound && (out->expires.s == 0 || now < out->expires.s || is_owner(m));
}

static uint32_t lifetime_of(const struct matter *m)
{
    const struct ask *ask = &m->errand->ask;
    uint32_t lifetime = m->realm->lifetime;
    if (ask->has_lifetime && ask->lifetime > lifetime) {
        lifetime = ask->lifetime;
    }
    if (lifetime > m->realm->max_lifetime) {
        lifetime = m->realm->max_lifetime;
    }
    int64_t left = m->out->until.s - m->facts->now.wall.s;
    return m->out->until.s != 0 && left < (int64_t)lifetime ? (uint32_t)left : lifetime;
}

static void succeed(struct matter *m, bool has_lifetime, uint32_t lifetime)
{
    m->out->may_succeed = true;
    m->out->has_lifetime = has_lifetime;
    m->out->lifetime = lifetime;
}

/* stream_fault — what is wrong with a wish for relayed addresses of TCP. */
static unsigned stream_fault(const struct matter *m, const struct path *path)
{
    const struct ask *ask = &m->errand->ask;
    if (!m->facts->regime->settings.relays_tcp) {
        return 442;
    }
    return !path_is_stream(path) || ask->even || ask->has_token ? 400 : 0;
}

static unsigned wish_fault(const struct matter *m, const struct path *path)
{
    const struct ask *ask = &m->errand->ask;
    bool names_family = ask->family != 0 || ask->additional_family != 0;
    if (ask->transport == 0) {
        return 400;
    }
    if (ask->transport != STUN_TRANSPORT_UDP && ask->transport != STUN_TRANSPORT_TCP) {
        return 442;
    }
    unsigned unfit = ask->transport == STUN_TRANSPORT_TCP ? stream_fault(m, path) : 0;
    if (unfit != 0) {
        return unfit;
    }
    if (ask->has_token && (ask->even || names_family)) {
        return 400;
    }
    if (ask->family != 0 && ask->additional_family != 0) {
        return 400;
    }
    if (ask->family > NETADDR_IPV6) {
        return 440;
    }
    bool is_odd = ask->additional_family != 0 &&
                  (ask->additional_family != NETADDR_IPV6 || (ask->even && ask->reserve_next));
    return is_odd ? 400 : 0;
}

/* has_quota — whether one more is allowed to node, realm and user. An allocation of this path whose
 * time is over is ended before that is looked at. */
static bool has_quota(const struct matter *m, const struct path *path)
{
    const struct foretell_facts *f = m->facts;
    const struct oracle_allocation *old = oracle_find(f->oracle, path);
    const struct roster_pass *pass = m->errand->pass;
    uint32_t mine = f->per_account[foretell_account(pass, f->users)];
    uint32_t realm = f->oracle->per_realm[pass->realm];
    uint32_t node = f->oracle->count;
    if (old) {
        const struct roster_pass *other = old->errand.pass;
        mine -= foretell_account(other, f->users) == foretell_account(pass, f->users) ? 1 : 0;
        realm -= other->realm == pass->realm ? 1 : 0;
        node--;
    }
    return (m->realm->per_user == 0 || mine < m->realm->per_user) &&
           (m->realm->allocations == 0 || realm < m->realm->allocations) &&
           (f->regime->settings.allocations == 0 || node < f->regime->settings.allocations);
}

static void foretell_allocate(struct matter *m, const struct path *path)
{
    const struct ask *ask = &m->errand->ask;
    unsigned fault = wish_fault(m, path);
    if (m->allocation) {
        if (memcmp(m->allocation->errand.ask.id, ask->id, sizeof(ask->id)) == 0) {
            m->out->is_again = true;
            succeed(m, true, m->allocation->granted);
        } else {
            allow(m, 437);
        }
    } else if (fault != 0) {
        allow(m, fault);
    } else if (m->facts->is_draining) {
        allow(m, 508);
    } else if (!has_quota(m, path)) {
        allow(m, 486);
    } else {
        m->out->needs_port = true;
        allow(m, 508);
        allow(m, 440);
        succeed(m, true, lifetime_of(m));
    }
}

static void foretell_refresh(struct matter *m)
{
    const struct ask *ask = &m->errand->ask;
    if (ask->family != 0 && !oracle_has_family(m->allocation, ask->family, m->facts->now.mono)) {
        allow(m, 443);
    } else if (ask->has_lifetime && ask->lifetime == 0) {
        succeed(m, true, 0);
    } else {
        succeed(m, true, lifetime_of(m));
    }
}

/* peer_fault — what is wrong with a peer for this allocation; 0: nothing. */
static unsigned peer_fault(const struct matter *m, const struct netaddr *peer)
{
    if (!oracle_has_family(m->allocation, peer->family, m->facts->now.mono)) {
        return 443;
    }
    return regime_ask(m->facts->regime, peer) == REGIME_DENY ? 403 : 0;
}

static bool is_permitted(const struct matter *m, const struct netaddr *host, bool with_doubtful)
{
    enum oracle_word word = oracle_word(oracle_permission(m->allocation, host), m->facts->now.mono);
    return word == ORACLE_YES || (word == ORACLE_MAYBE && with_doubtful);
}

/* fresh — how many of the hosts asked for, each counted once, have no live permission yet. */
static size_t fresh(const struct matter *m, bool with_doubtful)
{
    const struct ask *ask = &m->errand->ask;
    size_t count = 0;
    for (int i = 0; i < ask->peer_count; i++) {
        bool is_first = true;
        for (int j = 0; j < i; j++) {
            is_first = is_first && !netaddr_is_same_host(&ask->peer[i], &ask->peer[j]);
        }
        count += is_first && !is_permitted(m, &ask->peer[i], with_doubtful) ? 1 : 0;
    }
    return count;
}

/* room — whether so many new ones have room beside so many; they may be told apart only with and
 * without the doubtful ones. */
static void weigh(struct matter *m, bool fits_surely, bool fits_perhaps)
{
    if (fits_perhaps) {
        succeed(m, false, 0);
    }
    if (!fits_surely) {
        allow(m, 508);
    }
}

static void foretell_permission(struct matter *m)
{
    const struct ask *ask = &m->errand->ask;
    struct mono now = m->facts->now.mono;
    for (int i = 0; i < ask->peer_count; i++) {
        unsigned fault = peer_fault(m, &ask->peer[i]);
        if (fault != 0) {
            allow(m, fault);
            return;
        }
    }
    if (ask->peer_count == 0) {
        allow(m, 400);
        return;
    }
    size_t sure = fresh(m, false);
    size_t perhaps = fresh(m, true);
    size_t most = m->realm->permissions_max;
    bool fits_surely = sure == 0 || oracle_permissions(m->allocation, now, true) + sure <= most;
    bool fits_perhaps =
        perhaps == 0 || oracle_permissions(m->allocation, now, false) + perhaps <= most;
    weigh(m, fits_surely, fits_perhaps);
}

static enum oracle_word word_of(const struct matter *m, const struct oracle_channel *c)
{
    struct mono now = m->facts->now.mono;
    if (!c || now.ns >= c->until.ns || !oracle_has_family(m->allocation, c->peer.family, now)) {
        return ORACLE_NO;
    }
    return c->is_doubtful ? ORACLE_MAYBE : ORACLE_YES;
}

/* weigh_binding — a binding with everything right about it but for those there are. */
static void weigh_binding(struct matter *m)
{
    const struct ask *ask = &m->errand->ask;
    const struct oracle_allocation *a = m->allocation;
    struct mono now = m->facts->now.mono;
    const struct oracle_channel *by_number = oracle_number(a, ask->channel);
    const struct oracle_channel *by_peer = oracle_peer(a, &ask->peer[0]);
    enum oracle_word number = word_of(m, by_number);
    enum oracle_word peer = word_of(m, by_peer);
    bool is_same = by_number == by_peer;
    if (number == ORACLE_YES && is_same) {
        succeed(m, false, 0);
        return;
    }
    if (!is_same && (number == ORACLE_YES || peer == ORACLE_YES)) {
        allow(m, 400);
        return;
    }
    if (!is_same && (number == ORACLE_MAYBE || peer == ORACLE_MAYBE)) {
        allow(m, 400);
    }
    bool is_permitted_surely = is_permitted(m, &ask->peer[0], false);
    bool is_permitted_perhaps = is_permitted(m, &ask->peer[0], true);
    size_t channels = m->realm->channels_max;
    size_t permissions = m->realm->permissions_max;
    bool fits_surely = oracle_channels(a, now, true) < channels &&
                       (is_permitted_surely || oracle_permissions(a, now, true) < permissions);
    bool fits_perhaps = (is_same && number == ORACLE_MAYBE) ||
                        (oracle_channels(a, now, false) < channels &&
                         (is_permitted_perhaps || oracle_permissions(a, now, false) < permissions));
    weigh(m, fits_surely, fits_perhaps);
}

static void foretell_channel(struct matter *m)
{
    const struct ask *ask = &m->errand->ask;
    if (m->allocation->is_stream) {
        allow(m, 403);
        return;
    }
    if (ask->peer_count == 0 || ask->channel < CHANNEL_MIN ||
        ask->channel > m->facts->regime->settings.channel_last) {
        allow(m, 400);
        return;
    }
    unsigned fault = peer_fault(m, &ask->peer[0]);
    if (fault == 0 && !oracle_reaches(m->facts->regime, m->facts->harbour, &ask->peer[0])) {
        fault = 403;
    }
    if (fault != 0) {
        allow(m, fault);
        return;
    }
    weigh_binding(m);
}

static void foretell_connect(struct matter *m, const struct path *path)
{
    const struct ask *ask = &m->errand->ask;
    if (!m->allocation->is_stream || ask->peer_count == 0) {
        allow(m, 400);
        return;
    }
    const struct netaddr *peer = &ask->peer[0];
    if (!oracle_has_family(m->allocation, peer->family, m->facts->now.mono)) {
        allow(m, 443);
    } else if (!oracle_may_connect(m->facts->regime, peer)) {
        allow(m, 403);
    } else if (exchange_with(m->facts->exchange, path, peer)) {
        allow(m, 446);
    } else if (exchange_count(m->facts->exchange, path) >= m->realm->channels_max) {
        allow(m, 508);
    } else {
        m->out->may_begin = true;
    }
}

/* meant — the call that a ConnectionBind names; NULL when it names none. */
static const struct exchange_call *meant(const struct matter *m)
{
    const struct ask *ask = &m->errand->ask;
    return ask->has_connection ? exchange_of(m->facts->exchange, ask->connection) : NULL;
}

static bool has_allocation(const struct matter *m, const struct path *path)
{
    return oracle_is_live(oracle_find(m->facts->oracle, path), m->facts->now.mono);
}

/* foretell_bind — `m->allocation` is that of the call, if it lives. */
static void foretell_bind(struct matter *m, const struct path *path)
{
    const struct exchange_call *c = meant(m);
    if (!c || !m->allocation || !path_is_stream(path) || has_allocation(m, path) ||
        c->state != PEER_CONNECTION_WAITING) {
        allow(m, 400);
    } else if (!is_owner(m)) {
        allow(m, 441);
    } else {
        succeed(m, false, 0);
    }
}

/* is_elsewhere — whether a ConnectionBind is for a call of another station. */
static bool is_elsewhere(const struct matter *m, const struct path *path)
{
    const struct ask *ask = &m->errand->ask;
    unsigned station = ask->connection >> PEER_CONNECTION_WORKER_SHIFT;
    return ask->method == STUN_CONNECTION_BIND && ask->has_connection && path_is_stream(path) &&
           station != m->facts->station && station < m->facts->stations && !has_allocation(m, path);
}

/* foretell_served — a request whose sender is known. */
static void foretell_served(struct matter *m, const struct path *path)
{
    if (m->errand->ask.has_unknown) {
        allow(m, 420);
    } else if (m->errand->ask.method == STUN_ALLOCATE) {
        foretell_allocate(m, path);
    } else if (m->errand->ask.method == STUN_CONNECTION_BIND) {
        foretell_bind(m, path);
    } else if (!m->allocation) {
        allow(m, 437);
    } else if (!is_owner(m)) {
        allow(m, 441);
    } else if (m->errand->ask.method == STUN_REFRESH) {
        foretell_refresh(m);
    } else if (m->errand->ask.method == STUN_CREATE_PERMISSION) {
        foretell_permission(m);
    } else if (m->errand->ask.method == STUN_CONNECT) {
        foretell_connect(m, path);
    } else {
        foretell_channel(m);
    }
}

static void foretell_signed(struct matter *m, const struct path *path)
{
    enum oracle_word nonce = nonce_word(m, path);
    m->out->may_be_silent = nonce != ORACLE_YES && !path_is_connection(path) &&
                            m->facts->regime->settings.challenges_per_prefix != 0;
    if (m->realm->is_gone) {
        allow(m, 401);
        return;
    }
    if (nonce != ORACLE_YES) {
        allow(m, 438);
    }
    if (nonce == ORACLE_NO || !find_user(m)) {
        return;
    }
    if (is_in_time(m)) {
        foretell_served(m, path);
    } else {
        allow(m, 401);
    }
}

void foretell(const struct foretell_facts *facts, const struct path *path,
              const struct errand *errand, struct foretold *out)
{
    const struct settings *s = &facts->regime->settings;
    struct matter m = {.facts = facts, .errand = errand, .out = out};
    *out = (struct foretold){.path = *path, .errand = *errand};
    struct oracle_allocation *a = oracle_find(facts->oracle, path);
    bool is_bind = errand->ask.method == STUN_CONNECTION_BIND;
    if (is_bind) {
        const struct exchange_call *c = meant(&m);
        a = c ? oracle_find(facts->oracle, &c->path) : NULL;
    }
    m.allocation = oracle_is_live(a, facts->now.mono) ? a : NULL;
    bool is_limited = !path_is_connection(path);
    if (is_elsewhere(&m, path)) {
        out->must_move = true;
    } else if (errand->is_spoilt) {
        out->may_be_silent = true;
        out->any_code = true;
    } else if (errand->ask.method == STUN_BINDING) {
        out->may_be_silent = is_limited && s->bindings_per_prefix != 0;
        if (errand->ask.has_unknown) {
            allow(&m, 420);
        } else {
            succeed(&m, false, 0);
        }
    } else if (!errand->pass) {
        out->may_be_silent = is_limited && s->challenges_per_prefix != 0;
        allow(&m, 401);
    } else {
        m.realm = &s->realm[errand->pass->realm];
        foretell_signed(&m, path);
    }
}
