/* conf_why — the one sentence that says why a configuration is refused. */
/* SPDX-License-Identifier: MIT */
#include "conf_why.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf_utf8.h"

struct conf_why conf_why_init(char *text, size_t room)
{
    text[0] = '\0';
    return (struct conf_why){text, room};
}

/* make_harmless — control characters and broken UTF-8 become "?": passwords apart, what is wrong
 * in a file ends up on terminals and in logs. */
static void make_harmless(char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        uint32_t character;
        size_t size = conf_utf8_next(text, left, &character);
        if (size == 0 || conf_utf8_is_control(character)) {
            *text = '?';
            size = 1;
        }
        text += size;
        left -= size;
    }
}

bool conf_why_say(struct conf_why *why, const char *file, int line, const char *format, ...)
{
    if (why->text[0] != '\0') {
        return false;
    }
    int used = 0;
    if (file && line > 0) {
        used = snprintf(why->text, why->room, "%s:%d: ", file, line);
    } else if (file) {
        used = snprintf(why->text, why->room, "%s: ", file);
    }
    if (used >= 0 && (size_t)used < why->room) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(why->text + used, why->room - (size_t)used, format, arguments);
        va_end(arguments);
    }
    make_harmless(why->text);
    return false;
}
