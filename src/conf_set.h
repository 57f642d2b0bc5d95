/* conf_set — words of the configuration into the members of struct conf, judged one by one.
 * Wiring. Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CONF_SET_H
#define CONF_SET_H

#include "conf.h"
#include "conf_syntax.h"

/* conf_set — give the member of `base` (see conf_field.h) that belongs to `row` the value that
 * `setting` says, or the option's default for NULL; what it had is not freed. Reads files that a
 * password or secret names.
 * Returns false with a sentence in *why when a word is not of the option's type or range. */
bool conf_set(void *base, const struct options_row *row, const struct conf_setting *setting,
              struct conf_why *why);

/* conf_set_endpoint — one listening address, with its place. Returns false with a sentence in *why
 * when it is none. */
bool conf_set_endpoint(struct conf_listener *listener, const struct conf_word *word,
                       struct conf_why *why);

#endif
