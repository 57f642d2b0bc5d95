/* test_redis_key — the names of keys: one hash tag each, whatever realm and id are. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include <string.h>

#include "store/redis_key.h"

static void expect(const char *realm, const char *kind, const char *id, const char *name)
{
    struct redis_words w = redis_words_begin("GET");
    struct span bytes = span_of_text(id ? id : "");
    redis_key_put(&w, realm, kind, id ? &bytes : NULL);
    assert_true(redis_words_is_whole(&w));
    assert_int_equal(w.count, 2);
    assert_int_equal(w.size[1], strlen(name));
    assert_memory_equal(w.word[1], name, strlen(name));
    redis_words_end(&w);
}

static void keys_have_their_names(void **state)
{
    (void)state;
    expect("north.gov", "user", NULL, "turnpike:{north.gov}:user");
    expect("north.gov", "credential", "id:1", "turnpike:{north.gov}:credential:id:1");
    expect("", "node", NULL, "turnpike:{*}:node");
    expect("*", "node", NULL, "turnpike:{%2A}:node");
    expect("*a", "node", NULL, "turnpike:{*a}:node");
}

static void a_realm_cannot_break_its_tag(void **state)
{
    (void)state;
    expect("a{b}c", "user", "{x}", "turnpike:{a%7Bb%7Dc}:user:{x}");
    expect("a b\n%\x7f", "user", NULL, "turnpike:{a%20b%0A%25%7F}:user");
    expect("\xc3\xa4:b", "user", NULL, "turnpike:{\xc3\xa4:b}:user");
}

static void an_id_may_have_any_bytes(void **state)
{
    (void)state;
    struct redis_words w = redis_words_begin("GET");
    const struct span id = {(const uint8_t *)"a\0b", 3};
    redis_key_put(&w, "r", "credential", &id);
    assert_int_equal(w.size[1], strlen("turnpike:{r}:credential:") + 3);
    assert_memory_equal(w.word[1] + w.size[1] - 3, "a\0b", 3);
    redis_words_end(&w);
}

static void words_are_as_many_as_are_put(void **state)
{
    (void)state;
    struct redis_words w = redis_words_begin("X");
    for (uint64_t i = 0; i < 1000; i++) {
        redis_words_u64(&w, i * i);
    }
    redis_words_span(&w, (struct span){NULL, 0});
    redis_words_text(&w, "end");
    assert_true(redis_words_is_whole(&w));
    assert_int_equal(w.count, 1003);
    assert_int_equal(w.size[1000], 6);
    assert_memory_equal(w.word[1000], "998001", 6);
    assert_int_equal(w.size[1001], 0);
    assert_true(span_is_equal(redis_words_last(&w), span_of_text("end")));
    redis_words_end(&w);
    assert_false(redis_words_is_whole(&w));
    assert_int_equal(redis_words_last(&w).size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_have_their_names),
        cmocka_unit_test(a_realm_cannot_break_its_tag),
        cmocka_unit_test(an_id_may_have_any_bytes),
        cmocka_unit_test(words_are_as_many_as_are_put),
    };
    return cmocka_run_group_tests_name("redis_key", tests, NULL, NULL);
}
