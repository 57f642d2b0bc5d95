/* store_driver — a store at the end of a pipe: requests are read from standard input, one a line,
 * and what comes of them is written to standard output. For the tests of the stores.
 *
 *     store_driver URL NODE [PASSWORD]
 *
 * Texts are written in hexadecimal digits, "-" is the empty one:
 *     follow REALM...
 *     get ID REALM TABLE KEY [OF-NODE]
 *     write ID REALM TABLE:KEY:VALUE:EXPIRES:IS-NEW...
 *     list ID REALM TABLE CURSOR LIMIT [OF-NODE]
 *     lease ID REALM ACCOUNT USED WANT LIMIT SECONDS
 *     append ID VALUE...
 *     read ID CURSOR LIMIT
 *     beat ID VALUE
 *     close
 * and come out as
 *     state MS IS-UP HAS-LOST WHY
 *     notice MS REALM TABLE KEY VALUE
 *     answer MS ID RESULT WHY GRANTED CURSOR TABLE:KEY:VALUE...                              */
/* SPDX-License-Identifier: MIT */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/clock.h"
#include "store/store.h"
#include "store/store_backend.h"

enum { WORDS_MAX = 4096 };

struct driver {
    struct event_base *base;
    struct store *store;
    const char *node;
    bool is_submitting; /* an answer now is one too early */
};

static struct driver driver;

static unsigned long long now_ms(void)
{
    return clock_now().mono.ns / 1000000;
}

static void put_hex(struct span bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        printf("%02x", bytes.bytes[i]);
    }
    printf("%s", bytes.size ? "" : "-");
}

static void put_text(const char *text)
{
    put_hex(span_of_text(text));
}

/* read_hex — bytes for the life of the request. */
static struct span read_hex(struct store_request *rq, const char *hex)
{
    size_t size = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
    uint8_t *bytes = malloc(size + 1);
    for (size_t i = 0; i < size; i++) {
        unsigned value = 0;
        sscanf(hex + 2 * i, "%2x", &value);
        bytes[i] = (uint8_t)value;
    }
    struct span copy = store_request_copy(rq, (struct span){bytes, size});
    free(bytes);
    return copy;
}

static char *read_name(const char *hex)
{
    size_t size = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
    char *name = calloc(1, size + 1);
    for (size_t i = 0; i < size; i++) {
        unsigned value = 0;
        sscanf(hex + 2 * i, "%2x", &value);
        name[i] = (char)value;
    }
    return name;
}

static enum store_table read_table(const char *name)
{
    int table = 0;
    while (table < STORE_TABLE_COUNT - 1 &&
           strcmp(name, store_table_name((enum store_table)table)) != 0) {
        table++;
    }
    return (enum store_table)table;
}

static void on_state(void *context, bool is_up, bool has_lost, const char *why)
{
    (void)context;
    printf("state %llu %d %d ", now_ms(), is_up, has_lost);
    put_text(why);
    printf("\n");
}

static void on_notice(void *context, const char *realm, const struct store_item *item)
{
    (void)context;
    printf("notice %llu ", now_ms());
    put_text(realm);
    printf(" %s ", store_table_name(item->table));
    put_hex(item->key);
    printf(" ");
    put_hex(item->value);
    printf("\n");
}

static void on_done(struct store_request *rq)
{
    printf("answer %llu %s %s ", now_ms(), (const char *)rq->context,
           driver.is_submitting ? "early" : store_result_name(rq->result));
    put_text(rq->why);
    printf(" %u ", rq->lease.granted);
    put_text(rq->cursor);
    for (size_t i = 0; i < rq->found_count; i++) {
        printf(" %s:", store_table_name(rq->found[i].table));
        put_hex(rq->found[i].key);
        printf(":");
        put_hex(rq->found[i].value);
    }
    printf("\n");
    free(rq->context);
}

/* add_items — "TABLE:KEY:VALUE:EXPIRES:IS-NEW" each. */
static void add_items(struct store_request *rq, char **word, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *rest = word[i];
        const char *table = strsep(&rest, ":");
        const char *key = strsep(&rest, ":");
        const char *value = strsep(&rest, ":");
        const char *expires = strsep(&rest, ":");
        struct store_item *item =
            store_request_add(rq, read_table(table), read_hex(rq, key), read_hex(rq, value),
                              (struct wall){atoll(expires)});
        item->is_new = rest[0] == '1';
    }
}

static void copy_text(const char *hex, char *out, size_t room)
{
    char *text = read_name(hex);
    snprintf(out, room, "%s", text);
    free(text);
}

