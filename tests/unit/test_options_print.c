/* test_options_print — sample, manual and help have every option, and what is in the tree is what
 * the table prints. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "conf.h"
#include "options.h"
#include "options_print.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* printed — what one of the print functions writes; the caller frees it. */
static char *printed(void (*print)(FILE *out))
{
    static char *text; /* not on the stack: gcc 12 takes what it points to for a local */
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    print(out);
    fclose(out);
    return text;
}

/* file_of_tree — a file below the top of the sources; the caller frees it. */
static char *file_of_tree(const char *name)
{
    const char *top = getenv("top_srcdir");
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", top ? top : ".", name);
    FILE *file = fopen(path, "r");
    if (!file) {
        fail_msg("no file %s", path);
    }
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    for (int c; (c = getc(file)) != EOF;) {
        putc(c, out);
    }
    fclose(file);
    fclose(out);
    return text;
}

/* has_line — whether a text has a line that begins so, spaces and a comment sign in front apart. */
static bool has_line(const char *text, const char *begin)
{
    for (const char *at = text; (at = strstr(at, begin)); at++) {
        const char *before = at;
        while (before > text && (before[-1] == ' ' || before[-1] == '#')) {
            before--;
        }
        if (before == text || before[-1] == '\n') {
            return true;
        }
    }
    return false;
}

static void sample_in_the_tree_is_what_the_table_prints(void **state)
{
    (void)state;
    char *file = file_of_tree("etc/turnpike.conf");
    char *text = printed(options_print_sample);
    if (strcmp(file, text) != 0) {
        fail_msg("etc/turnpike.conf is old: turnpike --sample > etc/turnpike.conf");
    }
    free(file);
    free(text);
}

static void manual_in_the_tree_is_what_the_table_prints(void **state)
{
    (void)state;
    char *file = file_of_tree("man/turnpike.conf.5");
    char *text = printed(options_print_man);
    char *begin = strstr(file, "\n.\\\" begin options");
    char *end = strstr(file, "\n.\\\" end options");
    assert_non_null(begin);
    assert_non_null(end);
    begin = strchr(begin + 1, '\n');
    end[1] = '\0';
    if (strcmp(begin + 1, text) != 0) {
        fail_msg("man/turnpike.conf.5 is old: put what turnpike --man-options prints between "
                 "its lines \"begin options\" and \"end options\"");
    }
    free(file);
    free(text);
}

static void every_option_is_in_all_three(void **state)
{
    (void)state;
    char *sample = printed(options_print_sample);
    char *manual = printed(options_print_man);
    char *help = printed(options_print_help);
    size_t count;
    const struct options_row *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        const struct options_row *r = &rows[i];
        bool is_later = r->reload == OPTIONS_LATER;
        char line[128];
        print_message("# %s\n", r->name);
        snprintf(line, sizeof(line), ".It Ic %s\n", is_later ? r->name : options_key(r->name));
        assert_true(has_line(manual, line));
        snprintf(line, sizeof(line), "%s = ", options_key(r->name));
        assert_true(is_later || has_line(sample, line));
        snprintf(line, sizeof(line), "%s", options_key(r->name));
        assert_true(is_later || has_line(help, line));
    }
    free(sample);
    free(manual);
    free(help);
}

static void lines_fit_a_terminal(void **state)
{
    (void)state;
    void (*const prints[])(FILE *) = {options_print_sample, options_print_man, options_print_help};
    for (size_t i = 0; i < sizeof(prints) / sizeof(prints[0]); i++) {
        char *text = printed(prints[i]);
        for (char *line = text; line;) {
            char *end = strchr(line, '\n');
            size_t size = end ? (size_t)(end - line) : strlen(line);
            assert_true(size < 80);
            assert_true(size == 0 || line[size - 1] != ' ');
            line = end ? end + 1 : NULL;
        }
        free(text);
    }
}

/* read_text — must be a configuration that is taken. */
static struct conf *read_text(const char *text)
{
    char why[512];
    const char *const set[] = {text};
    struct conf *c = conf_read(NULL, set, 1, why, sizeof(why));
    if (!c) {
        fail_msg("%s", why);
    }
    return c;
}

static void sample_works_as_it_stands(void **state)
{
    (void)state;
    char *text = printed(options_print_sample);
    struct conf *c = read_text(text);
    assert_int_equal(c->listener_count, 1);
    assert_int_equal(c->realm_count, 0);
    conf_free(c);
    free(text);
}

/* uncomment — turn every option that is a comment into one that counts. Of password and key of the
 * user, which come first, only one can be given. */
static void uncomment(char *text)
{
    bool begins = true;
    const char *user_key = strstr(text, "#key =");
    for (char *at = text; *at; at++) {
        bool is_key = at == user_key;
        if (*at == '#' && begins && isalpha((unsigned char)at[1]) && !is_key) {
            *at = ' ';
        } else if (*at == '#' && begins && at[1] == '}') {
            *at = ' ';
        }
        begins = *at == '\n' || (begins && *at == ' ');
    }
}

/* forget_file — have it be a secret and no file's name. */
static void forget_file(char *text, const char *name)
{
    char *file = strstr(text, name);
    assert_non_null(file);
    *file = 'F';
}

static void sample_works_with_everything_in_it(void **state)
{
    (void)state;
    char *text = printed(options_print_sample);
    uncomment(text);
    forget_file(text, "file:/etc/turnpike/secret");
    forget_file(text, "file:/etc/turnpike/redis-password");
    /* The example of a store is none that has a password, so make it one. */
    char *store = strstr(text, "sqlite:/var/lib");
    assert_non_null(store);
    memcpy(store, "redis:///", strlen("redis:///"));
    struct conf *c = read_text(text);
    assert_int_equal(c->listener_count, 2);
    assert_int_equal(c->realm_count, 1);
    assert_int_equal(c->realms[0].user_count, 1);
    assert_int_equal(c->realms[0].secrets.count, 1);
    assert_int_equal(c->realms[0].limits.allocations_per_user, 10);
    assert_int_equal(c->relay_address_count, 2);
    assert_string_equal(c->run_as, "turnpike");
    assert_int_equal(c->listeners[1].transport, CONF_TLS);
    assert_int_equal(c->listeners[1].fallback.port, 8080);
    assert_int_equal(c->http_listen.port, 8080);
    assert_int_equal(c->uris.count, 1);
    assert_int_equal(c->http_origins.count, 1);
    assert_string_equal(c->control, "/run/turnpike/control.sock");
    assert_non_null(c->key);
    conf_free(c);
    free(text);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "the sample in the tree is what the table prints",
         .test_func = sample_in_the_tree_is_what_the_table_prints},
        {.name = "the manual in the tree is what the table prints",
         .test_func = manual_in_the_tree_is_what_the_table_prints},
        {.name = "every option is in sample, manual and help",
         .test_func = every_option_is_in_all_three},
        {.name = "lines fit a terminal", .test_func = lines_fit_a_terminal},
        {.name = "the sample works as it stands", .test_func = sample_works_as_it_stands},
        {.name = "the sample works with everything in it",
         .test_func = sample_works_with_everything_in_it},
    };
    return cmocka_run_group_tests_name("options_print", tests, NULL, NULL);
}
