/* ctl_users — the commands about users.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_USERS_H
#define CTL_CTL_USERS_H

#include "ctl/ctl_options.h"

/* ctl_users_add — user add. Returns false when it was not done, which was said on standard error;
 * so do all the commands. */
bool ctl_users_add(const struct ctl_options *options);

/* ctl_users_list — user list. Returns false, said, when it was not done. */
bool ctl_users_list(const struct ctl_options *options);

/* ctl_users_show — user show. Returns false, said, when it was not done. */
bool ctl_users_show(const struct ctl_options *options);

/* ctl_users_remove — user remove. Returns false, said, when it was not done. */
bool ctl_users_remove(const struct ctl_options *options);

/* ctl_users_passwd — user passwd. Returns false, said, when it was not done. */
bool ctl_users_passwd(const struct ctl_options *options);

#endif
