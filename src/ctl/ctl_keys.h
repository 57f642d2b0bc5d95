/* ctl_keys — the commands about keys for the HTTP interface.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_KEYS_H
#define CTL_CTL_KEYS_H

#include "ctl/ctl_options.h"

/* ctl_keys_add — key add. Returns false when it was not done, which was said on standard error; so
 * do all the commands. */
bool ctl_keys_add(const struct ctl_options *options);

/* ctl_keys_list — key list. Returns false, said, when it was not done. */
bool ctl_keys_list(const struct ctl_options *options);

/* ctl_keys_remove — key remove. Returns false, said, when it was not done. */
bool ctl_keys_remove(const struct ctl_options *options);

#endif
