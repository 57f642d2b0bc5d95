/* test_lease — shares of quotas that hold over many nodes: within them at once, beyond them the
 * store is asked. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "store/lease.h"
#include "store/store_backend.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct event_base *base;
static struct worker_shared shared; /* no worker is told: the tests ask again by themselves */
static struct store *store;
static struct lease_book *book;

/* ---- a store that is shared, and says what the test wants */

static struct store *far_store;
static struct store_request *asked[16];
static int asked_count;

static void *far_open(struct store *s, const struct store_parts *parts, char *name,
                      size_t name_room, char *why, size_t why_room)
{
    (void)why;
    (void)why_room;
    snprintf(name, name_room, "%s", parts->url);
    far_store = s;
    return &far_store;
}

static void far_close(void *backend)
{
    (void)backend;
    for (int i = 0; i < asked_count; i++) {
        store_fail(asked[i], STORE_DOWN, "closed");
    }
    asked_count = 0;
}

static void far_submit(void *backend, struct store_request *rq)
{
    (void)backend;
    assert_true(asked_count < 16);
    assert_int_equal(rq->verb, STORE_LEASE);
    asked[asked_count++] = rq;
}

static bool far_follow(void *backend, const char *const *realms, size_t count)
{
    (void)backend;
    (void)realms;
    (void)count;
    return true;
}

/* In place of the one that speaks to Redis. */
const struct store_backend store_backend_redis = {
    .is_shared = true,
    .is_kept = true,
    .open = far_open,
    .close = far_close,
    .submit = far_submit,
    .follow = far_follow,
};

static void on_state(void *context, bool is_up, bool has_lost, const char *why)
{
    (void)context;
    (void)is_up;
    (void)has_lost;
    (void)why;
}

static void on_notice(void *context, const char *realm, const struct store_item *item)
{
    (void)context;
    (void)realm;
    (void)item;
}

static int begin(void **state)
{
    char why[256];
    (void)state;
    base = event_base_new();
    struct store_parts parts = {
        .url = "redis://far", .node = "n", .base = base, .events = {NULL, on_state, on_notice}};
    store = store_open(&parts, why, sizeof(why));
    book = store ? lease_book_new(base, &shared, store) : NULL;
    if (!book) {
        return -1;
    }
    store_tell_state(far_store, true, false, "");
    return 0;
}

static int end(void **state)
{
    (void)state;
    store_close(store);
    lease_book_free(book);
    lease_book_free(NULL);
    event_base_free(base);
    return 0;
}

static enum turn_taken take(uint64_t account, uint32_t limit)
{
    const struct worker_shares *s = lease_book_shares(book);
    struct turn_claim claim = {.kind = TURN_ACCOUNT_USER,
                               .account = account,
                               .limit = limit,
                               .realm = span_of_text("example.org"),
                               .name = span_of_text("alice")};
    return s->take(s->context, 0, &claim);
}

static void give(uint64_t account)
{
    const struct worker_shares *s = lease_book_shares(book);
    s->give(s->context, account);
}

/* next — the request that is made of what workers wait for. */
static struct store_lease *next(void)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    assert_int_equal(asked_count, 1);
    return &asked[0]->lease;
}

static void answer(enum store_result result, uint32_t granted)
{
    assert_int_equal(asked_count, 1);
    asked_count = 0;
    if (result == STORE_OK) {
        asked[0]->result = STORE_OK;
        asked[0]->lease.granted = granted;
        store_answer(asked[0]);
    } else {
        store_fail(asked[0], result, "it will not");
    }
}

static void assert_nothing_asked(void)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    assert_int_equal(asked_count, 0);
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* ---- tests */

static void beyond_the_share_the_store_is_asked(void **state)
{
    (void)state;
    assert_int_equal(take(1, 10), TURN_TAKE_LATER);
    assert_int_equal(take(1, 10), TURN_TAKE_LATER); /* another client; it is asked for once */
    struct store_lease *l = next();
    assert_int_equal(l->account.size, strlen("user/alice"));
    assert_memory_equal(l->account.bytes, "user/alice", l->account.size);
    assert_string_equal(asked[0]->realm, "example.org");
    assert_int_equal(l->used, 0);
    assert_int_equal(l->want, 3); /* the two that wait, and one of eight that are free */
    assert_int_equal(l->limit, 10);
    assert_int_equal(l->seconds, LEASE_SECONDS);
    answer(STORE_OK, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(take(1, 10), TURN_TAKEN);
    }
    assert_nothing_asked();
    assert_int_equal(take(1, 10), TURN_TAKE_LATER);
    assert_int_equal(next()->used, 3);
    answer(STORE_OK, 4);
    assert_int_equal(take(1, 10), TURN_TAKEN);
    give(1);
    assert_int_equal(take(1, 10), TURN_TAKEN); /* what was given is there again */
    assert_nothing_asked();
    assert_int_equal(lease_book_count(book), 1);
}

