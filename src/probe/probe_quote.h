/* probe_quote — texts from strangers made fit for a terminal and for JSON.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef PROBE_PROBE_QUOTE_H
#define PROBE_PROBE_QUOTE_H

#include "base/text.h"

/* probe_quote_clean — append bytes as printable UTF-8: control characters and what is no UTF-8
 * become "?". Cuts the text, between two characters, when there is no room. */
void probe_quote_clean(struct text *t, struct span bytes);

/* probe_quote_json — append a string, printable UTF-8 as probe_quote_clean leaves it, in the quotes
 * and escapes of JSON; cuts the text when there is no room. */
void probe_quote_json(struct text *t, const char *string);

#endif
