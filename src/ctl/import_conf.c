/* import_conf — reads a turnserver.conf of coturn's, line by line as coturn does. */
/* SPDX-License-Identifier: MIT */
#include "ctl/import_conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"
#include "base/secret.h"
#include "ctl/ctl_memory.h"
#include "ctl/import_directive.h"
#include "ctl/import_listener.h"
#include "ctl/import_record.h"
#include "ctl/import_value.h"

enum { PATH_LONGEST = 4095 }; /* bytes of a file's name */

/* A file being read. */
struct reading {
    const struct import_sink *sink;
    const char *file;
    char *realm; /* of the whole file, owned; "": the server's first */
    struct import_listener listener;
    char *where;                         /* "FILE:LINE: NAME", owned, of the line at hand */
    bool has_external[NETADDR_IPV6 + 1]; /* by family: one for all addresses */
    struct import_ranges mapped;         /* addresses that have one of their own */
    bool has_users;
};

/* A line of it: texts within the buffer, NUL-terminated. */
struct line {
    char *name;
    char *value; /* "" where there is none */
};

static void skip(const struct reading *r, const char *reason)
{
    r->sink->skip(r->sink->context, r->where, reason);
}

/* cut — a line at hand as name and value, the way coturn cuts it. Returns false for comments and
 * empty lines. */
static bool cut(char *text, struct line *line)
{
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size > 0 && strchr(" \t\r\n\f\v", text[size - 1])) {
        text[--size] = '\0';
    }
    if (size == 0 || text[0] == '#') {
        return false;
    }
    line->name = text;
    line->value = text + strcspn(text, " =\t");
    if (*line->value) {
        *line->value++ = '\0';
        line->value += strspn(line->value, " =\t");
    }
    size = strlen(line->value);
    if (line->value[0] == '"') {
        line->value++;
        size--;
        if (size > 0 && line->value[size - 1] == '"') {
            line->value[size - 1] = '\0';
        }
    }
    return true;
}

/* judge — report a value that is no text we can take. Returns true when it is one. */
static bool judge(const struct reading *r, const char *value, size_t most)
{
    const char *fault = import_value_fault(span_of_text(value), most);
    if (fault) {
        import_record_fault(r->sink, r->where, "the value", fault);
    }
    return fault == NULL;
}

/* take_user — "name:password", or "name:0xKEY". */
static bool take_user(struct reading *r, char *value)
{
    char *colon = strchr(value, ':');
    char md5[IMPORT_VALUE_KEY_SIZE];
    if (!colon || colon == value) {
        skip(r, "it is no name:password");
        return true;
    }
    *colon = '\0';
    const char *fault = import_value_fault(span_of_text(value), IMPORT_VALUE_NAME_MAX);
    if (fault) {
        import_record_fault(r->sink, r->where, "the user's name", fault);
        return true;
    }
    struct import_user user = {.name = value, .realm = r->realm, .password = colon + 1};
    if (strncmp(user.password, "0x", 2) == 0) {
        if (!import_value_key(span_of_text(user.password), md5)) {
            skip(r, "the user's key is no MD5 in hex, 0x and 32 digits");
            return true;
        }
        if (r->realm[0] == '\0') {
            skip(r, "the user's key is good for one realm only; say with --realm for which");
            return true;
        }
        user.md5 = md5;
        user.password = NULL;
    } else {
        fault = import_value_fault(span_of_text(user.password), IMPORT_VALUE_PASSWORD_MAX);
    }
    if (fault) {
        import_record_fault(r->sink, r->where, "the user's password", fault);
        return true;
    }
    bool goes_on = r->sink->user(r->sink->context, r->where, &user);
    secret_wipe(md5, sizeof(md5));
    return goes_on;
}

/* read_host — one address that a machine can have. */
static bool read_host(const char *text, struct import_range *out)
{
    return !strpbrk(text, "-/") && import_range_parse(span_of_text(text), out) &&
           import_value_is_host(&out->first);
}

/* is_mapped — whether an address has an external one already. */
static bool is_mapped(const struct reading *r, const struct import_range *own)
{
    for (size_t i = 0; i < r->mapped.count; i++) {
        if (netaddr_is_same_host(&r->mapped.at[i].first, &own->first)) {
            return true;
        }
    }
    return false;
}

