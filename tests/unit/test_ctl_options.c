/* test_ctl_options — the command line of turnpikectl: what is taken, and what is said of the rest.
 */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "ctl/ctl_options.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ARGUMENTS_MAX = 32, LINE_MAX = 512 };

/* A command line cut at its blanks; "''" is the empty word. */
struct line {
    char bytes[LINE_MAX];
    char *argv[ARGUMENTS_MAX];
    int argc;
};

static void cut(struct line *line, const char *text)
{
    char *rest;
    snprintf(line->bytes, sizeof(line->bytes), "turnpikectl %s", text);
    line->argc = 0;
    for (char *word = strtok_r(line->bytes, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        assert_true(line->argc + 1 < ARGUMENTS_MAX);
        line->argv[line->argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
    }
    line->argv[line->argc] = NULL;
}

static bool parse(struct line *line, const char *text, struct ctl_options *out, char *complaint)
{
    struct text t = text_init(complaint, CTL_OPTIONS_COMPLAINT_SIZE);
    cut(line, text);
    return ctl_options_parse(line->argc, line->argv, "/usual", out, &t);
}

static void every_command_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum ctl_options_command command;
    } cases[] = {
        {"issue", CTL_OPTIONS_ISSUE},
        {"revoke abc", CTL_OPTIONS_REVOKE},
        {"restore --user alice", CTL_OPTIONS_RESTORE},
        {"revocations", CTL_OPTIONS_REVOCATIONS},
        {"user add alice", CTL_OPTIONS_USER_ADD},
        {"user list", CTL_OPTIONS_USER_LIST},
        {"user show alice", CTL_OPTIONS_USER_SHOW},
        {"user remove alice", CTL_OPTIONS_USER_REMOVE},
        {"user passwd alice", CTL_OPTIONS_USER_PASSWD},
        {"secret add", CTL_OPTIONS_SECRET_ADD},
        {"secret list", CTL_OPTIONS_SECRET_LIST},
        {"secret retire s1", CTL_OPTIONS_SECRET_RETIRE},
        {"key add --role read", CTL_OPTIONS_KEY_ADD},
        {"key list", CTL_OPTIONS_KEY_LIST},
        {"key remove k1", CTL_OPTIONS_KEY_REMOVE},
        {"sessions", CTL_OPTIONS_SESSIONS},
        {"kick 0123", CTL_OPTIONS_KICK},
        {"status", CTL_OPTIONS_STATUS},
        {"usage", CTL_OPTIONS_USAGE},
        {"import coturn-redis redis://h", CTL_OPTIONS_IMPORT_REDIS},
        {"import coturn-sqlite f", CTL_OPTIONS_IMPORT_SQLITE},
        {"import coturn-conf f", CTL_OPTIONS_IMPORT_CONF},
    };
    assert_int_equal(COUNT(cases), CTL_OPTIONS_COMMAND_COUNT);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct line line;
        struct ctl_options options;
        char complaint[CTL_OPTIONS_COMPLAINT_SIZE];
        print_message("# %s\n", cases[i].line);
        assert_true(parse(&line, cases[i].line, &options, complaint));
        assert_int_equal(options.command, cases[i].command);
        assert_string_equal(options.socket, "/usual");
    }
}

static void values_are_read(void **state)
{
    (void)state;
    struct line line;
    struct ctl_options o;
    char complaint[CTL_OPTIONS_COMPLAINT_SIZE];
    assert_true(parse(&line,
                      "--socket /s issue --json --user u --realm=r --ttl 1h --tenant t --random "
                      "--not-before 1700000000 --allocations 3 --bandwidth 40Mbit/s "
                      "--peer 192.0.2.0/24 --peer=2001:db8::/32 --client 198.51.100.7",
                      &o, complaint));
    assert_string_equal(o.socket, "/s");
    assert_string_equal(o.user, "u");
    assert_string_equal(o.realm, "r");
    assert_string_equal(o.tenant, "t");
    assert_string_equal(o.client, "198.51.100.7");
    assert_true(o.json && o.random && o.ttl.is_set && o.not_before.is_set);
    assert_int_equal(o.ttl.value, 3600);
    assert_int_equal(o.not_before.value, 1700000000);
    assert_int_equal(o.allocations.value, 3);
    assert_int_equal(o.bandwidth.value, 5000000);
    assert_int_equal(o.peer_count, 2);
    assert_string_equal(o.peers[1], "2001:db8::/32");
}

