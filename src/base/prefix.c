/* prefix — a range of addresses by its leading bits. */
/* SPDX-License-Identifier: MIT */
#include "base/prefix.h"

#include <string.h>

struct prefix prefix_of(const struct netaddr *a, unsigned bits)
{
    unsigned width = netaddr_size(a) * 8;
    struct prefix p = {.first = *a, .length = (uint8_t)(bits < width ? bits : width)};
    p.first.port = 0;
    for (unsigned i = 0; i < sizeof(p.first.ip); i++) {
        unsigned keep = p.length <= i * 8 ? 0 : p.length - i * 8;
        if (keep < 8) {
            p.first.ip[i] &= (uint8_t) ~(0xffu >> keep);
        }
    }
    return p;
}

bool prefix_has(const struct prefix *p, const struct netaddr *a)
{
    if (p->first.family != a->family) {
        return false;
    }
    unsigned whole = p->length / 8;
    unsigned rest = p->length % 8;
    if (memcmp(p->first.ip, a->ip, whole) != 0) {
        return false;
    }
    return rest == 0 || ((p->first.ip[whole] ^ a->ip[whole]) >> (8 - rest)) == 0;
}

bool prefix_parse(const char *text, struct prefix *out)
{
    char address[64];
    const char *slash = strchr(text, '/');
    size_t size = slash ? (size_t)(slash - text) : strlen(text);
    if (size >= sizeof(address)) {
        return false;
    }
    memcpy(address, text, size);
    address[size] = '\0';
    struct netaddr a;
    if (!netaddr_parse(address, &a) || address[0] == '[' ||
        (a.family == NETADDR_IPV4 && strchr(address, ':'))) {
        return false; /* a range has no port */
    }
    unsigned bits = netaddr_size(&a) * 8;
    if (slash) {
        unsigned value = 0;
        const char *c = slash + 1;
        for (; *c >= '0' && *c <= '9' && value <= bits; c++) {
            value = value * 10 + (unsigned)(*c - '0');
        }
        if (c == slash + 1 || *c != '\0' || value > bits) {
            return false;
        }
        bits = value;
    }
    struct prefix p = prefix_of(&a, bits);
    if (!netaddr_is_equal(&p.first, &a)) {
        return false;
    }
    *out = p;
    return true;
}
