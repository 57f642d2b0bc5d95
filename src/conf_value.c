/* conf_value — one word of the configuration to the value it stands for, and back. */
/* SPDX-License-Identifier: MIT */
#include "conf_value.h"

#include <string.h>

#include "base/quantity.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const transports[] = {
    [CONF_UDP] = "udp", [CONF_TCP] = "tcp", [CONF_TLS] = "tls", [CONF_DTLS] = "dtls"};

/* judged — a verdict of base on a number as one of ours. */
static enum conf_value_verdict judged(enum quantity_verdict verdict)
{
    return verdict == QUANTITY_OK     ? CONF_VALUE_OK
           : verdict == QUANTITY_FORM ? CONF_VALUE_FORM
                                      : CONF_VALUE_LARGE;
}

enum conf_value_verdict conf_value_number(const char *word, uint64_t *value)
{
    return judged(quantity_number(word, value));
}

enum conf_value_verdict conf_value_duration(const char *word, uint64_t *value)
{
    return judged(quantity_duration(word, value));
}

enum conf_value_verdict conf_value_rate(const char *word, uint64_t *value)
{
    return judged(quantity_rate(word, value));
}

enum conf_value_verdict conf_value_bandwidth(const char *word, uint64_t *value)
{
    return judged(quantity_bandwidth(word, value));
}

enum conf_value_verdict conf_value_yes_no(const char *word, uint64_t *value)
{
    return conf_value_word(word, "no|yes", value);
}

enum conf_value_verdict conf_value_word(const char *word, const char *words, uint64_t *value)
{
    size_t size = strlen(word);
    uint64_t place = 0;
    for (const char *at = words;; at++, place++) {
        size_t length = strcspn(at, "|");
        if (size == length && memcmp(at, word, size) == 0) {
            *value = place;
            return CONF_VALUE_OK;
        }
        at += length;
        if (*at == '\0') {
            return CONF_VALUE_FORM;
        }
    }
}

/* port — read a port up to the character `end`; *behind gets the place of that. */
static enum conf_value_verdict port(const char *word, char end, uint16_t *value,
                                    const char **behind)
{
    uint64_t number;
    enum conf_value_verdict verdict = judged(quantity_digits(word, &number, behind));
    if (verdict == CONF_VALUE_FORM || (verdict == CONF_VALUE_OK && **behind != end)) {
        return CONF_VALUE_FORM;
    }
    if (verdict == CONF_VALUE_LARGE || number < 1 || number > 65535) {
        return CONF_VALUE_PORT;
    }
    *value = (uint16_t)number;
    return CONF_VALUE_OK;
}

enum conf_value_verdict conf_value_ports(const char *word, uint16_t *first, uint16_t *last)
{
    const char *behind;
    uint16_t low;
    uint16_t high;
    enum conf_value_verdict verdict = port(word, '-', &low, &behind);
    if (verdict == CONF_VALUE_OK) {
        verdict = port(behind + 1, '\0', &high, &behind);
    }
    if (verdict != CONF_VALUE_OK) {
        return verdict;
    }
    if (low >= high) {
        return CONF_VALUE_RANGE;
    }
    *first = low;
    *last = high;
    return CONF_VALUE_OK;
}

