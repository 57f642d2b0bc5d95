/* flight — fetching from the store what a worker's request needs, once for each name. */
/* SPDX-License-Identifier: MIT */
#include "store/flight.h"

#include <stdlib.h>
#include <string.h>

#include "base/container.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/clock.h"
#include "store/ticket.h"

/* One fetch: it goes to the control thread and comes back to its worker in the same record. */
struct flight {
    struct inbox_node node;        /* on the way there */
    struct worker_message message; /* and back */
    struct flight_deck *deck;
    uint16_t worker;
    uint8_t realm;
    bool is_busy; /* the worker's */
    bool is_hash;
    size_t name_size, realm_size;
    uint8_t name[STUN_NAME_MAX];
    char realm_name[SETTINGS_REALM_NAME_MAX + 1];
};

struct flight_deck {
    struct worker_shared *shared;
    struct store *store;
    struct mirror *mirror;
    struct inbox arrivals; /* at the control thread */
    struct event *event;
    struct flight *flight; /* TURN_PARKED_MAX of each worker */
};

static struct span name_of(const struct flight *f)
{
    return (struct span){f->name, f->name_size};
}

static struct span realm_of(const struct flight *f)
{
    return (struct span){(const uint8_t *)f->realm_name, f->realm_size};
}

/* land — on the worker: what was parked for this name goes on, by what the mirror knows now. */
static void land(struct worker_message *message, struct turn *turn, struct now now)
{
    struct flight *f = container_of(message, struct flight, message);
    uint8_t name[STUN_NAME_MAX];
    struct span asked = {name, f->name_size};
    memcpy(name, f->name, f->name_size);
    uint8_t realm = f->realm;
    f->is_busy = false; /* it may be needed at once */
    if (turn) {
        turn_key_arrived(turn, realm, asked, now);
    }
}

static void go_home(struct flight *f)
{
    f->message.run = land;
    worker_post(f->deck->shared->worker[f->worker], &f->message);
}

/* note — what the store said, in the mirror. */
static void note(struct flight *f, const struct store_request *rq)
{
    struct grant grant;
    char why[STORE_WHY_MAX];
    struct mono now = clock_now().mono;
    enum mirror_known what = MIRROR_KNOWN_NONE;
    bool has_grant = rq->result == STORE_OK && rq->found_count == 1 &&
                     grant_parse(rq->found[0].value, &grant, why, sizeof(why));
    if (rq->result == STORE_DOWN) {
        return; /* nothing was learnt */
    }
    if (rq->result == STORE_REFUSED || (rq->result == STORE_OK && !has_grant)) {
        what = MIRROR_KNOWN_BROKEN;
    }
    if (has_grant && !f->is_hash &&
        !span_is_equal(name_of(f), (struct span){(const uint8_t *)grant.name, grant.name_size})) {
        has_grant = false; /* "tpr.ID.OWNER" with another owner, say */
    }
    mirror_put_grant(f->deck->mirror, realm_of(f), f->is_hash, name_of(f),
                     has_grant ? &grant : NULL, what, now);
    secret_wipe(&grant, sizeof(grant));
}

static void on_found(struct store_request *rq)
{
    struct flight *f = rq->context;
    note(f, rq);
    go_home(f);
}

/* ask — submit a GET; without memory the flight comes home with nothing. */
static void ask(struct flight *f, enum store_table table, struct span key,
                void (*done)(struct store_request *rq))
{
    struct store_request *rq = store_request_new(STORE_GET, f->realm_name, done, f);
    if (!rq) {
        go_home(f);
        return;
    }
    store_request_add(rq, table, key, (struct span){NULL, 0}, (struct wall){0});
    store_submit(f->deck->store, rq);
}

