/* front — the management interface in place. */
/* SPDX-License-Identifier: MIT */
#include "front.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "net/acceptor.h"

bool front_bind(struct front *f, const struct conf *conf, char *why, size_t why_room)
{
    char text[TEXT_NETADDR_SIZE];
    struct text t = text_init(text, sizeof(text));
    f->fd = -1;
    if (conf->http_listen.family == NETADDR_NONE) {
        return true;
    }
    text_netaddr(&t, &conf->http_listen);
    f->fd = acceptor_bind(&conf->http_listen, false);
    if (f->fd < 0) {
        int error = -f->fd;
        f->fd = -1;
        snprintf(why, why_room, "%s: cannot listen on %s: %s", conf_place(conf, "http.listen"),
                 text,
                 error == EADDRINUSE      ? "another program has this port; stop it or listen "
                                            "elsewhere"
                 : error == EADDRNOTAVAIL ? "this machine has no such address; see `ip address`"
                                          : strerror(error));
        return false;
    }
    if (conf->http_certificate) {
        f->tls = tls_new(conf->http_certificate, conf->http_key, why, why_room);
    }
    return !conf->http_certificate || f->tls;
}

bool front_open(struct front *f, struct backoffice *office, const struct conf *conf,
                void (*counts)(void *context, struct worker_counts *sum), void *context, char *why,
                size_t why_room)
{
    char sentence[512];
    f->desk = (struct desk){
        .shared = office->shared,
        .store = office->store,
        .mirror = office->mirror,
        .follower = office->follower,
        .census = office->census,
        .book = office->book,
        .ledger = office->ledger,
        .digest = office->digest,
        .node = office->node,
        .nodes = office->nodes,
        .started = office->started,
        .is_draining = &office->is_draining,
        .context = context,
        .counts = counts,
    };
    f->http = http_new(office->base, &f->desk, office->log);
    snprintf(why, why_room, "out of memory");
    if (!f->http) {
        return false;
    }
    if (f->fd >= 0) {
        struct tls *tls = f->tls;
        f->is_secure = tls != NULL;
        f->tls = NULL; /* taken in any case */
        if (!http_listen(f->http, f->fd, tls)) {
            return false;
        }
        f->fd = -1;
    }
    if (conf->control && !http_control(f->http, conf->control, sentence, sizeof(sentence))) {
        snprintf(why, why_room, "%s: %s", conf_place(conf, "control"), sentence);
        return false;
    }
    return true;
}

/* What a URI is made of. */
struct place {
    const char *host;
    enum conf_transport transport;
    uint16_t port;
};

/* add_uri — "turn:host:port?transport=udp"; always with the port, since libnice takes 3478 for
 * turns as well. */
static void add_uri(json_t *list, const char *scheme, const struct place *p, bool has_transport)
{
    char uri[600];
    bool is_stream = p->transport == CONF_TCP || p->transport == CONF_TLS;
    struct text t = text_init(uri, sizeof(uri));
    text_put(&t, scheme);
    text_char(&t, ':');
    text_put(&t, p->host);
    text_char(&t, ':');
    text_u64(&t, p->port);
    if (has_transport) {
        text_put(&t, is_stream ? "?transport=tcp" : "?transport=udp");
    }
    json_array_append_new(list, json_string(uri));
}

/* add_listener — the URIs of one listener under one host name or address. DTLS has none that a
 * browser knows. */
static void add_listener(struct desk_view *v, const struct conf_listener *l, const char *host,
                         bool is_name)
{
    struct place p = {host, l->transport, l->address.port};
    switch (l->transport) {
    case CONF_UDP:
        add_uri(v->stun_uris, "stun", &p, false);
        add_uri(v->turn_uris, "turn", &p, true);
        break;
    case CONF_TCP:
        add_uri(v->turn_uris, "turn", &p, true);
        break;
    case CONF_TLS:
        if (is_name) { /* browsers check the certificate against it */
            add_uri(v->turn_uris, "turns", &p, true);
        }
        break;
    default:
        break;
    }
}

