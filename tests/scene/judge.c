/* judge — what was heard against what is expected, and against what always holds. */
/* SPDX-License-Identifier: MIT */
#include "scene/judge.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { NONCE_COOKIE_SIZE = 13 };

static void note(struct judge *j, const char *format, va_list args)
{
    if (!j->why[0]) {
        vsnprintf(j->why, sizeof(j->why), format, args);
    }
}

void judge_fail(struct judge *j, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(j, format, args);
    va_end(args);
}

void judge_break(struct judge *j, const char *format, ...)
{
    va_list args;
    j->why[0] = '\0';
    j->is_broken = true;
    va_start(args, format);
    note(j, format, args);
    va_end(args);
}

/* An answer while it is looked at. */
struct hearing {
    struct judge *j;
    struct actors *all;
    struct actor *actor;
    struct actor_ask *ask;
    const struct stage_heard *heard;
    struct stun_message m;
    unsigned code; /* of an error, else 0 */
};

static const char *shown(const struct netaddr *a)
{
    static char text[4][TEXT_NETADDR_SIZE];
    static int which;
    which = (which + 1) % 4;
    struct text t = text_init(text[which], TEXT_NETADDR_SIZE);
    text_netaddr(&t, a);
    return text[which];
}

static bool has(const struct hearing *h, enum stun_known which)
{
    return stun_message_has(&h->m, which);
}

/* known_of — the place of a type in struct stun_message; -1 when it has none. */
static int known_of(int type)
{
    static const int types[] = {
#define JUDGE_ROW(name, number) number,
        STUN_ATTRIBUTES(JUDGE_ROW)
#undef JUDGE_ROW
    };
    for (int i = 0; i < STUN_KNOWN_COUNT; i++) {
        if (types[i] == type) {
            return i;
        }
    }
    return -1;
}

/* read_code — ERROR-CODE in the form RFC 8489 14.8 asks for. */
static void read_code(struct hearing *h)
{
    struct span v = stun_message_value(&h->m, STUN_KNOWN_ERROR_CODE);
    if (h->m.class != STUN_ERROR) {
        return;
    }
    if (v.size < 4 || v.bytes[0] || v.bytes[1] || v.bytes[2] < 3 || v.bytes[2] > 6 ||
        v.bytes[3] > 99 || v.size - 4 >= 128) {
        judge_break(h->j, "ERROR-CODE is malformed");
        return;
    }
    h->code = v.bytes[2] * 100u + v.bytes[3];
}

/* check_bytes — padding is zero, FINGERPRINT is there if it was in the request. */
static void check_bytes(struct hearing *h)
{
    struct reader r = reader_init(h->m.bytes + STUN_HEADER_SIZE, h->m.size - STUN_HEADER_SIZE);
    while (r.left > 0 && reader_is_ok(&r)) {
        reader_u16(&r);
        size_t size = reader_u16(&r);
        reader_bytes(&r, size);
        for (size_t pad = -size & 3; pad > 0; pad--) {
            if (reader_u8(&r) != 0) {
                judge_break(h->j, "padding is not zero");
            }
        }
    }
    if (!h->m.is_classic && has(h, STUN_KNOWN_FINGERPRINT) != h->ask->has_fingerprint) {
        judge_break(h->j, "FINGERPRINT %s", h->ask->has_fingerprint ? "is missing" : "unasked for");
    }
}

static bool must_be_signed(const struct hearing *h)
{
    static const unsigned codes[] = {403, 437, 440, 441, 442, 443, 446, 447, 486, 508};
    bool is_turn = h->ask->method != STUN_BINDING;
    if (!h->ask->is_signed || !is_turn) {
        return false;
    }
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (h->code == codes[i]) {
            return true;
        }
    }
    return h->code == 0 || h->code == 420;
}

/* check_signature — S30 to S38: who may be answered signed is, with the right kind and key. */
static void check_signature(struct hearing *h)
{
    bool sha1 = has(h, STUN_KNOWN_MESSAGE_INTEGRITY);
    bool sha256 = has(h, STUN_KNOWN_MESSAGE_INTEGRITY_SHA256);
    const struct digest *digest = &h->all->stage->digest;
    if (sha1 && sha256) {
        judge_break(h->j, "signed in both ways");
    } else if ((sha1 || sha256) && !h->ask->is_signed) {
        judge_break(h->j, "a signed answer to an unsigned request");
    } else if (sha1 || sha256) {
        enum stun_integrity kind = sha1 ? STUN_INTEGRITY_SHA1 : STUN_INTEGRITY_SHA256;
        if (kind != h->ask->answered_with) {
            judge_break(h->j, "signed with the wrong digest");
        } else if (!stun_integrity_is_right(&h->m, digest, kind, &h->ask->key)) {
            judge_break(h->j, "the answer's integrity is wrong");
        }
    } else if (must_be_signed(h)) {
        judge_break(h->j, "answer %u is not signed", h->code);
    }
}

