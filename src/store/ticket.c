/* ticket — the user name of an issued credential that any node can judge by itself. */
/* SPDX-License-Identifier: MIT */
#include "store/ticket.h"

#include <string.h>

#include "base/base64.h"
#include "base/text.h"

static const char prefix[] = "tp1.";
static const char random_prefix[] = "tpr.";

enum { PREFIX_SIZE = sizeof(prefix) - 1, DIGITS_MAX = 15 };

/* cut — the part of *rest before a character, which is dropped; false when it is not there. */
static bool cut(struct span *rest, char at, struct span *part)
{
    const uint8_t *found = rest->size ? memchr(rest->bytes, at, rest->size) : NULL;
    if (!found) {
        return false;
    }
    size_t size = (size_t)(found - rest->bytes);
    *part = (struct span){rest->bytes, size};
    *rest = (struct span){found + 1, rest->size - size - 1};
    return true;
}

static bool read_number(struct span s, uint64_t *out)
{
    *out = 0;
    bool ok = s.size > 0 && s.size <= DIGITS_MAX;
    for (size_t i = 0; ok && i < s.size; i++) {
        ok = s.bytes[i] >= '0' && s.bytes[i] <= '9';
        *out = *out * 10 + (uint64_t)(s.bytes[i] - '0');
    }
    return ok;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* read_prefix — "0a010000/16". */
static bool read_prefix(struct span s, struct prefix *out)
{
    enum { IPV4 = 4, IPV6 = 16 };
    uint8_t bytes[IPV6];
    struct span hex;
    uint64_t bits;
    if (!cut(&s, '/', &hex) || !read_number(s, &bits) ||
        (hex.size != 2 * IPV4 && hex.size != 2 * IPV6) || bits > hex.size * 4) {
        return false;
    }
    for (size_t i = 0; i < hex.size; i += 2) {
        int high = hex_value(hex.bytes[i]);
        int low = hex_value(hex.bytes[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    struct netaddr first = netaddr_ipv6(bytes, 0);
    if (hex.size == 2 * IPV4) {
        first = netaddr_ipv4((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                                 (uint32_t)bytes[2] << 8 | bytes[3],
                             0);
    }
    *out = prefix_of(&first, (unsigned)bits);
    return netaddr_is_equal(&first, &out->first); /* no bit behind the length */
}

bool ticket_is_label(struct span text)
{
    bool ok = text.size > 0 && text.size <= RIGHTS_TENANT_MAX;
    for (size_t i = 0; ok && i < text.size; i++) {
        uint8_t c = text.bytes[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-';
    }
    return ok;
}

/* read_option — one limit, which must not be there already: a name has one meaning. */
static bool read_option(struct span s, struct ticket *t)
{
    struct span value = {s.bytes + 1, s.size - 1};
    struct rights *r = &t->rights;
    uint64_t number = 0;
    switch (s.bytes[0]) {
    case 'n':
        if (t->not_before.s || !read_number(value, &number)) {
            return false;
        }
        t->not_before.s = (int64_t)number;
        return number > 0;
    case 'a':
        if (r->allocations || !read_number(value, &number)) {
            return false;
        }
        r->allocations = (uint32_t)number;
        return number > 0 && number <= UINT32_MAX;
    case 'b':
        return r->bandwidth == 0 && read_number(value, &r->bandwidth) && r->bandwidth > 0;
    case 't':
        if (r->tenant[0] || !ticket_is_label(value)) {
            return false;
        }
        memcpy(r->tenant, value.bytes, value.size);
        return true;
    case 'c':
        return r->client.first.family == NETADDR_NONE && read_prefix(value, &r->client);
    case 'p':
        return r->peer_count < RIGHTS_PEERS_MAX && read_prefix(value, &r->peer[r->peer_count++]);
    default:
        return false; /* a limit we do not know cannot be kept to */
    }
}

static bool read_options(struct span s, struct ticket *t)
{
    bool ok = true;
    bool has_more = s.size > 0;
    while (ok && has_more) {
        struct span option = s;
        has_more = cut(&s, ',', &option);
        ok = option.size > 0 && read_option(option, t);
    }
    return ok;
}

static bool read_times(struct span s, struct ticket *t)
{
    struct span expires;
    uint64_t end;
    uint64_t ttl;
    if (!cut(&s, '-', &expires) || !read_number(expires, &end) || !read_number(s, &ttl) ||
        end == 0 || ttl > TICKET_TTL_MAX || ttl > end) {
        return false;
    }
    t->expires.s = (int64_t)end;
    t->rights.issued.s = (int64_t)(end - ttl);
    return true;
}

bool ticket_parse(struct span name, struct ticket *out)
{
    struct span key;
    struct span times;
    struct span id;
    struct span options;
    *out = (struct ticket){.expires = {0}};
    if (name.size > STUN_NAME_MAX || name.size < PREFIX_SIZE ||
        memcmp(name.bytes, prefix, PREFIX_SIZE) != 0) {
        return false;
    }
    struct span rest = {name.bytes + PREFIX_SIZE, name.size - PREFIX_SIZE};
    if (!cut(&rest, '.', &key) || !cut(&rest, '.', &times) || !cut(&rest, '.', &id) ||
        !cut(&rest, '.', &options) || key.size != TICKET_KEY_SIZE || id.size != TICKET_ID_SIZE ||
        !ticket_is_label(key) || !ticket_is_label(id) || !read_times(times, out) ||
        !read_options(options, out)) {
        return false;
    }
    memcpy(out->key, key.bytes, key.size);
    memcpy(out->rights.id, id.bytes, id.size);
    out->owner = rest;
    return true;
}

static void put_prefix(struct text *t, const struct prefix *p)
{
    size_t size = p->first.family == NETADDR_IPV4 ? 4 : 16;
    text_hex(t, p->first.ip, size);
    text_char(t, '/');
    text_u64(t, p->length);
}

/* option — begin one more. */
static void option(struct text *t, size_t start, char letter)
{
    if (t->used > start) {
        text_char(t, ',');
    }
    text_char(t, letter);
}

static void put_options(struct text *t, const struct ticket *k)
{
    const struct rights *r = &k->rights;
    size_t start = t->used;
    if (k->not_before.s > 0) {
        option(t, start, 'n');
        text_i64(t, k->not_before.s);
    }
    if (r->allocations > 0) {
        option(t, start, 'a');
        text_u64(t, r->allocations);
    }
    if (r->bandwidth > 0) {
        option(t, start, 'b');
        text_u64(t, r->bandwidth);
    }
    if (r->tenant[0]) {
        option(t, start, 't');
        text_put(t, r->tenant);
    }
    if (r->client.first.family != NETADDR_NONE) {
        option(t, start, 'c');
        put_prefix(t, &r->client);
    }
    for (int i = 0; i < r->peer_count; i++) {
        option(t, start, 'p');
        put_prefix(t, &r->peer[i]);
    }
}

size_t ticket_write(const struct ticket *k, char out[STUN_NAME_MAX + 1])
{
    enum { ROOM = STUN_NAME_MAX + 600 }; /* more than fits, to see that it does not */
    char whole[ROOM];
    struct text t = text_init(whole, sizeof(whole));
    text_put(&t, prefix);
    text_put(&t, k->key);
    text_char(&t, '.');
    text_i64(&t, k->expires.s);
    text_char(&t, '-');
    text_i64(&t, k->expires.s - k->rights.issued.s);
    text_char(&t, '.');
    text_put(&t, k->rights.id);
    text_char(&t, '.');
    put_options(&t, k);
    text_char(&t, '.');
    text_span(&t, k->owner);
    if (t.used > STUN_NAME_MAX) {
        return 0;
    }
    memcpy(out, whole, t.used);
    out[t.used] = '\0';
    return t.used;
}

size_t ticket_random_write(const char *id, struct span owner, char out[STUN_NAME_MAX + 1])
{
    struct text t = text_init(out, STUN_NAME_MAX + 1);
    text_put(&t, random_prefix);
    text_put(&t, id);
    text_char(&t, '.');
    text_span(&t, owner);
    return t.cut ? 0 : t.used;
}

bool ticket_random_parse(struct span name, struct span *id, struct span *owner)
{
    if (name.size > STUN_NAME_MAX || name.size < PREFIX_SIZE ||
        memcmp(name.bytes, random_prefix, PREFIX_SIZE) != 0) {
        return false;
    }
    *owner = (struct span){name.bytes + PREFIX_SIZE, name.size - PREFIX_SIZE};
    return cut(owner, '.', id) && id->size == TICKET_ID_SIZE && ticket_is_label(*id);
}

void ticket_letters(const uint8_t *bytes, size_t size, char *out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    for (size_t i = 0; i < size; i++) {
        out[i] = letters[bytes[i] & 31];
    }
    out[size] = '\0';
}

void ticket_key(const struct digest *digest, struct span secret, char out[TICKET_KEY_SIZE + 1])
{
    uint8_t mac[DIGEST_SHA256_SIZE];
    struct span purpose = span_of_text("turnpike: the name of a secret");
    digest->hmac_sha256(digest->context, secret, &purpose, 1, mac);
    ticket_letters(mac, TICKET_KEY_SIZE, out);
}

void ticket_password(const struct digest *digest, struct span secret, struct span realm,
                     struct span name, char out[TICKET_PASSWORD_SIZE])
{
    uint8_t mac[DIGEST_SHA256_SIZE];
    char text[48];
    /* The purpose keeps these apart from time-limited credentials by the same secret. */
    struct span parts[] = {span_of_text("turnpike: ticket\n"), realm, span_of_text("\n"), name};
    digest->hmac_sha256(digest->context, secret, parts, 4, mac);
    base64_put(mac, sizeof(mac), text);
    for (int i = 0; i < TICKET_PASSWORD_SIZE - 1; i++) { /* without the padding, safe in URLs */
        out[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    }
    out[TICKET_PASSWORD_SIZE - 1] = '\0';
}
