/* ctl_credentials — the commands about issued credentials and their revocation.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_CREDENTIALS_H
#define CTL_CTL_CREDENTIALS_H

#include "ctl/ctl_options.h"

/* ctl_credentials_issue — issue. Returns false when it was not done, which was said on standard
 * error; so do all the commands. */
bool ctl_credentials_issue(const struct ctl_options *options);

/* ctl_credentials_revoke — revoke. Returns false, said, when it was not done. */
bool ctl_credentials_revoke(const struct ctl_options *options);

/* ctl_credentials_restore — restore. Returns false, said, when it was not done. */
bool ctl_credentials_restore(const struct ctl_options *options);

/* ctl_credentials_revocations — revocations. Returns false, said, when it was not done. */
bool ctl_credentials_revocations(const struct ctl_options *options);

#endif
