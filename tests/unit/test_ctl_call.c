/* test_ctl_call — what an answer means: done, refused with a reason, or nothing that makes sense.
 */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "ctl/ctl_call.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void answers_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum ctl_call_verdict verdict;
        const char *body;
        const char *why;
    } cases[] = {
        {200, CTL_CALL_DONE, "{\"a\":1}", ""},
        {204, CTL_CALL_DONE, NULL, ""},
        {200, CTL_CALL_DONE, "", ""},
        {400, CTL_CALL_REFUSED,
         "{\"title\":\"Bad Request\",\"detail\":\"ttl: 90000 is above 86400\"}",
         "ttl: 90000 is above 86400"},
        {400, CTL_CALL_REFUSED, "{\"detail\":\"a\\u001b[2Jb\\nc\"}", "a\\x1b[2Jb\\x0ac"},
        {404, CTL_CALL_REFUSED, "{\"title\":\"Not Found\"}", "Not Found"},
        {500, CTL_CALL_REFUSED, "{\"detail\":7}",
         "the server answers with status 500 and no reason"},
        {502, CTL_CALL_REFUSED, "<html>", "the server answers with status 502 and no reason"},
        {503, CTL_CALL_REFUSED, NULL, "the server answers with status 503 and no reason"},
        {302, CTL_CALL_REFUSED, NULL, "the server answers with status 302 and no reason"},
        {200, CTL_CALL_FAILED, "[1]",
         "the answer is no JSON object; is this turnpike's control socket?"},
        {200, CTL_CALL_FAILED, "{\"a\":1",
         "the answer is no JSON object; is this turnpike's control socket?"},
        {200, CTL_CALL_FAILED, "{\"a\":1,\"a\":2}",
         "the answer is no JSON object; is this turnpike's control socket?"},
        {200, CTL_CALL_FAILED, "{\"a\":\"\xff\"}",
         "the answer is no JSON object; is this turnpike's control socket?"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ctl_answer answer;
        size_t size = cases[i].body ? strlen(cases[i].body) : 0;
        assert_int_equal(ctl_call_read(cases[i].status, cases[i].body, size, &answer),
                         cases[i].verdict);
        assert_int_equal(answer.status, cases[i].status);
        assert_string_equal(answer.why, cases[i].why);
        ctl_call_fini(&answer);
    }
}

static void a_long_reason_is_cut_between_characters(void **state)
{
    (void)state;
    enum { CHARACTERS = CTL_CALL_WHY_SIZE };
    char body[3 * CHARACTERS + 32];
    struct ctl_answer answer;
    struct text t = text_init(body, sizeof(body));
    text_put(&t, "{\"detail\":\"");
    for (int i = 0; i < CHARACTERS; i++) {
        text_put(&t, "\xe2\x82\xac");
    }
    text_put(&t, "\"}");
    assert_int_equal(ctl_call_read(400, body, t.used, &answer), CTL_CALL_REFUSED);
    assert_int_equal(strlen(answer.why), (CTL_CALL_WHY_SIZE - 1) / 3 * 3);
    ctl_call_fini(&answer);
}

static void a_socket_that_is_not_there_is_told_of(void **state)
{
    (void)state;
    struct ctl_answer answer;
    assert_int_equal(ctl_call("/nonexistent/control.sock", "GET", "/v1/status", NULL, &answer),
                     CTL_CALL_FAILED);
    assert_int_equal(answer.status, 0);
    assert_non_null(
        strstr(answer.why, "/nonexistent/control.sock: there is no such socket; start "));
    assert_non_null(strstr(answer.why, "option `control`"));
    ctl_call_fini(&answer);
    char path[200];
    memset(path, 'x', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(ctl_call(path, "GET", "/", NULL, &answer), CTL_CALL_FAILED);
    assert_non_null(strstr(answer.why, "107 bytes are the most"));
    ctl_call_fini(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_told_apart),
        cmocka_unit_test(a_long_reason_is_cut_between_characters),
        cmocka_unit_test(a_socket_that_is_not_there_is_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
