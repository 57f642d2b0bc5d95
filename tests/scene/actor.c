/* actor — a client of a scene, and the messages it makes. */
/* SPDX-License-Identifier: MIT */
#include "scene/actor.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { ATTRIBUTES_MAX = 600, KEEP = -1 };

struct attribute {
    uint16_t type;
    bool is_after; /* behind the integrity */
    size_t at, size;
};

/* A message in the making. */
struct draft {
    struct actors *all;
    struct actor *actor;
    struct attribute attribute[ATTRIBUTES_MAX];
    int count;
    uint8_t pool[2 * ACTOR_MESSAGE_MAX];
    size_t used;
    uint16_t method;
    uint8_t class;
    bool no_transport, is_unsigned, is_classic, has_nonce, is_same_id;
    bool without_user, without_realm, without_nonce, without_choice, without_list, has_list;
    bool is_hash, is_fingerprinted, is_fingerprint_wrong, is_both;
    bool is_spoilt;           /* one bit of the integrity is wrong */
    int integrity_size;       /* KEEP: whole */
    enum stun_integrity kind; /* NONE: as the algorithm asks */
    unsigned algorithm;
    struct span user, realm, nonce, id;
    const char *password;
    uint8_t list[64];
    size_t list_size;
    int length_change;
    size_t trailing;
    struct path path;
    struct netaddr to;
    size_t payload_at, payload_size;
};

struct actor *actor_find(struct actors *all, const char *name)
{
    for (int i = 0; i < all->count; i++) {
        if (strcmp(all->actor[i].name, name) == 0) {
            return &all->actor[i];
        }
    }
    return NULL;
}

static uint8_t inverted(uint8_t b)
{
    return (uint8_t)~b;
}

/* disguise — an IPv4 address inside an IPv6 one, in one of the ways there are. */
static bool disguise(const char *kind, const struct netaddr *inner, struct netaddr *out)
{
    static const struct {
        const char *kind;
        uint8_t head[12];
        uint8_t at[4]; /* where the four bytes go */
        bool is_inverted;
    } ways[] = {
        {"mapped", {[10] = 0xff, 0xff}, {12, 13, 14, 15}, false},
        {"compatible", {0}, {12, 13, 14, 15}, false},
        {"translated", {[8] = 0xff, 0xff}, {12, 13, 14, 15}, false},
        {"nat64", {0, 0x64, 0xff, 0x9b}, {12, 13, 14, 15}, false},
        {"local-nat64-48", {0, 0x64, 0xff, 0x9b, 0, 1}, {6, 7, 9, 10}, false},
        {"local-nat64-56", {0, 0x64, 0xff, 0x9b, 0, 1, 7}, {7, 9, 10, 11}, false},
        {"local-nat64-64", {0, 0x64, 0xff, 0x9b, 0, 1, 7, 8}, {9, 10, 11, 12}, false},
        {"local-nat64-96", {0, 0x64, 0xff, 0x9b, 0, 1, 7, 8, 0, 9}, {12, 13, 14, 15}, false},
        {"6to4", {0x20, 0x02}, {2, 3, 4, 5}, false},
        {"teredo", {0x20, 0x01, 0, 0, 65, 54, 227, 120, 0, 0, 0x63, 0xbf}, {12, 13, 14, 15}, true},
        {"isatap", {0x2a, 0x01, 1, 2, 3, 4, 5, 6, 0, 0, 0x5e, 0xfe}, {12, 13, 14, 15}, false},
        {"isatap-global",
         {0x2a, 0x01, 1, 2, 3, 4, 5, 6, 2, 0, 0x5e, 0xfe},
         {12, 13, 14, 15},
         false},
        {"isatap-local", {0xfe, 0x80, [10] = 0x5e, 0xfe}, {12, 13, 14, 15}, false},
    };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (strcmp(kind, ways[i].kind) == 0 && inner->family == NETADDR_IPV4) {
            *out = (struct netaddr){.family = NETADDR_IPV6, .port = inner->port};
            memcpy(out->ip, ways[i].head, sizeof(ways[i].head));
            for (int k = 0; k < 4; k++) {
                uint8_t b = inner->ip[k];
                out->ip[ways[i].at[k]] = ways[i].is_inverted ? inverted(b) : b;
            }
            return true;
        }
    }
    return false;
}