/* check_challenge — S30, S31, S35: 401 and 438 carry all it takes to try again and nothing more. */
static void check_challenge(struct hearing *h)
{
    struct span nonce = stun_message_value(&h->m, STUN_KNOWN_NONCE);
    bool is_challenge = h->code == 401 || h->code == 438;
    bool is_complete = has(h, STUN_KNOWN_REALM) && nonce.size >= NONCE_COOKIE_SIZE &&
                       memcmp(nonce.bytes, "obMatJos2", 9) == 0;
    /* The first feature bit and the attribute go together; requests too small to be meant get
     * neither. */
    bool promises = is_complete && memcmp(nonce.bytes + 9, "wAAA", 4) == 0;
    is_complete = is_complete && promises == has(h, STUN_KNOWN_PASSWORD_ALGORITHMS);
    bool is_signed =
        has(h, STUN_KNOWN_MESSAGE_INTEGRITY) || has(h, STUN_KNOWN_MESSAGE_INTEGRITY_SHA256);
    if (is_challenge && (!is_complete || is_signed)) {
        judge_break(h->j, "%u without realm, nonce or algorithms, or signed", h->code);
    }
    if (!is_challenge && h->code != 300 && (has(h, STUN_KNOWN_REALM) || has(h, STUN_KNOWN_NONCE))) {
        judge_break(h->j, "%u with realm or nonce", h->code);
    }
    if (has(h, STUN_KNOWN_USERNAME) || has(h, STUN_KNOWN_USERHASH)) {
        judge_break(h->j, "an answer with a user's name");
    }
}

/* is_ours — whether a CONNECTION-ID is one that the engine may give. */
static bool is_ours(uint32_t id)
{
    return id != 0 && id >> PEER_CONNECTION_WORKER_SHIFT == STAGE_WORKER;
}

/* check_success — what every success of a method has. */
static void check_success(struct hearing *h)
{
    struct netaddr mapped;
    bool is_allocate = h->ask->method == STUN_ALLOCATE;
    bool has_mapped = stun_message_address(&h->m, STUN_KNOWN_XOR_MAPPED_ADDRESS, &mapped);
    bool is_binding = h->ask->method == STUN_BINDING;
    if (h->m.class != STUN_SUCCESS) {
        return;
    }
    if ((is_allocate || is_binding) && !h->m.is_classic &&
        (!has_mapped || !netaddr_is_equal(&mapped, &h->ask->path.client.a))) {
        judge_break(h->j, "XOR-MAPPED-ADDRESS is not the source");
    }
    if (h->m.is_classic && (has_mapped || !has(h, STUN_KNOWN_MAPPED_ADDRESS))) {
        judge_break(h->j, "a classic answer needs MAPPED-ADDRESS alone");
    }
    uint32_t id = 0;
    bool has_id = stun_message_u32(&h->m, STUN_KNOWN_CONNECTION_ID, &id);
    if (has_id != (h->ask->method == STUN_CONNECT) || (has_id && !is_ours(id))) {
        judge_break(h->j, "CONNECTION-ID %08x is missing, unasked for or not ours", id);
    }
    if (is_allocate && (!has(h, STUN_KNOWN_LIFETIME) || !has(h, STUN_KNOWN_XOR_RELAYED_ADDRESS))) {
        judge_break(h->j, "Allocate success without LIFETIME or XOR-RELAYED-ADDRESS");
    }
}

/* check_software — only where it is configured, and then where RFC 8656 5 wants it. */
static void check_software(struct hearing *h)
{
    bool is_set = h->all->stage->snapshot[h->all->stage->which]->settings.software[0] != '\0';
    if (has(h, STUN_KNOWN_SOFTWARE) && !is_set) {
        judge_break(h->j, "SOFTWARE unasked for");
    }
}

static void check_always(struct hearing *h)
{
    size_t from = h->ask->is_classic ? 4 : 8;
    const uint8_t *asked = h->ask->bytes;
    if (memcmp(h->m.bytes + from, asked + from, STUN_HEADER_SIZE - from) != 0 ||
        h->m.is_classic != h->ask->is_classic) {
        judge_break(h->j, "transaction id or cookie is not echoed");
    }
    if (h->m.method != h->ask->method) {
        judge_break(h->j, "method is not echoed");
    }
    if (!path_is_equal(&h->heard->path, &h->ask->path)) {
        judge_break(h->j, "the answer goes elsewhere");
    }
    read_code(h);
    check_bytes(h);
    check_signature(h);
    check_challenge(h);
    check_success(h);
    check_software(h);
}

