/* secrets — the secrets of a realm that sign credentials. */
/* SPDX-License-Identifier: MIT */
#include "manage/secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "net/clock.h"
#include "manage/desk.h"
#include "store/ticket.h"

enum { LETTERS = 52, LONGEST = 1024 };

static void add(json_t *list, const char *key, int64_t created, int64_t retires, const char *source)
{
    json_t *o = json_object();
    json_object_set_new(o, "id", json_string(key));
    json_object_set_new(o, "created", json_integer(created));
    json_object_set_new(o, "retires", json_integer(retires));
    json_object_set_new(o, "source", json_string(source));
    json_array_append_new(list, o);
}

void secrets_list(struct call *call)
{
    const struct desk *d = call->desk;
    struct mirror_secret held;
    struct span secret;
    enum roster_digest which;
    json_t *list = json_array();
    json_t *body = json_object();
    for (size_t i = 0; roster_secret(d->view.roster, call->realm->number, i, &secret, &which);
         i++) {
        char key[TICKET_KEY_SIZE + 1];
        ticket_key(d->digest, secret, key);
        add(list, key, 0, 0, "file");
    }
    for (size_t i = 0; mirror_each_secret(d->mirror, span_of_text(call->realm->name), i, &held);
         i++) {
        add(list, held.key, held.created.s, held.retires.s, "store");
        secret_wipe(&held, sizeof(held));
    }
    json_object_set_new(body, "secrets", list);
    call_answer(call, 200, body);
}

/* A secret on its way to the store. */
struct making {
    struct call *call;
    char key[TICKET_KEY_SIZE + 1];
    char shown[LETTERS + 1]; /* "" when it was given */
    int64_t retires;
};

static void free_making(struct making *m)
{
    secret_wipe(m, sizeof(*m));
    free(m);
}

static void on_written(struct store_request *rq)
{
    struct making *m = rq->context;
    struct call *call = m->call;
    if (rq->result != STORE_OK) {
        free_making(m);
        call_refuse_store(call, rq);
        return;
    }
    desk_noted(call->desk, rq);
    json_t *body = json_object();
    bool is_new = rq->item[0].is_new;
    json_object_set_new(body, "id", json_string(m->key));
    json_object_set_new(body, "realm", json_string(call->realm->name));
    if (m->shown[0]) {
        json_object_set_new(body, "secret", json_string(m->shown));
    }
    if (!is_new) {
        json_object_set_new(body, "retires", json_integer(m->retires));
    }
    free_making(m);
    call_answer(call, is_new ? 201 : 200, body);
}

/* write — a secret with its times; removed where it is no longer taken. */
static void write(struct making *m, const char *secret, size_t size, int64_t created, bool is_new)
{
    struct call *call = m->call;
    struct store_request *rq = store_request_new(STORE_WRITE, call->realm->name, on_written, m);
    bool is_over = m->retires != 0 && m->retires <= clock_now().wall.s;
    json_t *o = json_pack("{s:s%, s:I, s:I}", "secret", secret, size, "created",
                          (json_int_t)created, "retires", (json_int_t)m->retires);
    char *text = o && !is_over ? json_dumps(o, JSON_COMPACT) : NULL;
    if (rq && (text || is_over)) {
        store_request_add(rq, STORE_SECRET, span_of_text(m->key), span_of_text(text ? text : ""),
                          (struct wall){0})
            ->is_new = is_new;
        store_submit(call->desk->store, rq);
    } else {
        store_request_free(rq);
        free_making(m);
        call_refuse(call, 503, "out of memory");
    }
    grant_free_text(text);
    json_decref(o);
}

/* has_room — whether one more can be tried for every name, as STUN clients need. */
static bool has_room(const struct call *call)
{
    const struct desk *d = call->desk;
    struct mirror_secret held;
    struct span secret;
    enum roster_digest which = ROSTER_SHA1;
    size_t files = 0;
    size_t count = 0;
    while (roster_secret(d->view.roster, call->realm->number, files, &secret, &which)) {
        files++;
    }
    while (mirror_each_secret(d->mirror, span_of_text(call->realm->name), count, &held)) {
        count++;
    }
    secret_wipe(&held, sizeof(held));
    return (files + count + 1) * (which == ROSTER_BOTH ? 2 : 1) <= KEYRING_ENTRIES_MAX;
}

void secrets_add(struct call *call)
{
    static const char *const members[] = {"secret", "realm", NULL};
    const char *given;
    if (!call_has_only(call, members) || !call_text(call, "secret", 16, LONGEST, &given)) {
        return;
    }
    if (!has_room(call)) {
        call_refuse(call, 409, "secret: the realm has as many as can be tried; retire one first");
        return;
    }
    struct making *m = calloc(1, sizeof(*m));
    if (!m) {
        call_refuse(call, 503, "out of memory");
        return;
    }
    m->call = call;
    if (!given) {
        desk_letters(LETTERS, m->shown);
    }
    const char *secret = given ? given : m->shown;
    ticket_key(call->desk->digest, span_of_text(secret), m->key);
    write(m, secret, strlen(secret), clock_now().wall.s, true);
}

/* find — the secret of the store that the path names. */
static bool find(const struct call *call, struct mirror_secret *out)
{
    for (size_t i = 0;
         mirror_each_secret(call->desk->mirror, span_of_text(call->realm->name), i, out); i++) {
        if (span_is_equal(span_of_text(out->key),
                          (struct span){(const uint8_t *)call->name, call->name_size})) {
            return true;
        }
    }
    return false;
}

void secrets_retire(struct call *call)
{
    enum { YEAR = 366 * 86400 };
    struct mirror_secret held;
    int64_t after;
    if (!call_query_number(call, "after", 0, YEAR, 0, &after)) {
        return;
    }
    if (!find(call, &held)) {
        call_refuse(call, 404,
                    "there is no such secret in the store; those of the configuration "
                    "are retired there");
        return;
    }
    struct making *m = calloc(1, sizeof(*m));
    if (!m) {
        call_refuse(call, 503, "out of memory");
        return;
    }
    m->call = call;
    m->retires = clock_now().wall.s + after;
    memcpy(m->key, held.key, sizeof(m->key));
    write(m, (const char *)held.bytes, held.size, held.created.s, false);
    secret_wipe(&held, sizeof(held));
}
