/* ctl_import — the commands that take over what a coturn has. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_import.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/ctl_call.h"
#include "ctl/ctl_clean.h"
#include "ctl/ctl_memory.h"
#include "ctl/ctl_password.h"
#include "ctl/ctl_rights.h"
#include "ctl/import_conf.h"
#include "ctl/import_redis.h"
#include "ctl/import_sqlite.h"

/* What one import needs and counts. */
struct import {
    const struct ctl_options *options;
    uint64_t users, secrets, lines; /* the last: not carried over */
};

/* say — a line on standard error; `first` and `second` come from strangers. */
static void say(const char *before, const char *first, const char *between, const char *second)
{
    char *clean_first = ctl_clean_new(first, strlen(first));
    char *clean_second = ctl_clean_new(second, strlen(second));
    fprintf(stderr, "%s%s%s%s\n", before, clean_first, between, clean_second);
    free(clean_first);
    free(clean_second);
}

static void skip(void *context, const char *where, const char *reason)
{
    struct import *import = context;
    say("", where, ": ", reason);
    import->lines++;
}

/* Statuses of the interface that are about one record, after which the next may be fine. */
static bool is_about_record(int status)
{
    return status == 400 || status == 404 || status == 409 || status == 413;
}

/* judge — what became of a record that was sent. Returns false when it makes no sense to go on. */
static bool judge(struct import *import, const char *where, enum ctl_call_verdict verdict,
                  struct ctl_answer *answer, uint64_t *count)
{
    bool goes_on = true;
    if (verdict == CTL_CALL_DONE) {
        ++*count;
    } else if (verdict == CTL_CALL_REFUSED && is_about_record(answer->status)) {
        skip(import, where, answer->why);
    } else {
        fprintf(stderr, "turnpikectl: %s\n", answer->why);
        goes_on = false;
    }
    ctl_call_fini(answer);
    return goes_on;
}

/* replace — give a user that is there already another key. */
static enum ctl_call_verdict replace(const struct import *import, const struct import_user *user,
                                     struct ctl_answer *answer)
{
    struct ctl_path path;
    json_t *body = json_object();
    ctl_path_init(&path, "/v1/users");
    ctl_path_part(&path, user->name);
    ctl_path_query(&path, "realm", user->realm[0] ? user->realm : NULL);
    (void)ctl_rights_put_text(body, "md5", user->md5);
    (void)ctl_rights_put_text(body, "password", user->password);
    enum ctl_call_verdict verdict =
        ctl_call(import->options->socket, "PATCH", path.bytes, body, answer);
    json_decref(body);
    return verdict;
}

static bool take_user(void *context, const char *where, const struct import_user *user)
{
    enum { TAKEN = 409 };
    struct import *import = context;
    struct ctl_answer answer;
    if (import->options->dry_run) {
        say("would add the user ", user->name, " of ",
            user->realm[0] ? user->realm : "the first realm");
        import->users++;
        return true;
    }
    json_t *body = json_object();
    (void)ctl_rights_put_text(body, "name", user->name);
    (void)ctl_rights_put_text(body, "realm", user->realm[0] ? user->realm : NULL);
    (void)ctl_rights_put_text(body, "md5", user->md5);
    (void)ctl_rights_put_text(body, "password", user->password);
    enum ctl_call_verdict verdict =
        ctl_call(import->options->socket, "POST", "/v1/users", body, &answer);
    json_decref(body);
    if (answer.status == TAKEN && !import->options->replace) {
        ctl_call_fini(&answer);
        skip(import, where,
             "turnpike has a user of that name already, which was left alone; "
             "--replace gives it this key");
        return true;
    }
    if (answer.status == TAKEN) {
        ctl_call_fini(&answer);
        verdict = replace(import, user, &answer);
    }
    return judge(import, where, verdict, &answer, &import->users);
}

static bool take_secret(void *context, const char *where, const char *realm, const char *secret)
{
    struct import *import = context;
    struct ctl_answer answer;
    if (import->options->dry_run) {
        say("would add the secret at ", where, " to ", realm[0] ? realm : "the first realm");
        import->secrets++;
        return true;
    }
    json_t *body = json_object();
    (void)ctl_rights_put_text(body, "secret", secret);
    (void)ctl_rights_put_text(body, "realm", realm[0] ? realm : NULL);
    enum ctl_call_verdict verdict =
        ctl_call(import->options->socket, "POST", "/v1/secrets", body, &answer);
    json_decref(body);
    return judge(import, where, verdict, &answer, &import->secrets);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void put_counts(const struct import *import)
{
    fprintf(stderr, "%s%llu user%s, %llu secret%s imported, %llu line%s not carried over\n",
            import->options->dry_run ? "nothing was changed; otherwise: " : "",
            (unsigned long long)import->users, plural(import->users),
            (unsigned long long)import->secrets, plural(import->secrets),
            (unsigned long long)import->lines, plural(import->lines));
}

typedef enum import_result (*source_function)(const char *word, const struct import_sink *sink,
                                              struct text *why);

static bool run(const struct ctl_options *options, source_function read_source)
{
    struct import import = {.options = options};
    char why[IMPORT_SINK_WHY_SIZE * 2] = "";
    struct text t = text_init(why, sizeof(why));
    struct import_sink sink = {
        .context = &import,
        .snippet = import_snippet_new(),
        .realm = options->realm,
        .user = take_user,
        .secret = take_secret,
        .skip = skip,
    };
    enum import_result result = read_source(options->word, &sink, &t);
    if (result == IMPORT_FAILED) {
        say("turnpikectl: ", why, "", "");
    }
    if (result == IMPORT_DONE) {
        import_snippet_print(sink.snippet, stdout);
    }
    put_counts(&import);
    import_snippet_free(sink.snippet);
    return result == IMPORT_DONE;
}

/* read_redis — from what the connection string names; "-": it is read from standard input. */
static enum import_result read_redis(const char *word, const struct import_sink *sink,
                                     struct text *why)
{
    struct import_dsn dsn;
    char *typed = strcmp(word, "-") == 0 ? ctl_password_read("-", why) : NULL;
    bool is_there = typed || strcmp(word, "-") != 0;
    enum import_result result = IMPORT_FAILED;
    if (is_there && import_dsn_parse(typed ? typed : word, &dsn, why)) {
        result = import_redis_read(&dsn, sink, why);
        import_dsn_fini(&dsn);
    }
    ctl_memory_forget(typed);
    return result;
}

bool ctl_import_redis(const struct ctl_options *options)
{
    return run(options, read_redis);
}

bool ctl_import_sqlite(const struct ctl_options *options)
{
    return run(options, import_sqlite_file);
}

bool ctl_import_conf(const struct ctl_options *options)
{
    return run(options, import_conf_file);
}