/* learn — what a client takes from an answer for its next request. */
static void learn(struct hearing *h)
{
    struct actor *a = h->actor;
    if (!netaddr_is_same_host(&a->path.client.a, &h->ask->path.client.a)) {
        return; /* it was sent from elsewhere: such a nonce is of no use here */
    }
    if (h->code == 401 || h->code == 438) {
        actor_learn(a, &h->m);
    }
    if (h->m.class == STUN_SUCCESS && has(h, STUN_KNOWN_CONNECTION_ID)) {
        (void)stun_message_u32(&h->m, STUN_KNOWN_CONNECTION_ID, &a->connection);
    }
    if (h->m.class == STUN_SUCCESS && h->ask->method == STUN_ALLOCATE) {
        struct stun_walk walk = stun_message_walk(&h->m);
        memset(a->relayed, 0, sizeof(a->relayed));
        while (stun_message_step(&walk)) {
            struct netaddr relayed;
            if (walk.type == STUN_ATTR_XOR_RELAYED_ADDRESS &&
                stun_message_read_address(&h->m, walk.value, &relayed)) {
                a->relayed[relayed.family - 1] = relayed;
            }
        }
        struct span token = stun_message_value(&h->m, STUN_KNOWN_RESERVATION_TOKEN);
        if (token.size == STUN_TOKEN_SIZE) {
            memcpy(a->token, token.bytes, STUN_TOKEN_SIZE);
        }
    }
}

static void expect_relayed(struct hearing *h, struct script_word w)
{
    const struct netaddr *r = h->actor->relayed;
    struct netaddr want;
    bool has4 = r[0].family != NETADDR_NONE;
    bool has6 = r[1].family != NETADDR_NONE;
    bool ok;
    if (script_is(w, "ipv4") || script_is(w, "ipv6") || script_is(w, "both")) {
        ok = has4 == !script_is(w, "ipv6") && has6 == !script_is(w, "ipv4");
    } else {
        ok = actor_address(h->all, w.text, &want) &&
             (netaddr_is_equal(&want, &r[0]) || netaddr_is_equal(&want, &r[1]));
    }
    if (!ok) {
        judge_fail(h->j, "relayed %s and %s, expected %s", shown(&r[0]), shown(&r[1]), w.text);
    }
}

static void expect_unknown(struct hearing *h, struct script_word w)
{
    char text[512] = "";
    size_t used = 0;
    struct span v = stun_message_value(&h->m, STUN_KNOWN_UNKNOWN_ATTRIBUTES);
    for (size_t i = 0; i + 1 < v.size && used + 8 < sizeof(text); i += 2) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s0x%04x", i ? "," : "",
                                 (unsigned)(v.bytes[i] << 8 | v.bytes[i + 1]));
    }
    if (strcmp(text, w.text) != 0) {
        judge_fail(h->j, "unknown attributes %s, expected %s", text, w.text);
    }
}

/* expect_only — exactly these types in this order, by their names, with commas between. */
static void expect_only(struct hearing *h, struct script_word w)
{
    const char *at = w.text;
    struct stun_walk walk = stun_message_walk(&h->m);
    bool ok = true;
    while (stun_message_step(&walk)) {
        char name[64];
        int size = 0;
        if (walk.type == STUN_ATTR_FINGERPRINT) {
            break;
        }
        ok = ok && sscanf(at, "%63[^,]%n", name, &size) == 1 && actor_attribute(name) == walk.type;
        at += size;
        at += *at == ',' ? 1 : 0;
    }
    if (!ok || *at) {
        judge_fail(h->j, "the answer has other attributes than %s", w.text);
    }
}

static void expect_number(struct hearing *h, const char *what, unsigned long long is,
                          struct script_word w)
{
    unsigned long long want = 0;
    if (!script_number(w, &want) || is != want) {
        judge_fail(h->j, "%s is %llu, expected %s", what, is, w.text);
    }
}

static void expect_has(struct hearing *h, struct script_word w, bool wanted)
{
    int which = known_of(actor_attribute(w.text));
    bool is = which >= 0 && has(h, (enum stun_known)which);
    if (is != wanted) {
        judge_fail(h->j, "%s is %s", w.text, is ? "there" : "not there");
    }
}

