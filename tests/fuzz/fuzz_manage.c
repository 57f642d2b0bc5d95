/* fuzz_manage — any bytes as a request to the management interface: a line "METHOD PATH?QUERY",
 * then a body. Every route is answered once, with a status and, for errors, a sentence; whatever is
 * kept can be read back. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "manage/desk.h"
#include "manage/routes.h"
#include "net/digest_openssl.h"

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* A request with what it is asked of. */
struct scene {
    struct event_base *base;
    struct worker_shared shared;
    struct desk desk;
    struct call call;
    struct desk_realm realm;
    struct evkeyvalq query;
    bool is_draining;
    int answers;
};

static struct scene *scene_of(const struct call *call)
{
    return (struct scene *)(void *)((char *)(uintptr_t)call - offsetof(struct scene, call));
}

static const char *query(const struct call *call, const char *name)
{
    return evhttp_find_header(&scene_of(call)->query, name);
}

static void reply(struct call *call, int status, json_t *body, unsigned seconds)
{
    struct scene *s = scene_of(call);
    (void)seconds;
    s->answers++;
    insist(status >= 200 && status < 600);
    if (status >= 400) {
        const char *detail = json_string_value(json_object_get(body, "detail"));
        insist(detail && detail[0] && !strpbrk(detail, "\r"));
    }
    if (body) {
        char *text = json_dumps(body, JSON_COMPACT);
        insist(text);
        free(text);
    }
}

static void count(void *context, struct worker_counts *sum)
{
    (void)context;
    *sum = (struct worker_counts){.live = 0};
}

static void came(void *context)
{
    event_base_loopbreak(((struct scene *)context)->base);
}

static void say(void *context, bool is_bad, const char *what, const char *why)
{
    (void)context;
    (void)is_bad;
    (void)what;
    (void)why;
}

/* set_scene — a store in memory, one realm, nobody who relays. */
static void set_scene(struct scene *s, struct roster *roster)
{
    static const char *const realms[] = {"example.org"};
    char why[256];
    struct desk *d = &s->desk;
    s->base = event_base_new();
    d->shared = &s->shared;
    d->digest = digest_openssl_new();
    d->mirror = mirror_new();
    d->census = census_new(s->base, &s->shared);
    struct follower_parts parts = {&s->shared, d->mirror, d->census, d->digest, s, came, say};
    d->follower = follower_new(&parts);
    struct store_parts store = {
        .url = "memory", .node = "n", .base = s->base, .events = follower_events(d->follower)};
    d->store = store_open(&store, why, sizeof(why));
    insist(s->base && d->digest && d->mirror && d->census && d->follower && d->store &&
           follower_follow(d->follower, d->store, realms, 1));
    d->node = "n";
    d->nodes = json_object();
    d->is_draining = &s->is_draining;
    d->counts = count;
    struct desk_view view = {
        .roster = roster, .stun_uris = json_array(), .turn_uris = json_array(), .realm_count = 1};
    view.realm[0] = (struct desk_realm){"example.org", 0, true, 3600, 86400, 60};
    desk_set_view(d, &view);
    event_base_dispatch(s->base); /* until the store was read */
}

static void end_scene(struct scene *s)
{
    static const struct desk_view nothing;
    struct desk *d = &s->desk;
    census_close(d->census);
    store_close(d->store);
    census_free(d->census);
    follower_free(d->follower);
    mirror_free(d->mirror);
    json_decref((json_t *)(uintptr_t)d->nodes);
    desk_set_view(d, &nothing);
    digest_openssl_free(d->digest);
    event_base_free(s->base);
}

/* ask — one request; answered once, whatever it is. */
static void ask(struct scene *s, char *line, const uint8_t *body, size_t size)
{
    char allowed[64];
    char *path = strchr(line, ' ');
    char *rest = path ? strchr(path, '?') : NULL;
    if (!path) {
        return;
    }
    *path++ = '\0';
    if (rest) {
        *rest++ = '\0';
    }
    const struct route *route = routes_find(line, path, allowed);
    s->call =
        (struct call){.desk = &s->desk, .role = API_KEY_ADMIN, .query = query, .reply = reply};
    if (!route || !routes_fill(route, path, &s->call) ||
        evhttp_parse_query_str(rest ? rest : "", &s->query) != 0) {
        return;
    }
    s->call.in = json_loadb((const char *)body, size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(s->call.in)) {
        json_decref(s->call.in);
        s->call.in = json_object();
    }
    s->realm = *desk_realm_of(&s->desk, NULL);
    s->call.realm = &s->realm;
    s->answers = 0;
    route->handle(&s->call);
    for (int turns = 0; s->answers == 0 && turns < 1000; turns++) {
        event_base_loop(s->base, EVLOOP_ONCE);
    }
    insist(s->answers == 1);
    json_decref(s->call.in);
    evhttp_clear_headers(&s->query);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char more[] = "GET /v1/users";
    struct scene *s = calloc(1, sizeof(*s));
    struct roster *roster = roster_new();
    char line[1024];
    char again[sizeof(more)];
    const uint8_t *end = size ? memchr(bytes, '\n', size) : NULL;
    size_t length = end ? (size_t)(end - bytes) : size;
    if (!s || !roster || length >= sizeof(line) || memchr(bytes, 0, length)) {
        free(s);
        roster_free(roster);
        return 0;
    }
    insist(roster_seal(roster));
    memcpy(line, bytes, length);
    line[length] = '\0';
    memcpy(again, more, sizeof(more));
    set_scene(s, roster);
    ask(s, line, end ? end + 1 : bytes + size, end ? size - length - 1 : 0);
    ask(s, again, NULL, 0); /* what was written can be read */
    end_scene(s);
    roster_free(roster);
    free(s);
    return 0;
}
