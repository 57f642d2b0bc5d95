/* test_store_sqlite — the store of one machine through the interface of all stores: every verb,
 * answers from the loop alone, all or none. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "store/store.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define REALM "example.org"

static char folder[64];
static char url[128];
static struct event_base *base;
static struct store *store;
static bool is_submitting; /* no answer may come meanwhile */

/* What was told of. */
static int ups, downs, notices;
static char last_notice[256]; /* "realm table key=value" */

/* The last answer. */
static struct {
    int count;
    enum store_result result;
    char why[STORE_WHY_MAX];
    char cursor[STORE_CURSOR_MAX];
    size_t found_count;
    struct {
        char key[640], value[256];
        size_t key_size;
    } found[128];
    struct store_lease lease;
    int notices_before;
} answer;

static void on_state(void *context, bool is_up, bool has_lost, const char *why)
{
    assert_ptr_equal(context, &ups);
    assert_false(has_lost);
    assert_string_equal(why, "");
    ups += is_up;
    downs += !is_up;
}

static void on_notice(void *context, const char *realm, const struct store_item *item)
{
    assert_ptr_equal(context, &ups);
    notices++;
    snprintf(last_notice, sizeof(last_notice), "%s %s %.*s=%.*s", realm,
             store_table_name(item->table), (int)item->key.size, (const char *)item->key.bytes,
             (int)item->value.size, (const char *)item->value.bytes);
}

static struct store *open_url(char why[256])
{
    struct store_parts parts = {
        .url = url,
        .node = "n",
        .base = base,
        .events = {&ups, on_state, on_notice},
    };
    return store_open(&parts, why, 256);
}

static void open_it(void)
{
    char why[256];
    store = open_url(why);
    if (!store) {
        fail_msg("%s", why);
    }
}

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/turnpike-test-store-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(url, sizeof(url), "sqlite:%s/t.db", folder);
    ups = downs = notices = 0;
    is_submitting = false;
    base = event_base_new();
    open_it();
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    store_close(store);
    store_close(NULL);
    event_base_free(base);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void on_answer(struct store_request *rq)
{
    assert_false(is_submitting);
    answer.count++;
    answer.result = rq->result;
    answer.lease = rq->lease;
    answer.notices_before = notices;
    strcpy(answer.why, rq->why);
    strcpy(answer.cursor, rq->cursor);
    answer.found_count = rq->found_count;
    for (size_t i = 0; i < rq->found_count && i < 128; i++) {
        answer.found[i].key_size = rq->found[i].key.size;
        memcpy(answer.found[i].key, rq->found[i].key.bytes, rq->found[i].key.size);
        snprintf(answer.found[i].value, sizeof(answer.found[i].value), "%.*s",
                 (int)rq->found[i].value.size, (const char *)rq->found[i].value.bytes);
    }
}

static struct store_request *request(enum store_verb verb, const char *realm)
{
    struct store_request *rq = store_request_new(verb, realm, on_answer, NULL);
    assert_non_null(rq);
    return rq;
}

static struct store_item *item(struct store_request *rq, enum store_table table, const char *key,
                               const char *value)
{
    return store_request_add(rq, table, span_of_text(key), span_of_text(value), (struct wall){0});
}

static void submit(struct store_request *rq)
{
    is_submitting = true;
    store_submit(store, rq);
    is_submitting = false;
}

/* wait_for — let the loop run until there are so many answers. */
static void wait_for(int count)
{
    for (int i = 0; i < 100000 && answer.count < count; i++) {
        event_base_loop(base, EVLOOP_ONCE);
    }
    assert_int_equal(answer.count, count);
}

static enum store_result ask(struct store_request *rq)
{
    memset(&answer, 0, sizeof(answer));
    submit(rq);
    wait_for(1);
    return answer.result;
}

static enum store_result put(enum store_table table, const char *key, const char *value,
                             int64_t expires, bool is_new)
{
    struct store_request *rq = request(STORE_WRITE, REALM);
    struct store_item *i = item(rq, table, key, value);
    i->expires.s = expires;
    i->is_new = is_new;
    return ask(rq);
}

