/* script — scenes as text: files to lines, lines to words. */
/* SPDX-License-Identifier: MIT */
#include "scene/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_whole(const char *file)
{
    FILE *f = fopen(file, "rb");
    if (!f) {
        fprintf(stderr, "%s: %s\n", file, strerror(errno));
        return NULL;
    }
    size_t room = 1 << 16;
    size_t used = 0;
    char *text = malloc(room);
    while (text) {
        size_t got = fread(text + used, 1, room - used - 1, f);
        used += got;
        if (got == 0) {
            text[used] = '\0';
            break;
        }
        if (room - used < 2) {
            room *= 2;
            char *more = realloc(text, room);
            if (!more) {
                free(text);
            }
            text = more;
        }
    }
    fclose(f);
    return text;
}

static bool is_blank_line(const char *text)
{
    text += strspn(text, " \t\r");
    return *text == '\0' || *text == '#';
}

/* add_scene — begin a scene at a line `scene "title"`. */
static bool add_scene(struct script *s, const char *text, int number)
{
    struct script_words *w = malloc(sizeof(*w));
    bool ok = w && script_split(text, w) && w->count == 2;
    if (ok) {
        s->scenes = realloc(s->scenes, sizeof(*s->scenes) * (size_t)(s->scene_count + 1));
        s->scenes[s->scene_count++] = (struct script_scene){
            .title = strdup(w->word[1].text), .number = number, .first = s->line_count};
    } else {
        fprintf(stderr, "%s:%d: scene needs one title\n", s->file, number);
    }
    free(w);
    return ok;
}

bool script_read(const char *file, struct script *out)
{
    char *at = read_whole(file);
    int number = 0;
    *out = (struct script){.file = file, .text = at};
    while (at && *at) {
        char *line = at;
        int first = ++number;
        char *end = strchr(at, '\n');
        while (end && end > line && end[-1] == '\\') { /* goes on in the next line */
            end[-1] = end[0] = ' ';
            number++;
            end = strchr(end, '\n');
        }
        at = end ? end + 1 : at + strlen(at);
        if (end) {
            *end = '\0';
        }
        if (strncmp(line, "scene ", 6) == 0) {
            if (!add_scene(out, line, first)) {
                return false;
            }
        } else if (!is_blank_line(line)) {
            out->lines = realloc(out->lines, sizeof(*out->lines) * (size_t)(out->line_count + 1));
            out->lines[out->line_count++] = (struct script_line){line, first};
            if (out->scene_count > 0) {
                out->scenes[out->scene_count - 1].count++;
            } else {
                out->preamble_count++;
            }
        }
    }
    return at != NULL;
}

void script_free(struct script *s)
{
    for (int i = 0; i < s->scene_count; i++) {
        free(s->scenes[i].title);
    }
    free(s->scenes);
    free(s->lines);
    free(s->text);
}

/* unescape — the character behind a backslash. */
static char unescape(const char **at)
{
    char c = *(*at)++;
    if (c == 'n') {
        return '\n';
    }
    if (c == 't') {
        return '\t';
    }
    if (c == 'x' && (*at)[0] && (*at)[1]) {
        char digits[3] = {(*at)[0], (*at)[1], '\0'};
        *at += 2;
        return (char)strtoul(digits, NULL, 16);
    }
    return c;
}

bool script_split(const char *text, struct script_words *out)
{
    size_t used = 0;
    out->count = 0;
    out->at = 0;
    for (;;) {
        text += strspn(text, " \t\r");
        if (*text == '\0' || *text == '#') {
            return true;
        }
        struct script_word *w = &out->word[out->count++];
        w->text = out->store + used;
        w->is_quoted = *text == '"';
        w->size = 0;
        if (w->is_quoted) {
            for (text++; *text && *text != '"' && used + 2 < sizeof(out->store);) {
                char c = *text++;
                out->store[used++] = c == '\\' ? unescape(&text) : c;
                w->size++;
            }
            if (*text++ != '"') {
                return false;
            }
        } else {
            while (*text && !strchr(" \t\r", *text) && used + 2 < sizeof(out->store)) {
                out->store[used++] = *text++;
                w->size++;
            }
        }
        out->store[used++] = '\0';
        if (used + 2 >= sizeof(out->store) || out->count == SCRIPT_WORDS_MAX) {
            return false;
        }
    }
}

int script_left(const struct script_words *w)
{
    return w->count - w->at;
}

struct script_word script_peek(const struct script_words *w)
{
    return w->at < w->count ? w->word[w->at] : (struct script_word){"", 0, false};
}

struct script_word script_take(struct script_words *w)
{
    struct script_word word = script_peek(w);
    w->at += w->at < w->count ? 1 : 0;
    return word;
}

bool script_is(struct script_word w, const char *text)
{
    return !w.is_quoted && strcmp(w.text, text) == 0;
}

bool script_accept(struct script_words *w, const char *text)
{
    bool is_it = script_left(w) > 0 && script_is(script_peek(w), text);
    w->at += is_it ? 1 : 0;
    return is_it;
}

bool script_number(struct script_word w, unsigned long long *out)
{
    char *end;
    if (w.is_quoted || w.text[0] < '0' || w.text[0] > '9') {
        return false;
    }
    *out = strtoull(w.text, &end, 0);
    static const struct {
        char unit;
        unsigned seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (end[0] == units[i].unit && end[1] == '\0') {
            *out *= units[i].seconds;
            return true;
        }
    }
    return *end == '\0';
}

bool script_hex(const char *text, unsigned char *out, size_t room, size_t *size)
{
    *size = 0;
    for (; text[0] && text[1]; text += 2) {
        char digits[3] = {text[0], text[1], '\0'};
        char *end;
        unsigned long value = strtoul(digits, &end, 16);
        if (*end || *size == room) {
            return false;
        }
        out[(*size)++] = (unsigned char)value;
    }
    return text[0] == '\0';
}
