/* ctl_pages — a list that the server gives in pages, put together.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_PAGES_H
#define CTL_CTL_PAGES_H

#include <jansson.h>

#include "ctl/ctl_path.h"

/* ctl_pages_get — GET every page of `path`, whose answers hold the array `member` and a cursor.
 * `path` borrowed, without a cursor. Returns a new object with all elements in one array; NULL when
 * something went wrong, which was said on standard error. */
json_t *ctl_pages_get(const char *socket, const struct ctl_path *path, const char *member);

#endif
