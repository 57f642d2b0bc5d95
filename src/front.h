/* front — the management interface in place: what the configuration says of it, opened, kept up to
 * date over reloads.
 * Wiring. Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef FRONT_H
#define FRONT_H

#include "manage/desk.h"
#include "manage/http.h"
#include "backoffice.h"

struct front {
    struct desk desk;
    struct http *http;
    int fd;          /* bound for HTTP, until it is served; -1: none */
    struct tls *tls; /* likewise */
    bool is_secure;
};

/* front_bind — bind what may need privileges, and read the certificate. Returns false with one
 * sentence in `why`. */
bool front_bind(struct front *f, const struct conf *conf, char *why, size_t why_room);

/* front_open — serve, as the user that serves. `office` borrowed for its life; `counts` as struct
 * desk has it. Returns false with one sentence in `why`. */
bool front_open(struct front *f, struct backoffice *office, const struct conf *conf,
                void (*counts)(void *context, struct worker_counts *sum), void *context, char *why,
                size_t why_room);

/* front_show — what this configuration says of realms and addresses; again after a reload. */
void front_show(struct front *f, const struct conf *conf, const struct snapshot *snapshot);

/* front_tick — every second. Never fails. */
void front_tick(struct front *f);

/* front_renew — read the certificate again, where there is one: of what cannot be read the old one
 * serves on. Returns false with one sentence in `why`. */
bool front_renew(struct front *f, const struct conf *conf, char *why, size_t why_room);

/* front_close — stop serving: the store is closed. Safe on one that was never opened. */
void front_close(struct front *f);

#endif
