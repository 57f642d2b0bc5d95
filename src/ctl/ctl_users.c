/* ctl_users — the commands about users. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_users.h"

#include "ctl/ctl_call.h"
#include "ctl/ctl_memory.h"
#include "ctl/ctl_pages.h"
#include "ctl/ctl_password.h"
#include "ctl/ctl_rights.h"
#include "ctl/ctl_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { PAGE = 1000 }; /* users in a page of a list, the most that the server gives */

static const struct ctl_column columns[] = {
    {"NAME", "name", CTL_CELL_TEXT},
    {"REALM", "realm", CTL_CELL_TEXT},
    {"TENANT", "tenant", CTL_CELL_TEXT},
    {"CHANGED", "changed", CTL_CELL_TIME},
    {"SHA256", "sha256", CTL_CELL_TEXT},
    {"ALLOCATIONS", "allocations", CTL_CELL_NUMBER},
    {"BANDWIDTH", "bandwidth", CTL_CELL_BANDWIDTH},
    {"PEERS", "peers", CTL_CELL_TEXT},
    {"CLIENT", "client", CTL_CELL_TEXT},
};

/* get_password — from wherever the options say. Returns new; NULL, said, when there is none. */
static char *get_password(const struct ctl_options *options)
{
    char why[CTL_OPTIONS_COMPLAINT_SIZE];
    struct text t = text_init(why, sizeof(why));
    char *password = options->random_password ? ctl_password_random(&t)
                     : options->file          ? ctl_password_read(options->file, &t)
                                              : ctl_password_ask("Password", &t);
    if (!password) {
        fprintf(stderr, "turnpikectl: %s\n", why);
    }
    return password;
}

/* put_password — set "md5" or "password" in a body; a password made here is left in *made, for the
 * caller to show and forget. */
static bool put_password(json_t *body, const struct ctl_options *options, char **made)
{
    *made = NULL;
    if (options->md5) {
        return ctl_rights_put_text(body, "md5", options->md5);
    }
    char *password = get_password(options);
    bool ok = password && ctl_rights_put_text(body, "password", password);
    if (ok && options->random_password) {
        *made = password;
    } else {
        ctl_memory_forget(password);
    }
    return ok;
}

/* write — POST or PATCH a user, and show what became of it. */
static bool write(const struct ctl_options *options, const char *method,
                  const struct ctl_path *path, json_t *body, const char *sentence)
{
    struct ctl_answer answer;
    char *made = NULL;
    bool ok = put_password(body, options, &made) &&
              ctl_call_or_say(options->socket, method, path, body, &answer);
    if (ok && options->json) {
        if (made) {
            json_object_set_new(answer.json, "password", json_string(made));
        }
        ctl_table_print_json(stdout, answer.json);
    } else if (ok) {
        puts(made ? made : sentence);
    }
    if (ok) {
        ctl_call_fini(&answer);
    }
    ctl_memory_forget(made);
    json_decref(body);
    return ok;
}

bool ctl_users_add(const struct ctl_options *options)
{
    struct ctl_path path;
    json_t *body = json_object();
    ctl_path_init(&path, "/v1/users");
    if (!ctl_rights_put_text(body, "name", options->word) || !ctl_rights_put(body, options)) {
        json_decref(body);
        return false;
    }
    return write(options, "POST", &path, body, "added");
}

static void path_of(struct ctl_path *path, const struct ctl_options *options)
{
    ctl_path_init(path, "/v1/users");
    ctl_path_part(path, options->word);
    ctl_path_query(path, "realm", options->realm);
}

bool ctl_users_passwd(const struct ctl_options *options)
{
    struct ctl_path path;
    path_of(&path, options);
    return write(options, "PATCH", &path, json_object(), "changed");
}

bool ctl_users_list(const struct ctl_options *options)
{
    struct ctl_path path;
    ctl_path_init(&path, "/v1/users");
    ctl_path_query(&path, "realm", options->realm);
    ctl_path_number(&path, "limit", PAGE);
    json_t *all = ctl_pages_get(options->socket, &path, "users");
    if (all && options->json) {
        ctl_table_print_json(stdout, all);
    } else if (all) {
        ctl_table_print(stdout, json_object_get(all, "users"), columns, COUNT(columns));
    }
    json_decref(all);
    return all != NULL;
}

bool ctl_users_show(const struct ctl_options *options)
{
    struct ctl_answer answer;
    struct ctl_path path;
    path_of(&path, options);
    if (!ctl_call_or_say(options->socket, "GET", &path, NULL, &answer)) {
        return false;
    }
    if (options->json) {
        ctl_table_print_json(stdout, answer.json);
    } else {
        ctl_table_print_one(stdout, answer.json, columns, COUNT(columns));
    }
    ctl_call_fini(&answer);
    return true;
}

bool ctl_users_remove(const struct ctl_options *options)
{
    struct ctl_answer answer;
    struct ctl_path path;
    path_of(&path, options);
    if (!ctl_call_or_say(options->socket, "DELETE", &path, NULL, &answer)) {
        return false;
    }
    ctl_call_fini(&answer);
    if (!options->json) {
        puts("removed");
    }
    return true;
}