static enum store_result get(enum store_table table, const char *key)
{
    struct store_request *rq = request(STORE_GET, REALM);
    item(rq, table, key, "");
    return ask(rq);
}

/* ---- get and write */

static void what_is_written_is_got(void **state)
{
    (void)state;
    assert_int_equal(get(STORE_USER, "alice"), STORE_NONE);
    assert_int_equal(answer.found_count, 0);
    assert_int_equal(put(STORE_USER, "alice", "{1}", 0, false), STORE_OK);
    assert_int_equal(get(STORE_USER, "alice"), STORE_OK);
    assert_int_equal(answer.found_count, 1);
    assert_string_equal(answer.found[0].value, "{1}");
    assert_int_equal(get(STORE_CREDENTIAL, "alice"), STORE_NONE); /* another table */
    assert_int_equal(get(STORE_USER, "Alice"), STORE_NONE);
    struct store_request *rq = request(STORE_GET, "other");
    item(rq, STORE_USER, "alice", "");
    assert_int_equal(ask(rq), STORE_NONE); /* another realm */
    assert_int_equal(put(STORE_USER, "alice", "{2}", 0, false), STORE_OK);
    assert_int_equal(get(STORE_USER, "alice"), STORE_OK);
    assert_string_equal(answer.found[0].value, "{2}");
    assert_int_equal(put(STORE_USER, "alice", "", 0, false), STORE_OK); /* empty: remove it */
    assert_int_equal(get(STORE_USER, "alice"), STORE_NONE);
    assert_int_equal(put(STORE_USER, "nobody", "", 0, false), STORE_OK);
}

static void keys_are_bytes(void **state)
{
    (void)state;
    static const struct span keys[] = {
        {(const uint8_t *)"a\0b", 3},
        {(const uint8_t *)"a\0c", 3},
        {(const uint8_t *)"a", 1},
        {(const uint8_t *)"\xff", 1},
        {(const uint8_t *)"'; DROP TABLE item; --", 22},
    };
    char value[16];
    for (size_t i = 0; i < 5; i++) {
        struct store_request *rq = request(STORE_WRITE, REALM);
        snprintf(value, sizeof(value), "{%zu}", i);
        store_request_add(rq, STORE_USER, keys[i], span_of_text(value), (struct wall){0});
        assert_int_equal(ask(rq), STORE_OK);
    }
    for (size_t i = 0; i < 5; i++) {
        struct store_request *rq = request(STORE_GET, REALM);
        store_request_add(rq, STORE_USER, keys[i], (struct span){NULL, 0}, (struct wall){0});
        assert_int_equal(ask(rq), STORE_OK);
        snprintf(value, sizeof(value), "{%zu}", i);
        assert_string_equal(answer.found[0].value, value);
    }
}

static void what_is_to_be_new_is_written_once(void **state)
{
    (void)state;
    assert_int_equal(put(STORE_USER, "alice", "{1}", 0, true), STORE_OK);
    assert_int_equal(put(STORE_USER, "alice", "{2}", 0, true), STORE_TAKEN);
    assert_int_equal(get(STORE_USER, "alice"), STORE_OK);
    assert_string_equal(answer.found[0].value, "{1}");
}