/* of_actor — NAME.relayed and the like. */
static bool of_actor(struct actors *all, const char *text, struct netaddr *out)
{
    const char *dot = strchr(text, '.');
    char name[32] = "";
    if (!dot || (size_t)(dot - text) >= sizeof(name)) {
        return false;
    }
    memcpy(name, text, (size_t)(dot - text));
    struct actor *a = actor_find(all, name);
    if (!a) {
        return false;
    }
    if (strcmp(dot, ".client") == 0) {
        *out = a->path.client.a;
    } else if (strcmp(dot, ".relayed6") == 0) {
        *out = a->relayed[1];
    } else if (strcmp(dot, ".relayed4") == 0) {
        *out = a->relayed[0];
    } else {
        *out = a->relayed[a->relayed[0].family == NETADDR_NONE ? 1 : 0];
    }
    return out->family != NETADDR_NONE;
}

bool actor_address(struct actors *all, const char *text, struct netaddr *out)
{
    char kind[32] = "";
    char inner_text[128] = "";
    int end = 0;
    if (of_actor(all, text, out)) {
        return true;
    }
    if (sscanf(text, "%31[a-z0-9-](%127[^)])%n", kind, inner_text, &end) == 2 && end > 0) {
        struct netaddr inner;
        unsigned port = 0;
        if (!actor_address(all, inner_text, &inner) || !disguise(kind, &inner, out)) {
            return false;
        }
        if (text[end] == ':' && sscanf(text + end, ":%u", &port) == 1) {
            out->port = (uint16_t)port;
        }
        return true;
    }
    if (!netaddr_parse(text, out)) {
        return false;
    }
    if (out->port == 0 && !strstr(text, ":0")) {
        out->port = 7000;
    }
    return true;
}

int actor_attribute(const char *name)
{
    static const struct {
        const char *name;
        uint16_t type;
    } known[] = {
#define ACTOR_ROW(attribute, number) {#attribute, number},
        STUN_ATTRIBUTES(ACTOR_ROW)
#undef ACTOR_ROW
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const char *a = known[i].name;
        const char *b = name;
        while (*a && (tolower((unsigned char)*a) == *b || (*a == '_' && *b == '-'))) {
            a++;
            b++;
        }
        if (*a == '\0' && *b == '\0') {
            return known[i].type;
        }
    }
    return strncmp(name, "0x", 2) == 0 ? (int)strtoul(name, NULL, 16) : -1;
}

static uint8_t *add(struct draft *d, uint16_t type, const void *bytes, size_t size)
{
    if (d->count == ATTRIBUTES_MAX || d->used + size > sizeof(d->pool)) {
        abort();
    }
    d->attribute[d->count++] = (struct attribute){type, false, d->used, size};
    uint8_t *at = d->pool + d->used;
    if (size > 0 && bytes) {
        memcpy(at, bytes, size);
    }
    d->used += size;
    return at;
}

static void add_number(struct draft *d, uint16_t type, uint32_t value, size_t size)
{
    uint8_t *at = add(d, type, NULL, size);
    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)(value >> 8 * (size - 1 - i));
    }
}

/* add_address — an xored address; the transaction id is known from the beginning. */
static void add_address(struct draft *d, uint16_t type, const struct netaddr *a)
{
    uint8_t bytes[64];
    struct stun_build b = stun_build_begin(bytes, sizeof(bytes), STUN_REQUEST, 1, d->id);
    stun_build_address(&b, type, a);
    add(d, type, bytes + STUN_HEADER_SIZE + STUN_ATTR_HEADER_SIZE,
        stun_build_end(&b) - STUN_HEADER_SIZE - STUN_ATTR_HEADER_SIZE);
    if (type == STUN_ATTR_XOR_PEER_ADDRESS) {
        d->to = *a;
    }
}