/* fill — what the verb wants of the words behind the request's name and realm. */
static void fill(struct store_request *rq, char **word, size_t count)
{
    const struct span none = {NULL, 0};
    const struct wall never = {0};
    switch (rq->verb) {
    case STORE_GET:
    case STORE_LIST:
        store_request_add(rq, read_table(word[0]),
                          rq->verb == STORE_GET ? read_hex(rq, word[1]) : none, none, never);
        if (rq->verb == STORE_LIST) {
            copy_text(word[1], rq->cursor, sizeof(rq->cursor));
            rq->limit = (uint32_t)atoi(word[2]);
        }
        if (count > (rq->verb == STORE_LIST ? 3u : 2u)) {
            copy_text(word[count - 1], rq->of_node, sizeof(rq->of_node));
        }
        break;
    case STORE_WRITE:
        add_items(rq, word, count);
        break;
    case STORE_LEASE:
        rq->lease.account = read_hex(rq, word[0]);
        rq->lease.used = (uint32_t)atoi(word[1]);
        rq->lease.want = (uint32_t)atoi(word[2]);
        rq->lease.limit = (uint32_t)atoi(word[3]);
        rq->lease.seconds = (uint32_t)atoi(word[4]);
        break;
    case STORE_READ:
        copy_text(word[0], rq->cursor, sizeof(rq->cursor));
        rq->limit = (uint32_t)atoi(word[1]);
        break;
    case STORE_BEAT:
        store_request_add(rq, STORE_NODE, span_of_text(driver.node), read_hex(rq, word[0]), never);
        break;
    default:
        for (size_t i = 0; i < count; i++) {
            store_request_add(rq, STORE_SESSION, none, read_hex(rq, word[i]), never);
        }
        break;
    }
}

static bool has_realm(enum store_verb verb)
{
    return verb != STORE_APPEND && verb != STORE_READ && verb != STORE_BEAT;
}

static void submit(char **word, size_t count)
{
    int verb = 0;
    while (verb < STORE_VERB_COUNT &&
           strcmp(word[0], store_verb_name((enum store_verb)verb)) != 0) {
        verb++;
    }
    if (verb == STORE_VERB_COUNT) {
        printf("what is %s\n", word[0]);
        return;
    }
    size_t from = has_realm((enum store_verb)verb) ? 3 : 2;
    char *realm = read_name(from == 3 ? word[2] : "-");
    struct store_request *rq =
        store_request_new((enum store_verb)verb, realm, on_done, strdup(word[1]));
    fill(rq, word + from, count - from);
    driver.is_submitting = true;
    store_submit(driver.store, rq);
    driver.is_submitting = false;
    free(realm);
}

static void follow(char **word, size_t count)
{
    char **realm = calloc(count + 1, sizeof(*realm));
    for (size_t i = 0; i < count; i++) {
        realm[i] = read_name(word[i]);
    }
    store_follow(driver.store, (const char *const *)realm, count);
    for (size_t i = 0; i < count; i++) {
        free(realm[i]);
    }
    free(realm);
}

static void run_line(char *line)
{
    char *word[WORDS_MAX];
    static char none[] = "-";
    size_t count = 0;
    for (size_t i = 0; i < WORDS_MAX; i++) {
        word[i] = none; /* words that are left out */
    }
    for (char *at; count < WORDS_MAX && (at = strsep(&line, " "));) {
        word[count++] = at;
    }
    if (strcmp(word[0], "close") == 0) {
        event_base_loopbreak(driver.base);
    } else if (strcmp(word[0], "follow") == 0) {
        follow(word + 1, count - 1);
    } else {
        submit(word, count);
    }
}

static void on_input(struct bufferevent *in, void *context)
{
    char *line;
    (void)context;
    while ((line = evbuffer_readln(bufferevent_get_input(in), NULL, EVBUFFER_EOL_LF))) {
        run_line(line);
        free(line);
    }
}

static void on_end(struct bufferevent *in, short what, void *context)
{
    (void)in;
    (void)what;
    (void)context;
    event_base_loopbreak(driver.base);
}

int main(int argc, char **argv)
{
    char why[STORE_WHY_MAX];
    if (argc < 3) {
        fprintf(stderr, "usage: store_driver URL NODE [PASSWORD]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    driver.base = event_base_new();
    driver.node = argv[2];
    const struct store_parts parts = {
        .url = argv[1],
        .node = argv[2],
        .password = argc > 3 ? argv[3] : NULL,
        .base = driver.base,
        .events = {.state = on_state, .notice = on_notice},
    };
    driver.store = store_open(&parts, why, sizeof(why));
    if (!driver.store) {
        printf("refused %s\n", why);
        event_base_free(driver.base);
        return 1;
    }
    printf("name %s\n", store_name(driver.store));
    struct bufferevent *in = bufferevent_socket_new(driver.base, 0, 0);
    bufferevent_setcb(in, on_input, NULL, on_end, NULL);
    bufferevent_enable(in, EV_READ);
    event_base_dispatch(driver.base);
    store_close(driver.store);
    bufferevent_free(in);
    for (int turn = 0; turn < 4; turn++) { /* libevent lets go of a look-up later than we */
        event_base_loop(driver.base, EVLOOP_NONBLOCK);
    }
    event_base_free(driver.base);
    return 0;
}
