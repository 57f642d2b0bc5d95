/* test_options — the option table is whole and in order, and knows what one may have meant. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "options.h"

#include <ctype.h>
#include <string.h>

static bool is_name(const char *name)
{
    for (; *name; name++) {
        if (!islower((unsigned char)*name) && !isdigit((unsigned char)*name) && *name != '-') {
            return false;
        }
    }
    return true;
}

static void every_row_is_whole(void **state)
{
    (void)state;
    size_t count;
    const struct options_row *rows = options_rows(&count);
    assert_true(count > 50);
    for (size_t i = 0; i < count; i++) {
        const struct options_row *r = &rows[i];
        const char *section = options_section(r->section)->name;
        print_message("# %s\n", r->name);
        /* The name is that of the section, a dot and a key. */
        if (r->section == OPTIONS_TOP) {
            assert_ptr_equal(options_key(r->name), r->name);
        } else {
            assert_memory_equal(r->name, section, strlen(section));
            assert_ptr_equal(options_key(r->name), r->name + strlen(section) + 1);
        }
        assert_true(is_name(options_key(r->name)));
        assert_ptr_equal(options_find(r->name), r);
        assert_int_equal(options_index(r), i);
        /* Its help is one line of whole sentences. */
        assert_non_null(r->help);
        assert_true(strlen(r->help) > 10);
        assert_null(strchr(r->help, '\n'));
        assert_int_equal(r->help[strlen(r->help) - 1], '.');
        /* What is built in has a member, and something to show in the sample. */
        assert_true((r->reload == OPTIONS_LATER) == (r->size == 0));
        assert_true(r->reload == OPTIONS_LATER || r->standard || r->example);
        assert_true(r->type != OPTIONS_WORD || r->words);
        assert_true(r->min <= r->max);
        assert_true(options_unit(r->type) && strlen(options_unit(r->type)) > 4);
    }
}

static void rows_stand_by_section(void **state)
{
    (void)state;
    size_t count;
    const struct options_row *rows = options_rows(&count);
    for (size_t i = 1; i < count; i++) {
        assert_true(rows[i - 1].section <= rows[i].section);
    }
    size_t seen = 0;
    for (int id = 0; id < OPTIONS_SECTION_COUNT; id++) {
        const struct options_section *s = options_section((enum options_section_id)id);
        assert_int_equal(s->id, id);
        assert_true(strlen(s->help) > 10);
        for (const struct options_row *r = NULL; (r = options_next(s->id, r));) {
            assert_int_equal(r->section, id);
            seen++;
        }
    }
    assert_int_equal(seen, count);
}

static void sections_nest(void **state)
{
    (void)state;
    size_t seen = 1; /* the top */
    for (int id = 0; id < OPTIONS_SECTION_COUNT; id++) {
        const struct options_section *parent = options_section((enum options_section_id)id);
        for (const struct options_section *s = NULL; (s = options_next_section(parent->id, s));) {
            assert_int_equal(s->parent, id);
            assert_true(s != parent);
            size_t size = strlen(parent->name);
            assert_memory_equal(s->name, parent->name, size);
            assert_true(is_name(options_key(s->name)));
            seen++;
        }
    }
    assert_int_equal(seen, OPTIONS_SECTION_COUNT);
}

static void limits_of_a_realm_are_those_of_the_server(void **state)
{
    (void)state;
    for (const struct options_row *r = NULL; (r = options_next(OPTIONS_REALM_LIMITS, r));) {
        const struct options_row *server = options_find(r->name + strlen("realm."));
        assert_non_null(server);
        assert_int_equal(server->type, r->type);
        assert_int_equal(server->min, r->min);
        assert_int_equal(server->max, r->max);
        assert_int_equal(server->size, r->size);
    }
}

static void unknown_names_are_not_found(void **state)
{
    (void)state;
    assert_null(options_find(""));
    assert_null(options_find("ports"));
    assert_null(options_find("relay"));
    assert_null(options_find("relay.port"));
    assert_null(options_find("relay.ports.x"));
}

static void distances(void **state)
{
    (void)state;
    assert_int_equal(options_distance("", ""), 0);
    assert_int_equal(options_distance("a", ""), 1);
    assert_int_equal(options_distance("", "abc"), 3);
    assert_int_equal(options_distance("ports", "ports"), 0);
    assert_int_equal(options_distance("port", "ports"), 1);
    assert_int_equal(options_distance("prots", "ports"), 1);
    assert_int_equal(options_distance("kitten", "sitting"), 3);
    char longest[OPTIONS_FAR + 2];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[OPTIONS_FAR + 1] = '\0';
    assert_int_equal(options_distance(longest, longest), OPTIONS_FAR);
    longest[OPTIONS_FAR] = '\0';
    assert_int_equal(options_distance(longest, longest), 0);
    assert_int_equal(options_distance(longest, ""), OPTIONS_FAR);
}

static void suggestions(void **state)
{
    (void)state;
    assert_string_equal(options_suggest(OPTIONS_TOP, "lisen"), "listen");
    assert_string_equal(options_suggest(OPTIONS_TOP, "workres"), "workers");
    assert_string_equal(options_suggest(OPTIONS_TOP, "relm"), "realm");
    assert_string_equal(options_suggest(OPTIONS_TOP, "listeners"), "listener");
    assert_string_equal(options_suggest(OPTIONS_REALM, "secrets"), "secret");
    assert_string_equal(options_suggest(OPTIONS_REALM, "usr"), "user");
    assert_string_equal(options_suggest(OPTIONS_LIMITS, "lifetme"), "lifetime");
    assert_string_equal(options_suggest(OPTIONS_LIMITS, "permision-lifetime"),
                        "permission-lifetime");
    assert_null(options_suggest(OPTIONS_TOP, "quux"));
    assert_null(options_suggest(OPTIONS_TOP, ""));
    assert_string_equal(options_elsewhere(OPTIONS_TOP, "lifetime"), "limits.lifetime");
    assert_string_equal(options_elsewhere(OPTIONS_REALM, "lifetime"), "realm.limits.lifetime");
    assert_string_equal(options_elsewhere(OPTIONS_REALM, "password"), "realm.user.password");
    assert_string_equal(options_elsewhere(OPTIONS_RELAY, "workers"), "workers");
    assert_null(options_elsewhere(OPTIONS_TOP, "workers"));
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "every row is whole", .test_func = every_row_is_whole},
        {.name = "rows stand by section", .test_func = rows_stand_by_section},
        {.name = "sections nest", .test_func = sections_nest},
        {.name = "limits of a realm are those of the server",
         .test_func = limits_of_a_realm_are_those_of_the_server},
        {.name = "unknown names are not found", .test_func = unknown_names_are_not_found},
        {.name = "distances", .test_func = distances},
        {.name = "suggestions", .test_func = suggestions},
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