static void kinds_of_accounts_have_keys_of_their_own(void **state)
{
    (void)state;
    static const struct {
        enum turn_account kind;
        const char *key;
    } rows[] = {{TURN_ACCOUNT_USER, "user/x\xff/y"},
                {TURN_ACCOUNT_TENANT, "tenant/x\xff/y"},
                {TURN_ACCOUNT_CREDENTIAL, "credential/x\xff/y"}};
    const struct worker_shares *s = lease_book_shares(book);
    for (uint64_t i = 0; i < 3; i++) {
        struct turn_claim claim = {.kind = rows[i].kind,
                                   .account = i + 1,
                                   .limit = 1,
                                   .realm = span_of_text("r"),
                                   .name = span_of_text("x\xff/y")};
        assert_int_equal(s->take(s->context, 0, &claim), TURN_TAKE_LATER);
        struct store_lease *l = next();
        assert_int_equal(l->want, 1);
        assert_true(span_is_equal(l->account, span_of_text(rows[i].key)));
        answer(STORE_OK, 1);
    }
}

static void there_is_no_more_for_a_moment(void **state)
{
    (void)state;
    assert_int_equal(take(1, 5), TURN_TAKE_LATER);
    assert_int_equal(next()->want, 1);
    answer(STORE_OK, 0); /* other nodes have it all */
    assert_int_equal(take(1, 5), TURN_FULL);
    assert_nothing_asked(); /* whoever tries and tries asks nobody */
    pause_ms(250);
    assert_int_equal(take(1, 5), TURN_TAKE_LATER);
    next();
    answer(STORE_OK, 1);
    assert_int_equal(take(1, 5), TURN_TAKEN);
}

static void store_that_refuses_is_not_asked_again_at_once(void **state)
{
    (void)state;
    assert_int_equal(take(1, 5), TURN_TAKE_LATER);
    next();
    answer(STORE_REFUSED, 0);
    assert_int_equal(take(1, 5), TURN_TAKEN);
    assert_nothing_asked();
}

static void where_the_store_refuses_the_node_keeps_to_its_part(void **state)
{
    (void)state;
    lease_book_set_nodes(book, 4);
    assert_int_equal(take(1, 10), TURN_TAKE_LATER);
    next();
    answer(STORE_REFUSED, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(take(1, 10), TURN_TAKEN);
    }
    assert_int_equal(take(1, 10), TURN_FULL);
    assert_nothing_asked();
}

static void alone_the_node_keeps_to_its_part(void **state)
{
    (void)state;
    store_tell_state(far_store, false, false, "away");
    lease_book_set_nodes(book, 4);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(take(1, 10), TURN_TAKEN);
    }
    assert_int_equal(take(1, 10), TURN_FULL);
    give(1);
    assert_int_equal(take(1, 10), TURN_TAKEN);
    assert_int_equal(take(2, 3), TURN_TAKEN); /* one at least */
    assert_int_equal(take(2, 3), TURN_FULL);
    lease_book_set_nodes(book, 0); /* nobody was counted yet */
    assert_int_equal(take(2, 3), TURN_TAKEN);
    assert_nothing_asked();
    store_tell_state(far_store, true, false, "");
    assert_int_equal(take(1, 10), TURN_TAKE_LATER); /* what it took alone, it tells */
    assert_int_equal(next()->used, 2);
    answer(STORE_OK, 3);
    assert_int_equal(take(1, 10), TURN_TAKEN);
}

static void share_outlasts_the_store(void **state)
{
    (void)state;
    assert_int_equal(take(1, 10), TURN_TAKE_LATER);
    next();
    answer(STORE_OK, 8);
    store_tell_state(far_store, false, false, "away");
    lease_book_set_nodes(book, 10);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(take(1, 10), TURN_TAKEN);
    }
    assert_int_equal(take(1, 10), TURN_FULL);
}

