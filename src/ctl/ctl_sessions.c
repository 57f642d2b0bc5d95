/* ctl_sessions — the commands about what the server does: sessions, usage, status. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_sessions.h"

#include "ctl/ctl_call.h"
#include "ctl/ctl_pages.h"
#include "ctl/ctl_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { PAGE = 1000 }; /* sessions in a page of a list, the most that the server gives */

bool ctl_sessions_list(const struct ctl_options *options)
{
    static const struct ctl_column columns[] = {
        {"ID", "id", CTL_CELL_TEXT},
        {"NODE", "node", CTL_CELL_TEXT},
        {"REALM", "realm", CTL_CELL_TEXT},
        {"USER", "user", CTL_CELL_TEXT},
        {"TENANT", "tenant", CTL_CELL_TEXT},
        {"CREDENTIAL", "credential", CTL_CELL_TEXT},
        {"CLIENT", "client", CTL_CELL_TEXT},
        {"TRANSPORT", "transport", CTL_CELL_TEXT},
        {"RELAYED", "relayed", CTL_CELL_TEXT},
        {"STARTED", "started", CTL_CELL_TIME},
        {"SENT", "sent_bytes", CTL_CELL_NUMBER},
        {"RECEIVED", "received_bytes", CTL_CELL_NUMBER},
    };
    struct ctl_path path;
    ctl_path_init(&path, "/v1/sessions");
    ctl_path_query(&path, "realm", options->realm);
    ctl_path_query(&path, "user", options->user);
    ctl_path_query(&path, "tenant", options->tenant);
    ctl_path_number(&path, "limit", PAGE);
    json_t *all = ctl_pages_get(options->socket, &path, "sessions");
    if (all && options->json) {
        ctl_table_print_json(stdout, all);
    } else if (all) {
        ctl_table_print(stdout, json_object_get(all, "sessions"), columns, COUNT(columns));
    }
    json_decref(all);
    return all != NULL;
}

bool ctl_sessions_kick(const struct ctl_options *options)
{
    enum { ACCEPTED = 202 };
    struct ctl_answer answer;
    struct ctl_path path;
    ctl_path_init(&path, "/v1/sessions");
    ctl_path_part(&path, options->word);
    if (!ctl_call_or_say(options->socket, "DELETE", &path, NULL, &answer)) {
        return false;
    }
    if (!options->json) {
        puts(answer.status == ACCEPTED ? "the node that has it was told" : "ended");
    } else if (answer.json) {
        ctl_table_print_json(stdout, answer.json);
    }
    ctl_call_fini(&answer);
    return true;
}

static void show_status(const json_t *status)
{
    static const struct ctl_column server[] = {
        {"version", "version", CTL_CELL_TEXT},
        {"node", "node", CTL_CELL_TEXT},
        {"uptime", "uptime", CTL_CELL_DURATION},
        {"draining", "draining", CTL_CELL_TEXT},
        {"allocations", "allocations", CTL_CELL_TEXT},
        {"workers", "workers", CTL_CELL_TEXT},
        {"realms", "realms", CTL_CELL_TEXT},
        {"store", "name", CTL_CELL_TEXT},
        {"store up", "up", CTL_CELL_TEXT},
        {"shared", "shared", CTL_CELL_TEXT},
        {"kept", "kept", CTL_CELL_TEXT},
    };
    static const struct ctl_column nodes[] = {
        {"NODE", "name", CTL_CELL_TEXT},           {"ALLOCATIONS", "allocations", CTL_CELL_NUMBER},
        {"SEEN", "seen", CTL_CELL_TIME},           {"VERSION", "version", CTL_CELL_TEXT},
        {"ADDRESSES", "addresses", CTL_CELL_TEXT},
    };
    const json_t *others = json_object_get(status, "nodes");
    json_t *flat = json_copy((json_t *)(uintptr_t)status);
    json_object_update(flat, json_object_get(status, "store"));
    ctl_table_print_one(stdout, flat, server, COUNT(server));
    json_decref(flat);
    if (json_array_size(others) > 0) {
        putchar('\n');
        ctl_table_print(stdout, others, nodes, COUNT(nodes));
    }
}

bool ctl_sessions_status(const struct ctl_options *options)
{
    struct ctl_answer answer;
    struct ctl_path path;
    ctl_path_init(&path, "/v1/status");
    if (!ctl_call_or_say(options->socket, "GET", &path, NULL, &answer)) {
        return false;
    }
    if (options->json) {
        ctl_table_print_json(stdout, answer.json);
    } else {
        show_status(answer.json);
    }
    ctl_call_fini(&answer);
    return true;
}

bool ctl_sessions_usage(const struct ctl_options *options)
{
    static const struct ctl_column columns[] = {
        {"ID", "id", CTL_CELL_TEXT},
        {"AT", "at", CTL_CELL_TIME},
        {"EVENT", "event", CTL_CELL_TEXT},
        {"NODE", "node", CTL_CELL_TEXT},
        {"SESSION", "session", CTL_CELL_TEXT},
        {"REALM", "realm", CTL_CELL_TEXT},
        {"USER", "user", CTL_CELL_TEXT},
        {"TENANT", "tenant", CTL_CELL_TEXT},
        {"CLIENT", "client", CTL_CELL_TEXT},
        {"TRANSPORT", "transport", CTL_CELL_TEXT},
        {"SECONDS", "seconds", CTL_CELL_NUMBER},
        {"SENT", "sent_bytes", CTL_CELL_NUMBER},
        {"RECEIVED", "received_bytes", CTL_CELL_NUMBER},
        {"REASON", "reason", CTL_CELL_TEXT},
    };
    struct ctl_answer answer;
    struct ctl_path path;
    ctl_path_init(&path, "/v1/usage");
    ctl_path_query(&path, "after", options->cursor);
    if (options->limit.is_set) {
        ctl_path_number(&path, "limit", options->limit.value);
    }
    if (!ctl_call_or_say(options->socket, "GET", &path, NULL, &answer)) {
        return false;
    }
    if (options->json) {
        ctl_table_print_json(stdout, answer.json);
    } else {
        ctl_table_print(stdout, json_object_get(answer.json, "usage"), columns, COUNT(columns));
    }
    ctl_call_fini(&answer);
    return true;
}
