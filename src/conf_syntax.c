/* conf_syntax — configuration texts to a tree of settings. */
/* SPDX-License-Identifier: MIT */
#include "conf_syntax.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <confuse.h>

#include "conf_file.h"
#include "conf_memory.h"
#include "conf_scan.h"

enum {
    LARGEST_FILE = 16 * 1024 * 1024, /* bytes */
    DEEPEST_INCLUDE = 8,
    LONGEST_SECTION = 24, /* options, sections and what this file adds */
};

/* A word as the library met it; `is_default` marks the one that a list begins with. */
struct met {
    struct conf_word word;
    bool is_default;
};

/* One text while it is read. */
struct source {
    struct conf_syntax *syntax;
    struct conf_why *why;
    const char *name; /* in syntax->files */
    struct met *met;  /* every word, in the order of the text */
    size_t met_count;
    struct conf_word *includes;
    size_t include_count;
    int depth; /* of includes */
};

/* The library's callbacks get nothing of ours, and its lexer is one per process anyway. */
static struct source *reading;

/* First option of every section; no text can spell it, since a bar separates names. It is a list,
 * whose default the library reads when a section begins: that tells the line. */
static const char mark[] = "|section";

/* word_met — the library's parse callback of all options: note the word and its line, and leave
 * the number of the note as the value. */
static int word_met(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    static char number[24];
    reading->met = conf_memory_grow(reading->met, reading->met_count, sizeof(*reading->met));
    struct met *m = &reading->met[reading->met_count];
    m->word = (struct conf_word){conf_memory_copy(value), reading->name, cfg->line};
    /* The first word of any list is its default. def.number is free in options of texts. */
    m->is_default = (opt->flags & CFGF_LIST) && opt->def.number == 0;
    opt->def.number = 1;
    snprintf(number, sizeof(number), "%zu", reading->met_count++);
    *(const char **)result = number;
    return 0;
}

static int include_met(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
    (void)opt;
    (void)argc; /* one: conf_scan has seen to it */
    reading->includes =
        conf_memory_grow(reading->includes, reading->include_count, sizeof(*reading->includes));
    reading->includes[reading->include_count++] =
        (struct conf_word){conf_memory_copy(argv[0]), reading->name, cfg->line};
    return 0;
}

/* section_of — which of our sections the library's is: the mark's default carries it. */
static const struct options_section *section_of(cfg_t *cfg)
{
    return options_section((enum options_section_id)cfg_getnopt(cfg, 0)->def.fpnumber);
}

static void say_unknown(cfg_t *cfg, const char *word)
{
    const struct options_section *section = section_of(cfg);
    bool is_top = section->id == OPTIONS_TOP;
    const char *near = options_suggest(section->id, word);
    const char *elsewhere = options_elsewhere(section->id, word);
    char place[64] = "";
    if (!is_top) {
        snprintf(place, sizeof(place), " in %s", section->name);
    }
    if (elsewhere) {
        conf_why_say(reading->why, reading->name, cfg->line,
                     "unknown option \"%s\"%s; did you mean %s?", word, place, elsewhere);
    } else if (near) {
        conf_why_say(reading->why, reading->name, cfg->line,
                     "unknown option \"%s\"%s; did you mean \"%s\"?", word, place, near);
    } else {
        conf_why_say(reading->why, reading->name, cfg->line,
                     "unknown option \"%s\"%s; turnpike.conf(5) names them all", word, place);
    }
}

__attribute__((format(printf, 2, 0))) static void error_met(cfg_t *cfg, const char *format,
                                                            va_list arguments)
{
    if (strcmp(format, "no such option '%s'") == 0) {
        say_unknown(cfg, va_arg(arguments, const char *));
        return;
    }
    if (strcmp(format, "found duplicate title '%s'") == 0) {
        conf_why_say(reading->why, reading->name, cfg->line,
                     "\"%s\" stands here for the second time", va_arg(arguments, const char *));
        return;
    }
    char text[256];
    vsnprintf(text, sizeof(text), format, arguments);
    conf_why_say(reading->why, reading->name, cfg->line, "%s", text);
}

/* The library's option arrays, one per section; it copies them, so they live for one call. */
struct arrays {
    cfg_opt_t of[OPTIONS_SECTION_COUNT][LONGEST_SECTION];
};

/* A list's default is read when its section begins; any word will do. */
static char some_word[] = "{default}";

