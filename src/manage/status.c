/* status — how the server is. */
/* SPDX-License-Identifier: MIT */
#include "manage/status.h"

#include <stdio.h>

#include "net/clock.h"
#include "manage/desk.h"

static uint32_t live(const struct desk *d)
{
    uint32_t count = 0;
    for (unsigned i = 0; i < d->shared->count; i++) {
        count += worker_live(d->shared->worker[i]);
    }
    return count;
}

static json_t *nodes(const struct desk *d)
{
    json_t *list = json_array();
    const char *name;
    json_t *node;
    json_object_foreach((json_t *)(uintptr_t)d->nodes, name, node)
    {
        json_array_append(list, node);
    }
    return list;
}

static json_t *store(const struct desk *d)
{
    json_t *o = json_object();
    json_object_set_new(o, "name", json_string(store_name(d->store)));
    json_object_set_new(o, "up", json_boolean(store_is_up(d->store)));
    json_object_set_new(o, "shared", json_boolean(store_is_shared(d->store)));
    json_object_set_new(o, "kept", json_boolean(store_is_kept(d->store)));
    return o;
}

void status_show(struct call *call)
{
    const struct desk *d = call->desk;
    json_t *o = json_object();
    json_t *realms = json_array();
    for (size_t i = 0; i < d->view.realm_count; i++) {
        json_array_append_new(realms, json_string(d->view.realm[i].name));
    }
    json_object_set_new(o, "version", json_string(PACKAGE_VERSION));
    json_object_set_new(o, "node", json_string(d->node));
    json_object_set_new(
        o, "uptime",
        json_integer((json_int_t)((clock_now().mono.ns - d->started.ns) / MONO_SECOND)));
    json_object_set_new(o, "draining", json_boolean(*d->is_draining));
    json_object_set_new(o, "allocations", json_integer(live(d)));
    json_object_set_new(o, "workers", json_integer(d->shared->count));
    json_object_set_new(o, "realms", realms);
    json_object_set_new(o, "store", store(d));
    json_object_set_new(o, "nodes", nodes(d));
    call_answer(call, 200, o);
}

bool status_is_ready(const struct desk *d, char *why, size_t why_room)
{
    if (*d->is_draining) {
        snprintf(why, why_room, "draining");
        return false;
    }
    if (!mirror_has_read(d->mirror)) {
        snprintf(why, why_room, "the store has not been read yet");
        return false;
    }
    snprintf(why, why_room, store_is_up(d->store) ? "ok" : "ok, without its store");
    return true;
}
