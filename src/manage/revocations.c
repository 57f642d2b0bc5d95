/* revocations — taking back what was given out. */
/* SPDX-License-Identifier: MIT */
#include "manage/revocations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "net/clock.h"
#include "manage/desk.h"
#include "store/grant.h"
#include "store/session.h"
#include "store/ticket.h"

static const char *const names[MIRROR_SCOPES] = {
    [MIRROR_CREDENTIAL] = "credential",
    [MIRROR_USER] = "user",
    [MIRROR_TENANT] = "tenant",
    [MIRROR_PASSWORD] = "password",
};

enum {
    ASKED_FOR = MIRROR_PASSWORD, /* scopes before this one are for callers */
    PASSWORD_KEPT = 30 * 86400,  /* seconds in which a node that was cut off may come back */
};

/* scope_of — a scope by its name; -1 for none. */
static int scope_of(const char *name)
{
    for (int i = 0; i < ASKED_FOR; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static void tell(void *context, const struct mirror_revocation *r)
{
    if ((int)r->scope >= (int)ASKED_FOR) {
        return;
    }
    json_t *o = json_object();
    json_object_set_new(o, "scope", json_string(names[r->scope]));
    json_object_set_new(o, "value", session_text(r->value));
    json_object_set_new(o, "at", json_integer(r->at.s));
    json_object_set_new(o, "until", json_integer(r->until.s));
    json_array_append_new(context, o);
}

void revocations_list(struct call *call)
{
    json_t *list = json_array();
    json_t *body = json_object();
    mirror_each_revocation(call->desk->mirror, span_of_text(call->realm->name), tell, list);
    json_object_set_new(body, "revocations", list);
    call_answer(call, 200, body);
}

/* put_key — "scope/value" into a request. */
static struct store_item *put_key(struct store_request *rq, enum mirror_scope scope,
                                  struct span value, const char *json)
{
    char key[CALL_NAME_MAX + 32];
    struct text t = text_init(key, sizeof(key));
    text_put(&t, names[scope]);
    text_char(&t, '/');
    text_span(&t, value);
    return store_request_add(rq, STORE_REVOCATION, (struct span){(const uint8_t *)key, t.used},
                             span_of_text(json), (struct wall){0});
}

void revocations_add(const struct call *call, struct store_request *rq, enum mirror_scope scope,
                     struct span value, struct wall at, bool is_lasting)
{
    int64_t keeps = (int64_t)call->realm->max_ttl + call->realm->grace;
    keeps = scope == MIRROR_PASSWORD && keeps < PASSWORD_KEPT ? PASSWORD_KEPT : keeps;
    int64_t until = is_lasting ? 0 : at.s + keeps;
    json_t *o = json_pack("{s:I, s:I}", "at", (json_int_t)at.s, "until", (json_int_t)until);
    if (o && scope == MIRROR_CREDENTIAL && call->tenant[0]) { /* a key takes back its own alone */
        json_object_set_new(o, "tenant", json_string(call->tenant));
    }
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    if (text) {
        put_key(rq, scope, value, text)->expires.s = until;
    } else {
        rq->is_short = true;
    }
    free(text);
    json_decref(o);
}

/* A revocation that is being made. */
struct making {
    struct call *call;
    enum mirror_scope scope;
    struct span value; /* borrowed from the call */
    struct wall at;
    bool is_lasting;
    int status;
};

static void on_made(struct store_request *rq)
{
    struct making *m = rq->context;
    struct call *call = m->call;
    struct making made = *m;
    free(m);
    if (rq->result != STORE_OK) {
        call_refuse_store(call, rq);
        return;
    }
    desk_noted(call->desk, rq);
    json_t *body = NULL;
    if (made.status == 201) {
        body = json_object();
        json_object_set_new(body, "scope", json_string(names[made.scope]));
        json_object_set_new(body, "value", session_text(made.value));
        json_object_set_new(body, "realm", json_string(call->realm->name));
        json_object_set_new(body, "at", json_integer(made.at.s));
    }
    call_answer(call, made.status, body);
}

static void fail(struct making *m, const struct store_request *rq)
{
    struct call *call = m->call;
    free(m);
    if (rq) {
        call_refuse_store(call, rq);
    } else {
        call_refuse(call, 503, "out of memory");
    }
}

/* make — write it. */
static void make(struct making *m, bool is_lasting)
{
    struct desk *d = m->call->desk;
    struct store_request *rq = store_request_new(STORE_WRITE, m->call->realm->name, on_made, m);
    if (!rq) {
        fail(m, NULL);
        return;
    }
    revocations_add(m->call, rq, m->scope, m->value, m->at, is_lasting);
    store_submit(d->store, rq);
}

static void on_user(struct store_request *rq)
{
    struct making *m = rq->context;
    struct grant g = {.name_size = 0};
    char why[STORE_WHY_MAX];
    if (rq->result == STORE_OK && rq->found_count > 0 &&
        grant_parse(rq->found[0].value, &g, why, sizeof(why))) {
        /* A password that replaced another in one second is of the next: see users.c. */
        m->at.s = g.rights.issued.s > m->at.s ? g.rights.issued.s : m->at.s;
    }
    secret_wipe(&g, sizeof(g));
    if (rq->result == STORE_OK || rq->result == STORE_NONE) {
        make(m, m->is_lasting || rq->result == STORE_OK);
    } else {
        fail(m, rq);
    }
}

/* look_up — whether there is such a user in the store, whose password does not expire: then
 * neither may the revocation. */
static void look_up(struct making *m)
{
    struct keyring_query query = {.realm = m->call->realm->number, .name = m->value};
    struct keyring_found found;
    struct span secret;
    enum roster_digest which;
    if (roster_find_user(m->call->desk->view.roster, &query, &found)) {
        make(m, true);
        return;
    }
    /* By a secret of the file, time-limited names are made elsewhere, for who knows how long. */
    m->is_lasting = roster_secret(m->call->desk->view.roster, query.realm, 0, &secret, &which);
    struct store_request *rq = store_request_new(STORE_GET, m->call->realm->name, on_user, m);
    if (!rq) {
        fail(m, NULL);
        return;
    }
    store_request_add(rq, STORE_USER, m->value, span_of_text(""), (struct wall){0});
    store_submit(m->call->desk->store, rq);
}

static void begin(struct call *call, enum mirror_scope scope, struct span value, int status)
{
    struct making *m = calloc(1, sizeof(*m));
    if (!m) {
        call_refuse(call, 503, "out of memory");
        return;
    }
    *m = (struct making){call, scope, value, clock_now().wall, false, status};
    if (scope == MIRROR_USER) {
        look_up(m);
    } else {
        make(m, scope == MIRROR_TENANT);
    }
}

static bool is_value(enum mirror_scope scope, struct span value)
{
    switch (scope) {
    case MIRROR_CREDENTIAL:
        return value.size == TICKET_ID_SIZE && ticket_is_label(value);
    case MIRROR_TENANT:
        return ticket_is_label(value);
    default:
        return value.size > 0 && value.size <= STUN_NAME_MAX;
    }
}

void revocations_make(struct call *call)
{
    static const char *const members[] = {"realm", "user", "tenant", "credential", NULL};
    int scope = -1;
    int count = 0;
    if (!call_has_only(call, members)) {
        return;
    }
    for (int i = 0; i < ASKED_FOR; i++) {
        if (json_object_get(call->in, names[i])) {
            scope = i;
            count++;
        }
    }
    if (count != 1) {
        call_refuse(call, 400, "write one of credential, user and tenant");
        return;
    }
    const json_t *text = json_object_get(call->in, names[scope]);
    struct span value = {(const uint8_t *)json_string_value(text), json_string_length(text)};
    if (!json_is_string(text) || !is_value((enum mirror_scope)scope, value)) {
        call_refuse(call, 400, "%s: there can be none of that name", names[scope]);
        return;
    }
    begin(call, (enum mirror_scope)scope, value, 201);
}

void revocations_credential(struct call *call)
{
    struct span id = {(const uint8_t *)call->name, call->name_size};
    if (!is_value(MIRROR_CREDENTIAL, id)) {
        call_refuse(call, 404, "an id is 13 letters and digits");
        return;
    }
    begin(call, MIRROR_CREDENTIAL, id, 204);
}

static void on_lifted(struct store_request *rq)
{
    struct call *call = rq->context;
    if (rq->result != STORE_OK) {
        call_refuse_store(call, rq);
        return;
    }
    desk_noted(call->desk, rq);
    call_answer(call, 204, NULL);
}

void revocations_lift(struct call *call)
{
    int scope = scope_of(call->name);
    if (scope < 0) {
        call_refuse(call, 404, "the scopes are credential, user and tenant");
        return;
    }
    struct store_request *rq = desk_ask(call, STORE_WRITE, call->realm->name, on_lifted);
    if (rq) {
        put_key(rq, (enum mirror_scope)scope,
                (struct span){(const uint8_t *)call->more, call->more_size}, "");
        store_submit(call->desk->store, rq);
    }
}
