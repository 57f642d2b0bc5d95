/* users — the users of the store: kept with keys, never with a password. */
/* SPDX-License-Identifier: MIT */
#include "manage/users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "net/clock.h"
#include "manage/desk.h"
#include "manage/revocations.h"
#include "store/opaque.h"
#include "store/session.h"

static json_t *show(const struct grant *g, const char *realm)
{
    json_t *o = json_object();
    json_object_set_new(o, "name", json_stringn(g->name, g->name_size));
    json_object_set_new(o, "realm", json_string(realm));
    json_object_set_new(o, "changed", json_integer(g->rights.issued.s));
    json_object_set_new(o, "sha256", json_boolean(g->has_sha256));
    grant_put_rights(o, g);
    return o;
}

/* Lists. */

static void on_listed(struct store_request *rq)
{
    struct call *call = rq->context;
    char why[STORE_WHY_MAX];
    if (rq->result == STORE_REFUSED && call->query(call, "cursor")) {
        call_refuse(call, 400, "cursor: %s", rq->why);
        return;
    }
    if (rq->result != STORE_OK) {
        call_refuse_store(call, rq);
        return;
    }
    json_t *users = json_array();
    for (size_t i = 0; i < rq->found_count; i++) {
        struct grant g;
        if (grant_parse(rq->found[i].value, &g, why, sizeof(why))) {
            json_array_append_new(users, show(&g, call->realm->name));
        }
        secret_wipe(&g, sizeof(g));
    }
    json_t *body = json_object();
    json_object_set_new(body, "users", users);
    json_object_set_new(body, "cursor", json_string(rq->cursor));
    call_answer(call, 200, body);
}

void users_list(struct call *call)
{
    enum { MOST = 1000, STANDARD = 100 };
    int64_t limit;
    const char *cursor = call->query(call, "cursor");
    if (!call_query_number(call, "limit", 1, MOST, STANDARD, &limit)) {
        return;
    }
    if (cursor && strlen(cursor) >= STORE_CURSOR_MAX) {
        call_refuse(call, 400, "cursor: it is none that was given out");
        return;
    }
    struct store_request *rq = desk_ask(call, STORE_LIST, call->realm->name, on_listed);
    if (rq) {
        store_request_add(rq, STORE_USER, span_of_text(""), span_of_text(""), (struct wall){0});
        rq->limit = (uint32_t)limit;
        snprintf(rq->cursor, sizeof(rq->cursor), "%s", cursor ? cursor : "");
        store_submit(call->desk->store, rq);
    }
}

/* Writing. */

/* set_keys — by password, or as they are. Returns false when the call was refused. */
static bool set_keys(struct call *call, struct grant *g, bool must_have)
{
    enum { PASSWORD_MAX = 1024 };
    const char *password;
    const char *md5;
    const char *sha256;
    if (!call_text(call, "password", 1, PASSWORD_MAX, &password) ||
        !call_text(call, "md5", 32, 32, &md5) || !call_text(call, "sha256", 64, 64, &sha256)) {
        return false;
    }
    if ((password && (md5 || sha256)) || (sha256 && !md5) || (must_have && !password && !md5)) {
        call_refuse(call, 400, "write either password, or md5 and perhaps sha256");
        return false;
    }
    char *prepared = password ? opaque_string(password) : NULL;
    if (password && !prepared) {
        call_refuse(call, 400, "password: it is empty, or holds control characters");
        return false;
    }
    if (prepared) {
        grant_set_password(g, call->desk->digest, span_of_text(call->realm->name),
                           span_of_text(prepared));
        secret_wipe(prepared, strlen(prepared));
    }
    free(prepared);
    if ((md5 && !grant_read_key(md5, 32, &g->md5)) ||
        (sha256 && !grant_read_key(sha256, 64, &g->sha256))) {
        call_refuse(call, 400, "%s: write hex digits", md5 ? "md5" : "sha256");
        return false;
    }
    g->has_sha256 = md5 ? sha256 != NULL : g->has_sha256;
    return true;
}

static bool has_new_keys(const struct call *call)
{
    return json_object_get(call->in, "password") || json_object_get(call->in, "md5");
}

/* date_keys — new keys are newer than those before and than any revocation, be it of this second.
 */
static void date_keys(const struct call *call, struct grant *g)
{
    if (!has_new_keys(call)) {
        return;
    }
    struct span name = {(const uint8_t *)g->name, g->name_size};
    int64_t last = mirror_revoked_at(call->desk->mirror, span_of_text(call->realm->name), name,
                                     span_of_text(g->rights.tenant))
                       .s;
    last = g->rights.issued.s > last ? g->rights.issued.s : last;
    g->rights.issued = clock_now().wall;
    if (g->rights.issued.s <= last) {
        g->rights.issued.s = last + 1;
    }
}

/* set_rest — every other member. Returns false when the call was refused. */
static bool set_rest(struct call *call, struct grant *g)
{
    static const char *const others[] = {"name", "realm", "password", "md5", "sha256", NULL};
    const char *member;
    json_t *value;
    char why[256];
    json_object_foreach(call->in, member, value)
    {
        bool is_known;
        int i = 0;
        while (others[i] && strcmp(others[i], member) != 0) {
            i++;
        }
        if (others[i]) {
            continue;
        }
        if (!grant_set_member(g, member, value, &is_known, why, sizeof(why))) {
            call_refuse(call, 400, "%s", why);
            return false;
        }
        if (!is_known) {
            call_refuse(call, 400, "%.100s: there is no such member here", member);
            return false;
        }
    }
    return true;
}

