/* import_key — the names of coturn's keys in Redis. */
/* SPDX-License-Identifier: MIT */
#include "ctl/import_key.h"

#include <string.h>

/* take_front — step over a prefix. Returns false when it is not there. */
static bool take_front(struct span *s, const char *prefix)
{
    size_t size = strlen(prefix);
    if (s->size < size || memcmp(s->bytes, prefix, size) != 0) {
        return false;
    }
    s->bytes += size;
    s->size -= size;
    return true;
}

/* take_back — cut a suffix off. Returns false when it is not there. */
static bool take_back(struct span *s, const char *suffix)
{
    size_t size = strlen(suffix);
    if (s->size < size || memcmp(s->bytes + s->size - size, suffix, size) != 0) {
        return false;
    }
    s->size -= size;
    return true;
}

/* find — the first place of a word. Returns its distance, or the size of `s`. */
static size_t find(struct span s, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= s.size; i++) {
        if (memcmp(s.bytes + i, word, size) == 0) {
            return i;
        }
    }
    return s.size;
}

/* split_user — "R/user/U". A name with "/user/" in it would make two readings. */
static struct import_key split_user(struct span rest)
{
    static const char word[] = "/user/";
    struct import_key key = {.kind = IMPORT_KEY_USER};
    size_t at = find(rest, word);
    key.realm = (struct span){rest.bytes, at};
    key.user = (struct span){rest.bytes + at, rest.size - at};
    (void)take_front(&key.user, word);
    /* Looked for with an overlap of the slash: "/user/user/" is ambiguous as well. */
    struct span behind = {rest.bytes + at + 1, rest.size - at - 1};
    if (find(behind, word) < behind.size) {
        key.kind = IMPORT_KEY_AMBIGUOUS;
    }
    return key;
}

/* of_realm — what is behind "turn/realm/". */
static struct import_key of_realm(struct span rest)
{
    static const struct {
        const char *suffix;
        enum import_key_kind kind;
    } kinds[] = {
        {"/secret", IMPORT_KEY_SECRET},         {"/allowed-peer-ip", IMPORT_KEY_ALLOWED},
        {"/denied-peer-ip", IMPORT_KEY_DENIED}, {"/max-bps", IMPORT_KEY_OPTION},
        {"/total-quota", IMPORT_KEY_OPTION},    {"/user-quota", IMPORT_KEY_OPTION},
    };
    bool has_user = find(rest, "/user/") < rest.size;
    if (has_user && take_back(&rest, "/key")) {
        return find(rest, "/user/") < rest.size ? split_user(rest) : (struct import_key){0};
    }
    for (size_t i = 0; !has_user && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct import_key key = {.kind = kinds[i].kind, .realm = rest};
        if (take_back(&key.realm, kinds[i].suffix)) {
            key.option =
                (struct span){rest.bytes + key.realm.size + 1, rest.size - key.realm.size - 1};
            return key;
        }
    }
    return (struct import_key){.kind = IMPORT_KEY_OTHER};
}

struct import_key import_key_parse(struct span name)
{
    if (take_front(&name, "turn/realm/")) {
        return of_realm(name);
    }
    return (struct import_key){.kind = take_front(&name, "turn/origin/")       ? IMPORT_KEY_ORIGIN
                                       : take_front(&name, "turn/oauth/kid/")  ? IMPORT_KEY_OAUTH
                                       : take_front(&name, "turn/admin_user/") ? IMPORT_KEY_ADMIN
                                                                               : IMPORT_KEY_OTHER};
}
