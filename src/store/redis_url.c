/* redis_url — where a Redis is, as the option `store` says it. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_url.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/netaddr.h"
#include "base/secret.h"
#include "base/text.h"

/* A URL being read, and where to complain. */
struct reading {
    struct redis_url *out;
    char *why;
    size_t room;
};

static const struct {
    const char *scheme;
    bool is_secure, is_unix, is_sentinel;
} schemes[] = {
    {"redis://", false, false, false},
    {"rediss://", true, false, false},
    {"redis+unix://", false, true, false},
    {"redis+sentinel://", false, false, true},
};

enum { SCHEMES = sizeof(schemes) / sizeof(schemes[0]) };

#define COTURN "coturn+"

__attribute__((format(printf, 2, 3))) static bool complain(const struct reading *r,
                                                           const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->why, r->room, format, arguments);
    va_end(arguments);
    return false;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    const char *at = c ? strchr(digits, lower) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* decode — `size` bytes with %XX in them. Nothing of them is quoted: they may be a password. */
static bool decode(const struct reading *r, const char *what, const char *from, size_t size,
                   char *out, size_t out_room)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        int c = (unsigned char)from[i];
        if (from[i] == '%') {
            int a = i + 1 < size ? hex_digit(from[i + 1]) : -1;
            int b = i + 2 < size ? hex_digit(from[i + 2]) : -1;
            c = a >= 0 && b >= 0 ? a << 4 | b : 0;
            i += 2;
        }
        if (c == 0) {
            return complain(r,
                            "the %s in the URL has a %% that no two hexadecimal digits but 00 "
                            "follow: write %%25 for %% itself",
                            what);
        }
        if (used + 1 >= out_room) {
            return complain(r, "the %s in the URL is longer than %zu bytes", what, out_room - 1);
        }
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return true;
}

/* read_number — a decimal number of `size` digits from `least` to `most`; -1 when it is none. */
static long read_number(const char *text, size_t size, long least, long most)
{
    long number = 0;
    if (size == 0 || size > 5) {
        return -1;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        number = number * 10 + (text[i] - '0');
    }
    return number >= least && number <= most ? number : -1;
}

static bool read_db(const struct reading *r, const char *text, size_t size)
{
    long db = read_number(text, size, 0, REDIS_URL_DB_MAX);
    if (db < 0) {
        return complain(r, "the database at the end of the URL is no number from 0 to %d",
                        REDIS_URL_DB_MAX);
    }
    r->out->db = (unsigned)db;
    return true;
}

static bool is_host_name(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    return name[0] && name[strspn(name, allowed)] == '\0';
}

static bool is_ipv6(const char *name)
{
    struct netaddr address;
    return strchr(name, ':') && netaddr_parse(name, &address);
}

/* read_host — "host", "host:port" or either with an IPv6 address in brackets. */
static bool read_host(const struct reading *r, const char *text, size_t size, uint16_t port)
{
    struct redis_url_host *host = &r->out->host[r->out->host_count];
    bool is_bracketed = size > 0 && text[0] == '[';
    const char *close = is_bracketed ? memchr(text, ']', size) : NULL;
    const char *from = is_bracketed ? text + 1 : text;
    const char *colon = memchr(text, ':', size);
    const char *end = close ? close : colon && !is_bracketed ? colon : text + size;
    const char *rest = close ? close + 1 : end;
    if ((size_t)(end - from) >= sizeof(host->name)) {
        return complain(r, "a host in the URL is longer than a host name can be");
    }
    memcpy(host->name, from, (size_t)(end - from));
    host->name[end - from] = '\0';
    host->port = port;
    if (is_bracketed ? !close || !is_ipv6(host->name) : !is_host_name(host->name)) {
        return complain(r, "the URL has no host where one belongs: write a name, an IPv4 address, "
                           "or an IPv6 address in brackets, as in redis://[2001:db8::1]:6379/0");
    }
    if (rest < text + size) {
        long number = read_number(rest + 1, (size_t)(text + size - rest) - 1, 1, UINT16_MAX);
        if (rest[0] != ':' || number < 0) {
            return complain(r, "behind the host %s stands no port from 1 to 65535", host->name);
        }
        host->port = (uint16_t)number;
    }
    r->out->host_count++;
    return true;
}

/* read_hosts — one host, or the Sentinels with commas between them. */
static bool read_hosts(const struct reading *r, const char *text, size_t size, bool is_sentinel)
{
    uint16_t port = is_sentinel ? REDIS_URL_PORT_SENTINEL : REDIS_URL_PORT;
    for (size_t at = 0; at <= size;) {
        const char *comma = is_sentinel ? memchr(text + at, ',', size - at) : NULL;
        size_t part = comma ? (size_t)(comma - text) - at : size - at;
        if (r->out->host_count == REDIS_URL_HOSTS) {
            return complain(r, "the URL has more than %d Sentinels", REDIS_URL_HOSTS);
        }
        if (!read_host(r, text + at, part, port)) {
            return false;
        }
        at += part + 1;
    }
    return true;
}

/* read_user — "user", "user:password" or ":password", as long as it has an end. */
static bool read_user(const struct reading *r, const char *text, size_t size)
{
    const char *colon = memchr(text, ':', size);
    size_t user = colon ? (size_t)(colon - text) : size;
    return decode(r, "user", text, user, r->out->user, sizeof(r->out->user)) &&
           (!colon || decode(r, "password", colon + 1, size - user - 1, r->out->password,
                             sizeof(r->out->password)));
}

