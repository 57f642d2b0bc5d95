/* http — the management interface over TCP or TLS, and over a Unix socket.
 *
 *     a request -> who is it, may she -> a call -> routes -> ... -> reply
 *
 * A call outlives its connection when the client goes: then its answer goes nowhere. */
/* SPDX-License-Identifier: MIT */
#include "manage/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#include "base/base64.h"
#include "base/container.h"
#include "base/secret.h"
#include "net/clock.h"
#include "manage/desk.h"
#include "manage/guard.h"
#include "manage/metrics.h"
#include "manage/routes.h"
#include "manage/status.h"

enum {
    HEADERS_MAX = 16 * 1024,
    BODY_MAX = 64 * 1024,
    BODY_READ_MAX = 4 * BODY_MAX, /* of more even the refusal is libevent's, and in HTML */
    BACKLOG = 128,
};

enum { DOOR_HTTP, DOOR_CONTROL, DOORS };

/* One way in: who crowds it does not crowd the other. */
struct door {
    struct http *http;
    struct guards guards;
    struct evconnlistener *listener; /* evhttp's */
    bool is_paused;                  /* there are as many connections as may be */
};

struct http {
    struct event_base *base;
    struct desk *desk;
    struct log_source *log;
    struct evhttp *server, *control;
    struct door door[DOORS];
    struct evbuffer *metrics; /* as they were */
    struct mono metrics_at;   /* at this moment */
    struct tls *tls;
    char control_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* A call with the request that it came by. */
struct carried {
    struct call call;
    struct http *http;
    struct evhttp_request *request; /* NULL: the client has gone */
    struct desk_realm realm;        /* as the configuration had it when it was asked */
    struct evkeyvalq query;         /* of the URL, or of the form in the body */
    const char *method;
    char path[256]; /* for the log: without the query, which may hold a key */
    bool is_control;
};

static struct carried *carried_of(const struct call *call)
{
    return container_of((struct call *)(uintptr_t)call, struct carried, call);
}

static const char *query(const struct call *call, const char *name)
{
    return evhttp_find_header(&carried_of(call)->query, name);
}

/* Answers. */

static void count(struct desk *d, int status)
{
    enum { CLASSES = sizeof(d->answers) / sizeof(d->answers[0]) };
    int class = status / 100;
    d->answers[class < CLASSES ? class : CLASSES - 1]++;
}

/* allow_origin — let the scripts of a page read the answer, if its origin is one of ours. */
static void allow_origin(const struct http *h, struct evhttp_request *request)
{
    const char *origin = evhttp_find_header(evhttp_request_get_input_headers(request), "Origin");
    struct evkeyvalq *out = evhttp_request_get_output_headers(request);
    const struct desk_view *v = &h->desk->view;
    evhttp_add_header(out, "Cache-Control", "no-store");
    for (size_t i = 0; origin && i < v->origin_count; i++) {
        if (strcmp(origin, v->origins[i]) == 0) {
            evhttp_add_header(out, "Access-Control-Allow-Origin", v->origins[i]);
            evhttp_add_header(out, "Vary", "Origin");
        }
    }
}

/* hold_body — HEAD is told how long the body would be, and nothing of it: libevent would send it,
 * and the client take it for the beginning of the next answer. */
static void hold_body(struct evhttp_request *request, struct evbuffer *body)
{
    char size[24];
    snprintf(size, sizeof(size), "%zu", evbuffer_get_length(body));
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Length", size);
    evbuffer_drain(body, evbuffer_get_length(body));
}

static void send_bytes(struct http *h, struct evhttp_request *request, int status, const char *type,
                       struct evbuffer *body)
{
    struct evkeyvalq *out = evhttp_request_get_output_headers(request);
    if (body && evhttp_request_get_command(request) == EVHTTP_REQ_HEAD) {
        hold_body(request, body);
    }
    allow_origin(h, request);
    if (type) {
        evhttp_add_header(out, "Content-Type", type);
    }
    count(h->desk, status);
    evhttp_send_reply(request, status, NULL, body);
}

static void send_json(struct http *h, struct evhttp_request *request, int status, json_t *body)
{
    struct evbuffer *out = evbuffer_new();
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    if (out && text) {
        evbuffer_add(out, text, strlen(text));
        evbuffer_add(out, "\n", 1);
    }
    send_bytes(h, request, status,
               !text          ? NULL
               : status < 400 ? "application/json"
                              : "application/problem+json",
               out);
    if (text) {
        secret_wipe(text, strlen(text));
    }
    free(text);
    if (out) {
        evbuffer_free(out);
    }
}

/* say — one record of what was changed, and by whom; of what was only looked at, when debugging. */
static void say(const struct carried *c, int status)
{
    struct log_line line;
    bool is_change = strcmp(c->method, "GET") != 0 && strcmp(c->path, "/v1/credentials") != 0;
    enum log_level level = is_change ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
    if (!log_wants(c->http->log, level)) {
        return;
    }
    log_line_begin(&line, level, "managed");
    log_line_string(&line, "method", c->method);
    log_line_string(&line, "path", c->path);
    log_line_u64(&line, "status", (uint64_t)status);
    log_line_string(&line, "by", c->is_control ? "control" : c->call.key[0] ? c->call.key : "-");
    log_put(c->http->log, &line);
}

static void free_carried(struct carried *c)
{
    evhttp_clear_headers(&c->query);
    json_decref(c->call.in);
    secret_wipe(c, sizeof(*c));
    free(c);
}

static void reply(struct call *call, int status, json_t *body, unsigned seconds)
{
    struct carried *c = carried_of(call);
    say(c, status);
    if (c->request) {
        struct evkeyvalq *out = evhttp_request_get_output_headers(c->request);
        struct evhttp_connection *connection = evhttp_request_get_connection(c->request);
        char text[16];
        if (seconds > 0) {
            snprintf(text, sizeof(text), "%u", seconds);
            evhttp_add_header(out, "Retry-After", text);
        }
        evhttp_connection_set_closecb(connection, NULL, NULL);
        send_json(c->http, c->request, status, body);
    }
    free_carried(c);
}

static void on_gone(struct evhttp_connection *connection, void *argument)
{
    struct carried *c = argument;
    (void)connection;
    c->request = NULL;
}

/* Requests. */

static const char *command_name(struct evhttp_request *request)
{
    switch (evhttp_request_get_command(request)) {
    case EVHTTP_REQ_GET:
    case EVHTTP_REQ_HEAD:
        return "GET";
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_DELETE:
        return "DELETE";
    case EVHTTP_REQ_PATCH:
        return "PATCH";
    case EVHTTP_REQ_OPTIONS:
        return "OPTIONS";
    default:
        return "other";
    }
}

static const char *header(const struct carried *c, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(c->request), name);
}

