/* stage — the world round one engine. */
/* SPDX-License-Identifier: MIT */
#include "scene/stage.h"

#include "engine/allocation.h"
#include "engine/connect.h"
#include "engine/park.h"

#include <stdlib.h>
#include <sys/mman.h>

static void *memory_reserve(void *context, size_t size)
{
    struct stage_memory *m = context;
    void *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        abort();
    }
    m->reservations++;
    return at;
}

static bool memory_commit(void *context, void *at, size_t size)
{
    struct stage_memory *m = context;
    m->commits++;
    if (m->fail_at != 0 && (m->commits == m->fail_at || (m->fail_all && m->commits > m->fail_at))) {
        return false;
    }
    return mprotect(at, size, PROT_READ | PROT_WRITE) == 0;
}

static void memory_release(void *context, void *at, size_t size)
{
    struct stage_memory *m = context;
    m->reservations--;
    munmap(at, size);
}

struct stage_heard *stage_hear(struct stage *s, enum stage_deed deed, struct span bytes)
{
    if (s->heard_count == STAGE_HEARD_MAX) {
        abort();
    }
    struct stage_heard *h = &s->heard[s->heard_count++];
    *h = (struct stage_heard){.deed = deed, .size = bytes.size, .bytes = malloc(bytes.size + 1)};
    if (bytes.size > 0) {
        memcpy(h->bytes, bytes.bytes, bytes.size);
    }
    return h;
}

static void host_send(void *context, const struct path *to, const uint8_t *bytes, size_t size)
{
    struct stage *s = context;
    struct stage_heard *h = stage_hear(s, STAGE_DEED_NONE, (struct span){bytes, size});
    h->is_from_engine = true;
    h->path = *to;
    if (!stage_connections_has(s, to)) {
        s->broken = "the engine sends along a connection that is gone";
    }
    if (size > STUN_MESSAGE_MAX) {
        s->broken = "a message of the engine is larger than STUN_MESSAGE_MAX";
    }
}

static enum turn_taken host_take(void *context, const struct turn_claim *claim)
{
    struct stage *s = context;
    bool is_shared =
        claim->limit > 0 && claim->kind != TURN_ACCOUNT_NODE && claim->kind != TURN_ACCOUNT_REALM;
    if (is_shared && s->are_shares_late) {
        s->awaited = claim->account;
        return TURN_TAKE_LATER;
    }
    bool ok = quota_take(&s->quota, claim->account, claim->limit ? claim->limit : 0xffffff);
    s->taken += ok ? 1 : 0;
    return ok ? TURN_TAKEN : TURN_FULL;
}

static void host_give(void *context, enum turn_account kind, uint64_t account)
{
    struct stage *s = context;
    (void)kind;
    quota_give(&s->quota, account);
    s->taken--;
}

static void host_event(void *context, const struct turn_event *event)
{
    struct stage *s = context;
    if (s->event_count == STAGE_EVENTS_MAX) {
        memmove(s->event, s->event + 1, sizeof(s->event) - sizeof(s->event[0]));
        s->event_count--;
    }
    struct stage_event *e = &s->event[s->event_count++];
    *e = (struct stage_event){
        .kind = event->kind,
        .reason = event->reason,
        .method = event->method,
        .code = event->code,
        .relayed = {event->relayed[0], event->relayed[1]},
        .peer = event->peer,
        .session = event->session,
        .duration_ns = event->duration_ns,
        .up = event->up,
        .down = event->down,
        .permissions = event->permissions,
        .channels = event->channels,
    };
    e->user_size = event->user.size < sizeof(e->user) ? event->user.size : sizeof(e->user) - 1;
    if (e->user_size > 0) {
        memcpy(e->user, event->user.bytes, e->user_size);
    }
    if (event->realm.size > 0) {
        memcpy(e->realm, event->realm.bytes, event->realm.size);
    }
}

