/* test_probe_options — the command line: what is taken, and one sentence about what is not. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "probe/probe_options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 12 };

/* A command line in writable memory, as main() gets it. */
struct line {
    char bytes[512];
    char *argv[WORDS_MAX + 1];
    int argc;
};

/* split — "check stun:x --json" into words. */
static void split(struct line *l, const char *text)
{
    *l = (struct line){.argc = 0};
    snprintf(l->bytes, sizeof(l->bytes), "turnpike-probe %s", text);
    for (char *w = strtok(l->bytes, " "); w && l->argc < WORDS_MAX; w = strtok(NULL, " ")) {
        l->argv[l->argc++] = w;
    }
}

static bool parse(struct line *l, struct probe_options *out, char *complaint)
{
    struct text t = text_init(complaint, PROBE_OPTIONS_COMPLAINT_SIZE);
    bool fine = probe_options_parse(l->argc, l->argv, out, &t);
    assert_int_equal(fine, t.used == 0);
    return fine;
}

static void everything_is_read(void **state)
{
    (void)state;
    struct line l;
    struct probe_options o;
    char complaint[PROBE_OPTIONS_COMPLAINT_SIZE];
    split(&l, "--user alice check turn:x --password=won=der --timeout 60 --sha256");
    assert_true(parse(&l, &o, complaint));
    assert_int_equal(o.command, PROBE_OPTIONS_CHECK);
    assert_string_equal(o.uri, "turn:x");
    assert_string_equal(o.user, "alice");
    assert_string_equal(o.password, "won=der");
    assert_int_equal(o.timeout, 60);
    assert_true(o.sha256);
    assert_false(o.json || o.verbose || o.ipv4_only || o.ipv6_only || o.secret_sha256);
    probe_options_fini(&o);

    split(&l, "check stun:x --secret s --secret-digest sha256 --ipv6 --json --verbose");
    assert_true(parse(&l, &o, complaint));
    assert_string_equal(o.secret, "s");
    assert_true(o.secret_sha256 && o.ipv6_only && o.json && o.verbose);
    assert_int_equal(o.timeout, 5);
    assert_int_equal(o.transport, PROBE_OPTIONS_AS_SAID);
    assert_null(o.roots);
    probe_options_fini(&o);

    split(&l, "check stuns:x --transport udp --ca roots.pem --insecure");
    assert_true(parse(&l, &o, complaint));
    assert_int_equal(o.transport, PROBE_OPTIONS_UDP);
    assert_string_equal(o.roots, "roots.pem");
    assert_true(o.insecure);
    probe_options_fini(&o);
    split(&l, "check stun:x --transport=tcp");
    assert_true(parse(&l, &o, complaint));
    assert_int_equal(o.transport, PROBE_OPTIONS_TCP);
    probe_options_fini(&o);
}

static void help_and_version_need_nothing_else(void **state)
{
    (void)state;
    struct line l;
    struct probe_options o;
    char complaint[PROBE_OPTIONS_COMPLAINT_SIZE];
    split(&l, "--help");
    assert_true(parse(&l, &o, complaint));
    assert_int_equal(o.command, PROBE_OPTIONS_HELP);
    split(&l, "--version");
    assert_true(parse(&l, &o, complaint));
    assert_int_equal(o.command, PROBE_OPTIONS_VERSION);
}

static void passwords_leave_the_list_of_processes(void **state)
{
    (void)state;
    struct line l;
    struct probe_options o;
    char complaint[PROBE_OPTIONS_COMPLAINT_SIZE];
    split(&l, "check turn:x --user alice --password wonderland");
    assert_true(parse(&l, &o, complaint));
    assert_string_equal(o.password, "wonderland");
    assert_string_equal(l.argv[6], "**********");
    probe_options_fini(&o);
    split(&l, "check turn:x --secret=verysecret");
    assert_true(parse(&l, &o, complaint));
    assert_string_equal(o.secret, "verysecret");
    assert_null(strstr(l.argv[3], "very"));
    probe_options_fini(&o);
}