/* take_key — who a token belongs to; false when to nobody. */
static bool take_key(struct carried *c, const char *token)
{
    char id[API_KEY_ID_SIZE + 1];
    struct desk *d = c->http->desk;
    struct api_key *key =
        token && api_key_of_token(token, id) ? follower_key(d->follower, id) : NULL;
    if (!key || !api_key_opens(key, d->digest, token)) {
        return false;
    }
    c->call.role = key->role;
    memcpy(c->call.key, key->id, sizeof(c->call.key));
    memcpy(c->call.tenant, key->tenant, sizeof(c->call.tenant));
    memcpy(c->call.only_realm, key->realm, sizeof(c->call.only_realm));
    return true;
}

/* token_of_basic — the password of HTTP's Basic, which is where Twilio's clients have it. */
static bool token_of_basic(const char *text, char token[API_KEY_TOKEN_SIZE + 1])
{
    enum { ROOM = 512 };
    char plain[ROOM];
    size_t size = 0;
    unsigned bits = 0;
    int count = 0;
    for (; *text && *text != '=' && size < ROOM - 1; text++) {
        int value = base64_value(*text);
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (unsigned)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            plain[size++] = (char)(bits >> count & 0xff);
        }
    }
    plain[size] = '\0';
    const char *colon = strchr(plain, ':');
    bool ok = colon && strlen(colon + 1) == API_KEY_TOKEN_SIZE;
    if (ok) {
        memcpy(token, colon + 1, API_KEY_TOKEN_SIZE + 1);
    }
    secret_wipe(plain, sizeof(plain));
    return ok;
}

/* authenticate — by the control socket, a Bearer or Basic key, or where the route allows it a
 * parameter. */
