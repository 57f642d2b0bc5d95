/* ctl_rights — members of a request's body that options say.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_RIGHTS_H
#define CTL_CTL_RIGHTS_H

#include <jansson.h>

#include "ctl/ctl_options.h"

/* ctl_rights_put_text — set a member to a text; nothing for NULL. Returns false with a sentence on
 * standard error when the text is no UTF-8. */
bool ctl_rights_put_text(json_t *body, const char *member, const char *text);

/* ctl_rights_put_number — set a member to a number, if one is set. Never fails. */
void ctl_rights_put_number(json_t *body, const char *member, struct ctl_options_number number);

/* ctl_rights_put — set what a user and a credential have in common: realm, tenant, allocations,
 * bandwidth, peers, client. Returns false as ctl_rights_put_text does. */
bool ctl_rights_put(json_t *body, const struct ctl_options *options);

#endif
