/* fuzz_import_conf — any bytes as a turnserver.conf: what is handed on can be stored, the rest is
 * reported, and the part of a turnpike.conf is one that turnpike can read. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "ctl/import_conf.h"
#include "ctl/import_value.h"

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_text(const char *text, size_t most)
{
    return import_value_fault(span_of_text(text), most) == NULL;
}

static bool user(void *context, const char *where, const struct import_user *found)
{
    (void)context;
    insist(where[0] != '\0' && is_text(found->name, IMPORT_VALUE_NAME_MAX));
    insist(found->realm[0] == '\0' || is_text(found->realm, IMPORT_VALUE_NAME_MAX));
    insist((found->md5 != NULL) != (found->password != NULL));
    insist(!found->md5 || strlen(found->md5) == 32);
    insist(!found->password || is_text(found->password, IMPORT_VALUE_PASSWORD_MAX));
    return true;
}

static bool secret(void *context, const char *where, const char *realm, const char *text)
{
    (void)context;
    insist(where[0] != '\0' && is_text(text, IMPORT_VALUE_SECRET_MAX));
    insist(realm[0] == '\0' || is_text(realm, IMPORT_VALUE_NAME_MAX));
    return true;
}

static void skip(void *context, const char *where, const char *reason)
{
    (void)context;
    insist(where[0] != '\0' && reason[0] != '\0');
}

/* is_excused — what turnpike may refuse although every line of it is right: it is only a part. */
static bool is_excused(const char *why)
{
    static const char *const excuses[] = {
        "has neither a user nor a secret",
        "a certificate without a key",
        "a key without a certificate",
    };
    for (size_t i = 0; i < sizeof(excuses) / sizeof(excuses[0]); i++) {
        if (strstr(why, excuses[i])) {
            return true;
        }
    }
    return false;
}

/* check_snippet — by the reader of turnpike itself. */
static void check_snippet(struct import_snippet *snippet)
{
    char why[512] = "";
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        return;
    }
    import_snippet_print(snippet, out);
    fclose(out);
    const char *const set[] = {text};
    struct conf *c = conf_read(NULL, set, 1, why, sizeof(why));
    if (!c && !is_excused(why)) {
        fprintf(stderr, "%s\n%s\n", why, text);
        abort();
    }
    conf_free(c);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char why[512] = "";
    struct text t = text_init(why, sizeof(why));
    struct import_sink sink = {
        .snippet = import_snippet_new(), .user = user, .secret = secret, .skip = skip};
    insist(import_conf_read("t.conf", (const char *)bytes, size, &sink, &t) == IMPORT_DONE);
    check_snippet(sink.snippet);
    import_snippet_free(sink.snippet);
    return 0;
}