/* expect_alternate — the next ALTERNATE-SERVER, which is a plain address. */
static void expect_alternate(struct hearing *h, struct script_word w, int nth)
{
    struct netaddr want;
    struct stun_walk walk = stun_message_walk(&h->m);
    while (stun_message_step(&walk)) {
        if (walk.type == STUN_ATTR_ALTERNATE_SERVER && nth-- == 0) {
            uint8_t bytes[64];
            struct stun_build b = stun_build_begin(bytes, sizeof(bytes), STUN_ERROR, 1,
                                                   (struct span){h->m.bytes + 8, STUN_ID_SIZE});
            if (!actor_address(h->all, w.text, &want)) {
                break;
            }
            stun_build_plain_address(&b, STUN_ATTR_ALTERNATE_SERVER, &want);
            struct span own = {bytes + 24, stun_build_end(&b) - 24};
            if (!span_is_equal(own, walk.value)) {
                break;
            }
            return;
        }
    }
    judge_fail(h->j, "ALTERNATE-SERVER is not %s there", w.text);
}

static void expect_address_error(struct hearing *h, struct script_words *w)
{
    uint32_t value = 0;
    struct script_word family = script_take(w);
    if (!stun_message_u32(&h->m, STUN_KNOWN_ADDRESS_ERROR_CODE, &value) ||
        value >> 24 != (script_is(family, "ipv4") ? 1u : 2u)) {
        judge_fail(h->j, "no ADDRESS-ERROR-CODE for %s", family.text);
    }
    expect_number(h, "ADDRESS-ERROR-CODE", (value >> 8 & 7) * 100 + (value & 0xff), script_take(w));
}

static uint32_t u32_of(const struct hearing *h, enum stun_known which)
{
    uint32_t value = 0;
    return stun_message_u32(&h->m, which, &value) ? value : UINT32_MAX;
}

static void expect_text(struct hearing *h, const char *what, struct span is, struct script_word w)
{
    if (!span_is_equal(is, (struct span){(const uint8_t *)w.text, w.size})) {
        judge_fail(h->j, "%s is \"%.*s\", expected \"%s\"", what, (int)is.size,
                   (const char *)is.bytes, w.text);
    }
}

static struct span reason_of(const struct hearing *h)
{
    struct span v = stun_message_value(&h->m, STUN_KNOWN_ERROR_CODE);
    return v.size > 4 ? (struct span){v.bytes + 4, v.size - 4} : (struct span){v.bytes, 0};
}

/* expect_port — even, or next-of NAME. */
static void expect_port(struct hearing *h, struct script_word kind, struct script_words *w)
{
    const struct netaddr *r = &h->actor->relayed[h->actor->relayed[0].family ? 0 : 1];
    struct netaddr other = {.port = 1};
    bool is_next = script_is(kind, "next-of");
    bool ok = is_next
                  ? actor_address(h->all, script_take(w).text, &other) && r->port == other.port + 1
                  : r->port % 2 == 0;
    if (!ok) {
        judge_fail(h->j, "relayed port %u is not %s", r->port, kind.text);
    }
}

static void expect_words(struct hearing *h, struct script_words *w)
{
    int alternates = 0;
    while (script_left(w) > 0 && !script_is(script_peek(w), "and")) {
        struct script_word word = script_take(w);
        bool sha1 = has(h, STUN_KNOWN_MESSAGE_INTEGRITY);
        bool sha256 = has(h, STUN_KNOWN_MESSAGE_INTEGRITY_SHA256);
        if (script_is(word, "signed")) {
            struct script_word kind = script_take(w);
            if (sha256 != script_is(kind, "sha256") || sha1 != script_is(kind, "sha1")) {
                judge_fail(h->j, "not signed with %s", kind.text);
            }
        } else if (script_is(word, "unsigned")) {
            if (sha1 || sha256) {
                judge_fail(h->j, "the answer is signed");
            }
        } else if (script_is(word, "lifetime")) {
            expect_number(h, "LIFETIME", u32_of(h, STUN_KNOWN_LIFETIME), script_take(w));
        } else if (script_is(word, "relayed")) {
            expect_relayed(h, script_take(w));
        } else if (script_is(word, "has")) {
            expect_has(h, script_take(w), true);
        } else if (script_is(word, "lacks")) {
            expect_has(h, script_take(w), false);
        } else if (script_is(word, "size")) {
            expect_number(h, "size", h->m.size, script_take(w));
        } else if (script_is(word, "at-most")) {
            unsigned long long most = 0;
            script_number(script_take(w), &most);
            if (h->m.size > most) {
                judge_fail(h->j, "the answer has %zu bytes, above %llu", h->m.size, most);
            }
        } else if (script_is(word, "unknown")) {
            expect_unknown(h, script_take(w));
        } else if (script_is(word, "only")) {
            expect_only(h, script_take(w));
        } else if (script_is(word, "address-error")) {
            expect_address_error(h, w);
        } else if (script_is(word, "alternate")) {
            expect_alternate(h, script_take(w), alternates++);
        } else if (script_is(word, "even") || script_is(word, "next-of")) {
            expect_port(h, word, w);
        } else if (script_is(word, "reason")) {
            expect_text(h, "reason", reason_of(h), script_take(w));
        } else if (script_is(word, "software")) {
            expect_text(h, "SOFTWARE", stun_message_value(&h->m, STUN_KNOWN_SOFTWARE),
                        script_take(w));
        } else if (script_is(word, "realm")) {
            expect_text(h, "REALM", stun_message_value(&h->m, STUN_KNOWN_REALM), script_take(w));
        } else {
            judge_break(h->j, "unknown expectation \"%s\"", word.text);
            return;
        }
    }
}

