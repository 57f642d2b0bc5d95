/* probe_options — the command line of turnpike-probe. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "wire/stun.h"
#include "probe/probe_credential.h"
#include "probe/probe_wrap.h"

enum {
    TIMEOUT = 5, /* seconds where none is said */
    TIMEOUT_MAX = 60,
    SECRET_MAX = 4096, /* bytes of a file with a password or secret */
};

enum kind {
    FLAG,    /* bool, no value */
    TEXT,    /* char * */
    HIDDEN,  /* char *: a password or secret, or file:NAME */
    SECONDS, /* uint32_t */
    DIGEST,  /* bool: "sha256", not "sha1" */
    WAY,     /* enum probe_options_transport */
    COMMAND, /* enum probe_options_command of `number` */
};

struct row {
    const char *name;
    enum kind kind;
    int number;
    size_t field;
    const char *value; /* its name in --help; NULL: takes none */
    const char *help;
};

#define FIELD(member) offsetof(struct probe_options, member)

static const struct row rows[] = {
    {"--user", TEXT, 0, FIELD(user), "NAME", "Who to be, for turn: and turns: URIs."},
    {"--password", HIDDEN, 0, FIELD(password), "PASSWORD",
     "The user's password. file:NAME reads it from a file."},
    {"--secret", HIDDEN, 0, FIELD(secret), "SECRET",
     "Instead of both: make a credential for ten minutes from the server's secret for time-limited "
     "credentials. file:NAME reads it from a file."},
    {"--secret-digest", DIGEST, 0, FIELD(secret_sha256), "sha1|sha256",
     "How the server hashes that secret. Default: sha1."},
    {"--sha256", FLAG, 0, FIELD(sha256), NULL,
     "Sign by SHA-256 (RFC 8489). Default: as browsers do."},
    {"--transport", WAY, 0, FIELD(transport), "udp|tcp",
     "What stun: and stuns: URIs cannot say. Default: udp, and with TLS tcp."},
    {"--ca", TEXT, 0, FIELD(roots), "FILE",
     "Believe the certificates in this PEM file and not the system's authorities."},
    {"--insecure", FLAG, 0, FIELD(insecure), NULL,
     "Go on where the server's certificate is wrong: what is wrong becomes a warning."},
    {"--ipv4", FLAG, 0, FIELD(ipv4_only), NULL, "Check the server's IPv4 addresses only."},
    {"--ipv6", FLAG, 0, FIELD(ipv6_only), NULL, "Check the server's IPv6 addresses only."},
    {"--timeout", SECONDS, 0, FIELD(timeout), "SECONDS",
     "How long to wait for each answer, 1 to 60. Default: 5."},
    {"--json", FLAG, 0, FIELD(json), NULL, "Print one JSON object."},
    {"--verbose", FLAG, 0, FIELD(verbose), NULL, "Print every message to standard error."},
    {"--help", COMMAND, PROBE_OPTIONS_HELP, 0, NULL, "Print this and exit."},
    {"--version", COMMAND, PROBE_OPTIONS_VERSION, 0, NULL, "Print the version and exit."},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

/* complain — "a quoted b". Returns false, for the caller to return. */
static bool complain(struct text *t, const char *before, const char *quoted, const char *after)
{
    text_put(t, before);
    text_put(t, quoted);
    text_put(t, after);
    return false;
}

static char *copy_of(const char *string, size_t size)
{
    char *copy = malloc(size + 1);
    if (!copy) {
        abort();
    }
    memcpy(copy, string, size);
    copy[size] = '\0';
    return copy;
}

static void forget(char *string)
{
    if (string) {
        secret_wipe(string, strlen(string));
        free(string);
    }
}

static void put_text(struct probe_options *out, const struct row *row, char *value)
{
    char **member = (char **)(void *)((char *)out + row->field);
    forget(*member);
    *member = value;
}

static void put_flag(struct probe_options *out, const struct row *row, bool value)
{
    *(bool *)((char *)out + row->field) = value;
}

/* read_file — a file without its last line end. */
static bool read_file(const struct row *row, const char *name, char **value, struct text *complaint)
{
    char bytes[SECRET_MAX];
    FILE *file = fopen(name, "re");
    size_t size = file ? fread(bytes, 1, sizeof(bytes), file) : 0;
    bool is_read = file && !ferror(file);
    int reason = errno;
    if (file) {
        fclose(file);
    }
    if (!is_read) {
        complain(complaint, row->name, " cannot be read from ", name);
        return complain(complaint, ": ", strerror(reason), "");
    }
    if (size == sizeof(bytes) || memchr(bytes, '\0', size)) {
        return complain(complaint, name, " is no file with one password or secret", "");
    }
    size -= size > 0 && bytes[size - 1] == '\n';
    size -= size > 0 && bytes[size - 1] == '\r';
    *value = copy_of(bytes, size);
    secret_wipe(bytes, sizeof(bytes));
    return true;
}

static bool set_hidden(struct probe_options *out, const struct row *row, char *word,
                       struct text *complaint)
{
    static const char prefix[] = "file:";
    char *value;
    if (strncmp(word, prefix, strlen(prefix)) == 0) {
        if (!read_file(row, word + strlen(prefix), &value, complaint)) {
            return false;
        }
    } else {
        value = copy_of(word, strlen(word));
        memset(word, '*', strlen(word));
    }
    put_text(out, row, value);
    return true;
}

static bool set_seconds(struct probe_options *out, const struct row *row, const char *word,
                        struct text *complaint)
{
    uint32_t value = 0;
    const char *c = word;
    for (; *c >= '0' && *c <= '9' && value <= TIMEOUT_MAX; c++) {
        value = value * 10 + (uint32_t)(*c - '0');
    }
    if (*c != '\0' || value < 1 || value > TIMEOUT_MAX) {
        return complain(complaint, row->name, " takes a number of seconds from 1 to 60, not ",
                        word);
    }
    *(uint32_t *)(void *)((char *)out + row->field) = value;
    return true;
}

static bool set_way(struct probe_options *out, const struct row *row, const char *word,
                    struct text *complaint)
{
    bool is_udp = strcmp(word, "udp") == 0;
    if (!is_udp && strcmp(word, "tcp") != 0) {
        return complain(complaint, row->name, " takes udp or tcp, not ", word);
    }
    out->transport = is_udp ? PROBE_OPTIONS_UDP : PROBE_OPTIONS_TCP;
    return true;
}

/* set_value — put the value of an option in its place. */
static bool set_value(struct probe_options *out, const struct row *row, char *word,
                      struct text *complaint)
{
    switch (row->kind) {
    case TEXT:
        put_text(out, row, copy_of(word, strlen(word)));
        return true;
    case HIDDEN:
        return set_hidden(out, row, word, complaint);
    case SECONDS:
        return set_seconds(out, row, word, complaint);
    case WAY:
        return set_way(out, row, word, complaint);
    case DIGEST:
        put_flag(out, row, strcmp(word, "sha256") == 0);
        return strcmp(word, "sha256") == 0 || strcmp(word, "sha1") == 0 ||
               complain(complaint, row->name, " takes sha1 or sha256, not ", word);
    case FLAG:
    case COMMAND:
        break;
    }
    return true;
}

/* set_plain — an option without a value. */
static bool set_plain(struct probe_options *out, const struct row *row)
{
    if (row->kind == COMMAND) {
        out->command = (enum probe_options_command)row->number;
    } else {
        put_flag(out, row, true);
    }
    return true;
}

/* find — the row of an option, with *value at what stands behind its "=", if anything does. */
static const struct row *find(char *word, char **value)
{
    size_t size = strcspn(word, "=");
    *value = word[size] == '=' ? word + size + 1 : NULL;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strlen(rows[i].name) == size && memcmp(rows[i].name, word, size) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* take_option — the option at argv[*at], and its value. */
static bool take_option(char **argv, int *at, struct probe_options *out, struct text *complaint)
{
    char *value;
    const struct row *row = find(argv[*at], &value);
    if (!row) {
        argv[*at][strcspn(argv[*at], "=")] = '\0';
        return complain(complaint, "there is no option ", argv[*at], "");
    }
    if (!row->value) {
        return value ? complain(complaint, row->name, " takes no value", "") : set_plain(out, row);
    }
    if (!value) {
        value = argv[*at + 1];
        *at += value != NULL;
    }
    return value ? set_value(out, row, value, complaint)
                 : complain(complaint, row->name, " needs a value", "");
}

/* take_words — all arguments; words without dashes are the command and the URI. */
static bool take_words(int argc, char **argv, struct probe_options *out, struct text *complaint)
{
    int words = 0;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!take_option(argv, &i, out, complaint)) {
                return false;
            }
        } else if (words == 0 && strcmp(argv[i], "check") != 0) {
            return complain(complaint, "there is no command ", argv[i], ", only check");
        } else if (words > 1) {
            return complain(complaint, argv[i], " is one argument too many", "");
        } else {
            out->uri = words++ == 1 ? argv[i] : NULL;
        }
    }
    if (out->command != PROBE_OPTIONS_CHECK || out->uri) {
        return true;
    }
    return words == 0
               ? complain(complaint, "nothing to do: try turnpike-probe --help", "", "")
               : complain(complaint, "check needs a URI, as in turn:turn.example.org", "", "");
}

