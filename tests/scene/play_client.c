/* play_client — statements by clients and peers: what they send and what comes of it. */
/* SPDX-License-Identifier: MIT */
#include "scene/play.h"

#include <stdio.h>
#include <stdlib.h>

static void set_user(struct actor *a, struct script_word w)
{
    a->user_size = w.size < sizeof(a->user) ? w.size : sizeof(a->user) - 1;
    memcpy(a->user, w.text, a->user_size);
    a->user[a->user_size] = '\0';
}

/* set_transport — what carries what the client says: over anything but udp, a connection. */
static void set_transport(struct play *p, struct actor *a, struct script_word w)
{
    static const struct {
        const char *word;
        enum path_kind kind;
    } kinds[] = {{"udp", PATH_UDP}, {"tcp", PATH_TCP}, {"tls", PATH_TLS}, {"dtls", PATH_DTLS}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (script_is(w, kinds[i].word)) {
            a->path.kind = (uint8_t)kinds[i].kind;
            if (path_is_connection(&a->path)) {
                stage_connections_open(p->stage, &a->path);
            }
            return;
        }
    }
    judge_break(&p->judge, "over %s?", w.text);
}

static void read_client(struct play *p, struct actor *a, struct script_words *w)
{
    unsigned long long n = 0;
    while (script_left(w) > 0 && !p->judge.why[0]) {
        struct script_word word = script_take(w);
        if (script_is(word, "user")) {
            set_user(a, script_take(w));
        } else if (script_is(word, "password")) {
            snprintf(a->password, sizeof(a->password), "%s", script_take(w).text);
        } else if (script_is(word, "secret")) {
            const char *secret = script_take(w).text;
            struct span user = {(const uint8_t *)a->user, a->user_size};
            stage_keyring_password(&p->stage->digest, secret, script_accept(w, "sha256"), user,
                                   a->password);
        } else if (script_is(word, "realm")) {
            snprintf(a->realm, sizeof(a->realm), "%s", script_take(w).text);
        } else if (script_is(word, "algorithm")) {
            script_number(script_take(w), &n);
            a->algorithm = (unsigned)n;
        } else if (script_is(word, "userhash")) {
            a->wants_hash = true;
        } else if (script_is(word, "username")) {
            a->wants_hash = false;
        } else if (script_is(word, "fingerprint")) {
            a->wants_fingerprint = true;
        } else if (script_is(word, "tos")) {
            script_number(script_take(w), &n);
            a->tos = (uint8_t)n;
        } else if (script_is(word, "listener")) {
            script_number(script_take(w), &n);
            a->path.listener = (uint16_t)n;
        } else if (script_is(word, "over")) {
            set_transport(p, a, script_take(w));
        } else if (script_is(word, "at")) {
            play_address(p, script_take(w), &a->path.client.a);
        } else {
            judge_break(&p->judge, "unknown word \"%s\"", word.text);
        }
    }
}

static void say_client(struct play *p, struct script_words *w)
{
    struct script_word name = script_take(w);
    if (p->actors.count == ACTORS_MAX) {
        judge_break(&p->judge, "too many clients");
        return;
    }
    struct actor *a = &p->actors.actor[p->actors.count++];
    *a = (struct actor){.path = {.kind = PATH_UDP}, .ask = calloc(1, sizeof(*a->ask))};
    snprintf(a->name, sizeof(a->name), "%s", name.text);
    if (play_address(p, script_take(w), &a->path.client.a)) {
        read_client(p, a, w);
    }
}

static void note_counts(struct play *p)
{
    p->counts = p->stage->turn->counts;
    p->up = p->stage->turn->flows.up;
    p->down = p->stage->turn->flows.down;
}

/* check_silence — whether the silence was for the reason that the scene names. */
static void check_silence(struct play *p, struct script_word reason)
{
    const struct turn *t = p->stage->turn;
    bool ok = false;
    if (script_is(reason, "ignored")) {
        ok = t->counts.ignored == p->counts.ignored + 1;
    } else if (script_is(reason, "limited")) {
        ok = t->counts.limited == p->counts.limited + 1;
    }
    for (int i = 0; i < FLOW_DROP_COUNT; i++) {
        bool is_named = script_is(reason, forward_drop_name((enum flow_drop)i));
        bool is_up = t->flows.up.dropped[i] == p->up.dropped[i] + 1;
        bool is_down = t->flows.down.dropped[i] == p->down.dropped[i] + 1;
        ok = ok || (is_named && (is_up || is_down));
    }
    if (!ok) {
        judge_fail(&p->judge, "not silent because of %s", reason.text);
    }
}

