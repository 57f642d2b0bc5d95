/* import_snippet — the part of a turnpike.conf that an import leads to, put together in any order
 * and printed in a good one.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_IMPORT_SNIPPET_H
#define CTL_IMPORT_SNIPPET_H

#include <stdio.h>

#include "ctl/import_range.h"

enum import_snippet_section {
    IMPORT_SNIPPET_TOP,
    IMPORT_SNIPPET_TLS,
    IMPORT_SNIPPET_RELAY,
    IMPORT_SNIPPET_LIMITS, /* of the server, or of a realm */
    IMPORT_SNIPPET_LOG,
    IMPORT_SNIPPET_PEERS, /* likewise; for notes */
    IMPORT_SNIPPET_SECTIONS,
};

struct import_snippet;

/* import_snippet_new — an empty one. Returns new, freed with import_snippet_free; ends the process
 * when memory is short, as everything here does. */
struct import_snippet *import_snippet_new(void);

/* import_snippet_free — forget it; NULL is taken. */
void import_snippet_free(struct import_snippet *s);

/* A realm "" stands for the server as a whole. Every text must be UTF-8 without control characters,
 * as import_value_fault has it; texts are copied but for the names of options, which are static. */

/* import_snippet_realm — have a section for a realm, be it empty. */
void import_snippet_realm(struct import_snippet *s, const char *realm);

/* import_snippet_set — an option; the last value counts. */
void import_snippet_set(struct import_snippet *s, const char *realm,
                        enum import_snippet_section section, const char *option, const char *value);

/* import_snippet_add — one more value of an option that is a list; not twice the same. */
void import_snippet_add(struct import_snippet *s, const char *realm,
                        enum import_snippet_section section, const char *option, const char *value);

/* import_snippet_note — a comment at the beginning of a section; `sentence` static. */
void import_snippet_note(struct import_snippet *s, enum import_snippet_section section,
                         const char *sentence);

/* import_snippet_peers — one more range that peers may be in, or may not. With coturn allowing
 * wins, with turnpike the longer prefix and then denying: so what is denied within a range that is
 * allowed is left out, and everything else means the same. */
void import_snippet_peers(struct import_snippet *s, const char *realm, bool is_allowed,
                          const struct import_range *range);

/* import_snippet_print — print it in the syntax of turnpike.conf; nothing when it is empty. */
void import_snippet_print(struct import_snippet *s, FILE *out);

#endif