/* add_external — "PRIVATE=PUBLIC", or with `own` NULL "PUBLIC". */
static void add_external(struct reading *r, const struct import_range *own,
                         const struct import_range *public)
{
    char word[2 * TEXT_NETADDR_SIZE];
    struct text t = text_init(word, sizeof(word));
    if (own) {
        import_range_add(&r->mapped, own);
        text_host(&t, &own->first);
        text_char(&t, '=');
    }
    text_host(&t, &public->first);
    r->has_external[public->first.family] |= !own;
    import_snippet_add(r->sink->snippet, "", IMPORT_SNIPPET_RELAY, "external", word);
}

static void take_external(struct reading *r, char *value)
{
    struct import_range own;
    struct import_range public;
    char *slash = strchr(value, '/');
    if (slash) {
        *slash = '\0';
    }
    if (!read_host(value, &public) ||
        (slash && (!read_host(slash + 1, &own) || own.first.family != public.first.family))) {
        skip(r, "it is neither an address nor PUBLIC/PRIVATE of one family");
    } else if (!slash && r->has_external[public.first.family]) {
        skip(r, "turnpike takes one address of a family for all its own; write relay { external = "
                "{ \"PRIVATE=PUBLIC\" } } for each");
    } else if (slash && is_mapped(r, &own)) {
        skip(r, "the private address has a public one already");
    } else {
        add_external(r, slash ? &own : NULL, &public);
    }
}

static void take_relay_address(struct reading *r, const char *value)
{
    struct import_range range;
    char word[TEXT_NETADDR_SIZE];
    struct text t = text_init(word, sizeof(word));
    if (!read_host(value, &range)) {
        skip(r, "it is no address of a machine");
        return;
    }
    text_host(&t, &range.first);
    import_snippet_add(r->sink->snippet, "", IMPORT_SNIPPET_RELAY, "addresses", word);
}

static void take_peers(struct reading *r, const char *value, bool is_allowed)
{
    import_record_peers(r->sink, r->where, span_of_text(""), is_allowed, span_of_text(value));
}

/* take_number — from least to most, written as it is or as a time. */
static void take_number(struct reading *r, const struct import_directive *d, const char *value)
{
    uint64_t number;
    char word[32];
    char reason[128];
    struct text t = text_init(word, sizeof(word));
    bool is_time = d->kind == IMPORT_DIRECTIVE_SECONDS;
    if (is_time && value[0] == '\0') {
        return; /* on, as coturn has it by default */
    }
    if (!import_value_number(span_of_text(value), d->most, &number) || number < d->least) {
        snprintf(reason, sizeof(reason), "turnpike takes a number from %u to %u here", d->least,
                 d->most);
        skip(r, reason);
        return;
    }
    if (is_time) {
        quantity_put_duration(&t, number);
    } else {
        text_u64(&t, number);
    }
    import_snippet_set(r->sink->snippet, "", d->section, d->option, word);
}

static void take_family(struct reading *r, const char *value)
{
    if (strcmp(value, "ipv4") == 0 || strcmp(value, "ipv6") == 0 || strcmp(value, "keep") == 0) {
        import_snippet_set(r->sink->snippet, "", IMPORT_SNIPPET_RELAY, "family",
                           value[0] == 'k' ? "same" : value);
    } else {
        skip(r, "it is neither ipv4, ipv6 nor keep");
    }
}

/* take_log_file — coturn's "stdout" and "syslog" are no files. */
static void take_log_file(struct reading *r, const char *value)
{
    if (strcmp(value, "syslog") == 0) {
        skip(r, "turnpike logs to standard error, which systemd keeps, or to a file");
    } else if (strcmp(value, "stdout") != 0 && strcmp(value, "-") != 0 &&
               judge(r, value, PATH_LONGEST)) {
        import_snippet_set(r->sink->snippet, "", IMPORT_SNIPPET_LOG, "to", value);
    }
}

static void take_log_level(struct reading *r, const char *value)
{
    const char *level = strcmp(value, "debug") == 0     ? "debug"
                        : strcmp(value, "info") == 0    ? "info"
                        : strcmp(value, "warning") == 0 ? "warn"
                        : strcmp(value, "error") == 0   ? "error"
                                                        : NULL;
    if (level) {
        import_snippet_set(r->sink->snippet, "", IMPORT_SNIPPET_LOG, "level", level);
    } else {
        skip(r, "it is neither debug, info, warning nor error");
    }
}

static void take_no_tcp_relay(struct reading *r, const char *value)
{
    if (import_value_flag(value)) {
        import_snippet_set(r->sink->snippet, "", IMPORT_SNIPPET_RELAY, "tcp", "no");
    }
}