static bool authenticate(struct carried *c, const struct route *route)
{
    const char *authorization = header(c, "Authorization");
    char token[API_KEY_TOKEN_SIZE + 1];
    if (c->is_control) {
        c->call.role = API_KEY_ADMIN;
        return true;
    }
    if (authorization && strncasecmp(authorization, "Bearer ", strlen("Bearer ")) == 0) {
        return take_key(c, authorization + strlen("Bearer "));
    }
    if (authorization && strncasecmp(authorization, "Basic ", strlen("Basic ")) == 0) {
        bool ok = token_of_basic(authorization + strlen("Basic "), token) && take_key(c, token);
        secret_wipe(token, sizeof(token));
        return ok;
    }
    return route->has_own_key &&
           (take_key(c, query(&c->call, "key")) || take_key(c, query(&c->call, "api")));
}

static bool may(enum api_key_role has, enum api_key_role needed)
{
    return has == API_KEY_ADMIN || has == needed;
}

/* is_within_reach — whether a key, which may be for one tenant or realm, may see and change this.
 */
static bool is_within_reach(const struct call *call, const struct route *route)
{
    enum route_reach reach = call->tenant[0]       ? ROUTE_TENANT
                             : call->only_realm[0] ? ROUTE_REALM
                                                   : ROUTE_ALL;
    return route->reach <= reach;
}

/* is_within_rate — whether the key may ask once more in this second. */
static bool is_within_rate(const struct carried *c)
{
    struct api_key *key =
        c->call.key[0] ? follower_key(c->http->desk->follower, c->call.key) : NULL;
    int64_t second = (int64_t)(clock_now().mono.ns / MONO_SECOND);
    if (!key || key->rate == 0) {
        return true;
    }
    if (key->second != second) {
        key->second = second;
        key->spent = 0;
    }
    return key->spent++ < key->rate;
}

/* is_type — whether the body says that it is of a media type, whatever its parameters. */
static bool is_type(const struct carried *c, const char *type)
{
    const char *has = header(c, "Content-Type");
    return has && strncasecmp(has, type, strlen(type)) == 0 && strchr("; \t", has[strlen(type)]);
}

/* read_json — the body as an object; an empty one is one without members. */
static bool read_json(struct carried *c)
{
    struct evbuffer *in = evhttp_request_get_input_buffer(c->request);
    size_t size = evbuffer_get_length(in);
    if (size == 0) {
        c->call.in = json_object();
        return true;
    }
    if (!is_type(c, "application/json")) {
        call_refuse(&c->call, 415, "write Content-Type: application/json");
        return false;
    }
    c->call.in =
        json_loadb((const char *)evbuffer_pullup(in, -1), size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(c->call.in)) {
        /* Never its words: jansson quotes what it read, which may be a password. */
        call_refuse(&c->call, 400, "the body is no JSON object%s",
                    c->call.in ? ""
                               : ", see its "
                                 "quotes, commas and braces");
        return false;
    }
    return true;
}

/* read_form — the body's parameters in place of those of the URL, beside which none is left. */
static bool read_form(struct carried *c)
{
    struct evbuffer *in = evhttp_request_get_input_buffer(c->request);
    size_t size = evbuffer_get_length(in);
    struct evkeyvalq form;
    if (size > 0 && !is_type(c, "application/x-www-form-urlencoded")) {
        call_refuse(&c->call, 415, "write Content-Type: application/x-www-form-urlencoded");
        return false;
    }
    char *text = size > 0 ? calloc(1, size + 1) : NULL;
    c->call.in = json_object();
    if (!text) {
        return true;
    }
    evbuffer_copyout(in, text, size);
    bool ok = evhttp_parse_query_str(text, &form) == 0;
    for (struct evkeyval *pair = ok ? form.tqh_first : NULL; pair; pair = pair->next.tqe_next) {
        evhttp_add_header(&c->query, pair->key, pair->value);
    }
    if (ok) {
        evhttp_clear_headers(&form);
    }
    secret_wipe(text, size); /* it may hold a key */
    free(text);
    if (!ok) {
        call_refuse(&c->call, 400, "the body is no form");
    }
    return ok;
}

/* choose_realm — the one that body or URL name, else the key's, else the first. */
static bool choose_realm(struct carried *c)
{
    struct call *call = &c->call;
    const json_t *member = json_object_get(call->in, "realm");
    const char *name = member ? json_string_value(member) : query(call, "realm");
    if (member && !name) {
        call_refuse(call, 400, "realm: write its name");
        return false;
    }
    if (name && !name[0]) {
        name = NULL; /* as good as left out */
    }
    if (!name && call->only_realm[0]) {
        name = call->only_realm;
    }
    if (name && call->only_realm[0] && strcmp(name, call->only_realm) != 0) {
        call_refuse(call, 403, "realm: this key is for another one");
        return false;
    }
    const struct desk_realm *realm = desk_realm_of(c->http->desk, name);
    if (!realm) {
        call_refuse(call, 404, "realm: there is none of that name");
        return false;
    }
    c->realm = *realm;
    call->realm = &c->realm;
    return true;
}