static void conclude(struct play *p, struct actor *a, struct script_words *w)
{
    if (script_accept(w, "->") || script_accept(w, "hears")) {
        judge_outcome(&p->judge, &p->actors, a, w);
        if (!p->judge.why[0] && script_left(w) > 0) {
            check_silence(p, script_take(w));
        }
    }
    if (p->stage->broken) {
        judge_break(&p->judge, "%s", p->stage->broken);
    }
}

static void send_ask(struct play *p, struct actor *a)
{
    note_counts(p);
    stage_from_client(p->stage, &a->ask->path, (struct span){a->ask->bytes, a->ask->size}, a->tos);
}

static bool wants_challenge(const struct actor *a, const struct script_words *w, uint16_t method)
{
    bool is_turn = method == STUN_ALLOCATE || method == STUN_REFRESH ||
                   method == STUN_CREATE_PERMISSION || method == STUN_CHANNEL_BIND ||
                   method == STUN_CONNECT || method == STUN_CONNECTION_BIND;
    bool wants = a->user_size > 0 && a->nonce_size == 0 && is_turn;
    for (int i = w->at; wants && i < w->count && !script_is(w->word[i], "->"); i++) {
        wants = !script_is(w->word[i], "unsigned") && !script_is(w->word[i], "nonce");
    }
    return wants;
}

/* keep_connects — an answer to this request will come when its call is made, or not. */
static void keep_connects(struct play *p, struct actor *a)
{
    for (int i = 0; i < p->stage->heard_count; i++) {
        const struct stage_heard *h = &p->stage->heard[i];
        if (h->deed == STAGE_DEED_CONNECTS) {
            actor_keep(&p->actors, a, h->number);
        }
    }
}

static void request(struct play *p, struct actor *a, struct script_words *w, uint16_t method)
{
    if (wants_challenge(a, w, method)) {
        actor_challenge(a, method);
        send_ask(p, a);
        judge_challenge(&p->judge, &p->actors, a);
        stage_hear_nothing(p->stage);
        if (p->judge.why[0]) {
            return;
        }
    }
    const char *wrong = actor_compose(&p->actors, a, w, method, STUN_REQUEST);
    if (wrong) {
        judge_fail(&p->judge, "%s: %s", wrong, w->word[w->at > 0 ? w->at - 1 : 0].text);
        return;
    }
    send_ask(p, a);
    keep_connects(p, a);
    conclude(p, a, w);
}

static void sends(struct play *p, struct actor *a, struct script_words *w)
{
    const char *wrong = actor_compose(&p->actors, a, w, STUN_SEND, STUN_INDICATION);
    if (wrong) {
        judge_fail(&p->judge, "%s", wrong);
        return;
    }
    send_ask(p, a);
    conclude(p, a, w);
}

static void writes(struct play *p, struct actor *a, struct script_words *w)
{
    struct actor_ask *ask = a->ask;
    bool has_pad = !path_is_stream(&a->path); /* a stream pads by itself, RFC 8656 12.5 */
    unsigned long long number = 0;
    unsigned long long n = 0;
    script_number(script_take(w), &number);
    if (!judge_payload(script_take(w), ask->payload, sizeof(ask->payload), &ask->payload_size)) {
        judge_break(&p->judge, "write what?");
        return;
    }
    size_t length = ask->payload_size;
    ask->size = CHANNEL_HEADER_SIZE + ask->payload_size;
    ask->path = a->path;
    ask->to = (struct netaddr){.family = NETADDR_NONE};
    memcpy(ask->bytes + CHANNEL_HEADER_SIZE, ask->payload, ask->payload_size);
    while (script_left(w) > 0 && !script_is(script_peek(w), "->")) {
        struct script_word word = script_take(w);
        if (script_is(word, "length") && script_number(script_take(w), &n)) {
            length = (size_t)n;
        } else if (script_is(word, "pad") && script_number(script_take(w), &n)) {
            memset(ask->bytes + ask->size, 0x55, (size_t)n);
            ask->size += (size_t)n;
            has_pad = true;
        } else if (script_is(word, "from")) {
            play_address(p, script_take(w), &ask->path.client.a);
        } else if (script_is(word, "cut") && script_number(script_take(w), &n)) {
            ask->size -= (size_t)n;
        } else if (script_is(word, "tos") && script_number(script_take(w), &n)) {
            a->tos = (uint8_t)n;
        } else {
            judge_break(&p->judge, "unknown word \"%s\"", word.text);
        }
    }
    for (; !has_pad && ask->size % 4 != 0; ask->size++) {
        ask->bytes[ask->size] = 0xaa;
    }
    ask->bytes[0] = (uint8_t)(number >> 8);
    ask->bytes[1] = (uint8_t)number;
    ask->bytes[2] = (uint8_t)(length >> 8);
    ask->bytes[3] = (uint8_t)length;
    send_ask(p, a);
    conclude(p, a, w);
}