/* add_value — a value word: "text", hex:a1b2, u32:7, zeros:8, pattern:100, address:192.0.2.1:5. */
static bool add_value(struct draft *d, uint16_t type, struct script_word w)
{
    struct netaddr a;
    size_t size;
    if (w.is_quoted) {
        add(d, type, w.text, w.size);
    } else if (strncmp(w.text, "hex:", 4) == 0) {
        uint8_t bytes[2048];
        if (!script_hex(w.text + 4, bytes, sizeof(bytes), &size)) {
            return false;
        }
        add(d, type, bytes, size);
    } else if (strncmp(w.text, "u32:", 4) == 0) {
        add_number(d, type, (uint32_t)strtoul(w.text + 4, NULL, 0), 4);
    } else if (strncmp(w.text, "u8:", 3) == 0) {
        add_number(d, type, (uint32_t)strtoul(w.text + 3, NULL, 0), 1);
    } else if (strncmp(w.text, "zeros:", 6) == 0) {
        size = strtoul(w.text + 6, NULL, 0);
        memset(add(d, type, NULL, size), 0, size);
    } else if (strncmp(w.text, "pattern:", 8) == 0) {
        size = strtoul(w.text + 8, NULL, 0);
        uint8_t *at = add(d, type, NULL, size);
        for (size_t i = 0; i < size; i++) {
            at[i] = (uint8_t)(i * 7 + 1 + i / 251);
        }
    } else if (strncmp(w.text, "address:", 8) == 0 && actor_address(d->all, w.text + 8, &a)) {
        add_address(d, type, &a);
    } else {
        return false;
    }
    return true;
}

static bool add_payload(struct draft *d, struct script_word w)
{
    bool ok = add_value(d, STUN_ATTR_DATA, w);
    if (ok) {
        d->payload_at = d->attribute[d->count - 1].at;
        d->payload_size = d->attribute[d->count - 1].size;
    }
    return ok;
}

static uint32_t family_of(struct script_word w)
{
    if (script_is(w, "ipv4") || script_is(w, "ipv6")) {
        return w.text[3] == '4' ? 1u << 24 : 2u << 24;
    }
    return (uint32_t)strtoul(w.text, NULL, 0) << 24;
}

/* read_attribute — words that stand for one attribute. Returns 0 when the word is none of them, 1
 * when it was, -1 when what follows makes no sense. */
static int read_attribute(struct draft *d, struct script_words *w)
{
    struct script_word word = script_take(w);
    unsigned long long n = 0;
    struct netaddr a;
    if (script_is(word, "transport")) {
        d->no_transport = true;
        word = script_take(w);
        n = script_is(word, "tcp") ? STUN_TRANSPORT_TCP : n;
        script_number(word, &n);
        add_number(d, STUN_ATTR_REQUESTED_TRANSPORT, (uint32_t)n << 24, 4);
    } else if (script_is(word, "lifetime")) {
        script_number(script_take(w), &n);
        add_number(d, STUN_ATTR_LIFETIME, (uint32_t)n, 4);
    } else if (script_is(word, "family")) {
        add_number(d, STUN_ATTR_REQUESTED_ADDRESS_FAMILY, family_of(script_take(w)), 4);
    } else if (script_is(word, "additional")) {
        add_number(d, STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY, family_of(script_take(w)), 4);
    } else if (script_is(word, "even") || script_is(word, "reserve")) {
        add_number(d, STUN_ATTR_EVEN_PORT, script_is(word, "reserve") ? 0x80 : 0, 1);
    } else if (script_is(word, "token")) {
        struct actor *other = actor_find(d->all, script_peek(w).text);
        if (other) {
            script_take(w);
            add(d, STUN_ATTR_RESERVATION_TOKEN, other->token, STUN_TOKEN_SIZE);
        } else {
            return add_value(d, STUN_ATTR_RESERVATION_TOKEN, script_take(w)) ? 1 : -1;
        }
    } else if (script_is(word, "id")) {
        struct actor *other = actor_find(d->all, script_peek(w).text);
        n = other ? other->connection : n;
        script_number(script_take(w), &n);
        add_number(d, STUN_ATTR_CONNECTION_ID, (uint32_t)n, 4);
    } else if (script_is(word, "dont-fragment") || script_is(word, "df")) {
        add(d, STUN_ATTR_DONT_FRAGMENT, NULL, 0);
    } else if (script_is(word, "peer") || script_is(word, "to")) {
        if (!actor_address(d->all, script_take(w).text, &a)) {
            return -1;
        }
        add_address(d, STUN_ATTR_XOR_PEER_ADDRESS, &a);
    } else if (script_is(word, "channel")) {
        script_number(script_take(w), &n);
        add_number(d, STUN_ATTR_CHANNEL_NUMBER, (uint32_t)n << 16, 4);
    } else if (script_is(word, "data")) {
        return add_payload(d, script_take(w)) ? 1 : -1;
    } else if (script_is(word, "attr") || script_is(word, "after")) {
        int type = actor_attribute(script_take(w).text);
        if (type < 0 || !add_value(d, (uint16_t)type, script_take(w))) {
            return -1;
        }
        d->attribute[d->count - 1].is_after = script_is(word, "after");
    } else {
        w->at--;
        return 0;
    }
    return 1;
}

