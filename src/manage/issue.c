/* issue — giving out credentials, in the shapes that clients expect.
 *
 *     a call -> wish -> signed: by the newest secret; the first is made when there is none
 *                    -> random: kept in the store
 *            -> an answer in the shape that was asked for                                     */
/* SPDX-License-Identifier: MIT */
#include "manage/issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/secret.h"
#include "net/clock.h"
#include "manage/desk.h"
#include "store/session.h"
#include "store/ticket.h"

enum { SECRET_LETTERS = 52, PASSWORD_LETTERS = 32 };

enum shape { NATIVE, REST, TWILIO };

/* A credential that is being issued. */
struct wish {
    struct wish *next; /* of those that wait for a secret */
    struct call *call;
    enum shape shape;
    bool is_random;
    int64_t ttl;
    struct span owner; /* borrowed from the call */
    struct grant grant;
    char password[64];
};

/* Answers. */

static json_t *server(json_t *urls, const struct wish *w)
{
    json_t *s = json_object();
    json_object_set(s, "urls", urls);
    if (w) {
        json_object_set_new(s, "username", session_text(span_of_text(w->grant.name)));
        json_object_set_new(s, "credential", json_string(w->password));
    }
    return s;
}

static json_t *native(const struct wish *w)
{
    const struct desk *d = w->call->desk;
    json_t *o = json_object();
    json_t *servers = json_array();
    if (json_array_size(d->view.stun_uris) > 0) {
        json_array_append_new(servers, server(d->view.stun_uris, NULL));
    }
    json_array_append_new(servers, server(d->view.turn_uris, w));
    json_object_set_new(o, "id", json_string(w->grant.rights.id));
    json_object_set_new(o, "username", session_text(span_of_text(w->grant.name)));
    json_object_set_new(o, "password", json_string(w->password));
    json_object_set_new(o, "realm", json_string(w->call->realm->name));
    json_object_set_new(o, "ttl", json_integer(w->ttl));
    json_object_set_new(o, "expires", json_integer(w->grant.expires.s));
    json_object_set_new(o, "iceServers", servers);
    return o;
}

static json_t *rest(const struct wish *w)
{
    json_t *o = json_object();
    json_object_set_new(o, "username", session_text(span_of_text(w->grant.name)));
    json_object_set_new(o, "password", json_string(w->password));
    json_object_set_new(o, "ttl", json_integer(w->ttl));
    json_object_set(o, "uris", w->call->desk->view.turn_uris);
    return o;
}

/* put_urls — one ice server for each URI: there `urls` is one text. */
static void put_urls(json_t *servers, const json_t *uris, const struct wish *w)
{
    size_t i;
    json_t *uri;
    json_array_foreach((json_t *)(uintptr_t)uris, i, uri)
    {
        json_t *s = server(uri, w);
        json_object_set(s, "url", uri);
        json_array_append_new(servers, s);
    }
}

static json_t *twilio(const struct wish *w)
{
    const struct desk *d = w->call->desk;
    char text[64];
    time_t now = (time_t)clock_now().wall.s;
    struct tm tm;
    json_t *o = json_object();
    json_t *servers = json_array();
    put_urls(servers, d->view.stun_uris, NULL);
    put_urls(servers, d->view.turn_uris, w);
    json_object_set_new(o, "username", session_text(span_of_text(w->grant.name)));
    json_object_set_new(o, "password", json_string(w->password));
    snprintf(text, sizeof(text), "%lld", (long long)w->ttl);
    json_object_set_new(o, "ttl", json_string(text));
    json_object_set_new(o, "account_sid", session_text(span_of_text(w->call->name)));
    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&now, &tm));
    json_object_set_new(o, "date_created", json_string(text));
    json_object_set_new(o, "date_updated", json_string(text));
    json_object_set_new(o, "ice_servers", servers);
    return o;
}

static void free_wish(struct wish *w)
{
    secret_wipe(w, sizeof(*w));
    free(w);
}

static void answer(struct wish *w)
{
    struct call *call = w->call;
    json_t *body = w->shape == NATIVE ? native(w) : w->shape == REST ? rest(w) : twilio(w);
    int status = w->shape == REST ? 200 : 201;
    free_wish(w);
    call_answer(call, status, body);
}