static void raw(struct play *p, struct actor *a, struct script_words *w)
{
    struct actor_ask *ask = a->ask;
    ask->path = a->path;
    ask->size = 0;
    while (script_left(w) > 0 && !script_is(script_peek(w), "->")) {
        size_t size;
        if (!script_hex(script_take(w).text, ask->bytes + ask->size, 2048, &size)) {
            judge_break(&p->judge, "no hex");
        }
        ask->size += size;
    }
    ask->method = (uint16_t)((ask->bytes[0] << 8 | ask->bytes[1]) & 0xf);
    ask->is_signed = false;
    ask->has_fingerprint = false;
    ask->is_classic = ask->size >= 8 && memcmp(ask->bytes + 4, "\x21\x12\xa4\x42", 4) != 0;
    send_ask(p, a);
    conclude(p, a, w);
}

/* closes — the client's end of its connection is gone. */
static void closes(struct play *p, struct actor *a, struct script_words *w)
{
    note_counts(p);
    stage_connections_close(p->stage, &a->path);
    conclude(p, a, w);
}

/* opens — another connection in place of the one it had. */
static void opens(struct play *p, struct actor *a, struct script_words *w)
{
    if (stage_connections_has(p->stage, &a->path)) {
        stage_connections_close(p->stage, &a->path);
    }
    read_client(p, a, w);
    stage_connections_open(p->stage, &a->path);
}

static void act(struct play *p, struct actor *a, struct script_words *w)
{
    static const struct {
        const char *word;
        uint16_t method;
    } methods[] = {
        {"binding", STUN_BINDING},
        {"allocate", STUN_ALLOCATE},
        {"refresh", STUN_REFRESH},
        {"permit", STUN_CREATE_PERMISSION},
        {"bind", STUN_CHANNEL_BIND},
        {"connect", STUN_CONNECT},
        {"connection-bind", STUN_CONNECTION_BIND},
    };
    unsigned long long n = 0;
    if (!stage_start(p->stage)) {
        return;
    }
    if (path_is_connection(&a->path) && script_accept(w, "opens")) {
        opens(p, a, w);
        return;
    }
    bool needs_none = script_is(script_peek(w), "hears") || script_is(script_peek(w), "closes");
    if (!stage_connections_has(p->stage, &a->path) && !needs_none) {
        judge_fail(&p->judge, "%s has no connection of its own", a->name);
        return;
    }
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (script_accept(w, methods[i].word)) {
            request(p, a, w, methods[i].method);
            return;
        }
    }
    if (script_accept(w, "method") && script_number(script_take(w), &n)) {
        request(p, a, w, (uint16_t)n);
    } else if (script_accept(w, "sends")) {
        sends(p, a, w);
    } else if (script_accept(w, "writes")) {
        writes(p, a, w);
    } else if (script_accept(w, "raw")) {
        raw(p, a, w);
    } else if (script_accept(w, "again")) {
        send_ask(p, a);
        conclude(p, a, w);
    } else if (script_is(script_peek(w), "hears")) {
        conclude(p, a, w);
    } else if (path_is_connection(&a->path) && script_accept(w, "closes")) {
        closes(p, a, w);
    } else if (script_accept(w, "forgets")) {
        a->nonce_size = 0;
    } else if (script_accept(w, "changes")) {
        read_client(p, a, w);
    } else {
        judge_break(&p->judge, "%s cannot \"%s\"", a->name, script_peek(w).text);
    }
}

/* receiver — whose endpoint a peer sends to: NAME, or NAME.relayed6 and the like. */
static struct actor *receiver(struct play *p, struct script_word w, uint8_t family,
                              uint32_t *endpoint)
{
    char name[32];
    struct netaddr to;
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(w.text, "."), w.text);
    struct actor *a = actor_find(&p->actors, name);
    if (!a) {
        judge_break(&p->judge, "nobody is called %s", name);
        return NULL;
    }
    to = a->relayed[family - 1];
    if (strchr(w.text, '.')) {
        actor_address(&p->actors, w.text, &to);
    }
    *endpoint = stage_endpoint_of(p->stage, &to);
    return a;
}

