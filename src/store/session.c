/* session — one allocation as managers and bills see it. */
/* SPDX-License-Identifier: MIT */
#include "store/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct session *session_new(const struct turn_event *event, struct wall now)
{
    struct span owner = event->owner.size > 0 ? event->owner : event->user;
    size_t room = event->realm.size + event->user.size + owner.size;
    struct session *s = calloc(1, sizeof(*s) + room);
    if (!s) {
        return NULL;
    }
    s->kind = event->kind;
    s->reason = event->reason;
    s->id = event->session;
    s->transport = event->path->kind;
    s->client = event->path->client.a;
    memcpy(s->relayed, event->relayed, sizeof(s->relayed));
    s->at = now;
    s->started.s = now.s - (int64_t)(event->duration_ns / MONO_SECOND);
    s->duration_ns = event->duration_ns;
    s->up = event->up;
    s->down = event->down;
    if (event->rights) {
        memcpy(s->credential, event->rights->id, sizeof(s->credential));
        memcpy(s->tenant, event->rights->tenant, sizeof(s->tenant));
    }
    s->realm_size = event->realm.size;
    s->user_size = event->user.size;
    s->owner_size = owner.size;
    memcpy(s->text, event->realm.bytes, s->realm_size);
    memcpy(s->text + s->realm_size, event->user.bytes, s->user_size);
    memcpy(s->text + s->realm_size + s->user_size, owner.bytes, owner.size);
    return s;
}

struct span session_realm(const struct session *s)
{
    return (struct span){(const uint8_t *)s->text, s->realm_size};
}

struct span session_user(const struct session *s)
{
    return (struct span){(const uint8_t *)s->text + s->realm_size, s->user_size};
}

struct span session_owner(const struct session *s)
{
    return (struct span){(const uint8_t *)s->text + s->realm_size + s->user_size, s->owner_size};
}

void session_id(uint64_t id, char out[17])
{
    snprintf(out, 17, "%016llx", (unsigned long long)id);
}

bool session_parse_id(const char *text, uint64_t *out)
{
    *out = 0;
    bool ok = strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
    if (ok) {
        *out = strtoull(text, NULL, 16);
    }
    return ok;
}

json_t *session_text(struct span bytes)
{
    json_t *text = json_stringn((const char *)bytes.bytes, bytes.size);
    if (text) {
        return text;
    }
    /* Byte by byte: what is no ASCII of a name that is no UTF-8 is replaced. */
    enum { MARK = 3 };
    char *copy = malloc(bytes.size * MARK + 1);
    size_t used = 0;
    for (size_t i = 0; copy && i < bytes.size; i++) {
        if (bytes.bytes[i] < 0x80) {
            copy[used++] = (char)bytes.bytes[i];
        } else {
            memcpy(copy + used, "\xef\xbf\xbd", MARK);
            used += MARK;
        }
    }
    text = copy ? json_stringn(copy, used) : NULL;
    free(copy);
    return text;
}

static json_t *address_text(const struct netaddr *a)
{
    char text[TEXT_NETADDR_SIZE];
    struct text t = text_init(text, sizeof(text));
    text_netaddr(&t, a);
    return json_string(text);
}

static const char *transport_name(uint8_t kind)
{
    static const char *const names[TURN_PATHS] = {
        [PATH_NONE] = "none", [PATH_UDP] = "udp",   [PATH_TCP] = "tcp",
        [PATH_TLS] = "tls",   [PATH_DTLS] = "dtls",
    };
    return names[kind < TURN_PATHS ? kind : PATH_NONE];
}

static void put_number(json_t *object, const char *member, uint64_t value)
{
    json_object_set_new(object, member, json_integer((json_int_t)value));
}

json_t *session_json(const struct session *s, const char *node)
{
    char id[17];
    json_t *o = json_object();
    json_t *relayed = json_array();
    session_id(s->id, id);
    json_object_set_new(o, "id", json_string(id));
    json_object_set_new(o, "node", json_string(node));
    json_object_set_new(o, "realm", session_text(session_realm(s)));
    json_object_set_new(o, "user", session_text(session_owner(s)));
    if (s->tenant[0]) {
        json_object_set_new(o, "tenant", json_string(s->tenant));
    }
    if (s->credential[0]) {
        json_object_set_new(o, "credential", json_string(s->credential));
    }
    json_object_set_new(o, "client", address_text(&s->client));
    json_object_set_new(o, "transport", json_string(transport_name(s->transport)));
    for (int i = 0; i < FLOW_FAMILIES; i++) {
        if (s->relayed[i].family != NETADDR_NONE) {
            json_array_append_new(relayed, address_text(&s->relayed[i]));
        }
    }
    json_object_set_new(o, "relayed", relayed);
    put_number(o, "started", (uint64_t)s->started.s);
    put_number(o, "sent_packets", s->up.packets);
    put_number(o, "sent_bytes", s->up.bytes);
    put_number(o, "received_packets", s->down.packets);
    put_number(o, "received_bytes", s->down.bytes);
    return o;
}
