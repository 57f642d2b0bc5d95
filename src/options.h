/* options — the one table of all that can be configured: parser, help, manual and sample read it.
 * Wiring. Pure, any thread. A new option is one row in options.c and its member in conf.h. */
/* SPDX-License-Identifier: MIT */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum options_section_id {
    OPTIONS_TOP,
    OPTIONS_REALM,
    OPTIONS_USER,
    OPTIONS_REALM_LIMITS,
    OPTIONS_REALM_PEERS,
    OPTIONS_LISTENER,
    OPTIONS_RELAY,
    OPTIONS_PEERS,
    OPTIONS_LIMITS,
    OPTIONS_TLS,
    OPTIONS_HTTP,
    OPTIONS_LOG,
    OPTIONS_SECTION_COUNT
};

/* What a value means. The comment says what the member in conf.h must be. */
enum options_type {
    OPTIONS_TEXT,      /* char *, never NULL */
    OPTIONS_NAME,      /* char *, NULL when empty */
    OPTIONS_URL,       /* char *, never NULL; a password within is never printed */
    OPTIONS_PASSWORD,  /* char *, NULL when not given; never printed */
    OPTIONS_KEY,       /* uint8_t[16]; never printed */
    OPTIONS_YES_NO,    /* bool */
    OPTIONS_WORD,      /* bool, int or enum: the place of the word in `words` */
    OPTIONS_NUMBER,    /* uint32_t */
    OPTIONS_DURATION,  /* uint32_t, seconds */
    OPTIONS_RATE,      /* uint32_t, per second */
    OPTIONS_BANDWIDTH, /* uint64_t, bytes per second */
    OPTIONS_PORTS,     /* two uint16_t, first and last */
    OPTIONS_SERVER,    /* struct netaddr with its port; family NONE when empty */
    OPTIONS_TEXTS,     /* from here on lists: a pointer and a size_t; struct conf_texts */
    OPTIONS_SECRETS,   /* struct conf_texts; never printed */
    OPTIONS_ENDPOINTS, /* of struct conf_listener */
    OPTIONS_ADDRESSES, /* of struct netaddr, port 0 */
    OPTIONS_SERVERS,   /* of struct netaddr, port 3478 where none is given */
    OPTIONS_EXTERNALS, /* of struct conf_external */
    OPTIONS_PREFIXES,  /* struct conf_prefixes */
    OPTIONS_TYPE_COUNT
};

/* What happens to a change when the configuration is read again. */
enum options_reload {
    OPTIONS_LIVE,    /* taken over */
    OPTIONS_RESTART, /* the old value stays until a restart */
    OPTIONS_LATER,   /* nothing to change: this version takes the default alone */
};

struct options_row {
    enum options_section_id section;
    enum options_type type;
    enum options_reload reload;
    const char *name;     /* with its sections: "relay.ports" */
    const char *standard; /* the default; of a list "" or its one element; NULL: not given */
    const char *example;  /* as it stands behind "=" in the sample; NULL: the default */
    uint64_t min, max;    /* in the unit of the type; of texts the length in bytes */
    const char *words;    /* OPTIONS_WORD: "first|second" */
    size_t field, size;   /* the member in the section's struct, bytes; size 0: none */
    const char *help;     /* one line, whole sentences */
};

struct options_section {
    enum options_section_id id;
    enum options_section_id parent; /* itself for the top */
    const char *name;               /* with its parents: "realm.user"; "" for the top */
    const char *title;              /* an example of the title; NULL: it has none */
    const char *help;               /* one line, whole sentences */
};

/* options_rows — the table, in the order of its sections; *count gets the number of rows.
 * Borrowed, lives for ever. Never fails. */
const struct options_row *options_rows(size_t *count);

/* options_section — a section by its id, borrowed, lives for ever. Never fails. */
const struct options_section *options_section(enum options_section_id id);

/* options_next — the row behind `row` (NULL: the first) within a section, borrowed. Returns NULL
 * behind the last. */
const struct options_row *options_next(enum options_section_id section,
                                       const struct options_row *row);

/* options_next_section — the section behind `behind` (NULL: the first) whose parent is `parent`,
 * borrowed. Returns NULL behind the last. */
const struct options_section *options_next_section(enum options_section_id parent,
                                                   const struct options_section *behind);

/* options_find — the row of a full name like "relay.ports". Returns NULL when there is none. */
const struct options_row *options_find(const char *name);

/* options_index — the place of a row in the table. Never fails. */
size_t options_index(const struct options_row *row);

/* options_key — the last part of a full name: "ports" of "relay.ports". Borrows. Never fails. */
const char *options_key(const char *name);

/* options_is_list — whether values of the type stand in braces. Never fails. */
bool options_is_list(enum options_type type);

/* options_is_hidden — whether values of the type are secret. Never fails. */
bool options_is_hidden(enum options_type type);

/* options_unit — how a value of the type is written, for manual and messages, like "a time: 90s,
 * 10m, 24h, 7d". Borrowed, lives for ever. Never fails. */
const char *options_unit(enum options_type type);

/* options_suggest — what somebody who wrote `word` in a section may have meant: a key or section
 * that is spelled nearly so there. Returns NULL when nothing is near. */
const char *options_suggest(enum options_section_id section, const char *word);

/* options_elsewhere — the full name of an option called `word` in another section, one within this
 * if there is one, else the least nested. Returns NULL when there is none. */
const char *options_elsewhere(enum options_section_id section, const char *word);

enum { OPTIONS_FAR = 32 };

/* options_distance — letters to insert, drop, change or swap to make `a` of `b`; never more than
 * OPTIONS_FAR, which stands for all beyond. */
unsigned options_distance(const char *a, const char *b);

#endif
