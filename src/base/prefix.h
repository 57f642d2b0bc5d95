/* prefix — a range of addresses: 10.0.0.0/8, 2001:db8::/32, or one address.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_PREFIX_H
#define BASE_PREFIX_H

#include "base/netaddr.h"

struct prefix {
    struct netaddr first; /* port 0, bits behind `length` zero */
    uint8_t length;       /* bits */
};

/* prefix_parse — read an address or "address/bits". Returns false, *out untouched, when the text
 * is no address, the length is out of range, or a bit behind the length is set. */
bool prefix_parse(const char *text, struct prefix *out);

/* prefix_of — the prefix of `bits` bits that holds `a`; `bits` is cut to the family's width.
 * Never fails. */
struct prefix prefix_of(const struct netaddr *a, unsigned bits);

/* prefix_has — whether `a` is within `p` (never across families). Never fails. */
bool prefix_has(const struct prefix *p, const struct netaddr *a);

#endif
