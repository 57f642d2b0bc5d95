/* recorder — a sink for importers that writes down, line by line, what it is given. */
/* SPDX-License-Identifier: MIT */
#include "unit/recorder.h"

#include <stdlib.h>

static void put_words(struct recorder *r, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_put(&r->text, i > 0 ? " " : "");
        text_put(&r->text, words[i]);
    }
    text_char(&r->text, '\n');
}

static bool go_on(struct recorder *r)
{
    r->left -= r->left > 0;
    return r->left != 0;
}

static bool user(void *context, const char *where, const struct import_user *found)
{
    (void)where;
    const char *words[] = {"user", found->realm, found->name, found->md5 ? "md5" : "password",
                           found->md5 ? found->md5 : found->password};
    put_words(context, words, 5);
    return go_on(context);
}

static bool secret(void *context, const char *where, const char *realm, const char *text)
{
    (void)where;
    const char *words[] = {"secret", realm, text};
    put_words(context, words, 3);
    return go_on(context);
}

static void skip(void *context, const char *where, const char *reason)
{
    struct recorder *r = context;
    text_put(&r->text, "skip ");
    text_put(&r->text, where);
    text_put(&r->text, ": ");
    text_put(&r->text, reason);
    text_char(&r->text, '\n');
}

void recorder_init(struct recorder *r, const char *realm)
{
    r->sink = (struct import_sink){.context = r,
                                   .snippet = import_snippet_new(),
                                   .realm = realm,
                                   .user = user,
                                   .secret = secret,
                                   .skip = skip};
    r->left = -1;
    r->text = text_init(r->bytes, sizeof(r->bytes));
}

void recorder_fini(struct recorder *r)
{
    import_snippet_free(r->sink.snippet);
}

char *recorder_snippet(struct recorder *r)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    import_snippet_print(r->sink.snippet, out);
    fclose(out);
    return text;
}