struct stage *stage_new(unsigned fail_at, bool fail_all)
{
    struct stage *s = calloc(1, sizeof(*s));
    stage_config_init(&s->config);
    s->now = (struct now){{1000 * MONO_SECOND}, {1700000000}};
    s->memory = (struct stage_memory){
        .memory = {&s->memory, memory_reserve, memory_commit, memory_release},
        .fail_at = fail_at,
        .fail_all = fail_all,
    };
    s->entropy = dice_entropy(&s->dice); /* the same numbers in every run */
    digest_init(&s->evp);
    s->digest = s->evp.digest;
    s->keyring = (struct keyring){s, stage_keyring_find};
    s->limiter = calloc(1, sizeof(*s->limiter));
    dice_fill(&s->dice, &s->limiter->key, sizeof(s->limiter->key));
    s->quota_memory = calloc(STAGE_QUOTA_CELLS, sizeof(uint64_t));
    s->quota = (struct quota){s->quota_memory, STAGE_QUOTA_CELLS - 1};
    s->snapshot[0] = calloc(1, sizeof(struct stage_snapshot));
    s->snapshot[1] = calloc(1, sizeof(struct stage_snapshot));
    s->turn = calloc(1, sizeof(*s->turn));
    return s;
}

void stage_free(struct stage *s)
{
    stage_hear_nothing(s);
    digest_fini(&s->evp);
    for (int i = 0; i < OWN_HOSTS_MAX; i++) {
        free(s->live[i]);
    }
    free(s->turn);
    free(s->snapshot[0]);
    free(s->snapshot[1]);
    free(s->quota_memory);
    free(s->limiter);
    free(s);
}

bool stage_start(struct stage *s)
{
    if (s->is_started || s->is_dead) {
        return s->is_started;
    }
    s->host = (struct turn_host){
        .context = s,
        .send = host_send,
        .open = stage_ports_open,
        .close = stage_ports_close,
        .connect = stage_connections_connect,
        .disconnect = stage_connections_disconnect,
        .join = stage_connections_join,
        .move = stage_connections_move,
        .take = host_take,
        .give = host_give,
        .event = host_event,
        .memory = &s->memory.memory,
        .entropy = &s->entropy,
        .digest = &s->digest,
        .keyring = &s->keyring,
        .limiter = s->limiter,
        .worker = STAGE_WORKER,
        .capacity = s->config.capacity,
    };
    dice_fill(&s->dice, &s->host.nonce_key, sizeof(s->host.nonce_key));
    dice_fill(&s->dice, &s->host.account_key, sizeof(s->host.account_key));
    stage_config_snapshot(s, s->snapshot[0]);
    s->is_started = turn_init(s->turn, &s->host, &s->snapshot[0]->settings, s->now);
    s->is_dead = !s->is_started;
    return s->is_started;
}

void stage_reload(struct stage *s)
{
    if (s->is_started) {
        s->which ^= 1;
        stage_config_snapshot(s, s->snapshot[s->which]);
        turn_reload(s->turn, &s->snapshot[s->which]->settings);
        stage_wait(s, 0);
    }
}

void stage_sleep(struct stage *s, uint64_t ns)
{
    int64_t before = (int64_t)(s->now.mono.ns / MONO_SECOND);
    s->now.mono.ns += ns;
    s->now.wall.s += (int64_t)(s->now.mono.ns / MONO_SECOND) - before;
}

static void tick_until(struct stage *s, struct mono target)
{
    struct mono next = turn_tick(s->turn, s->now);
    while (next.ns != 0 && !mono_is_before(target, next)) {
        if (mono_is_before(s->now.mono, next)) {
            stage_sleep(s, next.ns - s->now.mono.ns);
        }
        next = turn_tick(s->turn, s->now);
    }
    s->due = next;
}

void stage_wait(struct stage *s, uint64_t seconds)
{
    struct mono target = mono_add_s(s->now.mono, seconds);
    struct mono next = stage_connections_next(s);
    for (; next.ns != 0 && !mono_is_before(target, next); next = stage_connections_next(s)) {
        tick_until(s, next);
        if (mono_is_before(s->now.mono, next)) {
            stage_sleep(s, next.ns - s->now.mono.ns);
        }
        stage_connections_expire(s);
    }
    if (s->is_started) {
        tick_until(s, target);
    }
    stage_sleep(s, target.ns - s->now.mono.ns);
}

/* A datagram in a buffer of exactly the room that was promised, so that sanitizers see a step
 * beyond it. */
static uint8_t *buffer_of(struct span bytes, struct packet *p)
{
    uint8_t *buffer = malloc(PACKET_HEADROOM + bytes.size + PACKET_TAILROOM);
    memset(buffer, 0xee, PACKET_HEADROOM + bytes.size + PACKET_TAILROOM);
    p->bytes = buffer + PACKET_HEADROOM;
    p->size = (uint32_t)bytes.size;
    if (bytes.size > 0) {
        memcpy(p->bytes, bytes.bytes, bytes.size);
    }
    return buffer;
}