static bool read_without(struct draft *d, struct script_word w)
{
    const struct {
        const char *name;
        bool *flag;
    } all[] = {
        {"username", &d->without_user},   {"realm", &d->without_realm},
        {"nonce", &d->without_nonce},     {"algorithm", &d->without_choice},
        {"algorithms", &d->without_list},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (script_is(w, all[i].name)) {
            *all[i].flag = true;
            return true;
        }
    }
    return false;
}

/* read_integrity — sha1, sha256, both, wrong, or a number of bytes. */
static void read_integrity(struct draft *d, struct script_word w)
{
    unsigned long long n;
    if (script_is(w, "sha1")) {
        d->kind = STUN_INTEGRITY_SHA1;
    } else if (script_is(w, "sha256")) {
        d->kind = STUN_INTEGRITY_SHA256;
    } else if (script_is(w, "both")) {
        d->is_both = true;
    } else if (script_is(w, "wrong")) {
        d->is_spoilt = true;
    } else if (script_number(w, &n)) {
        d->integrity_size = (int)n;
    }
}

/* read_nonce — "text", of:NAME, flip:N (the character at N exchanged for another) or put:N:C. */
static void read_nonce(struct draft *d, struct script_word w)
{
    d->has_nonce = true;
    if (strncmp(w.text, "flip:", 5) == 0 || strncmp(w.text, "put:", 4) == 0) {
        char *colon;
        size_t at = strtoul(strchr(w.text, ':') + 1, &colon, 0);
        at %= d->nonce.size ? d->nonce.size : 1;
        uint8_t *copy = d->pool + d->used;
        memcpy(copy, d->nonce.bytes, d->nonce.size);
        copy[at] = *colon == ':' ? (uint8_t)colon[1] : copy[at] == 'A' ? 'B' : 'A';
        d->used += d->nonce.size;
        d->nonce.bytes = copy;
    } else if (strncmp(w.text, "of:", 3) == 0) {
        struct actor *other = actor_find(d->all, w.text + 3);
        d->nonce = (struct span){(const uint8_t *)other->nonce, other->nonce_size};
    } else {
        d->nonce = (struct span){(const uint8_t *)w.text, w.size};
    }
}

/* read_manner — words that bend the message. Returns as read_attribute. */
static int read_manner(struct draft *d, struct script_words *w)
{
    struct script_word word = script_take(w);
    unsigned long long n = 0;
    struct netaddr a;
    if (script_is(word, "unsigned")) {
        d->is_unsigned = true;
    } else if (script_is(word, "no-transport")) {
        d->no_transport = true;
    } else if (script_is(word, "classic")) {
        d->is_classic = true;
    } else if (script_is(word, "class")) {
        script_number(script_take(w), &n);
        d->class = (uint8_t)n;
    } else if (script_is(word, "fingerprint")) {
        d->is_fingerprinted = true;
        d->is_fingerprint_wrong = script_accept(w, "wrong");
    } else if (script_is(word, "integrity")) {
        read_integrity(d, script_take(w));
    } else if (script_is(word, "without")) {
        return read_without(d, script_take(w)) ? 1 : -1;
    } else if (script_is(word, "user")) {
        struct script_word u = script_take(w);
        d->user = (struct span){(const uint8_t *)u.text, u.size};
    } else if (script_is(word, "password")) {
        d->password = script_take(w).text;
    } else if (script_is(word, "realm")) {
        struct script_word r = script_take(w);
        d->realm = (struct span){(const uint8_t *)r.text, r.size};
    } else if (script_is(word, "nonce")) {
        read_nonce(d, script_take(w));
    } else if (script_is(word, "algorithm")) {
        script_number(script_take(w), &n);
        d->algorithm = (unsigned)n;
    } else if (script_is(word, "algorithms")) {
        d->has_list = true;
        return script_hex(script_take(w).text, d->list, sizeof(d->list), &d->list_size) ? 1 : -1;
    } else if (script_is(word, "userhash")) {
        d->is_hash = true;
    } else if (script_is(word, "same-id")) {
        d->is_same_id = true;
    } else if (script_is(word, "from")) {
        if (!actor_address(d->all, script_take(w).text, &a)) {
            return -1;
        }
        d->path.client.a = a;
    } else if (script_is(word, "listener")) {
        script_number(script_take(w), &n);
        d->path.listener = (uint16_t)n;
    } else if (script_is(word, "length")) {
        d->length_change = atoi(script_take(w).text);
    } else if (script_is(word, "trailing")) {
        script_number(script_take(w), &n);
        d->trailing = (size_t)n;
    } else if (script_is(word, "tos")) {
        script_number(script_take(w), &n);
        d->actor->tos = (uint8_t)n;
    } else {
        w->at--;
        return 0;
    }
    return 1;
}

