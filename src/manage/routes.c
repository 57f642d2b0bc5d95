/* routes — every path of the management interface, in one table. */
/* SPDX-License-Identifier: MIT */
#include "manage/routes.h"

#include <string.h>

#include "base/text.h"
#include "manage/issue.h"
#include "manage/keys.h"
#include "manage/revocations.h"
#include "manage/secrets.h"
#include "manage/sessions.h"
#include "manage/status.h"
#include "manage/users.h"

static const struct route table[] = {
    {"POST", "/v1/credentials", API_KEY_ISSUE, false, false, ROUTE_TENANT, issue_native},
    {"DELETE", "/v1/credentials/*", API_KEY_ISSUE, false, false, ROUTE_TENANT,
     revocations_credential},
    {"GET", "/turn", API_KEY_ISSUE, false, true, ROUTE_TENANT, issue_rest},
    {"POST", "/turn", API_KEY_ISSUE, true, true, ROUTE_TENANT, issue_rest},
    {"POST", "/2010-04-01/Accounts/*/Tokens.json", API_KEY_ISSUE, true, false, ROUTE_TENANT,
     issue_twilio},
    {"GET", "/v1/revocations", API_KEY_ADMIN, false, false, ROUTE_REALM, revocations_list},
    {"POST", "/v1/revocations", API_KEY_ADMIN, false, false, ROUTE_REALM, revocations_make},
    {"DELETE", "/v1/revocations/*/*", API_KEY_ADMIN, false, false, ROUTE_REALM, revocations_lift},
    {"GET", "/v1/users", API_KEY_ADMIN, false, false, ROUTE_REALM, users_list},
    {"POST", "/v1/users", API_KEY_ADMIN, false, false, ROUTE_REALM, users_add},
    {"GET", "/v1/users/*", API_KEY_ADMIN, false, false, ROUTE_REALM, users_show},
    {"PATCH", "/v1/users/*", API_KEY_ADMIN, false, false, ROUTE_REALM, users_change},
    {"DELETE", "/v1/users/*", API_KEY_ADMIN, false, false, ROUTE_REALM, users_remove},
    {"GET", "/v1/secrets", API_KEY_ADMIN, false, false, ROUTE_REALM, secrets_list},
    {"POST", "/v1/secrets", API_KEY_ADMIN, false, false, ROUTE_REALM, secrets_add},
    {"DELETE", "/v1/secrets/*", API_KEY_ADMIN, false, false, ROUTE_REALM, secrets_retire},
    {"GET", "/v1/keys", API_KEY_ADMIN, false, false, ROUTE_ALL, keys_list},
    {"POST", "/v1/keys", API_KEY_ADMIN, false, false, ROUTE_ALL, keys_add},
    {"DELETE", "/v1/keys/*", API_KEY_ADMIN, false, false, ROUTE_ALL, keys_remove},
    {"GET", "/v1/sessions", API_KEY_READ, false, false, ROUTE_TENANT, sessions_list},
    {"DELETE", "/v1/sessions/*", API_KEY_ADMIN, false, false, ROUTE_ALL, sessions_kick},
    {"GET", "/v1/usage", API_KEY_READ, false, false, ROUTE_ALL, sessions_usage},
    {"GET", "/v1/status", API_KEY_READ, false, false, ROUTE_TENANT, status_show},
};

enum { COUNT = sizeof(table) / sizeof(table[0]) };

const struct route *routes_all(size_t *count)
{
    *count = COUNT;
    return table;
}

/* part — the size of a path up to the next slash. */
static size_t part(const char *path)
{
    return strcspn(path, "/");
}

static bool matches(const char *pattern, const char *path)
{
    while (*pattern && *path) {
        if (*pattern == '*') {
            size_t size = part(path);
            if (size == 0) {
                return false;
            }
            path += size;
            pattern++;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return !*pattern && !*path;
}

const struct route *routes_find(const char *method, const char *path, char allowed[64])
{
    struct text t = text_init(allowed, 64);
    for (int i = 0; i < COUNT; i++) {
        if (!matches(table[i].path, path)) {
            continue;
        }
        if (strcmp(table[i].method, method) == 0) {
            return &table[i];
        }
        text_put(&t, t.used ? ", " : "");
        text_put(&t, table[i].method);
    }
    return NULL;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* decode — %XX and all else as it is. Returns false when it does not fit or is cut off. */
static bool decode(const char *from, size_t size, char *out, size_t *out_size)
{
    *out_size = 0;
    for (size_t i = 0; i < size; i++) {
        int c = (unsigned char)from[i];
        if (c == '%') {
            bool has_both = i + 2 < size;
            int high = has_both ? hex_value(from[i + 1]) : -1;
            int low = has_both ? hex_value(from[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            c = high << 4 | low;
            i += 2;
        }
        if (*out_size == CALL_NAME_MAX) {
            return false;
        }
        out[(*out_size)++] = (char)c;
    }
    out[*out_size] = '\0';
    return true;
}

bool routes_fill(const struct route *route, const char *path, struct call *call)
{
    const char *pattern = route->path;
    int taken = 0;
    bool ok = true;
    while (ok && *pattern && *path) {
        if (*pattern == '*') {
            size_t size = part(path);
            ok = taken == 0 ? decode(path, size, call->name, &call->name_size)
                            : decode(path, size, call->more, &call->more_size);
            taken++;
            path += size;
            pattern++;
        } else {
            pattern++;
            path++;
        }
    }
    return ok;
}
