/* import_snippet — the part of a turnpike.conf that an import leads to. */
/* SPDX-License-Identifier: MIT */
#include "ctl/import_snippet.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ctl_memory.h"

/* An option and its values, or a note. */
struct entry {
    enum import_snippet_section section;
    const char *option; /* NULL: a note */
    const char *note;
    bool is_list;
    char **values;
    size_t count, room;
};

/* What is said of one realm, or, first of all, of the server. */
struct part {
    char *realm;
    struct entry *entries;
    size_t count, room;
    struct import_ranges allowed, denied;
};

struct import_snippet {
    struct part *parts;
    size_t count, room;
    size_t latest; /* the part that was asked for last: it is asked for again */
};

static const char *const section_names[IMPORT_SNIPPET_SECTIONS] = {
    [IMPORT_SNIPPET_TLS] = "tls",       [IMPORT_SNIPPET_RELAY] = "relay",
    [IMPORT_SNIPPET_LIMITS] = "limits", [IMPORT_SNIPPET_LOG] = "log",
    [IMPORT_SNIPPET_PEERS] = "peers",
};

static char *copy(const char *text)
{
    return ctl_memory_copy(text, strlen(text));
}

/* part_of — what is said of a realm so far. */
static struct part *part_of(struct import_snippet *s, const char *realm)
{
    if (s->latest < s->count && strcmp(s->parts[s->latest].realm, realm) == 0) {
        return &s->parts[s->latest];
    }
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->parts[i].realm, realm) == 0) {
            s->latest = i;
            return &s->parts[i];
        }
    }
    s->parts = ctl_memory_grow(s->parts, s->count, &s->room, sizeof(*s->parts));
    s->latest = s->count++;
    s->parts[s->latest] = (struct part){.realm = copy(realm)};
    return &s->parts[s->latest];
}

struct import_snippet *import_snippet_new(void)
{
    struct import_snippet *s = ctl_memory_new(sizeof(*s));
    (void)part_of(s, "");
    return s;
}

static void free_entry(struct entry *e)
{
    for (size_t i = 0; i < e->count; i++) {
        free(e->values[i]);
    }
    free(e->values);
}

void import_snippet_free(struct import_snippet *s)
{
    for (size_t i = 0; s && i < s->count; i++) {
        struct part *p = &s->parts[i];
        for (size_t k = 0; k < p->count; k++) {
            free_entry(&p->entries[k]);
        }
        free(p->entries);
        free(p->realm);
        import_range_fini(&p->allowed);
        import_range_fini(&p->denied);
    }
    if (s) {
        free(s->parts);
    }
    free(s);
}

void import_snippet_realm(struct import_snippet *s, const char *realm)
{
    (void)part_of(s, realm);
}

static struct entry *add_entry(struct part *p)
{
    p->entries = ctl_memory_grow(p->entries, p->count, &p->room, sizeof(*p->entries));
    struct entry *e = &p->entries[p->count++];
    *e = (struct entry){.option = NULL};
    return e;
}

static struct entry *entry_of(struct part *p, enum import_snippet_section section,
                              const char *option)
{
    for (size_t i = 0; i < p->count; i++) {
        struct entry *e = &p->entries[i];
        if (e->section == section && e->option && strcmp(e->option, option) == 0) {
            return e;
        }
    }
    struct entry *e = add_entry(p);
    e->section = section;
    e->option = option;
    return e;
}

static void add_value(struct entry *e, const char *value)
{
    e->values = ctl_memory_grow(e->values, e->count, &e->room, sizeof(*e->values));
    e->values[e->count++] = copy(value);
}

void import_snippet_set(struct import_snippet *s, const char *realm,
                        enum import_snippet_section section, const char *option, const char *value)
{
    struct entry *e = entry_of(part_of(s, realm), section, option);
    while (e->count > 0) {
        free(e->values[--e->count]);
    }
    add_value(e, value);
}

void import_snippet_add(struct import_snippet *s, const char *realm,
                        enum import_snippet_section section, const char *option, const char *value)
{
    struct entry *e = entry_of(part_of(s, realm), section, option);
    e->is_list = true;
    for (size_t i = 0; i < e->count; i++) {
        if (strcmp(e->values[i], value) == 0) {
            return;
        }
    }
    add_value(e, value);
}

void import_snippet_note(struct import_snippet *s, enum import_snippet_section section,
                         const char *sentence)
{
    struct entry *e = add_entry(part_of(s, ""));
    e->section = section;
    e->note = sentence;
}

