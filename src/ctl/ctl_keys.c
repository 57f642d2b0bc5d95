/* ctl_keys — the commands about keys for the HTTP interface. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_keys.h"

#include "ctl/ctl_call.h"
#include "ctl/ctl_rights.h"
#include "ctl/ctl_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool ctl_keys_add(const struct ctl_options *options)
{
    static const struct ctl_column columns[] = {
        {"ID", "id", CTL_CELL_TEXT},
        {"KEY", "key", CTL_CELL_TEXT},
    };
    struct ctl_answer answer;
    struct ctl_path path;
    json_t *body = json_object();
    ctl_path_init(&path, "/v1/keys");
    ctl_rights_put_number(body, "rate", options->rate);
    bool ok = ctl_rights_put_text(body, "role", options->role) &&
              ctl_rights_put_text(body, "label", options->label) &&
              ctl_rights_put_text(body, "tenant", options->tenant) &&
              ctl_rights_put_text(body, "realm", options->realm) &&
              ctl_call_or_say(options->socket, "POST", &path, body, &answer);
    if (ok && options->json) {
        ctl_table_print_json(stdout, answer.json);
    } else if (ok) {
        ctl_table_print_one(stdout, answer.json, columns, COUNT(columns));
    }
    if (ok) {
        ctl_call_fini(&answer);
    }
    json_decref(body);
    return ok;
}

bool ctl_keys_list(const struct ctl_options *options)
{
    static const struct ctl_column columns[] = {
        {"ID", "id", CTL_CELL_TEXT},           {"ROLE", "role", CTL_CELL_TEXT},
        {"LABEL", "label", CTL_CELL_TEXT},     {"TENANT", "tenant", CTL_CELL_TEXT},
        {"REALM", "realm", CTL_CELL_TEXT},     {"RATE", "rate", CTL_CELL_RATE},
        {"CREATED", "created", CTL_CELL_TIME},
    };
    struct ctl_answer answer;
    struct ctl_path path;
    ctl_path_init(&path, "/v1/keys");
    if (!ctl_call_or_say(options->socket, "GET", &path, NULL, &answer)) {
        return false;
    }
    if (options->json) {
        ctl_table_print_json(stdout, answer.json);
    } else {
        ctl_table_print(stdout, json_object_get(answer.json, "keys"), columns, COUNT(columns));
    }
    ctl_call_fini(&answer);
    return true;
}

bool ctl_keys_remove(const struct ctl_options *options)
{
    struct ctl_answer answer;
    struct ctl_path path;
    ctl_path_init(&path, "/v1/keys");
    ctl_path_part(&path, options->word);
    if (!ctl_call_or_say(options->socket, "DELETE", &path, NULL, &answer)) {
        return false;
    }
    ctl_call_fini(&answer);
    if (!options->json) {
        puts("removed");
    }
    return true;
}
