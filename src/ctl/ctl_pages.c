/* ctl_pages — a list that the server gives in pages, put together. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_pages.h"

#include <stdio.h>
#include <string.h>

#include "ctl/ctl_call.h"

enum { PAGES_MAX = 10000 }; /* no server that is well goes on for longer */

/* append — the elements of a page to those so far. Returns where to go on, within the page; NULL:
 * it was the last. */
static const char *append(json_t *all, const json_t *page, const char *member)
{
    json_array_extend(json_object_get(all, member), json_object_get(page, member));
    const char *cursor = json_string_value(json_object_get(page, "cursor"));
    return cursor && cursor[0] ? cursor : NULL;
}

json_t *ctl_pages_get(const char *socket, const struct ctl_path *path, const char *member)
{
    struct ctl_answer page = {.json = NULL};
    const char *cursor = NULL;
    json_t *all = json_object();
    json_object_set_new(all, member, json_array());
    for (int i = 0; i < PAGES_MAX; i++) {
        struct ctl_path next;
        ctl_path_init(&next, path->bytes);
        next.has_query = path->has_query;
        ctl_path_query(&next, "cursor", cursor);
        ctl_call_fini(&page);
        if (!ctl_call_or_say(socket, "GET", &next, NULL, &page)) {
            json_decref(all);
            return NULL;
        }
        cursor = append(all, page.json, member);
        if (!cursor) {
            ctl_call_fini(&page);
            return all;
        }
    }
    fputs("turnpikectl: the list has no end; see turnpike's log\n", stderr);
    ctl_call_fini(&page);
    json_decref(all);
    return NULL;
}
