/* conf_scan — the first look at a configuration text. */
/* SPDX-License-Identifier: MIT */
#include "conf_scan.h"

#include <string.h>

#include "conf_utf8.h"

enum { DEEPEST = 8 }; /* braces; the deepest that makes sense is a list in a realm's section: 3 */

/* What stood before the place in the text, comments apart. */
enum scan_last {
    SCAN_NOTHING, /* or something that a name can follow */
    SCAN_NAME,    /* of an option or section */
    SCAN_EQUALS,
    SCAN_LIST, /* the beginning of a list, or a comma in one */
};

struct scan {
    char *at;
    char *end;
    const char *name;
    int line;
    int opened[DEEPEST]; /* lines of the braces that are open */
    int depth;
    bool in_word; /* the character before belongs to an unquoted word */
    enum scan_last last;
    struct conf_why *why;
};

static bool refuse(const struct scan *s, int line, const char *what)
{
    return conf_why_say(s->why, s->name, line, "%s", what);
}

/* is_next — whether the text goes on with `mark`. */
static bool is_next(const struct scan *s, const char *mark)
{
    size_t size = strlen(mark);
    return (size_t)(s->end - s->at) >= size && memcmp(s->at, mark, size) == 0;
}

static void skip_line_comment(struct scan *s)
{
    while (s->at < s->end && *s->at != '\n') {
        *s->at++ = ' ';
    }
}

static bool skip_block_comment(struct scan *s)
{
    int opened = s->line;
    memset(s->at, ' ', 2);
    s->at += 2;
    while (!is_next(s, "*/")) {
        if (s->at == s->end) {
            return refuse(s, opened, "the comment that begins here is not closed");
        }
        if (*s->at == '\n') {
            s->line++;
        } else {
            *s->at = ' ';
        }
        s->at++;
    }
    memset(s->at, ' ', 2);
    s->at += 2;
    return true;
}

/* skip_variable — pass a "${...}", the place in the text being the dollar. */
static bool skip_variable(struct scan *s)
{
    while (*s->at != '}') {
        s->at++;
        if (s->at == s->end || *s->at == '\n' || *s->at == '"') {
            return refuse(s, s->line,
                          "a ${ is not closed by }; for the two characters themselves write \\${");
        }
    }
    s->at++;
    return true;
}

/* skip_quoted — pass a quoted text, the place in the text being the opening quote. */
static bool skip_quoted(struct scan *s)
{
    char quote = *s->at++;
    while (s->at < s->end && *s->at != '\n' && *s->at != quote) {
        if (quote == '"' && is_next(s, "${")) {
            if (!skip_variable(s)) {
                return false;
            }
            continue;
        }
        if (*s->at == '\\' && s->at + 1 < s->end && s->at[1] != '\n') {
            s->at++;
        }
        s->at++;
    }
    if (s->at == s->end || *s->at == '\n') {
        return refuse(s, s->line, "a quoted text is not closed on its line");
    }
    s->at++;
    return true;
}

static bool take_brace(struct scan *s)
{
    if (*s->at == '{' && s->depth == DEEPEST) {
        return refuse(s, s->line, "braces are nested too deeply");
    }
    if (*s->at == '}' && s->depth == 0) {
        return refuse(s, s->line, "a } closes nothing");
    }
    if (*s->at == '{') {
        s->opened[s->depth++] = s->line;
        s->last = s->last == SCAN_EQUALS ? SCAN_LIST : SCAN_NOTHING;
    } else {
        s->depth--;
        s->last = SCAN_NOTHING;
    }
    s->at++;
    return true;
}

/* take_text — pass a quoted text or a variable, which can be a title or a value. The library looks
 * for ever for an option whose name begins with "=", which only these can spell. */
static bool take_text(struct scan *s)
{
    if (s->last == SCAN_NOTHING) {
        return refuse(s, s->line, "the name of an option is expected here, not a quoted text");
    }
    s->last = SCAN_NOTHING;
    return *s->at == '$' ? skip_variable(s) : skip_quoted(s);
}

static void skip_blanks(struct scan *s)
{
    while (s->at < s->end && strchr(" \t\r\n", *s->at)) {
        s->line += *s->at++ == '\n';
    }
}

/* take_argument — pass what stands in parentheses, the place in the text being the first. The
 * library forgets to free arguments that it cannot make sense of. */
static bool take_argument(struct scan *s)
{
    static const char sentence[] = "parentheses hold one quoted file name, as in include(\"NAME\")";
    int line = s->line;
    s->at++;
    skip_blanks(s);
    if (s->at == s->end || (*s->at != '"' && *s->at != '\'')) {
        return refuse(s, line, sentence);
    }
    if (!skip_quoted(s)) {
        return false;
    }
    skip_blanks(s);
    if (!is_next(s, ")")) {
        return refuse(s, line, sentence);
    }
    s->at++;
    s->last = SCAN_NOTHING;
    return true;
}

/* take_other — pass one character of a word, or between words. */
static void take_other(struct scan *s, bool was_in_word)
{
    char c = *s->at++;
    s->in_word = !strchr(" \t\r\n=()+,*", c);
    if (c == '\n') {
        s->line++;
    } else if (c == '=') {
        s->last = SCAN_EQUALS;
    } else if (c == ',') {
        s->last = SCAN_LIST;
    } else if (s->in_word && !was_in_word) {
        s->last = s->last == SCAN_EQUALS || s->last == SCAN_LIST ? SCAN_NOTHING : SCAN_NAME;
    }
}

/* scan_one — pass what stands at the place in the text. */
static bool scan_one(struct scan *s)
{
    bool was_in_word = s->in_word;
    char c = *s->at;
    s->in_word = false;
    if (c == '#' || (!was_in_word && is_next(s, "//"))) {
        skip_line_comment(s);
        return true;
    }
    if (!was_in_word && is_next(s, "/*")) {
        return skip_block_comment(s);
    }
    if (c == '"' || c == '\'' || (!was_in_word && is_next(s, "${"))) {
        return take_text(s);
    }
    if (c == '{' || c == '}') {
        return take_brace(s);
    }
    if (c == '(') {
        return take_argument(s);
    }
    take_other(s, was_in_word);
    return true;
}

/* is_utf8 — whether all is UTF-8 without characters that no text file has. */
static bool is_utf8(struct scan *s)
{
    const char *at = s->at;
    int line = 1;
    while (at < s->end) {
        uint32_t character;
        size_t size = conf_utf8_next(at, (size_t)(s->end - at), &character);
        if (size == 0) {
            return refuse(s, line, "this is not UTF-8 text");
        }
        if (conf_utf8_is_control(character) && character != '\t' && character != '\r' &&
            character != '\n') {
            return conf_why_say(s->why, s->name, line, "a control character (0x%02x) stands here",
                                (unsigned)character);
        }
        line += character == '\n';
        at += size;
    }
    return true;
}

bool conf_scan(char *text, size_t size, const char *name, struct conf_why *why)
{
    struct scan s = {.at = text, .end = text + size, .name = name, .line = 1, .why = why};
    if (!is_utf8(&s)) {
        return false;
    }
    if (is_next(&s, "\xef\xbb\xbf")) {
        memset(s.at, ' ', 3); /* the mark some editors put first */
    }
    while (s.at < s.end) {
        if (!scan_one(&s)) {
            return false;
        }
    }
    if (s.depth > 0) {
        return refuse(&s, s.opened[s.depth - 1], "the { that begins here is not closed");
    }
    return true;
}
