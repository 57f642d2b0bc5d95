/* notify — telling the service manager how we are. */
/* SPDX-License-Identifier: MIT */
#include "net/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_send(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (!path || strlen(path) >= sizeof(at.sun_path) || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    size_t size = strlen(path);
    memcpy(at.sun_path, path, size);
    if (path[0] == '@') {
        at.sun_path[0] = '\0'; /* the abstract name space */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
        ssize_t done =
            sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&at, length);
        (void)done; /* a manager that is gone is none of our business */
        close(fd);
    }
}