/* agree — whether the options go together. */
static bool agree(const struct probe_options *out, struct text *complaint)
{
    if (out->secret && (out->user || out->password)) {
        return complain(complaint, "--secret makes user and password itself", "", "");
    }
    if (!out->user != !out->password) {
        return complain(complaint, "--user and --password need each other", "", "");
    }
    if (out->user && (out->user[0] == '\0' || strlen(out->user) > STUN_NAME_MAX)) {
        return complain(complaint, "--user takes 1 to 508 bytes", "", "");
    }
    if (out->password && strlen(out->password) > PROBE_CREDENTIAL_PASSWORD_MAX) {
        return complain(complaint, "--password takes at most 512 bytes", "", "");
    }
    if (out->secret && out->secret[0] == '\0') {
        return complain(complaint, "--secret is empty", "", "");
    }
    if (out->ipv4_only && out->ipv6_only) {
        return complain(complaint, "--ipv4 and --ipv6 exclude each other", "", "");
    }
    return true;
}

bool probe_options_parse(int argc, char **argv, struct probe_options *out, struct text *complaint)
{
    *out = (struct probe_options){.command = PROBE_OPTIONS_CHECK, .timeout = TIMEOUT};
    if (take_words(argc, argv, out, complaint) && agree(out, complaint)) {
        return true;
    }
    probe_options_fini(out);
    return false;
}

