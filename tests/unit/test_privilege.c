/* test_privilege — giving up what was only needed to start, in children of this process. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/privilege.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Written by the child, read by the test. */
struct seen {
    bool ok, back;
    uid_t uid[3];
    gid_t gid[3];
    int groups;
    int dumpable;
    char why[256];
    char status[8192];
};

static struct seen *seen;

static int begin(void **state)
{
    (void)state;
    seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return seen != MAP_FAILED ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return munmap(seen, sizeof(*seen));
}

/* drop_in_child — become `user` in a child and look round. */
static void drop_in_child(const char *user)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* Opened first: who is not dumpable does not own its /proc. */
        FILE *file = fopen("/proc/self/status", "r");
        seen->ok = privilege_drop(user, seen->why, sizeof(seen->why));
        getresuid(&seen->uid[0], &seen->uid[1], &seen->uid[2]);
        getresgid(&seen->gid[0], &seen->gid[1], &seen->gid[2]);
        seen->groups = getgroups(0, NULL);
        seen->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
        seen->back = seen->ok && seteuid(0) == 0 && getuid() != 0;
        if (!file || fread(seen->status, 1, sizeof(seen->status) - 1, file) == 0) {
            _exit(1);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* assert_status — a line of /proc/self/status. */
static void assert_status(const char *name, const char *value)
{
    const char *at = strstr(seen->status, name);
    assert_non_null(at);
    at += strlen(name);
    at += strspn(at, ": \t");
    assert_memory_equal(at, value, strlen(value));
    assert_int_equal(at[strlen(value)], '\n');
}

static void assert_powerless(void)
{
    assert_status("NoNewPrivs", "1");
    assert_status("CapEff", "0000000000000000");
    assert_status("CapPrm", "0000000000000000");
    assert_status("CapInh", "0000000000000000");
    assert_status("CapAmb", "0000000000000000");
    assert_int_equal(seen->dumpable, 0);
}

static void root_becomes_the_user_for_good(void **state)
{
    (void)state;
    const struct passwd *pw = getpwnam("nobody");
    if (geteuid() != 0 || !pw) {
        skip();
    }
    uid_t uid = pw->pw_uid;
    gid_t gid = pw->pw_gid;
    drop_in_child("nobody");
    assert_true(seen->ok);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(seen->uid[i], uid);
        assert_int_equal(seen->gid[i], gid);
    }
    assert_int_equal(seen->groups, 0);
    assert_false(seen->back);
    assert_powerless();
}

static void who_stays_loses_all_capabilities(void **state)
{
    (void)state;
    drop_in_child(NULL);
    assert_true(seen->ok);
    assert_int_equal(seen->uid[1], geteuid());
    assert_powerless();
}

static void unknown_user_is_told_in_a_sentence(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    drop_in_child("no-such-user-here");
    assert_false(seen->ok);
    assert_string_equal(seen->why,
                        "run-as names the user \"no-such-user-here\", who does not exist here");
    assert_int_equal(seen->uid[1], 0);
    assert_status("NoNewPrivs", "0");
}

static void users_are_told_apart_from_nobodies(void **state)
{
    (void)state;
    assert_true(privilege_user_exists("root"));
    assert_false(privilege_user_exists("no-such-user-here"));
    assert_false(privilege_user_exists(""));
}

static void limit_of_descriptors_is_raised_to_the_hard_one(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit;
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_max = limit.rlim_max < 300 ? limit.rlim_max : 300;
        limit.rlim_cur = 20;
        bool ok =
            setrlimit(RLIMIT_NOFILE, &limit) == 0 && privilege_raise_files() == limit.rlim_max;
        getrlimit(RLIMIT_NOFILE, &limit);
        _exit(ok && limit.rlim_cur == limit.rlim_max ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"root becomes the user for good", root_becomes_the_user_for_good, begin, end, NULL},
        {"who stays loses all capabilities", who_stays_loses_all_capabilities, begin, end, NULL},
        {"an unknown user is told in a sentence", unknown_user_is_told_in_a_sentence, begin, end,
         NULL},
        {"users are told apart from nobodies", users_are_told_apart_from_nobodies, begin, end,
         NULL},
        {"the limit of descriptors is raised to the hard one",
         limit_of_descriptors_is_raised_to_the_hard_one, begin, end, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