/* refuse — with a status and a sentence. */
static void refuse(struct wish *w, int status, const char *why)
{
    struct call *call = w->call;
    free_wish(w);
    call_refuse(call, status, "%s", why);
}

/* Signed credentials. */

/* sign — name and password under a secret. */
static void sign(struct wish *w, struct span secret)
{
    const struct digest *digest = w->call->desk->digest;
    struct ticket t = {
        .expires = w->grant.expires,
        .not_before = w->grant.not_before,
        .rights = w->grant.rights,
        .owner = w->owner,
    };
    ticket_key(digest, secret, t.key);
    w->grant.name_size = ticket_write(&t, w->grant.name);
    if (w->grant.name_size == 0) {
        refuse(w, 400,
               "user: with what is asked for, the name of the credential would be longer "
               "than the 508 bytes that STUN can carry; shorten it, or ask for kind "
               "\"random\"");
        return;
    }
    ticket_password(digest, secret, span_of_text(w->call->realm->name),
                    (struct span){(const uint8_t *)w->grant.name, w->grant.name_size}, w->password);
    answer(w);
}

/* find_secret — the newest of the store that outlives the credential, else one of the
 * configuration. Returns false when there is none. */
static bool find_secret(const struct wish *w, struct mirror_secret *out)
{
    const struct desk *d = w->call->desk;
    struct mirror_secret held;
    struct span secret;
    enum roster_digest which;
    bool is_found = false;
    struct span realm = span_of_text(w->call->realm->name);
    for (size_t i = 0; mirror_each_secret(d->mirror, realm, i, &held); i++) {
        if ((held.retires.s == 0 || held.retires.s >= w->grant.expires.s) &&
            (!is_found || held.created.s >= out->created.s)) {
            *out = held;
            is_found = true;
        }
    }
    if (!is_found && roster_secret(d->view.roster, w->call->realm->number, 0, &secret, &which) &&
        secret.size <= sizeof(out->bytes)) {
        memcpy(out->bytes, secret.bytes, secret.size);
        out->size = secret.size;
        is_found = true;
    }
    secret_wipe(&held, sizeof(held));
    return is_found;
}

static void sign_by_best(struct wish *w)
{
    struct mirror_secret secret;
    if (find_secret(w, &secret)) {
        sign(w, (struct span){secret.bytes, secret.size});
    } else {
        refuse(w, 503, "there is no secret to sign with");
    }
    secret_wipe(&secret, sizeof(secret));
}

static void refuse_by_store(struct wish *w, const struct store_request *rq)
{
    struct call *call = w->call;
    free_wish(w);
    call_refuse_store(call, rq);
}

/* take_waiting — a wish that waits for a secret of the realm; NULL when there is none. */
static struct wish *take_waiting(struct desk *d, uint8_t realm)
{
    struct wish **at = &d->waiting;
    while (*at && (*at)->call->realm->number != realm) {
        at = &(*at)->next;
    }
    struct wish *w = *at;
    if (w) {
        *at = w->next;
    }
    return w;
}

/* on_secret_made — everybody who waits for it goes on. */
static void on_secret_made(struct store_request *rq)
{
    struct wish *w = rq->context;
    struct desk *d = w->call->desk;
    uint8_t realm = w->call->realm->number;
    bool is_made = rq->result == STORE_OK || rq->result == STORE_TAKEN;
    if (rq->result == STORE_OK) {
        desk_noted(d, rq);
    }
    while ((w = take_waiting(d, realm)) != NULL) {
        if (is_made) {
            sign_by_best(w);
        } else {
            refuse_by_store(w, rq);
        }
    }
}

/* wait_for_secret — whether somebody has it made already. */
static bool wait_for_secret(struct wish *w)
{
    struct desk *d = w->call->desk;
    bool is_being_made = false;
    for (const struct wish *other = d->waiting; other; other = other->next) {
        is_being_made = is_being_made || other->call->realm->number == w->call->realm->number;
    }
    w->next = d->waiting;
    d->waiting = w;
    return is_being_made;
}

