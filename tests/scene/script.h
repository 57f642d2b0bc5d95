/* script — scenes as text: files to lines, lines to words.
 * Tests only. Knows nothing of what the words mean; see play.c for the language. */
/* SPDX-License-Identifier: MIT */
#ifndef SCENE_SCRIPT_H
#define SCENE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum {
    SCRIPT_WORDS_MAX = 160,
    SCRIPT_LINE_MAX = 16384, /* bytes of a line after substitution */
};

struct script_word {
    const char *text; /* NUL-terminated behind `size` bytes */
    size_t size;
    bool is_quoted;
};

/* What is left of a line. */
struct script_words {
    struct script_word word[SCRIPT_WORDS_MAX];
    int count;
    int at;
    char store[SCRIPT_LINE_MAX];
};

struct script_line {
    const char *text;
    int number;
};

struct script_scene {
    char *title;
    int number; /* line it begins at */
    int first;  /* of its lines */
    int count;
};

/* One file: lines before the first scene are its preamble, played before every scene. */
struct script {
    const char *file;
    char *text; /* of the whole file */
    struct script_line *lines;
    int line_count;
    int preamble_count;
    struct script_scene *scenes;
    int scene_count;
};

/* script_read — read a file of scenes; `file` borrowed. Returns false after saying why on stderr;
 * either way script_free is due. */
bool script_read(const char *file, struct script *out);

/* script_free — give back what script_read made. */
void script_free(struct script *s);

/* script_split — cut a line into words: blanks separate, "..." keeps together and knows \n \t \" \\
 * \xNN, # begins a comment. Returns false when a quote is left open or the line is too long. */
bool script_split(const char *text, struct script_words *out);

/* script_left — words not yet taken. Never fails. */
int script_left(const struct script_words *w);

/* script_take — the next word; an empty one at the end. Never fails. */
struct script_word script_take(struct script_words *w);

/* script_peek — the next word without taking it; an empty one at the end. Never fails. */
struct script_word script_peek(const struct script_words *w);

/* script_accept — take the next word if it is exactly this bare word. Returns whether it was. */
bool script_accept(struct script_words *w, const char *text);

/* script_is — whether a word is exactly this bare word. Never fails. */
bool script_is(struct script_word w, const char *text);

/* script_number — a decimal or 0x number, with s, m, h or d behind it as seconds. Returns false
 * when the word is none. */
bool script_number(struct script_word w, unsigned long long *out);

/* script_hex — the bytes of "a1b2..." into at most `room`. Returns false when it is not that. */
bool script_hex(const char *text, unsigned char *out, size_t room, size_t *size);

#endif
