/* test_review — allocations of what was revoked end, a bounded part at a time. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "engine/nonce.h"
#include "engine/quota.h"
#include "engine/review.h"
#include "support/arena.h"
#include "support/ask.h"
#include "support/dice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REALM "example.org"

enum { CLIENTS_MAX = 4096, CELLS = 1 << 16 };

/* An engine with clients whose names say what they have: "ID.OWNER.TENANT.ISSUED", each part may be
 * empty. */
static struct {
    struct arena arena;
    struct dice dice;
    struct entropy entropy;
    struct limiter limiter;
    struct keyring keyring;
    struct own own;
    struct settings settings;
    struct turn_host host;
    struct turn turn;
    struct quota quota;
    _Atomic uint64_t *cells;
    struct now now;
    uint32_t endpoints;
    int taken;          /* by all accounts */
    unsigned refuse_at; /* the claim that is refused, counted from 1 */
    enum turn_taken refusal;
    unsigned claims;
    uint64_t refused_account;
    uint16_t answer_class_and_code; /* of the last answer */
    uint32_t ended_by_steps;
    unsigned ended[TURN_REASON_COUNT];
    char revoked[128][32]; /* owners and tenants whom the keyring does not know any more */
    enum turn_account revoked_kind[128];
    unsigned revoked_count;
} w;

static void host_send(void *context, const struct path *to, const uint8_t *bytes, size_t size)
{
    struct stun_message m;
    (void)context;
    (void)to;
    assert_int_equal(stun_message_parse(bytes, size, &m), STUN_OK);
    w.answer_class_and_code = 0;
    if (m.class == STUN_ERROR) {
        struct span code = stun_message_value(&m, STUN_KNOWN_ERROR_CODE);
        w.answer_class_and_code = (uint16_t)(code.bytes[2] * 100 + code.bytes[3]);
    }
}

static enum turn_open_result host_open(void *context, const struct turn_wish *wish,
                                       struct turn_endpoint *out)
{
    (void)context;
    (void)wish;
    out->number = w.endpoints++;
    out->told = netaddr_ipv4(0xc6336401, (uint16_t)(1 + out->number % 65535));
    return TURN_OPENED;
}

static void host_close(void *context, uint32_t endpoint)
{
    (void)context;
    (void)endpoint;
}

static enum turn_taken host_take(void *context, const struct turn_claim *claim)
{
    (void)context;
    if (++w.claims == w.refuse_at) {
        w.refused_account = claim->account;
        return w.refusal;
    }
    bool ok = quota_take(&w.quota, claim->account, claim->limit ? claim->limit : 0xffffff);
    w.taken += ok;
    return ok ? TURN_TAKEN : TURN_FULL;
}

static void host_give(void *context, enum turn_account kind, uint64_t account)
{
    (void)context;
    (void)kind;
    assert_true(quota_count(&w.quota, account) > 0);
    quota_give(&w.quota, account);
    w.taken--;
}

static void host_event(void *context, const struct turn_event *event)
{
    (void)context;
    if (event->kind == TURN_EVENT_CLOSED) {
        w.ended[event->reason]++;
    }
}

/* part — the n-th part of a name. */
static struct span part(struct span name, int n)
{
    size_t at = 0;
    for (; n > 0 && at < name.size; at++) {
        n -= name.bytes[at] == '.';
    }
    size_t size = 0;
    while (at + size < name.size && name.bytes[at + size] != '.') {
        size++;
    }
    return (struct span){name.bytes + at, size};
}

static struct stun_key key_of(struct span name)
{
    struct stun_key key = {.size = DIGEST_MD5_SIZE};
    memcpy(key.bytes, name.bytes, name.size < key.size ? name.size : key.size);
    return key;
}

