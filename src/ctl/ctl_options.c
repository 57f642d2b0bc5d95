/* ctl_options — the command line of turnpikectl. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_options.h"

#include <string.h>

#include "base/quantity.h"
#include "ctl/ctl_wrap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ON(command) (UINT32_C(1) << CTL_OPTIONS_##command)

struct command {
    const char *group; /* NULL: the command is one word */
    const char *name;
    const char *word; /* what comes behind, in --help; NULL: nothing */
    bool word_is_optional;
    const char *help;
};

static const struct command commands[CTL_OPTIONS_COMMAND_COUNT] = {
    [CTL_OPTIONS_ISSUE] = {NULL, "issue", NULL, false,
                           "Make a credential that expires, and print it as JSON with the "
                           "iceServers of a web page in it."},
    [CTL_OPTIONS_REVOKE] = {NULL, "revoke", "ID", true,
                            "End what one credential, one user or one tenant was given so far; "
                            "their sessions end on every node."},
    [CTL_OPTIONS_RESTORE] = {NULL, "restore", "ID", true, "Lift such a revocation."},
    [CTL_OPTIONS_REVOCATIONS] = {NULL, "revocations", NULL, false,
                                 "List the revocations in force."},
    [CTL_OPTIONS_USER_ADD] = {"user", "add", "NAME", false,
                              "Add a user. The password is asked for on the terminal, or read from "
                              "standard input."},
    [CTL_OPTIONS_USER_LIST] = {"user", "list", NULL, false, "List the users of the store."},
    [CTL_OPTIONS_USER_SHOW] = {"user", "show", "NAME", false, "Show one of them."},
    [CTL_OPTIONS_USER_REMOVE] = {"user", "remove", "NAME", false,
                                 "Remove a user; its sessions end on every node."},
    [CTL_OPTIONS_USER_PASSWD] = {"user", "passwd", "NAME", false,
                                 "Give a user another password, read as in user add."},
    [CTL_OPTIONS_SECRET_ADD] = {"secret", "add", NULL, false,
                                "Add a secret that time-limited credentials are signed with: a "
                                "new one, which is printed, or that of a file."},
    [CTL_OPTIONS_SECRET_LIST] = {"secret", "list", NULL, false,
                                 "List the secrets, without what is secret of them."},
    [CTL_OPTIONS_SECRET_RETIRE] = {"secret", "retire", "ID", false,
                                   "Take a secret no longer, at once or after a time."},
    [CTL_OPTIONS_KEY_ADD] = {"key", "add", NULL, false,
                             "Make a key for the HTTP interface. It is printed, this once."},
    [CTL_OPTIONS_KEY_LIST] = {"key", "list", NULL, false, "List these keys."},
    [CTL_OPTIONS_KEY_REMOVE] = {"key", "remove", "ID", false, "Remove a key."},
    [CTL_OPTIONS_SESSIONS] = {NULL, "sessions", NULL, false,
                              "List the allocations of all nodes as they are now."},
    [CTL_OPTIONS_KICK] = {NULL, "kick", "ID", false, "End one session."},
    [CTL_OPTIONS_STATUS] = {NULL, "status", NULL, false,
                            "Show the state of the server, its store and the other nodes."},
    [CTL_OPTIONS_USAGE] = {NULL, "usage", NULL, false,
                           "List what sessions have relayed, in the order it was recorded."},
    [CTL_OPTIONS_IMPORT_REDIS] =
        {"import", "coturn-redis", "CONNECTION", false,
         "Take over the users and secrets of a coturn from its Redis. "
         "CONNECTION is what coturn's redis-userdb says, or "
         "redis://[USER:PASSWORD@]HOST[:PORT][/DB], or - to read that from "
         "standard input, where nobody sees its password."},
    [CTL_OPTIONS_IMPORT_SQLITE] = {"import", "coturn-sqlite", "FILE", false,
                                   "The same from its SQLite database, coturn's userdb."},
    [CTL_OPTIONS_IMPORT_CONF] = {"import", "coturn-conf", "FILE", false,
                                 "The same from its turnserver.conf."},
};

