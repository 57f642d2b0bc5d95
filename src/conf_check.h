/* conf_check — what only a look at several options together can tell.
 * Wiring. Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include "conf.h"
#include "conf_syntax.h"

/* conf_check — judge a configuration whose values are fine one by one: names, doubles, limits
 * against each other, realms against the server; `top` is the tree it was made of, for places.
 * Returns false with a sentence in *why. */
bool conf_check(const struct conf *c, const struct conf_node *top, struct conf_why *why);

#endif
