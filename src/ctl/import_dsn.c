/* import_dsn — how to reach coturn's Redis: its own connection string, or a URL. */
/* SPDX-License-Identifier: MIT */
#include "ctl/import_dsn.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "ctl/ctl_memory.h"
#include "ctl/import_value.h"

enum { PORT = 6379, TIMEOUT = 10, TIMEOUT_MAX = 600 };

static const char no_tls[] = "turnpikectl speaks no TLS to Redis; let it come by a tunnel, or copy "
                             "the database to one nearby";

void import_dsn_fini(struct import_dsn *dsn)
{
    ctl_memory_forget(dsn->host);
    ctl_memory_forget(dsn->user);
    ctl_memory_forget(dsn->password);
    dsn->host = dsn->user = dsn->password = NULL;
}

static bool complain(struct text *why, const char *about, const char *what)
{
    text_put(why, about);
    text_put(why, what);
    return false;
}

static void set(char **field, const char *bytes, size_t size)
{
    ctl_memory_forget(*field);
    *field = ctl_memory_copy(bytes, size);
}

enum field { HOST, PORT_FIELD, DATABASE, USER, PASSWORD, TIMEOUT_FIELD, TLS, FIELD_NONE };

/* field_of — the meaning of a name; coturn has several for each. */
static enum field field_of(struct span name)
{
    static const struct {
        const char *name;
        enum field field;
    } names[] = {
        {"host", HOST},
        {"ip", HOST},
        {"addr", HOST},
        {"ipaddr", HOST},
        {"hostaddr", HOST},
        {"port", PORT_FIELD},
        {"p", PORT_FIELD},
        {"dbname", DATABASE},
        {"db", DATABASE},
        {"database", DATABASE},
        {"user", USER},
        {"uname", USER},
        {"name", USER},
        {"username", USER},
        {"password", PASSWORD},
        {"pwd", PASSWORD},
        {"passwd", PASSWORD},
        {"secret", PASSWORD},
        {"connect_timeout", TIMEOUT_FIELD},
        {"timeout", TIMEOUT_FIELD},
        {"tls", TLS},
        {"ssl", TLS},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (span_is_equal(name, span_of_text(names[i].name))) {
            return names[i].field;
        }
    }
    return FIELD_NONE;
}

/* read_number — a number of a field; empty leaves what was there. */
static bool read_number(struct span value, uint64_t least, uint64_t most, uint64_t *number)
{
    return value.size == 0 || (import_value_number(value, most, number) && *number >= least);
}

/* set_field — Returns false with a sentence. */
static bool set_field(struct import_dsn *out, enum field field, struct span value, struct text *why)
{
    const char *bytes = (const char *)value.bytes;
    uint64_t port = out->port;
    uint64_t database = out->database;
    uint64_t timeout = out->timeout;
    switch (field) {
    case HOST:
        set(&out->host, bytes, value.size);
        break;
    case USER:
        set(&out->user, bytes, value.size);
        break;
    case PASSWORD:
        set(&out->password, bytes, value.size);
        break;
    case TLS:
        if (!span_is_equal(value, span_of_text("0")) && !span_is_equal(value, span_of_text("no"))) {
            return complain(why, no_tls, "");
        }
        break;
    default:
        if ((field == PORT_FIELD && !read_number(value, 1, UINT16_MAX, &port)) ||
            (field == DATABASE && !read_number(value, 0, INT32_MAX, &database)) ||
            (field == TIMEOUT_FIELD && !read_number(value, 1, TIMEOUT_MAX, &timeout))) {
            return complain(why, field == PORT_FIELD ? "the port" : "a number", " is out of range");
        }
        break;
    }
    out->port = (uint16_t)port;
    out->database = (uint32_t)database;
    out->timeout = (uint32_t)timeout;
    return true;
}

