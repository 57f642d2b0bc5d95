/* ctl_run — does what the command line says.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_RUN_H
#define CTL_CTL_RUN_H

#include "ctl/ctl_options.h"

enum ctl_run_status {
    CTL_RUN_DONE = 0,
    CTL_RUN_FAILED = 1,
    CTL_RUN_USAGE = 2,
};

/* ctl_run — do one command; what it tells goes to standard output, what went wrong to standard
 * error. Returns the exit status of the program. */
enum ctl_run_status ctl_run(const struct ctl_options *options);

#endif
