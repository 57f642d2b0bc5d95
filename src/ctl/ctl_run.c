/* ctl_run — does what the command line says. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_run.h"

#include "ctl/ctl_credentials.h"
#include "ctl/ctl_import.h"
#include "ctl/ctl_keys.h"
#include "ctl/ctl_secrets.h"
#include "ctl/ctl_sessions.h"
#include "ctl/ctl_users.h"

typedef bool (*command_function)(const struct ctl_options *options);

static const command_function functions[CTL_OPTIONS_COMMAND_COUNT] = {
    [CTL_OPTIONS_ISSUE] = ctl_credentials_issue,
    [CTL_OPTIONS_REVOKE] = ctl_credentials_revoke,
    [CTL_OPTIONS_RESTORE] = ctl_credentials_restore,
    [CTL_OPTIONS_REVOCATIONS] = ctl_credentials_revocations,
    [CTL_OPTIONS_USER_ADD] = ctl_users_add,
    [CTL_OPTIONS_USER_LIST] = ctl_users_list,
    [CTL_OPTIONS_USER_SHOW] = ctl_users_show,
    [CTL_OPTIONS_USER_REMOVE] = ctl_users_remove,
    [CTL_OPTIONS_USER_PASSWD] = ctl_users_passwd,
    [CTL_OPTIONS_SECRET_ADD] = ctl_secrets_add,
    [CTL_OPTIONS_SECRET_LIST] = ctl_secrets_list,
    [CTL_OPTIONS_SECRET_RETIRE] = ctl_secrets_retire,
    [CTL_OPTIONS_KEY_ADD] = ctl_keys_add,
    [CTL_OPTIONS_KEY_LIST] = ctl_keys_list,
    [CTL_OPTIONS_KEY_REMOVE] = ctl_keys_remove,
    [CTL_OPTIONS_SESSIONS] = ctl_sessions_list,
    [CTL_OPTIONS_KICK] = ctl_sessions_kick,
    [CTL_OPTIONS_STATUS] = ctl_sessions_status,
    [CTL_OPTIONS_USAGE] = ctl_sessions_usage,
    [CTL_OPTIONS_IMPORT_REDIS] = ctl_import_redis,
    [CTL_OPTIONS_IMPORT_SQLITE] = ctl_import_sqlite,
    [CTL_OPTIONS_IMPORT_CONF] = ctl_import_conf,
};

enum ctl_run_status ctl_run(const struct ctl_options *options)
{
    if (options->version) {
        puts("turnpikectl " PACKAGE_VERSION);
        return CTL_RUN_DONE;
    }
    if (options->help) {
        ctl_options_help(stdout, options->command);
        return CTL_RUN_DONE;
    }
    bool ok = functions[options->command](options);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("turnpikectl: standard output");
        ok = false;
    }
    return ok ? CTL_RUN_DONE : CTL_RUN_FAILED;
}
