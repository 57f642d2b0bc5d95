/* conf — the configuration as values: reading, placing, forgetting. */
/* SPDX-License-Identifier: MIT */
#include "conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "conf_check.h"
#include "conf_field.h"
#include "conf_memory.h"
#include "conf_set.h"

/* Sections that are kept in struct conf itself and stand in the file once. */
static const enum options_section_id once[] = {OPTIONS_RELAY, OPTIONS_PEERS, OPTIONS_LIMITS,
                                               OPTIONS_TLS,   OPTIONS_HTTP,  OPTIONS_LOG};

enum { ONCE_COUNT = sizeof(once) / sizeof(once[0]) };

/* set_section — set all options of a section in `base` from `node`; those that nothing is said of
 * (`node` NULL: none is) get their defaults. */
static bool set_section(void *base, enum options_section_id section, const struct conf_node *node,
                        struct conf_why *why)
{
    for (const struct options_row *r = NULL; (r = options_next(section, r));) {
        const struct conf_setting *setting = node ? conf_syntax_setting(node, r) : NULL;
        if (!conf_set(base, r, setting, why)) {
            return false;
        }
    }
    return true;
}

/* set_said — as set_section, but what nothing is said of stays as it is. */
static bool set_said(void *base, const struct conf_node *node, struct conf_why *why)
{
    for (size_t i = 0; node && i < node->setting_count; i++) {
        if (!conf_set(base, node->settings[i].row, &node->settings[i], why)) {
            return false;
        }
    }
    return true;
}

/* count_of — how many sections of a kind a node has. */
static size_t count_of(const struct conf_node *node, enum options_section_id section)
{
    size_t count = 0;
    for (size_t i = 0; i < node->child_count; i++) {
        count += node->children[i]->section == section;
    }
    return count;
}

static bool set_user(struct conf_user *user, const struct conf_node *node, struct conf_why *why)
{
    user->name = conf_memory_copy(node->title.text);
    user->has_key = conf_syntax_setting(node, options_find("realm.user.key")) != NULL;
    return set_section(user, OPTIONS_USER, node, why);
}

static bool set_users(struct conf_realm *realm, const struct conf_node *node, struct conf_why *why)
{
    realm->users = conf_memory_new(count_of(node, OPTIONS_USER) * sizeof(*realm->users));
    for (size_t i = 0; i < node->child_count; i++) {
        const struct conf_node *child = node->children[i];
        if (child->section == OPTIONS_USER &&
            !set_user(&realm->users[realm->user_count++], child, why)) {
            return false;
        }
    }
    return true;
}

/* set_realm — a realm begins with the limits of the server. */
static bool set_realm(struct conf_realm *realm, const struct conf_limits *limits,
                      const struct conf_node *node, struct conf_why *why)
{
    realm->name = conf_memory_copy(node->title.text);
    realm->limits = *limits;
    return set_section(realm, OPTIONS_REALM, node, why) &&
           set_said(realm, conf_syntax_child(node, OPTIONS_REALM_LIMITS), why) &&
           set_section(realm, OPTIONS_REALM_PEERS, conf_syntax_child(node, OPTIONS_REALM_PEERS),
                       why) &&
           set_users(realm, node, why);
}

static bool set_realms(struct conf *c, const struct conf_node *top, struct conf_why *why)
{
    c->realms = conf_memory_new(count_of(top, OPTIONS_REALM) * sizeof(*c->realms));
    for (size_t i = 0; i < top->child_count; i++) {
        const struct conf_node *child = top->children[i];
        if (child->section == OPTIONS_REALM &&
            !set_realm(&c->realms[c->realm_count++], &c->limits, child, why)) {
            return false;
        }
    }
    return true;
}

/* set_listeners — those of sections join those of `listen`, whose default counts only where
 * nothing else is said. */
static bool set_listeners(struct conf *c, const struct conf_node *top, struct conf_why *why)
{
    const struct options_row *listen = options_find("listen");
    size_t sections = count_of(top, OPTIONS_LISTENER);
    if (sections > 0 && !conf_syntax_setting(top, listen)) {
        conf_field_fini(c, listen);
        c->listeners = NULL;
        c->listener_count = 0;
    }
    for (size_t i = 0; i < top->child_count; i++) {
        const struct conf_node *child = top->children[i];
        if (child->section != OPTIONS_LISTENER) {
            continue;
        }
        c->listeners = conf_memory_grow(c->listeners, c->listener_count, sizeof(*c->listeners));
        struct conf_listener *l = &c->listeners[c->listener_count++];
        if (!conf_set_endpoint(l, &child->title, why) ||
            !set_section(l, OPTIONS_LISTENER, child, why)) {
            return false;
        }
        l->has_section = true;
    }
    return true;
}