/* dispatch — the rest of a request whose route is known. */
static void dispatch(struct carried *c, const struct route *route, const char *path)
{
    struct call *call = &c->call;
    if (evbuffer_get_length(evhttp_request_get_input_buffer(c->request)) > BODY_MAX) {
        call_refuse(call, 413, "a body has at most %d bytes", BODY_MAX);
        return;
    }
    if (!routes_fill(route, path, call)) {
        call_refuse(call, 404, "the path is no name that can be");
        return;
    }
    if (route->is_form && !read_form(c)) {
        return;
    }
    if (!authenticate(c, route)) {
        c->http->desk->refused_keys++;
        evhttp_add_header(evhttp_request_get_output_headers(c->request), "WWW-Authenticate",
                          "Bearer realm=\"turnpike\"");
        call_refuse(call, 401, "this needs a key: Authorization: Bearer tpk_...");
    } else if (!may(call->role, route->role)) {
        call_refuse(call, 403, "this needs a key of role %s", api_key_role_name(route->role));
    } else if (!is_within_reach(call, route)) {
        call_refuse(call, 403, "this needs a key that is for more than one %s",
                    call->tenant[0] ? "tenant" : "realm");
    } else if (!is_within_rate(c)) {
        call_refuse(call, 429, "the key has been used as often as its rate allows in a second");
    } else if ((route->is_form || read_json(c)) && choose_realm(c)) {
        route->handle(call);
    }
}

/* put_metrics — of this second: whoever asks more often does not keep the workers from their work.
 */
static void put_metrics(struct http *h, struct evbuffer *out)
{
    struct mono now = clock_now().mono;
    if (!h->metrics || !mono_is_before(now, mono_add_s(h->metrics_at, 1))) {
        if (h->metrics) {
            evbuffer_free(h->metrics);
        }
        h->metrics = evbuffer_new();
        h->metrics_at = now;
        if (h->metrics) {
            metrics_print(h->desk, h->metrics);
        }
    }
    if (h->metrics) {
        evbuffer_add(out, evbuffer_pullup(h->metrics, -1), evbuffer_get_length(h->metrics));
    }
}

/* is_plain — what is answered without a key. */
static bool is_plain(const char *path)
{
    return strcmp(path, "/metrics") == 0 || strcmp(path, "/healthz") == 0 ||
           strcmp(path, "/readyz") == 0;
}

/* answer_plain — what needs no key and no store. Returns false for other paths. */
static bool answer_plain(struct http *h, struct evhttp_request *request, const char *path)
{
    char why[128];
    struct evbuffer *out = evbuffer_new();
    bool is_metrics = strcmp(path, "/metrics") == 0;
    bool is_health = strcmp(path, "/healthz") == 0;
    bool is_ready = strcmp(path, "/readyz") == 0;
    int status = 200;
    if (!out || (!is_metrics && !is_health && !is_ready)) {
        if (out) {
            evbuffer_free(out);
        }
        return false;
    }
    if (is_metrics) {
        put_metrics(h, out);
    } else if (is_health) {
        evbuffer_add_printf(out, "ok\n");
    } else {
        status = status_is_ready(h->desk, why, sizeof(why)) ? 200 : 503;
        evbuffer_add_printf(out, "%s\n", why);
    }
    send_bytes(
        h, request, status,
        is_metrics ? "text/plain; version=0.0.4; charset=utf-8" : "text/plain; charset=utf-8", out);
    evbuffer_free(out);
    return true;
}

/* answer_preflight — what a browser asks before a page's script may. */
static void answer_preflight(struct http *h, struct evhttp_request *request)
{
    struct evkeyvalq *out = evhttp_request_get_output_headers(request);
    evhttp_add_header(out, "Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE");
    evhttp_add_header(out, "Access-Control-Allow-Headers", "Authorization, Content-Type");
    evhttp_add_header(out, "Access-Control-Max-Age", "600");
    send_bytes(h, request, 204, NULL, NULL);
}