static enum keyring_answer find(void *context, const struct keyring_query *query,
                                const struct digest *digest, struct keyring_found *out)
{
    char number[24] = "";
    (void)context;
    (void)digest;
    struct span id = part(query->name, 0);
    struct span owner = part(query->name, 1);
    struct span tenant = part(query->name, 2);
    struct span issued = part(query->name, 3);
    *out = (struct keyring_found){.count = 1, .name_size = query->name.size};
    out->entry[0].key = key_of(query->name);
    memcpy(out->name, query->name.bytes, query->name.size);
    out->account_at = (size_t)(owner.bytes - query->name.bytes);
    out->account_size = owner.size;
    memcpy(out->rights.id, id.bytes, id.size);
    memcpy(out->rights.tenant, tenant.bytes, tenant.size);
    memcpy(number, issued.bytes, issued.size);
    out->rights.issued.s = atoll(number);
    for (unsigned i = 0; i < w.revoked_count; i++) {
        struct span name = span_of_text(w.revoked[i]);
        if (span_is_equal(w.revoked_kind[i] == TURN_ACCOUNT_TENANT ? tenant : owner, name)) {
            return KEYRING_REVOKED;
        }
    }
    return KEYRING_FOUND;
}

static int begin(void **state)
{
    (void)state;
    memset(&w, 0, sizeof(w));
    arena_init(&w.arena);
    w.dice.state = 1;
    w.entropy = dice_entropy(&w.dice);
    w.keyring.find = find;
    w.cells = calloc(CELLS, sizeof(*w.cells));
    w.quota = (struct quota){w.cells, CELLS - 1};
    w.now = (struct now){{1000 * MONO_SECOND}, {1700000000}};
    w.host = (struct turn_host){
        .send = host_send,
        .open = host_open,
        .close = host_close,
        .take = host_take,
        .give = host_give,
        .event = host_event,
        .memory = &w.arena.memory,
        .entropy = &w.entropy,
        .digest = support_digest(),
        .keyring = &w.keyring,
        .limiter = &w.limiter,
        .nonce_key = {{1, 2}},
        .account_key = {{3, 4}},
        .capacity = CLIENTS_MAX,
    };
    w.settings = (struct settings){
        .generation = 1,
        .own = &w.own,
        .realm_count = 1,
        .nonce_lifetime = NONCE_LIFETIME_MAX,
        .channel_last = CHANNEL_MAX,
    };
    struct settings_realm *realm = &w.settings.realm[0];
    strcpy(realm->name, REALM);
    realm->name_size = strlen(REALM);
    realm->lifetime = 3600;
    realm->max_lifetime = 3600;
    realm->permission_lifetime = 300;
    realm->channel_lifetime = 600;
    realm->permissions_max = 256;
    realm->channels_max = 256;
    policy_init(&realm->policy, &w.own, NULL, 0);
    return turn_init(&w.turn, &w.host, &w.settings, w.now) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    turn_end_all(&w.turn, TURN_REASON_SHUTDOWN, w.now);
    turn_fini(&w.turn);
    free((void *)(uintptr_t)w.cells);
    return w.taken == 0 ? 0 : -1; /* whatever was counted was given back */
}

static struct path path_of(uint32_t client)
{
    return (struct path){
        .kind = PATH_UDP,
        .client = {netaddr_ipv4(0x0b000000 + client / 8, (uint16_t)(20000 + client % 8))}};
}

/* allocate — as the i-th client. Returns 0, or the code of the error. */
static uint16_t allocate(uint32_t client, const char *name)
{
    uint8_t bytes[STUN_MESSAGE_MAX];
    char nonce[NONCE_SIZE];
    struct path path = path_of(client);
    nonce_make(&w.host.nonce_key, &path.client.a, w.now.wall, NONCE_NOTHING, nonce);
    struct ask_credential by = {
        .user = span_of_text(name),
        .realm = span_of_text(REALM),
        .nonce = {(const uint8_t *)nonce, NONCE_SIZE},
        .key = key_of(span_of_text(name)),
        .kind = STUN_INTEGRITY_SHA1,
    };
    struct ask ask = {.method = STUN_ALLOCATE, .transport = 17, .id = {(uint8_t)client}};
    memcpy(ask.id + 4, &client, sizeof(client));
    size_t size = ask_write(&ask, &by, support_digest(), bytes, sizeof(bytes));
    w.answer_class_and_code = 999;
    turn_receive(&w.turn, &path, (struct span){bytes, size}, w.now);
    return w.answer_class_and_code;
}

