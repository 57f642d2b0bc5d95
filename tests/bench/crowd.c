/* crowd — an engine with a great many clients. */
/* SPDX-License-Identifier: MIT */
#include "bench/crowd.h"

#include "bench/stopwatch.h"
#include "engine/nonce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REALM "bench.example.org"

enum { LIFETIME = 3600 };

static void *must_have(size_t count, size_t size)
{
    void *at = calloc(count, size);
    if (!at) {
        abort();
    }
    return at;
}

static void send(void *context, const struct path *to, const uint8_t *bytes, size_t size)
{
    struct crowd *c = context;
    (void)to;
    c->successes += size > 2 && (bytes[0] & 1) == 1 && (bytes[1] & 0x10) == 0 ? 1 : 0;
}

static enum turn_open_result open_endpoint(void *context, const struct turn_wish *wish,
                                           struct turn_endpoint *out)
{
    struct crowd *c = context;
    (void)wish;
    out->number = c->free_count > 0 ? c->free_endpoints[--c->free_count] : c->next_endpoint++;
    out->told =
        netaddr_ipv4(0x05000001 + out->number / 16384, (uint16_t)(49152 + out->number % 16384));
    c->endpoint_of[c->opening] = out->number;
    return TURN_OPENED;
}

static void close_endpoint(void *context, uint32_t endpoint)
{
    struct crowd *c = context;
    c->free_endpoints[c->free_count++] = endpoint;
}

static enum turn_taken take(void *context, const struct turn_claim *claim)
{
    uint32_t limit = claim->limit ? claim->limit : 0xffffff;
    struct crowd *c = context;
    return quota_take(&c->quota, claim->account, limit) ? TURN_TAKEN : TURN_FULL;
}

static void give(void *context, enum turn_account kind, uint64_t account)
{
    (void)kind;
    struct crowd *c = context;
    quota_give(&c->quota, account);
}

static void event(void *context, const struct turn_event *e)
{
    (void)context;
    (void)e;
}

/* key_of — a key that costs nothing to find: the store's work is not the core's. */
static struct stun_key key_of(uint32_t i)
{
    struct dice d = {i};
    struct stun_key key = {.size = DIGEST_MD5_SIZE};
    dice_fill(&d, key.bytes, key.size);
    return key;
}

static void name_of(uint32_t i, char out[CROWD_NAME_SIZE + 1])
{
    snprintf(out, CROWD_NAME_SIZE + 1, "%08x@a-tenant-with-a-name.example.org.......", (unsigned)i);
    memset(out + strlen(out), '.', CROWD_NAME_SIZE - strlen(out));
    out[CROWD_NAME_SIZE] = '\0';
}

static uint32_t number_in(const uint8_t *name)
{
    uint32_t i = 0;
    for (int k = 0; k < 8; k++) {
        i = i << 4 | (uint32_t)(name[k] <= '9' ? name[k] - '0' : name[k] - 'a' + 10);
    }
    return i;
}

static enum keyring_answer find(void *context, const struct keyring_query *query,
                                const struct digest *digest, struct keyring_found *out)
{
    (void)context;
    (void)digest;
    out->count = 1;
    out->entry[0].key = key_of(number_in(query->name.bytes));
    out->entry[0].expires.s = 0;
    memcpy(out->name, query->name.bytes, query->name.size);
    out->name_size = query->name.size;
    out->account_at = 0;
    out->account_size = query->name.size;
    return KEYRING_FOUND;
}

static void settle(struct crowd *c)
{
    c->settings = (struct settings){
        .generation = 1,
        .own = &c->own,
        .realm_count = 1,
        .nonce_lifetime = NONCE_LIFETIME_MAX,
        .channel_last = CHANNEL_MAX,
        .software = "turnpike",
    };
    struct settings_realm *realm = &c->settings.realm[0];
    strcpy(realm->name, REALM);
    realm->name_size = strlen(REALM);
    realm->lifetime = LIFETIME;
    realm->max_lifetime = LIFETIME;
    realm->permission_lifetime = LIFETIME;
    realm->channel_lifetime = LIFETIME;
    realm->permissions_max = 256;
    realm->channels_max = 256;
    policy_init(&realm->policy, &c->own, NULL, 0);
}