static void note_places(struct conf *c, const struct conf_node *node)
{
    for (size_t i = 0; i < node->setting_count; i++) {
        const struct conf_setting *setting = &node->settings[i];
        char **place = &c->places[options_index(setting->row)];
        if (setting->count > 0 &&
            asprintf(place, "%s:%d", setting->words->file, setting->words->line) < 0) {
            *place = NULL;
        }
    }
}

/* set_all — everything but what needs a look at several options, which conf_check has. */
static bool set_all(struct conf *c, const struct conf_node *top, struct conf_why *why)
{
    size_t rows;
    options_rows(&rows);
    c->places = conf_memory_new(rows * sizeof(*c->places));
    note_places(c, top);
    if (!set_section(c, OPTIONS_TOP, top, why)) {
        return false;
    }
    for (size_t i = 0; i < ONCE_COUNT; i++) {
        const struct conf_node *node = conf_syntax_child(top, once[i]);
        if (node) {
            note_places(c, node);
        }
        if (!set_section(c, once[i], node, why)) {
            return false;
        }
    }
    return set_listeners(c, top, why) && set_realms(c, top, why);
}

/* read_all — the file and then the texts of --set, in their order. */
static bool read_all(struct conf_syntax *syntax, const char *file, const char *const *set,
                     size_t set_count, struct conf_why *why)
{
    bool fine = !file || conf_syntax_file(syntax, file, why);
    for (size_t i = 0; fine && i < set_count; i++) {
        char name[64] = "--set";
        if (set_count > 1) {
            snprintf(name, sizeof(name), "--set (number %zu)", i + 1);
        }
        fine = conf_syntax_text(syntax, name, set[i], why);
    }
    return fine;
}

struct conf *conf_read(const char *file, const char *const *set, size_t set_count, char *why,
                       size_t why_room)
{
    struct conf_why sentence = conf_why_init(why, why_room);
    struct conf_syntax *syntax = conf_syntax_new();
    struct conf *c = conf_memory_new(sizeof(*c));
    bool fine = read_all(syntax, file, set, set_count, &sentence) &&
                set_all(c, &syntax->top, &sentence) && conf_check(c, &syntax->top, &sentence);
    conf_syntax_free(syntax);
    if (!fine) {
        conf_free(c);
        c = NULL;
    }
    return c;
}

static void fini_section(void *base, enum options_section_id section)
{
    for (const struct options_row *r = NULL; (r = options_next(section, r));) {
        conf_field_fini(base, r);
    }
}

static void realm_fini(struct conf_realm *realm)
{
    for (size_t i = 0; i < realm->user_count; i++) {
        free(realm->users[i].name);
        fini_section(&realm->users[i], OPTIONS_USER);
        secret_wipe(realm->users[i].key, sizeof(realm->users[i].key));
    }
    free(realm->users);
    free(realm->name);
    fini_section(realm, OPTIONS_REALM);
    fini_section(realm, OPTIONS_REALM_PEERS);
}

void conf_free(struct conf *c)
{
    if (!c) {
        return;
    }
    for (size_t i = 0; i < c->realm_count; i++) {
        realm_fini(&c->realms[i]);
    }
    free(c->realms);
    fini_section(c, OPTIONS_TOP);
    for (size_t i = 0; i < ONCE_COUNT; i++) {
        fini_section(c, once[i]);
    }
    size_t rows;
    options_rows(&rows);
    for (size_t i = 0; c->places && i < rows; i++) {
        free(c->places[i]);
    }
    free(c->places);
    free(c);
}

const char *conf_place(const struct conf *c, const char *option)
{
    const struct options_row *row = options_find(option);
    const char *place = row ? c->places[options_index(row)] : NULL;
    return place ? place : "default";
}

/* is_kept — whether a section's options are members of struct conf itself. */
static bool is_kept(enum options_section_id section)
{
    bool kept = section == OPTIONS_TOP;
    for (size_t i = 0; i < ONCE_COUNT; i++) {
        kept = kept || section == once[i];
    }
    return kept;
}

const char *conf_restart_needed(const struct conf *old, const struct conf *new)
{
    size_t count;
    const struct options_row *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].reload == OPTIONS_RESTART && is_kept(rows[i].section) &&
            !conf_field_is_equal(old, new, &rows[i])) {
            return rows[i].name;
        }
    }
    return NULL;
}