static void allocate_many(uint32_t first, uint32_t count, const char *name)
{
    for (uint32_t i = first; i < first + count; i++) {
        assert_int_equal(allocate(i, name), 0);
    }
}

static bool is_here(uint32_t client)
{
    struct path path = path_of(client);
    return turn_has_allocation(&w.turn, &path, w.now.mono);
}

static void revoke(enum turn_revoked what, enum turn_account kind, const char *name, int64_t by)
{
    struct turn_revocation r = {
        .what = what, .kind = kind, .issued_by = {by}, .name_size = (uint16_t)strlen(name)};
    memcpy(r.name, name, r.name_size);
    if (what == TURN_REVOKED_ACCOUNT && by == INT64_MAX && kind != TURN_ACCOUNT_CREDENTIAL) {
        w.revoked_kind[w.revoked_count % 128] = kind; /* the keyring comes first, always */
        snprintf(w.revoked[w.revoked_count++ % 128], 32, "%s", name);
    }
    turn_revoke(&w.turn, &r, w.now);
    memset(&r, 0xee, sizeof(r)); /* it was copied */
}

/* finish — tick until nothing is left to be done. Returns how many ticks it took. */
static int finish(void)
{
    int ticks = 0;
    while (turn_is_reviewing(&w.turn)) {
        (void)turn_tick(&w.turn, w.now);
        assert_true(++ticks < 1000);
    }
    return ticks;
}

static const int64_t for_ever = INT64_MAX;