static void after_is_a_time_or_an_id(void **state)
{
    (void)state;
    struct line line;
    struct ctl_options o;
    char complaint[CTL_OPTIONS_COMPLAINT_SIZE];
    assert_true(parse(&line, "secret retire abc --after 24h", &o, complaint));
    assert_int_equal(o.later.value, 86400);
    assert_string_equal(o.word, "abc");
    assert_true(parse(&line, "usage --after 17-0 --limit 5", &o, complaint));
    assert_string_equal(o.cursor, "17-0");
    assert_int_equal(o.limit.value, 5);
}

static void an_option_may_look_like_a_command(void **state)
{
    (void)state;
    struct line line;
    struct ctl_options o;
    char complaint[CTL_OPTIONS_COMPLAINT_SIZE];
    assert_true(parse(&line, "sessions --user status --tenant=kick", &o, complaint));
    assert_int_equal(o.command, CTL_OPTIONS_SESSIONS);
    assert_string_equal(o.user, "status");
    assert_true(parse(&line, "user add alice --password-file -", &o, complaint));
    assert_string_equal(o.file, "-");
    assert_true(parse(&line, "import coturn-redis -", &o, complaint));
    assert_string_equal(o.word, "-");
}

static void help_needs_nothing_else(void **state)
{
    (void)state;
    struct line line;
    struct ctl_options o;
    char complaint[CTL_OPTIONS_COMPLAINT_SIZE];
    assert_true(parse(&line, "--help", &o, complaint));
    assert_true(o.help && o.command == CTL_OPTIONS_NONE);
    assert_true(parse(&line, "--version", &o, complaint));
    assert_true(o.version);
    assert_true(parse(&line, "user add --help", &o, complaint));
    assert_true(o.help && o.command == CTL_OPTIONS_USER_ADD);
    assert_true(parse(&line, "revoke --help", &o, complaint));
    assert_true(o.help && o.command == CTL_OPTIONS_REVOKE);
}

static void mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *line, *complaint;
    } cases[] = {
        {"", "nothing to do; see turnpikectl --help"},
        {"isue", "isue is no command; see turnpikectl --help"},
        {"user", "user needs a word more; see turnpikectl --help"},
        {"user ad x", "there is no command user ad; see turnpikectl --help"},
        {"user add", "user add needs NAME"},
        {"user add ''", "NAME is empty"},
        {"user add a b", "b is one argument too many"},
        {"a b c d e", "e is one argument too many"},
        {"status now", "now is one argument too many"},
        {"issue --tll 1h", "there is no option --tll; see turnpikectl --help"},
        {"status --ttl 1h", "status has no option --ttl; see turnpikectl --help"},
        {"issue --ttl", "--ttl needs a value"},
        {"issue --ttl 3600", "--ttl takes a time like 90s, 30m, 24h or 7d, not 3600"},
        {"issue --bandwidth 5",
         "--bandwidth takes an amount per second like 500kB/s, 1MB/s or 40Mbit/s, not 5"},
        {"issue --allocations -1", "--allocations takes a whole number, not -1"},
        {"issue --random=yes", "--random takes no value"},
        {"issue --password x", "there is no option --password; see turnpikectl --help"},
        {"revoke", "revoke needs one of ID, --user and --tenant"},
        {"revoke abc --user x", "revoke needs one of ID, --user and --tenant"},
        {"key add", "key add needs --role issue, read or admin"},
        {"user passwd a --md5 00 --random-password",
         "--password-file, --md5 and --random-password exclude each other"},
        {"import coturn-conf f --json", "coturn-conf has no option --json; see turnpikectl --help"},
        {"issue --peer 1 --peer 2 --peer 3 --peer 4 --peer 5 --peer 6 --peer 7 --peer 8 --peer 9",
         "--peer can be given eight times at most"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct line line;
        struct ctl_options options;
        char complaint[CTL_OPTIONS_COMPLAINT_SIZE];
        print_message("# %s\n", cases[i].line);
        assert_false(parse(&line, cases[i].line, &options, complaint));
        assert_string_equal(complaint, cases[i].complaint);
    }
}

static void help_names_every_option(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    for (int i = 0; i <= CTL_OPTIONS_NONE; i++) {
        ctl_options_help(out, (enum ctl_options_command)i);
    }
    fclose(out);
    static const char *const options[] = {"--ttl TIME",
                                          "--password-file FILE",
                                          "--after ID",
                                          "--after TIME",
                                          "--dry-run",
                                          "--replace",
                                          "--socket PATH",
                                          "--role ROLE",
                                          "import coturn-redis CONNECTION"};
    for (size_t i = 0; i < COUNT(options); i++) {
        assert_non_null(strstr(text, options[i]));
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_found),
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(after_is_a_time_or_an_id),
        cmocka_unit_test(an_option_may_look_like_a_command),
        cmocka_unit_test(help_needs_nothing_else),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(help_names_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