enum kind {
    FLAG,      /* bool */
    TEXT,      /* const char * */
    PEER,      /* one more of the peers */
    NUMBER,    /* struct ctl_options_number */
    DURATION,  /* likewise, in seconds */
    BANDWIDTH, /* likewise, in bytes per second */
};

struct row {
    const char *name;
    const char *value; /* its name in --help; NULL: takes none */
    enum kind kind;
    uint32_t commands; /* that have it, a bit for each */
    size_t field;
    const char *help;
};

#define FIELD(member) offsetof(struct ctl_options, member)
#define EVERY (~UINT32_C(0))
#define IMPORTS (ON(IMPORT_REDIS) | ON(IMPORT_SQLITE) | ON(IMPORT_CONF))
#define REVOKES (ON(REVOKE) | ON(RESTORE))
#define RIGHTS (ON(ISSUE) | ON(USER_ADD))
#define USERS (ON(USER_ADD) | ON(USER_LIST) | ON(USER_SHOW) | ON(USER_REMOVE) | ON(USER_PASSWD))
#define SECRETS (ON(SECRET_ADD) | ON(SECRET_LIST) | ON(SECRET_RETIRE))

static const struct row rows[] = {
    {"--user", "NAME", TEXT, ON(ISSUE), FIELD(user), "Whose credential it is."},
    {"--user", "NAME", TEXT, REVOKES, FIELD(user),
     "Every credential issued to this user so far, and the user's own password."},
    {"--user", "NAME", TEXT, ON(SESSIONS), FIELD(user), "Sessions of this user only."},
    {"--ttl", "TIME", DURATION, ON(ISSUE), FIELD(ttl),
     "How long it is good: 90s, 30m, 1h, 7d. Default: the realm's credential-ttl."},
    {"--tenant", "LABEL", TEXT, RIGHTS, FIELD(tenant),
     "The customer it counts for: 1 to 32 letters, digits, _ and -."},
    {"--tenant", "LABEL", TEXT, REVOKES, FIELD(tenant), "Every credential of this tenant."},
    {"--tenant", "LABEL", TEXT, ON(KEY_ADD), FIELD(tenant), "The only tenant the key is for."},
    {"--tenant", "LABEL", TEXT, ON(SESSIONS), FIELD(tenant), "Sessions of this tenant only."},
    {"--random", NULL, FLAG, ON(ISSUE), FIELD(random),
     "A random credential, kept in the store, in place of a signed one, which is kept nowhere."},
    {"--not-before", "UNIX-TIME", NUMBER, ON(ISSUE), FIELD(not_before),
     "When it begins to be good, in seconds since 1970."},
    {"--password-file", "FILE", TEXT, ON(USER_ADD) | ON(USER_PASSWD), FIELD(file),
     "Read the password from a file, or with - from standard input, without its last line end."},
    {"--random-password", NULL, FLAG, ON(USER_ADD) | ON(USER_PASSWD), FIELD(random_password),
     "Make a password, and print it."},
    {"--md5", "HEX", TEXT, ON(USER_ADD) | ON(USER_PASSWD), FIELD(md5),
     "In place of a password, the MD5 of user:realm:password. Such a user cannot be "
     "authenticated by SHA-256."},
    {"--allocations", "NUMBER", NUMBER, RIGHTS, FIELD(allocations), "Allocations at a time."},
    {"--bandwidth", "AMOUNT", BANDWIDTH, RIGHTS, FIELD(bandwidth),
     "What each allocation may relay: 500kB/s, 1MB/s, 40Mbit/s."},
    {"--peer", "RANGE", PEER, RIGHTS, 0,
     "The only peers that may be reached, as 192.0.2.0/24; up to eight times. It narrows what the "
     "realm allows."},
    {"--client", "RANGE", TEXT, RIGHTS, FIELD(client),
     "The address or range that the client must come from."},
    {"--file", "FILE", TEXT, ON(SECRET_ADD), FIELD(file),
     "Read the secret from a file, or with - from standard input, without its last line end."},
    {"--after", "TIME", DURATION, ON(SECRET_RETIRE), FIELD(later),
     "How long it is still taken, as 24h: longer than any credential signed with it. Default: not "
     "at all."},
    {"--role", "ROLE", TEXT, ON(KEY_ADD), FIELD(role),
     "What the key is good for: issue (credentials), read (sessions, usage, status), admin (all)."},
    {"--label", "TEXT", TEXT, ON(KEY_ADD), FIELD(label), "A name for people, of the key's owner."},
    {"--rate", "NUMBER", NUMBER, ON(KEY_ADD), FIELD(rate),
     "Requests per second; 0, the default: no limit."},
    {"--after", "ID", TEXT, ON(USAGE), FIELD(cursor), "Begin behind the record of this id."},
    {"--limit", "NUMBER", NUMBER, ON(USAGE), FIELD(limit), "At most so many records."},
    {"--dry-run", NULL, FLAG, IMPORTS, FIELD(dry_run),
     "Change nothing; say what would be done. No server is needed."},
    {"--replace", NULL, FLAG, IMPORTS, FIELD(replace),
     "Give users that are there already the key from coturn. Default: leave them alone."},
    {"--realm", "NAME", TEXT, IMPORTS, FIELD(realm),
     "Only what belongs to this realm, and what belongs to none goes there. Default: everything, "
     "and what belongs to none to the server's first realm."},
    {"--realm", "NAME", TEXT,
     ON(ISSUE) | REVOKES | ON(REVOCATIONS) | USERS | SECRETS | ON(SESSIONS), FIELD(realm),
     "The realm. Default: the server's first."},
    {"--realm", "NAME", TEXT, ON(KEY_ADD), FIELD(realm), "The only realm the key is for."},
    {"--json", NULL, FLAG, EVERY & ~IMPORTS, FIELD(json), "Print what the server says, as JSON."},
    {"--socket", "PATH", TEXT, EVERY, FIELD(socket),
     "The server's control socket. Default: what TURNPIKE_SOCKET says, or "
     "/run/turnpike/control.sock."},
    {"--help", NULL, FLAG, EVERY, FIELD(help), "Print this, of the command if there is one."},
    {"--version", NULL, FLAG, EVERY, FIELD(version), "Print the version."},
};