/* read_bare — a bare address is a peer, a bare number from 0x3000 up a channel, quoted text data.
 */
static int read_bare(struct draft *d, struct script_words *w)
{
    struct script_word word = script_take(w);
    unsigned long long n;
    struct netaddr a;
    if (word.is_quoted || strncmp(word.text, "pattern:", 8) == 0) {
        return add_payload(d, word) ? 1 : -1;
    }
    if (script_number(word, &n) && n >= 0x1000 && n <= 0xffff) {
        add_number(d, STUN_ATTR_CHANNEL_NUMBER, (uint32_t)n << 16, 4);
        return 1;
    }
    if (actor_address(d->all, word.text, &a)) {
        add_address(d, STUN_ATTR_XOR_PEER_ADDRESS, &a);
        return 1;
    }
    return -1;
}

static void set_id(struct draft *d)
{
    struct actor *a = d->actor;
    static const uint8_t zero[STUN_CLASSIC_ID_SIZE];
    uint8_t *id = d->pool + d->used;
    memcpy(id, zero, sizeof(zero));
    d->used += STUN_CLASSIC_ID_SIZE;
    if (d->is_same_id && a->ask->size >= STUN_HEADER_SIZE) {
        memcpy(id, a->ask->bytes + 4, STUN_CLASSIC_ID_SIZE);
    } else {
        memcpy(id + 4, a->name, strnlen(a->name, 8));
        id[0] = 0x77;
        id[14] = (uint8_t)(a->path.client.a.port);
        id[15] = ++a->next_id;
    }
    d->id = (struct span){id + (d->is_classic ? 0 : 4),
                          d->is_classic ? STUN_CLASSIC_ID_SIZE : STUN_ID_SIZE};
}

/* sign — an integrity attribute of any size over what is there so far, RFC 8489 14.5. */
static void sign(struct draft *d, struct stun_build *b, enum stun_integrity kind,
                 const struct stun_key *key)
{
    const struct digest *digest = &d->all->stage->digest;
    size_t size = kind == STUN_INTEGRITY_SHA256 ? STUN_SHA256_SIZE : STUN_SHA1_SIZE;
    size_t before = b->w.used;
    uint8_t mac[DIGEST_SHA256_SIZE];
    size = d->integrity_size == KEEP ? size : (size_t)d->integrity_size;
    uint16_t type = kind == STUN_INTEGRITY_SHA256 ? STUN_ATTR_MESSAGE_INTEGRITY_SHA256
                                                  : STUN_ATTR_MESSAGE_INTEGRITY;
    uint8_t *value = stun_build_reserve(b, type, size);
    uint8_t head[4] = {b->w.bytes[0], b->w.bytes[1], b->w.bytes[2], b->w.bytes[3]};
    struct span pieces[] = {{head, 4}, {b->w.bytes + 4, before - 4}};
    struct span secret = {key->bytes, key->size};
    if (kind == STUN_INTEGRITY_SHA256) {
        digest->hmac_sha256(digest->context, secret, pieces, 2, mac);
    } else {
        digest->hmac_sha1(digest->context, secret, pieces, 2, mac);
    }
    mac[3] ^= d->is_spoilt ? 0x10 : 0;
    for (size_t i = 0; value && i < size; i++) {
        value[i] = i < sizeof(mac) ? mac[i] : 0;
    }
}

