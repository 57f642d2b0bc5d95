/* redis_key — the names of turnpike's keys in Redis. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_key.h"

#include <string.h>

#define BEFORE "turnpike:{"

static char *put_bytes(char *at, const void *bytes, size_t size)
{
    if (size > 0) {
        memcpy(at, bytes, size);
    }
    return at + size;
}

/* must_hide — whether a byte of a realm could break the hash tag or a line. */
static bool must_hide(unsigned char c)
{
    return c <= ' ' || c == 0x7f || c == '{' || c == '}' || c == '%';
}

static char *put_realm(char *at, const char *realm)
{
    static const char digits[] = "0123456789ABCDEF";
    bool is_star = strcmp(realm, "*") == 0; /* not the realm "" */
    if (!realm[0]) {
        return put_bytes(at, "*", 1);
    }
    for (; *realm; realm++) {
        unsigned char c = (unsigned char)*realm;
        if (must_hide(c) || is_star) {
            *at++ = '%';
            *at++ = digits[c >> 4];
            *at++ = digits[c & 15];
        } else {
            *at++ = (char)c;
        }
    }
    return at;
}

void redis_key_put(struct redis_words *w, const char *realm, const char *kind,
                   const struct span *id)
{
    size_t room = strlen(BEFORE) + 3 * strlen(realm) + 1 + strlen("}:") + strlen(kind) +
                  (id ? 1 + id->size : 0);
    char *out = redis_words_own(w, room);
    if (!out) {
        return;
    }
    char *at = put_bytes(out, BEFORE, strlen(BEFORE));
    at = put_realm(at, realm);
    at = put_bytes(at, "}:", 2);
    at = put_bytes(at, kind, strlen(kind));
    if (id) {
        *at++ = ':';
        at = put_bytes(at, id->bytes, id->size);
    }
    redis_words_cut(w, (size_t)(at - out));
}
