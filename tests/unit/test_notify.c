/* test_notify — word to the service manager, on sockets with a path and without. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/notify.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/turnpike-test-notify-XXXXXX";
static char name[108];

static int begin_all(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int end_all(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int end(void **state)
{
    (void)state;
    if (name[0] == '/') {
        unlink(name);
    }
    return unsetenv("NOTIFY_SOCKET");
}

/* manager — a socket of that name, which $NOTIFY_SOCKET then holds; "@" begins an abstract one. */
static int manager(const char *at)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(name, sizeof(name), "%s", at);
    memcpy(a.sun_path, name, strlen(name));
    if (name[0] == '@') {
        a.sun_path[0] = '\0';
    }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    assert_int_equal(bind(fd, (struct sockaddr *)&a, size), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    return fd;
}

static void assert_told(int fd, const char *state)
{
    char got[256];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 10000), 1);
    ssize_t size = recv(fd, got, sizeof(got) - 1, 0);
    assert_true(size >= 0);
    got[size] = '\0';
    assert_string_equal(got, state);
}

static void socket_with_a_path_is_told(void **state)
{
    (void)state;
    char path[108];
    snprintf(path, sizeof(path), "%s/notify", folder);
    int fd = manager(path);
    notify_send("READY=1");
    assert_told(fd, "READY=1");
    notify_send("RELOADING=1\nMONOTONIC_USEC=12345");
    assert_told(fd, "RELOADING=1\nMONOTONIC_USEC=12345");
    close(fd);
}

static void abstract_socket_is_told(void **state)
{
    (void)state;
    char at[108];
    snprintf(at, sizeof(at), "@turnpike-test-%d", (int)getpid());
    int fd = manager(at);
    notify_send("STOPPING=1");
    assert_told(fd, "STOPPING=1");
    close(fd);
}

static void longest_path_is_told(void **state)
{
    (void)state;
    char path[108]; /* with its NUL as long as a socket's name can be */
    snprintf(path, sizeof(path), "%s/", folder);
    memset(path + strlen(path), 'x', sizeof(path) - 1 - strlen(path));
    path[sizeof(path) - 1] = '\0';
    int fd = manager(path);
    notify_send("READY=1");
    assert_told(fd, "READY=1");
    close(fd);
}

static void without_a_manager_nothing_happens(void **state)
{
    (void)state;
    char large[300];
    int before = dup(0);
    close(before);
    unsetenv("NOTIFY_SOCKET");
    notify_send("READY=1");
    memset(large, 'x', sizeof(large));
    large[0] = '/';
    large[sizeof(large) - 1] = '\0';
    static const char *const wrong[] = {"", "@", "relative", "vsock:2:1234", "/none/such/socket",
                                        "/"};
    for (size_t i = 0; i <= sizeof(wrong) / sizeof(wrong[0]); i++) {
        bool is_last = i == sizeof(wrong) / sizeof(wrong[0]);
        assert_int_equal(setenv("NOTIFY_SOCKET", is_last ? large : wrong[i], 1), 0);
        notify_send("READY=1");
    }
    int after = dup(0);
    close(after);
    assert_int_equal(after, before); /* and no descriptor is lost */
    name[0] = '\0';
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"a socket with a path is told", socket_with_a_path_is_told, NULL, end, NULL},
        {"an abstract socket is told", abstract_socket_is_told, NULL, end, NULL},
        {"the longest path is told", longest_path_is_told, NULL, end, NULL},
        {"without a manager nothing happens", without_a_manager_nothing_happens, NULL, end, NULL},
    };
    return cmocka_run_group_tests(tests, begin_all, end_all);
}
