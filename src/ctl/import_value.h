/* import_value — values from a foreign database, judged before anybody believes them.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_IMPORT_VALUE_H
#define CTL_IMPORT_VALUE_H

#include "base/netaddr.h"
#include "base/span.h"

enum {
    IMPORT_VALUE_NAME_MAX = 508, /* bytes of a user's or realm's name, as STUN can carry them */
    IMPORT_VALUE_PASSWORD_MAX = 1024,
    IMPORT_VALUE_SECRET_MAX = 4096,
    IMPORT_VALUE_KEY_SIZE = 33, /* hex digits and NUL */
};

/* import_value_fault — what is wrong with a text that must have 1 to `most` bytes of UTF-8 without
 * control characters. Returns NULL when nothing is; else words to follow a name, static. */
const char *import_value_fault(struct span text, size_t most);

/* import_value_realm_fault — the same for the name of a realm, of which STUN can carry 127
 * characters. Returns as import_value_fault does. */
const char *import_value_realm_fault(struct span name);

/* import_value_key — an MD5 key in hex, with or without "0x". Returns false, `key` untouched, when
 * it is none; else `key` is 32 lower-case digits. */
bool import_value_key(struct span text, char key[IMPORT_VALUE_KEY_SIZE]);

/* import_value_number — a decimal number up to `most`. Returns false, *number untouched, when it is
 * none. */
bool import_value_number(struct span text, uint64_t most, uint64_t *number);

/* import_value_flag — whether the value of a switch of coturn's means on: "" and everything but 0,
 * no, false and off. Never fails. */
bool import_value_flag(const char *text);

/* import_value_is_host — whether an address can be that of one machine: neither the wildcard nor
 * multicast nor broadcast. Never fails. */
bool import_value_is_host(const struct netaddr *address);

#endif