static void take_text(struct reading *r, const struct import_directive *d, const char *value)
{
    if (judge(r, value, PATH_LONGEST)) {
        import_snippet_set(r->sink->snippet, "", d->section, d->option, value);
        r->listener.has_certificate |= strcmp(d->option, "certificate") == 0;
    }
}

/* take_plain — what is carried over as one value of one option. */
static void take_plain(struct reading *r, const struct import_directive *d, char *value)
{
    switch (d->kind) {
    case IMPORT_DIRECTIVE_EXTERNAL:
        take_external(r, value);
        break;
    case IMPORT_DIRECTIVE_RELAY_ADDRESS:
        take_relay_address(r, value);
        break;
    case IMPORT_DIRECTIVE_ALLOWED:
    case IMPORT_DIRECTIVE_DENIED:
        take_peers(r, value, d->kind == IMPORT_DIRECTIVE_ALLOWED);
        break;
    case IMPORT_DIRECTIVE_LIMIT:
        (void)import_record_limit(r->sink, r->where, "", d->name, span_of_text(value));
        break;
    case IMPORT_DIRECTIVE_NUMBER:
    case IMPORT_DIRECTIVE_SECONDS:
        take_number(r, d, value);
        break;
    case IMPORT_DIRECTIVE_TEXT:
        take_text(r, d, value);
        break;
    case IMPORT_DIRECTIVE_FIXED:
        if (import_value_flag(value)) {
            import_snippet_set(r->sink->snippet, "", d->section, d->option, d->text);
        }
        break;
    case IMPORT_DIRECTIVE_FAMILY:
        take_family(r, value);
        break;
    case IMPORT_DIRECTIVE_LOG_FILE:
        take_log_file(r, value);
        break;
    case IMPORT_DIRECTIVE_LOG_LEVEL:
        take_log_level(r, value);
        break;
    case IMPORT_DIRECTIVE_NO_TCP_RELAY:
        take_no_tcp_relay(r, value);
        break;
    default:
        break;
    }
}

/* take — one line. Returns false when the sink stops. */
static bool take(struct reading *r, const struct import_directive *d, char *value)
{
    const char *complaint = NULL;
    switch (d->kind) {
    case IMPORT_DIRECTIVE_SAME:
    case IMPORT_DIRECTIVE_REALM: /* read before */
        return true;
    case IMPORT_DIRECTIVE_LOST:
    case IMPORT_DIRECTIVE_LOST_FLAG:
        if (d->kind == IMPORT_DIRECTIVE_LOST || import_value_flag(value)) {
            skip(r, d->text);
        }
        return true;
    case IMPORT_DIRECTIVE_SEPARATOR:
        if (strcmp(value, ":") != 0) {
            skip(r, "turnpike takes a colon between time and user");
        }
        return true;
    case IMPORT_DIRECTIVE_USER:
        r->has_users = true;
        return take_user(r, value);
    case IMPORT_DIRECTIVE_SECRET:
        r->has_users = true;
        return !judge(r, value, IMPORT_VALUE_SECRET_MAX) ||
               r->sink->secret(r->sink->context, r->where, r->realm, value);
    default:
        break;
    }
    if (!import_listener_take(&r->listener, d->kind, value, &complaint)) {
        take_plain(r, d, value);
    } else if (complaint) {
        skip(r, complaint);
    }
    return true;
}

/* set_where — "FILE:LINE: NAME"; "FILE: NAME" for no line in particular, 0. */
static void set_where(struct reading *r, size_t number, const char *name)
{
    char line[32] = "";
    size_t room = strlen(r->file) + strlen(name) + sizeof(line) + 4;
    if (number > 0) {
        snprintf(line, sizeof(line), ":%zu", number);
    }
    free(r->where);
    r->where = ctl_memory_new(room);
    snprintf(r->where, room, "%s%s: %s", r->file, line, name);
}

/* take_line — the line `number`, which holds `has_nul`. Returns false when the sink stops. */
static bool take_line(struct reading *r, size_t number, char *text, bool has_nul)
{
    struct line line;
    if (!cut(text, &line)) {
        return true;
    }
    set_where(r, number, line.name);
    const struct import_directive *d = import_directive_find(line.name);
    if (has_nul || !d) {
        skip(r, has_nul ? "the line holds a NUL" : "coturn has no such option");
        return true;
    }
    return take(r, d, line.value);
}

