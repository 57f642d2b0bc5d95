/* http — the management interface over TCP or TLS, for programs that have a key, and over a Unix
 * socket, for turnpikectl.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_HTTP_H
#define MANAGE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/netaddr.h"
#include "net/log.h"
#include "net/tls.h"

struct desk;
struct event_base;
struct http;

/* http_new — an interface that nobody can reach yet; all borrowed for its life. Returns new, freed
 * with http_free; NULL when memory is short. */
struct http *http_new(struct event_base *base, struct desk *desk, struct log_source *log);

/* http_free — close it; NULL is taken. Calls that wait for the store must have been answered: close
 * the store first. */
void http_free(struct http *h);

/* http_listen — serve on a bound and listening socket, which is taken: over TLS where `tls` is not
 * NULL. Everyone needs a key. Returns false when memory is short. */
bool http_listen(struct http *h, int fd, struct tls *tls);

/* http_control — serve on a Unix socket at `path`, made with mode 0600; who can open it needs no
 * key. A socket that nobody serves any more is replaced. Returns false with one sentence. */
bool http_control(struct http *h, const char *path, char *why, size_t why_room);

/* http_tick — every second. Never fails. */
void http_tick(struct http *h);

/* http_set_tls — another certificate from now on, taken. Never fails. */
void http_set_tls(struct http *h, struct tls *tls);

#endif