static void deliver(struct stage *s, const struct verdict *v)
{
    struct stage_heard *h = stage_hear(s, STAGE_DEED_NONE, (struct span){v->bytes, v->length});
    h->tos = v->tos;
    h->df = v->df;
    if (v->kind == FORWARD_TO_CLIENT) {
        h->path = *v->path;
        if (!stage_connections_has(s, &h->path)) {
            s->broken = "a verdict names a connection that is gone";
        }
        return;
    }
    h->is_to_peer = true;
    h->endpoint = v->endpoint;
    h->peer = v->peer;
    if (v->endpoint >= STAGE_ENDPOINTS_MAX || !s->endpoint[v->endpoint].is_open ||
        s->endpoint[v->endpoint].is_stream) {
        s->broken = "a verdict names an endpoint that is not open to datagrams";
        return;
    }
    h->local = s->endpoint[v->endpoint].local;
    uint32_t other = UINT32_MAX; /* the kernel brings it straight back to a relay socket of ours */
    for (uint32_t i = 0; i < STAGE_ENDPOINTS_MAX && other == UINT32_MAX; i++) {
        bool is_it = s->endpoint[i].is_open && netaddr_is_equal(&s->endpoint[i].local, &h->peer.a);
        other = is_it ? i : other;
    }
    if (other != UINT32_MAX) {
        struct stage_heard copy = *h;
        s->heard_count--;
        stage_from_peer(s, other, &copy.local, (struct span){copy.bytes, copy.size}, copy.tos);
        free(copy.bytes);
    }
}

void stage_from_client(struct stage *s, const struct path *path, struct span bytes, uint8_t tos)
{
    struct packet p = {.tos = path_is_stream(path) ? 0 : tos, .path = *path};
    uint8_t *buffer = buffer_of(bytes, &p);
    forward_prepare_client(&s->turn->flows, &p, 1);
    struct verdict v = forward_from_client(&s->turn->flows, &p, s->now.mono);
    for (int i = 0; v.kind == FORWARD_RECHECK && i < 3; i++) {
        turn_recheck(s->turn, v.permit);
        v = forward_from_client(&s->turn->flows, &p, s->now.mono);
    }
    if (v.kind == FORWARD_TO_PEER) {
        deliver(s, &v);
    } else if (v.kind == FORWARD_CONTROL) {
        turn_receive(s->turn, path, (struct span){p.bytes, p.size}, s->now);
    } else if (v.kind != FORWARD_DROP) {
        s->broken = "a client's datagram got a verdict it must not get";
    }
    free(buffer);
}

void stage_from_peer(struct stage *s, uint32_t endpoint, const struct netaddr *peer,
                     struct span bytes, uint8_t tos)
{
    struct packet p = {.tos = tos, .endpoint = endpoint, .peer = {*peer}};
    uint8_t *buffer = buffer_of(bytes, &p);
    forward_prepare_peer(&s->turn->flows, &p, 1);
    struct verdict v = forward_from_peer(&s->turn->flows, &p, s->now.mono);
    for (int i = 0; v.kind == FORWARD_RECHECK && i < 3; i++) {
        turn_recheck(s->turn, v.permit);
        v = forward_from_peer(&s->turn->flows, &p, s->now.mono);
    }
    if (v.kind == FORWARD_TO_CLIENT) {
        deliver(s, &v);
    } else if (v.kind != FORWARD_DROP) {
        s->broken = "a peer's datagram got a verdict it must not get";
    }
    free(buffer);
}

void stage_drop_heard(struct stage *s, int i)
{
    free(s->heard[i].bytes);
    memmove(&s->heard[i], &s->heard[i + 1], sizeof(s->heard[0]) * (size_t)(s->heard_count - i - 1));
    s->heard_count--;
}

void stage_hear_nothing(struct stage *s)
{
    while (s->heard_count > 0) {
        stage_drop_heard(s, s->heard_count - 1);
    }
}

static bool adds_up(const struct flow_counts *c)
{
    uint64_t sum = c->forwarded + c->control;
    for (int i = 0; i < FLOW_DROP_COUNT; i++) {
        sum += c->dropped[i];
    }
    return sum == c->received;
}

