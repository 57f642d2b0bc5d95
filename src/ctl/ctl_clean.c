/* ctl_clean — texts from a server or a foreign database made fit for a terminal. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_clean.h"

#include <string.h>

#include "ctl/ctl_memory.h"

size_t ctl_clean_next(const uint8_t *bytes, size_t size, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = bytes[0];
    if (first < 0x80) {
        *character = first;
        return 1;
    }
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length > size) {
        return 0;
    }
    uint32_t value = first & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if (bytes[i] >> 6 != 2) {
            return 0;
        }
        value = value << 6 | (bytes[i] & 0x3fu);
    }
    if (value < least[length] || value > 0x10ffff || value >> 11 == 0x1b) {
        return 0;
    }
    *character = value;
    return length;
}

bool ctl_clean_is_shown(uint32_t character)
{
    bool is_control = character < 0x20 || (character >= 0x7f && character < 0xa0);
    bool is_layout = (character >= 0x200e && character <= 0x200f) ||
                     (character >= 0x2028 && character <= 0x202e) ||
                     (character >= 0x2066 && character <= 0x2069);
    return !is_control && !is_layout;
}

/* put_escaped — a byte as \xNN. Returns the place behind. */
static char *put_escaped(char *out, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    *out++ = '\\';
    *out++ = 'x';
    *out++ = digits[byte >> 4];
    *out++ = digits[byte & 15];
    return out;
}

char *ctl_clean_new(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    char *text = ctl_memory_new(size * 4 + 1);
    char *out = text;
    while (size > 0) {
        uint32_t character;
        size_t length = ctl_clean_next(at, size, &character);
        bool is_shown = length > 0 && ctl_clean_is_shown(character);
        length = length ? length : 1;
        for (size_t i = 0; i < length; i++) {
            if (is_shown) {
                *out++ = (char)at[i];
            } else {
                out = put_escaped(out, at[i]);
            }
        }
        at += length;
        size -= length;
    }
    *out = '\0';
    return text;
}

void ctl_clean_trim(char *text)
{
    size_t size = strlen(text);
    size_t at = size;
    uint32_t character;
    while (at > 0 && size - at < 3 && ((uint8_t)text[at - 1] >> 6) == 2) {
        at--; /* continuations of a character that began before */
    }
    if (at > 0 && (uint8_t)text[at - 1] >= 0xc0 &&
        ctl_clean_next((const uint8_t *)text + at - 1, size - at + 1, &character) == 0) {
        text[at - 1] = '\0';
    }
}

size_t ctl_clean_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++) {
        width += ((uint8_t)*text >> 6) != 2; /* not a continuation of the one before */
    }
    return width;
}
