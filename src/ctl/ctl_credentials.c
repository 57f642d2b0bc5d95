/* ctl_credentials — the commands about issued credentials and their revocation. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_credentials.h"

#include "ctl/ctl_call.h"
#include "ctl/ctl_rights.h"
#include "ctl/ctl_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool ctl_credentials_issue(const struct ctl_options *options)
{
    struct ctl_answer answer;
    struct ctl_path path;
    json_t *body = json_object();
    ctl_path_init(&path, "/v1/credentials");
    ctl_rights_put_number(body, "ttl", options->ttl);
    ctl_rights_put_number(body, "not_before", options->not_before);
    if (options->random) {
        json_object_set_new(body, "kind", json_string("random"));
    }
    bool ok = ctl_rights_put_text(body, "user", options->user) && ctl_rights_put(body, options) &&
              ctl_call_or_say(options->socket, "POST", &path, body, &answer);
    if (ok) {
        ctl_table_print_json(stdout, answer.json);
        ctl_call_fini(&answer);
    }
    json_decref(body);
    return ok;
}

/* show_done — what the server says of a change, or a sentence where it says nothing. */
static void show_done(const struct ctl_options *options, struct ctl_answer *answer,
                      const char *sentence)
{
    if (options->json && answer->json) {
        ctl_table_print_json(stdout, answer->json);
    } else if (!options->json) {
        puts(sentence);
    }
    ctl_call_fini(answer);
}

/* revoke_many — of a user or a tenant. */
static bool revoke_many(const struct ctl_options *options)
{
    struct ctl_answer answer;
    struct ctl_path path;
    json_t *body = json_object();
    ctl_path_init(&path, "/v1/revocations");
    bool ok = ctl_rights_put_text(body, "user", options->user) &&
              ctl_rights_put_text(body, "tenant", options->tenant) &&
              ctl_rights_put_text(body, "realm", options->realm) &&
              ctl_call_or_say(options->socket, "POST", &path, body, &answer);
    if (ok) {
        show_done(options, &answer, "revoked");
    }
    json_decref(body);
    return ok;
}

bool ctl_credentials_revoke(const struct ctl_options *options)
{
    struct ctl_answer answer;
    struct ctl_path path;
    if (!options->word) {
        return revoke_many(options);
    }
    ctl_path_init(&path, "/v1/credentials");
    ctl_path_part(&path, options->word);
    ctl_path_query(&path, "realm", options->realm);
    if (!ctl_call_or_say(options->socket, "DELETE", &path, NULL, &answer)) {
        return false;
    }
    show_done(options, &answer, "revoked");
    return true;
}

bool ctl_credentials_restore(const struct ctl_options *options)
{
    struct ctl_answer answer;
    struct ctl_path path;
    ctl_path_init(&path, "/v1/revocations");
    ctl_path_part(&path, options->word ? "credential" : options->user ? "user" : "tenant");
    ctl_path_part(&path, options->word   ? options->word
                         : options->user ? options->user
                                         : options->tenant);
    ctl_path_query(&path, "realm", options->realm);
    if (!ctl_call_or_say(options->socket, "DELETE", &path, NULL, &answer)) {
        return false;
    }
    show_done(options, &answer, "restored");
    return true;
}

bool ctl_credentials_revocations(const struct ctl_options *options)
{
    static const struct ctl_column columns[] = {
        {"SCOPE", "scope", CTL_CELL_TEXT},
        {"VALUE", "value", CTL_CELL_TEXT},
        {"REVOKED", "at", CTL_CELL_TIME},
        {"FORGOTTEN", "until", CTL_CELL_NEVER},
    };
    struct ctl_answer answer;
    struct ctl_path path;
    ctl_path_init(&path, "/v1/revocations");
    ctl_path_query(&path, "realm", options->realm);
    if (!ctl_call_or_say(options->socket, "GET", &path, NULL, &answer)) {
        return false;
    }
    if (options->json) {
        ctl_table_print_json(stdout, answer.json);
    } else {
        ctl_table_print(stdout, json_object_get(answer.json, "revocations"), columns,
                        COUNT(columns));
    }
    ctl_call_fini(&answer);
    return true;
}
