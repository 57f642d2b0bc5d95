/* ctl_cell — one value of the server's JSON as a person reads it. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/quantity.h"
#include "ctl/ctl_clean.h"
#include "ctl/ctl_memory.h"

enum { SHORT = 64 }; /* room for a number or a time */

static char *copy(const char *text)
{
    return ctl_memory_copy(text, strlen(text));
}

/* time_new — "2026-11-23T14:05:09+01:00". Returns new; NULL for what no calendar has. */
static char *time_new(json_int_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm local;
    char stamp[SHORT];
    char zone[8];
    if (!localtime_r(&t, &local) ||
        strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &local) == 0 ||
        strftime(zone, sizeof(zone), "%z", &local) != 5) {
        return NULL;
    }
    char text[SHORT + 8];
    snprintf(text, sizeof(text), "%s%.3s:%s", stamp, zone, zone + 3);
    return copy(text);
}

/* number_new — a whole number of a kind. Returns new; NULL when the kind has no form for it. */
static char *number_new(json_int_t number, enum ctl_cell_kind kind)
{
    char text[SHORT];
    struct text t = text_init(text, sizeof(text));
    if (kind == CTL_CELL_TIME || kind == CTL_CELL_NEVER) {
        return kind == CTL_CELL_NEVER && number == 0 ? copy("never") : time_new(number);
    }
    if (number < 0) {
        return NULL;
    }
    switch (kind) {
    case CTL_CELL_DURATION:
        quantity_put_duration(&t, (uint64_t)number);
        return copy(text);
    case CTL_CELL_BANDWIDTH:
        quantity_put_bandwidth(&t, (uint64_t)number);
        return copy(text);
    case CTL_CELL_RATE:
        quantity_put_rate(&t, (uint64_t)number);
        return copy(number == 0 ? "no limit" : text);
    default:
        return NULL;
    }
}

/* list_new — the elements with commas between them. */
static char *list_new(const json_t *list)
{
    char *all = copy("");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        char *one = json_is_array(element) ? copy("...") : ctl_cell_new(element, CTL_CELL_TEXT);
        size_t room = strlen(all) + strlen(one) + 2;
        char *both = ctl_memory_new(room);
        snprintf(both, room, "%s%s%s", all, i > 0 ? "," : "", one);
        free(all);
        free(one);
        all = both;
    }
    return all;
}

/* plain_new — a value of no particular kind; "" for none. */
static char *plain_new(const json_t *value)
{
    char text[SHORT];
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        return ctl_clean_new(json_string_value(value), json_string_length(value));
    case JSON_INTEGER:
        snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
        return copy(text);
    case JSON_REAL:
        snprintf(text, sizeof(text), "%g", json_real_value(value));
        return copy(text);
    case JSON_TRUE:
        return copy("yes");
    case JSON_FALSE:
        return copy("no");
    case JSON_ARRAY:
        return list_new(value);
    case JSON_OBJECT:
        return copy("...");
    default:
        return copy("");
    }
}

char *ctl_cell_new(const json_t *value, enum ctl_cell_kind kind)
{
    char *text = json_is_integer(value) ? number_new(json_integer_value(value), kind) : NULL;
    if (!text) {
        text = plain_new(value);
    }
    if (text[0] == '\0') {
        free(text);
        text = copy("-");
    }
    return text;
}
