/* test_ctl_socket — one exchange over a Unix socket, with servers that behave and others. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "ctl/ctl_socket.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A server of one connection: reads `reads` bytes at least, sends `answer`, hangs up. */
struct server {
    char folder[64], path[80];
    int listener;
    const char *answer;
    size_t reads;
    pthread_t thread;
    bool has_thread;
};

static void *serve(void *context)
{
    struct server *s = context;
    char bytes[4096];
    size_t got = 0;
    int fd = accept(s->listener, NULL, NULL);
    while (got < s->reads) {
        ssize_t more = read(fd, bytes, sizeof(bytes));
        if (more <= 0) {
            break;
        }
        got += (size_t)more;
    }
    (void)!write(fd, s->answer, strlen(s->answer));
    shutdown(fd, SHUT_WR);
    while (s->reads > 0 && read(fd, bytes, sizeof(bytes)) > 0) {
    }
    close(fd);
    return NULL;
}

/* start — listening; with `answer` NULL nobody ever accepts. */
static void start(struct server *s, const char *answer, size_t reads)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    *s = (struct server){.folder = "/tmp/turnpike-test-XXXXXX", .answer = answer, .reads = reads};
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->path, sizeof(s->path), "%s/sock", s->folder);
    memcpy(name.sun_path, s->path, strlen(s->path));
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listener, (const struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    s->has_thread = answer != NULL;
    if (s->has_thread) {
        assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    }
}

static void stop(struct server *s)
{
    if (s->has_thread) {
        pthread_join(s->thread, NULL);
    }
    close(s->listener);
    unlink(s->path);
    rmdir(s->folder);
}

/* expect_failure — with a word that the sentence must have. */
static void expect_failure(const char *path, int milliseconds, const char *word)
{
    struct ctl_http answer;
    char why[CTL_SOCKET_WHY_SIZE] = "";
    struct text t = text_init(why, sizeof(why));
    assert_false(ctl_socket_exchange(path, "GET / HTTP/1.1\r\n\r\n", milliseconds, &answer, &t));
    print_message("# %s\n", why);
    assert_non_null(strstr(why, path));
    assert_non_null(strstr(why, word));
    ctl_http_fini(&answer);
}

static void an_answer_comes_through(void **state)
{
    (void)state;
    struct server s;
    struct ctl_http answer;
    char why[CTL_SOCKET_WHY_SIZE];
    struct text t = text_init(why, sizeof(why));
    start(&s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 10);
    assert_true(ctl_socket_exchange(s.path, "GET / HTTP/1.1\r\n\r\n", 5000, &answer, &t));
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "{}");
    ctl_http_fini(&answer);
    stop(&s);
}

static void a_server_may_answer_before_it_has_heard_all(void **state)
{
    (void)state;
    enum { LARGE = 8 << 20 };
    struct server s;
    struct ctl_http answer;
    char why[CTL_SOCKET_WHY_SIZE] = "";
    struct text t = text_init(why, sizeof(why));
    char *request = malloc(LARGE + 1);
    assert_non_null(request);
    memset(request, 'x', LARGE);
    request[LARGE] = '\0';
    start(&s, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", 1);
    assert_true(ctl_socket_exchange(s.path, request, 5000, &answer, &t));
    assert_int_equal(answer.status, 413);
    ctl_http_fini(&answer);
    stop(&s);
    free(request);
}

static void silence_has_an_end(void **state)
{
    (void)state;
    struct server s;
    start(&s, NULL, 0);
    expect_failure(s.path, 200, "no answer in time");
    stop(&s);
}

static void half_an_answer_is_none(void **state)
{
    (void)state;
    struct server s;
    start(&s, "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{", 1);
    expect_failure(s.path, 5000, "ended before the answer did");
    stop(&s);
    start(&s, "+OK hello\r\n", 1);
    expect_failure(s.path, 5000, "no answer in HTTP");
    stop(&s);
}

static void nobody_there_is_told_of(void **state)
{
    (void)state;
    struct server s;
    start(&s, NULL, 0);
    close(s.listener);
    expect_failure(s.path, 1000, "nobody answers; turnpike is not running");
    unlink(s.path);
    expect_failure(s.path, 1000, "there is no such socket");
    stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_through),
        cmocka_unit_test(a_server_may_answer_before_it_has_heard_all),
        cmocka_unit_test(silence_has_an_end),
        cmocka_unit_test(half_an_answer_is_none),
        cmocka_unit_test(nobody_there_is_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