/* put_credentials — who is asking, with what, and the signature. */
static void put_credentials(struct draft *d, struct stun_build *b, struct actor_ask *ask)
{
    const struct digest *digest = &d->all->stage->digest;
    struct span offered = {d->actor->offered, d->actor->offered_size};
    if (d->has_list) {
        offered = (struct span){d->list, d->list_size};
    }
    if (!d->without_user && d->is_hash) {
        uint8_t hash[STUN_USERHASH_SIZE];
        stun_integrity_userhash(digest, d->user, d->realm, hash);
        stun_build_bytes(b, STUN_ATTR_USERHASH, (struct span){hash, sizeof(hash)});
    } else if (!d->without_user) {
        stun_build_bytes(b, STUN_ATTR_USERNAME, d->user);
    }
    if (!d->without_realm) {
        stun_build_bytes(b, STUN_ATTR_REALM, d->realm);
    }
    if (!d->without_nonce) {
        stun_build_bytes(b, STUN_ATTR_NONCE, d->nonce);
    }
    if (d->algorithm != 0 && !d->without_list) {
        stun_build_bytes(b, STUN_ATTR_PASSWORD_ALGORITHMS, offered);
    }
    if (d->algorithm != 0 && !d->without_choice) {
        stun_build_u32(b, STUN_ATTR_PASSWORD_ALGORITHM, d->algorithm << 16);
    }
    bool is_new = d->algorithm != 0;
    unsigned hash =
        d->algorithm == STUN_ALGORITHM_SHA256 ? STUN_ALGORITHM_SHA256 : STUN_ALGORITHM_MD5;
    ask->key = stun_integrity_key(digest, hash, d->user, d->realm, span_of_text(d->password));
    ask->answered_with = is_new ? STUN_INTEGRITY_SHA256 : STUN_INTEGRITY_SHA1;
    enum stun_integrity kind = d->kind != STUN_INTEGRITY_NONE ? d->kind : ask->answered_with;
    if (d->is_both) {
        sign(d, b, STUN_INTEGRITY_SHA1, &ask->key);
        kind = STUN_INTEGRITY_SHA256;
    }
    sign(d, b, kind, &ask->key);
}

static void put_attributes(const struct draft *d, struct stun_build *b, bool is_after)
{
    for (int i = 0; i < d->count; i++) {
        const struct attribute *at = &d->attribute[i];
        if (at->is_after == is_after) {
            stun_build_bytes(b, at->type, (struct span){d->pool + at->at, at->size});
        }
    }
}

static void build(struct draft *d)
{
    struct actor_ask *ask = d->actor->ask;
    uint8_t *id = (uint8_t[STUN_CLASSIC_ID_SIZE]){0};
    memcpy(id, d->id.bytes, d->id.size);
    *ask = (struct actor_ask){
        .path = d->path,
        .method = d->method,
        .class = d->class,
        .is_classic = d->is_classic,
        .is_signed = !d->is_unsigned,
        .has_fingerprint = d->is_fingerprinted,
        .payload_size = d->payload_size,
        .to = d->to,
    };
    memcpy(ask->payload, d->pool + d->payload_at, d->payload_size);
    struct stun_build b =
        stun_build_begin(ask->bytes, sizeof(ask->bytes) - 64, (enum stun_class)d->class, d->method,
                         (struct span){id, d->id.size});
    put_attributes(d, &b, false);
    if (!d->is_unsigned) {
        put_credentials(d, &b, ask);
    }
    put_attributes(d, &b, true);
    if (d->is_fingerprinted) {
        stun_build_fingerprint(&b);
        ask->bytes[b.w.used - 1] ^= d->is_fingerprint_wrong ? 1 : 0;
    }
    ask->size = stun_build_end(&b);
    uint16_t length = (uint16_t)(ask->bytes[2] << 8 | ask->bytes[3]);
    length = (uint16_t)(length + d->length_change);
    ask->bytes[2] = (uint8_t)(length >> 8);
    ask->bytes[3] = (uint8_t)length;
    ask->size += d->trailing;
}

