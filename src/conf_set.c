/* conf_set — words of the configuration into the members of struct conf. */
/* SPDX-License-Identifier: MIT */
#include "conf_set.h"

#include <stdlib.h>
#include <string.h>

#include "conf_field.h"
#include "conf_file.h"
#include "conf_memory.h"
#include "conf_utf8.h"
#include "conf_value.h"

/* One value being set. */
struct set {
    const struct options_row *row;
    char *member;
    struct conf_why *why;
};

/* say_form — the sentence for a word of the wrong form; false. */
static bool say_form(const struct set *s, const struct conf_word *w)
{
    const struct options_row *r = s->row;
    if (r->type == OPTIONS_WORD) {
        char words[CONF_VALUE_SIZE];
        struct text t = text_init(words, sizeof(words));
        for (const char *at = r->words; *at; at++) {
            if (*at != '|') {
                text_char(&t, *at);
            } else {
                text_put(&t, strchr(at + 1, '|') ? ", " : " or ");
            }
        }
        return conf_why_say(s->why, w->file, w->line, "%s = \"%s\" is not %s", r->name, w->text,
                            words);
    }
    return conf_why_say(s->why, w->file, w->line, "%s = \"%s\" is not %s", r->name, w->text,
                        options_unit(r->type));
}

/* say_verdict — the sentence for what is wrong with a word; true when nothing is. */
static bool say_verdict(const struct set *s, const struct conf_word *w,
                        enum conf_value_verdict verdict)
{
    static const char *const sentences[] = {
        [CONF_VALUE_PORT] = "has a port that is not 1 to 65535",
        [CONF_VALUE_RANGE] = "is not at least two ports, the lower one first",
        [CONF_VALUE_ANY] = "is no address of one machine; name the address itself",
        [CONF_VALUE_GROUP] = "is a multicast or broadcast address, not that of a machine",
        [CONF_VALUE_MIXED] = "joins addresses of two families",
        [CONF_VALUE_BITS] = "has bits set behind its prefix length",
    };
    if (verdict == CONF_VALUE_OK) {
        return true;
    }
    if (verdict == CONF_VALUE_FORM) {
        return say_form(s, w);
    }
    if (verdict == CONF_VALUE_LARGE) {
        return conf_why_say(s->why, w->file, w->line, "%s = \"%s\" is too large", s->row->name,
                            w->text);
    }
    return conf_why_say(s->why, w->file, w->line, "%s = \"%s\" %s", s->row->name, w->text,
                        sentences[verdict]);
}

static bool say_range(const struct set *s, const struct conf_word *w)
{
    char range[CONF_VALUE_SIZE];
    struct text t = text_init(range, sizeof(range));
    conf_value_put(&t, s->row, s->row->min);
    text_put(&t, " to ");
    conf_value_put(&t, s->row, s->row->max);
    return conf_why_say(s->why, w->file, w->line, "%s = \"%s\" is out of range; it can be %s",
                        s->row->name, w->text, range);
}

/* store — put a number into a member of 1, 4 or 8 bytes. */
static void store(void *member, size_t size, uint64_t value)
{
    uint8_t byte = (uint8_t)value;
    uint32_t word = (uint32_t)value;
    memcpy(member,
           size == 1   ? (const void *)&byte
           : size == 4 ? (const void *)&word
                       : &value,
           size);
}

static enum conf_value_verdict parse_number(const struct options_row *row, const char *word,
                                            uint64_t *value)
{
    switch (row->type) {
    case OPTIONS_YES_NO:
        return conf_value_yes_no(word, value);
    case OPTIONS_WORD:
        return conf_value_word(word, row->words, value);
    case OPTIONS_DURATION:
        return conf_value_duration(word, value);
    case OPTIONS_RATE:
        return conf_value_rate(word, value);
    case OPTIONS_BANDWIDTH:
        return conf_value_bandwidth(word, value);
    default:
        return conf_value_number(word, value);
    }
}

