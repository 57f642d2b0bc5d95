/* fuzz_ctl_http — any bytes as an answer of HTTP to turnpikectl: it makes no difference in what
 * pieces they come, and what is shown of them is harmless to a terminal. */
/* SPDX-License-Identifier: MIT */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl_call.h"
#include "ctl/ctl_clean.h"
#include "ctl/ctl_http.h"
#include "ctl/ctl_table.h"

enum { MOST = 4096 }; /* bytes of a body */

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

static enum ctl_http_verdict read_answer(struct ctl_http *h, const uint8_t *bytes, size_t size,
                                         size_t step)
{
    enum ctl_http_verdict verdict = CTL_HTTP_MORE;
    ctl_http_init(h, MOST);
    for (size_t at = 0; at < size && verdict == CTL_HTTP_MORE; at += step) {
        verdict = ctl_http_take(h, bytes + at, size - at < step ? size - at : step);
        insist(h->size <= MOST);
    }
    return verdict == CTL_HTTP_MORE ? ctl_http_end(h) : verdict;
}

/* check_text — nothing in it but what can be shown, and line ends. */
static void check_text(const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        uint32_t character;
        size_t length = ctl_clean_next((const uint8_t *)text + i, size - i, &character);
        insist(length > 0 && (ctl_clean_is_shown(character) || character == '\n'));
        i += length;
    }
}

/* check_shown — all that would be printed of an answer. */
static void check_shown(const json_t *json)
{
    static const struct ctl_column columns[] = {
        {"A", "a", CTL_CELL_TEXT},
        {"B", "b", CTL_CELL_TIME},
        {"C", "c", CTL_CELL_BANDWIDTH},
        {"D", "d", CTL_CELL_NUMBER},
    };
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out) {
        ctl_table_print(out, json_object_get(json, "a"), columns, 4);
        ctl_table_print_one(out, json, columns, 4);
        ctl_table_print_json(out, json);
        fclose(out);
        check_text(text, size);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct ctl_http whole;
    struct ctl_http pieces;
    struct ctl_answer answer;
    enum ctl_http_verdict verdict = read_answer(&whole, bytes, size, size ? size : 1);
    insist(read_answer(&pieces, bytes, size, 1) == verdict);
    if (verdict == CTL_HTTP_WHOLE) {
        insist(whole.status >= 200 && whole.status < 600 && whole.status == pieces.status);
        insist(whole.size == pieces.size);
        insist(whole.size == 0 || memcmp(whole.body, pieces.body, whole.size) == 0);
        ctl_call_read(whole.status, whole.body, whole.size, &answer);
        check_text(answer.why, strlen(answer.why));
        if (answer.json) {
            check_shown(answer.json);
        }
        ctl_call_fini(&answer);
    }
    ctl_http_fini(&whole);
    ctl_http_fini(&pieces);
    return 0;
}
