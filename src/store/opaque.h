/* opaque — the OpaqueString profile of RFC 8265: what a realm or password is before it is hashed.
 * Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_OPAQUE_H
#define STORE_OPAQUE_H

#include <stddef.h>

/* opaque_string — bring UTF-8 text into the form that both ends hash: every kind of space becomes
 * U+0020, then Unicode NFC. Returns new text, freed with free; NULL when the text is no valid
 * UTF-8, is empty, or holds control characters. RFC 8489 9.2.2 wants this of realms and passwords.
 */
char *opaque_string(const char *text);

#endif