/* find_answer — the first thing heard that the engine sent to this actor's path; -1 for none. */
static int find_answer(const struct stage *s, const struct path *path)
{
    for (int i = 0; i < s->heard_count; i++) {
        if (s->heard[i].is_from_engine && path_is_equal(&s->heard[i].path, path)) {
            return i;
        }
    }
    return -1;
}

static bool open_hearing(struct hearing *h, struct judge *j, struct actors *all, struct actor *a,
                         int at)
{
    *h = (struct hearing){j, all, a, a->ask, &all->stage->heard[at], {0}, 0};
    if (stun_message_parse(h->heard->bytes, h->heard->size, &h->m) != STUN_OK) {
        judge_break(j, "the answer is no STUN message");
        return false;
    }
    return true;
}

/* answer — success, or error CODE, then what is expected of it. */
static void answer(struct judge *j, struct actors *all, struct actor *a, struct script_words *w)
{
    struct hearing h;
    struct script_word kind = script_take(w);
    bool wants_error = script_is(kind, "error");
    int at = find_answer(all->stage, &a->ask->path);
    if (at < 0) {
        judge_fail(j, "no answer");
        return;
    }
    if (open_hearing(&h, j, all, a, at)) {
        check_always(&h);
        learn(&h);
        if (h.m.class != (wants_error ? STUN_ERROR : STUN_SUCCESS)) {
            judge_fail(j, "answered with %s %u", h.code ? "error" : "class",
                       h.code ? h.code : h.m.class);
        } else if (wants_error) {
            expect_number(&h, "the code", h.code, script_take(w));
        }
        if (!j->why[0]) {
            expect_words(&h, w);
        }
    }
    stage_drop_heard(all->stage, at);
}

void judge_challenge(struct judge *j, struct actors *all, struct actor *a)
{
    struct hearing h;
    int at = find_answer(all->stage, &a->ask->path);
    if (at < 0 || !open_hearing(&h, j, all, a, at)) {
        judge_fail(j, "no challenge");
        return;
    }
    check_always(&h);
    learn(&h);
    if (h.code != 401) {
        judge_fail(j, "challenged with %u", h.code);
    }
    stage_drop_heard(all->stage, at);
}

bool judge_payload(struct script_word w, uint8_t *out, size_t room, size_t *size)
{
    if (w.is_quoted) {
        *size = w.size;
        memcpy(out, w.text, w.size);
        return true;
    }
    if (strncmp(w.text, "pattern:", 8) != 0) {
        return false;
    }
    *size = strtoul(w.text + 8, NULL, 0);
    for (size_t i = 0; i < *size && i < room; i++) {
        out[i] = (uint8_t)(i * 7 + 1 + i / 251);
    }
    return *size <= room;
}

/* What is expected of relayed data. */
struct parcel {
    struct netaddr from; /* family NONE: whatever */
    struct netaddr to;
    int tos, df; /* -1: whatever */
    struct span payload;
};