static void fill_array(struct arrays *a, enum options_section_id section)
{
    static const cfg_opt_t list = CFG_STR_LIST_CB(NULL, some_word, CFGF_NONE, word_met);
    static const cfg_opt_t scalar = CFG_STR_CB(NULL, NULL, CFGF_NONE, word_met);
    cfg_opt_t *at = a->of[section];
    *at = list;
    at->name = mark;
    at++->def.fpnumber = (double)section;
    for (const struct options_row *r = NULL; (r = options_next(section, r));) {
        *at = options_is_list(r->type) ? list : scalar;
        at++->name = options_key(r->name);
    }
    for (const struct options_section *s = NULL; (s = options_next_section(section, s));) {
        fill_array(a, s->id);
        cfg_flag_t titled = CFGF_TITLE | CFGF_MULTI | CFGF_NO_TITLE_DUPES;
        *at++ =
            (cfg_opt_t)CFG_SEC(options_key(s->name), a->of[s->id], s->title ? titled : CFGF_NONE);
    }
    if (section == OPTIONS_TOP) {
        *at++ = (cfg_opt_t)CFG_FUNC("include", include_met);
    }
    *at = (cfg_opt_t)CFG_END();
}

/* met_at — the note of a value: its text is the number of the note. */
static struct met *met_at(const struct source *source, cfg_opt_t *opt, unsigned index)
{
    return &source->met[strtoul(cfg_opt_getnstr(opt, index), NULL, 10)];
}

static void setting_clear(struct conf_setting *setting)
{
    for (size_t i = 0; i < setting->count; i++) {
        conf_memory_forget(setting->words[i].text);
    }
    free(setting->words);
    setting->words = NULL;
    setting->count = 0;
}

/* setting_of — what was said of an option, made when nothing was. */
static struct conf_setting *setting_of(struct conf_node *node, const struct options_row *row)
{
    for (size_t i = 0; i < node->setting_count; i++) {
        if (node->settings[i].row == row) {
            return &node->settings[i];
        }
    }
    node->settings = conf_memory_grow(node->settings, node->setting_count, sizeof(*node->settings));
    struct conf_setting *setting = &node->settings[node->setting_count++];
    setting->row = row;
    return setting;
}

/* take_setting — move the words of an option into the tree. A list that still begins with its
 * default was extended by "+=". */
static void take_setting(struct source *source, cfg_opt_t *opt, struct conf_setting *setting)
{
    unsigned count = cfg_opt_size(opt);
    unsigned first = count > 0 && met_at(source, opt, 0)->is_default ? 1 : 0;
    setting->file = source->name;
    if (first == 0) {
        setting_clear(setting);
    }
    for (unsigned i = first; i < count; i++) {
        struct met *m = met_at(source, opt, i);
        setting->words = conf_memory_grow(setting->words, setting->count, sizeof(*setting->words));
        setting->words[setting->count++] = m->word;
        m->word.text = NULL;
    }
}

/* child_of — the section with a title (NULL: none) among the first `known` of a node, where a
 * section of an earlier text would be, or a new one behind them all. */
static struct conf_node *child_of(struct conf_node *node, size_t known,
                                  enum options_section_id section, const char *title)
{
    for (size_t i = 0; i < known; i++) {
        struct conf_node *child = node->children[i];
        if (child->section == section && (!title || strcmp(child->title.text, title) == 0)) {
            return child;
        }
    }
    node->children = conf_memory_grow(node->children, node->child_count, sizeof(*node->children));
    struct conf_node *child = conf_memory_new(sizeof(*child));
    child->section = section;
    child->title.text = conf_memory_copy(title);
    node->children[node->child_count++] = child;
    return child;
}

/* take_section — move all that a section of the library says into the tree. */
static void take_section(struct source *source, cfg_t *cfg, struct conf_node *node)
{
    unsigned at = 0;
    cfg_opt_t *opt = cfg_getnopt(cfg, at++);
    if (!node->title.file) {
        node->title.file = source->name;
        node->title.line = met_at(source, opt, 0)->word.line;
    }
    for (const struct options_row *r = NULL; (r = options_next(node->section, r));) {
        opt = cfg_getnopt(cfg, at++);
        if (opt->flags & CFGF_MODIFIED) {
            take_setting(source, opt, setting_of(node, r));
        }
    }
    size_t known = node->child_count;
    for (const struct options_section *s = NULL; (s = options_next_section(node->section, s));) {
        opt = cfg_getnopt(cfg, at++);
        for (unsigned i = 0; i < cfg_opt_size(opt); i++) {
            cfg_t *sub = cfg_opt_getnsec(opt, i);
            take_section(source, sub, child_of(node, known, s->id, cfg_title(sub)));
        }
    }
}

static bool read_text(struct source *source, char *text, size_t size);

static bool read_file(struct source *source, const char *path, const struct conf_word *said)
{
    const char *reason;
    size_t size;
    char *text = conf_file_read(path, LARGEST_FILE, &size, &reason);
    if (!text) {
        return conf_why_say(source->why, said->file, said->line, "cannot read %s: %s", path,
                            reason);
    }
    bool fine = read_text(source, text, size);
    conf_memory_forget(text);
    return fine;
}