void probe_options_fini(struct probe_options *options)
{
    forget(options->user);
    forget(options->password);
    forget(options->secret);
    forget(options->roots);
    options->user = options->password = options->secret = options->roots = NULL;
}

void probe_options_help(FILE *out)
{
    enum { INDENT = 6 };
    fputs("turnpike-probe check URI [OPTION]...\n\n", out);
    probe_wrap_put(out,
                   "Does what a client does with a STUN or TURN server, step by step, and says for "
                   "each how long it took, what was seen and, where it failed, the likely cause. "
                   "URI is stun:HOST[:PORT] or turn:HOST[:PORT][?transport=udp|tcp], with TLS "
                   "stuns: or turns:, and with DTLS turns:HOST?transport=udp; every address of the "
                   "host is checked.",
                   0, 0);
    fputc('\n', out);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        fprintf(out, "  %s%s%s\n%*s", row->name, row->value ? " " : "",
                row->value ? row->value : "", INDENT, "");
        probe_wrap_put(out, row->help, INDENT, INDENT);
    }
    fputs("\nExit status: 0 when everything worked, 1 when a step failed, 2 for wrong usage.\n"
          "\n"
          "  turnpike-probe check turn:turn.example.org --user alice --password wonderland\n"
          "  turnpike-probe check turns:turn.example.org --secret file:/etc/turnpike/secret\n"
          "  turnpike-probe check stun:192.0.2.1:3478 --transport tcp\n",
          out);
}
