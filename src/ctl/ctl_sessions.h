/* ctl_sessions — the commands about what the server does: sessions, usage, status.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_SESSIONS_H
#define CTL_CTL_SESSIONS_H

#include "ctl/ctl_options.h"

/* ctl_sessions_list — sessions. Returns false when it was not done, which was said on standard
 * error; so do all the commands. */
bool ctl_sessions_list(const struct ctl_options *options);

/* ctl_sessions_kick — kick. Returns false, said, when it was not done. */
bool ctl_sessions_kick(const struct ctl_options *options);

/* ctl_sessions_status — status. Returns false, said, when it was not done. */
bool ctl_sessions_status(const struct ctl_options *options);

/* ctl_sessions_usage — usage. Returns false, said, when it was not done. */
bool ctl_sessions_usage(const struct ctl_options *options);

#endif