struct crowd *crowd_new(uint32_t capacity, size_t huge_from)
{
    struct crowd *c = must_have(1, sizeof(*c));
    size_t cells = 1024;
    while (cells < (size_t)capacity * 4) {
        cells *= 2;
    }
    arena_init(&c->arena);
    c->arena.huge_from = huge_from;
    digest_init(&c->digest);
    c->dice.state = capacity;
    c->entropy = dice_entropy(&c->dice);
    c->keyring = (struct keyring){.find = find};
    c->quota = (struct quota){must_have(cells, sizeof(*c->quota.cell)), cells - 1};
    c->free_endpoints = must_have((size_t)capacity * 2, sizeof(uint32_t));
    c->endpoint_of = must_have(capacity, sizeof(uint32_t));
    c->capacity = capacity;
    c->now = (struct now){{1000 * MONO_SECOND}, {1700000000}};
    c->host = (struct turn_host){
        .context = c,
        .send = send,
        .open = open_endpoint,
        .close = close_endpoint,
        .take = take,
        .give = give,
        .event = event,
        .memory = &c->arena.memory,
        .entropy = &c->entropy,
        .digest = &c->digest.digest,
        .keyring = &c->keyring,
        .limiter = &c->limiter,
        .nonce_key = {{1, 2}},
        .account_key = {{3, 4}},
        .capacity = capacity,
    };
    settle(c);
    if (!turn_init(&c->turn, &c->host, &c->settings, c->now)) {
        abort();
    }
    return c;
}

void crowd_free(struct crowd *c)
{
    turn_end_all(&c->turn, TURN_REASON_SHUTDOWN, c->now);
    turn_fini(&c->turn);
    digest_fini(&c->digest);
    free((void *)(uintptr_t)c->quota.cell);
    free(c->free_endpoints);
    free(c->endpoint_of);
    free(c);
}

struct path crowd_path(uint32_t i)
{
    enum { PER_HOST = 4 }; /* clients behind one address */
    struct path path = {.kind = PATH_UDP, .listener = 1};
    path.client.a = netaddr_ipv4(0x0b000000 + i / PER_HOST, (uint16_t)(20000 + i % PER_HOST * 777));
    return path;
}

bool crowd_is_here(const struct crowd *c, uint32_t i)
{
    struct path path = crowd_path(i);
    return flow_find(&c->turn.flows, flow_hash(&c->turn.flows, &path), &path) != FLOW_NONE;
}

struct peer_addr crowd_peer(uint32_t i, uint32_t k)
{
    uint32_t ip = 0x14000000 + (i * 2654435761u + k * 40503u) % 0x04000000;
    return (struct peer_addr){netaddr_ipv4(ip, (uint16_t)(30000 + k))};
}

size_t crowd_write(struct crowd *c, uint32_t i, uint16_t method, uint32_t k, bool is_last,
                   uint8_t bytes[CROWD_MESSAGE_MAX])
{
    char name[CROWD_NAME_SIZE + 1];
    char nonce[NONCE_SIZE];
    struct path path = crowd_path(i);
    name_of(i, name);
    nonce_make(&c->host.nonce_key, &path.client.a, c->now.wall, NONCE_ALGORITHMS | NONCE_USERHASH,
               nonce);
    struct ask_credential by = {
        .user = {(const uint8_t *)name, CROWD_NAME_SIZE},
        .realm = span_of_text(REALM),
        .nonce = {(const uint8_t *)nonce, sizeof(nonce)},
        .key = key_of(i),
        .kind = STUN_INTEGRITY_SHA1,
    };
    struct ask ask = {.method = method, .has_fingerprint = true};
    dice_fill(&c->dice, ask.id, sizeof(ask.id));
    ask.transport = method == STUN_ALLOCATE ? STUN_TRANSPORT_UDP : 0;
    ask.has_lifetime = method == STUN_ALLOCATE || method == STUN_REFRESH;
    ask.lifetime = is_last ? 0 : LIFETIME;
    if (method == STUN_CREATE_PERMISSION || method == STUN_CHANNEL_BIND) {
        ask.peer[ask.peer_count++] = crowd_peer(i, k).a;
    }
    ask.channel = method == STUN_CHANNEL_BIND ? (uint16_t)(CROWD_CHANNEL + k) : 0;
    return ask_write(&ask, &by, &c->digest.digest, bytes, CROWD_MESSAGE_MAX);
}

uint64_t crowd_receive(struct crowd *c, uint32_t i, const uint8_t *bytes, size_t size)
{
    struct path path = crowd_path(i);
    uint64_t before = c->successes;
    c->opening = i;
    uint64_t from = stopwatch_now();
    turn_receive(&c->turn, &path, (struct span){bytes, size}, c->now);
    uint64_t took = stopwatch_now() - from;
    if (c->successes != before + 1) {
        fprintf(stderr, "client %u: no success\n", (unsigned)i);
        abort();
    }
    return took;
}