static bool set_number(const struct set *s, const struct conf_word *w)
{
    const struct options_row *r = s->row;
    uint64_t value;
    enum conf_value_verdict verdict = parse_number(r, w->text, &value);
    bool has_range = r->type != OPTIONS_YES_NO && r->type != OPTIONS_WORD;
    if (has_range && (verdict == CONF_VALUE_LARGE ||
                      (verdict == CONF_VALUE_OK && (value < r->min || value > r->max)))) {
        return say_range(s, w);
    }
    if (!say_verdict(s, w, verdict)) {
        return false;
    }
    store(s->member, r->size, value);
    return true;
}

static bool set_ports(const struct set *s, const struct conf_word *w)
{
    uint16_t ports[2];
    if (!say_verdict(s, w, conf_value_ports(w->text, &ports[0], &ports[1]))) {
        return false;
    }
    memcpy(s->member, ports, sizeof(ports));
    return true;
}

static bool set_server(const struct set *s, const struct conf_word *w)
{
    struct netaddr server = {.family = NETADDR_NONE};
    bool fine = w->text[0] == '\0' || say_verdict(s, w, conf_value_socket(w->text, &server));
    memcpy(s->member, &server, sizeof(server));
    return fine;
}

/* is_fit — whether a text is UTF-8 without control characters and of a length the option takes;
 * `text` is what the word stands for, which for a secret no sentence repeats. */
static bool is_fit(const struct set *s, const struct conf_word *w, const char *text)
{
    size_t size = strlen(text);
    if (conf_utf8_count(text) == SIZE_MAX) {
        return conf_why_say(s->why, w->file, w->line,
                            "%s has control characters or is not UTF-8 text", s->row->name);
    }
    if (size < s->row->min) {
        return conf_why_say(s->why, w->file, w->line, "%s is empty", s->row->name);
    }
    if (size > s->row->max) {
        return conf_why_say(s->why, w->file, w->line, "%s is longer than the %u bytes it can have",
                            s->row->name, (unsigned)s->row->max);
    }
    return true;
}

static bool set_text(const struct set *s, const struct conf_word *w)
{
    if (!is_fit(s, w, w->text)) {
        return false;
    }
    bool is_none = s->row->type == OPTIONS_NAME && w->text[0] == '\0';
    char *copy = is_none ? NULL : conf_memory_copy(w->text);
    memcpy(s->member, &copy, sizeof(copy));
    return true;
}

/* new_secret — the password or secret that a word stands for, or that the file it names holds
 * without its last line end; NULL with a sentence when it is not to be had. */
static char *new_secret(const struct set *s, const struct conf_word *w)
{
    static const char prefix[] = "file:";
    enum { LARGEST = 64 * 1024 };
    if (strncmp(w->text, prefix, strlen(prefix)) != 0) {
        return is_fit(s, w, w->text) ? conf_memory_copy(w->text) : NULL;
    }
    const char *reason;
    size_t size;
    char *path = conf_file_beside(w->file, w->text + strlen(prefix));
    char *content = conf_file_read(path, LARGEST, &size, &reason);
    char *secret = NULL;
    if (!content) {
        conf_why_say(s->why, w->file, w->line, "%s cannot be read from %s: %s", s->row->name, path,
                     reason);
        goto out;
    }
    bool has_nul = strlen(content) < size;
    size -= size > 0 && content[size - 1] == '\n';
    size -= size > 0 && content[size - 1] == '\r';
    content[size] = '\0';
    if (has_nul) {
        conf_why_say(s->why, w->file, w->line, "%s in %s has a NUL byte", s->row->name, path);
    } else if (is_fit(s, w, content)) {
        secret = conf_memory_copy(content);
    }
    conf_memory_forget(content);
out:
    free(path);
    return secret;
}

static bool set_password(const struct set *s, const struct conf_word *w)
{
    char *secret = new_secret(s, w);
    memcpy(s->member, &secret, sizeof(secret));
    return secret != NULL;
}

static bool set_key(const struct set *s, const struct conf_word *w)
{
    if (conf_value_key(w->text, (uint8_t *)s->member) == CONF_VALUE_OK) {
        return true;
    }
    return conf_why_say(s->why, w->file, w->line, "%s is not %s", s->row->name,
                        options_unit(s->row->type));
}