static void accounts_names_and_credentials_are_told_apart(void **state)
{
    (void)state;
    static const char *const names[] = {"c1.alice.north.10", "c2.alice.south.20",
                                        "c3.north.alice.10", ".bob..", "c4.bob.north.30"};
    static const struct {
        enum turn_revoked what;
        enum turn_account kind;
        const char *name;
        int64_t by;
        bool ends[5];
    } rows[] = {
        {TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_USER, "alice", for_ever, {1, 1, 0, 0, 0}},
        {TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_USER, "alice", 10, {1, 0, 0, 0, 0}},
        {TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_USER, "alice", 9, {0, 0, 0, 0, 0}},
        {TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_USER, "alic", for_ever, {0, 0, 0, 0, 0}},
        {TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_TENANT, "north", for_ever, {1, 0, 0, 0, 1}},
        {TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_TENANT, "north", 29, {1, 0, 0, 0, 0}},
        {TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_TENANT, "alice", for_ever, {0, 0, 1, 0, 0}},
        {TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_CREDENTIAL, "c2", for_ever, {0, 1, 0, 0, 0}},
        {TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_CREDENTIAL, "alice", for_ever, {0, 0, 0, 0, 0}},
        {TURN_REVOKED_ACCOUNT,
         TURN_ACCOUNT_USER,
         "bob",
         0,
         {0, 0, 0, 1, 0}}, /* nobody knows when */
        {TURN_REVOKED_NAME, TURN_ACCOUNT_USER, ".bob..", for_ever, {0, 0, 0, 1, 0}},
        {TURN_REVOKED_NAME, TURN_ACCOUNT_USER, "bob", for_ever, {0, 0, 0, 0, 0}},
        {TURN_REVOKED_NAME, TURN_ACCOUNT_USER, "c4.bob.north.30", 29, {0, 0, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        w.revoked_count = 0;
        for (uint32_t k = 0; k < 5; k++) {
            assert_int_equal(allocate(k, names[k]), 0);
        }
        revoke(rows[i].what, rows[i].kind, rows[i].name, rows[i].by);
        finish();
        for (uint32_t k = 0; k < 5; k++) {
            if (is_here(k) == rows[i].ends[k]) {
                fail_msg("row %zu: %s", i, names[k]);
            }
        }
        turn_end_all(&w.turn, TURN_REASON_SHUTDOWN, w.now);
    }
}

static void other_realms_are_left_alone(void **state)
{
    (void)state;
    assert_int_equal(allocate(1, "c1.alice.north.10"), 0);
    struct turn_revocation r = {.what = TURN_REVOKED_ACCOUNT,
                                .kind = TURN_ACCOUNT_USER,
                                .realm = 1,
                                .issued_by = {for_ever},
                                .name_size = 5,
                                .name = "alice"};
    turn_revoke(&w.turn, &r, w.now);
    finish();
    assert_true(is_here(1));
}

static void steps_are_bounded(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    allocate_many(0, MANY, "c1.alice.north.10");
    revoke(TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_TENANT, "north", for_ever);
    assert_int_equal(turn_live(&w.turn), MANY); /* nothing is done within the call */
    assert_true(turn_needs_tick(&w.turn));
    uint32_t live = MANY;
    int ticks = 0;
    while (turn_is_reviewing(&w.turn)) {
        struct mono next = turn_tick(&w.turn, w.now);
        assert_true(live - turn_live(&w.turn) <= REVIEW_STEPS);
        live = turn_live(&w.turn);
        assert_true(!turn_is_reviewing(&w.turn) || next.ns != 0); /* it wants to go on */
        ticks++;
    }
    assert_int_equal(live, 0);
    assert_true(ticks >= MANY / REVIEW_STEPS);
    assert_int_equal(w.ended[TURN_REASON_REVOKED], MANY);
}

static void who_comes_later_is_left_alone(void **state)
{
    (void)state;
    allocate_many(0, 1000, "c1.alice.north.10");
    revoke(TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_TENANT, "north", for_ever);
    (void)turn_tick(&w.turn, w.now);
    assert_true(turn_is_reviewing(&w.turn));
    allocate_many(2000, 10, "c5.bob.south.10");
    finish();
    assert_int_equal(turn_live(&w.turn), 10);
}

static void many_revocations_at_once_are_all_carried_out(void **state)
{
    (void)state;
    enum { MANY = 5 * TURN_REVOCATIONS_MAX, EACH = 20 };
    char name[64];
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "c%u.user%u.t.10", (unsigned)i, (unsigned)i);
        allocate_many(i * EACH, EACH, name);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        if (i % 4 != 3) {
            snprintf(name, sizeof(name), "user%u", (unsigned)i);
            revoke(TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_USER, name, for_ever);
        }
        assert_true(w.turn.revoking <= TURN_REVOCATIONS_MAX);
    }
    finish();
    for (uint32_t i = 0; i < MANY; i++) {
        for (uint32_t k = 0; k < EACH; k++) {
            assert_int_equal(is_here(i * EACH + k), i % 4 == 3);
        }
    }
}

static void without_memory_it_is_done_as_well(void **state)
{
    (void)state;
    allocate_many(0, 700, "c1.alice.north.10");
    allocate_many(1000, 3, "c2.bob.south.10");
    w.arena.is_short = true;
    revoke(TURN_REVOKED_ACCOUNT, TURN_ACCOUNT_TENANT, "north", for_ever);
    w.arena.is_short = false;
    finish();
    assert_int_equal(turn_live(&w.turn), 3);
}

static void name_that_is_not_here_costs_nothing(void **state)
{
    (void)state;
    allocate_many(0, 10, "c1.alice.north.10");
    revoke(TURN_REVOKED_NAME, TURN_ACCOUNT_USER, "c9.nobody.x.1", for_ever);
    assert_false(turn_is_reviewing(&w.turn));
}

static void one_session_is_ended_by_its_number(void **state)
{
    (void)state;
    allocate_many(0, 3, "c1.alice.north.10");
    uint64_t second = w.turn.sessions - 1;
    assert_false(turn_kick(&w.turn, 0, w.now));
    assert_true(turn_kick(&w.turn, second, w.now));
    assert_false(turn_kick(&w.turn, second, w.now));
    assert_int_equal(turn_live(&w.turn), 2);
    assert_false(is_here(1));
    assert_int_equal(w.ended[TURN_REASON_KICKED], 1);
}

