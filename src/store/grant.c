/* grant — what the store keeps of one user or one credential. */
/* SPDX-License-Identifier: MIT */
#include "store/grant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "store/ticket.h"

enum { WHOLE_MAX = 1000000000 }; /* allocations; more is a mistake */

void grant_set_password(struct grant *g, const struct digest *digest, struct span realm,
                        struct span password)
{
    struct span name = {(const uint8_t *)g->name, g->name_size};
    g->md5 = stun_integrity_key(digest, STUN_ALGORITHM_MD5, name, realm, password);
    g->sha256 = stun_integrity_key(digest, STUN_ALGORITHM_SHA256, name, realm, password);
    g->has_sha256 = true;
}

static bool refuse(char *why, size_t why_room, const char *member, const char *what)
{
    snprintf(why, why_room, "%s: %s", member, what);
    return false;
}

/* read_whole — a whole number from 0 to `most`. */
static bool read_whole(const json_t *value, int64_t most, int64_t *out)
{
    *out = json_is_integer(value) ? json_integer_value(value) : -1;
    return *out >= 0 && *out <= most;
}

static bool set_tenant(struct grant *g, const json_t *value, char *why, size_t why_room)
{
    struct span label = {(const uint8_t *)json_string_value(value), json_string_length(value)};
    bool is_none = json_is_string(value) && label.size == 0;
    if (!is_none && (!json_is_string(value) || !ticket_is_label(label))) {
        return refuse(why, why_room, "tenant", "write 1 to 32 letters, digits, _ or -");
    }
    memset(g->rights.tenant, 0, sizeof(g->rights.tenant));
    memcpy(g->rights.tenant, label.bytes, label.size);
    return true;
}

static bool set_peers(struct grant *g, const json_t *value, char *why, size_t why_room)
{
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count > RIGHTS_PEERS_MAX) {
        return refuse(why, why_room, "peers", "write a list of at most 8 addresses or ranges");
    }
    g->rights.peer_count = 0;
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(value, i));
        if (!text || !prefix_parse(text, &g->rights.peer[i])) {
            return refuse(why, why_room, "peers",
                          "each is an address or a range like 10.1.0.0/16 or 2001:db8::/32");
        }
        g->rights.peer_count++;
    }
    return true;
}

static bool set_client(struct grant *g, const json_t *value, char *why, size_t why_room)
{
    const char *text = json_string_value(value);
    g->rights.client = (struct prefix){.length = 0};
    if (!text || (text[0] && !prefix_parse(text, &g->rights.client))) {
        return refuse(why, why_room, "client", "write an address or a range like 192.0.2.0/24");
    }
    return true;
}

bool grant_set_member(struct grant *g, const char *member, const json_t *value, bool *is_known,
                      char *why, size_t why_room)
{
    int64_t number;
    *is_known = true;
    if (strcmp(member, "tenant") == 0) {
        return set_tenant(g, value, why, why_room);
    }
    if (strcmp(member, "peers") == 0) {
        return set_peers(g, value, why, why_room);
    }
    if (strcmp(member, "client") == 0) {
        return set_client(g, value, why, why_room);
    }
    if (strcmp(member, "allocations") == 0) {
        bool ok = read_whole(value, WHOLE_MAX, &number);
        g->rights.allocations = ok ? (uint32_t)number : 0;
        return ok || refuse(why, why_room, member, "write a whole number; 0 is no limit");
    }
    if (strcmp(member, "bandwidth") == 0) {
        bool ok = read_whole(value, INT64_C(1000000000000), &number);
        g->rights.bandwidth = ok ? (uint64_t)number : 0;
        return ok || refuse(why, why_room, member, "write bytes per second; 0 is no limit");
    }
    if (strcmp(member, "not_before") == 0) {
        bool ok = read_whole(value, INT64_C(100000000000), &number);
        g->not_before.s = ok ? number : 0;
        return ok || refuse(why, why_room, member, "write seconds since 1970");
    }
    *is_known = false;
    return true;
}

static json_t *prefix_text(const struct prefix *p)
{
    char text[TEXT_NETADDR_SIZE + 8];
    struct text t = text_init(text, sizeof(text));
    unsigned width = p->first.family == NETADDR_IPV4 ? 32 : 128;
    text_host(&t, &p->first);
    if (p->length != width) {
        text_char(&t, '/');
        text_u64(&t, p->length);
    }
    return json_string(text);
}

