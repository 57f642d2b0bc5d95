/* options_print — the option table as text. */
/* SPDX-License-Identifier: MIT */
#include "options_print.h"

#include <stdbool.h>
#include <string.h>

#include "conf_value.h"
#include "options.h"

enum { WIDTH = 78 };

/* print_wrapped — write a text in lines of at most WIDTH characters, each behind `before`; with
 * `by_sentence` a sentence begins a new line, as mdoc wants it. */
static void print_wrapped(FILE *out, const char *before, const char *text, bool by_sentence)
{
    size_t column = 0;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column > 0 && column + 1 + word > WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        fputs(column > 0 ? " " : before, out);
        column += column > 0 ? 1 : strlen(before);
        fwrite(text, 1, word, out);
        column += word;
        bool ends = word > 0 && strchr(".?!", text[word - 1]);
        text += word;
        text += strspn(text, " ");
        if (by_sentence && ends && *text) {
            fputc('\n', out);
            column = 0;
        }
    }
    fputc('\n', out);
}

/* is_built — whether this version has the option at all. */
static bool is_built(const struct options_row *row)
{
    return row->reload != OPTIONS_LATER;
}

/* has_built — whether a section has any option that this version has. */
static bool has_built(enum options_section_id section)
{
    for (const struct options_row *r = NULL; (r = options_next(section, r));) {
        if (is_built(r)) {
            return true;
        }
    }
    return false;
}

/* print_value — a default as it stands behind "=" in a file. */
static void print_value(FILE *out, const struct options_row *row)
{
    const char *standard = row->standard ? row->standard : "";
    if (!options_is_list(row->type)) {
        fprintf(out, "\"%s\"", standard);
    } else if (*standard) {
        fprintf(out, "{ \"%s\" }", standard);
    } else {
        fputs("{ }", out);
    }
}

/* put_range — append what a value can be, in words; nothing for a text. */
static void put_range(struct text *t, const struct options_row *row)
{
    if (row->type == OPTIONS_WORD) {
        for (const char *at = row->words; *at; at++) {
            if (*at == '|') {
                text_put(t, strchr(at + 1, '|') ? ", " : " or ");
            } else {
                text_char(t, *at);
            }
        }
    } else if (row->type != OPTIONS_TEXT && row->type != OPTIONS_NAME) {
        text_put(t, options_unit(row->type));
    }
    if (row->type == OPTIONS_NUMBER || row->type == OPTIONS_DURATION) {
        text_put(t, ", from ");
        conf_value_put(t, row, row->min);
        text_put(t, " to ");
        conf_value_put(t, row, row->max);
    }
}

static void help_section(FILE *out, const struct options_section *section)
{
    if (section->id != OPTIONS_TOP) {
        fprintf(out, "\n%s", section->name);
        fprintf(out, section->title ? " \"%s\" { }\n" : " { }\n",
                section->title ? section->title : "");
    }
    print_wrapped(out, "  ", section->help, false);
    for (const struct options_row *r = NULL; (r = options_next(section->id, r));) {
        if (is_built(r)) {
            fprintf(out, "\n  %s", options_key(r->name));
            if (r->standard) {
                fputs(" = ", out);
                print_value(out, r);
            }
            fputc('\n', out);
            print_wrapped(out, "      ", r->help, false);
        }
    }
}

void options_print_help(FILE *out)
{
    fputs("Options of the configuration file and of --set, with their defaults:\n\n", out);
    for (int id = OPTIONS_TOP; id < OPTIONS_SECTION_COUNT; id++) {
        if (has_built((enum options_section_id)id)) {
            help_section(out, options_section((enum options_section_id)id));
        }
    }
}

/* sample_option — an option with what it does above it; `mark` is "#" or nothing. */
static void sample_option(FILE *out, const struct options_row *row, const char *indent,
                          const char *mark)
{
    char before[16];
    snprintf(before, sizeof(before), "%s# ", indent);
    fputc('\n', out);
    print_wrapped(out, before, row->help, false);
    fprintf(out, "%s%s%s = ", indent, mark, options_key(row->name));
    if (row->example) {
        fputs(row->example, out);
    } else {
        print_value(out, row);
    }
    fputc('\n', out);
}

static void sample_options(FILE *out, enum options_section_id section, const char *indent)
{
    const struct options_row *begin = options_find("listen");
    for (const struct options_row *r = NULL; (r = options_next(section, r));) {
        if (is_built(r) && r != begin) {
            sample_option(out, r, indent, "#");
        }
    }
}

/* sample_section — a section and those within. One with a title is commented out as a whole, since
 * it would begin to count; the braces of any other stand. */
