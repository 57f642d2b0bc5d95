/* privilege — giving up what was only needed to start.
 * The control thread, before any other thread starts. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_PRIVILEGE_H
#define NET_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>

/* privilege_user_exists — whether there is a user of that name. */
bool privilege_user_exists(const char *user);

/* privilege_drop — become `user` for good (only root can; NULL: stay who we are), drop every
 * capability, gain none ever again (no_new_privs), leave no core dump with keys in it. Returns
 * false with one sentence in `why`. */
bool privilege_drop(const char *user, char *why, size_t why_room);

/* privilege_raise_files — raise the limit of open descriptors to the hard limit. Returns it. */
size_t privilege_raise_files(void);

#endif