static void begin(struct draft *d, struct actors *all, struct actor *a, uint16_t method,
                  uint8_t class)
{
    bool needs_no_user = method == STUN_BINDING || class != STUN_REQUEST;
    *d = (struct draft){
        .all = all,
        .actor = a,
        .method = method,
        .class = class,
        .integrity_size = KEEP,
        .is_unsigned = needs_no_user || a->user_size == 0,
        .is_hash = a->wants_hash,
        .is_fingerprinted = a->wants_fingerprint,
        .algorithm = a->algorithm,
        .user = {(const uint8_t *)a->user, a->user_size},
        .realm = span_of_text(a->realm),
        .nonce = {(const uint8_t *)a->nonce, a->nonce_size},
        .password = a->password,
        .path = a->path,
    };
}

/* look_ahead — words that decide on the transaction id, which addresses are xored with. */
static void look_ahead(struct draft *d, const struct script_words *w)
{
    for (int i = w->at; i < w->count && !script_is(w->word[i], "->"); i++) {
        d->is_classic = d->is_classic || script_is(w->word[i], "classic");
        d->is_same_id = d->is_same_id || script_is(w->word[i], "same-id");
        if (script_is(w->word[i], "signed")) {
            d->is_unsigned = false;
        }
    }
}

const char *actor_compose(struct actors *all, struct actor *a, struct script_words *w,
                          uint16_t method, uint8_t class)
{
    struct draft *d = malloc(sizeof(*d));
    const char *wrong = NULL;
    begin(d, all, a, method, class);
    look_ahead(d, w);
    set_id(d);
    while (!wrong && script_left(w) > 0 && !script_is(script_peek(w), "->")) {
        if (script_accept(w, "signed")) {
            continue;
        }
        int result = read_attribute(d, w);
        result = result == 0 ? read_manner(d, w) : result;
        result = result == 0 ? read_bare(d, w) : result;
        wrong = result < 0 ? "a word of the message is not understood" : NULL;
    }
    if (method == STUN_ALLOCATE && class == STUN_REQUEST && !d->no_transport) {
        add_number(d, STUN_ATTR_REQUESTED_TRANSPORT, (uint32_t)STUN_TRANSPORT_UDP << 24, 4);
    }
    if (!wrong) {
        build(d);
    }
    free(d);
    return wrong;
}

void actor_challenge(struct actor *a, uint16_t method)
{
    struct actors none = {.count = 0};
    struct draft *d = malloc(sizeof(*d));
    begin(d, &none, a, method, STUN_REQUEST);
    set_id(d);
    d->is_unsigned = true;
    if (method == STUN_ALLOCATE) {
        add_number(d, STUN_ATTR_REQUESTED_TRANSPORT, (uint32_t)STUN_TRANSPORT_UDP << 24, 4);
    } else {
        add_number(d, STUN_ATTR_LIFETIME, 600, 4); /* a bare request gets a smaller challenge */
    }
    build(d);
    free(d);
}

void actor_keep(struct actors *all, const struct actor *a, uint32_t number)
{
    free(all->waiting[number]);
    all->waiting[number] = malloc(sizeof(*a->ask));
    *all->waiting[number] = *a->ask;
}

void actor_recall(struct actors *all, struct actor *a, uint32_t number)
{
    if (all->waiting[number]) {
        *a->ask = *all->waiting[number];
        free(all->waiting[number]);
        all->waiting[number] = NULL;
    }
}

void actor_learn(struct actor *a, const struct stun_message *m)
{
    struct span realm = stun_message_value(m, STUN_KNOWN_REALM);
    struct span nonce = stun_message_value(m, STUN_KNOWN_NONCE);
    struct span offered = stun_message_value(m, STUN_KNOWN_PASSWORD_ALGORITHMS);
    if (realm.size > 0 && realm.size < sizeof(a->realm)) {
        memcpy(a->realm, realm.bytes, realm.size);
        a->realm[realm.size] = '\0';
    }
    if (nonce.size > 0 && nonce.size < sizeof(a->nonce)) {
        memcpy(a->nonce, nonce.bytes, nonce.size);
        a->nonce_size = nonce.size;
    }
    if (offered.size > 0 && offered.size <= sizeof(a->offered)) {
        memcpy(a->offered, offered.bytes, offered.size);
        a->offered_size = offered.size;
    }
}