bool grant_put_rights(json_t *object, const struct grant *g)
{
    const struct rights *r = &g->rights;
    bool ok = true;
    if (r->tenant[0]) {
        ok = json_object_set_new(object, "tenant", json_string(r->tenant)) == 0;
    }
    if (r->allocations) {
        ok = ok && json_object_set_new(object, "allocations", json_integer(r->allocations)) == 0;
    }
    if (r->bandwidth) {
        ok = ok &&
             json_object_set_new(object, "bandwidth", json_integer((json_int_t)r->bandwidth)) == 0;
    }
    if (g->not_before.s) {
        ok = ok && json_object_set_new(object, "not_before", json_integer(g->not_before.s)) == 0;
    }
    if (r->client.first.family != NETADDR_NONE) {
        ok = ok && json_object_set_new(object, "client", prefix_text(&r->client)) == 0;
    }
    if (r->peer_count > 0) {
        json_t *peers = json_array();
        for (int i = 0; ok && i < r->peer_count; i++) {
            ok = json_array_append_new(peers, prefix_text(&r->peer[i])) == 0;
        }
        ok = json_object_set_new(object, "peers", peers) == 0 && ok;
    }
    return ok;
}

static bool put_key(json_t *object, const char *member, const struct stun_key *key)
{
    char hex[2 * DIGEST_SHA256_SIZE + 1];
    struct text t = text_init(hex, sizeof(hex));
    text_hex(&t, key->bytes, key->size);
    bool ok = json_object_set_new(object, member, json_string(hex)) == 0;
    secret_wipe(hex, sizeof(hex));
    return ok;
}

char *grant_print(const struct grant *g)
{
    json_t *object = json_object();
    bool ok = json_object_set_new(object, "name", json_stringn(g->name, g->name_size)) == 0 &&
              put_key(object, "md5", &g->md5) &&
              (!g->has_sha256 || put_key(object, "sha256", &g->sha256)) &&
              json_object_set_new(object, "issued", json_integer(g->rights.issued.s)) == 0 &&
              grant_put_rights(object, g);
    if (g->rights.id[0]) {
        ok = ok && json_object_set_new(object, "id", json_string(g->rights.id)) == 0;
    }
    if (g->expires.s) {
        ok = ok && json_object_set_new(object, "expires", json_integer(g->expires.s)) == 0;
    }
    char *text = ok ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

void grant_free_text(char *text)
{
    if (text) {
        secret_wipe(text, strlen(text));
        free(text);
    }
}

bool grant_read_key(const char *hex, size_t size, struct stun_key *out)
{
    if (size != 2 * DIGEST_MD5_SIZE && size != 2 * DIGEST_SHA256_SIZE) {
        return false;
    }
    *out = (struct stun_key){.size = (uint8_t)(size / 2)};
    for (size_t i = 0; i < size; i++) {
        char c = hex[i];
        int value = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (value < 0) {
            return false;
        }
        out->bytes[i / 2] = (uint8_t)(out->bytes[i / 2] << 4 | value);
    }
    return true;
}

static bool read_key(const json_t *object, const char *member, size_t size, struct stun_key *out)
{
    const json_t *value = json_object_get(object, member);
    const char *hex = json_string_value(value);
    return hex && grant_read_key(hex, json_string_length(value), out) && out->size == size;
}

/* read_time — a moment; 0 where there is none, false for what is no moment. */
static bool read_time(const json_t *object, const char *member, struct wall *out)
{
    const json_t *value = json_object_get(object, member);
    int64_t number = 0;
    bool ok = !value || read_whole(value, INT64_C(100000000000), &number);
    out->s = number;
    return ok;
}

static bool read_object(const json_t *object, struct grant *g, char *why, size_t why_room)
{
    const json_t *name = json_object_get(object, "name");
    const json_t *id_value = json_object_get(object, "id");
    const char *id = json_string_value(id_value);
    const char *member;
    json_t *value;
    if (!name || !json_is_string(name) || json_string_length(name) > STUN_NAME_MAX) {
        return refuse(why, why_room, "name", "there is none");
    }
    g->name_size = json_string_length(name);
    memcpy(g->name, json_string_value(name), g->name_size);
    g->has_sha256 = read_key(object, "sha256", DIGEST_SHA256_SIZE, &g->sha256);
    if (!read_key(object, "md5", DIGEST_MD5_SIZE, &g->md5)) {
        return refuse(why, why_room, "md5", "there is no key of 32 hex digits");
    }
    if (!read_time(object, "issued", &g->rights.issued) ||
        !read_time(object, "expires", &g->expires) ||
        (id_value && (!id || strlen(id) > RIGHTS_ID_MAX))) {
        return refuse(why, why_room, "id, issued or expires", "not of a form that is known");
    }
    memcpy(g->rights.id, id ? id : "", id ? strlen(id) : 0);
    json_object_foreach((json_t *)(uintptr_t)object, member, value)
    {
        bool is_known;
        if (!grant_set_member(g, member, value, &is_known, why, why_room)) {
            return false;
        }
    }
    return true;
}

bool grant_parse(struct span json, struct grant *out, char *why, size_t why_room)
{
    json_error_t error;
    json_t *object =
        json_loadb((const char *)json.bytes, json.size, JSON_REJECT_DUPLICATES, &error);
    *out = (struct grant){.name_size = 0};
    bool ok = json_is_object(object) ? read_object(object, out, why, why_room)
                                     : refuse(why, why_room, "value", "no JSON object");
    json_decref(object);
    return ok;
}