static void store_that_goes_meanwhile_answers_nobody(void **state)
{
    (void)state;
    lease_book_set_nodes(book, 2);
    assert_int_equal(take(1, 4), TURN_TAKE_LATER);
    next();
    store_tell_state(far_store, false, false, "away");
    answer(STORE_DOWN, 0);
    assert_int_equal(take(1, 4), TURN_TAKEN);
    assert_int_equal(take(1, 4), TURN_TAKEN);
    assert_int_equal(take(1, 4), TURN_FULL);
}

static void without_a_limit_nobody_is_asked(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(take(1, 0), TURN_TAKEN);
    }
    assert_nothing_asked();
}

static void what_is_not_used_is_returned_at_the_end(void **state)
{
    (void)state;
    assert_int_equal(take(1, 10), TURN_TAKE_LATER);
    next();
    answer(STORE_OK, 5);
    assert_int_equal(take(1, 10), TURN_TAKEN);
    lease_book_return(book);
    assert_int_equal(asked_count, 1);
    assert_int_equal(asked[0]->lease.used, 1);
    assert_int_equal(asked[0]->lease.want, 1);
    assert_int_equal(take(1, 10), TURN_TAKE_LATER); /* what is given back is not used again */
    answer(STORE_OK, 1);
}

static void renewal_says_nothing_of_who_came_meanwhile(void **state)
{
    (void)state;
    assert_int_equal(take(1, 10), TURN_TAKE_LATER);
    next();
    answer(STORE_OK, 1);
    assert_int_equal(take(1, 10), TURN_TAKEN);
    lease_book_return(book); /* asks for what is used and no more */
    assert_int_equal(asked[0]->lease.want, 1);
    assert_int_equal(take(1, 10), TURN_TAKE_LATER);
    answer(STORE_OK, 1); /* it got all it asked for: there may be nine more */
    assert_int_equal(take(1, 10), TURN_TAKE_LATER);
    assert_int_equal(next()->want, 1 + 1 + 1);
    answer(STORE_OK, 3);
    assert_int_equal(take(1, 10), TURN_TAKEN);
}

static void account_that_never_had_anything_is_forgotten(void **state)
{
    (void)state;
    assert_int_equal(take(1, 5), TURN_TAKE_LATER);
    next();
    lease_book_tick(book);
    assert_int_equal(lease_book_count(book), 1); /* an answer is to come */
    answer(STORE_OK, 0);
    assert_int_equal(take(2, 5), TURN_TAKE_LATER);
    next();
    answer(STORE_OK, 2);
    assert_int_equal(take(2, 5), TURN_TAKEN);
    lease_book_tick(book);
    assert_int_equal(lease_book_count(book), 1); /* the one in use */
    give(2);
    give(2); /* one too many is nobody's */
    give(77);
    lease_book_tick(book);
    assert_int_equal(lease_book_count(book), 1); /* it may come again soon */
    assert_nothing_asked();
}

enum { THREADS = 4, SHARE = 500 };

static void *take_all(void *argument)
{
    atomic_uint *taken = argument;
    for (int i = 0; i < SHARE; i++) {
        if (take(1, 100000) == TURN_TAKEN) {
            atomic_fetch_add(taken, 1);
        }
    }
    return NULL;
}

static void workers_share_what_there_is(void **state)
{
    (void)state;
    pthread_t thread[THREADS];
    atomic_uint taken = 0;
    assert_int_equal(take(1, 100000), TURN_TAKE_LATER);
    next();
    answer(STORE_OK, SHARE);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, take_all, &taken), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&taken), SHARE);
    assert_int_equal(next()->used, SHARE);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(beyond_the_share_the_store_is_asked, begin, end),
        cmocka_unit_test_setup_teardown(kinds_of_accounts_have_keys_of_their_own, begin, end),
        cmocka_unit_test_setup_teardown(there_is_no_more_for_a_moment, begin, end),
        cmocka_unit_test_setup_teardown(store_that_refuses_is_not_asked_again_at_once, begin, end),
        cmocka_unit_test_setup_teardown(where_the_store_refuses_the_node_keeps_to_its_part, begin,
                                        end),
        cmocka_unit_test_setup_teardown(alone_the_node_keeps_to_its_part, begin, end),
        cmocka_unit_test_setup_teardown(share_outlasts_the_store, begin, end),
        cmocka_unit_test_setup_teardown(store_that_goes_meanwhile_answers_nobody, begin, end),
        cmocka_unit_test_setup_teardown(without_a_limit_nobody_is_asked, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_used_is_returned_at_the_end, begin, end),
        cmocka_unit_test_setup_teardown(renewal_says_nothing_of_who_came_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(account_that_never_had_anything_is_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(workers_share_what_there_is, begin, end),
    };
    return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
