/* conf_field — the members of struct conf by their rows of the option table: read, compare, free.
 * Wiring. Control thread.
 *
 * `base` is always the struct that a row's section is kept in: struct conf, conf_realm, conf_user
 * or conf_listener. */
/* SPDX-License-Identifier: MIT */
#ifndef CONF_FIELD_H
#define CONF_FIELD_H

#include "conf.h"
#include "options.h"

/* A list as it lies in those structs. */
struct conf_field_list {
    void *at;
    size_t count;
};

/* conf_field_number — a member that is one number, yes or no, or a word's place. Never fails. */
uint64_t conf_field_number(const void *base, const struct options_row *row);

/* conf_field_text — a member that is a text, borrowed. Returns NULL when it is not given. */
const char *conf_field_text(const void *base, const struct options_row *row);

/* conf_field_list — a member that is a list, borrowed. Never fails. */
struct conf_field_list conf_field_list(const void *base, const struct options_row *row);

/* conf_field_element_size — bytes of one element of a list of a type. Never fails. */
size_t conf_field_element_size(enum options_type type);

/* conf_field_is_equal — whether a member has the same value in two structs. Never fails. */
bool conf_field_is_equal(const void *a, const void *b, const struct options_row *row);

/* conf_field_fini — free what a member owns, wiping texts. Never fails. */
void conf_field_fini(void *base, const struct options_row *row);

#endif