static void writes_are_all_or_none(void **state)
{
    (void)state;
    assert_int_equal(put(STORE_USER, "bob", "{1}", 0, false), STORE_OK);
    int before = notices;
    struct store_request *rq = request(STORE_WRITE, REALM);
    item(rq, STORE_USER, "alice", "{2}");
    item(rq, STORE_USERHASH, "00", "{2}");
    item(rq, STORE_USER, "carol", "");
    item(rq, STORE_USER, "bob", "{2}")->is_new = true;
    item(rq, STORE_USER, "dora", "{2}");
    assert_int_equal(ask(rq), STORE_TAKEN);
    assert_int_equal(notices, before); /* nothing happened, so nobody is told */
    assert_int_equal(get(STORE_USER, "alice"), STORE_NONE);
    assert_int_equal(get(STORE_USERHASH, "00"), STORE_NONE);
    assert_int_equal(get(STORE_USER, "dora"), STORE_NONE);
    assert_int_equal(get(STORE_USER, "bob"), STORE_OK);
    assert_string_equal(answer.found[0].value, "{1}");
    /* One that fails does not take others of the same commit with it. */
    memset(&answer, 0, sizeof(answer));
    for (int i = 0; i < 20; i++) {
        char key[16];
        rq = request(STORE_WRITE, REALM);
        snprintf(key, sizeof(key), "user-%d", i);
        item(rq, STORE_USER, key, "{3}");
        item(rq, STORE_USER, i % 2 ? "bob" : key, "{3}")->is_new = i % 2;
        submit(rq);
    }
    wait_for(20);
    for (int i = 0; i < 20; i++) {
        char key[16];
        snprintf(key, sizeof(key), "user-%d", i);
        assert_int_equal(get(STORE_USER, key), i % 2 ? STORE_NONE : STORE_OK);
    }
}

static void what_expires_is_there_no_more(void **state)
{
    (void)state;
    int64_t now = time(NULL);
    assert_int_equal(put(STORE_CREDENTIAL, "old", "{1}", now - 1, false), STORE_OK);
    assert_int_equal(put(STORE_CREDENTIAL, "new", "{2}", now + 1000, false), STORE_OK);
    assert_int_equal(get(STORE_CREDENTIAL, "old"), STORE_NONE);
    assert_int_equal(get(STORE_CREDENTIAL, "new"), STORE_OK);
    struct store_request *rq = request(STORE_LIST, REALM);
    item(rq, STORE_CREDENTIAL, "", "");
    assert_int_equal(ask(rq), STORE_OK);
    assert_int_equal(answer.found_count, 1);
    assert_memory_equal(answer.found[0].key, "new", 3);
    /* What is over is in nobody's way. */
    assert_int_equal(put(STORE_CREDENTIAL, "old", "{3}", now + 1000, true), STORE_OK);
    assert_int_equal(get(STORE_CREDENTIAL, "old"), STORE_OK);
    assert_string_equal(answer.found[0].value, "{3}");
}

static void notices_come_before_the_answer(void **state)
{
    (void)state;
    assert_int_equal(put(STORE_REVOCATION, "user/alice", "{1}", 0, false), STORE_OK);
    assert_int_equal(answer.notices_before, 1);
    assert_string_equal(last_notice, REALM " revocation user/alice={1}");
    assert_int_equal(put(STORE_REVOCATION, "user/alice", "", 0, false), STORE_OK);
    assert_string_equal(last_notice, REALM " revocation user/alice=");
    assert_int_equal(put(STORE_KICK, "0123", "x", 0, false), STORE_OK);
    assert_string_equal(last_notice, REALM " kick 0123=x");
    int before = notices;
    assert_int_equal(put(STORE_USERHASH, "00", "{1}", 0, false), STORE_OK);
    assert_int_equal(put(STORE_SESSION, "00", "{1}", 0, false), STORE_OK);
    assert_int_equal(put(STORE_NODE, "n", "{1}", 0, false), STORE_OK);
    assert_int_equal(notices, before);
    assert_int_equal(get(STORE_KICK, "0123"), STORE_NONE); /* told of, not kept */
}

/* ---- lists */

/* list — a page; `cursor` is read and written. */
static size_t list(const char *realm, uint32_t limit, char cursor[STORE_CURSOR_MAX])
{
    struct store_request *rq = request(STORE_LIST, realm);
    item(rq, STORE_USER, "", "");
    rq->limit = limit;
    strcpy(rq->cursor, cursor);
    assert_int_equal(ask(rq), STORE_OK);
    strcpy(cursor, answer.cursor);
    return answer.found_count;
}