/* hex_value — the value of a character that is a hex digit. */
static unsigned hex_value(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

enum conf_value_verdict conf_value_key(const char *word, uint8_t key[16])
{
    if (strncmp(word, "0x", 2) == 0) { /* as other servers print it */
        word += 2;
    }
    if (strlen(word) != 32 || strspn(word, "0123456789abcdefABCDEF") != 32) {
        return CONF_VALUE_FORM;
    }
    for (size_t i = 0; i < 16; i++) {
        key[i] = (uint8_t)(hex_value(word[2 * i]) << 4 | hex_value(word[2 * i + 1]));
    }
    return CONF_VALUE_OK;
}

/* is_group — whether an address stands for many hosts. */
static bool is_group(const struct netaddr *a)
{
    if (a->family == NETADDR_IPV6) {
        return a->ip[0] == 0xff; /* RFC 4291 2.7 */
    }
    uint32_t ip = netaddr_ipv4_value(a);
    return ip >> 28 == 0xe || ip == UINT32_MAX;
}

enum conf_value_verdict conf_value_address(const char *word, struct netaddr *address)
{
    struct netaddr a;
    const char *dot = strchr(word, '.');
    bool has_port = word[0] == '[' || (dot && strchr(dot, ':'));
    if (has_port || !netaddr_parse(word, &a)) {
        return CONF_VALUE_FORM;
    }
    a = netaddr_unmapped(&a);
    if (netaddr_is_any(&a)) {
        return CONF_VALUE_ANY;
    }
    if (is_group(&a)) {
        return CONF_VALUE_GROUP;
    }
    *address = a;
    return CONF_VALUE_OK;
}

enum conf_value_verdict conf_value_server(const char *word, struct netaddr *server)
{
    enum { STUN_PORT = 3478 };
    struct netaddr a;
    if (!netaddr_parse(word, &a)) {
        return CONF_VALUE_FORM;
    }
    if (netaddr_is_any(&a)) {
        return CONF_VALUE_ANY;
    }
    if (is_group(&a)) {
        return CONF_VALUE_GROUP;
    }
    a.port = a.port ? a.port : STUN_PORT;
    *server = a;
    return CONF_VALUE_OK;
}

enum conf_value_verdict conf_value_socket(const char *word, struct netaddr *server)
{
    struct netaddr a;
    enum conf_value_verdict verdict = conf_value_server(word, &a);
    if (verdict == CONF_VALUE_OK && (!netaddr_parse(word, &a) || a.port == 0)) {
        return CONF_VALUE_PORT;
    }
    if (verdict == CONF_VALUE_OK) {
        *server = netaddr_unmapped(&a);
    }
    return verdict;
}

enum conf_value_verdict conf_value_external(const char *word, struct conf_external *external)
{
    struct conf_external e = {.local = {.family = NETADDR_NONE}};
    const char *equals = strchr(word, '=');
    if (equals) {
        char local[TEXT_NETADDR_SIZE];
        size_t size = (size_t)(equals - word);
        if (size >= sizeof(local)) {
            return CONF_VALUE_FORM;
        }
        memcpy(local, word, size);
        local[size] = '\0';
        enum conf_value_verdict verdict = conf_value_address(local, &e.local);
        if (verdict != CONF_VALUE_OK) {
            return verdict;
        }
        word = equals + 1;
    }
    enum conf_value_verdict verdict = conf_value_address(word, &e.external);
    if (verdict != CONF_VALUE_OK) {
        return verdict;
    }
    if (equals && e.local.family != e.external.family) {
        return CONF_VALUE_MIXED;
    }
    *external = e;
    return CONF_VALUE_OK;
}

enum conf_value_verdict conf_value_prefix(const char *word, struct prefix *prefix)
{
    struct prefix p;
    if (!prefix_parse(word, &p)) {
        /* Is it the bits alone that are wrong? Then say so. */
        char address[TEXT_NETADDR_SIZE];
        size_t size = strcspn(word, "/");
        struct netaddr a;
        uint64_t bits;
        if (word[size] == '\0' || size >= sizeof(address)) {
            return CONF_VALUE_FORM;
        }
        memcpy(address, word, size);
        address[size] = '\0';
        bool is_right = netaddr_parse(address, &a) && a.port == 0 && address[0] != '[' &&
                        conf_value_number(word + size + 1, &bits) == CONF_VALUE_OK &&
                        bits <= netaddr_size(&a) * 8;
        return is_right ? CONF_VALUE_BITS : CONF_VALUE_FORM;
    }
    struct netaddr plain = netaddr_unmapped(&p.first);
    if (plain.family != p.first.family && p.length >= 96) {
        p = prefix_of(&plain, p.length - 96u);
    }
    *prefix = p;
    return CONF_VALUE_OK;
}

enum conf_value_verdict conf_value_endpoint(const char *word, struct conf_listener *listener)
{
    struct conf_listener l = {.address = {.family = NETADDR_NONE}};
    const char *rest = strchr(word, ':');
    const char *colon = strrchr(word, ':');
    const char *behind;
    size_t kind = 0;
    while (rest && kind < COUNT(transports) &&
           (strlen(transports[kind]) != (size_t)(rest - word) ||
            memcmp(transports[kind], word, (size_t)(rest - word)) != 0)) {
        kind++;
    }
    if (!rest || kind == COUNT(transports) || rest == colon) {
        return CONF_VALUE_FORM;
    }
    l.transport = (enum conf_transport)kind;
    rest++;
    enum conf_value_verdict verdict = port(colon + 1, '\0', &l.address.port, &behind);
    if (verdict != CONF_VALUE_OK) {
        return verdict;
    }
    if (rest[0] == '*' && rest + 1 == colon) {
        l.is_wildcard = true;
        *listener = l;
        return CONF_VALUE_OK;
    }
    if (!netaddr_parse(rest, &l.address) ||
        (l.address.family == NETADDR_IPV6) != (rest[0] == '[')) {
        return CONF_VALUE_FORM;
    }
    if (is_group(&l.address)) {
        return CONF_VALUE_GROUP;
    }
    l.address = netaddr_unmapped(&l.address);
    *listener = l;
    return CONF_VALUE_OK;
}

/* put_word — append the word at a place in "first|second|third". */
static void put_word(struct text *t, const char *words, uint64_t place)
{
    for (; place > 0 && *words; place--) {
        words += strcspn(words, "|");
        words += *words == '|';
    }
    for (; *words && *words != '|'; words++) {
        text_char(t, *words);
    }
}

void conf_value_put(struct text *t, const struct options_row *row, uint64_t value)
{
    switch (row->type) {
    case OPTIONS_YES_NO:
        text_put(t, value ? "yes" : "no");
        break;
    case OPTIONS_WORD:
        put_word(t, row->words, value);
        break;
    case OPTIONS_DURATION:
        quantity_put_duration(t, value);
        break;
    case OPTIONS_RATE:
        quantity_put_rate(t, value);
        break;
    case OPTIONS_BANDWIDTH:
        quantity_put_bandwidth(t, value);
        break;
    default:
        text_u64(t, value);
        break;
    }
}

void conf_value_put_external(struct text *t, const struct conf_external *external)
{
    if (external->local.family != NETADDR_NONE) {
        text_host(t, &external->local);
        text_char(t, '=');
    }
    text_host(t, &external->external);
}

void conf_value_put_prefix(struct text *t, const struct prefix *prefix)
{
    text_host(t, &prefix->first);
    if (prefix->length < netaddr_size(&prefix->first) * 8) {
        text_char(t, '/');
        text_u64(t, prefix->length);
    }
}

void conf_value_put_endpoint(struct text *t, const struct conf_listener *listener)
{
    text_put(t, conf_value_transport(listener->transport));
    text_char(t, ':');
    if (listener->is_wildcard) {
        text_put(t, "*:");
        text_u64(t, listener->address.port);
    } else {
        text_netaddr(t, &listener->address);
    }
}

const char *conf_value_transport(enum conf_transport transport)
{
    return transports[transport];
}