/* read_socket — "/path" or "/path?db=N", behind the authority. */
static bool read_socket(const struct reading *r, const char *text)
{
    size_t size = strcspn(text, "?");
    const char *query = text[size] ? text + size + 1 : NULL;
    if (size < 2) {
        return complain(r, "the URL has no path: write redis+unix:///run/redis/redis.sock, with "
                           "three slashes");
    }
    if (query && strncmp(query, "db=", 3) != 0) {
        return complain(r, "behind the ? of the URL stands something else than db=N");
    }
    return decode(r, "path", text, size, r->out->path, sizeof(r->out->path)) &&
           (!query || read_db(r, query + 3, strlen(query + 3)));
}

/* read_place — what follows the hosts: "", "/" or "/db"; with Sentinels "/primary" or
 * "/primary/db". */
static bool read_place(const struct reading *r, const char *text, bool is_sentinel)
{
    if (strchr(text, '?')) {
        return complain(r, "the URL has a ?, which only redis+unix: knows: the database is written "
                           "/N at the end");
    }
    text += text[0] == '/';
    if (is_sentinel) {
        size_t size = strcspn(text, "/");
        if (size == 0) {
            return complain(r, "the URL does not say by which name the Sentinels know the primary: "
                               "write redis+sentinel://host/NAME");
        }
        if (!decode(r, "primary", text, size, r->out->primary, sizeof(r->out->primary))) {
            return false;
        }
        text += size;
        text += text[0] == '/';
    }
    return text[0] == '\0' || read_db(r, text, strlen(text));
}

/* read_rest — everything behind "scheme://". */
static bool read_rest(const struct reading *r, const char *text, bool is_unix, bool is_sentinel)
{
    size_t size = strcspn(text, "/?#");
    const char *at = memchr(text, '@', size);
    const char *last = strrchr(text, '@');
    if (last && last != at && !is_unix) {
        return complain(r, "an @, / or ? in the user or password of the URL is written %%40, %%2F "
                           "or %%3F");
    }
    if (strchr(text, '#')) {
        return complain(r, "the URL has a #: in a user or password it is written %%23");
    }
    if (at && !read_user(r, text, (size_t)(at - text))) {
        return false;
    }
    const char *host = at ? at + 1 : text;
    size_t left = (size_t)(text + size - host);
    if (is_unix) {
        return left > 0 ? complain(r, "the URL has a host where a path belongs: write "
                                      "redis+unix:///run/redis/redis.sock, with three slashes")
                        : read_socket(r, text + size);
    }
    return read_hosts(r, host, left, is_sentinel) && read_place(r, text + size, is_sentinel);
}

/* read_scheme — which of the four it is; SCHEMES for none. *rest is behind it. */
static size_t read_scheme(const char *text, const char **rest)
{
    size_t i = 0;
    while (i < SCHEMES && strncmp(text, schemes[i].scheme, strlen(schemes[i].scheme)) != 0) {
        i++;
    }
    *rest = text + (i < SCHEMES ? strlen(schemes[i].scheme) : 0);
    return i;
}

bool redis_url_parse(const char *text, struct redis_url *out, char *why, size_t room)
{
    struct reading r = {out, why, room};
    const char *rest;
    *out = (struct redis_url){.is_coturn = strncmp(text, COTURN, strlen(COTURN)) == 0};
    size_t i = read_scheme(text + (out->is_coturn ? strlen(COTURN) : 0), &rest);
    if (i == SCHEMES || (out->is_coturn && schemes[i].is_sentinel)) {
        return complain(&r,
                        "the URL is none of a Redis: write redis://host:6379/0, rediss://host, "
                        "redis+unix:///path%s",
                        out->is_coturn ? " with coturn+ before it"
                                       : " or redis+sentinel://host:26379/primary");
    }
    out->is_secure = schemes[i].is_secure;
    if (!read_rest(&r, rest, schemes[i].is_unix, schemes[i].is_sentinel)) {
        redis_url_wipe(out);
        return false;
    }
    return true;
}

bool redis_url_add_password(struct redis_url *url, const char *password, char *why, size_t room)
{
    struct reading r = {url, why, room};
    if (password && url->password[0]) {
        return complain(&r, "there is a password in store and one in store-password: take one out");
    }
    if (password && strlen(password) >= sizeof(url->password)) {
        return complain(&r, "the password in store-password is longer than %zu bytes",
                        sizeof(url->password) - 1);
    }
    if (password) {
        memcpy(url->password, password, strlen(password) + 1);
    }
    if (url->user[0] && !url->password[0]) {
        return complain(&r, "the URL has a user without a password: write user:password@, or put "
                            "the password into store-password");
    }
    return true;
}

void redis_url_print(const struct redis_url *url, char *out, size_t room)
{
    struct text t = text_init(out, room);
    text_put(&t, url->is_coturn ? COTURN : "");
    text_put(&t, url->primary[0]    ? "redis+sentinel://"
                 : !url->host_count ? "redis+unix://"
                 : url->is_secure   ? "rediss://"
                                    : "redis://");
    for (size_t i = 0; i < url->host_count; i++) {
        bool is_bracketed = strchr(url->host[i].name, ':') != NULL;
        text_put(&t, i ? "," : "");
        text_put(&t, is_bracketed ? "[" : "");
        text_put(&t, url->host[i].name);
        text_put(&t, is_bracketed ? "]:" : ":");
        text_u64(&t, url->host[i].port);
    }
    text_put(&t, url->path);
    text_put(&t, url->primary[0] ? "/" : "");
    text_put(&t, url->primary);
    text_put(&t, url->host_count ? "/" : "?db=");
    text_u64(&t, url->db);
}

void redis_url_wipe(struct redis_url *url)
{
    secret_wipe(url, sizeof(*url));
}
