/* crc32 — the checksum of FINGERPRINT, eight bytes a step. */
/* SPDX-License-Identifier: MIT */
#include "wire/crc32.h"

#include "wire/crc32_table.h"

static uint32_t feed(uint32_t crc, const uint8_t *at, size_t size)
{
    while (size >= 8) {
        uint32_t low = crc ^ ((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                              (uint32_t)at[3] << 24);
        crc = crc32_table[7][low & 0xff] ^ crc32_table[6][low >> 8 & 0xff] ^
              crc32_table[5][low >> 16 & 0xff] ^ crc32_table[4][low >> 24] ^ crc32_table[3][at[4]] ^
              crc32_table[2][at[5]] ^ crc32_table[1][at[6]] ^ crc32_table[0][at[7]];
        at += 8;
        size -= 8;
    }
    for (; size > 0; size--, at++) {
        crc = crc32_table[0][(crc ^ *at) & 0xff] ^ crc >> 8;
    }
    return crc;
}

uint32_t crc32_of(const struct span *pieces, size_t count)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        crc = feed(crc, pieces[i].bytes, pieces[i].size);
    }
    return ~crc;
}