void import_snippet_peers(struct import_snippet *s, const char *realm, bool is_allowed,
                          const struct import_range *range)
{
    struct part *p = part_of(s, realm);
    import_range_add(is_allowed ? &p->allowed : &p->denied, range);
}

/* put_quoted — a text as the configuration file quotes it. */
static void put_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (strchr("\"\\$", *text)) {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

static void put_entry(FILE *out, const struct entry *e, int indent)
{
    fprintf(out, "%*s", indent, "");
    if (!e->option) {
        fprintf(out, "# %s\n", e->note);
        return;
    }
    fprintf(out, "%s = %s", e->option, e->is_list ? "{ " : "");
    for (size_t i = 0; i < e->count; i++) {
        fputs(i > 0 ? ", " : "", out);
        put_quoted(out, e->values[i]);
    }
    fputs(e->is_list ? " }\n" : "\n", out);
}

static bool has_section(const struct part *p, enum import_snippet_section section)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->entries[i].section == section) {
            return true;
        }
    }
    return section == IMPORT_SNIPPET_PEERS && p->allowed.count + p->denied.count > 0;
}

/* put_entries — notes first. */
static void put_entries(FILE *out, const struct part *p, enum import_snippet_section section,
                        int indent)
{
    for (int notes = 1; notes >= 0; notes--) {
        for (size_t i = 0; i < p->count; i++) {
            if (p->entries[i].section == section && !p->entries[i].option == (notes == 1)) {
                put_entry(out, &p->entries[i], indent);
            }
        }
    }
}

/* Prefixes on their way into a list. */
struct list {
    FILE *out;
    int indent;
    const struct import_ranges *except; /* what lies in these is left out; NULL: nothing is */
    size_t count;
};

static void put_prefix(void *context, const struct prefix *prefix)
{
    struct list *list = context;
    char text[TEXT_NETADDR_SIZE + 8];
    struct text t = text_init(text, sizeof(text));
    if (list->except && import_range_holds(list->except, prefix)) {
        return;
    }
    text_host(&t, &prefix->first);
    if (prefix->length < netaddr_size(&prefix->first) * 8) {
        text_char(&t, '/');
        text_u64(&t, prefix->length);
    }
    fprintf(list->out, "%s\n%*s\"%s\"", list->count++ ? "," : "", list->indent, "", text);
}

static void put_ranges(FILE *out, const char *option, const struct import_ranges *ranges,
                       const struct import_ranges *except, int indent)
{
    struct list list = {out, indent + 2, except, 0};
    if (ranges->count == 0) {
        return;
    }
    fprintf(out, "%*s%s = {", indent, "", option);
    for (size_t i = 0; i < ranges->count; i++) {
        import_range_each(&ranges->at[i], put_prefix, &list);
    }
    if (list.count > 0) {
        fprintf(out, "\n%*s", indent, "");
    }
    fputs("}\n", out);
}

static void put_section(FILE *out, struct part *p, enum import_snippet_section section, int indent)
{
    if (!has_section(p, section)) {
        return;
    }
    fprintf(out, "%*s%s {\n", indent, "", section_names[section]);
    put_entries(out, p, section, indent + 2);
    if (section == IMPORT_SNIPPET_PEERS) {
        import_range_join(&p->allowed);
        import_range_join(&p->denied);
        put_ranges(out, "allow", &p->allowed, NULL, indent + 2);
        put_ranges(out, "deny", &p->denied, &p->allowed, indent + 2);
    }
    fprintf(out, "%*s}\n", indent, "");
}

static void put_part(FILE *out, struct part *p)
{
    int indent = 0;
    if (p->realm[0]) {
        fputs("realm ", out);
        put_quoted(out, p->realm);
        fputs(" {\n", out);
        indent = 2;
        if (p->count + p->allowed.count + p->denied.count == 0) {
            fputs("  # Its users and secrets are in the store.\n", out);
        }
    }
    put_entries(out, p, IMPORT_SNIPPET_TOP, indent);
    for (int section = IMPORT_SNIPPET_TOP + 1; section < IMPORT_SNIPPET_SECTIONS; section++) {
        put_section(out, p, (enum import_snippet_section)section, indent);
    }
    if (p->realm[0]) {
        fputs("}\n", out);
    }
}

void import_snippet_print(struct import_snippet *s, FILE *out)
{
    const struct part *server = &s->parts[0];
    bool is_empty =
        s->count == 1 && server->count == 0 && server->allowed.count + server->denied.count == 0;
    if (is_empty) {
        return;
    }
    fputs("# For turnpike.conf. turnpike --check says what it means.\n", out);
    for (size_t i = 0; i < s->count; i++) {
        put_part(out, &s->parts[i]);
    }
}