static void pages_hold_everything_once(void **state)
{
    (void)state;
    enum { NAMES = 60 };
    uint8_t name[NAMES][508];
    size_t size[NAMES];
    bool seen[NAMES] = {false};
    uint64_t seed = 7;
    for (int i = 0; i < NAMES; i++) { /* long ones, with any bytes, that begin alike */
        size[i] = i % 3 == 0 ? 508 : 32 + (size_t)i;
        memset(name[i], i % 2 ? 0xff : 'n', size[i]);
        support_fill(&seed, name[i] + size[i] - 8, 8);
        name[i][size[i] - 4] = 0;
        struct store_request *rq = request(STORE_WRITE, REALM);
        store_request_add(rq, STORE_USER, (struct span){name[i], size[i]}, span_of_text("{}"),
                          (struct wall){0});
        assert_int_equal(ask(rq), STORE_OK);
    }
    for (uint32_t limit = 1; limit < 70; limit += 13) {
        char cursor[STORE_CURSOR_MAX] = "";
        int pages = 0;
        size_t total = 0;
        memset(seen, 0, sizeof(seen));
        do {
            size_t count = list(REALM, limit, cursor);
            assert_in_range(count, 1, limit);
            assert_true(count == limit || cursor[0] == '\0');
            total += count;
            for (size_t k = 0; k < count; k++) {
                for (int i = 0; i < NAMES; i++) {
                    if (size[i] == answer.found[k].key_size &&
                        memcmp(name[i], answer.found[k].key, size[i]) == 0) {
                        assert_false(seen[i]);
                        seen[i] = true;
                    }
                }
            }
            pages++;
        } while (cursor[0] && pages < 100);
        assert_int_equal(total, NAMES);
        assert_int_equal(pages, (NAMES + limit - 1) / limit);
        for (int i = 0; i < NAMES; i++) {
            assert_true(seen[i]);
        }
    }
    char cursor[STORE_CURSOR_MAX] = "";
    assert_int_equal(list("other", 10, cursor), 0);
    assert_string_equal(cursor, "");
    /* What was found last may be gone when the next page is asked for. */
    assert_int_equal(list(REALM, 10, cursor), 10);
    struct store_request *rq = request(STORE_WRITE, REALM);
    store_request_add(rq, STORE_USER,
                      (struct span){(const uint8_t *)answer.found[9].key, answer.found[9].key_size},
                      (struct span){NULL, 0}, (struct wall){0});
    assert_int_equal(ask(rq), STORE_OK);
    assert_int_equal(list(REALM, 100, cursor), NAMES - 10);
}

static void cursor_that_is_none_is_refused(void **state)
{
    (void)state;
    struct store_request *rq = request(STORE_LIST, REALM);
    item(rq, STORE_USER, "", "");
    strcpy(rq->cursor, "zz");
    assert_int_equal(ask(rq), STORE_REFUSED);
    assert_string_equal(answer.why, "the cursor is none that this store gave");
}

/* ---- usage, leases, the rest */

static void append(const char *const *events, size_t count)
{
    struct store_request *rq = request(STORE_APPEND, "");
    for (size_t i = 0; i < count; i++) {
        item(rq, STORE_TABLE_COUNT, "", events[i]);
    }
    assert_int_equal(ask(rq), STORE_OK);
}

static enum store_result read_usage(const char *after, uint32_t limit)
{
    struct store_request *rq = request(STORE_READ, "");
    strcpy(rq->cursor, after);
    rq->limit = limit;
    return ask(rq);
}

static void usage_is_read_in_the_order_it_came(void **state)
{
    (void)state;
    static const char *const first[] = {"{1}", "{2}", "{3}"};
    static const char *const second[] = {"{4}", "{5}"};
    char cursor[STORE_CURSOR_MAX];
    assert_int_equal(read_usage("", 10), STORE_OK);
    assert_int_equal(answer.found_count, 0);
    append(first, 3);
    append(second, 2);
    assert_int_equal(read_usage("", 2), STORE_OK);
    assert_int_equal(answer.found_count, 2);
    assert_string_equal(answer.found[0].value, "{1}");
    assert_string_equal(answer.found[1].value, "{2}");
    strcpy(cursor, answer.cursor);
    assert_memory_equal(answer.found[1].key, cursor, strlen(cursor)); /* the id of the last */
    assert_int_equal(read_usage(cursor, 10), STORE_OK);
    assert_int_equal(answer.found_count, 3);
    assert_string_equal(answer.found[0].value, "{3}");
    assert_string_equal(answer.found[2].value, "{5}");
    strcpy(cursor, answer.cursor);
    assert_int_equal(read_usage(cursor, 10), STORE_OK);
    assert_int_equal(answer.found_count, 0);
    assert_string_equal(answer.cursor, cursor); /* where it goes on */
}

