/* opaque — the OpaqueString profile of RFC 8265. */
/* SPDX-License-Identifier: MIT */
#include "store/opaque.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/secret.h"

/* widen_spaces — the text with every space separator as U+0020; NULL when a character is refused.
 */
static uint8_t *widen_spaces(const uint8_t *text, size_t size, size_t *out_size)
{
    uint8_t *out = malloc(size + 1);
    size_t used = 0;
    for (size_t at = 0; out && at < size;) {
        ucs4_t c;
        int step = u8_mbtouc(&c, text + at, size - at);
        if (uc_is_general_category(c, UC_CONTROL)) {
            free(out);
            return NULL;
        }
        if (uc_is_general_category(c, UC_SPACE_SEPARATOR)) {
            out[used++] = ' ';
        } else {
            memcpy(out + used, text + at, (size_t)step);
            used += (size_t)step;
        }
        at += (size_t)step;
    }
    *out_size = used;
    return out;
}

/* forget — free what may have been a password. */
static void forget(uint8_t *text, size_t size)
{
    if (text) {
        secret_wipe(text, size);
        free(text);
    }
}

char *opaque_string(const char *text)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t size = strlen(text);
    size_t wide;
    size_t normal;
    if (size == 0 || u8_check(bytes, size)) {
        return NULL;
    }
    uint8_t *spaced = widen_spaces(bytes, size, &wide);
    uint8_t *composed = spaced ? u8_normalize(UNINORM_NFC, spaced, wide, NULL, &normal) : NULL;
    char *out = composed ? malloc(normal + 1) : NULL;
    if (out) {
        memcpy(out, composed, normal);
        out[normal] = '\0';
    }
    forget(spaced, wide);
    forget(composed, normal);
    return out;
}