/* move_call — what a peer does with a TCP connection of a client's relayed address. */
static void move_call(struct play *p, const struct netaddr *peer, struct script_word verb,
                      struct script_words *w)
{
    uint32_t endpoint = UINT32_MAX;
    struct actor *a = receiver(p, script_take(w), peer->family, &endpoint);
    bool is_call = script_is(verb, "calls");
    if (!a) {
        return;
    }
    uint32_t number = is_call ? UINT32_MAX : stage_connections_find(p->stage, endpoint, peer);
    if (!is_call && number == UINT32_MAX) {
        judge_fail(&p->judge, "there is no connection that it %s", verb.text);
        return;
    }
    a->ask->to = *peer;
    note_counts(p);
    if (is_call && endpoint != UINT32_MAX && p->stage->endpoint[endpoint].is_stream) {
        stage_connections_call(p->stage, endpoint, peer);
    } else if (is_call) { /* nobody listens there */
    } else if (script_is(verb, "leaves")) {
        stage_connections_leave(p->stage, number);
    } else {
        actor_recall(&p->actors, a, number);
        stage_connections_made(p->stage, number, script_is(verb, "accepts"));
    }
    conclude(p, a, w);
}

static void say_peer(struct play *p, struct script_words *w)
{
    struct netaddr from;
    uint32_t endpoint = UINT32_MAX;
    unsigned long long tos = 0;
    static uint8_t payload[ACTOR_MESSAGE_MAX];
    size_t size = 0;
    if (!stage_start(p->stage) || !play_address(p, script_take(w), &from)) {
        return;
    }
    static const char *const verbs[] = {"calls", "accepts", "refuses", "leaves"};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (script_is(script_peek(w), verbs[i])) {
            struct script_word verb = script_take(w);
            move_call(p, &from, verb, w);
            return;
        }
    }
    if (!script_accept(w, "sends") ||
        !judge_payload(script_take(w), payload, sizeof(payload), &size)) {
        judge_break(&p->judge, "peer ADDRESS sends what?");
        return;
    }
    script_accept(w, "to");
    struct actor *a = receiver(p, script_take(w), from.family, &endpoint);
    if (script_accept(w, "tos")) {
        script_number(script_take(w), &tos);
    }
    if (!a) {
        return;
    }
    memcpy(a->ask->payload, payload, size);
    a->ask->payload_size = size;
    a->ask->to = from;
    note_counts(p);
    if (endpoint != UINT32_MAX) { /* else no socket is open there */
        stage_from_peer(p->stage, endpoint, &from, (struct span){payload, size}, (uint8_t)tos);
    }
    conclude(p, a, w);
}

static void say_icmp(struct play *p, struct script_words *w)
{
    struct peer_addr from;
    uint32_t endpoint = UINT32_MAX;
    unsigned long long n[3] = {0};
    if (!stage_start(p->stage) || !play_address(p, script_take(w), &from.a)) {
        return;
    }
    script_accept(w, "to");
    struct actor *a = receiver(p, script_take(w), from.a.family, &endpoint);
    while (script_left(w) > 0 && !script_is(script_peek(w), "->")) {
        struct script_word word = script_take(w);
        int at = script_is(word, "type") ? 0 : script_is(word, "code") ? 1 : 2;
        script_number(script_take(w), &n[at]);
    }
    if (!a) {
        return;
    }
    a->ask->to = from.a;
    note_counts(p);
    if (endpoint != UINT32_MAX) {
        turn_icmp(p->stage->turn, endpoint, &from, (uint8_t)n[0], (uint8_t)n[1], (uint32_t)n[2],
                  p->stage->now);
    }
    conclude(p, a, w);
}

static const struct {
    const char *word;
    void (*say)(struct play *p, struct script_words *w);
} verbs[] = {
    {"client", say_client},
    {"peer", say_peer},
    {"icmp", say_icmp},
};

bool play_client(struct play *p, struct script_words *w)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (script_accept(w, verbs[i].word)) {
            verbs[i].say(p, w);
            return true;
        }
    }
    struct actor *a = actor_find(&p->actors, script_peek(w).text);
    if (a) {
        script_take(w);
        act(p, a, w);
    }
    return a != NULL;
}