static struct carried *carried_new(struct http *h, struct evhttp_request *request, bool is_control)
{
    struct carried *c = calloc(1, sizeof(*c));
    const char *raw = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
    if (!c) {
        return NULL;
    }
    c->call.desk = h->desk;
    c->call.query = query;
    c->call.reply = reply;
    c->http = h;
    c->request = request;
    c->is_control = is_control;
    c->method = command_name(request);
    if (evhttp_parse_query_str(raw ? raw : "", &c->query) != 0) {
        evhttp_parse_query_str("", &c->query);
    }
    return c;
}

static void serve(struct http *h, struct evhttp_request *request, bool is_control)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    bool is_get = strcmp(command_name(request), "GET") == 0;
    char allowed[64];
    guard_heard(&h->door[is_control ? DOOR_CONTROL : DOOR_HTTP].guards,
                evhttp_connection_get_bufferevent(evhttp_request_get_connection(request)));
    if (!path || !path[0]) {
        path = "/";
    }
    if (evhttp_request_get_command(request) == EVHTTP_REQ_OPTIONS) {
        answer_preflight(h, request);
        return;
    }
    if (is_get && answer_plain(h, request, path)) {
        return;
    }
    struct carried *c = carried_new(h, request, is_control);
    if (!c) {
        send_bytes(h, request, 503, NULL, NULL);
        return;
    }
    snprintf(c->path, sizeof(c->path), "%s", path);
    evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_gone, c);
    const struct route *route = routes_find(c->method, path, allowed);
    if (route) {
        dispatch(c, route, path);
    } else if (allowed[0] || is_plain(path)) {
        const char *methods = allowed[0] ? allowed : "GET";
        evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", methods);
        call_refuse(&c->call, 405, "here are %s", methods);
    } else {
        call_refuse(&c->call, 404, "there is nothing at this path; see turnpike-api(7)");
    }
}

static void on_server(struct evhttp_request *request, void *argument)
{
    serve(argument, request, false);
}

static void on_control(struct evhttp_request *request, void *argument)
{
    serve(argument, request, true);
}

/* Sockets. */

/* pause — take no more connections, or go on. */
static void pause_door(struct door *d, bool is_paused)
{
    if (d->listener && is_paused != d->is_paused) {
        (is_paused ? evconnlistener_disable : evconnlistener_enable)(d->listener);
    }
    d->is_paused = is_paused;
}

/* watched — a connection under a guard. When there are too many, whoever waits to be accepted waits
 * until some have gone. */
static struct bufferevent *watched(struct door *d, struct bufferevent *connection, bool is_refused)
{
    if (connection) {
        guard_watch(&d->guards, connection, is_refused);
    }
    if (d->guards.used == GUARD_CONNECTIONS_MAX) {
        pause_door(d, true);
    }
    return connection;
}

static struct bufferevent *make_plain(struct event_base *base, void *argument)
{
    return watched(argument, bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE), false);
}

/* make_secure — never in clear: evhttp makes a plain one by itself when it gets none. */
static struct bufferevent *make_secure(struct event_base *base, void *argument)
{
    struct door *d = argument;
    struct ssl_st *session = tls_session(d->http->tls);
    struct bufferevent *connection =
        session ? bufferevent_openssl_socket_new(base, -1, session, BUFFEREVENT_SSL_ACCEPTING,
                                                 BEV_OPT_CLOSE_ON_FREE)
                : NULL;
    bool is_refused = connection == NULL;
    if (is_refused) {
        tls_end(session);
        connection = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    }
    return watched(d, connection, is_refused);
}

static struct evhttp *make_server(struct http *h, int which,
                                  void (*run)(struct evhttp_request *, void *))
{
    struct door *d = &h->door[which];
    d->http = h;
    struct evhttp *server = guard_init(&d->guards, h->base) ? evhttp_new(h->base) : NULL;
    if (server) {
        evhttp_set_max_headers_size(server, HEADERS_MAX);
        evhttp_set_max_body_size(server, BODY_READ_MAX);
        evhttp_set_timeout(server, GUARD_SILENCE);
        evhttp_set_default_content_type(server, NULL);
        /* All that libevent knows: what we do not take is refused here, and in our words. */
        evhttp_set_allowed_methods(server, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_DELETE |
                                               EVHTTP_REQ_PATCH | EVHTTP_REQ_OPTIONS |
                                               EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_TRACE |
                                               EVHTTP_REQ_CONNECT);
        evhttp_set_bevcb(server, make_plain, d);
        evhttp_set_gencb(server, run, h);
    }
    return server;
}