/* each_line — call `take_it` with a copy of every line until it returns false. */
static bool each_line(struct reading *r, const char *bytes, size_t size,
                      bool (*take_it)(struct reading *r, size_t number, char *text, bool has_nul))
{
    bool goes_on = true;
    for (size_t number = 1; goes_on && size > 0; number++) {
        const char *end = memchr(bytes, '\n', size);
        size_t length = end ? (size_t)(end - bytes) : size;
        char *copy = ctl_memory_copy(bytes, length);
        goes_on = take_it(r, number, copy, memchr(bytes, '\0', length) != NULL);
        secret_wipe(copy, length);
        free(copy);
        bytes += length + (end ? 1 : 0);
        size -= length + (end ? 1 : 0);
    }
    return goes_on;
}

/* find_realm — the realm of the file, which may stand behind the users: the last one counts. */
static bool find_realm(struct reading *r, size_t number, char *text, bool has_nul)
{
    struct line line;
    if (!cut(text, &line) || has_nul || strcmp(line.name, "realm") != 0) {
        return true;
    }
    set_where(r, number, line.name);
    const char *fault = import_value_realm_fault(span_of_text(line.value));
    if (fault) {
        import_record_fault(r->sink, r->where, "the realm's name", fault);
        return true;
    }
    free(r->realm);
    r->realm = ctl_memory_copy(line.value, strlen(line.value));
    return true;
}

/* choose_realm — that of the file, or the one that is wanted where the file has none. Returns false
 * with a sentence when there are two. */
static bool choose_realm(struct reading *r, struct text *why)
{
    const char *wanted = r->sink->realm;
    if (!wanted || strcmp(wanted, r->realm) == 0) {
        return true;
    }
    if (r->realm[0]) {
        text_put(why, r->file);
        text_put(why, ": this is for the realm ");
        text_put(why, r->realm);
        text_put(why, "; leave --realm out, or name that one");
        return false;
    }
    free(r->realm);
    r->realm = ctl_memory_copy(wanted, strlen(wanted));
    return true;
}

/* finish — what only the whole file says. */
static void finish(struct reading *r)
{
    if (!import_listener_finish(&r->listener, r->sink->snippet)) {
        set_where(r, 0, "max-port");
        skip(r, "turnpike relays from two ports at least, the first below the last");
    }
    if (r->has_users && r->realm[0]) {
        import_snippet_realm(r->sink->snippet, r->realm);
    }
    import_snippet_note(r->sink->snippet, IMPORT_SNIPPET_PEERS,
                        "coturn reaches private addresses unless they are denied; turnpike only");
    import_snippet_note(r->sink->snippet, IMPORT_SNIPPET_PEERS, "those that are allowed here.");
}

enum import_result import_conf_read(const char *name, const char *bytes, size_t size,
                                    const struct import_sink *sink, struct text *why)
{
    struct reading r = {.sink = sink, .file = name, .realm = ctl_memory_copy("", 0)};
    enum import_result result = IMPORT_FAILED;
    import_listener_init(&r.listener);
    each_line(&r, bytes, size, find_realm);
    if (choose_realm(&r, why)) {
        result = each_line(&r, bytes, size, take_line) ? IMPORT_DONE : IMPORT_STOPPED;
        finish(&r);
    }
    import_listener_fini(&r.listener);
    import_range_fini(&r.mapped);
    free(r.where);
    free(r.realm);
    return result;
}

static enum import_result fail(struct text *why, const char *name, const char *reason)
{
    text_put(why, name);
    text_put(why, ": ");
    text_put(why, reason);
    return IMPORT_FAILED;
}

enum import_result import_conf_file(const char *name, const struct import_sink *sink,
                                    struct text *why)
{
    FILE *file = fopen(name, "re");
    if (!file) {
        return fail(why, name, strerror(errno));
    }
    size_t room = 65536;
    size_t size = 0;
    char *bytes = ctl_memory_new(room);
    for (size_t got = 1; got > 0 && size <= IMPORT_CONF_SIZE_MAX; size += got) {
        if (size == room) {
            bytes = ctl_memory_grow(bytes, size, &room, 1);
        }
        got = fread(bytes + size, 1, room - size, file);
    }
    bool is_read = !ferror(file);
    int error = errno;
    fclose(file);
    enum import_result result = !is_read ? fail(why, name, strerror(error))
                                : size > IMPORT_CONF_SIZE_MAX
                                    ? fail(why, name,
                                           "it is larger than 16 MiB; is it a "
                                           "turnserver.conf?")
                                    : import_conf_read(name, bytes, size, sink, why);
    secret_wipe(bytes, size);
    free(bytes);
    return result;
}