enum { ROW_COUNT = COUNT(rows) };

/* complain — BEFORE + ABOUT + BEHIND. Returns false. */
static bool complain(struct text *complaint, const char *before, const char *about,
                     const char *behind)
{
    text_put(complaint, before);
    text_put(complaint, about);
    text_put(complaint, behind);
    return false;
}

/* An argument that was cut at its "=": the option's name, and its value if it has one there. */
struct given {
    char *name;
    char *value;
};

static void *field_of(struct ctl_options *out, const struct row *row)
{
    return (char *)out + row->field;
}

static bool set_number(struct ctl_options *out, const struct row *row, const char *value,
                       struct text *complaint)
{
    struct ctl_options_number *number = field_of(out, row);
    enum quantity_verdict verdict = row->kind == DURATION ? quantity_duration(value, &number->value)
                                    : row->kind == BANDWIDTH
                                        ? quantity_bandwidth(value, &number->value)
                                        : quantity_number(value, &number->value);
    number->is_set = true;
    if (verdict == QUANTITY_OK) {
        return true;
    }
    complain(complaint, row->name, " takes ",
             row->kind == DURATION    ? "a time like 90s, 30m, 24h or 7d"
             : row->kind == BANDWIDTH ? "an amount per second like 500kB/s, 1MB/s or 40Mbit/s"
                                      : "a whole number");
    return complain(complaint, ", not ", value, "");
}

static bool set_peer(struct ctl_options *out, const char *value, struct text *complaint)
{
    if (out->peer_count == CTL_OPTIONS_PEERS_MAX) {
        return complain(complaint, "--peer can be given eight times at most", "", "");
    }
    out->peers[out->peer_count++] = value;
    return true;
}

static bool set_value(struct ctl_options *out, const struct row *row, const char *value,
                      struct text *complaint)
{
    switch (row->kind) {
    case FLAG:
        *(bool *)field_of(out, row) = true;
        return true;
    case TEXT:
        *(const char **)field_of(out, row) = value;
        return true;
    case PEER:
        return set_peer(out, value, complaint);
    default:
        return set_number(out, row, value, complaint);
    }
}

/* find — the row of an option of a command; of any command when the command has no such option and
 * `command` is NONE. NULL: there is none. */
