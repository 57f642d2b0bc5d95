/* ctl_import — the commands that take over what a coturn has.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_IMPORT_H
#define CTL_CTL_IMPORT_H

#include "ctl/ctl_options.h"

/* ctl_import_redis — import coturn-redis. Returns false when it was not done, which was said on
 * standard error; so do all the commands. What could not be carried over is no failure. */
bool ctl_import_redis(const struct ctl_options *options);

/* ctl_import_sqlite — import coturn-sqlite. Returns false, said, when it was not done. */
bool ctl_import_sqlite(const struct ctl_options *options);

/* ctl_import_conf — import coturn-conf. Returns false, said, when it was not done. */
bool ctl_import_conf(const struct ctl_options *options);

#endif