/* on_hash — the index said whose user hash it is, or not. */
static void on_hash(struct store_request *rq)
{
    struct flight *f = rq->context;
    json_t *value = NULL;
    if (rq->result == STORE_OK && rq->found_count == 1) {
        value =
            json_loadb((const char *)rq->found[0].value.bytes, rq->found[0].value.size, 0, NULL);
    }
    const json_t *name = json_object_get(value, "name");
    if (json_is_string(name)) {
        struct span text = {(const uint8_t *)json_string_value(name), json_string_length(name)};
        ask(f, STORE_USER, text, on_found);
    } else {
        rq->result = rq->result == STORE_OK ? STORE_REFUSED : rq->result;
        note(f, rq);
        go_home(f);
    }
    json_decref(value);
}

/* depart — on the control thread: the store is asked. */
static void depart(struct inbox_node *node, void *reader)
{
    struct flight *f = container_of(node, struct flight, node);
    struct span id;
    struct span owner;
    (void)reader;
    if (f->is_hash) {
        char hex[2 * STUN_NAME_MAX + 1];
        struct text t = text_init(hex, sizeof(hex));
        text_hex(&t, f->name, f->name_size);
        ask(f, STORE_USERHASH, span_of_text(hex), on_hash);
    } else if (ticket_random_parse(name_of(f), &id, &owner)) {
        ask(f, STORE_CREDENTIAL, id, on_found);
    } else {
        ask(f, STORE_USER, name_of(f), on_found);
    }
}

static bool is_for(const struct flight *f, const struct keyring_query *query)
{
    return f->is_busy && f->realm == query->realm && f->is_hash == query->is_hash &&
           span_is_equal(name_of(f), query->name);
}

enum keyring_answer flight_begin(struct flight_deck *deck, const struct keyring_query *query)
{
    struct flight *own = &deck->flight[(size_t)query->worker * TURN_PARKED_MAX];
    struct flight *free = NULL;
    if (!flight_deck_is_up(deck) || query->name.size > STUN_NAME_MAX ||
        query->realm_name.size > SETTINGS_REALM_NAME_MAX) {
        return KEYRING_DOWN;
    }
    for (int i = 0; i < TURN_PARKED_MAX; i++) {
        if (is_for(&own[i], query)) {
            return KEYRING_LATER;
        }
        free = own[i].is_busy ? free : &own[i];
    }
    if (!free) {
        return KEYRING_DOWN;
    }
    free->is_busy = true;
    free->deck = deck;
    free->worker = query->worker;
    free->realm = query->realm;
    free->is_hash = query->is_hash;
    free->name_size = query->name.size;
    memcpy(free->name, query->name.bytes, query->name.size);
    free->realm_size = query->realm_name.size;
    memcpy(free->realm_name, query->realm_name.bytes, query->realm_name.size);
    free->realm_name[free->realm_size] = '\0';
    free->node.run = depart;
    inbox_put(&deck->arrivals, &free->node);
    return KEYRING_LATER;
}

static void on_arrivals(evutil_socket_t fd, short what, void *argument)
{
    struct flight_deck *deck = argument;
    (void)fd;
    (void)what;
    inbox_run(&deck->arrivals, deck);
}

void flight_deck_use(struct flight_deck *deck, struct store *store)
{
    deck->store = store;
}

bool flight_deck_is_up(const struct flight_deck *deck)
{
    return deck->store && store_is_up(deck->store);
}

struct flight_deck *flight_deck_new(struct event_base *base, struct worker_shared *shared,
                                    struct mirror *mirror)
{
    struct flight_deck *deck = calloc(1, sizeof(*deck));
    if (!deck || !inbox_init(&deck->arrivals)) {
        free(deck);
        return NULL;
    }
    deck->shared = shared;
    deck->mirror = mirror;
    deck->flight = calloc((size_t)shared->count * TURN_PARKED_MAX, sizeof(*deck->flight));
    deck->event = event_new(base, deck->arrivals.wake, EV_READ | EV_PERSIST, on_arrivals, deck);
    if (!deck->flight || !deck->event || event_add(deck->event, NULL) != 0) {
        flight_deck_free(deck);
        return NULL;
    }
    return deck;
}

void flight_deck_free(struct flight_deck *deck)
{
    if (deck) {
        if (deck->event) {
            event_free(deck->event);
        }
        inbox_fini(&deck->arrivals);
        free(deck->flight);
        free(deck);
    }
}
