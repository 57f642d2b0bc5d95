/* keys — the keys of the HTTP interface. */
/* SPDX-License-Identifier: MIT */
#include "manage/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "manage/desk.h"
#include "store/ticket.h"

void keys_list(struct call *call)
{
    size_t count;
    const struct api_key *key = follower_keys(call->desk->follower, &count);
    json_t *list = json_array();
    json_t *body = json_object();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, api_key_print(&key[i], false));
    }
    json_object_set_new(body, "keys", list);
    call_answer(call, 200, body);
}

/* A key on its way to the store. */
struct making {
    struct call *call;
    struct api_key key;
    char token[API_KEY_TOKEN_SIZE + 1];
};

static void on_added(struct store_request *rq)
{
    struct making *m = rq->context;
    struct call *call = m->call;
    json_t *body = NULL;
    if (rq->result == STORE_OK) {
        desk_noted(call->desk, rq);
        body = json_object();
        json_object_set_new(body, "id", json_string(m->key.id));
        json_object_set_new(body, "key", json_string(m->token));
    }
    secret_wipe(m, sizeof(*m));
    free(m);
    if (body) {
        call_answer(call, 201, body);
    } else {
        call_refuse_store(call, rq);
    }
}

/* read_key — what the body says of it. Returns false when the call was refused. */
static bool read_key(struct call *call, struct api_key *key)
{
    static const char *const members[] = {"role", "label", "tenant", "realm", "rate", NULL};
    enum { RATE_MAX = 1000000 };
    const char *role;
    const char *label;
    const char *tenant;
    const char *realm;
    int64_t rate;
    if (!call_has_only(call, members) || !call_text(call, "role", 1, 16, &role) ||
        !call_text(call, "label", 0, API_KEY_LABEL_MAX, &label) ||
        !call_text(call, "tenant", 0, RIGHTS_TENANT_MAX, &tenant) ||
        !call_text(call, "realm", 0, SETTINGS_REALM_NAME_MAX, &realm) ||
        !call_number(call, "rate", 0, RATE_MAX, 0, &rate)) {
        return false;
    }
    int number = api_key_role_of(role);
    if (number < 0) {
        call_refuse(call, 400, "role: write issue, read or admin");
        return false;
    }
    if (tenant && tenant[0] && !ticket_is_label(span_of_text(tenant))) {
        call_refuse(call, 400, "tenant: write 1 to 32 letters, digits, _ or -");
        return false;
    }
    *key = (struct api_key){.role = (enum api_key_role)number, .rate = (uint32_t)rate};
    snprintf(key->label, sizeof(key->label), "%s", label ? label : "");
    snprintf(key->tenant, sizeof(key->tenant), "%s", tenant ? tenant : "");
    snprintf(key->realm, sizeof(key->realm), "%s", realm ? realm : "");
    return true;
}

void keys_add(struct call *call)
{
    struct api_key key;
    size_t count;
    if (!read_key(call, &key)) {
        return;
    }
    (void)follower_keys(call->desk->follower, &count);
    struct making *m = count < FOLLOWER_KEYS_MAX ? calloc(1, sizeof(*m)) : NULL;
    if (!m) {
        call_refuse(call, count < FOLLOWER_KEYS_MAX ? 503 : 409,
                    "there is no room for one more key");
        return;
    }
    m->call = call;
    m->key = key;
    api_key_make(&m->key, call->desk->digest, m->token);
    json_t *o = api_key_print(&m->key, true);
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    struct store_request *rq = text ? store_request_new(STORE_WRITE, "", on_added, m) : NULL;
    if (rq) {
        store_request_add(rq, STORE_KEY, span_of_text(m->key.id), span_of_text(text),
                          (struct wall){0})
            ->is_new = true;
        store_submit(call->desk->store, rq);
    } else {
        free(m);
        call_refuse(call, 503, "out of memory");
    }
    free(text);
    json_decref(o);
}

static void on_removed(struct store_request *rq)
{
    struct call *call = rq->context;
    if (rq->result != STORE_OK) {
        call_refuse_store(call, rq);
        return;
    }
    desk_noted(call->desk, rq);
    call_answer(call, 204, NULL);
}

void keys_remove(struct call *call)
{
    if (!follower_key(call->desk->follower, call->name)) {
        call_refuse(call, 404, "there is no key of that id");
        return;
    }
    struct store_request *rq = desk_ask(call, STORE_WRITE, "", on_removed);
    if (rq) {
        store_request_add(rq, STORE_KEY, span_of_text(call->name), span_of_text(""),
                          (struct wall){0});
        store_submit(call->desk->store, rq);
    }
}