static void read_parcel(struct judge *j, struct actors *all, struct script_words *w,
                        struct parcel *p, uint8_t *store)
{
    while (script_left(w) > 0 && !script_is(script_peek(w), "and")) {
        struct script_word word = script_take(w);
        unsigned long long n = 0;
        size_t size;
        if (script_is(word, "from")) {
            word = script_take(w);
            if (!actor_address(all, word.text, &p->from)) {
                judge_fail(j, "no address: %s", word.text);
            }
        } else if (script_is(word, "to")) {
            word = script_take(w);
            if (!actor_address(all, word.text, &p->to)) {
                judge_fail(j, "no address: %s", word.text);
            }
        } else if (script_is(word, "tos")) {
            script_number(script_take(w), &n);
            p->tos = (int)n;
        } else if (script_is(word, "df")) {
            p->df = script_is(script_take(w), "yes") ? 1 : 0;
        } else if (judge_payload(word, store, ACTOR_MESSAGE_MAX, &size)) {
            p->payload = (struct span){store, size};
        } else {
            judge_break(j, "unknown expectation \"%s\"", word.text);
        }
    }
}

static void compare_parcel(struct judge *j, const struct stage_heard *h, const struct parcel *p,
                           struct span payload)
{
    if (!span_is_equal(payload, p->payload)) {
        judge_fail(j, "the payload differs (%zu bytes, expected %zu)", payload.size,
                   p->payload.size);
    } else if (p->tos >= 0 && h->tos != p->tos) {
        judge_fail(j, "tos %d, expected %d", h->tos, p->tos);
    } else if (p->df >= 0 && h->df != (p->df == 1)) {
        judge_fail(j, "df is %s", h->df ? "set" : "clear");
    }
}

/* relayed — the first thing heard leaves for a peer. */
static void relayed(struct judge *j, struct actors *all, struct actor *a, struct parcel *p)
{
    const struct stage_heard *h = &all->stage->heard[0];
    if (!h->is_to_peer) {
        judge_fail(j, "it went to a client");
    } else if (p->to.family != NETADDR_NONE && !netaddr_is_equal(&p->to, &h->peer.a)) {
        judge_fail(j, "relayed to %s, expected %s", shown(&h->peer.a), shown(&p->to));
    } else if (!netaddr_is_equal(&all->stage->endpoint[h->endpoint].told,
                                 &a->relayed[h->peer.a.family - 1])) {
        judge_fail(j, "relayed from %s", shown(&h->local));
    } else {
        compare_parcel(j, h, p, (struct span){h->bytes, h->size});
    }
    stage_drop_heard(all->stage, 0);
}

/* as_channel — the first thing heard is ChannelData for this actor; in a stream with padding to a
 * multiple of four, which is zero, in a datagram without. */
static void as_channel(struct judge *j, struct actors *all, struct actor *a, struct parcel *p,
                       unsigned long long number)
{
    const struct stage_heard *h = &all->stage->heard[0];
    struct reader r = reader_init(h->bytes, h->size);
    uint16_t first = reader_u16(&r);
    uint16_t size = reader_u16(&r);
    struct span payload = {reader_bytes(&r, size), size};
    size_t pad = path_is_stream(&a->path) ? -payload.size & 3 : 0;
    if (h->is_to_peer || !path_is_equal(&h->path, &a->path) || first != number ||
        !reader_is_ok(&r) || pad != r.left) {
        judge_fail(j, "no ChannelData %llx but %04x", number, first);
    } else {
        compare_parcel(j, h, p, payload);
    }
    for (; pad > 0 && reader_is_ok(&r); pad--) {
        if (reader_u8(&r) != 0) {
            judge_break(j, "padding of ChannelData is not zero");
        }
    }
    stage_drop_heard(all->stage, 0);
}

/* as_data — the first thing heard is a Data indication: peer and data and nothing else. */
static void as_data(struct judge *j, struct actors *all, struct actor *a, struct parcel *p)
{
    const struct stage_heard *h = &all->stage->heard[0];
    struct stun_message m;
    struct netaddr from;
    if (h->is_to_peer || h->deed != STAGE_DEED_NONE || !path_is_equal(&h->path, &a->path) ||
        stun_message_parse(h->bytes, h->size, &m) != STUN_OK || m.method != STUN_DATA ||
        m.class != STUN_INDICATION || m.is_classic ||
        !stun_message_address(&m, STUN_KNOWN_XOR_PEER_ADDRESS, &from)) {
        judge_fail(j, "no Data indication");
    } else if (m.present != (1u << STUN_KNOWN_XOR_PEER_ADDRESS | 1u << STUN_KNOWN_DATA)) {
        judge_break(j, "a Data indication with more than peer and data");
    } else if (p->from.family != NETADDR_NONE && !netaddr_is_equal(&p->from, &from)) {
        judge_fail(j, "data from %s, expected %s", shown(&from), shown(&p->from));
    } else {
        struct span v = stun_message_value(&m, STUN_KNOWN_DATA);
        for (size_t i = 0; i < (-v.size & 3); i++) {
            if (v.bytes[v.size + i] != 0) {
                judge_break(j, "padding of DATA is not zero");
            }
        }
        compare_parcel(j, h, p, v);
    }
    stage_drop_heard(all->stage, 0);
}

