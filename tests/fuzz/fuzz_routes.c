/* fuzz_routes — any text as a path of the HTTP interface, for every method: the names within it
 * fit, and lead to the same route when they are escaped anew. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manage/routes.h"

enum { PATH_MAX_SIZE = 4096 };

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* escape — every byte of a name as %XX. */
static char *escape(char *out, const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out += sprintf(out, "%%%02X", (unsigned char)name[i]);
    }
    return out;
}

/* path_of — the path of a route with the names that a call has. The caller frees it. */
static char *path_of(const struct route *route, const struct call *call)
{
    char *path = malloc(strlen(route->path) + 3 * 2 * CALL_NAME_MAX + 1);
    char *out = path;
    int taken = 0;
    insist(path != NULL);
    for (const char *c = route->path; *c; c++) {
        if (*c != '*') {
            *out++ = *c;
        } else if (taken++ == 0) {
            out = escape(out, call->name, call->name_size);
        } else {
            out = escape(out, call->more, call->more_size);
        }
    }
    *out = '\0';
    return path;
}

static void check_names(const struct route *route, const struct call *call, struct call *again)
{
    char allowed[64];
    insist(call->name_size <= CALL_NAME_MAX && call->name[call->name_size] == '\0');
    insist(call->more_size <= CALL_NAME_MAX && call->more[call->more_size] == '\0');
    char *path = path_of(route, call);
    insist(routes_find(route->method, path, allowed) == route);
    insist(routes_fill(route, path, again));
    insist(again->name_size == call->name_size && again->more_size == call->more_size);
    insist(memcmp(again->name, call->name, call->name_size) == 0);
    insist(memcmp(again->more, call->more, call->more_size) == 0);
    free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE", "PUT"};
    char path[PATH_MAX_SIZE];
    struct call *calls = calloc(2, sizeof(*calls));
    insist(calls != NULL);
    size = size < sizeof(path) ? size : sizeof(path) - 1;
    memcpy(path, bytes, size);
    path[size] = '\0';
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        char allowed[64];
        const struct route *route = routes_find(methods[i], path, allowed);
        insist(route || !strstr(allowed, methods[i])); /* nor is it said to be there */
        if (route && routes_fill(route, path, &calls[0])) {
            check_names(route, &calls[0], &calls[1]);
        }
    }
    free(calls);
    return 0;
}
