/* desk — what the management interface works with. */
/* SPDX-License-Identifier: MIT */
#include "manage/desk.h"

#include <string.h>

#include "base/secret.h"
#include "net/clock.h"
#include "net/entropy_os.h"
#include "store/ticket.h"

const struct desk_realm *desk_realm_of(const struct desk *d, const char *name)
{
    for (size_t i = 0; i < d->view.realm_count; i++) {
        if (!name || strcmp(d->view.realm[i].name, name) == 0) {
            return &d->view.realm[i];
        }
    }
    return NULL;
}

void desk_set_view(struct desk *d, const struct desk_view *view)
{
    json_decref(d->view.stun_uris);
    json_decref(d->view.turn_uris);
    d->view = *view;
}

struct store_request *desk_ask(struct call *call, enum store_verb verb, const char *realm,
                               void (*done)(struct store_request *rq))
{
    struct store_request *rq = store_request_new(verb, realm, done, call);
    if (!rq) {
        call_refuse(call, 503, "out of memory");
    }
    return rq;
}

void desk_noted(struct desk *d, const struct store_request *rq)
{
    for (size_t i = 0; i < rq->item_count; i++) {
        follower_noted(d->follower, rq->realm, &rq->item[i]);
    }
}

struct wall desk_issue_time(const struct desk *d, const char *realm, struct span owner,
                            const char *tenant)
{
    struct wall now = clock_now().wall;
    struct wall last =
        mirror_revoked_at(d->mirror, span_of_text(realm), owner, span_of_text(tenant));
    return last.s >= now.s ? (struct wall){last.s + 1} : now;
}

void desk_letters(size_t size, char *out)
{
    uint8_t bytes[64];
    const struct entropy *entropy = entropy_os();
    size = size < sizeof(bytes) ? size : sizeof(bytes);
    entropy->fill(entropy->context, bytes, size);
    ticket_letters(bytes, size, out);
    secret_wipe(bytes, sizeof(bytes));
}
