/* netaddr — transport addresses: comparing, reading, and seeing through disguises. */
/* SPDX-License-Identifier: MIT */
#include "base/netaddr.h"

#include <string.h>

struct netaddr netaddr_ipv4(uint32_t ip, uint16_t port)
{
    struct netaddr a = {.port = port, .family = NETADDR_IPV4};
    a.ip[0] = (uint8_t)(ip >> 24);
    a.ip[1] = (uint8_t)(ip >> 16);
    a.ip[2] = (uint8_t)(ip >> 8);
    a.ip[3] = (uint8_t)ip;
    return a;
}

struct netaddr netaddr_ipv6(const uint8_t ip[16], uint16_t port)
{
    struct netaddr a = {.port = port, .family = NETADDR_IPV6};
    memcpy(a.ip, ip, 16);
    return a;
}

uint32_t netaddr_ipv4_value(const struct netaddr *a)
{
    return (uint32_t)a->ip[0] << 24 | (uint32_t)a->ip[1] << 16 | (uint32_t)a->ip[2] << 8 | a->ip[3];
}

bool netaddr_is_equal(const struct netaddr *a, const struct netaddr *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool netaddr_is_same_host(const struct netaddr *a, const struct netaddr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool netaddr_is_any(const struct netaddr *a)
{
    static const uint8_t zero[16];
    return memcmp(a->ip, zero, sizeof(zero)) == 0;
}

bool netaddr_is_loopback(const struct netaddr *a)
{
    static const uint8_t one[16] = {[15] = 1};
    return a->family == NETADDR_IPV4 ? a->ip[0] == 127
                                     : a->family == NETADDR_IPV6 && memcmp(a->ip, one, 16) == 0;
}

bool netaddr_is_link_local(const struct netaddr *a)
{
    return a->family == NETADDR_IPV6 && a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}

unsigned netaddr_size(const struct netaddr *a)
{
    return a->family == NETADDR_IPV4 ? 4 : a->family == NETADDR_IPV6 ? 16 : 0;
}

static bool begins_with(const struct netaddr *a, const char *bytes, size_t size)
{
    return memcmp(a->ip, bytes, size) == 0;
}

/* inner_at — the IPv4 address in four bytes at `at`, each xored with `mask`. */
static struct netaddr inner_at(const struct netaddr *a, const uint8_t *at, uint8_t mask)
{
    uint32_t ip = 0;
    for (int i = 0; i < 4; i++) {
        ip = ip << 8 | (uint8_t)(at[i] ^ mask);
    }
    return netaddr_ipv4(ip, a->port);
}

struct netaddr netaddr_unmapped(const struct netaddr *a)
{
    if (a->family == NETADDR_IPV6 && begins_with(a, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12)) {
        return inner_at(a, a->ip + 12, 0);
    }
    return *a;
}

bool netaddr_embedded(const struct netaddr *a, struct netaddr *inner)
{
    if (a->family != NETADDR_IPV6) {
        return false;
    }
    const uint8_t *ip = a->ip;
    if (netaddr_is_any(a) || netaddr_is_loopback(a)) {
        return false; /* :: and ::1 are themselves, though they look compatible */
    }
    if (begins_with(a, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) ||   /* mapped, RFC 4291 2.5.5.2 */
        begins_with(a, "\0\0\0\0\0\0\0\0\0\0\0\0", 12) ||       /* compatible, 2.5.5.1 */
        begins_with(a, "\0\0\0\0\0\0\0\0\xff\xff\0\0", 12) ||   /* translated, RFC 2765 */
        begins_with(a, "\0\x64\xff\x9b\0\0\0\0\0\0\0\0", 12)) { /* NAT64, RFC 6052 2.1 */
        *inner = inner_at(a, ip + 12, 0);
        return true;
    }
    if (begins_with(a, "\0\x64\xff\x9b\0\x01", 6)) {
        /* Local NAT64, RFC 8215. A /48 prefix puts the address round byte 8, a /96 at the end;
         * which one the site chose cannot be seen, so the policy denies this range by name and
         * the /48 placement (RFC 6052 2.2) is what is reported. */
        uint8_t split[4] = {ip[6], ip[7], ip[9], ip[10]};
        *inner = inner_at(a, split, 0);
        return true;
    }
    if (begins_with(a, "\x20\x02", 2)) { /* 6to4, RFC 3056 */
        *inner = inner_at(a, ip + 2, 0);
        return true;
    }
    if (begins_with(a, "\x20\x01\0\0", 4)) { /* Teredo: the client, inverted, RFC 4380 4 */
        *inner = inner_at(a, ip + 12, 0xff);
        return true;
    }
    if ((ip[8] & 0xfd) == 0 && memcmp(ip + 9, "\0\x5e\xfe", 3) == 0) { /* ISATAP, RFC 5214 6.1 */
        *inner = inner_at(a, ip + 12, 0);
        return true;
    }
    return false;
}

/* A cursor over text; every scan_ function leaves it behind what it took. */
struct scan {
    const char *at;
};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return 99;
}

/* scan_number — digits of `base` up to `max`, at most `places` of them; false when there is none
 * or it is too large. */
static bool scan_number(struct scan *s, int base, uint32_t max, int places, uint32_t *out)
{
    uint32_t value = 0;
    int seen = 0;
    while (digit_of(*s->at) < base) {
        value = value * (uint32_t)base + (uint32_t)digit_of(*s->at);
        if (++seen > places || value > max) {
            return false;
        }
        s->at++;
    }
    *out = value;
    return seen > 0;
}

static bool scan_char(struct scan *s, char c)
{
    if (*s->at != c) {
        return false;
    }
    s->at++;
    return true;
}

static bool scan_ipv4(struct scan *s, uint8_t out[4])
{
    struct scan try = *s;
    for (int i = 0; i < 4; i++) {
        uint32_t part;
        if (i > 0 && !scan_char(&try, '.')) {
            return false;
        }
        if (try.at[0] == '0' && digit_of(try.at[1]) < 10) {
            return false; /* others would read such a number as octal */
        }
        if (!scan_number(&try, 10, 255, 3, &part)) {
            return false;
        }
        out[i] = (uint8_t)part;
    }
    *s = try;
    return true;
}

static bool scan_ipv6(struct scan *s, uint8_t out[16])
{
    uint8_t bytes[16] = {0};
    int used = 0;
    int gap = -1; /* where "::" stands, in bytes */
    struct scan try = *s;
    if (try.at[0] == ':' && try.at[1] == ':') {
        gap = 0;
        try.at += 2;
    }
    while (used < 16) {
        uint32_t group;
        if (used <= 12 && scan_ipv4(&try, bytes + used)) {
            used += 4;
            break;
        }
        if (!scan_number(&try, 16, 0xffff, 4, &group)) {
            break;
        }
        bytes[used++] = (uint8_t)(group >> 8);
        bytes[used++] = (uint8_t)group;
        if (try.at[0] == ':' && try.at[1] == ':') {
            if (gap >= 0) {
                return false;
            }
            gap = used;
            try.at += 2;
        } else if (used == 16 || !scan_char(&try, ':')) {
            break;
        } else if (digit_of(*try.at) >= 16) {
            return false; /* a single colon must be followed by a group */
        }
    }
    if (gap < 0 ? used != 16 : used == 16) {
        return false;
    }
    memset(out, 0, 16);
    if (gap < 0) {
        memcpy(out, bytes, 16);
    } else {
        memcpy(out, bytes, (size_t)gap);
        memcpy(out + 16 - (used - gap), bytes + gap, (size_t)(used - gap));
    }
    *s = try;
    return true;
}

bool netaddr_parse(const char *text, struct netaddr *out)
{
    struct scan s = {text};
    struct netaddr a = {.family = NETADDR_NONE};
    uint32_t port = 0;
    bool bracket = scan_char(&s, '[');
    if (!bracket && scan_ipv4(&s, a.ip)) {
        a.family = NETADDR_IPV4;
    } else if (scan_ipv6(&s, a.ip)) {
        a.family = NETADDR_IPV6;
    } else {
        return false;
    }
    if (bracket && !scan_char(&s, ']')) {
        return false;
    }
    bool may_have_port = bracket || a.family == NETADDR_IPV4;
    if (may_have_port && scan_char(&s, ':') && !scan_number(&s, 10, 65535, 5, &port)) {
        return false;
    }
    if (*s.at != '\0') {
        return false;
    }
    a.port = (uint16_t)port;
    *out = a;
    return true;
}
