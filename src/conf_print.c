/* conf_print — the effective configuration in the file's own syntax. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "conf_field.h"
#include "conf_value.h"

/* print_quoted — a text in quotes, with what the syntax would take for its own escaped. */
static void print_quoted(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (strchr("\\\"$", *text)) {
            putchar('\\');
        }
        putchar(*text);
    }
    putchar('"');
}

/* print_url — with "hidden" in place of a password: what stands before the last @, behind a colon
 * if there is one; many take a lone word there for a password. */
static void print_url(const char *url)
{
    char shown[4096 + 8];
    const char *start = strstr(url, "://");
    const char *at = start ? strrchr(start, '@') : NULL;
    const char *colon = at ? memchr(start + 3, ':', (size_t)(at - start - 3)) : NULL;
    if (at) {
        const char *password = colon ? colon + 1 : start + 3;
        snprintf(shown, sizeof(shown), "%.*shidden%s", (int)(password - url), url, at);
    }
    print_quoted(at ? shown : url);
}

static void print_element(const void *element, enum options_type type)
{
    char value[CONF_VALUE_SIZE];
    struct text t = text_init(value, sizeof(value));
    switch (type) {
    case OPTIONS_ENDPOINTS:
        conf_value_put_endpoint(&t, element);
        break;
    case OPTIONS_ADDRESSES:
        text_host(&t, element);
        break;
    case OPTIONS_SERVERS:
        text_netaddr(&t, element);
        break;
    case OPTIONS_EXTERNALS:
        conf_value_put_external(&t, element);
        break;
    case OPTIONS_PREFIXES:
        conf_value_put_prefix(&t, element);
        break;
    default:
        print_quoted(options_is_hidden(type) ? "hidden" : *(char *const *)element);
        return;
    }
    print_quoted(value);
}

/* print_list — `{ "a", "b" }`; of endpoints only those that `listen` can say. */
static void print_list(const void *base, const struct options_row *row)
{
    struct conf_field_list list = conf_field_list(base, row);
    size_t size = conf_field_element_size(row->type);
    const char *before = " ";
    putchar('{');
    for (size_t i = 0; i < list.count; i++) {
        const void *element = (const char *)list.at + i * size;
        if (row->type == OPTIONS_ENDPOINTS &&
            ((const struct conf_listener *)element)->has_section) {
            continue;
        }
        fputs(before, stdout);
        print_element(element, row->type);
        before = ", ";
    }
    fputs(" }", stdout);
}

static void print_server(const struct netaddr *server)
{
    char value[CONF_VALUE_SIZE];
    struct text t = text_init(value, sizeof(value));
    if (server->family != NETADDR_NONE) {
        text_netaddr(&t, server);
    }
    print_quoted(value);
}

static void print_value(const void *base, const struct options_row *row)
{
    if (row->reload == OPTIONS_LATER) {
        print_quoted(row->standard);
    } else if (options_is_list(row->type)) {
        print_list(base, row);
    } else if (row->type == OPTIONS_TEXT || row->type == OPTIONS_NAME) {
        const char *text = conf_field_text(base, row);
        print_quoted(text ? text : "");
    } else if (row->type == OPTIONS_URL) {
        print_url(conf_field_text(base, row));
    } else if (options_is_hidden(row->type)) {
        print_quoted("hidden");
    } else if (row->type == OPTIONS_SERVER) {
        struct netaddr server;
        memcpy(&server, (const char *)base + row->field, sizeof(server));
        print_server(&server);
    } else if (row->type == OPTIONS_PORTS) {
        uint16_t ports[2];
        memcpy(ports, (const char *)base + row->field, sizeof(ports));
        printf("\"%u-%u\"", ports[0], ports[1]);
    } else {
        char value[CONF_VALUE_SIZE];
        struct text t = text_init(value, sizeof(value));
        conf_value_put(&t, row, conf_field_number(base, row));
        print_quoted(value);
    }
}

/* is_shown — whether an option has anything to say: one that is not built in only when it has a
 * default that this version follows, a password only when there is one. */
static bool is_shown(const void *base, const struct options_row *row)
{
    if (row->type == OPTIONS_PASSWORD && !conf_field_text(base, row)) {
        return false;
    }
    return row->reload != OPTIONS_LATER || (row->standard && row->standard[0] != '\0');
}

static void print_options(const void *base, enum options_section_id section, const char *indent)
{
    for (const struct options_row *r = NULL; (r = options_next(section, r));) {
        if (is_shown(base, r)) {
            printf("%s%s = ", indent, options_key(r->name));
            print_value(base, r);
            putchar('\n');
        }
    }
}

static void print_section(const void *base, enum options_section_id section, const char *indent)
{
    char deeper[16];
    snprintf(deeper, sizeof(deeper), "%s  ", indent);
    printf("%s%s {\n", indent, options_key(options_section(section)->name));
    print_options(base, section, deeper);
    printf("%s}\n", indent);
}

static void print_realm(const struct conf_realm *realm)
{
    fputs("realm ", stdout);
    print_quoted(realm->name);
    fputs(" {\n", stdout);
    for (size_t i = 0; i < realm->user_count; i++) {
        fputs("  user ", stdout);
        print_quoted(realm->users[i].name);
        printf(" { %s = \"hidden\" }\n", realm->users[i].has_key ? "key" : "password");
    }
    print_options(realm, OPTIONS_REALM, "  ");
    print_section(realm, OPTIONS_REALM_LIMITS, "  ");
    print_section(realm, OPTIONS_REALM_PEERS, "  ");
    fputs("}\n", stdout);
}

/* print_listeners — those that need a section of their own. */
static void print_listeners(const struct conf *c)
{
    for (size_t i = 0; i < c->listener_count; i++) {
        const struct conf_listener *l = &c->listeners[i];
        if (!l->has_section) {
            continue;
        }
        fputs("listener ", stdout);
        print_element(l, OPTIONS_ENDPOINTS);
        fputs(" {\n", stdout);
        print_options(l, OPTIONS_LISTENER, "  ");
        fputs("}\n", stdout);
    }
}

void conf_print(const struct conf *c)
{
    print_options(c, OPTIONS_TOP, "");
    print_listeners(c);
    for (size_t i = 0; i < c->realm_count; i++) {
        print_realm(&c->realms[i]);
    }
    print_section(c, OPTIONS_RELAY, "");
    print_section(c, OPTIONS_PEERS, "");
    print_section(c, OPTIONS_LIMITS, "");
    print_section(c, OPTIONS_TLS, "");
    print_section(c, OPTIONS_HTTP, "");
    print_section(c, OPTIONS_LOG, "");
}
