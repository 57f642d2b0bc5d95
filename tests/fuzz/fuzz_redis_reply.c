/* fuzz_redis_reply — the stores that speak to Redis, and something that answers them as the input
 * says: every request is answered once, whatever comes. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/span.h"
#include "store/store.h"

/* What the first byte of an input says. */
enum { GREETS_WELL = 1, SETS_UP_WELL = 2, IS_COTURN = 4, IS_SENTINEL = 8 };

enum { CONNECTIONS = 16, TURNS = 60, IDLE_TURNS = 5, HANG_UP = 255 };

/* One connection of the store's, seen from the other end. */
struct line {
    struct bufferevent *stream;
    redisReader *reader;
};

struct scene {
    struct reader input;
    unsigned how;
    struct line line[CONNECTIONS];
    unsigned lines;
    unsigned asked, answered, told;
    unsigned events, idle; /* what has happened, and turns since */
    bool is_over;
    struct store *store;
};

/* Made once: a loop, and two sockets that listen. */
static struct {
    struct event_base *base;
    char folder[32], path[48], unix_url[64], sentinel_url[64], coturn_url[96];
} place;

static struct scene scene;

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_word(const redisReply *word, const char *text)
{
    return strcasecmp(word->str, text) == 0;
}

/* proper — what a Redis answers, to those commands that come first; NULL to others. */
static const char *proper(const struct scene *s, const redisReply *command)
{
    static const struct {
        const char *verb;
        unsigned when;
        const char *answer;
    } answers[] = {
        {"CLIENT", GREETS_WELL, "+OK\r\n"},
        {"PING", GREETS_WELL, "+PONG\r\n"},
        {"ROLE", GREETS_WELL, "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"},
        {"SET", SETS_UP_WELL, "+OK\r\n"},
        {"SCRIPT", SETS_UP_WELL, "$40\r\n0123456789012345678901234567890123456789\r\n"},
        {"XREVRANGE", SETS_UP_WELL, "*1\r\n*2\r\n$3\r\n1-1\r\n*0\r\n"},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if ((s->how & answers[i].when) && is_word(command->element[0], answers[i].verb)) {
            return answers[i].answer;
        }
    }
    bool is_epoch = is_word(command->element[0], "GET") && command->elements > 1 &&
                    is_word(command->element[1], "turnpike:{*}:epoch");
    if (is_epoch && (s->how & SETS_UP_WELL)) {
        return "$5\r\nepoch\r\n";
    }
    bool is_look = is_word(command->element[0], "SMEMBERS") && s->told == 0;
    return is_look && (s->how & SETS_UP_WELL) ? "*1\r\n$1\r\na\r\n" : NULL;
}

static void hang_up(struct line *l)
{
    if (l->stream) {
        bufferevent_free(l->stream);
        redisReaderFree(l->reader);
    }
    *l = (struct line){.stream = NULL};
}

/* reply — the next piece of the input, if it is not time for a proper answer. */
static void reply(struct scene *s, struct line *l, const redisReply *command)
{
    insist(command->type == REDIS_REPLY_ARRAY && command->elements > 0);
    s->events++;
    const char *text = proper(s, command);
    if (text) {
        bufferevent_write(l->stream, text, strlen(text));
        return;
    }
    uint8_t size = reader_u8(&s->input);
    if (!reader_is_ok(&s->input)) {
        s->is_over = true;
    } else if (size == HANG_UP) {
        hang_up(l);
    } else {
        size_t whole = size < s->input.left ? size : s->input.left;
        bufferevent_write(l->stream, reader_bytes(&s->input, whole), whole);
    }
}

static void on_readable(struct bufferevent *stream, void *context)
{
    struct line *l = context;
    uint8_t bytes[4096];
    size_t got;
    void *command = NULL;
    while ((got = bufferevent_read(stream, bytes, sizeof(bytes))) > 0) {
        insist(redisReaderFeed(l->reader, (const char *)bytes, got) == REDIS_OK);
    }
    while (l->stream && !scene.is_over && redisReaderGetReply(l->reader, &command) == REDIS_OK &&
           command) {
        reply(&scene, l, command);
        freeReplyObject(command);
    }
}

static void on_end(struct bufferevent *stream, short what, void *context)
{
    (void)stream;
    (void)what;
    hang_up(context);
}

static void on_accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                        int size, void *context)
{
    (void)listener;
    (void)from;
    (void)size;
    (void)context;
    if (scene.lines == CONNECTIONS) {
        close(fd);
        return;
    }
    struct line *l = &scene.line[scene.lines++];
    scene.events++;
    l->stream = bufferevent_socket_new(place.base, fd, BEV_OPT_CLOSE_ON_FREE);
    l->reader = redisReaderCreate();
    insist(l->stream && l->reader);
    bufferevent_setcb(l->stream, on_readable, NULL, on_end, l);
    bufferevent_enable(l->stream, EV_READ | EV_WRITE);
}