static void files_hold_one_secret(void **state)
{
    (void)state;
    struct line l;
    struct probe_options o;
    char complaint[PROBE_OPTIONS_COMPLAINT_SIZE];
    char words[64];
    char name[] = "/tmp/test_probe_options.XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "very secret\r\n", 13), 13);
    snprintf(words, sizeof(words), "check turn:x --secret file:%s", name);
    split(&l, words);
    assert_true(parse(&l, &o, complaint));
    assert_string_equal(o.secret, "very secret");
    probe_options_fini(&o);
    assert_int_equal(write(fd, "\0", 1), 1);
    split(&l, words);
    assert_false(parse(&l, &o, complaint));
    close(fd);
    unlink(name);
    split(&l, words);
    assert_false(parse(&l, &o, complaint));
    assert_non_null(strstr(complaint, name));
}

static void mistakes_get_a_sentence(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "--help"},
        {"check", "needs a URI"},
        {"chekc turn:x", "no command chekc"},
        {"check turn:x turn:y", "turn:y is one argument too many"},
        {"check turn:x --pasword=hush", "no option --pasword"},
        {"check turn:x -4", "no option -4"},
        {"check turn:x --user", "--user needs a value"},
        {"check turn:x --json=yes", "--json takes no value"},
        {"check turn:x --user alice", "need each other"},
        {"check turn:x --password x", "need each other"},
        {"check turn:x --secret s --user alice", "itself"},
        {"check turn:x --secret=", "empty"},
        {"check turn:x --user= --password=x", "1 to 508"},
        {"check turn:x --timeout 0", "not 0"},
        {"check turn:x --timeout 61", "1 to 60"},
        {"check turn:x --timeout 5s", "not 5s"},
        {"check turn:x --timeout=", "number of seconds"},
        {"check turn:x --timeout 99999999999999999999", "1 to 60"},
        {"check turn:x --secret-digest md5", "sha1 or sha256"},
        {"check turn:x --ipv4 --ipv6", "exclude each other"},
        {"check stun:x --transport tls", "udp or tcp, not tls"},
        {"check stuns:x --ca", "--ca needs a value"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct line l;
        struct probe_options o;
        char complaint[PROBE_OPTIONS_COMPLAINT_SIZE];
        split(&l, cases[i][0]);
        assert_false(parse(&l, &o, complaint));
        if (!strstr(complaint, cases[i][1]) || strchr(complaint, '\n')) {
            fail_msg("%s: %s", cases[i][0], complaint);
        }
        assert_null(strstr(complaint, "hush")); /* it may have been meant as a password */
    }
}

/* read_manual — the page in the source tree; NULL when it is not there. */
static char *read_manual(void)
{
    const char *top = getenv("top_srcdir");
    char name[1024];
    snprintf(name, sizeof(name), "%s/man/turnpike-probe.1", top ? top : ".");
    FILE *file = fopen(name, "r");
    if (!file) {
        return NULL;
    }
    static char text[64 * 1024];
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void the_manual_has_every_option(void **state)
{
    (void)state;
    char help[8192] = "";
    FILE *out = fmemopen(help, sizeof(help), "w");
    probe_options_help(out);
    fclose(out);
    const char *manual = read_manual();
    if (!manual) {
        skip();
    }
    int seen = 0; /* options in --help are lines "  --name" */
    for (const char *at = help; (at = strstr(at, "\n  --")) != NULL; at += 5) {
        char item[64];
        int length = (int)strcspn(at + 5, " \n");
        snprintf(item, sizeof(item), ".It Fl Fl %.*s", length, at + 5);
        if (!strstr(manual, item)) {
            fail_msg("the manual lacks %s", item);
        }
        seen++;
    }
    assert_true(seen >= 15);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "everything is read", .test_func = everything_is_read},
        {.name = "help and version need nothing else",
         .test_func = help_and_version_need_nothing_else},
        {.name = "passwords leave the list of processes",
         .test_func = passwords_leave_the_list_of_processes},
        {.name = "files hold one secret", .test_func = files_hold_one_secret},
        {.name = "mistakes get a sentence", .test_func = mistakes_get_a_sentence},
        {.name = "the manual has every option", .test_func = the_manual_has_every_option},
    };
    return cmocka_run_group_tests_name("probe_options", tests, NULL, NULL);
}
