/* routes — every path of the management interface, in one table.
 * Pure, control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_ROUTES_H
#define MANAGE_ROUTES_H

#include "manage/call.h"

enum route_reach {
    ROUTE_TENANT, /* only what the key's tenant has */
    ROUTE_REALM,
    ROUTE_ALL,
};

struct route {
    const char *method;
    const char *path;       /* "*" is a part of a path that gets into call.name, then call.more */
    enum api_key_role role; /* least that is needed: ADMIN may all; READ and ISSUE their own */
    bool is_form;           /* the body is a form, not JSON */
    bool has_own_key;       /* the key may be a parameter */
    enum route_reach reach; /* what is seen and changed: a key for less may not */
    void (*handle)(struct call *call);
};

/* routes_find — the route of a method and a path without its query. Returns NULL when there is
 * none; *allowed then gets the methods that the path has, "" for none. */
const struct route *routes_find(const char *method, const char *path, char allowed[64]);

/* routes_fill — take the parts of the path that the route leaves open, decoded, into the call.
 * Returns false when one is too long or no text. */
bool routes_fill(const struct route *route, const char *path, struct call *call);

/* routes_all — the table; *count gets its size. Borrowed, lives for ever. */
const struct route *routes_all(size_t *count);

#endif
