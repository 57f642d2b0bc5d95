/* fuzz_conf — any bytes as a configuration text: it is taken, or refused with one sentence that no
 * terminal minds. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_utf8.h"

/* is_about_files — whether a text could have files read, which are none of a fuzzer's business. */
static bool is_about_files(const char *text)
{
    return strstr(text, "include") || strstr(text, "file:");
}

static void check_sentence(const char *why)
{
    if (why[0] == '\0' || conf_utf8_count(why) == SIZE_MAX) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char why[256];
    char *text = malloc(size + 1);
    if (!text) {
        return 0;
    }
    memcpy(text, bytes, size);
    text[size] = '\0';
    const char *const set[] = {text, "workers = 1"};
    if (!is_about_files(text)) {
        struct conf *c = conf_read(NULL, set, 2, why, sizeof(why));
        if (!c) {
            check_sentence(why);
        } else if (c->workers != 1 || c->listener_count == 0 || conf_restart_needed(c, c)) {
            abort();
        }
        conf_free(c);
    }
    free(text);
    return 0;
}
