/* ctl_path — the target of a request, with names percent-encoded.
 * Pure. Any thread. RFC 3986. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_PATH_H
#define CTL_CTL_PATH_H

#include "base/text.h"

enum { CTL_PATH_SIZE = 16384 }; /* room for the longest names, encoded */

struct ctl_path {
    struct text text;
    bool has_query;
    char bytes[CTL_PATH_SIZE];
};

/* ctl_path_init — a target that begins with `base`, which is taken as it is. Never fails. */
void ctl_path_init(struct ctl_path *p, const char *base);

/* ctl_path_part — append "/NAME"; the path is cut when the name is far too long. */
void ctl_path_part(struct ctl_path *p, const char *name);

/* ctl_path_query — append "?NAME=VALUE" or "&NAME=VALUE"; nothing for NULL. */
void ctl_path_query(struct ctl_path *p, const char *name, const char *value);

/* ctl_path_number — the same with a number. Never fails. */
void ctl_path_number(struct ctl_path *p, const char *name, uint64_t value);

#endif