/* as_icmp — a Data indication with XOR-PEER-ADDRESS and ICMP alone. */
static void as_icmp(struct judge *j, struct actors *all, struct actor *a, struct script_words *w)
{
    const struct stage_heard *h = &all->stage->heard[0];
    struct stun_message m;
    struct netaddr from;
    struct netaddr want = a->ask->to;
    unsigned long long type = 0;
    unsigned long long code = 0;
    unsigned long long data = 0;
    while (script_left(w) > 0) {
        struct script_word word = script_take(w);
        if (script_is(word, "type")) {
            script_number(script_take(w), &type);
        } else if (script_is(word, "code")) {
            script_number(script_take(w), &code);
        } else if (script_is(word, "data")) {
            script_number(script_take(w), &data);
        } else if (!script_is(word, "from") || !actor_address(all, script_take(w).text, &want)) {
            judge_break(j, "unknown expectation \"%s\"", word.text);
        }
    }
    if (stun_message_parse(h->bytes, h->size, &m) != STUN_OK || m.method != STUN_DATA ||
        m.class != STUN_INDICATION || !path_is_equal(&h->path, &a->path) ||
        m.present != (1u << STUN_KNOWN_XOR_PEER_ADDRESS | 1u << STUN_KNOWN_ICMP) ||
        !stun_message_address(&m, STUN_KNOWN_XOR_PEER_ADDRESS, &from) ||
        !netaddr_is_equal(&from, &want)) {
        judge_fail(j, "no Data indication with ICMP from %s", shown(&want));
    } else {
        struct span v = stun_message_value(&m, STUN_KNOWN_ICMP);
        struct reader r = reader_init(v.bytes, v.size);
        bool ok = reader_u16(&r) == 0 && reader_u16(&r) == (type << 9 | code) &&
                  reader_u32(&r) == data && r.left == 0;
        if (!ok) {
            judge_fail(j, "ICMP says something else");
        }
    }
    stage_drop_heard(all->stage, 0);
}

/* as_attempt — a ConnectionAttempt, unsigned: who calls, and the id to take the call with. */
static void as_attempt(struct judge *j, struct actors *all, struct actor *a, const struct parcel *p)
{
    const struct stage_heard *h = &all->stage->heard[0];
    struct stun_message m;
    struct netaddr from;
    if (!h->is_from_engine || !path_is_equal(&h->path, &a->path) ||
        stun_message_parse(h->bytes, h->size, &m) != STUN_OK ||
        m.method != STUN_CONNECTION_ATTEMPT || m.class != STUN_INDICATION || m.is_classic) {
        judge_fail(j, "no ConnectionAttempt");
    } else if (m.present != (1u << STUN_KNOWN_XOR_PEER_ADDRESS | 1u << STUN_KNOWN_CONNECTION_ID) ||
               !stun_message_address(&m, STUN_KNOWN_XOR_PEER_ADDRESS, &from) ||
               !stun_message_u32(&m, STUN_KNOWN_CONNECTION_ID, &a->connection) ||
               !is_ours(a->connection)) {
        judge_break(j, "a ConnectionAttempt is not peer and id alone");
    } else if (p->from.family != NETADDR_NONE && !netaddr_is_equal(&p->from, &from)) {
        judge_fail(j, "an attempt from %s, expected %s", shown(&from), shown(&p->from));
    }
    stage_drop_heard(all->stage, 0);
}

static const struct {
    const char *word;
    enum stage_deed deed;
} deeds[] = {
    {"connects", STAGE_DEED_CONNECTS}, {"disconnects", STAGE_DEED_DISCONNECTS},
    {"joins", STAGE_DEED_JOINS},       {"moves", STAGE_DEED_MOVES},
    {"refuses", STAGE_DEED_REFUSES},
};

static enum stage_deed deed_of(struct script_word w)
{
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        if (script_is(w, deeds[i].word)) {
            return deeds[i].deed;
        }
    }
    return STAGE_DEED_NONE;
}

/* deed — the first thing of that kind the host was to do: with which peer, from or at which relayed
 * address, for which client, to which worker. */