static void lease_is_all_there_is(void **state)
{
    (void)state;
    static const struct {
        uint32_t used, want, limit, granted;
    } rows[] = {{0, 1, 10, 1}, {0, 20, 10, 10}, {12, 12, 10, 12}, {3, 3, 10, 3}, {0, 0, 10, 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct store_request *rq = request(STORE_LEASE, REALM);
        rq->lease = (struct store_lease){.account = span_of_text("user/alice"),
                                         .used = rows[i].used,
                                         .want = rows[i].want,
                                         .limit = rows[i].limit,
                                         .seconds = 15};
        assert_int_equal(ask(rq), STORE_OK);
        assert_int_equal(answer.lease.granted, rows[i].granted);
    }
    struct store_request *rq = request(STORE_BEAT, "");
    item(rq, STORE_NODE, "n", "{}");
    assert_int_equal(ask(rq), STORE_OK);
}

static void many_are_answered_each_once(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    memset(&answer, 0, sizeof(answer));
    for (int i = 0; i < MANY; i++) {
        char key[16];
        struct store_request *rq = request(STORE_WRITE, REALM);
        snprintf(key, sizeof(key), "%d", i % 100);
        item(rq, STORE_USER, key, "{}");
        submit(rq);
    }
    assert_int_equal(answer.count, 0); /* none within the call that submitted it */
    assert_int_equal(store_counts(store)->waiting, MANY);
    wait_for(MANY);
    assert_int_equal(store_counts(store)->waiting, 0);
    assert_int_equal(store_counts(store)->answered[STORE_WRITE][STORE_OK], MANY);
    assert_int_equal(notices, MANY);
    uint64_t timed = 0;
    for (int i = 0; i <= STORE_BUCKETS; i++) {
        timed += store_counts(store)->seconds_bucket[i];
    }
    assert_int_equal(timed, MANY);
}

static void what_was_submitted_is_done_before_it_closes(void **state)
{
    (void)state;
    memset(&answer, 0, sizeof(answer));
    for (int i = 0; i < 1000; i++) {
        char key[16];
        struct store_request *rq = request(STORE_WRITE, REALM);
        snprintf(key, sizeof(key), "%d", i);
        item(rq, STORE_USER, key, "{}");
        submit(rq);
    }
    store_close(store);
    assert_int_equal(answer.count, 1000);
    assert_int_equal(answer.result, STORE_OK);
    open_it();
    assert_int_equal(get(STORE_USER, "999"), STORE_OK);
    assert_int_equal(get(STORE_USER, "0"), STORE_OK);
}

static int again_left;

static void on_answer_again(struct store_request *rq)
{
    on_answer(rq);
    if (again_left-- > 0) {
        struct store_request *next = store_request_new(STORE_GET, REALM, on_answer_again, NULL);
        item(next, STORE_USER, "alice", "");
        store_submit(store, next);
    }
}

static void what_is_submitted_while_it_closes_is_answered(void **state)
{
    (void)state;
    memset(&answer, 0, sizeof(answer));
    again_left = 3;
    struct store_request *rq = store_request_new(STORE_GET, REALM, on_answer_again, NULL);
    item(rq, STORE_USER, "alice", "");
    submit(rq);
    store_close(store);
    assert_int_equal(answer.count, 4);
    assert_int_equal(answer.result, STORE_DOWN);
    open_it();
}

static void it_says_when_it_is_there(void **state)
{
    (void)state;
    static const char *const realms[] = {REALM};
    assert_false(store_is_up(store));
    assert_true(store_follow(store, realms, 1));
    assert_int_equal(ups, 0); /* from the loop */
    event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(ups, 1);
    assert_true(store_is_up(store));
    assert_true(store_follow(store, realms, 1)); /* again after a reload: read again */
    event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(ups, 2);
    assert_int_equal(downs, 0);
    assert_false(store_is_shared(store));
    assert_true(store_is_kept(store));
    assert_false(store_is_readable_only(store));
    assert_string_equal(store_name(store), url);
}

static void memory_is_not_kept(void **state)
{
    (void)state;
    store_close(store);
    strcpy(url, "memory");
    open_it();
    assert_false(store_is_kept(store));
    assert_string_equal(store_name(store), "memory");
    assert_int_equal(put(STORE_USER, "alice", "{1}", 0, false), STORE_OK);
    assert_int_equal(get(STORE_USER, "alice"), STORE_OK);
    store_close(store);
    open_it();
    assert_int_equal(get(STORE_USER, "alice"), STORE_NONE);
}

static void what_cannot_be_opened_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *url, *sentence;
    } rows[] = {
        {"", "no such kind of store: write memory, sqlite:/path, redis://host, "
             "redis+sentinel://host/name, redis+unix:/path or coturn+redis://host"},
        {"mysql://x", "no such kind of store: write memory, sqlite:/path, redis://host, "
                      "redis+sentinel://host/name, redis+unix:/path or coturn+redis://host"},
        {"sqlite:", "write memory, or sqlite: and the full path of a file, like "
                    "sqlite:/var/lib/turnpike/turnpike.db"},
        {"sqlite:t.db", "write memory, or sqlite: and the full path of a file, like "
                        "sqlite:/var/lib/turnpike/turnpike.db"},
        {"memoryx", "write memory, or sqlite: and the full path of a file, like "
                    "sqlite:/var/lib/turnpike/turnpike.db"},
        {"sqlite:/none/at/all/t.db", "cannot open the database /none/at/all/t.db: No such file or "
                                     "directory; make its folder first"},
    };
    char why[256];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        strcpy(url, rows[i].url);
        assert_null(open_url(why));
        assert_string_equal(why, rows[i].sentence);
    }
    snprintf(url, sizeof(url), "sqlite:%s/t.db", folder);
    assert_null(open_url(why)); /* it is open already */
    assert_non_null(strstr(why, "another turnpike uses the database "));
}