struct http *http_new(struct event_base *base, struct desk *desk, struct log_source *log)
{
    struct http *h = calloc(1, sizeof(*h));
    if (!h) {
        return NULL;
    }
    h->base = base;
    h->desk = desk;
    h->log = log;
    h->server = make_server(h, DOOR_HTTP, on_server);
    h->control = make_server(h, DOOR_CONTROL, on_control);
    if (!h->server || !h->control) {
        http_free(h);
        return NULL;
    }
    return h;
}

void http_free(struct http *h)
{
    if (!h) {
        return;
    }
    if (h->server) {
        evhttp_free(h->server);
    }
    if (h->control) {
        evhttp_free(h->control);
    }
    if (h->metrics) {
        evbuffer_free(h->metrics);
    }
    for (int i = 0; i < DOORS; i++) {
        guard_fini(&h->door[i].guards);
    }
    if (h->control_path[0]) {
        unlink(h->control_path);
    }
    tls_free(h->tls);
    free(h);
}

/* on_no_descriptor — none for a connection: rest until the next second, instead of trying in vain
 * without a pause. */
static void on_no_descriptor(struct evconnlistener *listener, void *argument)
{
    (void)argument; /* evhttp's */
    evconnlistener_disable(listener);
}

/* accept_at — have evhttp serve a listening socket, which is its own then. */
static bool accept_at(struct http *h, int which, struct evhttp *server, int fd)
{
    struct evhttp_bound_socket *bound = evhttp_accept_socket_with_handle(server, fd);
    struct door *d = &h->door[which];
    d->listener = bound ? evhttp_bound_socket_get_listener(bound) : NULL;
    if (d->listener) {
        evconnlistener_set_error_cb(d->listener, on_no_descriptor);
    }
    return bound != NULL;
}

bool http_listen(struct http *h, int fd, struct tls *tls)
{
    int yes = 1;
    /* What is accepted has it too: an answer behind a session ticket waits for no ack. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    if (tls) {
        h->tls = tls;
        evhttp_set_bevcb(h->server, make_secure, &h->door[DOOR_HTTP]);
    }
    return accept_at(h, DOOR_HTTP, h->server, fd);
}

void http_set_tls(struct http *h, struct tls *tls)
{
    tls_free(h->tls);
    h->tls = tls;
}

void http_tick(struct http *h)
{
    for (int i = 0; i < DOORS; i++) {
        guard_sweep(&h->door[i].guards);
        bool is_full = h->door[i].guards.used == GUARD_CONNECTIONS_MAX;
        pause_door(&h->door[i], is_full);
        if (!is_full && h->door[i].listener) {
            evconnlistener_enable(h->door[i].listener); /* there may be descriptors again */
        }
    }
}

/* is_served — whether somebody answers at a Unix socket. */
static bool is_served(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_served = fd >= 0 && (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 ||
                                 errno == EAGAIN); /* many wait there */
    if (fd >= 0) {
        close(fd);
    }
    return is_served;
}

/* bind_control — a listening Unix socket with mode 0600, or -1 with errno. */
static int bind_control(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);
    bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 &&
              listen(fd, BACKLOG) == 0;
    int error = errno;
    umask(mask);
    if (!ok && fd >= 0) {
        close(fd);
    }
    errno = error;
    return ok ? fd : -1;
}

bool http_control(struct http *h, const char *path, char *why, size_t why_room)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct stat st;
    if (strlen(path) >= sizeof(at.sun_path)) {
        snprintf(why, why_room, "%s is too long for a socket; %zu bytes are the most", path,
                 sizeof(at.sun_path) - 1);
        return false;
    }
    memcpy(at.sun_path, path, strlen(path) + 1);
    if (is_served(&at)) {
        snprintf(why, why_room, "another turnpike serves %s: stop it, or name another socket",
                 path);
        return false;
    }
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
        unlink(path); /* of one that did not end well */
    }
    int fd = bind_control(&at);
    if (fd < 0) {
        snprintf(why, why_room, "cannot make the socket %s: %s%s", path, strerror(errno),
                 errno == ENOENT   ? "; make its folder first"
                 : errno == EACCES ? "; give its folder to the user that the server runs as"
                                   : "");
        return false;
    }
    memcpy(h->control_path, path, strlen(path) + 1);
    if (!accept_at(h, DOOR_CONTROL, h->control, fd)) {
        close(fd);
        snprintf(why, why_room, "out of memory");
        return false;
    }
    return true;
}
