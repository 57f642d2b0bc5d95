/* conf_utf8 — characters of a text. */
/* SPDX-License-Identifier: MIT */
#include "conf_utf8.h"

#include <string.h>

size_t conf_utf8_next(const char *text, size_t size, uint32_t *character)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    if (size == 0) {
        return 0;
    }
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (length == 0 || length > size || at[0] >= 0xf8) {
        return 0;
    }
    uint32_t value = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (at[i] & 0x3f);
    }
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
        return 0;
    }
    *character = value;
    return length;
}

bool conf_utf8_is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

size_t conf_utf8_count(const char *text)
{
    size_t left = strlen(text);
    size_t count = 0;
    while (left > 0) {
        uint32_t character;
        size_t size = conf_utf8_next(text, left, &character);
        if (size == 0 || conf_utf8_is_control(character)) {
            return SIZE_MAX;
        }
        text += size;
        left -= size;
        count++;
    }
    return count;
}
