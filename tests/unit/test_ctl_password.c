/* test_ctl_password — passwords from files and from chance; what is none is refused in words. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "ctl/ctl_password.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl_memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* read_back — a password from a file with these bytes. */
static char *read_back(const char *bytes, size_t size, struct text *why)
{
    char name[] = "/tmp/turnpike-test-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
    char *password = ctl_password_read(name, why);
    unlink(name);
    return password;
}

static void one_line_end_is_cut(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *password;
    } cases[] = {
        {"wonder", "wonder"},       {"wonder\n", "wonder"}, {"wonder\r\n", "wonder"},
        {"wonder\n\n", "wonder\n"}, {" w o \n", " w o "},   {"gr\xc3\xbcn\n", "gr\xc3\xbcn"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char why[256] = "";
        struct text t = text_init(why, sizeof(why));
        char *password = read_back(cases[i].bytes, strlen(cases[i].bytes), &t);
        assert_non_null(password);
        assert_string_equal(password, cases[i].password);
        ctl_memory_forget(password);
    }
}

static void expect_refusal(const char *bytes, size_t size, const char *word)
{
    char why[256] = "";
    struct text t = text_init(why, sizeof(why));
    assert_null(read_back(bytes, size, &t));
    assert_non_null(strstr(why, word));
}

static void what_is_no_password_is_refused(void **state)
{
    (void)state;
    char *large = ctl_memory_new(CTL_PASSWORD_MAX + 1);
    char why[256] = "";
    struct text t = text_init(why, sizeof(why));
    memset(large, 'x', CTL_PASSWORD_MAX + 1);
    expect_refusal("", 0, "it is empty");
    expect_refusal("\n", 1, "it is empty");
    expect_refusal("a\0b", 3, "holds a NUL");
    expect_refusal(large, CTL_PASSWORD_MAX + 1, "too long");
    free(large);
    assert_null(ctl_password_read("/nonexistent/password", &t));
    assert_string_equal(why, "/nonexistent/password: No such file or directory");
}

static void chance_makes_no_password_twice(void **state)
{
    (void)state;
    char why[256];
    struct text t = text_init(why, sizeof(why));
    char *one = ctl_password_random(&t);
    char *other = ctl_password_random(&t);
    assert_int_equal(strlen(one), 24);
    assert_int_equal(strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
                     24);
    assert_string_not_equal(one, other);
    ctl_memory_forget(one);
    ctl_memory_forget(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_end_is_cut),
        cmocka_unit_test(what_is_no_password_is_refused),
        cmocka_unit_test(chance_makes_no_password_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
