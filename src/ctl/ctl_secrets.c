/* ctl_secrets — the commands about secrets that time-limited credentials are signed with. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_secrets.h"

#include "ctl/ctl_call.h"
#include "ctl/ctl_memory.h"
#include "ctl/ctl_password.h"
#include "ctl/ctl_rights.h"
#include "ctl/ctl_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct ctl_column columns[] = {
    {"ID", "id", CTL_CELL_TEXT},
    {"REALM", "realm", CTL_CELL_TEXT},
    {"SECRET", "secret", CTL_CELL_TEXT},
    {"CREATED", "created", CTL_CELL_TIME},
    {"RETIRES", "retires", CTL_CELL_NEVER},
    {"SOURCE", "source", CTL_CELL_TEXT},
};

/* put_secret — set "secret" to the content of the file, if there is one. */
static bool put_secret(json_t *body, const struct ctl_options *options)
{
    char why[CTL_OPTIONS_COMPLAINT_SIZE];
    struct text t = text_init(why, sizeof(why));
    if (!options->file) {
        return true;
    }
    char *secret = ctl_password_read(options->file, &t);
    if (!secret) {
        fprintf(stderr, "turnpikectl: %s\n", why);
        return false;
    }
    bool ok = ctl_rights_put_text(body, "secret", secret);
    ctl_memory_forget(secret);
    return ok;
}

/* show — what the server says of one secret. */
static void show(const struct ctl_options *options, struct ctl_answer *answer)
{
    if (options->json) {
        ctl_table_print_json(stdout, answer->json);
    } else {
        ctl_table_print_one(stdout, answer->json, columns, COUNT(columns));
    }
    ctl_call_fini(answer);
}

bool ctl_secrets_add(const struct ctl_options *options)
{
    struct ctl_answer answer;
    struct ctl_path path;
    json_t *body = json_object();
    ctl_path_init(&path, "/v1/secrets");
    bool ok = ctl_rights_put_text(body, "realm", options->realm) && put_secret(body, options) &&
              ctl_call_or_say(options->socket, "POST", &path, body, &answer);
    if (ok) {
        show(options, &answer);
    }
    json_decref(body);
    return ok;
}

bool ctl_secrets_list(const struct ctl_options *options)
{
    static const struct ctl_column listed[] = {
        {"ID", "id", CTL_CELL_TEXT},
        {"CREATED", "created", CTL_CELL_TIME},
        {"RETIRES", "retires", CTL_CELL_NEVER},
        {"SOURCE", "source", CTL_CELL_TEXT},
    };
    struct ctl_answer answer;
    struct ctl_path path;
    ctl_path_init(&path, "/v1/secrets");
    ctl_path_query(&path, "realm", options->realm);
    if (!ctl_call_or_say(options->socket, "GET", &path, NULL, &answer)) {
        return false;
    }
    if (options->json) {
        ctl_table_print_json(stdout, answer.json);
    } else {
        ctl_table_print(stdout, json_object_get(answer.json, "secrets"), listed, COUNT(listed));
    }
    ctl_call_fini(&answer);
    return true;
}

bool ctl_secrets_retire(const struct ctl_options *options)
{
    struct ctl_answer answer;
    struct ctl_path path;
    ctl_path_init(&path, "/v1/secrets");
    ctl_path_part(&path, options->word);
    if (options->later.is_set) {
        ctl_path_number(&path, "after", options->later.value);
    }
    ctl_path_query(&path, "realm", options->realm);
    if (!ctl_call_or_say(options->socket, "DELETE", &path, NULL, &answer)) {
        return false;
    }
    show(options, &answer);
    return true;
}