/* make_secret — the first of a realm. */
static void make_secret(struct wish *w)
{
    struct desk *d = w->call->desk;
    char secret[SECRET_LETTERS + 1];
    char key[TICKET_KEY_SIZE + 1];
    if (wait_for_secret(w)) {
        return;
    }
    desk_letters(SECRET_LETTERS, secret);
    ticket_key(d->digest, span_of_text(secret), key);
    json_t *o = json_pack("{s:s, s:I, s:i}", "secret", secret, "created",
                          (json_int_t)clock_now().wall.s, "retires", 0);
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    struct store_request *rq =
        text ? store_request_new(STORE_WRITE, w->call->realm->name, on_secret_made, w) : NULL;
    if (rq) {
        store_request_add(rq, STORE_SECRET, span_of_text(key), span_of_text(text), (struct wall){0})
            ->is_new = true;
        store_submit(d->store, rq);
    } else {
        (void)take_waiting(d, w->call->realm->number);
        refuse(w, 503, "out of memory");
    }
    secret_wipe(secret, sizeof(secret));
    grant_free_text(text);
    json_decref(o);
}

static void issue_signed(struct wish *w)
{
    struct mirror_secret secret;
    struct desk *d = w->call->desk;
    if (find_secret(w, &secret)) {
        sign(w, (struct span){secret.bytes, secret.size});
        secret_wipe(&secret, sizeof(secret));
    } else if (!mirror_has_read(d->mirror)) {
        refuse(w, 503, "the store has not been read yet, and there is no secret to sign with");
    } else {
        make_secret(w);
    }
}

/* Random credentials. */

static void on_kept(struct store_request *rq)
{
    struct wish *w = rq->context;
    if (rq->result == STORE_OK) {
        answer(w);
    } else {
        refuse_by_store(w, rq);
    }
}

static void issue_random(struct wish *w)
{
    struct desk *d = w->call->desk;
    const struct desk_realm *realm = w->call->realm;
    w->grant.name_size = ticket_random_write(w->grant.rights.id, w->owner, w->grant.name);
    if (w->grant.name_size == 0) {
        refuse(w, 400,
               "user: the name of the credential would be longer than the 508 bytes that "
               "STUN can carry; shorten it");
        return;
    }
    desk_letters(PASSWORD_LETTERS, w->password);
    grant_set_password(&w->grant, d->digest, span_of_text(realm->name), span_of_text(w->password));
    char *text = grant_print(&w->grant);
    struct store_request *rq =
        text ? store_request_new(STORE_WRITE, realm->name, on_kept, w) : NULL;
    if (rq) {
        /* Allocations may outlive it, and are asked about again. */
        struct wall until = {w->grant.expires.s + realm->grace};
        store_request_add(rq, STORE_CREDENTIAL, span_of_text(w->grant.rights.id),
                          span_of_text(text), until)
            ->is_new = true;
        store_submit(d->store, rq);
    } else {
        refuse(w, 503, "out of memory");
    }
    grant_free_text(text);
}

/* Wishes. */

static void issue(struct wish *w)
{
    struct wall now =
        desk_issue_time(w->call->desk, w->call->realm->name, w->owner, w->grant.rights.tenant);
    desk_letters(TICKET_ID_SIZE, w->grant.rights.id);
    w->grant.rights.issued = now;
    w->grant.expires.s = now.s + w->ttl;
    if (w->is_random) {
        issue_random(w);
    } else {
        issue_signed(w);
    }
}

/* wish_new — what every shape begins with; NULL when the call was refused. */
static struct wish *wish_new(struct call *call, enum shape shape)
{
    struct wish *w = NULL;
    if (!call->realm) {
        call_refuse(call, 404, "realm: there is none of that name");
    } else if (!call->realm->issues) {
        call_refuse(call, 403, "realm: no credentials are issued in it (its option `issue`)");
    } else if ((w = calloc(1, sizeof(*w))) == NULL) {
        call_refuse(call, 503, "out of memory");
    } else {
        w->call = call;
        w->shape = shape;
        w->ttl = call->realm->ttl;
        w->owner = span_of_text("");
        memcpy(w->grant.rights.tenant, call->tenant, sizeof(call->tenant));
    }
    return w;
}