static void request_that_was_never_submitted_is_freed(void **state)
{
    (void)state;
    struct store_request *rq = request(STORE_WRITE, REALM);
    for (int i = 0; i < 100; i++) {
        item(rq, STORE_USER, "alice", "{}");
    }
    assert_int_equal(rq->item_count, 100);
    assert_string_equal((const char *)rq->item[99].key.bytes, "alice");
    store_request_free(rq);
    store_request_free(NULL);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_got, begin, end),
        cmocka_unit_test_setup_teardown(keys_are_bytes, begin, end),
        cmocka_unit_test_setup_teardown(what_is_to_be_new_is_written_once, begin, end),
        cmocka_unit_test_setup_teardown(writes_are_all_or_none, begin, end),
        cmocka_unit_test_setup_teardown(what_expires_is_there_no_more, begin, end),
        cmocka_unit_test_setup_teardown(notices_come_before_the_answer, begin, end),
        cmocka_unit_test_setup_teardown(pages_hold_everything_once, begin, end),
        cmocka_unit_test_setup_teardown(cursor_that_is_none_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(usage_is_read_in_the_order_it_came, begin, end),
        cmocka_unit_test_setup_teardown(lease_is_all_there_is, begin, end),
        cmocka_unit_test_setup_teardown(many_are_answered_each_once, begin, end),
        cmocka_unit_test_setup_teardown(what_was_submitted_is_done_before_it_closes, begin, end),
        cmocka_unit_test_setup_teardown(what_is_submitted_while_it_closes_is_answered, begin, end),
        cmocka_unit_test_setup_teardown(it_says_when_it_is_there, begin, end),
        cmocka_unit_test_setup_teardown(memory_is_not_kept, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_opened_is_told, begin, end),
        cmocka_unit_test_setup_teardown(request_that_was_never_submitted_is_freed, begin, end),
    };
    return cmocka_run_group_tests_name("store_sqlite", tests, NULL, NULL);
}
