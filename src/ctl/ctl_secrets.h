/* ctl_secrets — the commands about secrets that time-limited credentials are signed with.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_SECRETS_H
#define CTL_CTL_SECRETS_H

#include "ctl/ctl_options.h"

/* ctl_secrets_add — secret add. Returns false when it was not done, which was said on standard
 * error; so do all the commands. */
bool ctl_secrets_add(const struct ctl_options *options);

/* ctl_secrets_list — secret list. Returns false, said, when it was not done. */
bool ctl_secrets_list(const struct ctl_options *options);

/* ctl_secrets_retire — secret retire. Returns false, said, when it was not done. */
bool ctl_secrets_retire(const struct ctl_options *options);

#endif
