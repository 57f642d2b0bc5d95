/* conf_syntax — configuration texts to a tree of settings: sections merged, nothing judged yet.
 * Wiring. Control thread. libconfuse is known here alone. */
/* SPDX-License-Identifier: MIT */
#ifndef CONF_SYNTAX_H
#define CONF_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

#include "conf_why.h"
#include "options.h"

/* A word and where it stands. */
struct conf_word {
    char *text;       /* owned */
    const char *file; /* borrowed from the syntax; NULL: nowhere, a default */
    int line;
};

/* An option that was given a value: one word, or those of a list. */
struct conf_setting {
    const struct options_row *row;
    struct conf_word *words; /* owned */
    size_t count;
    const char *file; /* the text that said it last, borrowed from the syntax */
};

/* A section, with all that was said in it in any text. */
struct conf_node {
    enum options_section_id section;
    struct conf_word title; /* text NULL: it has none */
    struct conf_setting *settings;
    size_t setting_count;
    struct conf_node **children; /* in the order they were first met */
    size_t child_count;
};

struct conf_syntax {
    struct conf_node top;
    char **files; /* names of all texts, owned */
    size_t file_count;
};

/* conf_syntax_new — a tree without settings. Returns a new one, freed with conf_syntax_free. */
struct conf_syntax *conf_syntax_new(void);

/* conf_syntax_free — forget a tree, wiping its words; NULL is taken. */
void conf_syntax_free(struct conf_syntax *s);

/* conf_syntax_file — add what the file `name` says, and before that what it includes: sections
 * merge, scalars override, lists replace ("=") or extend ("+=") what was there.
 * Returns false with a sentence in *why when it cannot be read or understood. */
bool conf_syntax_file(struct conf_syntax *s, const char *name, struct conf_why *why);

/* conf_syntax_text — as conf_syntax_file, for a text that messages call `name`. */
bool conf_syntax_text(struct conf_syntax *s, const char *name, const char *text,
                      struct conf_why *why);

/* conf_syntax_setting — what was said of an option in a section, borrowed. Returns NULL when
 * nothing was. */
const struct conf_setting *conf_syntax_setting(const struct conf_node *node,
                                               const struct options_row *row);

/* conf_syntax_child — the first section of a kind without title within `node`, borrowed. Returns
 * NULL when there is none. */
const struct conf_node *conf_syntax_child(const struct conf_node *node,
                                          enum options_section_id section);

#endif
