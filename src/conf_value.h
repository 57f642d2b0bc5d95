/* conf_value — one word of the configuration to the value it stands for, and back.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "base/text.h"
#include "conf.h"
#include "options.h"

enum { CONF_VALUE_SIZE = 96 }; /* room for any value these functions write, but names */

/* What can be wrong with a word. */
enum conf_value_verdict {
    CONF_VALUE_OK,
    CONF_VALUE_FORM,  /* not of the form at all */
    CONF_VALUE_LARGE, /* of the form, beyond what any option takes */
    CONF_VALUE_PORT,  /* the port is not 1 to 65535 */
    CONF_VALUE_RANGE, /* the first port is above the last, or only one */
    CONF_VALUE_ANY,   /* a wildcard, which cannot be meant here */
    CONF_VALUE_GROUP, /* multicast or broadcast, which cannot be meant here */
    CONF_VALUE_MIXED, /* addresses of two families */
    CONF_VALUE_BITS,  /* an address with bits behind the prefix length */
};

/* conf_value_number — read "256". Returns OK, FORM, LARGE (above 2^63). */
enum conf_value_verdict conf_value_number(const char *word, uint64_t *value);

/* conf_value_duration — read "90s", "10m", "24h", "7d" or "0", into seconds. Returns OK, FORM,
 * LARGE. */
enum conf_value_verdict conf_value_duration(const char *word, uint64_t *value);

/* conf_value_rate — read "200/s" or "0", into events per second. Returns OK, FORM, LARGE. */
enum conf_value_verdict conf_value_rate(const char *word, uint64_t *value);

/* conf_value_bandwidth — read "5MB/s", "500kB/s", "64kbit/s", "1Gbit/s" or "0" (k is 1000), into
 * bytes per second. Returns OK, FORM, LARGE. */
enum conf_value_verdict conf_value_bandwidth(const char *word, uint64_t *value);

/* conf_value_yes_no — read "yes" or "no". Returns OK, FORM. */
enum conf_value_verdict conf_value_yes_no(const char *word, uint64_t *value);

/* conf_value_word — the place of a word in "first|second|third". Returns OK, FORM. */
enum conf_value_verdict conf_value_word(const char *word, const char *words, uint64_t *value);

/* conf_value_ports — read "49152-65535". Returns OK, FORM, PORT, RANGE. */
enum conf_value_verdict conf_value_ports(const char *word, uint16_t *first, uint16_t *last);

/* conf_value_key — read 16 bytes in hex. Returns OK, FORM. */
enum conf_value_verdict conf_value_key(const char *word, uint8_t key[16]);

/* conf_value_address — read an address of one host, without a port; an IPv4-mapped one becomes
 * IPv4. Returns OK, FORM, ANY, GROUP. */
enum conf_value_verdict conf_value_address(const char *word, struct netaddr *address);

/* conf_value_server — read an address of one host, with or without a port (then 3478). Returns OK,
 * FORM, ANY, GROUP. */
enum conf_value_verdict conf_value_server(const char *word, struct netaddr *server);

/* conf_value_socket — read an address of one host with a port. Returns OK, FORM, PORT, ANY,
 * GROUP. */
enum conf_value_verdict conf_value_socket(const char *word, struct netaddr *server);

/* conf_value_external — read "198.51.100.7" or "10.0.0.5=198.51.100.7". Returns OK, FORM, ANY,
 * GROUP, MIXED. */
enum conf_value_verdict conf_value_external(const char *word, struct conf_external *external);

/* conf_value_prefix — read an address or a range of them; an IPv4-mapped one becomes IPv4.
 * Returns OK, FORM, BITS. */
enum conf_value_verdict conf_value_prefix(const char *word, struct prefix *prefix);

/* conf_value_endpoint — read "udp:*:3478", "tls:192.0.2.1:443" or "udp:[2001:db8::1]:3478" into
 * transport, wildcard and address. Returns OK, FORM, PORT, GROUP. */
enum conf_value_verdict conf_value_endpoint(const char *word, struct conf_listener *listener);

/* conf_value_put — append a number as the option of a row writes it: durations and amounts in the
 * largest unit that needs no fraction, a word by its place. */
void conf_value_put(struct text *t, const struct options_row *row, uint64_t value);

/* conf_value_put_external — append an external address as conf_value_external reads it. */
void conf_value_put_external(struct text *t, const struct conf_external *external);

/* conf_value_put_prefix — append a range as conf_value_prefix reads it. */
void conf_value_put_prefix(struct text *t, const struct prefix *prefix);

/* conf_value_put_endpoint — append an endpoint as conf_value_endpoint reads it. */
void conf_value_put_endpoint(struct text *t, const struct conf_listener *listener);

/* conf_value_transport — the word for a transport, like "udp". Lives for ever. Never fails. */
const char *conf_value_transport(enum conf_transport transport);

#endif