/* parse_words — coturn's own form; values hold no blanks. */
static bool parse_words(const char *text, struct import_dsn *out, struct text *why)
{
    const char *at = text + strspn(text, " \t");
    while (*at) {
        size_t size = strcspn(at, " \t");
        const char *equals = memchr(at, '=', size);
        if (!equals) {
            return complain(why,
                            "write it as name=value name=value, as coturn's redis-userdb, or "
                            "as redis://HOST:PORT/DB",
                            "");
        }
        struct span name = {(const uint8_t *)at, (size_t)(equals - at)};
        struct span value = {(const uint8_t *)equals + 1, size - name.size - 1};
        enum field field = field_of(name);
        if (field == FIELD_NONE) {
            return complain(why,
                            "it has a name that coturn does not know; those of a connection "
                            "are host, port, dbname, user, password and connect_timeout",
                            "");
        }
        if (!set_field(out, field, value, why)) {
            return false;
        }
        at += size + strspn(at + size, " \t");
    }
    return true;
}

static int digit(char c)
{
    char low = (char)(c | 0x20);
    return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* decode — percent-encoded bytes as a new text; NULL when they are none, or hold a NUL. */
static char *decode(const char *bytes, size_t size)
{
    char *text = ctl_memory_copy(bytes, size);
    size_t out = 0;
    for (size_t i = 0; i < size; i++, out++) {
        text[out] = bytes[i];
        if (bytes[i] == '%') {
            int high = i + 2 < size ? digit(bytes[i + 1]) : -1;
            int low = i + 2 < size ? digit(bytes[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                ctl_memory_forget(text);
                return NULL;
            }
            text[out] = (char)(high << 4 | low);
            i += 2;
        }
    }
    text[out] = '\0';
    return text;
}

/* parse_who — "USER:PASSWORD", ":PASSWORD" or "USER". */
static bool parse_who(const char *who, size_t size, struct import_dsn *out, struct text *why)
{
    const char *colon = memchr(who, ':', size);
    size_t user_size = colon ? (size_t)(colon - who) : size;
    out->user = user_size > 0 ? decode(who, user_size) : NULL;
    out->password = colon ? decode(colon + 1, size - user_size - 1) : NULL;
    bool ok = (user_size == 0 || out->user) && (!colon || out->password);
    return ok || complain(why,
                          "a % in user or password is followed by two hex digits, and not by "
                          "00",
                          "");
}

/* parse_url — what is behind "redis://". */
static bool parse_url(const char *rest, struct import_dsn *out, struct text *why)
{
    size_t size = strcspn(rest, "/?#");
    const char *path = rest + size;
    const char *at = NULL;
    for (size_t i = 0; i < size; i++) {
        at = rest[i] == '@' ? rest + i : at;
    }
    if (at && !parse_who(rest, (size_t)(at - rest), out, why)) {
        return false;
    }
    const char *host = at ? at + 1 : rest;
    bool is_ipv6 = host[0] == '[';
    const char *host_end = is_ipv6 ? memchr(host, ']', (size_t)(path - host)) : NULL;
    if (is_ipv6 && !host_end) {
        return complain(why, "an IPv6 address stands in brackets", "");
    }
    const char *colon =
        memchr(host_end ? host_end : host, ':', (size_t)(path - (host_end ? host_end : host)));
    const char *name_end = host_end ? host_end : colon ? colon : path;
    set(&out->host, host + is_ipv6, (size_t)(name_end - host) - is_ipv6);
    const char *port = colon ? colon + 1 : path;
    struct span digits = {(const uint8_t *)port, (size_t)(path - port)};
    if (!set_field(out, PORT_FIELD, digits, why)) {
        return false;
    }
    if (*path == '/') {
        path++;
    }
    return set_field(out, DATABASE, span_of_text(path), why);
}

bool import_dsn_parse(const char *text, struct import_dsn *out, struct text *why)
{
    static const char scheme[] = "redis://";
    bool ok = false;
    *out = (struct import_dsn){.port = PORT, .timeout = TIMEOUT};
    if (strlen(text) > IMPORT_DSN_MAX) {
        complain(why, "it is longer than any connection string", "");
    } else if (strncmp(text, "rediss://", 9) == 0) {
        complain(why, no_tls, "");
    } else if (strncmp(text, scheme, sizeof(scheme) - 1) == 0) {
        ok = parse_url(text + sizeof(scheme) - 1, out, why);
    } else {
        ok = parse_words(text, out, why);
    }
    if (ok && (!out->host || out->host[0] == '\0')) {
        set(&out->host, "127.0.0.1", 9);
    }
    if (!ok) {
        import_dsn_fini(out);
    }
    return ok;
}