static void clean_up(void)
{
    unlink(place.path);
    rmdir(place.folder);
}

static void listen_at(struct sockaddr *address, int size)
{
    insist(evconnlistener_new_bind(place.base, on_accepted, NULL, LEV_OPT_CLOSE_ON_FREE, 16,
                                   address, size) != NULL);
}

static void prepare(void)
{
    if (place.base) {
        return;
    }
    signal(SIGPIPE, SIG_IGN);
    place.base = event_base_new();
    snprintf(place.folder, sizeof(place.folder), "/tmp/turnpike-fuzz-XXXXXX");
    insist(place.base && mkdtemp(place.folder));
    snprintf(place.path, sizeof(place.path), "%s/redis", place.folder);
    snprintf(place.unix_url, sizeof(place.unix_url), "redis+unix://%s", place.path);
    snprintf(place.coturn_url, sizeof(place.coturn_url), "coturn+%s", place.unix_url);
    atexit(clean_up);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof(un.sun_path), "%s", place.path);
    listen_at((struct sockaddr *)&un, sizeof(un));
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct evconnlistener *listener =
        evconnlistener_new_bind(place.base, on_accepted, NULL, LEV_OPT_CLOSE_ON_FREE, 16,
                                (struct sockaddr *)&in, sizeof(in));
    socklen_t size = sizeof(in);
    insist(listener &&
           getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&in, &size) == 0);
    snprintf(place.sentinel_url, sizeof(place.sentinel_url), "redis+sentinel://127.0.0.1:%u/main",
             ntohs(in.sin_port));
}

/* The store's side. */

static void on_done(struct store_request *rq)
{
    scene.answered++;
    scene.events++;
    insist(rq->result < STORE_RESULT_COUNT);
    insist(rq->result != STORE_REFUSED && rq->result != STORE_DOWN ? true : rq->why[0] != '\0');
    insist(rq->verb != STORE_GET || rq->result != STORE_OK || rq->found_count == 1);
}

static void ask(struct scene *s, enum store_verb verb, enum store_table table)
{
    const struct wall never = {0};
    struct store_request *rq = store_request_new(verb, "r", on_done, NULL);
    insist(rq != NULL);
    store_request_add(rq, table, span_of_text("key"), span_of_text("{}"), never);
    if (verb == STORE_WRITE || verb == STORE_APPEND) {
        store_request_add(rq, table, span_of_text("more"), span_of_text(""), never);
    }
    rq->lease = (struct store_lease){.account = span_of_text("user/a"), .want = 3, .limit = 9};
    s->asked++;
    store_submit(s->store, rq);
}

static void on_state(void *context, bool is_up, bool has_lost, const char *why)
{
    struct scene *s = context;
    (void)has_lost;
    insist(is_up == (why[0] == '\0'));
    if (!is_up || s->told++ > 0) {
        return;
    }
    ask(s, STORE_GET, STORE_USER);
    ask(s, STORE_GET, STORE_CREDENTIAL);
    ask(s, STORE_WRITE, STORE_USER);
    ask(s, STORE_LIST, STORE_SECRET);
    ask(s, STORE_LEASE, STORE_USER);
    ask(s, STORE_APPEND, STORE_SESSION);
    ask(s, STORE_READ, STORE_SESSION);
    ask(s, STORE_BEAT, STORE_NODE);
}

static void on_notice(void *context, const char *realm, const struct store_item *item)
{
    (void)context;
    insist(realm != NULL && item->table < STORE_TABLE_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const realms[] = {"r", "s"};
    char why[STORE_WHY_MAX];
    prepare();
    scene = (struct scene){.input = reader_init(bytes, size)};
    scene.how = reader_u8(&scene.input);
    const struct store_parts parts = {
        .url = scene.how & IS_COTURN     ? place.coturn_url
               : scene.how & IS_SENTINEL ? place.sentinel_url
                                         : place.unix_url,
        .node = "fuzz",
        .base = place.base,
        .events = {&scene, on_state, on_notice},
    };
    scene.store = store_open(&parts, why, sizeof(why));
    insist(scene.store != NULL && store_follow(scene.store, realms, 2));
    for (int turn = 0; turn < TURNS && scene.idle < IDLE_TURNS && !scene.is_over; turn++) {
        unsigned events = scene.events;
        event_base_loop(place.base, EVLOOP_NONBLOCK);
        scene.idle = scene.events == events ? scene.idle + 1 : 0;
    }
    event_base_loop(place.base, EVLOOP_NONBLOCK);
    store_close(scene.store);
    insist(scene.asked == scene.answered);
    for (unsigned i = 0; i < scene.lines; i++) {
        hang_up(&scene.line[i]);
    }
    event_base_loop(place.base, EVLOOP_NONBLOCK);
    return 0;
}