/* address_of — a listener's address as clients are to know it: its own, or for "*" one that the
 * machine has, mapped to its external one. Returns false when there is none to give out. */
static bool address_of(const struct conf_listener *l, const struct own *own, struct netaddr *out)
{
    for (int pass = 0; pass < 2; pass++) {
        for (uint8_t i = 0; i < own->host_count; i++) {
            const struct own_host *h = &own->host[i];
            bool is_it = l->is_wildcard || netaddr_is_any(&l->address)
                             ? pass == 1 || !netaddr_is_loopback(&h->local)
                             : netaddr_is_same_host(&h->local, &l->address);
            if (is_it && !netaddr_is_link_local(&h->local)) {
                *out = h->external.family != NETADDR_NONE ? h->external : h->local;
                return true;
            }
        }
    }
    return false;
}

static void add_by_address(struct desk_view *v, const struct conf_listener *l,
                           const struct own *own)
{
    struct netaddr address;
    char host[TEXT_NETADDR_SIZE + 2];
    struct text t = text_init(host, sizeof(host));
    if (!address_of(l, own, &address)) {
        return;
    }
    bool is_ipv6 = address.family == NETADDR_IPV6;
    text_put(&t, is_ipv6 ? "[" : "");
    text_host(&t, &address);
    text_put(&t, is_ipv6 ? "]" : "");
    add_listener(v, l, host, false);
}

/* make_uris — those the configuration lists, or every listener's under every name. */
static void make_uris(struct desk_view *v, const struct conf *conf, const struct own *own)
{
    v->stun_uris = json_array();
    v->turn_uris = json_array();
    for (size_t i = 0; i < conf->uris.count; i++) {
        bool is_stun = strncmp(conf->uris.at[i], "stun", 4) == 0;
        json_array_append_new(is_stun ? v->stun_uris : v->turn_uris, json_string(conf->uris.at[i]));
    }
    for (size_t i = 0; conf->uris.count == 0 && i < conf->listener_count; i++) {
        for (size_t j = 0; j < conf->names.count; j++) {
            add_listener(v, &conf->listeners[i], conf->names.at[j], true);
        }
        if (conf->names.count == 0) {
            add_by_address(v, &conf->listeners[i], own);
        }
    }
}

void front_show(struct front *f, const struct conf *conf, const struct snapshot *snapshot)
{
    const struct settings *settings = snapshot_settings(snapshot);
    struct desk_view v = {
        .roster = snapshot_roster(snapshot),
        .origins = (const char *const *)conf->http_origins.at,
        .origin_count = conf->http_origins.count,
    };
    for (size_t i = 0; i < conf->realm_count && i < SETTINGS_REALMS_MAX; i++) {
        const struct conf_realm *realm = &conf->realms[i];
        struct desk_realm *to = &v.realm[v.realm_count++];
        to->number = snapshot_number(snapshot, i);
        memcpy(to->name, settings->realm[to->number].name, sizeof(to->name));
        to->issues = realm->issues;
        to->ttl = realm->credential_ttl;
        to->max_ttl = realm->credential_max_ttl;
        to->grace = realm->expiry_is_strict ? 0 : realm->expiry_grace;
    }
    make_uris(&v, conf, snapshot_own(snapshot));
    desk_set_view(&f->desk, &v);
}

void front_tick(struct front *f)
{
    if (f->http) {
        http_tick(f->http);
    }
}

bool front_renew(struct front *f, const struct conf *conf, char *why, size_t why_room)
{
    if (!f->is_secure || !conf->http_certificate) {
        return true;
    }
    struct tls *tls = tls_new(conf->http_certificate, conf->http_key, why, why_room);
    if (tls) {
        http_set_tls(f->http, tls);
    }
    return tls != NULL;
}

void front_close(struct front *f)
{
    static const struct desk_view nothing;
    http_free(f->http);
    desk_set_view(&f->desk, &nothing);
    if (f->fd >= 0) {
        close(f->fd);
    }
    tls_free(f->tls);
    *f = (struct front){.fd = -1};
}