static const struct row *find(const char *name, enum ctl_options_command command)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        bool fits = command == CTL_OPTIONS_NONE || (rows[i].commands >> command & 1) != 0;
        if (fits && strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* is_option — whether an argument is one; "-" alone is a word, for standard input. */
static bool is_option(const char *argument)
{
    return argument[0] == '-' && argument[1] != '\0';
}

/* split — cut "--name=value". */
static struct given split(char *argument)
{
    char *equals = strchr(argument, '=');
    if (equals) {
        *equals = '\0';
    }
    return (struct given){argument, equals ? equals + 1 : NULL};
}

/* The words of the command line, which say what the command is. */
struct words {
    const char *at[4];
    size_t count;
};

/* collect — the words; options are stepped over. Whether an option takes a value does not depend on
 * the command. */
static bool collect(int argc, char **argv, struct words *words, struct text *complaint)
{
    for (int i = 1; i < argc; i++) {
        if (!is_option(argv[i])) {
            if (words->count == COUNT(words->at)) {
                return complain(complaint, argv[i], " is one argument too many", "");
            }
            words->at[words->count++] = argv[i];
            continue;
        }
        size_t length = strcspn(argv[i], "=");
        bool has_value = argv[i][length] == '=';
        argv[i][length] = '\0';
        const struct row *row = find(argv[i], CTL_OPTIONS_NONE);
        if (!row) {
            return complain(complaint, "there is no option ", argv[i], "; see turnpikectl --help");
        }
        i += row->value && !has_value;
        if (has_value) {
            argv[i][length] = '=';
        }
    }
    return true;
}

/* choose — the command that the words say, and how many of them it takes. */
static bool choose(const struct words *words, struct ctl_options *out, size_t *taken,
                   struct text *complaint)
{
    bool is_group = false;
    for (size_t i = 0; words->count > 0 && i < CTL_OPTIONS_COMMAND_COUNT; i++) {
        const struct command *c = &commands[i];
        is_group |= c->group && strcmp(c->group, words->at[0]) == 0;
        bool is_it = c->group ? words->count > 1 && strcmp(c->group, words->at[0]) == 0 &&
                                    strcmp(c->name, words->at[1]) == 0
                              : strcmp(c->name, words->at[0]) == 0;
        if (is_it) {
            out->command = (enum ctl_options_command)i;
            *taken = c->group ? 2 : 1;
            return true;
        }
    }
    if (words->count == 0) {
        return complain(complaint, "nothing to do; see turnpikectl --help", "", "");
    }
    const char *second = is_group && words->count > 1 ? words->at[1] : NULL;
    complain(complaint, second ? "there is no command " : "", words->at[0], second ? " " : "");
    return second     ? complain(complaint, second, "; see turnpikectl --help", "")
           : is_group ? complain(complaint, " needs a word more; see turnpikectl --help", "", "")
                      : complain(complaint, " is no command; see turnpikectl --help", "", "");
}

/* take_option — the option at argv[*at] of the command, and its value. */
static bool take_option(char **argv, int *at, struct ctl_options *out, struct text *complaint)
{
    struct given given = split(argv[*at]);
    const struct row *row = find(given.name, out->command);
    if (!row) {
        complain(complaint, commands[out->command].name, " has no option ", given.name);
        return complain(complaint, "; see turnpikectl --help", "", "");
    }
    if (!row->value) {
        return given.value ? complain(complaint, row->name, " takes no value", "")
                           : set_value(out, row, NULL, complaint);
    }
    const char *value = given.value ? given.value : argv[*at + 1];
    *at += !given.value;
    return value ? set_value(out, row, value, complaint)
                 : complain(complaint, row->name, " needs a value", "");
}

static bool take_options(int argc, char **argv, struct ctl_options *out, struct text *complaint)
{
    for (int i = 1; i < argc; i++) {
        if (is_option(argv[i]) && !take_option(argv, &i, out, complaint)) {
            return false;
        }
    }
    return true;
}

/* take_word — what the command is about. */
static bool take_word(const struct words *words, size_t taken, struct ctl_options *out,
                      struct text *complaint)
{
    const struct command *c = &commands[out->command];
    if (words->count > taken + (c->word ? 1 : 0)) {
        return complain(complaint, words->at[words->count - 1], " is one argument too many", "");
    }
    out->word = words->count > taken ? words->at[taken] : NULL;
    if (out->word && out->word[0] == '\0') {
        return complain(complaint, c->word, " is empty", "");
    }
    if (c->word && !out->word && !c->word_is_optional && !out->help) {
        complain(complaint, c->group ? c->group : "", c->group ? " " : "", c->name);
        return complain(complaint, " needs ", c->word, "");
    }
    return true;
}

/* agree — whether the options go together. */
static bool agree(const struct ctl_options *out, struct text *complaint)
{
    bool is_revoke = out->command == CTL_OPTIONS_REVOKE || out->command == CTL_OPTIONS_RESTORE;
    int scopes = (out->word != NULL) + (out->user != NULL) + (out->tenant != NULL);
    int passwords = (out->file != NULL) + (out->md5 != NULL) + (out->random_password ? 1 : 0);
    if (is_revoke && scopes != 1) {
        return complain(complaint, commands[out->command].name,
                        " needs one of ID, --user and --tenant", "");
    }
    if (passwords > 1) {
        return complain(complaint,
                        "--password-file, --md5 and --random-password exclude each other", "", "");
    }
    if (out->command == CTL_OPTIONS_KEY_ADD && !out->role) {
        return complain(complaint, "key add needs --role issue, read or admin", "", "");
    }
    return true;
}

/* is_asked — whether an option of no value is among the arguments, wherever. */
static bool is_asked(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return false;
}

bool ctl_options_parse(int argc, char **argv, const char *socket, struct ctl_options *out,
                       struct text *complaint)
{
    struct words words = {.count = 0};
    size_t taken = 0;
    *out = (struct ctl_options){.command = CTL_OPTIONS_NONE, .socket = socket};
    if (!collect(argc, argv, &words, complaint)) {
        return false;
    }
    if (words.count == 0) {
        out->help = is_asked(argc, argv, "--help");
        out->version = is_asked(argc, argv, "--version");
        if (out->help || out->version) {
            return true;
        }
    }
    if (!choose(&words, out, &taken, complaint) || !take_options(argc, argv, out, complaint)) {
        return false;
    }
    return take_word(&words, taken, out, complaint) &&
           (out->help || out->version || agree(out, complaint));
}

static void put_usage(FILE *out, const struct command *c)
{
    fprintf(out, "%s%s%s", c->group ? c->group : "", c->group ? " " : "", c->name);
    if (c->word) {
        fprintf(out, c->word_is_optional ? " [%s]" : " %s", c->word);
    }
}

static void put_options(FILE *out, uint32_t mask)
{
    enum { INDENT = 6 };
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        if ((row->commands & mask) != 0) {
            fprintf(out, "  %s%s%s\n%*s", row->name, row->value ? " " : "",
                    row->value ? row->value : "", INDENT, "");
            ctl_wrap_put(out, row->help, INDENT);
        }
    }
}

static void help_all(FILE *out)
{
    fputs("turnpikectl [--socket PATH] [--json] COMMAND...\n\n", out);
    ctl_wrap_put(out,
                 "Controls a running turnpike over its control socket. turnpikectl COMMAND --help "
                 "tells the options of a command.",
                 0);
    fputc('\n', out);
    for (size_t i = 0; i < CTL_OPTIONS_COMMAND_COUNT; i++) {
        fputs("  ", out);
        put_usage(out, &commands[i]);
        fprintf(out, "\n%*s", 6, "");
        ctl_wrap_put(out, commands[i].help, 6);
    }
    fputs("\nExit status: 0 when it was done, 1 when not, 2 for wrong usage.\n", out);
}

void ctl_options_help(FILE *out, enum ctl_options_command command)
{
    if (command == CTL_OPTIONS_NONE) {
        help_all(out);
        return;
    }
    fputs("turnpikectl ", out);
    put_usage(out, &commands[command]);
    fputs(" [OPTION]...\n\n", out);
    ctl_wrap_put(out, commands[command].help, 0);
    fputc('\n', out);
    put_options(out, UINT32_C(1) << command);
}