/* chained — the peer connections that hang on allocations. */
static uint64_t chained(const struct turn *t)
{
    uint64_t count = 0;
    for (uint32_t flow = 0; flow < t->flows.flows.touched; flow++) {
        bool is_live = (flow_at(&t->flows, flow)->link.generation & 1) != 0;
        count += is_live ? allocation_at(t, flow)->peer_count : 0;
    }
    return count;
}

const char *stage_check(const struct stage *s)
{
    const struct turn *t = s->turn;
    uint64_t calls = 0;
    for (uint32_t i = 0; s->is_started && i < STAGE_CALLS_MAX; i++) {
        const struct stage_call *c = &s->call[i];
        if (c->state == STAGE_CALL_NONE) {
            continue;
        }
        calls++;
        const struct peer_connection *p = peer_connection_at(t, c->link);
        bool is_same = (p->link.generation & 1) != 0 && p->number == i &&
                       p->state == (uint8_t)(c->state - STAGE_CALL_BEGUN) &&
                       peer_connection_of(t, p->id) == c->link;
        if (!is_same) {
            return "the engine's record of a peer connection is another than the host's";
        }
    }
    bool adds_up = !s->is_started || (calls == t->peers.live && calls == t->peer_by_id.entries &&
                                      calls == chained(t));
    return adds_up ? s->broken : "the engine has other peer connections than the host";
}

static const char *find_leak(const struct stage *s)
{
    const struct turn *t = s->turn;
    const struct flow_table *f = &t->flows;
    uint64_t open = 0;
    uint64_t counted = 0;
    uint64_t calls = 0;
    for (uint32_t i = 0; i < STAGE_CALLS_MAX; i++) {
        calls += s->call[i].state != STAGE_CALL_NONE ? 1 : 0;
    }
    for (uint32_t i = 0; i < STAGE_ENDPOINTS_MAX; i++) {
        open += s->endpoint[i].is_open ? 1 : 0;
        open += flow_of_endpoint(f, i) != FLOW_NONE ? 1 : 0;
    }
    for (size_t i = 0; i < STAGE_QUOTA_CELLS; i++) {
        counted += s->quota.cell[i] != 0 ? 1 : 0;
    }
    const struct {
        uint64_t left;
        const char *what;
    } looks[] = {
        {f->flows.live, "a flow is left"},
        {f->permits.live, "a permit is left"},
        {f->channels.live, "a channel is left"},
        {f->by_path.entries, "an entry in by_path is left"},
        {f->by_number.entries, "an entry in by_number is left"},
        {f->by_peer.entries, "an entry in by_peer is left"},
        {f->by_host.entries, "an entry in by_host is left"},
        {t->users.users.live, "a user is left"},
        {t->users.tails.live, "the rest of a user's name is left"},
        {t->users.by_name.entries, "an entry in by_name is left"},
        {t->wheel.waiting, "a timer is left"},
        {t->peers.live, "a peer connection is left"},
        {t->peer_by_id.entries, "an entry in peer_by_id is left"},
        {calls, "a peer is still connected"},
        {open, "an endpoint is left"},
        {counted, "a quota is left"},
        {s->taken, "quotas taken and given differ"},
        {t->counts.opened - t->counts.closed, "allocations opened and closed differ"},
        {park_next(t).ns, "a parked request is left"},
        {!adds_up(&f->up), "the counters up do not add up"},
        {!adds_up(&f->down), "the counters down do not add up"},
    };
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        if (looks[i].left != 0) {
            return looks[i].what;
        }
    }
    return NULL;
}

const char *stage_finish(struct stage *s, bool at_once)
{
    if (!s->is_started) {
        return s->memory.reservations ? "address space is left after a failed start" : s->broken;
    }
    stage_wait(s, 3);
    if (at_once) {
        turn_end_all(s->turn, TURN_REASON_SHUTDOWN, s->now);
    }
    for (int i = 0; i < 1000 && turn_live(s->turn) > 0; i++) {
        stage_wait(s, 3600);
    }
    const char *leak = find_leak(s);
    turn_fini(s->turn);
    s->is_started = false;
    if (!s->broken) {
        s->broken = leak;
    }
    if (!s->broken && s->memory.reservations) {
        s->broken = "address space is left";
    }
    return s->broken;
}