/* ---- what an allocation is counted by */

static void claims_are_all_or_none(void **state)
{
    (void)state;
    enum { CLAIMS = 5 }; /* node, realm, user, tenant, credential */
    static const enum turn_taken refusals[] = {TURN_FULL, TURN_TAKE_LATER};
    for (int k = 0; k < 2; k++) {
        for (unsigned i = 1; i <= CLAIMS; i++) {
            w.claims = 0;
            w.refuse_at = i;
            w.refusal = refusals[k];
            uint16_t code = allocate(10 * (uint32_t)k + i, "c1.alice.north.10");
            assert_int_equal(code, refusals[k] == TURN_FULL ? 486 : 999);
            assert_int_equal(w.taken, 0);
            assert_int_equal(turn_live(&w.turn), 0);
        }
    }
    w.claims = 0;
    w.refuse_at = 0;
    assert_int_equal(allocate(30, "c1.alice.north.10"), 0);
    assert_int_equal(w.claims, CLAIMS);
    assert_int_equal(w.taken, CLAIMS);
    w.claims = 0;
    assert_int_equal(allocate(31, ".alice.."), 0); /* a plain user */
    assert_int_equal(w.claims, 3);
}

static void share_that_arrives_answers_those_who_wait(void **state)
{
    (void)state;
    w.refusal = TURN_TAKE_LATER;
    for (uint32_t i = 0; i < 3; i++) {
        w.claims = 0;
        w.refuse_at = 4; /* the tenant's */
        assert_int_equal(allocate(8 * i, "c1.alice.north.10"), 999);
    }
    uint64_t account = w.refused_account;
    w.refuse_at = 0;
    turn_share_arrived(&w.turn, account + 1, w.now);
    assert_int_equal(turn_live(&w.turn), 0);
    turn_share_arrived(&w.turn, account, w.now);
    assert_int_equal(turn_live(&w.turn), 3);
    assert_int_equal(w.answer_class_and_code, 0);
    turn_share_arrived(&w.turn, account, w.now); /* each once */
    assert_int_equal(turn_live(&w.turn), 3);
}

static void share_that_is_too_small_lets_the_rest_wait(void **state)
{
    (void)state;
    w.refusal = TURN_TAKE_LATER;
    for (uint32_t i = 0; i < 4; i++) {
        w.claims = 0;
        w.refuse_at = 4;
        assert_int_equal(allocate(8 * i, "c1.alice.north.10"), 999);
    }
    w.claims = 0;
    w.refuse_at = 5 + 4; /* there is room for one: the second has to wait again */
    turn_share_arrived(&w.turn, w.refused_account, w.now);
    assert_int_equal(turn_live(&w.turn), 1);
    w.refuse_at = 0;
    turn_share_arrived(&w.turn, w.refused_account, w.now);
    assert_int_equal(turn_live(&w.turn), 4);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accounts_names_and_credentials_are_told_apart, begin, end),
        cmocka_unit_test_setup_teardown(other_realms_are_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(steps_are_bounded, begin, end),
        cmocka_unit_test_setup_teardown(who_comes_later_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(many_revocations_at_once_are_all_carried_out, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_it_is_done_as_well, begin, end),
        cmocka_unit_test_setup_teardown(name_that_is_not_here_costs_nothing, begin, end),
        cmocka_unit_test_setup_teardown(one_session_is_ended_by_its_number, begin, end),
        cmocka_unit_test_setup_teardown(claims_are_all_or_none, begin, end),
        cmocka_unit_test_setup_teardown(share_that_arrives_answers_those_who_wait, begin, end),
        cmocka_unit_test_setup_teardown(share_that_is_too_small_lets_the_rest_wait, begin, end),
    };
    return cmocka_run_group_tests_name("review", tests, NULL, NULL);
}
