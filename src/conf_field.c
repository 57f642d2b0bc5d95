/* conf_field — the members of struct conf by their rows of the option table. */
/* SPDX-License-Identifier: MIT */
#include "conf_field.h"

#include <stdlib.h>
#include <string.h>

#include "conf_memory.h"

static const void *member_in(const void *base, const struct options_row *row)
{
    return (const char *)base + row->field;
}

uint64_t conf_field_number(const void *base, const struct options_row *row)
{
    uint8_t byte;
    uint32_t word;
    uint64_t value;
    const void *member = member_in(base, row);
    switch (row->size) {
    case 1:
        memcpy(&byte, member, sizeof(byte));
        return byte;
    case 4:
        memcpy(&word, member, sizeof(word));
        return word;
    default:
        memcpy(&value, member, sizeof(value));
        return value;
    }
}

const char *conf_field_text(const void *base, const struct options_row *row)
{
    char *text;
    memcpy(&text, member_in(base, row), sizeof(text));
    return text;
}

struct conf_field_list conf_field_list(const void *base, const struct options_row *row)
{
    struct conf_field_list list;
    const char *member = member_in(base, row);
    memcpy(&list.at, member, sizeof(list.at));
    memcpy(&list.count, member + sizeof(list.at), sizeof(list.count));
    return list;
}

size_t conf_field_element_size(enum options_type type)
{
    switch (type) {
    case OPTIONS_ENDPOINTS:
        return sizeof(struct conf_listener);
    case OPTIONS_ADDRESSES:
    case OPTIONS_SERVERS:
        return sizeof(struct netaddr);
    case OPTIONS_EXTERNALS:
        return sizeof(struct conf_external);
    case OPTIONS_PREFIXES:
        return sizeof(struct prefix);
    default:
        return sizeof(char *);
    }
}

static bool is_equal_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* is_equal_listener — in what is fixed once it is bound. */
static bool is_equal_listener(const struct conf_listener *a, const struct conf_listener *b)
{
    bool is_equal = a->transport == b->transport && a->is_wildcard == b->is_wildcard &&
                    netaddr_is_equal(&a->address, &b->address);
    for (const struct options_row *r = NULL; (r = options_next(OPTIONS_LISTENER, r));) {
        is_equal = is_equal && (r->reload != OPTIONS_RESTART || conf_field_is_equal(a, b, r));
    }
    return is_equal;
}

static bool is_equal_element(const void *a, const void *b, enum options_type type)
{
    const struct conf_external *x = a;
    const struct conf_external *y = b;
    const struct prefix *p = a;
    const struct prefix *q = b;
    switch (type) {
    case OPTIONS_ENDPOINTS:
        return is_equal_listener(a, b);
    case OPTIONS_ADDRESSES:
    case OPTIONS_SERVERS:
        return netaddr_is_equal(a, b);
    case OPTIONS_EXTERNALS:
        return netaddr_is_equal(&x->local, &y->local) &&
               netaddr_is_equal(&x->external, &y->external);
    case OPTIONS_PREFIXES:
        return p->length == q->length && netaddr_is_equal(&p->first, &q->first);
    default:
        return is_equal_text(*(char *const *)a, *(char *const *)b);
    }
}

static bool is_equal_list(struct conf_field_list a, struct conf_field_list b,
                          enum options_type type)
{
    size_t size = conf_field_element_size(type);
    bool equal = a.count == b.count;
    for (size_t i = 0; equal && i < a.count; i++) {
        equal =
            is_equal_element((const char *)a.at + i * size, (const char *)b.at + i * size, type);
    }
    return equal;
}

bool conf_field_is_equal(const void *a, const void *b, const struct options_row *row)
{
    if (row->size == 0) {
        return true;
    }
    if (options_is_list(row->type)) {
        return is_equal_list(conf_field_list(a, row), conf_field_list(b, row), row->type);
    }
    switch (row->type) {
    case OPTIONS_TEXT:
    case OPTIONS_NAME:
    case OPTIONS_URL:
    case OPTIONS_PASSWORD:
        return is_equal_text(conf_field_text(a, row), conf_field_text(b, row));
    case OPTIONS_PORTS:
        return memcmp(member_in(a, row), member_in(b, row), 2 * row->size) == 0;
    default:
        return memcmp(member_in(a, row), member_in(b, row), row->size) == 0;
    }
}

static void fini_list(struct conf_field_list list, enum options_type type)
{
    for (size_t i = 0; i < list.count; i++) {
        if (type == OPTIONS_ENDPOINTS) {
            struct conf_listener *l = (struct conf_listener *)list.at + i;
            for (const struct options_row *r = NULL; (r = options_next(OPTIONS_LISTENER, r));) {
                conf_field_fini(l, r);
            }
            free(l->file);
        } else if (type == OPTIONS_TEXTS || type == OPTIONS_SECRETS) {
            conf_memory_forget(((char **)list.at)[i]);
        }
    }
    free(list.at);
}

void conf_field_fini(void *base, const struct options_row *row)
{
    if (row->size == 0) {
        return;
    }
    if (options_is_list(row->type)) {
        fini_list(conf_field_list(base, row), row->type);
    } else if (row->type == OPTIONS_TEXT || row->type == OPTIONS_NAME || row->type == OPTIONS_URL ||
               row->type == OPTIONS_PASSWORD) {
        char *text;
        memcpy(&text, member_in(base, row), sizeof(text));
        conf_memory_forget(text);
    }
}