static void sample_section(FILE *out, const struct options_section *section, bool in_comment,
                           const char *indent)
{
    char deeper[16];
    char before[16];
    in_comment = in_comment || section->title;
    const char *mark = in_comment ? "#" : "";
    snprintf(deeper, sizeof(deeper), "%s  ", indent);
    snprintf(before, sizeof(before), "%s# ", indent);
    fputc('\n', out);
    print_wrapped(out, before, section->help, false);
    fprintf(out, "%s%s%s ", indent, mark, options_key(section->name));
    if (section->title) {
        fprintf(out, "\"%s\" ", section->title);
    }
    fputs("{\n", out);
    sample_options(out, section->id, deeper);
    for (const struct options_section *s = NULL; (s = options_next_section(section->id, s));) {
        sample_section(out, s, in_comment, deeper);
    }
    fprintf(out, "%s%s}\n", indent, mark);
}

void options_print_sample(FILE *out)
{
    fputs("# turnpike.conf - configuration of the STUN/TURN server turnpike(8)\n"
          "#\n"
          "# turnpike.conf(5) explains everything. Lines that begin with # and no space\n"
          "# behind it are options: remove the # to set them. They show the default, or an\n"
          "# example where the default is to have none. Whether a change is right is told\n"
          "# by turnpike --config /etc/turnpike/turnpike.conf --check\n"
          "\n"
          "# As it stands, this is a STUN server. To relay it needs a realm with a user or\n"
          "# a secret in it: see \"realm\" below.\n",
          out);
    sample_option(out, options_find("listen"), "", "");
    for (const struct options_section *s = NULL; (s = options_next_section(OPTIONS_TOP, s));) {
        if (has_built(s->id)) {
            sample_section(out, s, false, "");
        }
    }
    sample_options(out, OPTIONS_TOP, "");
}

/* print_mdoc — words for mdoc: a sentence a line, nothing that would be a macro or an escape. */
static void print_mdoc(FILE *out, const char *text)
{
    print_wrapped(out, "", text, true);
}

/* print_default_mdoc — the sentence about a default. */
static void print_default_mdoc(FILE *out, const struct options_row *row)
{
    fprintf(out, "The default is\n.Ql %s .\n", row->standard);
}

/* man_range — the sentence about what a value can be, if there is one. */
static void man_range(FILE *out, const struct options_row *row)
{
    char range[512];
    struct text t = text_init(range, sizeof(range));
    text_put(&t, options_is_list(row->type) ? "Each is " : "It is ");
    size_t begun = t.used;
    put_range(&t, row);
    if (t.used > begun) {
        text_char(&t, '.');
        print_mdoc(out, range);
    }
}

static void man_option(FILE *out, const struct options_row *row)
{
    fprintf(out, ".It Ic %s\n", options_key(row->name));
    print_mdoc(out, row->help);
    man_range(out, row);
    if (row->standard && *row->standard) {
        print_default_mdoc(out, row);
    }
    if (row->reload == OPTIONS_RESTART) {
        fputs("A change needs a restart.\n", out);
    }
}

/* man_later — the names of a section that are kept for later versions. */
static void man_later(FILE *out)
{
    size_t count;
    const struct options_row *rows = options_rows(&count);
    fputs(".Ss Options of later versions\n"
          "These names are known, so that they cannot come to mean something else.\n"
          "This version takes nothing but their default, which is empty unless said.\n"
          ".Pp\n"
          ".Bl -tag -width Ds -compact\n",
          out);
    for (size_t i = 0; i < count; i++) {
        if (is_built(&rows[i])) {
            continue;
        }
        fprintf(out, ".It Ic %s\n", rows[i].name);
        print_mdoc(out, rows[i].help);
        if (rows[i].standard && *rows[i].standard) {
            print_default_mdoc(out, &rows[i]);
        }
    }
    fputs(".El\n", out);
}

static void man_section(FILE *out, const struct options_section *section)
{
    if (section->id == OPTIONS_TOP) {
        fputs(".Ss Outside of sections\n", out);
    } else if (section->title) {
        fprintf(out, ".Ss Section %s Qq Ar name\n", section->name);
        print_mdoc(out, section->help);
    } else {
        fprintf(out, ".Ss Section %s\n", section->name);
        print_mdoc(out, section->help);
    }
    fputs(".Bl -tag -width Ds\n", out);
    for (const struct options_row *r = NULL; (r = options_next(section->id, r));) {
        if (is_built(r)) {
            man_option(out, r);
        }
    }
    fputs(".El\n", out);
}

void options_print_man(FILE *out)
{
    for (int id = OPTIONS_TOP; id < OPTIONS_SECTION_COUNT; id++) {
        if (has_built((enum options_section_id)id)) {
            man_section(out, options_section((enum options_section_id)id));
        }
    }
    man_later(out);
}
