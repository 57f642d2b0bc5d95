/* import_listener — where a coturn listens and which ports it relays from. */
/* SPDX-License-Identifier: MIT */
#include "ctl/import_listener.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ctl_memory.h"
#include "ctl/import_value.h"

enum { PORT = 3478, TLS_PORT = 5349, MIN_PORT = 49152, MAX_PORT = 65535, WORD = 96 };

void import_listener_init(struct import_listener *l)
{
    *l = (struct import_listener){
        .port = PORT, .tls_port = TLS_PORT, .min_port = MIN_PORT, .max_port = MAX_PORT};
}

void import_listener_fini(struct import_listener *l)
{
    free(l->addresses);
    l->addresses = NULL;
}

/* take_address — one more address to listen at; with `has_port`, one that says its port. */
static const char *take_address(struct import_listener *l, const char *value, bool has_port)
{
    struct netaddr a;
    if (!netaddr_parse(value, &a) || (a.port != 0) != has_port ||
        (!import_value_is_host(&a) && !netaddr_is_any(&a))) {
        return has_port ? "it is no address with a port" : "it is no address";
    }
    l->addresses = ctl_memory_grow(l->addresses, l->count, &l->room, sizeof(*l->addresses));
    l->addresses[l->count++] = a;
    return NULL;
}

static const char *take_port(const char *value, uint16_t *port)
{
    uint64_t number;
    if (!import_value_number(span_of_text(value), UINT16_MAX, &number) || number == 0) {
        return "it is no port, 1 to 65535";
    }
    *port = (uint16_t)number;
    return NULL;
}

bool import_listener_take(struct import_listener *l, enum import_directive_kind kind,
                          const char *value, const char **complaint)
{
    *complaint = NULL;
    switch (kind) {
    case IMPORT_DIRECTIVE_ADDRESS:
    case IMPORT_DIRECTIVE_AUX:
        *complaint = take_address(l, value, kind == IMPORT_DIRECTIVE_AUX);
        break;
    case IMPORT_DIRECTIVE_PORT:
        *complaint = take_port(value, &l->port);
        break;
    case IMPORT_DIRECTIVE_TLS_PORT:
        *complaint = take_port(value, &l->tls_port);
        break;
    case IMPORT_DIRECTIVE_MIN_PORT:
    case IMPORT_DIRECTIVE_MAX_PORT:
        *complaint =
            take_port(value, kind == IMPORT_DIRECTIVE_MIN_PORT ? &l->min_port : &l->max_port);
        l->has_ports |= *complaint == NULL;
        return true;
    case IMPORT_DIRECTIVE_NO_UDP:
        l->no_udp = import_value_flag(value);
        break;
    case IMPORT_DIRECTIVE_NO_TCP:
        l->no_tcp = import_value_flag(value);
        break;
    case IMPORT_DIRECTIVE_NO_TLS:
        l->no_tls = import_value_flag(value);
        break;
    case IMPORT_DIRECTIVE_NO_DTLS:
        l->no_dtls = import_value_flag(value);
        break;
    default:
        return false;
    }
    return true;
}

/* put — "udp:192.0.2.1:3478"; address NULL: "udp:*:3478". */
static void put(struct import_snippet *snippet, const char *kind, const struct netaddr *address,
                uint16_t port)
{
    char word[WORD];
    struct text t = text_init(word, sizeof(word));
    text_put(&t, kind);
    text_char(&t, ':');
    if (address && !netaddr_is_any(address)) {
        struct netaddr a = *address;
        a.port = port;
        text_netaddr(&t, &a);
    } else {
        text_put(&t, "*:");
        text_u64(&t, port);
    }
    import_snippet_add(snippet, "", IMPORT_SNIPPET_TOP, "listen", word);
}

/* put_all — the listeners of one address. */
static void put_all(const struct import_listener *l, struct import_snippet *snippet,
                    const struct netaddr *address)
{
    bool has_port = address && address->port != 0;
    uint16_t port = has_port ? address->port : l->port;
    if (!l->no_udp) {
        put(snippet, "udp", address, port);
    }
    if (!l->no_tcp) {
        put(snippet, "tcp", address, port);
    }
    if (!l->no_tls && !has_port && l->has_certificate) {
        put(snippet, "tls", address, l->tls_port);
    }
    if (!l->no_dtls && !has_port && l->has_certificate) {
        put(snippet, "dtls", address, l->tls_port);
    }
}

bool import_listener_finish(const struct import_listener *l, struct import_snippet *snippet)
{
    char word[WORD];
    struct text t = text_init(word, sizeof(word));
    bool has_own = false;
    for (size_t i = 0; i < l->count; i++) {
        put_all(l, snippet, &l->addresses[i]);
        has_own |= l->addresses[i].port == 0;
    }
    if (!has_own) {
        put_all(l, snippet, NULL);
    }
    if (l->has_ports && l->min_port < l->max_port) {
        text_u64(&t, l->min_port);
        text_char(&t, '-');
        text_u64(&t, l->max_port);
        import_snippet_set(snippet, "", IMPORT_SNIPPET_RELAY, "ports", word);
    }
    return !l->has_ports || l->min_port < l->max_port;
}