/* set_ttl — false when it was refused, and the wish freed. */
static bool set_ttl(struct wish *w, int64_t ttl, const char *name)
{
    enum { LEAST = 10 };
    char why[160];
    if (ttl >= LEAST && ttl <= (int64_t)w->call->realm->max_ttl) {
        w->ttl = ttl;
        return true;
    }
    snprintf(why, sizeof(why),
             "%s: write a whole number of seconds from %d to %u, which is credential-max-ttl", name,
             LEAST, (unsigned)w->call->realm->max_ttl);
    refuse(w, 400, why);
    return false;
}

/* set_member — one member of the body. Returns false with a sentence. */
static bool set_member(struct wish *w, const char *member, const json_t *value, char *why,
                       size_t why_room)
{
    bool is_known;
    const char *text = json_string_value(value);
    if (strcmp(member, "realm") == 0 || strcmp(member, "ttl") == 0) {
        return true; /* read elsewhere */
    }
    if (strcmp(member, "user") == 0) {
        w->owner = (struct span){(const uint8_t *)text, json_string_length(value)};
        snprintf(why, why_room, "user: write a text of at most 508 bytes");
        return text && w->owner.size <= STUN_NAME_MAX;
    }
    if (strcmp(member, "kind") == 0) {
        w->is_random = text && strcmp(text, "random") == 0;
        snprintf(why, why_room, "kind: write \"signed\" or \"random\"");
        return text && (w->is_random || strcmp(text, "signed") == 0);
    }
    if (!grant_set_member(&w->grant, member, value, &is_known, why, why_room)) {
        return false;
    }
    snprintf(why, why_room, "%.100s: there is no such member here", member);
    return is_known;
}

static bool read_body(struct wish *w)
{
    const char *member;
    json_t *value;
    char why[256];
    json_object_foreach(w->call->in, member, value)
    {
        if (!set_member(w, member, value, why, sizeof(why))) {
            refuse(w, 400, why);
            return false;
        }
    }
    if (w->call->tenant[0] && strcmp(w->call->tenant, w->grant.rights.tenant) != 0) {
        refuse(w, 403, "tenant: this key is for another one");
        return false;
    }
    return true;
}

void issue_native(struct call *call)
{
    struct wish *w = wish_new(call, NATIVE);
    if (!w || !read_body(w)) {
        return; /* and the call is gone */
    }
    const json_t *ttl = json_object_get(call->in, "ttl");
    if (ttl && !set_ttl(w, json_is_integer(ttl) ? json_integer_value(ttl) : -1, "ttl")) {
        return;
    }
    if (w->grant.not_before.s > clock_now().wall.s + w->ttl) {
        refuse(w, 400, "not_before: it would have expired by then");
        return;
    }
    issue(w);
}

/* set_text_ttl — of a URL or a form; false when it was refused. */
static bool set_text_ttl(struct wish *w, const char *name)
{
    const char *text = w->call->query(w->call, name);
    char *end;
    if (!text) {
        return true;
    }
    long long ttl = strtoll(text, &end, 10);
    return set_ttl(w, end == text || *end ? -1 : ttl, name);
}

void issue_rest(struct call *call)
{
    const char *service = call->query(call, "service");
    const char *user = call->query(call, "username");
    if (!service || strcmp(service, "turn") != 0) {
        call_refuse(call, 400, "service: write service=turn");
        return;
    }
    json_t *text = json_string(user ? user : "");
    if (!text) {
        call_refuse(call, 400, "username: write UTF-8");
        return;
    }
    json_decref(text);
    struct wish *w = wish_new(call, REST);
    if (w && set_text_ttl(w, "ttl")) {
        w->owner = span_of_text(user ? user : "");
        issue(w);
    }
}

void issue_twilio(struct call *call)
{
    struct wish *w = wish_new(call, TWILIO);
    if (w && set_text_ttl(w, "Ttl")) {
        issue(w);
    }
}