/* name_of — a copy of a text's name that lives as long as the tree. */
static const char *name_of(struct conf_syntax *s, const char *name)
{
    s->files = conf_memory_grow(s->files, s->file_count, sizeof(*s->files));
    s->files[s->file_count] = conf_memory_copy(name);
    return s->files[s->file_count++];
}

static bool read_include(const struct source *from, const struct conf_word *said)
{
    if (from->depth == DEEPEST_INCLUDE) {
        return conf_why_say(from->why, said->file, said->line,
                            "includes are nested too deeply; does the file include itself?");
    }
    char *path = conf_file_beside(said->file, said->text);
    struct source source = {.syntax = from->syntax,
                            .why = from->why,
                            .name = name_of(from->syntax, path),
                            .depth = from->depth + 1};
    bool fine = read_file(&source, path, said);
    free(path);
    return fine;
}

/* parse — have the library read a text. Returns false with a sentence in *why. */
static bool parse(struct source *source, cfg_t *cfg, char *text, size_t size)
{
    FILE *file = fmemopen(text, size, "r");
    if (!file) {
        return conf_why_say(source->why, source->name, 0, "cannot be read: out of memory");
    }
    cfg_set_error_function(cfg, error_met);
    int status = cfg_parse_fp(cfg, file);
    fclose(file);
    if (status == CFG_SUCCESS) {
        return true;
    }
    return conf_why_say(source->why, source->name, cfg->line, "this cannot be understood");
}

static void source_fini(struct source *source)
{
    for (size_t i = 0; i < source->met_count; i++) {
        conf_memory_forget(source->met[i].word.text);
    }
    for (size_t i = 0; i < source->include_count; i++) {
        free(source->includes[i].text);
    }
    free(source->met);
    free(source->includes);
}

/* read_text — add a text, which is changed, and what it includes, to the tree. */
static bool read_text(struct source *source, char *text, size_t size)
{
    if (!conf_scan(text, size, source->name, source->why)) {
        return false;
    }
    if (size == 0) {
        return true; /* fmemopen of old takes no empty text */
    }
    struct arrays arrays;
    fill_array(&arrays, OPTIONS_TOP);
    reading = source;
    cfg_t *cfg = cfg_init(arrays.of[OPTIONS_TOP], CFGF_NONE);
    bool fine = cfg ? parse(source, cfg, text, size)
                    : conf_why_say(source->why, source->name, 0, "cannot be read: out of memory");
    reading = NULL;
    for (size_t i = 0; fine && i < source->include_count; i++) {
        fine = read_include(source, &source->includes[i]);
    }
    if (fine) {
        take_section(source, cfg, &source->syntax->top);
    }
    if (cfg) {
        cfg_free(cfg);
    }
    source_fini(source);
    return fine;
}

struct conf_syntax *conf_syntax_new(void)
{
    struct conf_syntax *s = conf_memory_new(sizeof(*s));
    s->top.section = OPTIONS_TOP;
    return s;
}

static void node_fini(struct conf_node *node)
{
    free(node->title.text);
    for (size_t i = 0; i < node->setting_count; i++) {
        setting_clear(&node->settings[i]);
    }
    for (size_t i = 0; i < node->child_count; i++) {
        node_fini(node->children[i]);
        free(node->children[i]);
    }
    free(node->settings);
    free(node->children);
}

void conf_syntax_free(struct conf_syntax *s)
{
    if (!s) {
        return;
    }
    node_fini(&s->top);
    for (size_t i = 0; i < s->file_count; i++) {
        free(s->files[i]);
    }
    free(s->files);
    free(s);
}

bool conf_syntax_file(struct conf_syntax *s, const char *name, struct conf_why *why)
{
    struct source source = {.syntax = s, .why = why, .name = name_of(s, name)};
    struct conf_word nowhere = {0};
    return read_file(&source, name, &nowhere);
}

bool conf_syntax_text(struct conf_syntax *s, const char *name, const char *text,
                      struct conf_why *why)
{
    struct source source = {.syntax = s, .why = why, .name = name_of(s, name)};
    char *copy = conf_memory_copy(text);
    bool fine = read_text(&source, copy, strlen(copy));
    conf_memory_forget(copy);
    return fine;
}

const struct conf_setting *conf_syntax_setting(const struct conf_node *node,
                                               const struct options_row *row)
{
    for (size_t i = 0; i < node->setting_count; i++) {
        if (node->settings[i].row == row) {
            return &node->settings[i];
        }
    }
    return NULL;
}

const struct conf_node *conf_syntax_child(const struct conf_node *node,
                                          enum options_section_id section)
{
    for (size_t i = 0; i < node->child_count; i++) {
        if (node->children[i]->section == section) {
            return node->children[i];
        }
    }
    return NULL;
}
