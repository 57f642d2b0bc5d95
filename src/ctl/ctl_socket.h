/* ctl_socket — one exchange with the server over its control socket.
 * One thread; blocks for half a minute at most. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_SOCKET_H
#define CTL_CTL_SOCKET_H

#include "base/text.h"
#include "ctl/ctl_http.h"

enum {
    CTL_SOCKET_SECONDS = 30,   /* for an exchange, all in all */
    CTL_SOCKET_WHY_SIZE = 512, /* room for what went wrong */
};

/* ctl_socket_exchange — connect to the Unix socket `path`, send a request and read the answer, in
 * `milliseconds` at most. `answer` is initialised, and the caller's to fini. Returns true when the
 * answer is whole; false with one sentence in `why`. */
bool ctl_socket_exchange(const char *path, const char *request, int milliseconds,
                         struct ctl_http *answer, struct text *why);

#endif