/* set_element — read one word of a list into its element. */
static bool set_element(const struct set *s, const struct conf_word *w, void *element)
{
    char *text;
    switch (s->row->type) {
    case OPTIONS_ENDPOINTS:
        return conf_set_endpoint(element, w, s->why);
    case OPTIONS_ADDRESSES:
        return say_verdict(s, w, conf_value_address(w->text, element));
    case OPTIONS_SERVERS:
        return say_verdict(s, w, conf_value_server(w->text, element));
    case OPTIONS_EXTERNALS:
        return say_verdict(s, w, conf_value_external(w->text, element));
    case OPTIONS_PREFIXES:
        return say_verdict(s, w, conf_value_prefix(w->text, element));
    case OPTIONS_SECRETS:
        text = new_secret(s, w);
        break;
    default:
        text = is_fit(s, w, w->text) ? conf_memory_copy(w->text) : NULL;
        break;
    }
    memcpy(element, &text, sizeof(text));
    return text != NULL;
}

/* set_list — read all words; what was read before a wrong one is left to conf_field_fini. */
static bool set_list(const struct set *s, const struct conf_setting *setting)
{
    struct conf_field_list list = {NULL, 0};
    bool fine = true;
    for (size_t i = 0; fine && i < setting->count; i++) {
        size_t size = conf_field_element_size(s->row->type);
        list.at = conf_memory_grow(list.at, list.count, size);
        fine = set_element(s, &setting->words[i], (char *)list.at + list.count * size);
        list.count += fine;
    }
    memcpy(s->member, &list.at, sizeof(list.at));
    memcpy(s->member + sizeof(list.at), &list.count, sizeof(list.count));
    return fine;
}

/* is_default — whether a setting of an option that is not built in asks for nothing else than what
 * this version does anyway. */
static bool is_default(const struct set *s, const struct conf_setting *setting)
{
    const char *standard = s->row->standard ? s->row->standard : "";
    for (size_t i = 0; i < setting->count; i++) {
        const struct conf_word *w = &setting->words[i];
        if (strcmp(w->text, standard) != 0) {
            return conf_why_say(s->why, w->file, w->line,
                                "%s = \"%s\" is not built into this version%s%s%s", s->row->name,
                                w->text, *standard ? "; it can only be \"" : "", standard,
                                *standard ? "\"" : "");
        }
    }
    return true;
}

static bool set_words(const struct set *s, const struct conf_setting *setting)
{
    switch (s->row->type) {
    case OPTIONS_TEXT:
    case OPTIONS_NAME:
    case OPTIONS_URL:
        return set_text(s, setting->words);
    case OPTIONS_PASSWORD:
        return set_password(s, setting->words);
    case OPTIONS_KEY:
        return set_key(s, setting->words);
    case OPTIONS_PORTS:
        return set_ports(s, setting->words);
    case OPTIONS_SERVER:
        return set_server(s, setting->words);
    default:
        return options_is_list(s->row->type) ? set_list(s, setting) : set_number(s, setting->words);
    }
}

bool conf_set(void *base, const struct options_row *row, const struct conf_setting *setting,
              struct conf_why *why)
{
    struct set s = {row, (char *)base + row->field, why};
    if (setting) {
        return row->reload == OPTIONS_LATER ? is_default(&s, setting) : set_words(&s, setting);
    }
    if (row->reload == OPTIONS_LATER || !row->standard) {
        return true; /* zero, as the struct was made */
    }
    char *standard = conf_memory_copy(row->standard);
    struct conf_word word = {standard, NULL, 0};
    bool is_none = options_is_list(row->type) && *standard == '\0';
    struct conf_setting of_table = {row, &word, is_none ? 0 : 1, NULL};
    bool fine = set_words(&s, &of_table);
    free(standard);
    return fine;
}

bool conf_set_endpoint(struct conf_listener *listener, const struct conf_word *word,
                       struct conf_why *why)
{
    const struct set s = {options_find("listen"), NULL, why};
    enum conf_value_verdict verdict = conf_value_endpoint(word->text, listener);
    if (!say_verdict(&s, word, verdict)) {
        return false;
    }
    listener->file = conf_memory_copy(word->file ? word->file : "default");
    listener->line = word->line;
    return true;
}