static void deed(struct judge *j, struct actors *all, struct actor *a, struct script_words *w)
{
    struct stage *s = all->stage;
    struct script_word kind = script_take(w);
    struct parcel want = {.to = {.family = NETADDR_NONE}};
    unsigned long long worker = 0;
    int at = 0;
    while (at < s->heard_count && s->heard[at].deed != deed_of(kind)) {
        at++;
    }
    if (at == s->heard_count) {
        judge_fail(j, "nobody %s", kind.text);
        return;
    }
    const struct stage_heard *h = &s->heard[at];
    while (script_left(w) > 0 && !script_is(script_peek(w), "and")) {
        struct script_word word = script_take(w);
        struct netaddr *of = script_is(word, "from") ? &want.from : &want.to;
        if (script_is(word, "worker")) {
            script_number(script_take(w), &worker);
        } else if (!actor_address(all, script_take(w).text, of)) {
            judge_break(j, "%s %s what?", kind.text, word.text);
        }
    }
    bool is_for = h->deed == STAGE_DEED_JOINS || h->deed == STAGE_DEED_MOVES;
    if ((is_for && !path_is_equal(&h->path, &a->path)) ||
        (h->deed == STAGE_DEED_MOVES && h->number != worker)) {
        judge_fail(j, "it %s another, or to worker %u", kind.text, h->number);
    } else if (want.to.family != NETADDR_NONE && !netaddr_is_equal(&want.to, &h->peer.a)) {
        judge_fail(j, "it %s %s", kind.text, shown(&h->peer.a));
    } else if (want.from.family != NETADDR_NONE && !netaddr_is_equal(&want.from, &h->local)) {
        judge_fail(j, "it %s from %s", kind.text, shown(&h->local));
    }
    stage_drop_heard(s, at);
}

static void parcel(struct judge *j, struct actors *all, struct actor *a, struct script_words *w)
{
    static uint8_t store[ACTOR_MESSAGE_MAX];
    struct script_word kind = script_take(w);
    unsigned long long number = 0;
    struct parcel p = {.tos = -1, .df = -1, .payload = {a->ask->payload, a->ask->payload_size}};
    if (script_is(kind, "channel")) {
        script_number(script_take(w), &number);
    } else if (script_is(kind, "relayed")) {
        p.to = a->ask->to;
    }
    if (all->stage->heard_count == 0) {
        judge_fail(j, "nothing was heard, expected %s", kind.text);
    } else if (script_is(kind, "icmp")) {
        as_icmp(j, all, a, w);
    } else {
        read_parcel(j, all, w, &p, store);
        if (script_is(kind, "relayed")) {
            relayed(j, all, a, &p);
        } else if (script_is(kind, "channel")) {
            as_channel(j, all, a, &p, number);
        } else if (script_is(kind, "data")) {
            as_data(j, all, a, &p);
        } else if (script_is(kind, "attempt")) {
            as_attempt(j, all, a, &p);
        } else {
            judge_break(j, "unknown outcome \"%s\"", kind.text);
        }
    }
}

/* take_anything — whatever came; an answer must still be well formed, and is learnt from. */
static void take_anything(struct judge *j, struct actors *all, struct actor *a)
{
    struct hearing h;
    int at = find_answer(all->stage, &a->ask->path);
    if (at >= 0 && a->ask->class == STUN_REQUEST && open_hearing(&h, j, all, a, at)) {
        check_always(&h);
        learn(&h);
    }
    stage_hear_nothing(all->stage);
}

void judge_outcome(struct judge *j, struct actors *all, struct actor *a, struct script_words *w)
{
    struct stage *s = all->stage;
    do {
        struct actor *other = actor_find(all, script_peek(w).text);
        if (other) { /* bob data ...: what alice sent reaches bob */
            script_take(w);
            memcpy(other->ask->payload, a->ask->payload, a->ask->payload_size);
            other->ask->payload_size = a->ask->payload_size;
            a = other;
        }
        if (script_accept(w, "anything")) {
            take_anything(j, all, a);
        } else if (script_accept(w, "nothing")) {
            break;
        } else if (script_is(script_peek(w), "success") || script_is(script_peek(w), "error")) {
            answer(j, all, a, w);
        } else if (deed_of(script_peek(w)) != STAGE_DEED_NONE) {
            deed(j, all, a, w);
        } else {
            parcel(j, all, a, w);
        }
    } while (!j->why[0] && script_accept(w, "and"));
    if (!j->why[0] && s->heard_count > 0) {
        const struct stage_heard *h = &s->heard[0];
        judge_fail(j, "%d more heard, first %zu bytes to a %s (%02x%02x), deed %d", s->heard_count,
                   h->size, h->is_to_peer ? "peer" : "client", h->size ? h->bytes[0] : 0,
                   h->size > 1 ? h->bytes[1] : 0, h->deed);
    }
    stage_hear_nothing(s);
}
