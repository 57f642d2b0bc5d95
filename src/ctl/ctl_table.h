/* ctl_table — lists of JSON objects as aligned columns, and one object as lines.
 * One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CTL_CTL_TABLE_H
#define CTL_CTL_TABLE_H

#include <stdio.h>

#include "ctl/ctl_cell.h"

struct ctl_column {
    const char *title;
    const char *member; /* of each object */
    enum ctl_cell_kind kind;
};

/* ctl_table_print — print a line of titles and one line for each object of `list`; nothing is ever
 * cut. What is no array prints titles alone. Never fails. */
void ctl_table_print(FILE *out, const json_t *list, const struct ctl_column *columns, size_t count);

/* ctl_table_print_one — print one "TITLE  VALUE" line for each member that the object has. Never
 * fails. */
void ctl_table_print_one(FILE *out, const json_t *object, const struct ctl_column *columns,
                         size_t count);

/* ctl_table_print_json — print JSON, indented, as it is; characters that no terminal should see are
 * written as JSON's own escapes. Never fails. */
void ctl_table_print_json(FILE *out, const json_t *json);

#endif
