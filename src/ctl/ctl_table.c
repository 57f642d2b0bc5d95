/* ctl_table — lists of JSON objects as aligned columns, and one object as lines. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "ctl/ctl_clean.h"
#include "ctl/ctl_memory.h"

enum { GAP = 2 }; /* blanks between two columns */

/* put — a text in a field; the last one of a line is not filled up. */
static void put(FILE *out, const char *text, size_t width, bool is_right, bool is_last)
{
    size_t own = ctl_clean_width(text);
    int blanks = own < width ? (int)(width - own) : 0;
    if (is_right) {
        fprintf(out, "%*s%s", blanks, "", text);
    } else {
        fprintf(out, "%s%*s", text, is_last ? 0 : blanks, "");
    }
    fprintf(out, "%*s", is_last ? 0 : GAP, "");
}

static bool is_right(const struct ctl_column *column)
{
    return column->kind == CTL_CELL_NUMBER;
}

static void put_row(FILE *out, char *const *cells, const struct ctl_column *columns, size_t count,
                    const size_t *widths)
{
    for (size_t i = 0; i < count; i++) {
        put(out, cells[i], widths[i], is_right(&columns[i]), i + 1 == count);
    }
    fputc('\n', out);
}

void ctl_table_print(FILE *out, const json_t *list, const struct ctl_column *columns, size_t count)
{
    size_t rows = json_array_size(list) + 1; /* with the titles */
    char **cells = ctl_memory_new(rows * count * sizeof(*cells));
    size_t *widths = ctl_memory_new(count * sizeof(*widths));
    for (size_t i = 0; i < rows * count; i++) {
        const struct ctl_column *column = &columns[i % count];
        const json_t *object = i < count ? NULL : json_array_get(list, i / count - 1);
        cells[i] = i < count ? ctl_memory_copy(column->title, strlen(column->title))
                             : ctl_cell_new(json_object_get(object, column->member), column->kind);
        size_t width = ctl_clean_width(cells[i]);
        widths[i % count] = width > widths[i % count] ? width : widths[i % count];
    }
    for (size_t row = 0; row < rows; row++) {
        put_row(out, cells + row * count, columns, count, widths);
    }
    for (size_t i = 0; i < rows * count; i++) {
        free(cells[i]);
    }
    free(cells);
    free(widths);
}

void ctl_table_print_one(FILE *out, const json_t *object, const struct ctl_column *columns,
                         size_t count)
{
    size_t width = 0;
    for (size_t i = 0; i < count; i++) {
        size_t own = json_object_get(object, columns[i].member) ? strlen(columns[i].title) : 0;
        width = own > width ? own : width;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(object, columns[i].member);
        if (value) {
            char *cell = ctl_cell_new(value, columns[i].kind);
            put(out, columns[i].title, width, false, false);
            fprintf(out, "%s\n", cell);
            ctl_memory_forget(cell); /* it may be a key, shown this once */
        }
    }
}

/* put_json_character — as it is where a terminal does not mind. */
static void put_json_character(FILE *out, const char *at, size_t size, uint32_t character)
{
    if (character == '\n' || ctl_clean_is_shown(character)) {
        fwrite(at, 1, size, out);
    } else {
        fprintf(out, "\\u%04x", (unsigned)character);
    }
}

void ctl_table_print_json(FILE *out, const json_t *json)
{
    enum { FLAGS = JSON_INDENT(2) | JSON_ENCODE_ANY };
    size_t size = json_dumpb(json, NULL, 0, FLAGS);
    char *text = ctl_memory_new(size + 1);
    json_dumpb(json, text, size, FLAGS);
    for (size_t i = 0; i < size;) {
        uint32_t character = '?';
        size_t length = ctl_clean_next((const uint8_t *)text + i, size - i, &character);
        length = length ? length : 1; /* jansson writes UTF-8 alone */
        put_json_character(out, text + i, length, character);
        i += length;
    }
    fputc('\n', out);
    secret_wipe(text, size);
    free(text);
}