static void on_written(struct store_request *rq)
{
    struct call *call = rq->context;
    struct grant g;
    char why[STORE_WHY_MAX];
    if (rq->result != STORE_OK) {
        call_refuse_store(call, rq);
        return;
    }
    desk_noted(call->desk, rq);
    grant_parse(rq->item[0].value, &g, why, sizeof(why));
    call_answer(call, rq->item[0].is_new ? 201 : 200, show(&g, call->realm->name));
    secret_wipe(&g, sizeof(g));
}

/* put_index — the user hash of a name, or its removal. */
static void put_index(struct call *call, struct store_request *rq, struct span name, bool is_gone)
{
    uint8_t hash[STUN_USERHASH_SIZE];
    char hex[2 * STUN_USERHASH_SIZE + 1];
    struct text t = text_init(hex, sizeof(hex));
    json_t *o = json_object();
    stun_integrity_userhash(call->desk->digest, name, span_of_text(call->realm->name), hash);
    text_hex(&t, hash, sizeof(hash));
    json_object_set_new(o, "name", json_stringn((const char *)name.bytes, name.size));
    char *text = is_gone ? NULL : json_dumps(o, JSON_COMPACT);
    store_request_add(rq, STORE_USERHASH, span_of_text(hex), span_of_text(text ? text : ""),
                      (struct wall){0});
    free(text);
    json_decref(o);
}

static void write(struct call *call, const struct grant *g, bool is_new)
{
    struct store_request *rq = desk_ask(call, STORE_WRITE, call->realm->name, on_written);
    struct span name = {(const uint8_t *)g->name, g->name_size};
    char *text = grant_print(g);
    if (rq && text) {
        store_request_add(rq, STORE_USER, name, span_of_text(text), (struct wall){0})->is_new =
            is_new;
        put_index(call, rq, name, false);
        if (!is_new && has_new_keys(call)) { /* also for nodes that are cut off at the moment */
            struct wall before = {g->rights.issued.s - 1};
            revocations_add(call, rq, MIRROR_PASSWORD, name, before, false);
        }
        store_submit(call->desk->store, rq);
    } else if (rq) {
        store_request_free(rq);
        call_refuse(call, 503, "out of memory");
    }
    grant_free_text(text);
}

void users_add(struct call *call)
{
    struct grant g = {.name_size = 0};
    const char *name;
    if (!call_text(call, "name", 1, STUN_NAME_MAX, &name)) {
        return;
    }
    if (!name) {
        call_refuse(call, 400, "name: it is missing");
        return;
    }
    g.name_size = strlen(name);
    memcpy(g.name, name, g.name_size);
    if (set_keys(call, &g, true) && set_rest(call, &g)) {
        date_keys(call, &g);
        write(call, &g, true);
    }
    secret_wipe(&g, sizeof(g));
}

/* One user. */

/* name_of — the user that the path names, borrowed from the call. */
static struct span name_of(const struct call *call)
{
    return (struct span){(const uint8_t *)call->name, call->name_size};
}

/* is_user — whether a GET found a user; else the call is refused. */
static bool is_user(struct call *call, const struct store_request *rq, struct grant *g)
{
    char why[STORE_WHY_MAX];
    if (rq->result == STORE_NONE || (rq->result == STORE_OK && rq->found_count == 0)) {
        call_refuse(call, 404, "there is no user of that name in the store");
        return false;
    }
    if (rq->result != STORE_OK) {
        call_refuse_store(call, rq);
        return false;
    }
    if (!grant_parse(rq->found[0].value, g, why, sizeof(why))) {
        call_refuse(call, 500, "the store has something else where the user is kept: %s", why);
        return false;
    }
    if (!span_is_equal((struct span){(const uint8_t *)g->name, g->name_size}, name_of(call))) {
        call_refuse(call, 500, "the store has another user where the user is kept");
        return false;
    }
    return true;
}

static void on_shown(struct store_request *rq)
{
    struct call *call = rq->context;
    struct grant g;
    if (is_user(call, rq, &g)) {
        call_answer(call, 200, show(&g, call->realm->name));
    }
    secret_wipe(&g, sizeof(g));
}

static void on_changed(struct store_request *rq)
{
    struct call *call = rq->context;
    struct grant g;
    if (is_user(call, rq, &g) && set_keys(call, &g, false) && set_rest(call, &g)) {
        date_keys(call, &g);
        write(call, &g, false);
    }
    secret_wipe(&g, sizeof(g));
}

/* get — read that user. */
static void get(struct call *call, void (*done)(struct store_request *rq))
{
    struct store_request *rq = desk_ask(call, STORE_GET, call->realm->name, done);
    if (rq) {
        store_request_add(rq, STORE_USER, name_of(call), span_of_text(""), (struct wall){0});
        store_submit(call->desk->store, rq);
    }
}

void users_show(struct call *call)
{
    get(call, on_shown);
}

void users_change(struct call *call)
{
    if (json_object_get(call->in, "name")) {
        call_refuse(call, 400, "name: it cannot be changed; add another user");
        return;
    }
    get(call, on_changed);
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

/* on_found — whatever is kept under that name goes, also what others have put there. */
static void on_found(struct store_request *rq)
{
    struct call *call = rq->context;
    if (rq->result != STORE_OK || rq->found_count == 0) {
        struct grant none;
        is_user(call, rq, &none);
        return;
    }
    struct store_request *write = desk_ask(call, STORE_WRITE, call->realm->name, on_removed);
    if (write) {
        store_request_add(write, STORE_USER, name_of(call), span_of_text(""), (struct wall){0});
        put_index(call, write, name_of(call), true);
        revocations_add(call, write, MIRROR_USER, name_of(call), clock_now().wall, false);
        store_submit(call->desk->store, write);
    }
}

void users_remove(struct call *call)
{
    get(call, on_found);
}
