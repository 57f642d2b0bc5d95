/* text — building short texts without a C library's print.
 * Pure. Any thread. Failure is sticky like a writer's; the text is always NUL-terminated. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/netaddr.h"
#include "base/span.h"

enum { TEXT_NETADDR_SIZE = 64 }; /* room for any address with its port */

struct text {
    char *bytes;
    size_t room; /* with the NUL */
    size_t used; /* without the NUL */
    bool cut;    /* something did not fit */
};

/* text_init — an empty text in `room` (at least 1) bytes, borrowed. Never fails. */
struct text text_init(char *bytes, size_t room);

/* text_char — append one character; cuts the text when there is no room. */
void text_char(struct text *t, char c);

/* text_put — append a NUL-terminated string; cuts the text when there is no room. */
void text_put(struct text *t, const char *string);

/* text_span — append `s` as it is; cuts the text when there is no room. */
void text_span(struct text *t, struct span s);

/* text_u64 — append a decimal number; cuts the text when there is no room. */
void text_u64(struct text *t, uint64_t value);

/* text_i64 — append a signed decimal number; cuts the text when there is no room. */
void text_i64(struct text *t, int64_t value);

/* text_hex — append bytes as lower-case hex; cuts the text when there is no room. */
void text_hex(struct text *t, const void *bytes, size_t size);

/* text_host — append an address without its port, IPv6 as RFC 5952 writes it; "-" for none. */
void text_host(struct text *t, const struct netaddr *a);

/* text_netaddr — append "192.0.2.1:80" or "[2001:db8::1]:80"; "-" for none. */
void text_netaddr(struct text *t, const struct netaddr *a);

#endif
