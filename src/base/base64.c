/* base64 — the encoding of RFC 4648 section 4. */
/* SPDX-License-Identifier: MIT */
#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char base64_digit(unsigned value)
{
    return digits[value & 63];
}

int base64_value(char c)
{
    for (int i = 0; i < 64; i++) {
        if (digits[i] == c) {
            return i;
        }
    }
    return -1;
}

size_t base64_put(const uint8_t *bytes, size_t size, char *out)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i += 3) {
        size_t part = size - i < 3 ? size - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= part > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= part > 2 ? bytes[i + 2] : 0;
        for (size_t j = 0; j < 4; j++) {
            out[used++] = j <= part ? digits[group >> (18 - 6 * j) & 63] : '=';
        }
    }
    return used;
}
